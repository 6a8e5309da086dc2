"""Verdicts: the four outcomes on data made for the purpose, and a planted wrong theorem on simulated data."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from madatheory.engine.simulate import simulate
from madatheory.errors import UserError
from madatheory.problems.catalogue import get_problem, list_problems
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.theorem import Level, Setting, Theorem
from madatheory.theory.verdict import Verdict, judge, statistics_of
from madatheory.theory.verify import verify

HYPER = {"alpha": 0.3, "beta1": 0.0, "beta2": 0.99, "eps": 1e-4}
RATIO = list_problems()["ratio"].make({"d": 2})
T5 = list_theorems()["avgrad-rate"]


def scaled(theorem: Theorem, factor: float) -> Theorem:
    """The theorem with its right side multiplied: a planted mistake."""
    true = theorem.right
    right = replace(true, value=lambda m, q, xp: factor * true.value(m, q, xp))
    return replace(theorem, chain=(*theorem.chain[:-1], right), name=f"{theorem.name}-scaled")


def only_ends(theorem: Theorem) -> Theorem:
    return replace(theorem, chain=(theorem.left, theorem.right))


def data(left: np.ndarray, largest: float = 0.1) -> xr.Dataset:
    """Measured values: left (seed,) at T = 10 and the largest gradient entry."""
    value = left[:, None]
    variables = {"mean_squared_gradient": (("seed", "t"), value)}
    variables["largest_gradient"] = (("seed", "t"), np.full_like(value, largest))
    return xr.Dataset(variables, coords={"t": [10]})


def verdict(theorem: Theorem, left: np.ndarray, hyper: dict[str, float] = HYPER, **more: Any) -> Verdict:
    return judge(theorem, RATIO, theorem.method(), hyper, data(left, **more), steps=10)


def test_holds_when_the_upper_limit_is_below() -> None:
    found = verdict(only_ends(T5), np.full(400, 0.1))
    assert found.outcome == "holds"
    assert found.comparisons[0].left[0] < found.comparisons[0].upper[0] <= found.comparisons[0].right[0]


def test_violated_when_the_lower_limit_is_above() -> None:
    right = verdict(only_ends(T5), np.full(400, 0.1)).comparisons[0].right[0]
    found = verdict(scaled(only_ends(T5), 0.05 / right), np.full(40000, 0.2))
    assert found.outcome == "violated"
    assert "T = 10" in found.reason


def test_inconclusive_between() -> None:
    right = verdict(only_ends(T5), np.full(400, 0.1)).comparisons[0].right[0]
    found = verdict(scaled(only_ends(T5), 0.11 / right), np.full(400, 0.1))
    assert found.outcome == "inconclusive"
    assert "more seeds" in found.reason


def test_more_claims_widen_the_interval() -> None:
    left = np.linspace(0, 0.2, 400)
    one = judge(only_ends(T5), RATIO, T5.method(), HYPER, data(left), steps=10, claims=1)
    many = judge(only_ends(T5), RATIO, T5.method(), HYPER, data(left), steps=10, claims=1000)
    assert many.comparisons[0].upper[0] > one.comparisons[0].upper[0]


def test_not_applicable_gives_the_reason() -> None:
    found = verdict(only_ends(T5), np.full(400, 0.1), {**HYPER, "beta1": 0.9})
    assert found.outcome == "not applicable"
    assert "beta1 = 0.9, the statement needs 0" in found.reason


def test_a_theorem_without_conditions_meets_a_problem_without_constants() -> None:
    bare = replace(only_ends(T5), conditions=())
    with pytest.raises(UserError, match="which rastrigin does not have"):
        verify([bare], [list_problems()["rastrigin"].make({"d": 2})], steps=20, num_trajectories=8)


def test_a_broken_certificate_is_a_violation() -> None:
    found = verdict(only_ends(T5), np.full(400, 0.1), largest=99.0)
    assert found.outcome == "violated"
    assert "certificate G" in found.reason


def test_a_left_side_that_is_not_finite_is_inconclusive() -> None:
    left = np.full(400, 0.1)
    left[3] = np.nan
    assert verdict(only_ends(T5), left).outcome == "inconclusive"


def test_every_path_means_every_path() -> None:
    theorem = replace(only_ends(T5), kind="every-path")
    right = verdict(theorem, np.full(400, 0.1)).comparisons[0].right[0]
    left = np.full(400, 0.1)
    assert verdict(theorem, left).outcome == "holds"
    left[7] = right * 1.001
    assert verdict(theorem, left).outcome == "violated"


@pytest.mark.parametrize(("failures", "outcome"), [(0, "holds"), (80, "violated"), (18, "inconclusive")])
def test_probability(failures: int, outcome: str) -> None:
    theorem = replace(only_ends(T5), kind="probability", chain=(T5.left, Level("one", "", lambda m, q, xp: 1.0)))
    method = replace(theorem.method(), parameters={**theorem.method().parameters})
    left = np.r_[np.full(failures, 2.0), np.full(400 - failures, 0.5)]
    found = judge(theorem, RATIO, method, {**HYPER, "p": 0.05}, data(left), steps=10)
    assert found.outcome == outcome


def test_a_planted_wrong_theorem_is_violated_on_simulated_data() -> None:
    wrong = scaled(T5, 1e-3)
    good, bad = (
        verify([t], [RATIO], steps=300, num_trajectories=256, settings={"alpha": 0.01})[0] for t in (T5, wrong)
    )
    assert good.outcome == "holds"
    assert bad.outcome == "violated"


def test_without_noise_the_left_side_is_exact() -> None:
    quiet = list_problems()["ratio"].make({"d": 2, "noise": "none"})
    found = verify([T5], [quiet], steps=100, num_trajectories=2)[0]
    assert found.outcome == "holds"
    assert found.comparisons[0].method == "exact (no noise)"
    tree = verify([T5], [quiet], steps=10, num_trajectories=2)[0]
    assert tree.comparisons[0].method == "exact (noise tree of 1 histories)"


def test_few_steps_of_finite_noise_are_judged_exactly() -> None:
    """The tree's verdict has no interval, and its mean is inside the sampled one's."""
    coin = list_problems()["ratio"].make({"d": 1, "noise": "rademacher", "scale": 0.5})
    exact = verify([T5], [coin], steps=6, num_trajectories=2)[0].comparisons[0]
    assert exact.method == "exact (noise tree of 64 histories)"
    np.testing.assert_array_equal(exact.lower, exact.upper)
    method, hyper = T5.method(), {**T5.settings}
    times = exact.T.tolist()
    run = simulate(
        coin, method, 6, num_trajectories=4000, settings=hyper, statistics=statistics_of([T5]), save_at=times
    )
    drawn = judge(T5, coin, method, hyper, run, steps=6).comparisons[0]
    assert np.all(drawn.lower <= exact.left)
    assert np.all(exact.left <= drawn.upper)
    np.testing.assert_allclose(exact.left, drawn.left, rtol=0.05)


def test_an_exact_verdict_sees_what_few_seeds_cannot() -> None:
    """Half of the right side is refuted exactly at T = 1, where the bound is 1.47 times the left side."""
    slope = list_problems()["exponential"].make({"d": 1, "noise": "none"})
    hostile = replace(slope, start=np.array([0.5**0.5]))
    settings = {"eps": 1e6, "alpha": 660.0}
    good, bad = (verify([t], [hostile], steps=1, settings=settings)[0] for t in (T5, scaled(T5, 0.5)))
    assert (good.outcome, bad.outcome) == ("holds", "violated")


def test_the_data_dependent_bound_lies_below_the_a_priori_one() -> None:
    run = simulate(RATIO, T5.method(), 500, num_trajectories=64, settings=HYPER, statistics=statistics_of([T5]))
    found = judge(T5, RATIO, T5.method(), HYPER, run, steps=500)
    main, dependent = found.comparisons
    assert dependent.name == "data-dependent bound"
    assert main.left[-1] <= dependent.right[-1] <= main.right[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_trajectories": 1}, "num_trajectories = 1"),
        ({"confidence": 1.0}, "confidence = 1"),
        ({"confidence": 0.0}, "confidence = 0"),
        ({"steps": 0}, "steps = 0"),
        ({"settings": {"beta2": 1.0}}, "beta2 = 1 is out of range"),
        ({"settings": {"eps": 0.0}}, "eps = 0 is out of range"),
    ],
)
def test_bad_requests_are_refused_before_any_work(arguments: dict[str, Any], message: str) -> None:
    def never(*_: Any, **__: Any) -> xr.Dataset:
        raise AssertionError("simulated")

    with pytest.raises(UserError, match=message):
        verify([T5], [RATIO], run=never, **arguments)


def test_every_theorem_applies_to_a_problem_and_says_of_every_other_why_not() -> None:
    problems = [get_problem(name) for name in list_problems()]
    for theorem in list_theorems().values():
        method = theorem.method()
        at = {name: float(np.ravel(value)[0]) for name, value in theorem.settings.items()}
        answers = [theorem.reasons(Setting(problem, method, method.hyper(at), 2000)) for problem in problems]
        assert any(not reasons for reasons in answers), theorem.name
