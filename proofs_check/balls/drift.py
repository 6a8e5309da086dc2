"""The drift of the smooth Reddi problem: its identity on finite histories in rational arithmetic, and D enclosed.

With f(v) = (A + rho v)^(-1/2), v' = beta2 v + w xi^2, and xi = C with probability p = (1+delta)/(C+1), else -1, and
independent of v,

    E[xi f(v')] = C E f(v') - (C - delta) E f(beta2 v + w)

for every law of v and every f, because xi = C - (C+1) [xi = -1] and (C+1)(1-p) = C - delta. The stationary law is the
case that v and v' have the same law. On a history of n steps from v_0 both sides are sums of values of f with rational
weights: they are equal for every f if and only if the weights agree.
"""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from madatheory.studies.theory.drift import TwoPointLaw, exact_drift
from proofs_check.evidence import Check, Finding, Status

Ball = Any
_law: Any = TwoPointLaw  # typed for floats; its formulas run on rationals and balls as well
STATEMENT = "reddi-drift"
DEPTH = 8


class Point(NamedTuple):
    """Parameters of the problem and of the method, rational."""

    C: Fraction
    delta: Fraction
    beta2: Fraction
    rho: Fraction

    @property
    def law(self) -> Any:
        """The package's law of xi, in rational arithmetic."""
        return _law(self.C, self.delta)

    def __str__(self) -> str:
        return f"C = {self.C}, delta = {self.delta}, beta2 = {self.beta2}, rho = {self.rho}"


POINTS = tuple(
    Point(Fraction(C), Fraction(delta), Fraction(beta2), Fraction(rho))
    for C, delta, beta2, rho in (
        (10, "1/2", "1/2", "1"),
        (10, "1/2", "3/5", "1/2"),
        (4, "1/5", "1/3", "1/4"),
        (101, "1/20", "1/2", "9/10"),
        (2, "1", "2/3", "1"),
    )
)


def checks() -> Iterator[Check]:
    """The identity, the package's quadrature against enclosures, and mistakes in the two weights."""
    box = f"histories of up to {DEPTH} steps, v_0 in (1, S), {len(POINTS)} rational (C, delta, beta2, rho)"
    yield Check(STATEMENT, partial(identity, 0, 1), box=box)
    part = "the package's quadrature of D lies in its enclosure"
    yield Check(STATEMENT, partial(quadrature, 0.0), part=part, box="as many points")
    yield Check(STATEMENT, partial(identity, 1, 1), part="C for C - delta", false=True)
    yield Check(STATEMENT, partial(identity, 0, 0), part="beta2 v for beta2 v + 1 - beta2", false=True)
    yield Check(STATEMENT, partial(quadrature, 1e-3), part="a quadrature that is wrong by 1e-3", false=True)


def _second_moments(point: Point, start: Fraction) -> Counter[Any]:
    """P(v_n = v) over all histories of DEPTH steps."""
    law, now = point.law, Counter[Any]({start: Fraction(1)})
    for _ in range(DEPTH):
        after: Counter[Any] = Counter()
        for v, chance in now.items():
            for xi, p in _atoms(law):
                after[point.beta2 * v + (1 - point.beta2) * xi**2] += p * chance
        now = after
    return now


def _atoms(law: Any) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    return (law.C, law.p), (-1, 1 - law.p)


def identity(keep_delta: int, fresh: int) -> Finding:
    """PROVED if the weights of f on both sides agree; `keep_delta` and `fresh` plant the mistakes."""
    values = 0
    for point in POINTS:
        law, w = point.law, 1 - point.beta2
        for start in (Fraction(1), law.second_moment):
            weights: Counter[Any] = Counter()
            for v, chance in _second_moments(point, start).items():
                for xi, p in _atoms(law):
                    weights[point.beta2 * v + w * xi**2] += chance * p * (xi - law.C)
                weights[point.beta2 * v + w * fresh] += (law.C - law.delta * (1 - keep_delta)) * chance
            values += len(weights)
            for v, weight in weights.items():
                if weight == 0:
                    continue
                text = f"{point}, v_0 = {start}: f({float(v):.9g}) has weight {float(weight):.3g} too much"
                return Finding(Status.REFUTED, "in rational arithmetic", text)
    return Finding(Status.PROVED, f"{values} values of f, their weights equal on both sides in rational arithmetic")


def enclosed_drift(point: Point, depth: int) -> Ball:
    """D = E[xi f(v)], v stationary, from all histories of `depth` steps; the rest is in beta2^depth [1, C^2]."""
    from flint import arb, fmpq

    law = _law(*(arb(fmpq(x.numerator, x.denominator)) for x in (point.C, point.delta)))
    beta2, rho = (arb(fmpq(x.numerator, x.denominator)) for x in (point.beta2, point.rho))
    squares = [(-1, arb(1), 1 - law.p), (law.C, law.C**2, law.p)]
    past = [(beta2 ** (depth - 1) * arb(1).union(arb(law.C) ** 2), arb(1))]
    for age in reversed(range(1, depth)):
        weight = (1 - beta2) * beta2 ** (age - 1)
        past = [(v + weight * square, p * chance) for v, chance in past for _, square, p in squares]
    # `past` is the law of v_{t-1}; one more step brings in xi_t
    A, total = (1 - rho) * law.second_moment, arb(0)
    for v, chance in past:
        for xi, square, p in squares:
            total += xi * p * chance / (A + rho * (beta2 * v + (1 - beta2) * square)).sqrt()
    return total


def quadrature(mistake: float) -> Finding:
    """PROVED if the package's D lies within 1e-9 of its enclosure at every point."""
    from proofs_check.balls.branch import precision

    widest = 0.0
    for point in POINTS:
        with precision(64):
            found = enclosed_drift(point, 14)
        low, high = float(found.lower()), float(found.upper())
        law = TwoPointLaw(float(point.C), float(point.delta))
        D = exact_drift(float(point.rho), float(point.beta2), law) + mistake
        widest = max(widest, high - low)
        if not low - 1e-9 <= D <= high + 1e-9:
            return Finding(Status.REFUTED, f"D = {D:.9g}, enclosed in [{low:.9g}, {high:.9g}]", str(point), widest)
    detail = f"{len(POINTS)} points, histories of 14 steps, the rest of the past enclosed"
    return Finding(Status.SUPPORTED, detail, residual=widest)
