"""The figures on Reddi's problems, the drift, rho and the constructed instances: their claims hold, and can fail."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from figure_cases import committed, last, put, same, smoke_run

from madatheory.figures.catalogue import list_figures
from madatheory.figures.render import plain

# numbers are compared with those of the command, which compiles like this
pytestmark = pytest.mark.usefixtures("full_compilation")

NAMES = (
    "adam-rest",
    "drift-sign",
    "interior-rho-exact",
    "interior-rho-stochastic",
    "reddi-online",
    "reddi-stochastic",
    "rho-sweep",
    "rotation",
)
QUICK = ("adam-rest", "drift-sign", "interior-rho-exact", "interior-rho-stochastic")


@pytest.mark.parametrize("name", NAMES)
def test_every_claim_holds_in_the_smoke_profile(name: str, smoke_figure: Any) -> None:
    folder, record = smoke_figure(name)
    assert all(claim["holds"] for claim in record["claims"]), record["claims"]
    for kind in ("svg", "png"):
        assert (folder / f"{record['name']}.{kind}").stat().st_size > 10_000
    width, height = figure_size(folder / f"{record['name']}.png")
    assert width <= 9.05 * 150
    assert height <= 6.5 * 150
    assert len(record["caption"]) > 150
    assert "nan" not in record["caption"]


def figure_size(path: Path) -> tuple[int, int]:
    header = path.read_bytes()[16:24]
    return int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in NAMES]
)
def test_numbers_are_the_same_in_a_second_run(name: str, smoke_figure: Any) -> None:
    _, record = smoke_figure(name)
    again = json.loads(json.dumps(plain(list_figures()[name].compute(smoke_run()))))
    assert same(record["numbers"], again)


DOCTORED = [
    # (figure, where in the numbers, what to put there, the claims that must then fail)
    ("adam-rest", ("cells", 0, "simulated", 0), 0.01, 0),
    ("adam-rest", ("cells", 4, "simulated", 0), lambda old: -old, 1),
    ("adam-rest", ("cells", 5, "limit"), lambda old: 0.7 * old, 2),
    ("adam-rest", ("curves", 1, "exact", 0), lambda old: 1.1 * old, 3),
    ("drift-sign", ("panels", 0, "simulated", 1, -1), -1.0, 0),
    ("drift-sign", ("panels", 0, "simulated", 0, 0), -1e-9, 1),
    ("drift-sign", ("panels", 1, "simulated", -1, 0), 1e-9, 2),
    ("drift-sign", ("boundary_beta2", "delta", 0), lambda old: old * 0.95, 3),
    ("drift-sign", ("panels", 0, "exact", 0, -1), -1.0, (0, 4)),
    ("interior-rho-exact", ("instances", 0, "value_at_target"), 1e-20, 0),
    ("interior-rho-exact", ("instances", 1, "value", 0), 0.0, 1),
    ("interior-rho-exact", ("instances", 2, "value"), last(0.0), 2),
    ("interior-rho-stochastic", ("best_against_ends", "0"), [-1e-6, 0.1], 0),
    ("interior-rho-stochastic", ("best_against_ends", "1"), [-1e-6, 0.1], 0),
    ("interior-rho-stochastic", ("switch_against", 1), [-1e-6, 0.1], 1),
    ("interior-rho-stochastic", ("switched", "interior"), False, 2),
    ("reddi-online", ("cases", 0, "methods", "adam", "0", "x"), last(-1.0), 0),
    ("reddi-online", ("cases", 1, "methods", "adam", "0", "average_regret"), last(0.01), 3),
    ("reddi-online", ("cases", 0, "methods", "amsgrad", "0", "x"), last(0.0), 1),
    ("reddi-online", ("cases", 0, "methods", "avgrad", "0", "average_regret"), last(0.1), 2),
    ("reddi-online", ("cases", 1, "methods", "avgrad", "0", "bound", 5), lambda old: old / 100, 5),
    ("reddi-stochastic", ("methods", "adam", "0", "last_x"), [0.1, -0.1, 0.3], 0),
    ("reddi-stochastic", ("methods", "avgrad", "0", "last_x"), [-0.1, -0.3, 0.1], 3),
    ("reddi-stochastic", ("methods", "amsgrad", "0", "average_regret", "mean"), last(9.0), 1),
    ("reddi-stochastic", ("methods", "amsgrad", "0", "worst"), 1.01, 2),
    ("rotation", ("losses", "adam:form=practical", 3, "low"), 2e-4, 0),
    ("rotation", ("losses", "sgd", 3, "low"), 9.0, 1),
    ("rotation", ("problems", 2, "L"), 1.1, 2),
    ("rotation", ("losses", "avgrad:form=practical", 1, "edge"), True, 3),
    ("rho-sweep", ("cases", 0, "prior", 0, 3), 1e-6, 0),
    ("rho-sweep", ("cases", 1, "outcome", 2), "violated", 3),
]


@pytest.mark.parametrize(("name", "path", "value", "index"), DOCTORED)
def test_a_claim_fails_on_doctored_numbers(name: str, path: Any, value: Any, index: int | tuple[int, ...]) -> None:
    """The committed numbers, in which every claim holds, with one of them changed."""
    claims = list_figures()[name].claims(put(committed(name), path, value))
    failed = [i for i, claim in enumerate(claims) if not claim.holds]
    assert failed == list(np.atleast_1d(index)), [c.text for c in claims]
