"""TX, T5x, TRx and TS: a sum of N_i in the place of d L, by formulas, enumerations and runs typed a second time."""

import itertools
import math
from dataclasses import replace

import jax
import numpy as np
import pytest

import madatheory as mt
from madatheory.arithmetic import NUMPY
from madatheory.problems.audit.promises import broken_at_samples
from madatheory.problems.problem import Constant, Problem
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Setting, Theorem

ALL = list_theorems()
TX, T5x, TRx = (ALL[f"{name}-coordinate-rate"] for name in ("adam", "avgrad", "rmsprop"))
TS = ALL["sign-descent-rate"]
PAIRS = ((TX, ALL["adam-constant-step-rate"]), (T5x, ALL["avgrad-rate"]), (TRx, ALL["rmsprop-rate"]))


def right(theorem: Theorem, problem: Problem, **changed: float) -> float:
    hyper = {**theorem.settings, **changed}
    return float(theorem.bound(theorem.quantities(Setting(problem, theorem.method(), hyper, 100)), NUMPY))


def with_N(problem: Problem, N: float | None) -> Problem:
    assert problem.constants is not None
    constant = None if N is None else Constant(N, "upper", "given", "")
    return replace(problem, constants=problem.constants._replace(N=constant))


def test_the_right_sides() -> None:
    T, d, D0, G, N, eps, alpha, beta2 = 300.0, 3.0, 2.0, 1.3, 4.5, 1e-3, 0.02, 0.95
    q = Quantities(T=T, d=d, D0=D0, L=1e9, G=G, N=N, eps=eps, alpha=alpha, beta1=0.0, beta2=beta2)
    w, R = 1 - beta2, math.sqrt(eps + G * G)
    sums = (math.log((eps + G * G) / eps) - (T - 1) * math.log(beta2)) / w
    adam = R * (D0 / alpha + (0.4 * d * G * math.sqrt(w) + alpha * N / 2) * sums) / T
    assert TX.bound(q, NUMPY) == pytest.approx(adam, rel=1e-12)
    psi = 2 + math.log(2 * w * G * G / eps)
    K2 = min(math.log(1 + w * T * G**2 / eps) / w, math.log(1 + T * G**2 / eps) + beta2 / w * psi)
    avgrad = R * (D0 / alpha + (0.4 * d * G * math.sqrt(w) + alpha * N / 2) * K2) / math.sqrt(T)
    assert T5x.bound(q, NUMPY) == pytest.approx(avgrad, rel=1e-12)
    L, sigma = 1.5, 0.7
    M = (2 * L * D0) ** 0.5 + alpha * L * T * (d / w) ** 0.5
    Q = (math.log(1 + (sigma**2 + M**2) / eps) - (T - 1) * math.log(beta2)) / w
    p = 2 * (D0 / alpha + (d * sigma * math.sqrt(w) + alpha * N / 2) * Q) / T
    rmsprop = math.sqrt(p * (d * math.sqrt(eps + sigma**2) + (1 + math.sqrt(beta2)) * p))
    assert TRx.bound(q._replace(L=L, sigma=sigma), NUMPY) == pytest.approx(rmsprop, rel=1e-12)
    assert TS.bound(q, NUMPY) == pytest.approx(D0 / (alpha * T) + alpha * N / 2, rel=1e-12)


@pytest.mark.parametrize(("by_coordinate", "plain"), PAIRS, ids=["TX", "T5x", "TRx"])
def test_it_is_the_plain_bound_where_no_N_is_known_and_never_above_it(by_coordinate: Theorem, plain: Theorem) -> None:
    for spec in (
        "ratio:d=3",
        "rotated:noise=rademacher,d=4,angle=0",
        "rotated:noise=rademacher,d=4",
        "ridge-sum:rows=9,d=3",
    ):
        problem = mt.get_problem(spec)
        assert problem.constants is not None
        assert right(by_coordinate, with_N(problem, None)) == pytest.approx(right(plain, problem), rel=1e-12)
        assert (right(by_coordinate, problem) < right(plain, problem)) == (problem.constants.N is not None)


def turned(d: int, angle: float) -> tuple[np.ndarray, Problem]:
    """The rows a_j of sum_j sqrt(1 + (a_j.x)^2) - 1, and the problem with noise +-s on each coordinate."""
    problem = mt.get_problem(f"rotated:d={d},angle={angle},noise=rademacher,scale=0.5")
    values, vectors = np.linalg.eigh(_hessian(problem))
    return np.sqrt(values)[:, None] * vectors.T, problem


def _hessian(problem: Problem) -> np.ndarray:
    with jax.enable_x64(True):
        gradient, d = problem.full_gradient, problem.dimension
        return np.stack([(np.asarray(gradient(1e-6 * e)) - np.asarray(gradient(-1e-6 * e))) / 2e-6 for e in np.eye(d)])


