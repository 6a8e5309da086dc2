"""Names are enough in Python too, and a misuse of the interface says what is wrong with which argument."""

# what is misused here is what the types forbid
# pyright: reportArgumentType=false, reportCallIssue=false

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import optax
import pytest
from tolerances import DOUBLE

import madatheory
from madatheory.engine.statistic import final_value

mt: Any = madatheory  # a type checker would refuse what is misused here

# ---- names


def test_simulate_takes_names() -> None:
    by_name = mt.simulate("ratio:d=3", "adam", 5, num_trajectories=2)
    by_object = mt.simulate(mt.get_problem("ratio:d=3"), mt.get_optimizer("adam"), steps=5, num_trajectories=2)
    assert by_name.identical(by_object)


def test_simulate_takes_an_optax_transformation() -> None:
    found = mt.simulate("ratio:d=2,noise=none", optax.sgd(0.1), 3, num_trajectories=1, statistics=final_value)
    ours = mt.simulate(
        "ratio:d=2,noise=none",
        "sgd:schedule=constant",
        3,
        num_trajectories=1,
        settings={"alpha": 0.1},
        statistics=final_value,
    )
    assert np.allclose(found["final_value"], ours["final_value"], rtol=DOUBLE.thousands)
    assert found.attrs["optimizer"] == "optax"


def test_verify_takes_names_labels_and_mixtures() -> None:
    how = {"steps": 3, "num_trajectories": 2}
    by_label, other = mt.verify("T5", "ratio:d=2", **how)  # two theorems have this label
    assert (by_label.theorem, by_label.problem) == ("avgrad-rate", "ratio:d=2")
    assert other.label == "T5"
    (by_object,) = mt.verify([mt.get_theorem("avgrad-rate")], [mt.get_problem("ratio:d=2")], **how)
    assert by_label.comparisons[0].left == pytest.approx(by_object.comparisons[0].left)
    mixed = mt.verify(
        ["avgrad-rate", mt.get_theorem("T5hp"), "avgrad-rate"], (mt.get_problem("quadratic"), "log:d=1"), **how
    )
    assert [(v.theorem, v.problem) for v in mixed] == [
        (name, problem) for problem in ("quadratic", "log:d=1") for name in ("avgrad-rate", mt.get_theorem("T5hp").name)
    ]


def test_a_theorem_by_its_label() -> None:
    assert mt.get_theorem("T5hp").label == "T5hp"
    with pytest.raises(mt.UserError, match="'T5': several have this label; give one of avgrad-rate, "):
        mt.get_theorem("T5")


# ---- misuses

RATIO, ADAM, T5 = mt.get_problem("ratio:d=2"), mt.get_optimizer("adam"), mt.get_theorem("avgrad-rate")
LEARN = {"b3": 0.1}
NOT_A_PROBLEM = [
    None,
    3,
    1.5,
    "rato",
    "",
    [],
    {},
    ADAM,
    optax.sgd(1.0),
    object(),
    len,
    b"ratio",
]
NOT_AN_OPTIMIZER = [None, 3, "adamm", "", [], RATIO, object(), optax.adam, T5, b"adam", lambda g: g]
NOT_A_COUNT = ["3", "", None, 0, -1, 1.5, float("nan"), float("inf"), True, [3], 10**18, object(), 1j, np.array([1, 2])]
SETTINGS = [
    ("alpha", "alpha"),
    (3, "settings = 3"),
    (["alpha"], "settings = "),
    ({"alhpa": 1.0}, "did you mean 'alpha'"),
    ({3: 1.0}, "3"),
    ({"alpha": "0.1"}, "alpha = '0.1'"),
    ({"alpha": None}, "alpha = None"),
    ({"alpha": True}, "alpha = True"),
    ({"alpha": {}}, "alpha = {}"),
    ({"alpha": [1.0, "2"]}, "alpha = [1.0, '2']"),
    ({"alpha": [[0.1], [0.2]]}, "has shape (2, 1)"),
    ({"alpha": [[0.1], [0.2, 0.3]]}, "alpha = "),
    ({"alpha": np.array([object()])}, "alpha = "),
    ({"alpha": float("nan")}, "alpha = nan"),
    ({"alpha": float("inf")}, "alpha = inf"),
    ({"alpha": -1.0}, "alpha = -1"),
    ({"alpha": []}, "alpha has no values"),
    ({"alpha": [0.1, 0.1]}, "repeats a value"),
    ({"alpha": 1j}, "alpha = 1j"),
]


