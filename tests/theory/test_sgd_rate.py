"""TV: SGD under a bound on the variance, where neither gradients nor noise are bounded."""

import math
from dataclasses import replace

import numpy as np
import pytest

import madatheory as mt
from madatheory.arithmetic import NUMPY
from madatheory.engine.noise_tree import enumerate_tree
from madatheory.engine.statistic import mean_squared_gradient
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Level, Setting, Theorem
from madatheory.theory.theorems.sgd_rate import second_moment
from madatheory.theory.verdict import INTERVAL, INTERVAL_OF_CUT

TV = list_theorems()["sgd-rate"]


def test_the_right_side_and_the_second_moment() -> None:
    T, D0, L, sigma, M4, alpha = 50.0, 2.0, 1.5, 0.7, 0.9, 0.3
    q = Quantities(T=T, D0=D0, L=L, sigma=sigma, M4=M4, alpha=alpha)
    kept = alpha * (1 - alpha * L / 2)
    sum_of_squares = (D0 + T * alpha**2 * L / 2 * sigma**2) / kept
    assert TV.bound(q, NUMPY) == pytest.approx(sum_of_squares / T, rel=1e-14)
    martingale = alpha * (1 - alpha * L) * sigma * math.sqrt(sum_of_squares)
    root = D0 + martingale + alpha**2 * L / 2 * (T * sigma**2 + math.sqrt(T * M4))
    assert second_moment(q, NUMPY) == pytest.approx((root / (kept * T)) ** 2, rel=1e-14)


TREES = (
    "quadratic:d=1,noise=rademacher",
    "quadratic:d=1,noise=rare-large,start=0",
    "tanh:d=1,noise=rademacher,scale=2",
)


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("spec", TREES)
def test_the_second_moment_is_a_bound_on_exact_trees(alpha: float, spec: str) -> None:
    problem, times, settings = mt.get_problem(spec), list(range(1, 7)), {"alpha": alpha, "beta1": 0.0}
    tree = enumerate_tree(
        problem, TV.method(), 6, settings=settings, statistics=(mean_squared_gradient,), save_at=times
    )
    left, weight = tree["mean_squared_gradient"].transpose("path", ...).values, tree["probability"].values
    setting = Setting(problem, TV.method(), settings, 6)
    assert not TV.reasons(setting)
    q = TV.quantities(setting, T=np.array(times, float))
    assert np.all(weight @ left <= TV.bound(q, NUMPY) * (1 + 1e-9))
    assert np.all(weight @ left**2 <= second_moment(q, NUMPY) * (1 + 1e-9))
    if "start=0" in spec and alpha >= 0.5:  # the fourth moment is needed: without it the bound is exceeded
        assert np.any(weight @ left**2 > second_moment(q._replace(M4=0.0 * q.T), NUMPY))


def quadratic_mean(T: int, alpha: float, eigenvalues: np.ndarray, start: float, variance: float) -> float:
    """(1/T) sum E|grad F|^2 on (1/2) sum lambda x^2, by the recursion of E x^2."""
    second, total = np.full(len(eigenvalues), start**2), 0.0
    for _ in range(T):
        total += float(np.sum(eigenvalues**2 * second))
        second = (1 - alpha * eigenvalues) ** 2 * second + alpha**2 * variance
    return total / T


@pytest.mark.parametrize("alpha", [0.05, 0.4, 1.0, 1.9])
def test_no_quadratic_exceeds_it_and_the_round_one_attains_it(alpha: float) -> None:
    for T in (1, 10, 4000):
        for eigenvalues in (np.ones(3), np.array([0.01, 0.3, 1.0])):
            for start, variance in ((0.0, 1.0), (2.0, 0.0), (2.0, 1.0)):
                D0 = float(eigenvalues.sum()) * start**2 / 2
                q = Quantities(T=float(T), D0=D0, L=1.0, sigma=math.sqrt(3 * variance), alpha=alpha)
                right = float(TV.bound(q, NUMPY))
                mean = quadratic_mean(T, alpha, eigenvalues, start, variance)
                assert mean <= right * (1 + 1e-12)
                if T == 4000 and eigenvalues.min() == 1:
                    assert mean > right * 0.98


@pytest.mark.parametrize(
    ("spec", "outcome", "method"),
    [
        ("quadratic:condition=100", "holds", INTERVAL_OF_CUT),
        ("quadratic:condition=100,noise=student-t,df=5", "holds", INTERVAL_OF_CUT),
        ("quadratic:condition=100,noise=student-t,df=3", "inconclusive", INTERVAL_OF_CUT),
        ("ratio:d=3,noise=student-t", "holds", INTERVAL),
    ],
)
def test_unbounded_noise_has_verdicts(spec: str, outcome: str, method: str) -> None:
    (found,) = mt.verify(TV, spec, steps=400, num_trajectories=512)
    assert (found.outcome, found.comparisons[0].method) == (outcome, method)
    assert ("no upper limit" in found.reason) == (outcome == "inconclusive")


def with_right(value) -> Theorem:
    return replace(TV, name="wrong", chain=(TV.left, Level("wrong", "a planted mistake", value)))


@pytest.mark.parametrize("spec", ["quadratic:d=3,noise=gaussian", "quadratic:d=3,noise=student-t,df=3,scale=2"])
def test_planted_mistakes_are_violated(spec: str) -> None:
    """The second has no fourth moment: a lower limit is enough for a violation."""
    (half,) = mt.verify(
        with_right(lambda m, q, xp: TV.bound(q._replace(sigma=q.sigma / 4), xp)), spec, steps=400, num_trajectories=512
    )
    (fast,) = mt.verify(with_right(lambda m, q, xp: TV.bound(q, xp) / q.T), spec, steps=400, num_trajectories=512)
    assert (half.outcome, fast.outcome) == ("violated", "violated")


def test_a_second_moment_that_is_none_is_refused() -> None:
    small = replace(TV, name="small", chain=(replace(TV.left, second_moment=lambda q, xp: -q.T), TV.right))
    with pytest.raises(mt.UserError, match="second_moment"):
        mt.verify(small, "quadratic:d=3", steps=40, num_trajectories=16)


@pytest.mark.parametrize(
    ("spec", "settings", "words"),
    [
        ("quadratic:noise=student-t,df=2", {}, "no finite variance"),
        ("ratio", {"alpha": 1.0}, "alpha L = 2"),
        ("ratio", {"beta1": 0.5}, "beta1 = 0.5"),
        ("rastrigin", {}, "no certified constants"),
        ("reddi-stochastic", {}, "projected on a box"),
        ("ratio:noise=gaussian", {}, ""),
    ],
)
def test_it_says_why_it_does_not_apply(spec: str, settings: dict[str, float], words: str) -> None:
    setting = Setting(mt.get_problem(spec), TV.method(), {**TV.settings, **settings}, 100)  # pyright: ignore
    found = "; ".join(TV.reasons(setting))
    assert words in found
    assert bool(found) == bool(words)
