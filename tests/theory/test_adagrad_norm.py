"""TN, TNc, TNs: AdaGrad-Norm without noise and with bounded noise, against formulas and runs typed a second time."""

import math
from dataclasses import replace

import numpy as np
import pytest

import madatheory as mt
from madatheory.arithmetic import NUMPY
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Setting

QUIET, NOISY = list_theorems()["adagrad-norm-rate"], list_theorems()["adagrad-norm-stochastic-rate"]
CONVEX = list_theorems()["adagrad-norm-convex-rate"]


@pytest.mark.parametrize(("alpha", "eps"), [(0.2, 0.1), (3.0, 0.01), (0.01, 25.0)])
def test_the_right_sides(alpha: float, eps: float) -> None:
    T, d, D0, L, G = 50.0, 3.0, 2.0, 1.5, 0.7
    q = Quantities(T=T, d=d, D0=D0, L=L, G=G, alpha=alpha, eps=eps)
    growth = D0 + alpha**2 * L * max(0.0, math.log(alpha * L / math.sqrt(eps)))
    root = max(math.sqrt(eps), alpha * L) + 2 / alpha * growth
    assert QUIET.bound(q, NUMPY) == pytest.approx((root**2 - eps) / T, rel=1e-14)
    far = 2.3**2 + alpha**2 * max(0.0, math.log(alpha**2 * L**2 / eps))
    assert CONVEX.bound(q._replace(Delta=2.3), NUMPY) == pytest.approx(root * far / (2 * alpha * T), rel=1e-14)
    whole = math.sqrt(d) * G
    bracket = D0 + (0.4 * alpha * whole + alpha**2 * L / 2) * math.log(1 + T * whole**2 / eps)
    expected = math.sqrt(eps + whole**2) / (alpha * math.sqrt(T)) * bracket
    assert NOISY.bound(q, NUMPY) == pytest.approx(expected, rel=1e-14)


def test_in_one_dimension_it_is_adagrad_s_bound() -> None:
    q = Quantities(T=50.0, d=1.0, D0=2.0, L=1.5, G=0.7, alpha=0.3, eps=0.1)
    assert NOISY.bound(q, NUMPY) == pytest.approx(list_theorems()["adagrad-rate"].bound(q, NUMPY), rel=1e-14)


def descent(alpha: float, eps: float, curvature: float, steps: int) -> tuple[float, float]:
    """(1/T) sum |F'|^2 and (1/T) sum F on Huber's function of this curvature from 3, least at 0, slope at most 1."""
    x, b, total, value = 3.0, eps, 0.0, 0.0
    for _ in range(steps):
        g = min(max(curvature * x, -1.0), 1.0)
        total, b = total + g * g, b + g * g
        value += curvature * x * x / 2 if abs(g) < 1 else abs(x) - 0.5 / curvature
        x -= alpha * g / math.sqrt(b)
    return total / steps, value / steps


def test_no_run_of_descent_exceeds_it() -> None:
    """Steps from far too short to far too long for the curvature, with its D0 typed here."""
    for alpha in np.geomspace(1e-3, 1e3, 13):
        for eps in (1e-6, 1.0, 1e4):
            for curvature in (0.1, 1.0, 30.0):
                D0 = 3 - 0.5 / curvature if 3 * curvature > 1 else curvature * 4.5
                for T in (1, 7, 200):
                    q = Quantities(T=float(T), D0=D0, L=curvature, alpha=alpha, eps=eps, Delta=3.0)
                    squares, values = descent(alpha, eps, curvature, T)
                    assert squares <= QUIET.bound(q, NUMPY) * (1 + 1e-12)
                    assert values <= CONVEX.bound(q, NUMPY) * (1 + 1e-12)


def test_three_quarters_of_the_convex_bound_are_exceeded() -> None:
    """A steep bowl and a step of just the right length: the constants of the right side cannot all be smaller."""
    _, values = descent(alpha=100.0, eps=1e4, curvature=1.0, steps=3)
    q = Quantities(T=3.0, D0=2.5, L=1.0, alpha=100.0, eps=1e4, Delta=3.0)
    assert values > 0.75 * CONVEX.bound(q, NUMPY)


@pytest.mark.parametrize(
    ("theorem", "spec", "words"),
    [
        (QUIET, "ratio", "has uniform noise"),
        (QUIET, "rastrigin", "no certified constants"),
        (QUIET, "quadratic:noise=none", ""),
        (QUIET, "reddi-online", "is online"),
        (QUIET, "reddi-stochastic", "projected on a box"),
        (CONVEX, "ratio:noise=none", "not known to be convex"),
        (CONVEX, "pseudo-huber", "has uniform noise"),
        (CONVEX, "pseudo-huber:noise=none", ""),
        (CONVEX, "ridge-sum:phi=pseudo-huber,noise=none", ""),
        (NOISY, "ratio:noise=gaussian", "unbounded"),
        (NOISY, "wave", ""),
    ],
)
def test_it_says_why_it_does_not_apply(theorem, spec: str, words: str) -> None:
    setting = Setting(mt.get_problem(spec), theorem.method(), dict(theorem.settings), 100)
    found = "; ".join(theorem.reasons(setting))
    assert words in found
    assert bool(found) == bool(words)


def test_verdicts_and_a_bound_that_decays_too_fast() -> None:
    problems = ["ratio:noise=none,d=2", "ratio:d=2"]
    found = {(v.theorem, v.problem): v for v in mt.verify([QUIET, NOISY], problems[1:], steps=200, num_trajectories=64)}
    assert [v.outcome for v in found.values()] == ["not applicable", "holds"]
    (held,) = mt.verify(QUIET, problems[0], steps=200, num_trajectories=2)
    assert held.outcome == "holds"
    wrong = replace(QUIET.right, value=lambda m, q, xp: QUIET.right.value(m, q, xp) / q.T)
    (missed,) = mt.verify(
        replace(QUIET, name="faster", chain=(QUIET.left, wrong)), problems[0], steps=200, num_trajectories=2
    )
    assert missed.outcome == "violated"


def test_the_links_of_the_convex_chain_hold_and_a_lost_factor_is_seen() -> None:
    """On a problem that is not separable, at steps too long and too short for it."""
    settings, problem = {"alpha": (0.05, 5.0)}, "ridge-sum:phi=pseudo-huber,noise=none,d=3"
    found = mt.verify(CONVEX, problem, steps=50, num_trajectories=2, settings=settings)
    assert [verdict.outcome for verdict in found] == ["holds", "holds"]
    wrong = replace(CONVEX.right, value=lambda m, q, xp: CONVEX.right.value(m, q._replace(Delta=q.Delta / 5), xp))
    nearer = replace(CONVEX, name="nearer", chain=(CONVEX.left, wrong))
    (missed,) = mt.verify(nearer, "pseudo-huber:noise=none,d=3", steps=50, num_trajectories=2)
    assert missed.outcome == "violated"
