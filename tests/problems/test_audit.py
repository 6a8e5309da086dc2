"""The audit of a problem's promises: honest problems pass, each planted falsehood is named."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

from madatheory.cli import app
from madatheory.engine.simulate import simulate
from madatheory.engine.statistic import largest_gradient
from madatheory.entry import parse
from madatheory.errors import UserError
from madatheory.problems.audit.declared import check_declared
from madatheory.problems.audit.promises import broken_at_samples, broken_at_visited
from madatheory.problems.catalogue import list_problems
from madatheory.problems.problem import Atoms, Constant, Problem
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.theorem import Setting
from madatheory.theory.verify import verify

DELTA = 1e-4
HONEST = (
    *list_problems(),
    "ratio:d=1,noise=rare-large,scale=2",
    "log:d=3,noise=multiplicative,scale=0.5",
    "ratio:d=40,noise=rademacher",
    "ridge-sum:d=3,rows=8,phi=cosine",
    "quadratic:d=3,condition=100,noise=rademacher",
)


def build(spec: str) -> Problem:
    return parse(spec, list_problems(), "problem")


COIN, SMOOTH = build("ratio:d=2,noise=rademacher,scale=0.5"), build("ratio:d=2,noise=uniform,scale=0.5")
T5 = list_theorems()["avgrad-rate"]


@pytest.mark.parametrize("spec", HONEST)
def test_the_package_s_problems_keep_their_promises(spec: str) -> None:
    problem = build(spec)
    check_declared(problem)
    assert broken_at_samples(problem, DELTA) == []


def test_honest_noise_is_not_accused_more_often_than_stated() -> None:
    """12 audits that may err with probability 1/2 each: distribution-free limits are wide, and none errs."""
    assert [found for seed in range(12) if (found := broken_at_samples(SMOOTH, 0.5, seed))] == []


def with_constant(problem: Problem, **values: float) -> Problem:
    assert problem.constants is not None
    changed = {name: Constant(value, "exact", "planted", "none") for name, value in values.items()}
    return replace(problem, constants=problem.constants._replace(**changed))


def with_oracle(problem: Problem, **changes: Any) -> Problem:
    return replace(problem, oracle=replace(problem.oracle, **changes))


def gradients(change: Callable[[Any], Any]) -> dict[str, Any]:
    """An oracle whose answers are changed, with the second moment withheld."""
    return {"gradient": lambda x, grad, xi, t: change(grad + xi), "second_moment": None}


CONSTANTS = {
    "L halved": (
        {"L": 1.0},
        r"certificate L = 1 is broken at x = \[.*\] and y = \[.*\]: \|grad F\(x\) - .* = (1\.9|2)",
    ),
    "L = 0": ({"L": 0.0}, r"certificate L = 0 is broken at x = \[.*\] and y = \["),
    "F_star above the infimum": ({"F_star": 0.01}, r"certificate F_star = 0.01 is broken at x = \[.*\]: F\(x\) = "),
    "F_star above the start": ({"F_star": 5.0}, r"certificate F_star = 5 is broken at x = \["),
    "G without the noise": ({"G": 0.65}, r"certificate G = 0.65 is broken at x = \[.*\]: \|g\| = 1\.1"),
    "G below the derivative": ({"G": 0.5}, r"certificate G = 0.5 is broken at x = \[.*\]: a derivative of F is 0.6"),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_planted_constant_is_found(name: str) -> None:
    values, message = CONSTANTS[name]
    assert re.search(message, "; ".join(broken_at_samples(with_constant(COIN, **values), DELTA)))


@pytest.mark.parametrize(
    ("problem", "distance"),
    [
        (build("pseudo-huber:d=4,noise=none,start=2"), 3.5),  # it is 4
        (build("ridge-sum:phi=pseudo-huber,d=3,start=2"), 2.0),  # it is 3.46
        (build("ratio:d=2"), 2.0),  # not convex
        (build("cosine:d=2"), 2.0),  # not convex
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_planted_distance_is_found(problem: Problem, distance: float) -> None:
    found = "; ".join(broken_at_samples(with_constant(problem, distance=distance), DELTA))
    assert f"certificate distance = {distance:g} is broken at x = [" in found


def test_a_descent_finds_values_below_F_star_where_no_sample_is() -> None:
    base, valley = build("ratio:d=4"), np.array([[1.3], [-0.7], [2.2], [0.4]])
    moved = replace(base, value=lambda x: base.value(x - valley), gradient=lambda x: base.full_gradient(x - valley))
    (found,) = broken_at_samples(with_constant(moved, F_star=1e-4), DELTA)
    assert re.search(r"certificate F_star = 0.0001 is broken at x = \[1\.(3|29).*\]: F\(x\) = ", found)


def test_a_gradient_above_G_is_found_by_draws() -> None:
    found = "; ".join(broken_at_samples(with_constant(SMOOTH, G=0.7), DELTA))
    assert re.search(r"certificate G = 0.7 is broken at x = \[.*\]: \|g\| = 1\.", found)


BIASED = {
    "scaled": lambda g: 0.8 * g,
    "flipped": lambda g: -g,
    "zero": lambda g: 0 * g,
    "clipped": lambda g: jnp.clip(g, -0.5, 0.5),
    "offset": lambda g: g.at[1].add(-0.05),
}


@pytest.mark.parametrize("problem", [COIN, SMOOTH], ids=["atoms", "continuous"])
@pytest.mark.parametrize("name", BIASED)
def test_a_biased_oracle_is_found(name: str, problem: Problem) -> None:
    planted = with_constant(with_oracle(problem, **gradients(BIASED[name])), G=2.0)
    found = broken_at_samples(planted, DELTA)
    assert len(found) == 1
    assert "the promise E g = grad F is broken" in found[0]


LAWS = {
    "atoms with a mean": (
        {"atoms": Atoms(np.array([0.5, -0.4]), np.array([0.5, 0.5]))}
        | {"sample": lambda w, dtype: jnp.where(w.first >> jnp.uint32(31), dtype(0.5), dtype(-0.4)), "pair": None},
        "E g = grad F is broken at x = [",
    ),
    "probabilities below 1": (
        {"atoms": Atoms(np.array([0.5, -0.5]), np.array([0.5, 0.4]))},
        "sum to 1 is broken: they sum to 0.9",
    ),
    "a negative probability": (
        {"atoms": Atoms(np.array([0.5, -0.5]), np.array([1.5, -0.5]))},
        "have probabilities is broken: [1.5, -0.5]",
    ),
    "an infinite atom": ({"atoms": Atoms(np.array([0.5, np.inf]), np.array([0.5, 0.5]))}, "not all finite: [0.5, inf]"),
    "another sampler": (
        {"atoms": Atoms(np.array([0.3, -0.3]), np.array([0.5, 0.5]))},
        "has the stated atoms is broken: the sampler drew 0.5",
    ),
    "other frequencies": (
        {"atoms": Atoms(np.array([0.5, -0.5]), np.array([0.55, 0.45]))},
        "in a share 0.",
    ),
    "a wrong second moment": ({"second_moment": lambda x, grad, t: grad * grad}, "E g^2 = second_moment is broken at"),
}


@pytest.mark.parametrize("name", LAWS)
def test_a_wrong_law_of_the_noise_is_found(name: str) -> None:
    changes, message = LAWS[name]
    (found,) = broken_at_samples(with_oracle(COIN, **changes), DELTA)
    assert message in found


def test_a_wrong_second_moment_is_found_by_draws() -> None:
    planted = with_oracle(SMOOTH, second_moment=lambda x, grad, t: grad * grad + 0.25)
    (found,) = broken_at_samples(planted, DELTA)
    assert "E g^2 = second_moment is broken" in found
    assert "draws is" in found


@pytest.mark.parametrize("factor", [0.99, -1.0])
def test_a_gradient_of_another_function_is_found(factor: float) -> None:
    """The oracle is unbiased for the gradient that is given, but that is not the gradient of F."""
    right = SMOOTH.gradient
    assert right is not None
    (found,) = broken_at_samples(replace(SMOOTH, gradient=lambda x: right(x).at[1].multiply(factor)), DELTA)
    assert "`gradient` is the gradient of `value` is broken at x = [" in found


def test_what_a_problem_does_not_claim_is_not_held_against_it() -> None:
    planted = with_constant(with_oracle(COIN, **gradients(lambda g: 0.8 * g)), L=1.0, F_star=0.01, G=0.5)
    assert broken_at_samples(replace(planted, not_covered={"A1": "", "A2": "", "A3": "", "A4": ""}), DELTA) == []


def test_kinks_are_no_lies_where_no_smoothness_is_promised() -> None:
    kinks = replace(
        COIN, value=lambda x: jnp.sum(jnp.abs(x), axis=0), gradient=jnp.sign, start=np.full(2, 1e-4), constants=None
    )
    assert broken_at_samples(replace(kinks, not_covered={"A3": "kinks"}), DELTA) == []
    downhill = replace(kinks, not_covered={"A3": "kinks"}, gradient=lambda x: -jnp.sign(x))
    assert "`gradient` is the gradient of `value`" in broken_at_samples(downhill, DELTA)[0]


def test_iterates_are_kept_for_the_audit_unless_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []

    def spy(*args: Any, **kwargs: Any) -> xr.Dataset:
        kept.append("iterate" in [statistic.name for statistic in kwargs["statistics"]])
        return simulate(*args, **kwargs)

    for most in (8 * 2 * 6, 8 * 2 * 6 - 1):  # seeds, coordinates and recorded times
        monkeypatch.setattr("madatheory.theory.verify.MOST_ITERATES", most)
        assert verify([T5], [SMOOTH], steps=50, num_trajectories=8, run=spy)[0].outcome == "holds"
    assert kept == [True, False]


def narrow(height: float) -> Problem:
    """F(x) = x^2/(1+x^2) with a dent of width 1e-3 at 57.3, which no sample falls into."""

    def dent(x: Any) -> Any:
        return height * jnp.exp(-(((x - 57.3) / 1e-3) ** 2))

    return replace(build("ratio:d=1"), value=lambda x: jnp.sum(x**2 / (1 + x**2) - dent(x), axis=0), gradient=None)


def came_to(x: float) -> list[xr.Dataset]:
    points = np.full((3, 1, 1), x)
    return [xr.Dataset({"iterate": (("seed", "t", "coordinate"), points)}, coords={"t": [10]})]


def test_visited_points_show_what_samples_do_not() -> None:
    lower, curved = narrow(2.0), narrow(1e-5)
    assert broken_at_samples(lower, DELTA) == []
    assert "certificate F_star = 0 is broken at x = [57.3" in broken_at_visited(lower, came_to(57.3), DELTA)[0]
    assert "certificate L = 2 is broken at x = [57.3" in broken_at_visited(curved, came_to(57.3), DELTA)[0]
    assert broken_at_visited(lower, came_to(1.0), DELTA) == []
    assert broken_at_visited(lower, came_to(np.nan), DELTA) == []


def late(x: Any, grad: Any, xi: Any, t: Any) -> Any:
    return jnp.where((t > 60) & (t < 900), -1, 1) * grad + xi


def test_an_oracle_that_fails_late_is_found_where_the_runs_came_to() -> None:
    planted = with_oracle(COIN, gradient=late)
    assert broken_at_samples(planted, DELTA) == []
    verdict, *_ = verify([T5], [planted], steps=100, num_trajectories=8)
    assert verdict.outcome == "violated"
    assert "the promise E g = grad F is broken at x = [" in verdict.reason
    assert "t = 101" in verdict.reason


def test_a_broken_promise_ends_every_verdict_that_applies_and_no_other() -> None:
    """Before anything is simulated; a problem beside it is not touched, and what does not apply says so."""

    def honest_only(problem: Problem, *args: Any, **kwargs: Any) -> xr.Dataset:
        assert problem.name == "ratio"
        return simulate(problem, *args, **kwargs)

    planted = replace(with_constant(COIN, L=1.0), name="planted")
    chosen = [T5, list_theorems()["avgrad-high-probability"], list_theorems()["amsgrad-regret"]]
    found = verify(chosen, [planted, COIN], steps=50, num_trajectories=16, run=honest_only)
    for verdict in found:
        problem = planted if verdict.problem == "planted" else COIN
        theorem = list_theorems()[verdict.theorem]
        applies = not theorem.reasons(Setting(problem, theorem.method(), verdict.hyper, 50))
        assert (verdict.outcome == "not applicable") != applies
        if applies:
            assert (verdict.outcome == "violated") == (problem is planted)
            assert ("the certificate L = 1 is broken at x = [" in verdict.reason) == (problem is planted)
    assert {v.outcome for v in found if v.problem == "planted"} == {"violated", "not applicable"}


def test_the_audit_does_not_touch_the_numbers_of_honest_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a bit differs without the audit, and without the iterates that it has recorded."""
    audited = verify([T5], [SMOOTH], steps=50, num_trajectories=16)[0].as_json()
    monkeypatch.setattr("madatheory.theory.verify.iterate", largest_gradient)
    for name in ("broken_at_samples", "broken_at_visited"):
        monkeypatch.setattr(f"madatheory.theory.verify.{name}", lambda *_: [])
    assert verify([T5], [SMOOTH], steps=50, num_trajectories=16)[0].as_json() == audited