def simulate(**changed: Any) -> Callable[[], Any]:
    right = {"problem": RATIO, "optimizer": ADAM, "steps": 3, "num_trajectories": 2}
    return lambda: mt.simulate(**{**right, **changed})


def verify(**changed: Any) -> Callable[[], Any]:
    right = {"theorems": T5, "problems": RATIO, "steps": 3, "num_trajectories": 2}
    return lambda: mt.verify(**{**right, **changed})


def word(value: Any) -> str:
    """What the message must show of a wrong value."""
    if value is None or isinstance(value, str | int | float):
        return f"{value!r}" if not isinstance(value, str) else value
    return str(getattr(value, "name", getattr(value, "__name__", type(value).__name__)))


MISUSES: list[tuple[str, Callable[[], Any], str]] = [
    *((f"simulate problem {v!r:.30}", simulate(problem=v), "problem") for v in NOT_A_PROBLEM),
    *((f"simulate optimizer {v!r:.30}", simulate(optimizer=v), "optimizer") for v in NOT_AN_OPTIMIZER),
    *((f"simulate steps {v!r:.30}", simulate(steps=v), f"steps = {v!r:.20}") for v in NOT_A_COUNT),
    *(
        (f"simulate num_trajectories {v!r:.30}", simulate(num_trajectories=v), f"num_trajectories = {v!r:.20}")
        for v in NOT_A_COUNT
    ),
    *((f"simulate settings {v!r:.30}", simulate(settings=v), words) for v, words in SETTINGS),
    *((f"simulate seed {v!r:.30}", simulate(seed=v), "seed = ") for v in ("0", None, -1, 2**32, 0.5, True, [0])),
    *((f"simulate workers {v!r:.30}", simulate(workers=v), "workers = ") for v in ("2", 0, -1, 1.5, True, [1])),
    *(
        (f"simulate save_at {v!r:.30}", simulate(save_at=v), "save_at")
        for v in ("all", 0, -1, None, [], [0], [9], [1.5])
    ),
    *(
        (f"simulate save_at {v!r:.30}", simulate(save_at=v), "save_at")
        for v in (10**12, [[1]], {}, [float("nan")], True)
    ),
    *((f"simulate start {v!r:.30}", simulate(start=v), "start") for v in ("0", [1.0], [float("nan"), 1.0], 1.0, {})),
    *((f"simulate start {v!r:.30}", simulate(start=v), "start") for v in ([1j, 1.0], [None, 1.0], [[1.0, 2.0]])),
    *((f"simulate dtype {v!r:.30}", simulate(dtype=v), "dtype") for v in ("float16", None, 64, np.float32, "")),
    *((f"simulate generator {v!r:.30}", simulate(generator=v), "generator") for v in ("pcg", None, 3, "", ["hash"])),
    *((f"simulate statistics {v!r:.30}", simulate(statistics=v), "statistic") for v in ([], None, "final_value", 3)),
    *((f"simulate statistics {v!r:.30}", simulate(statistics=v), "statistic") for v in ([len], {"a": final_value})),
    ("simulate statistics twice", simulate(statistics=[final_value, final_value]), "repeat a name"),
    ("simulate d = 0", simulate(problem="ratio:d=0"), "d = 0 is out of range"),
    ("simulate no option", simulate(problem="ratio:x=1"), "unknown option of ratio 'x'"),
    ("simulate no form", simulate(optimizer="adam:form=x"), "unknown form 'x'"),
    ("simulate swapped", lambda: mt.simulate(ADAM, RATIO, 3), "'adam' is an optimizer: give the problem first"),
    ("simulate swapped names", lambda: mt.simulate("adam", "ratio", 3), "unknown problem 'adam'"),
    ("simulate seeds backwards", simulate(num_trajectories=range(3, 0, -1)), "num_trajectories = range(3, 0, -1)"),
    ("simulate seeds nothing", simulate(num_trajectories=range(0)), "num_trajectories = range(0, 0)"),
    *((f"verify theorems {v!r:.30}", verify(theorems=v), "theorem") for v in (None, 3, "T99", "", [], [None], RATIO)),
    *((f"verify theorems {v!r:.30}", verify(theorems=v), "theorem") for v in (["T5", 3], b"T5", {}, [["T5"]], len)),
    *((f"verify problems {v!r:.30}", verify(problems=v), "problem") for v in (None, 3, "rato", "", [], [None], ADAM)),
    *((f"verify problems {v!r:.30}", verify(problems=v), "problem") for v in (["ratio", 3], T5, [ADAM])),
    *((f"verify steps {v!r:.30}", verify(steps=v), f"steps = {v!r:.20}") for v in NOT_A_COUNT),
    *(
        (f"verify num_trajectories {v!r:.30}", verify(num_trajectories=v), f"num_trajectories = {v!r:.20}")
        for v in (*NOT_A_COUNT, 1)
    ),
    *((f"verify seed {v!r:.30}", verify(seed=v), "seed = ") for v in ("0", None, -1, 2**32, 0.5)),
    *((f"verify save_at {v!r:.30}", verify(save_at=v), "save_at") for v in ("x", 0, -1, None, 1.5, [0], 10**12)),
    *(
        (f"verify confidence {v!r:.30}", verify(confidence=v), "confidence = ")
        for v in (0, 1, -1, 2, None, "0.9", True)
    ),
    *((f"verify confidence {v!r:.30}", verify(confidence=v), "confidence = ") for v in (float("nan"), [0.9], 1j)),
    *((f"verify settings {v!r:.30}", verify(settings=v), words) for v, words in SETTINGS[1:]),
    *(
        (f"problem {v!r:.30}", lambda v=v: mt.get_problem(v), "problem")
        for v in (None, 3, "", "rato", ["ratio"], RATIO)
    ),
    *((f"optimizer {v!r:.30}", lambda v=v: mt.get_optimizer(v), "optimizer") for v in (None, 3, "", "adamm", ["adam"])),
    *((f"theorem {v!r:.30}", lambda v=v: mt.get_theorem(v), "theorem") for v in (None, 3, "", "T99", ["T5"], T5)),
    *(
        (f"mada {v!r:.30}", lambda v=v: mt.mada(v, LEARN), f"{v}")
        for v in ("1e-3", "", None, -1, float("nan"), [1.0, 2.0])
    ),
    *(
        (f"mada rho {v!r:.30}", lambda v=v: mt.mada(1e-3, LEARN, rho=v), "rho")
        for v in ("0.5", False, 2.0, {}, [0.1, 0.2])
    ),
    *((f"mada learn {v!r:.30}", lambda v=v: mt.mada(1e-3, v), "learn") for v in ("rho", 3, ["rho"], {3: 0.1})),
    *((f"mada learn {v!r:.30}", lambda v=v: mt.mada(1e-3, {"rho": v}), "rho") for v in ("0.1", None, -1.0, [0.1, 0.2])),
]


# without addresses, which differ from process to process
NAMES = [re.sub(r" at 0x[0-9a-f]*", "", name) for name, *_ in MISUSES]


@pytest.mark.parametrize(("call", "words"), [(c, w) for _, c, w in MISUSES], ids=NAMES)
def test_a_misuse_is_refused_in_words(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(mt.UserError) as raised:
        call()
    assert words in str(raised.value)
    assert len(str(raised.value)) < 2000
    assert isinstance(raised.value, ValueError)


@pytest.mark.parametrize("call", [simulate(stepz=3), verify(seedz=1), lambda: mt.mada(1e-3, roh=1.0), mt.simulate])
def test_a_misspelt_argument(call: Callable[[], Any]) -> None:
    with pytest.raises((TypeError, mt.UserError)):
        call()
