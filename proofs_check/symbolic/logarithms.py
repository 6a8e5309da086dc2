"""L2 (a) and (b) term by term, the integrals Psi, and the bounds of logarithms that the proofs use.

A gap that is a sum of logarithms and of a rational function is nonnegative for x >= 0 if it is so at x = 0, where the
logarithms are collected into one, and if its derivative in x, a rational function, is nonnegative.
"""

from collections.abc import Mapping
from typing import Any

from madatheory.arithmetic import arithmetic
from madatheory.theory.catalogue import list_lemmas
from madatheory.theory.lemma import Lemma
from madatheory.theory.terms import Psi
from madatheory.theory.theorems.horizon_rates import Psi1, Psi2
from proofs_check.evidence import Finding, Status
from proofs_check.symbolic.instances import fraction, gap, sequence, symbols
from proofs_check.symbolic.signs import (
    Expression,
    counterexample,
    identity,
    is_nonnegative,
    sympy_or_missing,
    together,
    written,
)


def exponential_of(expression: Expression) -> Expression | None:
    """exp of a sum of integer multiples of logarithms and of terms that cancel; None if there are other terms."""
    sp = sympy_or_missing()
    product, rest = sp.Integer(1), sp.Integer(0)
    for term in sp.Add.make_args(sp.expand(expression)):
        factor, other = term.as_coeff_Mul()
        if isinstance(other, sp.log) and factor.is_integer:
            product *= other.args[0] ** factor
        else:
            rest += term
    return product if sp.cancel(sp.together(rest)) == 0 else None


def grows_from(expression: Expression, x: Any, detail: str) -> Finding:
    """PROVED if expression >= 0 at x = 0 and its derivative in x is >= 0, for all positive values of the rest."""
    sp = sympy_or_missing()
    start = exponential_of(expression.subs(x, 0))
    if start is not None and is_nonnegative(start - 1) and is_nonnegative(sp.diff(expression, x)):
        return Finding(Status.PROVED, detail)
    point = counterexample(expression)
    if point is not None:
        value = sp.N(expression.subs(point), 6)
        return Finding(Status.REFUTED, detail, f"{written(point)}: right - left = {value}")
    return Finding(Status.OPEN, f"{detail}: SymPy does not decide it")


def _values(x: list[Any]) -> Mapping[str, Any]:
    return {"x": x, "e": symbols("e"), "beta": fraction("u")}


def term_by_term(lemma: Lemma, T: int) -> Finding:
    """gap(x_1 .. x_k) - gap(x_1 .. x_{k-1}) >= 0 for k = 1 .. T, so that the gap of T terms is nonnegative."""
    x, findings = sequence("x", T), []
    for k in range(1, T + 1):
        before = gap(lemma, _values(x[: k - 1])) if k > 1 else 0
        findings.append(grows_from(gap(lemma, _values(x[:k])) - before, x[k - 1], f"each of {T} terms adds to the gap"))
    return together(findings)


def refute(lemma: Lemma, T: int) -> Finding:
    """A point at which a false variant fails, its logarithms evaluated to many digits."""
    for length in range(2, T + 1):
        difference = gap(lemma, _values(sequence("x", length)))
        point = counterexample(difference)
        if point is not None:
            value = sympy_or_missing().N(difference.subs(point), 6)
            return Finding(Status.REFUTED, f"{length} terms", f"{written(point)}: right - left = {value}")
    return Finding(Status.OPEN, f"no counterexample among short numbers up to T = {T}")


def induction_step(name: str) -> Finding:
    """The gap of T terms depends on the past through S alone, so that two terms S, x stand for any number of them."""
    lemma = list_lemmas()[name]
    a, b, x, S = symbols("a b x S")
    discounted = name == "discounted-ratio-sum"
    past = fraction("u") * a + b if discounted else a + b
    long = gap(lemma, _values([a, b, x])) - gap(lemma, _values([a, b]))
    short = gap(lemma, _values([S, x])) - gap(lemma, _values([S]))
    same = exponential_of(long - short.subs(S, past))
    if same is None or sympy_or_missing().cancel(same) != 1:
        return Finding(Status.OPEN, "the step is not seen to depend on the past through its sum alone")
    return grows_from(short, x, "step from T to T+1 for any past sum S; induction needs that the past enters through S")


