"""Where Adam rests on data of two values: its identity on finite histories, and the field Phi enclosed.

With f(v) = v^(-1/2), v' = beta2 v + w eta^2, eta = C with probability p, else -u, p C = (1-p) u, and v independent of
eta,

    E[-eta f(v')] = p C (E f(beta2 v + w u^2) - E f(beta2 v + w C^2))

for every law of v and every f. As f falls, it has the sign of C - u.
"""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from madatheory.studies.theory.drift import FiniteLaw
from madatheory.studies.theory.stationary_mean import field
from proofs_check.evidence import Check, Finding, Status

STATEMENT = "adam-rests-at-the-mean"
DEPTH = 8


class TwoValues(NamedTuple):
    """Data C with probability p, else -p C/(1-p); rational, as beta2 is."""

    C: Fraction
    p: Fraction
    beta2: Fraction

    @property
    def atoms(self) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        """Values with probabilities; the mean is 0."""
        return (self.C, self.p), (-self.p * self.C / (1 - self.p), 1 - self.p)

    @property
    def law(self) -> FiniteLaw:
        """The same in floating point."""
        values, chances = zip(*self.atoms, strict=True)
        return FiniteLaw(np.array(values, float), np.array(chances, float))

    def __str__(self) -> str:
        return f"C = {self.C}, p = {self.p}, beta2 = {self.beta2}"


POINTS = tuple(
    TwoValues(Fraction(C), Fraction(p), Fraction(beta2))
    for C, p, beta2 in ((3, "1/10", "1/2"), (1, "1/2", "2/3"), (7, "1/50", "2/5"), (1, "4/5", "1/2"))
)


def checks() -> Iterator[Check]:
    """The identity, the package's quadrature against enclosures, the sign of Phi, and mistakes in each."""
    box = f"histories of up to {DEPTH} steps, {len(POINTS)} rational (C, p, beta2)"
    yield Check(STATEMENT, partial(identity, 1), box=box)
    part = "the package's quadrature of Phi lies in its enclosure, at the mean and beside it"
    yield Check(STATEMENT, partial(quadrature, 0.0), part=part, box="as many points")
    yield Check(STATEMENT, partial(signs, 1), part="Phi at the mean has the sign of C - u", box="as many points")
    yield Check(STATEMENT, partial(identity, 2), part="2 u for u in the second moment", false=True)
    yield Check(STATEMENT, partial(quadrature, 1e-3), part="a quadrature that is wrong by 1e-3", false=True)
    yield Check(STATEMENT, partial(signs, -1), part="the other sign", false=True)


def identity(times: int) -> Finding:
    """PROVED if the weights of f on both sides agree; `times` plants the mistake."""
    values = 0
    for point in POINTS:
        (C, p), (minus_u, rest) = point.atoms
        w, start = 1 - point.beta2, p * C**2 + rest * minus_u**2
        now: Counter[Any] = Counter({start: Fraction(1)})
        for _ in range(DEPTH):
            after: Counter[Any] = Counter()
            for v, chance in now.items():
                for eta, k in point.atoms:
                    after[point.beta2 * v + w * eta**2] += k * chance
            now = after
        weights: Counter[Any] = Counter()
        for v, chance in now.items():
            for eta, k in point.atoms:
                weights[point.beta2 * v + w * eta**2] -= eta * k * chance
            weights[point.beta2 * v + w * (times * minus_u) ** 2] -= p * C * chance
            weights[point.beta2 * v + w * C**2] += p * C * chance
        values += len(weights)
        for v, weight in weights.items():
            if weight != 0:
                text = f"{point}: f({float(v):.9g}) has weight {float(weight):.3g} too much"
                return Finding(Status.REFUTED, "in rational arithmetic", text)
    return Finding(Status.PROVED, f"{values} values of f, their weights equal on both sides in rational arithmetic")


def enclosed_field(point: TwoValues, x: Fraction, depth: int) -> Any:
    """Phi(x) = E[(x-xi)/sqrt v] from all histories of `depth` steps; the rest of v is enclosed."""
    from flint import arb, fmpq

    def ball(value: Fraction) -> Any:
        return arb(fmpq(value.numerator, value.denominator))

    beta2 = ball(point.beta2)
    gradients = [(ball(x - xi), ball((x - xi) ** 2), ball(k)) for xi, k in point.atoms]
    low, high = sorted((x - xi) ** 2 for xi, _ in point.atoms)
    past = [(beta2 ** (depth - 1) * ball(low).union(ball(high)), arb(1))]
    for age in range(1, depth):
        weight = (1 - beta2) * beta2 ** (age - 1)
        past = [(v + weight * square, k * chance) for v, chance in past for _, square, k in gradients]
    total = arb(0)
    for v, chance in past:
        for g, square, k in gradients:
            total += g * k * chance / (beta2 * v + (1 - beta2) * square).sqrt()
    return total


def quadrature(mistake: float) -> Finding:
    """SUPPORTED if the package's Phi lies within 1e-9 of its enclosure, at the mean and at -C/10."""
    from proofs_check.balls.branch import precision

    widest = 0.0
    for point in POINTS:
        for x in (Fraction(0), -point.C / 10):
            with precision(64):
                found = enclosed_field(point, x, 13)
            low, high = float(found.lower()), float(found.upper())
            value = field(float(x), point.law, float(point.beta2)) + mistake
            widest = max(widest, high - low)
            if not low - 1e-9 <= value <= high + 1e-9:
                text = f"Phi({x}) = {value:.9g}, enclosed in [{low:.9g}, {high:.9g}]"
                return Finding(Status.REFUTED, text, str(point), widest)
    detail = f"{len(POINTS)} points, histories of 13 steps, the rest of the past enclosed"
    return Finding(Status.SUPPORTED, detail, residual=widest)


def signs(sign: int) -> Finding:
    """PROVED if the enclosure of Phi(0) has the sign of C - u where these differ."""
    from proofs_check.balls.branch import precision

    for point in POINTS:
        skew = point.atoms[0][0] + point.atoms[1][0]  # C - u
        with precision(64):
            found = enclosed_field(point, Fraction(0), 13) * sign
        if (skew > 0 and not found > 0) or (skew < 0 and not found < 0):
            return Finding(Status.REFUTED, "by its enclosure", f"{point}: Phi(0) in {found}")
    return Finding(Status.PROVED, f"{sum(p.p != Fraction(1, 2) for p in POINTS)} points that are not symmetric")
