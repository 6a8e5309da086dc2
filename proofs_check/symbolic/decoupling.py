"""The algebra of L1's proof, with the constants (c, K) read off the package's lemmas.

s = sqrt(E b), q = sqrt(b), e = E q, phi = g/q, Q = E phi^2, b = a + w g^2 in [r0^2, r1^2], rho^2 = r1^2 - r0^2 = w G^2.
The proof needs the identities and polynomial inequalities below, and that E preserves them.
"""

from madatheory.theory.catalogue import list_lemmas
from madatheory.theory.lemma import Lemma
from proofs_check.evidence import Finding, Status
from proofs_check.symbolic.instances import sides, symbols
from proofs_check.symbolic.signs import (
    Expression,
    identity,
    inequality,
    is_nonnegative,
    sympy_or_missing,
    together,
)


def constants(lemma: Lemma) -> tuple[Expression, Expression]:
    """(c, K) of one of the L1 lemmas as it is in the package, from a single atom g: E b = b, m = g."""
    sp = sympy_or_missing()
    g, G, w, a, k = symbols("g G w a k")
    left, right = sides(lemma, {"p": [sp.Integer(1)], "g": [g], "G": G, "a": a, "w": w, "k": k})
    b = a + w * g**2
    c = sp.simplify(left * sp.sqrt(b) / g**2)
    K = sp.simplify((right - g**2 / sp.sqrt(b)) * b / (G * sp.sqrt(w) * g**2))
    assert not (c.free_symbols | K.free_symbols) - {k}, f"{lemma.name} is not of the form c m^2/sqrt(E b), K G sqrt(w)"
    return c, K


def logarithmic_constant() -> Expression:
    """K of the package's L1log, K (G/sqrt W) E ln(b/a), from a single atom with b above a."""
    sp = sympy_or_missing()
    g, G, W, a, b = symbols("g G W a b")
    lemma = list_lemmas()["decoupling-any-denominator"]
    _, right = sides(lemma, {"p": [sp.Integer(1)], "g": [g], "b": [b], "G": G, "a": a, "W": W})
    K = sp.simplify((right - g**2 / sp.sqrt(b)) / (G / sp.sqrt(W) * sp.log(b / a)))
    assert not K.free_symbols, f"{lemma.name} is not of the form K (G/sqrt W) E ln(b/a)"
    return K


def product_of_means() -> Finding:
    """<phi,u><phi,v> >= -|phi|^2 (|u||v| - <u,v>)/2, from a square and |u/U - v/V|^2 = 2 - 2<u,v>/(UV)."""
    A, B, U, V, uv = symbols("A B U V uv")  # A = <phi,u>, B = <phi,v>, U = |u|, V = |v|
    polar = A * B - U * V / 4 * ((A / U + B / V) ** 2 - (A / U - B / V) ** 2)
    norm = (U**2 / U**2 - 2 * uv / (U * V) + V**2 / V**2) * U * V / 4 - (U * V - uv) / 2
    return together(
        [
            identity(polar, "AB as a difference of two squares"),
            identity(norm, "AB = UV/4 (..^2 - <phi, u/U - v/V>^2), then Cauchy-Schwarz for <phi, u/U - v/V>"),
        ]
    )


def norms() -> Finding:
    """|1 - q/s|^2 = 2(1 - e/s) and <q, 1 - q/s> = e - s, because E q^2 = s^2."""
    s, e = symbols("s e")
    square = s**2
    first = identity(1 - 2 * e / s + square / s**2 - 2 * (1 - e / s), "E q^2 = s^2")
    return together([first, identity(e - square / s - (e - s), "E q^2 = s^2, E q = e")])


def chord() -> Finding:
    """q lies above the chord of the root: q - (q^2 + r0 r1)/(r0 + r1) = (q - r0)(r1 - q)/(r0 + r1)."""
    q, r0, r1 = symbols("q r0 r1")
    return identity(
        q - (q**2 + r0 * r1) / (r0 + r1) - (q - r0) * (r1 - q) / (r0 + r1), "an identity; E of it: Jensen gap"
    )


