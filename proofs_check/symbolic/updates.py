"""Claims about the package's own update, traced into SymPy: recurrences against closed forms, for any step t."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from madatheory.arithmetic import arithmetic
from madatheory.engine.traced import Algebra, Traced, traced
from madatheory.optimizers.catalogue import list_optimizers
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.quantities import Quantities
from proofs_check.evidence import Finding, Status
from proofs_check.symbolic.instances import fraction, sequence, symbols
from proofs_check.symbolic.signs import Expression, identity, is_nonnegative, is_zero, sympy_or_missing, together


def algebra() -> Algebra:
    """SymPy's expressions as the values of a traced step."""
    sp = sympy_or_missing()
    relations = {"eq": sp.Eq, "ne": sp.Ne, "lt": sp.Lt, "le": sp.Le, "gt": sp.Gt, "ge": sp.Ge}

    def choose(condition: Any, yes: Expression, no: Expression) -> Expression:
        if condition in (True, sp.true):
            return yes
        if condition in (False, sp.false):
            return no
        return sp.Piecewise((yes, condition), (no, True))

    def number(value: Fraction) -> Expression:
        return sp.Rational(value.numerator, value.denominator)

    return Algebra(number, sp.sqrt, sp.Max, sp.Min, sp.sign, lambda name, a, b: relations[name](a, b), choose)


def _method(name: str, names: Sequence[str], **options: str) -> Traced:
    return traced(list_optimizers()[name].make(options), names, algebra())


def weights_of_avgrad() -> Finding:
    """v = (1-beta2) P and t vbar = Q - beta2 P are kept by a step, P = sum beta2^(t-j) g_j^2, Q = sum g_j^2."""
    beta2, P, Q, g, t = fraction("u"), *symbols("P Q g t")
    avgrad = _method("avgrad", ("beta2",), form="theory")
    state = {name: sympy_or_missing().Integer(0) for name in avgrad.start({"beta2": beta2})}
    before = {**state, "v": (1 - beta2) * P, "reference": (Q - beta2 * P) / (t - 1)}
    _, after = avgrad.step({"beta2": beta2}, before, g, t)
    P, Q = beta2 * P + g**2, Q + g**2
    return together(
        [
            identity(after["v"] - (1 - beta2) * P, "v"),
            identity(t * after["reference"] - (Q - beta2 * P), "the package's AVGrad from any state, t a symbol"),
        ]
    )


def constant_gradient() -> Finding:
    """vbar_t/g^2 = 1 - beta2 (1-beta2^t)/(t(1-beta2)) from t-1 to t, p = beta2^(t-1); t = 1 is the start p = 1."""
    beta2, p, g, t = fraction("u"), *symbols("p g t")
    avgrad = _method("avgrad", ("beta2",), form="theory")

    def closed(power: Expression, t: Expression) -> Expression:
        """t vbar_t."""
        return (t - beta2 * (1 - power) / (1 - beta2)) * g**2

    state = {name: sympy_or_missing().Integer(0) for name in avgrad.start({"beta2": beta2})}
    before = {**state, "v": (1 - p) * g**2, "reference": closed(p, t - 1) / (t - 1)}
    _, after = avgrad.step({"beta2": beta2}, before, g, t)
    _, first = avgrad.step({"beta2": beta2}, state, g, sympy_or_missing().Integer(1))
    return together(
        [
            identity(first["reference"] - closed(beta2, sympy_or_missing().Integer(1)), "t = 1"),
            identity(after["v"] - (1 - beta2 * p) * g**2, "v_t"),
            identity(t * after["reference"] - closed(beta2 * p, t), "the package's AVGrad, t and beta2^t symbols"),
        ]
    )


def growth_of_interpolation() -> Finding:
    """L6 on two steps of the package's Adam-AVGrad from any state, t a symbol."""
    names = ("beta2", "rho", "eps")
    hyper = {"beta2": fraction("u"), "rho": fraction("s"), "eps": symbols("e")}
    t, v, vbar, g, h = symbols("t v vbar g h")
    method = _method("adam-avgrad", names, form="theory")
    state = {name: sympy_or_missing().Integer(0) for name in method.start(hyper)}
    one, middle = method.step(hyper, {**state, "v": v, "reference": vbar}, g, t - 1)
    two, last = method.step(hyper, middle, h, t)
    claimed = hyper["eps"] + last["v"] + hyper["rho"] * (t - 1) * (last["v"] - middle["v"])
    return identity(two.b - one.b - claimed, "two steps from any state, t a symbol")


