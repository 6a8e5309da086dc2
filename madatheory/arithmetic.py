"""A formula is typed once over a small arithmetic and runs under NumPy, JAX, SymPy and ball arithmetic.

A formula uses only `+ - * / **`, comparison-free, and the functions of `Arithmetic`. Exact constants are written
`xp.rational(2, 5)`, never `0.4`, so that the symbolic and the ball forms stay exact; ln(1 + x) is `xp.log1p(x)`, which
keeps its digits where x is small.
"""

from collections.abc import Callable
from functools import cache, reduce
from typing import Any, NamedTuple

from madatheory.errors import needs, unknown

Number = Any  # float, ndarray, jax.Array, sympy.Expr or flint.arb


class Arithmetic(NamedTuple):
    """The functions that a formula may call, next to the operators."""

    name: str
    sqrt: Callable[[Number], Number]
    log: Callable[[Number], Number]
    exp: Callable[[Number], Number]
    maximum: Callable[..., Number]
    minimum: Callable[..., Number]
    rational: Callable[[int, int], Number]
    pi: Number
    log1p: Callable[[Number], Number]


def _folded(two: Callable[[Number, Number], Number]) -> Callable[..., Number]:
    return lambda *values: reduce(two, values)


def _numpy() -> Arithmetic:
    import numpy as np

    return Arithmetic(
        "numpy", np.sqrt, np.log, np.exp, _folded(np.maximum), _folded(np.minimum), lambda p, q: p / q, np.pi, np.log1p
    )


def _jax() -> Arithmetic:
    import jax.numpy as jnp

    return Arithmetic(
        "jax",
        jnp.sqrt,
        jnp.log,
        jnp.exp,
        _folded(jnp.maximum),
        _folded(jnp.minimum),
        lambda p, q: p / q,
        jnp.pi,
        jnp.log1p,
    )


def _sympy() -> Arithmetic:
    import sympy as sp

    return Arithmetic("sympy", sp.sqrt, sp.log, sp.exp, sp.Max, sp.Min, sp.Rational, sp.pi, lambda x: sp.log(1 + x))


def _balls() -> Arithmetic:
    from flint import arb, fmpq  # python-flint

    def lift(value: Number) -> Any:
        return value if isinstance(value, arb) else arb(value)

    return Arithmetic(
        "balls",
        lambda x: lift(x).sqrt(),
        lambda x: lift(x).log(),
        lambda x: lift(x).exp(),
        _folded(lambda a, b: lift(a).max(lift(b))),
        _folded(lambda a, b: lift(a).min(lift(b))),
        lambda p, q: arb(fmpq(p, q)),
        arb.pi(),
        lambda x: lift(x).log1p(),
    )


_MAKERS: dict[str, Callable[[], Arithmetic]] = {"numpy": _numpy, "jax": _jax, "sympy": _sympy, "balls": _balls}


@cache
def arithmetic(name: str) -> Arithmetic:
    """The arithmetic called `name`: numpy, jax, sympy or balls (the last two need the extra `proofs`)."""
    if name not in _MAKERS:
        raise unknown("arithmetic", name, _MAKERS)
    with needs(f"arithmetic {name!r}"):
        return _MAKERS[name]()


NUMPY = arithmetic("numpy")
