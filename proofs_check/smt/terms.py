"""The package's formulas as terms of a solver: an arithmetic for z3 in which nothing is approximated.

A term is a quotient of two polynomials whose denominator is positive. A square root is a new variable r >= 0 with
r^2 = x. Both need something: that a divisor is positive, that a radicand is not negative. What is needed is collected
and has to be proved before the claim is (`obligations`), or a root of a negative number would prove anything.
Logarithms and exponentials are no terms: `Transcendental`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from typing import Any

from madatheory.arithmetic import Arithmetic
from madatheory.engine.traced import Algebra
from madatheory.errors import needs

Formula = Any  # z3.BoolRef
Polynomial = Any  # z3.ArithRef


class Transcendental(Exception):
    """A formula contains a logarithm, an exponential or pi, which real arithmetic does not decide."""


def z3_or_missing() -> Any:
    """The module `z3`; `Missing` where it is not installed."""
    with needs("real arithmetic"):
        import z3
    return z3


@dataclass
class Facts:
    """What is known of the variables that terms introduced, and what must be shown for the terms to mean anything.

    sides        the name of a new variable (a root, a maximum, a named term) and what defines it
    obligations  what has to be proved, with the number of sides known when it arose: only these may be used for it
    used         the obligations of terms that were compared, so that they matter for a claim
    """

    sides: list[tuple[str, Formula]] = field(default_factory=list)
    obligations: list[tuple[int, Formula]] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    roots: dict[str, "Term"] = field(default_factory=dict)

    def need(self, formula: Formula) -> frozenset[int]:
        """Something that has to be proved from the hypothesis and the sides known so far; its number."""
        self.obligations.append((len(self.sides), formula))
        return frozenset({len(self.obligations) - 1})

    def new(self, kind: str) -> Polynomial:
        """A new variable."""
        return z3_or_missing().Real(f"{kind}_{len(self.sides)}")

    def define(self, x: Polynomial, formula: Formula) -> None:
        """What holds of a new variable."""
        self.sides.append((str(x), formula))


def _number(value: Fraction) -> Polynomial:
    z3 = z3_or_missing()
    return z3.RealVal(f"{value.numerator}/{value.denominator}")


class Term:
    """top/bottom with bottom > 0, under `+ - * / **` and comparisons, which give formulas without a quotient.

    `needs` are the obligations without which it means nothing.
    """

    def __init__(
        self, facts: Facts, top: Polynomial, bottom: Polynomial | None = None, needs: frozenset[int] = frozenset()
    ) -> None:
        self.facts, self.top, self.bottom, self.needs = facts, top, bottom, needs  # bottom None: 1

    def lift(self, other: Any) -> "Term":
        """Numbers as terms; a float is the fraction that it is exactly."""
        return other if isinstance(other, Term) else Term(self.facts, _number(Fraction(other)))

    def _bottoms(self, other: "Term") -> tuple[Polynomial, Polynomial, Polynomial | None]:
        """Both tops over the common bottom."""
        if self.bottom is None and other.bottom is None:
            return self.top, other.top, None
        if self.bottom is not None and other.bottom is not None:
            if self.bottom.eq(other.bottom):
                return self.top, other.top, self.bottom
            return self.top * other.bottom, other.top * self.bottom, self.bottom * other.bottom
        if self.bottom is None:
            return self.top * other.bottom, other.top, other.bottom
        return self.top, other.top * self.bottom, self.bottom

    def __add__(self, other: Any) -> "Term":
        other = self.lift(other)
        a, b, bottom = self._bottoms(other)
        return Term(self.facts, a + b, bottom, self.needs | other.needs)

    def __sub__(self, other: Any) -> "Term":
        return self + -self.lift(other)

    def __mul__(self, other: Any) -> "Term":
        other = self.lift(other)
        bottoms = [t for t in (self.bottom, other.bottom) if t is not None]
        bottom = reduce(lambda a, b: a * b, bottoms) if bottoms else None
        return Term(self.facts, self.top * other.top, bottom, self.needs | other.needs)

    def __truediv__(self, other: Any) -> "Term":
        return self * self.lift(other).inverse()

    def inverse(self) -> "Term":
        """1/self, for a positive term."""
        z3 = z3_or_missing()
        value = z3.simplify(self.top)
        if z3.is_rational_value(value) and self.bottom is None:
            return Term(self.facts, _number(1 / value.as_fraction()))
        needs = self.needs | self.facts.need(self.top > 0)
        return Term(self.facts, _number(Fraction(1)) if self.bottom is None else self.bottom, self.top, needs)

    def __pow__(self, power: int) -> "Term":
        if power < 0:
            return self.inverse() ** -power
        return reduce(lambda a, b: a * b, [self] * power) if power else self.lift(1)

    def __neg__(self) -> "Term":
        return Term(self.facts, -self.top, self.bottom, self.needs)

    def __radd__(self, other: Any) -> "Term":
        return self.lift(other) + self

    def __rsub__(self, other: Any) -> "Term":
        return self.lift(other) - self

    def __rmul__(self, other: Any) -> "Term":
        return self.lift(other) * self

    def __rtruediv__(self, other: Any) -> "Term":
        return self.lift(other) / self

    def _compared(self, other: Any) -> tuple[Polynomial, Polynomial]:
        """Both tops over the common bottom, which is positive if what both terms need is true."""
        other = self.lift(other)
        self.facts.used |= self.needs | other.needs
        a, b, _ = self._bottoms(other)
        return a, b

    def __le__(self, other: Any) -> Formula:
        a, b = self._compared(other)
        return a <= b

    def __lt__(self, other: Any) -> Formula:
        a, b = self._compared(other)
        return a < b

    def __ge__(self, other: Any) -> Formula:
        a, b = self._compared(other)
        return a >= b

    def __gt__(self, other: Any) -> Formula:
        a, b = self._compared(other)
        return a > b

    def __eq__(self, other: Any) -> Formula:  # type: ignore[override]
        a, b = self._compared(other)
        return a == b

    def __ne__(self, other: Any) -> Formula:  # type: ignore[override]
        a, b = self._compared(other)
        return a != b

    __hash__ = None  # type: ignore[assignment]

    def when(self, condition: Formula, other: "Term") -> "Term":
        """self where the condition holds, else other."""
        a, b, bottom = self._bottoms(other)
        return Term(self.facts, z3_or_missing().If(condition, a, b), bottom, self.needs | other.needs)

    def named(self) -> "Term":
        """The same under a name of its own, so that the solver may first look without its definition."""
        if self.bottom is None and self.top.num_args() == 0:
            return self
        x = self.facts.new("term")
        self.facts.define(x, (x if self.bottom is None else x * self.bottom) == self.top)
        return Term(self.facts, x, None, self.needs)

    def extreme(self, other: "Term", largest: bool) -> "Term":
        """max or min of two terms, a new variable."""
        z3, a, b = z3_or_missing(), self.named(), other.named()
        x = self.facts.new("max" if largest else "min")
        beyond = [x >= a.top, x >= b.top] if largest else [x <= a.top, x <= b.top]
        self.facts.define(x, z3.And(*beyond, z3.Or(x == a.top, x == b.top)))
        return Term(self.facts, x, None, a.needs | b.needs)

    def root(self) -> "Term":
        """sqrt(self), a new variable; the same for the same radicand."""
        z3 = z3_or_missing()
        key = z3.simplify(self.top, som=True).sexpr() + "|" + ("" if self.bottom is None else self.bottom.sexpr())
        if key not in self.facts.roots:
            needs = self.needs | self.facts.need(self.top >= 0)
            r = self.facts.new("root")
            squared = r * r if self.bottom is None else r * r * self.bottom
            self.facts.define(r, z3.And(r >= 0, squared == self.top))
            self.facts.roots[key] = Term(self.facts, r, None, needs)
        return self.facts.roots[key]


def variable(facts: Facts, name: str) -> Term:
    """A real number."""
    return Term(facts, z3_or_missing().Real(name))


def constant(facts: Facts, value: Fraction | float) -> Term:
    """A number."""
    return Term(facts, _number(Fraction(value)))


def _refuse(what: str) -> Callable[..., Any]:
    def refused(*_: Any) -> Any:
        raise Transcendental(f"{what} is not decided by real arithmetic")

    return refused


def arithmetic(facts: Facts) -> Arithmetic:
    """The package's `Arithmetic` on terms."""

    def lifted(x: Any) -> Term:
        return x if isinstance(x, Term) else constant(facts, x)

    return Arithmetic(
        "z3",
        lambda x: lifted(x).root(),
        _refuse("a logarithm"),
        _refuse("an exponential"),
        lambda *values: reduce(lambda a, b: lifted(a).extreme(lifted(b), True), values),
        lambda *values: reduce(lambda a, b: lifted(a).extreme(lifted(b), False), values),
        lambda p, q: constant(facts, Fraction(p, q)),
        None,
        _refuse("a logarithm"),
    )


def algebra(facts: Facts) -> Algebra:
    """What a traced step of an optimizer needs, on terms."""
    xp = arithmetic(facts)
    compared: Mapping[str, Callable[[Any, Any], Any]] = {
        "eq": lambda a, b: a == b,
        "ne": lambda a, b: a != b,
        "lt": lambda a, b: a < b,
        "le": lambda a, b: a <= b,
        "gt": lambda a, b: a > b,
        "ge": lambda a, b: a >= b,
    }

    def choose(condition: Any, yes: Term, no: Term) -> Term:
        if isinstance(condition, bool):
            return yes if condition else no
        return yes.when(condition, no)

    def sign(x: Term) -> Term:
        one, zero = constant(facts, 1), constant(facts, 0)
        return one.when(x > 0, (-one).when(x < 0, zero))

    def compare(name: str, a: Term, b: Term) -> Any:
        return compared[name](a, b)

    return Algebra(lambda f: constant(facts, f), xp.sqrt, xp.maximum, xp.minimum, sign, compare, choose)