def shifted_point(theorem: str) -> Finding:
    """z_t - z_{t-1} = -eta_t g_t + r (eta_{t-1} - eta_t) m_{t-1} on a step from any state, t a symbol."""
    optimizer = list_theorems()[theorem].method()
    sp = sympy_or_missing()
    hyper = {"alpha": symbols("alpha"), "beta1": fraction("u")}
    method = traced(optimizer, ("alpha", "beta1"), algebra())
    g, m = sp.symbols("g m", real=True)
    before, after = sp.symbols("eta_before eta", positive=True)
    state = {name: symbols(f"state_{name}") for name in method.start(hyper)} | {"m": m}
    r = hyper["beta1"] / (1 - hyper["beta1"])
    step, _ = method.step(hyper, state, g, symbols("t"))
    # x_t - x_{t-1} = -eta_t m_t, z_t = x_t + r (x_t - x_{t-1})
    move = -(1 + r) * after * step.m + r * before * m
    return together(
        [
            identity(step.delta / step.eta - step.m, "delta = eta m"),
            identity(move - (-after * g + r * (before - after) * m), f"a step of {optimizer.name} from any state"),
        ]
    )


def _squares_left(gap: Expression, variables: Sequence[Any]) -> bool:
    """Whether a quadratic form is nonnegative: squares are completed one variable after the other."""
    sp = sympy_or_missing()
    for x in variables:
        gap = sp.Poly(sp.expand(gap), x)
        a, b, c = (sp.cancel(gap.coeff_monomial(x**k)) for k in (2, 1, 0))
        if a == 0:
            if not is_zero(b):
                return False
            gap = c
            continue
        if not is_nonnegative(a):
            return False
        gap = sp.cancel(c - b**2 / (4 * a))
    return bool(is_zero(gap))


def _adam(T: int, beta1: Expression, beta2: Expression, g: Sequence[Any]) -> tuple[Expression, Expression, Expression]:
    """vhat_T, mhat_T^2 and B(T)^2 at alpha = 1, eps = 0: delta = mhat/sqrt(vhat) in the package's practical Adam."""
    sp = sympy_or_missing()
    hyper = {"alpha": sp.Integer(1), "beta1": beta1, "beta2": beta2, "eps": sp.Integer(0)}
    adam = _method("adam", tuple(hyper), form="practical", schedule="constant")
    state = adam.start(hyper)
    for t, now in enumerate(g, 1):
        step, state = adam.step(hyper, state, now, sp.Integer(t))
    B = list_theorems()["adam-step-size"].bound(Quantities(T=T, beta1=beta1, beta2=beta2), arithmetic("sympy"))
    second = sp.cancel(step.vhat)
    return second, sp.cancel(step.delta**2 * second), sp.cancel(B**2)


def longest_adam_step(T: int) -> Finding:
    """(x_T - x_{T-1})^2 <= alpha^2 B(T)^2 for all gradients, by the package's practical Adam and the package's B."""
    sp = sympy_or_missing()
    g = sequence("g", T)  # only products of gradients enter, and a quadratic form is decided for all signs
    second, first, B = _adam(T, fraction("u1"), fraction("u2"), g)
    gap = sp.cancel(B * second - first)
    if gap.is_rational_function(*g) and _squares_left(gap, g):
        return Finding(
            Status.PROVED, f"T = {T}: B^2 vhat - mhat^2 is a sum of {T - 1} squares, beta1 and beta2 symbols"
        )
    return Finding(Status.OPEN, f"T = {T}: squares are not completed")


def shorter_adam_step() -> Finding:
    """A planted mistake: 99/100 of B^2 at T = 2, refuted where B is attained."""
    sp = sympy_or_missing()
    beta1, beta2 = sp.Rational(9, 10), sp.Rational(99, 100)
    g = [beta1 / beta2, sp.Integer(1)]
    second, first, B = _adam(2, beta1, beta2, g)
    gap = sp.Rational(99, 100) * B * second - first
    if gap.is_negative:
        return Finding(Status.REFUTED, "", f"g = {g}, beta1 = 9/10, beta2 = 99/100: right - left = {sp.N(gap, 6)}")
    return Finding(Status.OPEN, "not refuted")


def longest_adam_steps(most: int) -> Finding:
    """T10 for Adam, T = 1 .. most."""
    return together([longest_adam_step(T) for T in range(1, most + 1)])