def log_bound(name: str) -> Finding:
    """Elementary bounds of ln for z >= 1: value 0 at z = 1 and a derivative of one sign."""
    sp = sympy_or_missing()
    y = symbols("y")
    z = 1 + y
    claims: dict[str, Expression] = {
        "ln z >= 1 - 1/z": sp.log(z) - 1 + 1 / z,
        "1 - z^(-1/2) <= (ln z)/2": sp.log(z) - 1 + 1 / z,  # at z^2
        "(1 - z^(-1/2))^2 <= (ln z)/4": 2 * sp.log(z) - 4 * (1 - 1 / z) ** 2,  # at z^2, times 4
    }
    return grows_from(claims[name], y, "0 at z = 1, derivative >= 0")


LOG_BOUNDS: Mapping[str, str] = {
    "ln z >= 1 - 1/z": "ratio-sum",
    "1 - z^(-1/2) <= (ln z)/2": "decoupling-any-denominator",
    "(1 - z^(-1/2))^2 <= (ln z)/4": "avgrad-monotone-log-rate",
}


def falls(detail: str = "(1 - y^(-1/2))/ln y falls in y > 1") -> Finding:
    """At y = z^2: the derivative of (1 - 1/z)/(2 ln z) has the sign of ln z - z + 1, which is <= 0."""
    sp = sympy_or_missing()
    y = symbols("y")
    z = sp.Symbol("z", positive=True)
    slope = sp.diff((1 - 1 / z) / (2 * sp.log(z)), z) * 2 * z**2 * sp.log(z) ** 2
    same = identity(sp.expand(slope - (sp.log(z) - z + 1)), "its derivative times 2 z^2 ln(z)^2 is ln z - z + 1")
    sign = grows_from(-(sp.log(1 + y) - y), y, "ln z <= z - 1")
    return together([same, sign, Finding(Status.PROVED, detail)])


def _branch(first: bool) -> Any:
    """SymPy's arithmetic with max(c, 1) and min(c, 1) decided: c <= 1 if `first`, else c >= 1."""
    low, high = (lambda a, b: a), (lambda a, b: b)
    return arithmetic("sympy")._replace(minimum=low if first else high, maximum=high if first else low)


def psi_is_the_integral() -> Finding:
    """Psi(c) = int_1^inf min(1, sqrt(c/z)) dz/z, for c <= 1 and for c >= 1."""
    sp = sympy_or_missing()
    c, z = symbols("c z")
    tail = sp.integrate(sp.sqrt(c) * z ** sp.Rational(-3, 2), (z, 1, sp.oo))
    small = identity(Psi(c, _branch(True)) - tail, "c <= 1")
    beyond = sp.integrate(sp.sqrt(c) * z ** sp.Rational(-3, 2), (z, c, sp.oo))
    large = identity(Psi(c, _branch(False)) - sp.integrate(1 / z, (z, 1, c)) - beyond, "both branches, integrated")
    return together([small, large])


def averages_of_psi(power: int) -> Finding:
    """Psi1(c) = int_0^1 Psi(c/u^2) du and Psi2(c) = int_0^1 Psi(c/u) du, for c <= 1 and for c >= 1."""
    sp = sympy_or_missing()
    c, u = symbols("c u")
    average = {2: Psi1, 1: Psi2}[power]
    knee = c ** sp.Rational(1, power)  # c/u^power = 1
    below = sp.integrate(sp.expand(sp.expand_log(Psi(c / u**power, _branch(False)))), (u, 0, knee))
    above = sp.integrate(Psi(c / u**power, _branch(True)), (u, knee, 1))
    small = identity(sp.expand(sp.simplify(average(c, _branch(True)) - below - above)), "c <= 1")
    whole = sp.integrate(sp.expand(sp.expand_log(Psi(c / u**power, _branch(False)))), (u, 0, 1))
    large = identity(sp.expand(sp.simplify(average(c, _branch(False)) - whole)), "both branches, integrated")
    return together([small, large])
