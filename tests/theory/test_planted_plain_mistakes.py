"""Planted mistakes in T1 to T6: where each is caught."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
import xarray as xr
from theorem_cases import ALL, at, huber, levels

from madatheory.arithmetic import NUMPY, Arithmetic
from madatheory.engine.noise_tree import enumerate_tree
from madatheory.engine.simulate import simulate
from madatheory.hparams import Hyper
from madatheory.problems.coordinatewise import oracle_of
from madatheory.problems.noise_laws import NoiseLaw
from madatheory.problems.problem import Atoms, Constant, Problem
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.chains.decoupled import SHARP
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import log1p
from madatheory.theory.theorem import Level, Theorem

# T1 and T2 lose a factor of about 5 and 2 at the worst settings known, so a halved right side survives measurements:
# only the hand-typed formulas above catch it. T5hp is loose by a factor of 50: its constant is tested by the lemma
# "exponential-moment". The other mistakes:

TIGHT_AT_ONE_STEP = {
    "adagrad-rate": 0.5,
    "adam-rate": 0.01,
    "adagrad-momentum-rate": 0.5,
    "adam-momentum-rate": 0.01,
    "amsgrad-monotone-sharp-rate": 0.01,
    "avgrad-monotone-sharp-rate": 0.01,
    "interpolation-monotone-sharp-rate": 0.9,
    "adam-constant-step-rate": 0.01,
    "avgrad-rate": 0.5,
    "avgrad-weighted-rate": 0.5,
    "amsgrad-rate": 0.01,
    "avgrad-horizon-rate": 0.0,
    "amsgrad-horizon-rate": 0.01,
    "interpolation-rate": 0.5,
    "interpolation-moving-rate": 0.5,
}


@pytest.mark.parametrize("name", TIGHT_AT_ONE_STEP)
def test_halving_is_caught_by_one_exact_step(name: str) -> None:
    """Huge eps, alpha = sqrt(eps)/L: the method is gradient descent, and on Huber's function L4 holds with equality."""
    theorem, problem = list_theorems()[name], huber(1.0)
    method = theorem.method()
    hyper = {"alpha": 1e3, "eps": 1e6, "beta1": 0.0, "beta2": TIGHT_AT_ONE_STEP[name], "rho": 0.5}
    hyper = method.hyper({k: v for k, v in hyper.items() if k in method.parameters})
    data = enumerate_tree(problem, method, 1, settings=hyper, statistics=theorem.left.statistics)
    q = at(theorem, problem, hyper, np.array([1]))
    left = float(levels(replace(theorem, chain=(theorem.left, theorem.right)), problem, hyper, data)[0, 0, 0])
    right = float(theorem.bound(q, NUMPY)[0])
    assert right / 2 < 0.95 * right <= left <= right


def rewritten(theorem: Theorem, level: str, value: Callable[..., Any]) -> Theorem:
    """The theorem with one level's formula replaced."""
    assert any(x.name == level for x in theorem.chain)
    return replace(theorem, chain=tuple(replace(x, value=value) if x.name == level else x for x in theorem.chain))


class Exact(NamedTuple):
    """The noise tree of one setting."""

    tree: xr.Dataset
    problem: Problem
    hyper: Hyper

    def broken(self, theorem: Theorem) -> list[str]:
        """Names of the levels that lie below the one before, exactly."""
        values = levels(theorem, self.problem, self.hyper, self.tree)
        means = np.einsum("p,lpt->l", self.tree["probability"].values, values)
        pairs = zip(theorem.chain[1:], means[:-1], means[1:], strict=True)
        return [level.name for level, low, high in pairs if high < low * (1 - 1e-9)]


def one_step(theorem: Theorem, problem: Problem, hyper: Hyper) -> Exact:
    tree = enumerate_tree(problem, theorem.method(), 1, settings=hyper, statistics=theorem.statistics)
    return Exact(tree, problem, hyper)


def swapped_beta2(q: Quantities, xp: Arithmetic) -> Any:
    """T5's K2 with beta2 where w belongs."""
    return log1p(q.beta2 * q.T * q.G**2 / q.eps, xp) / q.beta2


def test_wrong_beta2_is_caught_by_the_chain() -> None:
    theorem, problem = ALL["avgrad-rate"], huber(1.0)
    hyper = {"alpha": 0.3, "beta1": 0.0, "beta2": 0.999, "eps": 1e-4}

    def wrong(m: Mapping[str, Any], q: Quantities, xp: Arithmetic) -> Any:
        scale = q.d * (xp.rational(2, 5) * q.alpha * q.G * xp.sqrt(q.w) + q.alpha**2 * q.L / 2)
        return xp.sqrt(q.eps + q.G**2) / (q.alpha * xp.sqrt(q.T)) * (q.D0 + scale * swapped_beta2(q, xp))

    exact = one_step(theorem, problem, hyper)
    assert exact.broken(theorem) == []
    assert exact.broken(rewritten(theorem, "a-priori bound", wrong)) == ["a-priori bound"]


def two_atoms(p: float, K: float) -> Problem:
    """Huber's function at the start p with the law of g that needs the constant K in L1: 1 w.p. p, else about -1e-3."""
    theta, a = (p / (2 * K)) ** 2, 1e-8
    small = math.sqrt(a * theta / (1 - theta))
    start = p - (1 - p) * small
    values = np.array([1 - start, -small - start])
    law = NoiseLaw(
        "two-atoms", lambda words, dtype: None, float(np.abs(values).max()), 0.0, Atoms(values, np.array([p, 1 - p]))
    )
    law = replace(law, variance=float(np.sum([p, 1 - p] * values**2)))
    base = huber(start)
    assert base.constants is not None
    G = Constant(1.0, "exact", "the larger atom of g", "here")
    return replace(base, oracle=oracle_of(law, 1), constants=base.constants._replace(G=G))


