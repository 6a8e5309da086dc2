"""L4 on the scalar functions, by h(x) = h'(x) = 0 <= h'' for h(y) = right - left; their constants in closed form."""

from typing import Any

from madatheory.problems.scalar import Elementary, Scalar, scalar_named
from madatheory.theory.catalogue import list_lemmas
from madatheory.theory.lemma import Lemma
from proofs_check.evidence import Finding, Status
from proofs_check.symbolic.instances import gap
from proofs_check.symbolic.signs import Expression, identity, is_nonnegative, sympy_or_missing, together

SMOOTH = ("smoothness-ratio", "smoothness-log", "smoothness-exponential")
CLOSED = ("ratio", "log", "exponential", "pseudo-huber", "tanh", "sigmoid")


def _difference(lemma: Lemma) -> tuple[Expression, Any, Any]:
    sp = sympy_or_missing()
    x, y = sp.symbols("x y", real=True)
    return gap(lemma, {"x": x, "y": y}), x, y


def descent(name: str) -> Finding:
    """phi(y) <= phi(x) + phi'(x)(y-x) + (L/2)(y-x)^2 for all x, y, by the lemma's own formulas."""
    sp = sympy_or_missing()
    h, x, y = _difference(list_lemmas()[name])
    touches = [identity(f.subs(y, x), "h and h' vanish at y = x") for f in (h, sp.diff(h, y))]
    return together([*touches, _convex(sp.diff(h, y, 2), y)])


def _convex(second: Expression, y: Any) -> Finding:
    """second >= 0 for all y, in z = y^2 >= 0; where there is exp(-z), after multiplication by exp(z)."""
    sp = sympy_or_missing()
    z = sp.Symbol("z", positive=True)
    in_z = sp.simplify(second).subs(y, sp.sqrt(z))
    if is_nonnegative(in_z) if not in_z.has(sp.exp) else False:
        return Finding(Status.PROVED, "h'' = L - phi''(y) has no negative coefficient in y^2")
    scaled = sp.expand(sp.simplify(in_z * sp.exp(z)))
    slope = sp.diff(scaled, z)
    if scaled.has(sp.exp) and scaled.subs(z, 0) == 0 and _sum_is_nonnegative(slope):
        return Finding(Status.PROVED, "exp(y^2) h'' is 0 at y = 0 and has a nonnegative derivative in y^2")
    return Finding(Status.OPEN, "the sign of h'' is not decided")


def _sum_is_nonnegative(expression: Expression) -> bool:
    """Every term of a sum is nonnegative by its factors' signs."""
    sp = sympy_or_missing()
    return all(term.is_nonnegative for term in sp.Add.make_args(sp.expand(expression)))


def refute_descent(name: str, false_name: str) -> Finding:
    """The planted mistake, at x = 0 and y = 1/10."""
    sp = sympy_or_missing()
    false = next(f for f in list_lemmas()[name].false_variants if f.name == false_name)
    h, x, y = _difference(false)
    value = h.subs({x: 0, y: sp.Rational(1, 10)})
    if value.is_negative:
        return Finding(Status.REFUTED, "", f"x = 0, y = 1/10: right - left = {value} = {sp.N(value, 6)}")
    return Finding(Status.OPEN, "not refuted at x = 0, y = 1/10")


def _functions() -> Elementary:
    sp = sympy_or_missing()
    return Elementary(sp.exp, sp.log, sp.sqrt, sp.sin, sp.cos, sp.tanh)


def largest(expression: Expression, x: Any) -> Expression:
    """sup |expression| over the real line, from all critical points and both limits; `ValueError` if some are unknown.

    tanh(x/n) = t is put in the place of x where it occurs: then the expression is a polynomial in t on (-1, 1).
    """
    sp = sympy_or_missing()
    domain, ends = sp.S.Reals, (sp.oo, -sp.oo)
    inner = sorted(expression.atoms(sp.tanh), key=str)
    if inner:
        t = sp.Symbol("t", real=True)
        expression, x, domain, ends = expression.subs(inner[0], t), t, sp.Interval(-1, 1), (1, -1)
        assert expression.is_polynomial(t), expression
    critical = sp.solveset(sp.numer(sp.together(sp.diff(expression, x))), x, domain)
    if not isinstance(critical, sp.FiniteSet) and critical is not sp.S.EmptySet:
        raise ValueError(f"the critical points of {expression} are not all known: {critical}")
    values = [expression.subs(x, point) for point in critical] + [sp.limit(expression, x, end) for end in ends]
    return sp.Max(*[sp.simplify(abs(value)) for value in values])


def _rounded_up(exact: Expression, value: float) -> bool:
    """Whether a float is at least `exact`, by no more than two units in its last place."""
    sp = sympy_or_missing()
    given = sp.Rational(value)
    return bool(given >= exact) and bool(given * (1 - sp.Rational(1, 2**51)) <= exact)


def derivative_is_right(scalar: Scalar) -> Finding:
    """phi' as the package has it is the derivative of phi as the package has it."""
    sp = sympy_or_missing()
    x, f = sp.Symbol("x", real=True), _functions()
    difference = sp.diff(scalar.phi(x, f), x) - scalar.derivative(x, f)
    if sp.simplify(difference.rewrite(sp.exp) if scalar.name in ("tanh", "sigmoid") else difference) == 0:
        return Finding(Status.PROVED, "d phi/dx - phi' simplifies to 0")
    return Finding(Status.OPEN, "d phi/dx - phi' does not simplify to 0")


def constant(name: str, what: str, factor: float = 1.0) -> Finding:
    """The certified sup |phi'| ("slope") or sup |phi''| ("curvature") is the closed form, rounded up."""
    sp = sympy_or_missing()
    scalar = scalar_named(name)
    x, f = sp.Symbol("x", real=True), _functions()
    right = derivative_is_right(scalar)
    if right.status is not Status.PROVED:
        return right
    first = scalar.derivative(x, f)
    exact = largest(_plain(first if what == "slope" else sp.diff(first, x)), x)
    value = getattr(scalar, what).value * factor
    detail = f"sup = {exact}, from all critical points and the limits; certified {value!r}"
    if _rounded_up(exact, value):
        return Finding(Status.PROVED, detail)
    return Finding(Status.REFUTED, detail, f"sup |{what}| of {name} is {exact} = {sp.N(exact, 12)}, not {value!r}")


def _plain(expression: Expression) -> Expression:
    """Simplified; where there is tanh only expanded, so that nothing but its powers is left."""
    sp = sympy_or_missing()
    return sp.expand(expression) if expression.has(sp.tanh) else sp.simplify(expression)
