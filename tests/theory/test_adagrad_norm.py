"""TN and TNs: AdaGrad-Norm without noise and with bounded noise, against formulas and runs typed a second time."""

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


@pytest.mark.parametrize(("alpha", "eps"), [(0.2, 0.1), (3.0, 0.01), (0.01, 25.0)])
def test_the_right_sides(alpha: float, eps: float) -> None:
    T, d, D0, L, G = 50.0, 3.0, 2.0, 1.5, 0.7
    q = Quantities(T=T, d=d, D0=D0, L=L, G=G, alpha=alpha, eps=eps)
    growth = D0 + alpha**2 * L * max(0.0, math.log(alpha * L / math.sqrt(eps)))
    root = max(math.sqrt(eps), alpha * L) + 2 / alpha * growth
    assert QUIET.bound(q, NUMPY) == pytest.approx((root**2 - eps) / T, rel=1e-14)
    whole = math.sqrt(d) * G
    bracket = D0 + (0.4 * alpha * whole + alpha**2 * L / 2) * math.log(1 + T * whole**2 / eps)
    expected = math.sqrt(eps + whole**2) / (alpha * math.sqrt(T)) * bracket
    assert NOISY.bound(q, NUMPY) == pytest.approx(expected, rel=1e-14)


def test_in_one_dimension_it_is_adagrad_s_bound() -> None:
    q = Quantities(T=50.0, d=1.0, D0=2.0, L=1.5, G=0.7, alpha=0.3, eps=0.1)
    assert NOISY.bound(q, NUMPY) == pytest.approx(list_theorems()["adagrad-rate"].bound(q, NUMPY), rel=1e-14)


def descent(alpha: float, eps: float, curvature: float, steps: int) -> float:
    """(1/T) sum |F'|^2 on Huber's function of this curvature from 3, F = curvature x^2/2 near 0, slope at most 1."""
    x, b, total = 3.0, eps, 0.0
    for _ in range(steps):
        g = min(max(curvature * x, -1.0), 1.0)
        total, b = total + g * g, b + g * g
        x -= alpha * g / math.sqrt(b)
    return total / steps


def test_no_run_of_descent_exceeds_it() -> None:
    """Steps from far too short to far too long for the curvature, with its D0 typed here."""
    for alpha in np.geomspace(1e-3, 1e3, 13):
        for eps in (1e-6, 1.0, 1e4):
            for curvature in (0.1, 1.0, 30.0):
                D0 = 3 - 0.5 / curvature if 3 * curvature > 1 else curvature * 4.5
                for T in (1, 7, 200):
                    q = Quantities(T=float(T), D0=D0, L=curvature, alpha=alpha, eps=eps)
                    assert descent(alpha, eps, curvature, T) <= QUIET.bound(q, NUMPY) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("theorem", "spec", "words"),
    [
        (QUIET, "ratio", "has uniform noise"),
        (QUIET, "quadratic:noise=none", "no certified constants"),
        (QUIET, "reddi-online", "is online"),
        (QUIET, "reddi-stochastic", "projected on a box"),
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
