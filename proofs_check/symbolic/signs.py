"""What SymPy decides: whether an expression is zero, or nonnegative for all positive values of its symbols.

The decisions are by normal forms, not by heuristics: a rational expression is zero if it cancels to zero, and it is
nonnegative if its factors are squares or have no negative coefficient. What that does not decide is OPEN.
"""

import random
from collections.abc import Mapping
from typing import Any

from madatheory.errors import needs
from proofs_check.evidence import Finding, Status

Expression = Any


def sympy_or_missing() -> Any:
    """The module `sympy`; `Missing` where it is not installed."""
    with needs("computer algebra"):
        import sympy
    return sympy


def is_zero(expression: Expression) -> bool | None:
    """Whether a rational expression is identically zero; None where it is not rational and does not cancel."""
    sp = sympy_or_missing()
    normal = sp.cancel(sp.together(expression))
    if normal == 0:
        return True
    if normal.is_rational_function(*normal.free_symbols):
        return False
    normal = sp.simplify(normal)
    return True if normal == 0 else None


def _sign_of(factor: Expression) -> int | None:
    """1 positive, 0 nonnegative, -1 nonpositive or negative, None undecided, for all values that its symbols admit."""
    sp = sympy_or_missing()
    if factor.is_positive:
        return 1
    if factor.is_nonnegative:
        return 0
    if factor.is_nonpositive:
        return -1
    symbols = sorted(factor.free_symbols, key=str)
    if not symbols or not all(s.is_nonnegative for s in symbols):
        return None
    terms = sp.Poly(factor, *symbols).terms()
    if all(c.is_nonnegative for _, c in terms):
        strict = any(all(s.is_positive for s, k in zip(symbols, powers, strict=True) if k) for powers, _ in terms)
        return 1 if strict else 0
    if all(c.is_nonpositive for _, c in terms):
        return -1
    return None


def without_roots(expression: Expression) -> Expression:
    """Roots, maxima and minima as symbols of their own: what holds for all positive symbols holds for them."""
    sp = sympy_or_missing()
    named: dict[Any, Any] = {}

    def is_root(e: Expression) -> bool:
        return e.is_Pow and e.exp.is_Rational and e.exp.q == 2 and bool(e.free_symbols) and e.base.is_positive

    def symbol(e: Expression) -> Expression:
        return named.setdefault(e.base, sp.Symbol(f"root_{len(named)}", positive=True)) ** (2 * e.exp)

    def extreme(e: Expression) -> Expression:
        return named.setdefault(e, sp.Symbol(f"extreme_{len(named)}", positive=e.is_positive, real=True))

    def is_extreme(e: Expression) -> bool:
        return isinstance(e, sp.Max | sp.Min)

    return expression.replace(is_root, symbol).replace(is_extreme, extreme)


def is_nonnegative(expression: Expression) -> bool | None:
    """True if a rational expression is >= 0 wherever its symbols are as declared; None if that is not decided.

    Numerator and denominator are factored; an even power is nonnegative, and so is a polynomial without negative
    coefficients in nonnegative symbols. The denominator must come out positive.
    """
    sp = sympy_or_missing()
    top, bottom = sp.fraction(sp.cancel(sp.together(without_roots(expression))))
    negative = 0
    for part, below in ((top, False), (bottom, True)):
        constant, factors = (part, []) if part.is_number else sp.factor_list(part)
        if constant == 0:
            return True
        if not constant.is_positive and not constant.is_negative:
            return None
        negative += bool(constant.is_negative)
        for factor, power in factors:
            sign = _sign_of(factor)
            if below and sign is None and power % 2 == 0:
                return None  # the square could be zero
            if power % 2 == 0 and not below:
                continue
            if sign is None or (below and sign == 0):
                return None
            negative += int(sign < 0)
    return True if negative % 2 == 0 else None


def counterexample(expression: Expression, tries: int = 200, equality: bool = False) -> dict[Any, Any] | None:
    """Short rational values at which an expression is negative (or not zero), computed exactly; None if none is met."""
    sp = sympy_or_missing()
    symbols = sorted(expression.free_symbols, key=str)
    numbers = [
        sp.Rational(p, q) for p, q in ((1, 1), (2, 1), (1, 2), (3, 1), (1, 4), (10, 1), (1, 10), (1, 100), (100, 1))
    ]
    numbers = [*numbers, sp.Rational(1, 10**4), sp.Integer(10**4)]
    rng = random.Random(0)
    for _ in range(tries):
        values = {s: rng.choice(numbers) * (1 if s.is_nonnegative else rng.choice((1, -1))) for s in symbols}
        try:
            value = expression.subs(values)
        except ValueError:  # a maximum of something over zero
            continue
        if value.is_number and (value.is_zero is False if equality else value.is_negative):
            return values
    return None


def written(values: Mapping[Any, Any]) -> str:
    """Values in a line."""
    return ", ".join(f"{name} = {value}" for name, value in sorted(values.items(), key=lambda pair: str(pair[0])))


def identity(difference: Expression, detail: str) -> Finding:
    """PROVED if `difference` is identically zero, REFUTED with a point if not, OPEN if SymPy cannot tell."""
    if is_zero(difference):
        return Finding(Status.PROVED, detail)
    point = counterexample(difference, equality=True)
    if point is not None:
        return Finding(Status.REFUTED, detail, f"{written(point)}: the sides differ by {difference.subs(point)}")
    return Finding(Status.OPEN, f"{detail}: SymPy does not decide it")


def inequality(gap: Expression, detail: str) -> Finding:
    """PROVED if `gap` >= 0 for all values, REFUTED with a point where it is negative, OPEN if SymPy cannot tell."""
    if is_nonnegative(gap):
        return Finding(Status.PROVED, detail)
    point = counterexample(gap)
    if point is not None:
        return Finding(Status.REFUTED, detail, f"{written(point)}: right - left = {gap.subs(point)}")
    return Finding(Status.OPEN, f"{detail}: SymPy does not decide the sign")


def together(findings: list[Finding]) -> Finding:
    """All of them proved: PROVED with the last one's detail; else the first that is not."""
    bad = [f for f in findings if f.status is not Status.PROVED]
    refuted = [f for f in bad if f.status is Status.REFUTED]
    return (refuted or bad or findings[-1:])[0]
