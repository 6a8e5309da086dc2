"""TH: a learned step size against the best fixed one, by formulas and runs typed a second time; and a learned rho."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import sympy

import madatheory as mt
from madatheory.arithmetic import NUMPY
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Setting

TH = list_theorems()["hypergradient-rate"]


def bound(T: int, D0: float, Delta: float, L: float, alpha: float, eta: float, A: float) -> float:
    """The right side for any A: hyper-gradients are at most max(1, A L - 1)."""
    c = min(A, 1 / L)
    steepest = max(1.0, A * L - 1)
    progress = T * (c - L * c * c / 2) - T * eta / 2 * steepest**2 - (alpha - c) ** 2 / 2 / eta
    return 1 / (1 / D0 + max(progress, 0) / Delta**2)


def learned(L: float, start: float, steps: int, alpha: float, eta: float, A: float, null: bool) -> float:
    """F(x_T) on Huber's function of curvature L and slope 1; with `null`, no step is taken that goes up."""

    def value(x: float) -> float:
        return L * x * x / 2 if abs(x) * L < 1 else abs(x) - 0.5 / L

    def slope(x: float) -> float:
        return min(max(L * x, -1.0), 1.0)

    x, a = start, alpha
    for _ in range(steps):
        g = slope(x)
        if g == 0:
            break
        tried = x - a * g
        a = min(max(a + eta * slope(tried) / g, 0.0), A)
        x = tried if not null or value(tried) <= value(x) else x
    return value(x)


CASES = list(itertools.product((0.1, 1.0, 10.0), (1.0, 20.0), (1, 10, 200), (1e-3, 0.05, 1.0), (0.02, 1.0)))


@pytest.mark.parametrize("share", [0.7, 2.0])
def test_no_run_exceeds_it(share: float) -> None:
    for L, start, steps, eta, first in CASES:
        A = share / L
        D0 = start - 0.5 / L if start * L > 1 else L * start**2 / 2
        q = Quantities(T=float(steps), D0=D0, Delta=start, L=L, alpha=first * A, eta=eta, A=A)
        right = bound(steps, D0, start, L, first * A, eta, A)
        assert TH.bound(q, NUMPY) == pytest.approx(right, rel=1e-12)
        assert learned(L, start, steps, first * A, eta, A, null=False) <= right * (1 + 1e-12)


def test_null_steps_allow_any_largest_step_and_are_needed() -> None:
    """Below the height of the start Huber's function keeps to |x| <= start, so that is Delta."""
    exceeded = 0
    for L, start, steps, eta, first in CASES:
        A = 7 / L
        D0 = start - 0.5 / L if start * L > 1 else L * start**2 / 2
        right = bound(steps, D0, start, L, first * A, eta, A) * (1 + 1e-12)
        assert learned(L, start, steps, first * A, eta, A, null=True) <= right
        exceeded += learned(L, start, steps, first * A, eta, A, null=False) > right
    assert exceeded > 10


def test_with_a_decaying_eta_it_is_asymptotically_the_fixed_step_of_descent() -> None:
    """eta = 1/(L sqrt(T)): P/T tends to 1/(2L), what descent promises for the step 1/L."""
    L, Delta = 2.0, 3.0
    ratios = []
    for T in (10**2, 10**4, 10**6, 10**8):
        q = Quantities(T=T, D0=9.0, Delta=Delta, L=L, alpha=0.01, eta=1 / L / math.sqrt(T), A=2 / L)
        ratios.append(TH.bound(q, NUMPY) / (Delta**2 * 2 * L / T))
    assert np.all(np.diff(ratios) < 0)
    assert ratios[-1] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("ratio:noise=none", "not known to be convex"),
        ("pseudo-huber", "uniform noise"),
        ("pseudo-huber:noise=none,start=0", "starts at its minimizer"),
        ("ridge-sum:phi=pseudo-huber,noise=none,rows=60", "A L = "),
        ("pseudo-huber:noise=none", ""),
    ],
)
def test_it_says_why_it_does_not_apply(spec: str, words: str) -> None:
    setting = Setting(mt.get_problem(spec), TH.method(), dict(TH.settings), 100)
    found = "; ".join(TH.reasons(setting))
    assert words in found
    assert bool(found) == bool(words)


def test_verdicts_and_a_bound_without_regret() -> None:
    """A short first step on a long slope: what is left out when learning is taken to cost nothing is seen."""
    problem, settings = "pseudo-huber:noise=none,d=2,start=30", {"alpha": 0.01, "eta": 0.005}
    (held,) = mt.verify(TH, problem, steps=200, num_trajectories=2, settings=settings)
    assert held.outcome == "holds"
    free = replace(TH.right, value=lambda m, q, xp: TH.right.value(m, q._replace(alpha=q.A), xp) / 2)
    wrong = replace(TH, name="free", chain=(TH.left, free))
    (missed,) = mt.verify(wrong, problem, steps=200, num_trajectories=2, settings=settings)
    assert missed.outcome == "violated"


def test_a_learned_rho_may_stay_at_the_worse_end_for_ever() -> None:
    """F linear, two coordinates whose second moments v and vbar differ the other way round, the same at every step."""
    rho = sympy.Symbol("rho")
    loss = -1 / sympy.sqrt(1 + 15 * rho) - 1 / sympy.sqrt(1 + 24 * (1 - rho))
    assert sympy.diff(loss, rho).subs(rho, 0) > 0  # so a step from 0 is projected back to 0
    assert loss.subs(rho, 0) - loss.subs(rho, 1) == sympy.Rational(1, 20)  # regret of T steps: T/20