FILE = """
from dataclasses import replace
from madatheory import ProblemEntry, get_problem
from madatheory.problems.problem import Constant

def build_l(d: int = 2):
    true = get_problem(f"log:d={d}")
    return replace(true, name="half-l", constants=true.constants._replace(L=Constant(1.0, "exact", "", "")))

def build_g(d: int = 2):
    true = get_problem(f"log:d={d}")
    oracle = replace(true.oracle, gradient=lambda x, grad, xi, t: xi - grad)
    return replace(true, name="uphill", oracle=oracle)

half = ProblemEntry("half-l", "L halved", build_l)
uphill = ProblemEntry("uphill", "minus the gradient", build_g)
"""


def test_the_command_says_which_promise_is_broken(tmp_path: Path) -> None:
    file = tmp_path / "planted.py"
    file.write_text(FILE)
    small = ["--steps", "20", "--trajectories", "8", "--store", str(tmp_path / "store")]
    result = CliRunner().invoke(app, ["verify", "--theorem", "T5", "--load", str(file), *small])
    assert result.exit_code == 1
    printed = " ".join(result.output.split())
    assert "0 hold, 4 violated" in printed
    assert "the certificate L = 1 is broken at x = [" in printed
    assert "the promise E g = grad F is broken" in printed


@pytest.mark.parametrize(
    ("planted", "message"),
    [
        (with_constant(COIN, distance=-1.0), "distance = -1 is negative"),
        (with_constant(COIN, L=np.nan), "L = nan is not finite"),
        (with_constant(COIN, L=-1.0), "L = -1 is negative"),
        (with_constant(COIN, G=0.0), "G = 0 is not positive"),
        (with_constant(COIN, F_star=-np.inf), "F_star = -inf is not finite"),
        (replace(COIN, start=np.zeros(3)), "start = [0.0, 0.0, 0.0]; give 2 finite"),
        (replace(COIN, value=lambda x: x), "`value` returns float64 (2, 3) at 3 points"),
        (replace(COIN, gradient=lambda x: x[0]), "`gradient` returns float64 (3,)"),
        (replace(COIN, gradient=lambda x: x.astype("float32")), "`gradient` returns float32 (2, 3)"),
        (
            with_oracle(COIN, gradient=lambda x, grad, xi, t: grad[:1] + xi[:1]),
            "`oracle.gradient` returns float64 (1, 3)",
        ),
        (with_oracle(COIN, sample=lambda w, dtype: w.first), "`oracle.sample` returns uint32 (2, 3)"),
        (with_oracle(COIN, second_moment=lambda x, grad, t: x.T), "`oracle.second_moment` returns float64 (3, 2)"),
        (with_oracle(COIN, atoms=Atoms(np.ones(2), np.ones(1))), "as many probabilities as values"),
    ],
)
def test_a_malformed_problem_is_refused_before_any_work(planted: Problem, message: str) -> None:
    def never(*_: Any, **__: Any) -> xr.Dataset:
        raise AssertionError("simulated")

    with pytest.raises(UserError) as refusal:
        verify([T5], [planted], steps=20, num_trajectories=8, run=never)
    assert message in str(refusal.value)


@pytest.mark.parametrize(("name", "side"), [("L", "lower"), ("G", "lower"), ("F_star", "upper"), ("distance", "lower")])
def test_a_constant_on_the_wrong_side_is_refused(name: str, side: Any) -> None:
    assert COIN.constants is not None
    constants = COIN.constants._replace(**{name: Constant(1.0, side, "", "")})
    with pytest.raises(UserError, match=f"{name} = 1 is declared '{side}'"):
        check_declared(replace(COIN, constants=constants))
