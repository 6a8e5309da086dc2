"""The figures on Reddi's problems, the drift, rho and the constructed instances: their claims hold, and can fail."""

import copy
import importlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from madatheory.engine.simulate import simulate
from madatheory.entry import collect
from madatheory.figures.figure import Figure, Numbers, Run
from madatheory.figures.render import plain

COMMITTED = Path(__file__).parents[2] / "figures"
NAMES = ("drift_sign", "interior_rho_exact", "interior_rho_stochastic", "reddi_online", "reddi_stochastic", "rho_sweep")
QUICK = ("drift_sign", "interior_rho_exact", "interior_rho_stochastic")


def figure(name: str) -> Figure:
    (found,) = collect(importlib.import_module(f"madatheory.figures.gallery.{name}"), Figure)
    return found


def smoke_run() -> Run:
    return Run("smoke", 0, simulate)


@pytest.fixture(scope="module")
def rendered(smoke_figure: Callable[[str], Any]) -> Callable[[str], tuple[Path, dict[str, Any]]]:
    """A figure in the smoke profile by the name of its module: its folder and its json record."""
    return lambda name: smoke_figure(figure(name).name)


@pytest.mark.parametrize("name", NAMES)
def test_every_claim_holds_in_the_smoke_profile(name: str, rendered: Any) -> None:
    folder, record = rendered(name)
    assert all(claim["holds"] for claim in record["claims"]), record["claims"]
    assert record["name"] == name.replace("_", "-")
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


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(_same(first[k], second[k]) for k in first)
    if isinstance(first, list):
        return len(first) == len(second) and all(map(_same, first, second))
    if isinstance(first, float):
        return math.isclose(first, second, rel_tol=1e-4, abs_tol=1e-12)
    return first == second


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in NAMES]
)
def test_numbers_are_the_same_in_a_second_run(name: str, rendered: Any) -> None:
    _, record = rendered(name)
    again = json.loads(json.dumps(plain(figure(name).compute(smoke_run()))))
    assert _same(record["numbers"], again)


def _put(numbers: Numbers, path: tuple[Any, ...], value: Any) -> Numbers:
    doctored = copy.deepcopy(numbers)
    inner = doctored
    for key in path[:-1]:
        inner = inner[key]
    old = inner[path[-1]]
    inner[path[-1]] = value(old) if callable(value) else value
    return doctored


def _last(value: float) -> Callable[[list[float]], list[float]]:
    return lambda old: [*old[:-1], value]


DOCTORED = [
    # (figure, where in the numbers, what to put there, the claims that must then fail)
    ("drift_sign", ("panels", 0, "simulated", 1, -1), -1.0, 0),
    ("drift_sign", ("panels", 0, "simulated", 0, 0), -1e-9, 1),
    ("drift_sign", ("panels", 1, "simulated", -1, 0), 1e-9, 2),
    ("drift_sign", ("boundary_beta2", "delta", 0), lambda old: old * 0.95, 3),
    ("drift_sign", ("panels", 0, "exact", 0, -1), -1.0, (0, 4)),
    ("interior_rho_exact", ("instances", 0, "value_at_target"), 1e-20, 0),
    ("interior_rho_exact", ("instances", 1, "value", 0), 0.0, 1),
    ("interior_rho_exact", ("instances", 2, "value"), _last(0.0), 2),
    ("interior_rho_stochastic", ("best_against_ends", "0"), [-1e-6, 0.1], 0),
    ("interior_rho_stochastic", ("best_against_ends", "1"), [-1e-6, 0.1], 0),
    ("interior_rho_stochastic", ("switch_against", 1), [-1e-6, 0.1], 1),
    ("interior_rho_stochastic", ("switched", "interior"), False, 2),
    ("reddi_online", ("cases", 0, "methods", "adam", "0", "x"), _last(-1.0), 0),
    ("reddi_online", ("cases", 1, "methods", "adam", "0", "average_regret"), _last(0.01), 3),
    ("reddi_online", ("cases", 0, "methods", "amsgrad", "0", "x"), _last(0.0), 1),
    ("reddi_online", ("cases", 0, "methods", "avgrad", "0", "average_regret"), _last(0.1), 2),
    ("reddi_online", ("cases", 1, "methods", "avgrad", "0", "bound", 5), lambda old: old / 100, 5),
    ("reddi_stochastic", ("methods", "adam", "0", "last_x"), [0.1, -0.1, 0.3], 0),
    ("reddi_stochastic", ("methods", "avgrad", "0", "last_x"), [-0.1, -0.3, 0.1], 3),
    ("reddi_stochastic", ("methods", "amsgrad", "0", "average_regret", "mean"), _last(9.0), 1),
    ("reddi_stochastic", ("methods", "amsgrad", "0", "worst"), 1.01, 2),
    ("rho_sweep", ("cases", 0, "prior", 0, 3), 1e-6, 0),
    ("rho_sweep", ("cases", 1, "outcome", 2), "violated", 3),
]


@pytest.mark.parametrize(("name", "path", "value", "index"), DOCTORED)
def test_a_claim_fails_on_doctored_numbers(name: str, path: Any, value: Any, index: int | tuple[int, ...]) -> None:
    """The committed numbers, in which every claim holds, with one of them changed."""
    record = json.loads((COMMITTED / f"{figure(name).name}.json").read_text())
    claims = figure(name).claims(_put(record["numbers"], path, value))
    failed = [i for i, claim in enumerate(claims) if not claim.holds]
    assert failed == list(np.atleast_1d(index)), [c.text for c in claims]