def one_step_of_regret(theorem: str) -> Finding:
    """g (x - x*) = ((x - x*)^2 - (x' - x*)^2)/(2 eta) + eta g^2/2 for x' = x - delta of the theorem's method."""
    sp = sympy_or_missing()
    optimizer = list_theorems()[theorem].method()
    hyper = {"alpha": symbols("alpha"), "beta1": sp.Integer(0)}
    method = traced(optimizer, ("alpha", "beta1"), algebra())
    g, x, best = sp.symbols("g x best", real=True)
    state = {name: symbols(f"state_{name}") for name in method.start(hyper)}
    step, _ = method.step(hyper, state, g, symbols("t"))
    eta = symbols("eta")
    after = x - step.delta.subs(step.eta, eta)
    difference = g * (x - best) - ((x - best) ** 2 - (after - best) ** 2) / (2 * eta) - eta * g**2 / 2
    return identity(difference, f"one step of {optimizer.name} before clipping")


def drift() -> Finding:
    """The drift of the smooth Reddi problem, from its law and from stationarity, for every C, delta, rho and beta2.

    With H_C = E h(beta2 v + w C^2), H_1 = E h(beta2 v + w), h(v) = (A + rho v)^(-1/2): E h(v) = p H_C + (1-p) H_1 and
    D = E xi h(v') = p C H_C - (1-p) H_1.
    """
    C, delta, first, second = symbols("C delta H_C H_1")
    p = (1 + delta) / (C + 1)
    stationary = p * first + (1 - p) * second
    claimed = C * stationary - (C - delta) * second
    return identity(
        p * C * first - (1 - p) * second - claimed, "stationarity is all that is used; h may be any function"
    )


def resting() -> Finding:
    """E[(x-xi)/sqrt v] at the mean x = 0 of data C, -u: with H_a = E h(beta2 v + w a^2) it is p C (H_u - H_C).

    h falls, so that H_u - H_C has the sign of C - u.
    """
    p, C, at_C, at_u = symbols("p C H_C H_u")
    u = p * C / (1 - p)
    return identity(
        -p * C * at_C + (1 - p) * u * at_u - p * C * (at_u - at_C), "independence is all that is used; h may be any"
    )


def resting_shift(divisor: int) -> Finding:
    """d/dw of E[-eta (beta2 S + w eta^2)^(-1/2)] at w = 0 is m3/(2 S^(3/2)), for four values of mean 0, E eta^2 = S.

    v_{t-1} is replaced by its mean S: its spread does not depend on eta and changes the order w^2 alone.
    """
    import sympy as sp

    w = sp.Symbol("w")
    a, b, c, e, p, q, r = symbols("a b c e p q r")
    values, chances = (a, b, c, e), (p, q, r, 1 - p - q - r)
    mean = sum(chance * value for value, chance in zip(values, chances, strict=True))
    m1, m3 = (sum(k * (value - mean) ** n for value, k in zip(values, chances, strict=True)) for n in (1, 3))
    s = sp.Symbol("s", positive=True)  # S, put in afterwards
    field = sum(
        -k * (value - mean) / sp.sqrt((1 - w) * s + w * (value - mean) ** 2)
        for value, k in zip(values, chances, strict=True)
    )
    slope = sp.diff(field, w).subs(w, 0) * s ** sp.Rational(3, 2)
    return identity(sp.expand(slope - m3 / divisor + s * m1 / 2), "m1 = 0, and S is left out of the first order")


def law_of_reddi_smooth() -> Finding:
    """The law in `drift` is the package's: values C, -1 with P[xi = C] = (1+delta)/(C+1), on a grid of C and delta."""
    from madatheory.problems.catalogue import get_problem

    for C in (1, 2, 10, 64):
        for delta in (0.25, 0.5, 1.0):
            atoms = get_problem(f"reddi-smooth:C={C},delta={delta}").oracle.atoms
            assert atoms is not None
            expected: Mapping[float, float] = {C: (1 + delta) / (C + 1), -1.0: (C - delta) / (C + 1)}
            found = dict(zip(atoms.values.tolist(), atoms.probabilities.tolist(), strict=True))
            if any(abs(found.get(x, 2) - probability) > 1e-15 for x, probability in expected.items()):
                return Finding(Status.REFUTED, "the package's law differs", f"C = {C}, delta = {delta}: {found}")
    return Finding(Status.SUPPORTED, "12 pairs (C, delta)")
