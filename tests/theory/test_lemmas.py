"""Every lemma on adversarial cases, every false variant refuted, and the formulas under all arithmetics."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from tolerances import DOUBLE

from madatheory.arithmetic import NUMPY, arithmetic
from madatheory.theory.catalogue import list_lemmas
from madatheory.theory.lemma import Lemma, case
from madatheory.theory.lemmas.decoupling import decoupling
from madatheory.theory.terms import Psi, log1p_over
from madatheory.theory.theorems.horizon_rates import Psi1, Psi2

LEMMAS = tuple(list_lemmas().values())
FALSE = tuple(false for lemma in LEMMAS for false in lemma.false_variants)
CASES = 256
LABELS = {"L1", "L1log", "L2a", "L2b", "L2c", "L2d", "Psi", "L3", "L3a", "L3b", "L3d", "L4", "L5", "L6", "L7", "L8"}


def named(lemma: Lemma) -> str:
    return lemma.name


def test_every_label_is_there() -> None:
    assert {lemma.label for lemma in LEMMAS} >= LABELS
    assert all(lemma.false_variants for lemma in LEMMAS)


@pytest.mark.parametrize("lemma", LEMMAS, ids=named)
@given(seed=st.integers(0, 2**32 - 1))
def test_lemma(lemma: Lemma, seed: int) -> None:
    values = lemma.draw(np.random.default_rng(seed), CASES)
    assert lemma.counterexample(values) is None


@pytest.mark.parametrize("lemma", LEMMAS, ids=named)
def test_the_sampler_meets_the_hypothesis(lemma: Lemma) -> None:
    share = [lemma.admits(lemma.draw(np.random.default_rng(seed), CASES)).mean() for seed in range(20)]
    assert np.mean(share) > 0.6


@pytest.mark.parametrize("false", FALSE, ids=named)
def test_false_variants_are_refuted(false: Lemma) -> None:
    assert any(false.counterexample(false.draw(np.random.default_rng(seed), CASES)) for seed in range(60))


@pytest.mark.parametrize("false", [f for f in FALSE if f.witness is not None], ids=named)
def test_witnesses_refute(false: Lemma) -> None:
    assert false.witness is not None
    assert false.counterexample({key: np.asarray(value)[..., None] for key, value in false.witness.items()})


def test_no_constant_below_0388_decouples_without_a_loss() -> None:
    """The two-atom law needs K > 0.3883 at c = 1: certified with balls."""
    import flint

    balls = arithmetic("balls")
    witness = decoupling.false_variants[0].witness
    assert witness is not None
    exact = {key: [flint.arb(x) for x in v] if isinstance(v, list) else flint.arb(v) for key, v in witness.items()}
    needs = replace(decoupling, right=lambda v, xp: decoupling.right(v, xp) - xp.rational(117, 10000) * _square(v))
    assert decoupling.left(exact, balls) > needs.right(exact, balls)  # 2/5 - 0.0117 = 0.3883
    assert decoupling.left(exact, balls) < decoupling.right(exact, balls)


def _square(v: Any) -> Any:
    """G sqrt(w) E[g^2/b] with G = w = 1 and probabilities that add up to 1 up to rounding."""
    return sum(p * g * g / (v["a"] + g * g) for p, g in zip(v["p"], v["g"], strict=True)) / sum(v["p"])


def _short_case(lemma: Lemma) -> dict[str, Any]:
    """An admitted case with short sequences, so that exact arithmetic stays small."""
    for seed in range(200):
        values = lemma.draw(np.random.default_rng(seed), 64)
        ok = np.flatnonzero(lemma.admits(values))
        if len(ok) and max(len(np.atleast_2d(v)) for v in values.values()) <= 4:
            return case(values, int(ok[0]))
    raise AssertionError(f"{lemma.name}: no short case")


def _lifted(values: dict[str, Any], lift: Callable[[float], Any]) -> dict[str, Any]:
    return {key: [lift(x) for x in v] if isinstance(v, list) else lift(v) for key, v in values.items()}


@pytest.mark.parametrize("name", ["sympy", "balls", "jax"])
@pytest.mark.parametrize("lemma", LEMMAS, ids=named)
def test_one_formula_for_every_arithmetic(lemma: Lemma, name: str, float64: None) -> None:
    if name == "jax":
        import jax.numpy as jnp

        lift: Callable[[float], Any] = jnp.asarray
    elif name == "sympy":
        import sympy

        lift = sympy.Rational
    else:
        import flint

        lift = flint.arb
    xp, values = arithmetic(name), _short_case(lemma)
    extent = 1e-10 * (1 + (0 if lemma.size is None else float(lemma.size(values, NUMPY))))
    for side in (lemma.left, lemma.right):
        expected = float(side(values, NUMPY))
        assert float(side(_lifted(values, lift), xp)) == pytest.approx(expected, rel=DOUBLE.thousands, abs=extent)


@pytest.mark.parametrize("c", [1e-4, 0.3, 1.0, 7.0, 1e5])
def test_psi_is_the_integral(c: float) -> None:
    inner = quad(lambda u: min(1.0, math.sqrt(c * math.exp(-u))), 0, 200, points=[math.log(max(c, 1))], limit=200)[0]
    assert inner == pytest.approx(Psi(c, NUMPY), rel=1e-6)


@pytest.mark.parametrize("c", [1e-4, 0.3, 1.0, 7.0])
@pytest.mark.parametrize(("average", "power"), [(Psi1, 2), (Psi2, 1)])
def test_averages_of_psi(average: Callable, power: int, c: float) -> None:
    # u = s^4 removes the singularity at 0
    found = quad(lambda s: 4 * s**3 * Psi(c / s ** (4 * power), NUMPY), 1e-9, 1, limit=400)[0]
    assert found == pytest.approx(average(c, NUMPY), rel=1e-5)


@given(st.floats(0, 1e6))
def test_log1p_over_is_an_upper_bound(y: float) -> None:
    exact = math.log1p(y) / y if y > 0 else 1.0
    assert exact * (1 - 1e-9) <= log1p_over(y, NUMPY) <= exact + 2**-21 + 1e-9


def test_yogi_starting_above_is_not_bounded_by_the_gradients() -> None:
    """L8's upper bound needs v_0 <= (2-beta2) max g^2: from v_0 = 100 one step with g = 1 leaves 99.9."""
    false = next(f for f in list_lemmas()["yogi-upper"].false_variants if f.name == "yogi-upper-any-start")
    one = np.array([1.0])
    values = {"v": 100 * one, "x": one, "beta2": 0.9 * one, "sign": one, "M": 100 * one}
    assert false.admits(values).all()
    assert false.left(values, NUMPY)[0] == pytest.approx(99.9)
    assert false.counterexample(values)