def quarter() -> Finding:
    """(s - r0)(r1 - s) <= (r1 - r0)^2/4 and (r1 - r0)^2 <= rho (r0 + r1): so s - e <= rho/4."""
    s, r0, d = symbols("s r0 d")
    r1 = r0 + d
    square = identity((r1 - r0) ** 2 / 4 - (s - r0) * (r1 - s) - (s - (r0 + r1) / 2) ** 2, "a square")
    root = inequality((r1**2 - r0**2) * (r0 + r1) ** 2 - (r1 - r0) ** 4, "squared, no negative coefficient")
    return together([square, root])


def _nonnegative_by_powers(expression: Expression, x: Expression, detail: str) -> Finding:
    """Every coefficient of a polynomial in x > 0 is nonnegative."""
    sp = sympy_or_missing()
    if all(is_nonnegative(sp.factor(c)) for c in sp.Poly(sp.expand(expression), x).coeffs()):
        return Finding(Status.PROVED, detail)
    return inequality(expression, detail)


def cubes() -> Finding:
    """s (s - r0)(r1 - s) <= (4/27) rho^2 (r0 + r1): so s (s - e) <= 4 rho^2/27."""
    sp = sympy_or_missing()
    r0, y, z = symbols("r0 y z")
    s, r1 = r0 + y, r0 + y + z
    gap = sp.Rational(4, 27) * (r1**2 - r0**2) * (r0 + r1) - s * (s - r0) * (r1 - s)
    return _nonnegative_by_powers(gap, r0, "s = r0 + y, r1 = s + z: each coefficient of r0^n factors with squares")


def sharp_constant() -> Finding:
    """c = 1 and (sqrt(8/27) + 1/4)/2 <= K, K of the package's `decoupling`."""
    sp = sympy_or_missing()
    c, K = constants(list_lemmas()["decoupling"])
    needed = (sp.sqrt(sp.Rational(8, 27)) + sp.Rational(1, 4)) / 2
    if c == 1 and (K - needed).is_nonnegative:
        return Finding(Status.PROVED, f"c = {c}, K = {K}; the proof gives {sp.N(needed, 8)}")
    return Finding(Status.OPEN, f"c = {c}, K = {K}, but the proof gives c = 1 with K = {sp.N(needed, 8)}")


def young() -> Finding:
    """k m^2 + m D + D^2/(4k) = (2 k m + D)^2/(4k), and D^2 <= 2 s (s-e) Q <= s rho Q/2: K k = 1/8, c = 1 - k."""
    k, m = symbols("k m")
    D = sympy_or_missing().Symbol("D", real=True)
    c, K = constants(list_lemmas()["decoupling-family"])
    square = identity(k * m**2 + m * D + D**2 / (4 * k) - (2 * k * m + D) ** 2 / (4 * k), "Young as a square")
    same = identity((c - (1 - k)) ** 2 + (8 * K * k - 1) ** 2, "c = 1 - k and 8 K k = 1 in the package's lemma")
    return together([square, same])


def published_constant() -> Finding:
    """(1/2, 2) follows from the family: at 1 - k = c it gives 1/(8k) <= K."""
    c, K = constants(list_lemmas()["decoupling-published"])
    k = 1 - c
    found = k > 0 and bool(1 / (8 * k) <= K)
    detail = f"c = {c}, K = {K}; the family gives K = {1 / (8 * k)}"
    return Finding(Status.PROVED if found else Status.OPEN, detail)


def wrong_cubes() -> Finding:
    """`cubes` with 1/7 for 4/27, which is false."""
    sp = sympy_or_missing()
    r0, y, z = symbols("r0 y z")
    s, r1 = r0 + y, r0 + y + z
    gap = sp.Rational(1, 7) * (r1**2 - r0**2) * (r0 + r1) - s * (s - r0) * (r1 - s)
    point = {r0: sp.Rational(1, 1000), y: 2, z: 1}
    if gap.subs(point).is_negative:
        return Finding(Status.REFUTED, "", f"r0 = 1/1000, s = r0 + 2, r1 = s + 1: right - left = {gap.subs(point)}")
    return Finding(Status.OPEN, "not refuted")