def test_half_of_K_is_caught_by_the_chain() -> None:
    """At T = 1, eps -> 0, L1 is within 3 % of equality for c = 1: half of 2/5 breaks the decoupling, 2/5 does not."""
    theorem, problem = ALL["avgrad-rate"], two_atoms(0.366, 0.38835)
    hyper = {"alpha": 1.0, "beta1": 0.0, "beta2": 0.5, "eps": 0.5e-8}
    _, K = SHARP.values(NUMPY)

    def decoupled(share: float) -> Callable[..., Any]:
        def value(m: Mapping[str, Any], q: Quantities, xp: Arithmetic) -> Any:
            # sqrt(E b) <= sqrt(t) R is far from tight here, so compare with the level before as it is measured
            front = xp.sqrt(q.eps + q.G**2) / xp.sqrt(q.T)
            return front * (m["inner_product_sum"] + share * K * q.G * xp.sqrt(q.w) * m["ratio_sum"])

        return value

    exact = one_step(theorem, problem, hyper)
    assert exact.broken(rewritten(theorem, "decoupled", decoupled(1.0))) == []
    for share in (0.5, 0.95):
        assert "decoupled" in exact.broken(rewritten(theorem, "decoupled", decoupled(share)))


def test_a_dropped_ln_T_is_caught_by_simulation() -> None:
    """T5 before L5, from the minimum with large noise: the left side itself grows like ln T."""
    theorem, problem, T = ALL["avgrad-weighted-rate"], huber(0.0, "rademacher", 3.0), 20_000
    hyper = {"alpha": 3.0, "beta1": 0.0, "beta2": 0.5, "eps": 10.0}
    data = simulate(
        problem, theorem.method(), T, num_trajectories=32, settings=hyper, statistics=theorem.left.statistics
    )
    q = at(theorem, problem, hyper, np.array([T]))
    left = data["squared_gradient_over_root_t"].values
    low = left.mean() - 5 * left.std() / math.sqrt(left.size)
    assert left.mean() < theorem.bound(q, NUMPY)[0]
    assert low > theorem.bound(q._replace(T=1.0), NUMPY)


def test_a_dropped_floor_is_caught_by_simulation() -> None:
    """TA without -ln beta2 tends to 0, Adam with a constant step does not."""
    theorem, problem, T = ALL["adam-constant-step-rate"], huber(0.0, "rademacher", 3.0), 20_000
    hyper = {"alpha": 1.0, "beta1": 0.0, "beta2": 0.5, "eps": 1.0}
    data = simulate(
        problem, theorem.method(), T, num_trajectories=32, settings=hyper, statistics=theorem.left.statistics
    )
    q = at(theorem, problem, hyper, np.array([T]))
    left = data["mean_squared_gradient"].values
    low = left.mean() - 5 * left.std() / math.sqrt(left.size)
    floor = -(1 - 1 / T) * math.log(0.5)
    without = theorem.bound(q, NUMPY)[0] * (math.log(1 + 16.0) / T) / (math.log(1 + 16.0) / T + floor)
    assert left.mean() < theorem.bound(q, NUMPY)[0]
    assert low > without


def test_a_dropped_logarithm_of_eps_is_caught_by_the_chain() -> None:
    """T5A with 1 for Lam: at T = 1 one large gradient moves ln(eps + vmax) by more."""
    theorem, problem = ALL["amsgrad-rate"], huber(1.0)
    hyper = {"alpha": 0.3, "beta1": 0.0, "beta2": 0.5, "eps": 1e-6}

    def wrong(m: Mapping[str, Any], q: Quantities, xp: Arithmetic) -> Any:
        terms = q.D0 + q.alpha * q.G * q.d / (2 * xp.sqrt(q.w)) + q.alpha**2 * q.L / 2 * m["ratio_sum"]
        return xp.sqrt(q.eps + q.G**2) / (q.alpha * xp.sqrt(q.T)) * terms

    exact = one_step(theorem, problem, hyper)
    assert exact.broken(theorem) == []
    assert "telescoped logarithms" in exact.broken(rewritten(theorem, "telescoped logarithms", wrong))


def test_a_wrong_expected_denominator_is_caught_by_the_chain() -> None:
    """sqrt(E b) <= sqrt(t) G, with eps forgotten."""
    theorem, problem = ALL["avgrad-rate"], huber(1.0)
    hyper = {"alpha": 0.3, "beta1": 0.0, "beta2": 0.5, "eps": 10.0}

    def wrong(m: Mapping[str, Any], q: Quantities, xp: Arithmetic) -> Any:
        return q.G / xp.sqrt(q.T) * m["conditional_ratio"]

    exact = one_step(theorem, problem, hyper)
    assert "expected denominator" in exact.broken(rewritten(theorem, "expected denominator", wrong))


def test_levels_have_distinct_names() -> None:
    for theorem in ALL.values():
        names = [level.name for level in theorem.chain]
        assert len(set(names)) == len(names)
        assert isinstance(theorem.right, Level)
        assert theorem.right.statistics == ()
