"""One formula, four arithmetics."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tolerances import DOUBLE

from madatheory.arithmetic import Arithmetic, arithmetic
from madatheory.errors import UserError

positive = st.floats(1e-6, 1e6)


def formula(a: Any, b: Any, xp: Arithmetic) -> Any:
    """Every function and operator once."""
    best = xp.minimum(a, b, a * b) + xp.maximum(a, xp.rational(1, 3))
    return (xp.sqrt(a) * xp.log(1 + b) + xp.exp(-a / (1 + a))) / best + a**2 - 2 * xp.pi * xp.log1p(a / b)


def by_hand(a: float, b: float) -> float:
    best = min(a, b, a * b) + max(a, 1 / 3)
    return (math.sqrt(a) * math.log(1 + b) + math.exp(-a / (1 + a))) / best + a**2 - 2 * math.pi * math.log1p(a / b)


@given(a=positive, b=positive)
def test_numpy(a: float, b: float) -> None:
    assert formula(a, b, arithmetic("numpy")) == pytest.approx(by_hand(a, b), rel=DOUBLE.thousands, abs=1e-12)


@given(a=positive, b=positive)
def test_balls_enclose(a: float, b: float) -> None:
    import flint

    ball = formula(flint.arb(a), flint.arb(b), arithmetic("balls"))
    assert float(ball.rad()) <= 1e-9 * (1 + abs(float(ball.mid())))
    assert float(ball.mid()) == pytest.approx(by_hand(a, b), rel=1e-9, abs=1e-9)


def test_balls_keep_rationals_exact() -> None:
    import flint

    with flint.ctx.workprec(120):
        assert (arithmetic("balls").rational(2, 5) * 5).contains(2)
        assert not (flint.arb(0.4) * 5).contains(2)  # the float 0.4 is not 2/5: why formulas say rational(2, 5)


def test_jax_traces() -> None:
    import jax

    with jax.enable_x64(True):
        value = jax.jit(lambda a, b: formula(a, b, arithmetic("jax")))(0.7, 2.0)
    assert float(value) == pytest.approx(by_hand(0.7, 2.0), rel=DOUBLE.thousands)


def test_sympy_is_symbolic() -> None:
    import sympy as sp

    a, b = sp.symbols("a b", positive=True)
    expression = formula(a, b, arithmetic("sympy"))
    assert expression.free_symbols == {a, b}
    assert float(expression.subs({a: sp.Rational(7, 10), b: 2})) == pytest.approx(
        by_hand(0.7, 2.0), rel=DOUBLE.thousands
    )
    assert arithmetic("sympy").rational(2, 5) == sp.Rational(2, 5)


def test_an_unknown_arithmetic_is_refused() -> None:
    with pytest.raises(UserError, match=r"unknown arithmetic 'nunpy'; did you mean 'numpy'"):
        arithmetic("nunpy")


@pytest.mark.parametrize("name", ["numpy", "jax", "balls"])
def test_log1p_keeps_the_digits_of_a_small_number(name: str) -> None:
    import flint
    import jax

    with jax.enable_x64(True):
        small = arithmetic(name).log1p(flint.arb(1e-20) if name == "balls" else 1e-20)
    assert float(small) == pytest.approx(1e-20, rel=1e-15)