@pytest.mark.parametrize("angle", [0.0, 0.7])
def test_every_step_of_the_proof_on_enumerated_means(angle: float) -> None:
    """Adam on a turned function in d = 2, 4^3 histories: L4 with N_i along every path, L1 and the whole in the mean."""
    d, T, noise, chance = 2, 3, 0.5, 0.25
    rows, problem = turned(d, angle)
    x0, H = np.asarray(problem.start), rows.T @ rows
    weights, G = np.abs(H).sum(axis=1), float(np.abs(rows).sum(axis=0).max()) + noise

    def F(x: np.ndarray) -> float:
        return float(np.sum(np.sqrt(1 + (rows @ x) ** 2) - 1))

    half_would_do = True
    for alpha, eps, beta2 in itertools.product((0.3, 3.0, 30.0), (1e-3, 1.0, 100.0), (0.1, 0.9)):
        w, squares, inner, ratios, fallen = 1 - beta2, 0.0, 0.0, np.zeros(d), 0.0
        for history in itertools.product(itertools.product((-noise, noise), repeat=d), repeat=T):
            x, v = x0.copy(), np.zeros(d)
            for xi in history:
                z = rows @ x
                m = rows.T @ (z / np.sqrt(1 + z * z))
                g = m + np.array(xi)
                v = beta2 * v + w * g * g
                step = g / np.sqrt(eps + v)
                after = x - alpha * step
                gained, lost_again = alpha * m @ step, alpha**2 / 2 * weights @ step**2
                assert F(x) - F(after) >= gained - lost_again - 1e-9 * (1 + gained + lost_again)
                half_would_do &= bool(F(x) - F(after) >= gained - lost_again / 2)
                share = chance**T
                squares, inner, ratios = squares + share * m @ m, inner + share * m @ step, ratios + share * step**2
                x = after
            fallen += chance**T * (F(x0) - F(x))
        sums = (math.log(1 + G * G / eps) - (T - 1) * math.log(beta2)) / w
        R, lost = math.sqrt(eps + G * G), 0.4 * G * math.sqrt(w)
        bound = R / T * (F(x0) / alpha + (d * lost + alpha * weights.sum() / 2) * sums)
        for smaller, larger in (
            (squares / R, inner + lost * ratios.sum()),
            (alpha * inner, fallen + alpha**2 / 2 * weights @ ratios),
            (float(ratios.max()), sums),
            (squares / T, bound),
        ):
            assert smaller <= larger * (1 + 1e-9)
        assert right_of_package(problem, T, alpha, eps, beta2) == pytest.approx(bound, rel=1e-6)
    assert not half_would_do


def right_of_package(problem: Problem, T: int, alpha: float, eps: float, beta2: float) -> float:
    hyper = {"alpha": alpha, "beta1": 0.0, "beta2": beta2, "eps": eps}
    return float(TX.bound(TX.quantities(Setting(problem, TX.method(), hyper, T)), NUMPY))


def test_verdicts_on_the_turned_function() -> None:
    found = mt.verify([TX, T5x], "rotated:d=4,noise=rademacher", steps=300, num_trajectories=64)
    assert [verdict.outcome for verdict in found] == ["holds", "holds"]
    unbounded, covered = mt.verify([TX, TRx], "rotated:d=4", steps=300, num_trajectories=256)
    assert "no G bounds" in unbounded.reason
    assert covered.outcome == "holds"


def test_sign_descent_is_lion_without_momentum_and_tight() -> None:
    """Along x - alpha sign(grad F), typed once more; with L in the place of N it is false once steps are long."""
    problem = mt.get_problem("rotated:d=8,angle=0.3,noise=none")
    rows, alpha, T = turned(8, 0.3)[0], 0.3, 200
    x, total = np.asarray(problem.start), 0.0
    for _ in range(T):
        z = rows @ x
        grad = rows.T @ (z / np.sqrt(1 + z * z))
        total, x = total + np.abs(grad).sum(), x - alpha * np.sign(grad)
    (verdict,) = mt.verify(TS, problem, steps=T, num_trajectories=2, settings={"alpha": alpha})
    assert verdict.outcome == "holds"
    assert verdict.comparisons[0].left[-1] == pytest.approx(total / T, rel=1e-6)
    assert total / T > problem.gap / (alpha * T) + alpha / 2
    (false,) = mt.verify(TS, with_N(problem, 1.0), steps=T, num_trajectories=2, settings={"alpha": alpha})
    assert false.outcome == "violated"


@pytest.mark.parametrize(
    ("spec", "hyper", "words"),
    [
        ("rotated", {}, "gaussian noise"),
        ("rotated:noise=none", {"beta1_lion": 0.5}, "the statement needs 0"),
        ("quadratic:noise=none", {}, ""),
    ],
)
def test_sign_descent_says_why_it_does_not_apply(spec: str, hyper: dict, words: str) -> None:
    found = TS.reasons(Setting(mt.get_problem(spec), TS.method(), {**TS.settings, "beta2_lion": 0.9, **hyper}, 10))
    assert words in "; ".join(found)
    assert bool(found) == bool(words)


def test_an_N_that_is_too_small_is_found() -> None:
    """At 0 the Hessian is diagonal here, and signs attain its trace; certificates must not err on the wrong side."""
    problem = mt.get_problem("rotated:d=4,angle=0,noise=rademacher")
    assert problem.constants is not None
    assert problem.constants.N is not None
    N = problem.constants.N.value
    (found,) = broken_at_samples(with_N(problem, 0.99 * N), 1e-6)
    assert "the certificate N = " in found
    assert broken_at_samples(problem, 1e-6) == []
