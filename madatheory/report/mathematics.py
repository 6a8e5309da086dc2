"""Formulas set in mathematics: a theorem's own code, run on symbols, as MathML; sentences with symbols as HTML.

Nothing is typed again. A right side is `Theorem.bound` under the arithmetic "sympy"; browsers set MathML by themselves.
"""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from madatheory.arithmetic import Arithmetic, arithmetic
from madatheory.blame import blame
from madatheory.report.document import Formula, Notation
from madatheory.theory import terms
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Level, Theorem

MEANING: Mapping[str, str] = {
    "T": "number of steps",
    "d": "dimension",
    "D0": "F(x_0) - F_star",
    "L": "smoothness of F",
    "G": "bound on every entry of a stochastic gradient",
    "eps": "constant in the denominator",
    "alpha": "step size",
    "beta1": "decay of the first moment",
    "beta2": "decay of the second moment",
    "beta3": "weight of the gradient difference",
    "rho": "1: Adam's second moment, 0: its average or maximum",
    "c": "1: Adam's second moment, 0: Yogi's",
    "gamma": "1: the moment ratio, 0: Lion's sign",
    "W": "total weight of the steps",
    "B3": "largest beta3 on the path",
    "p": "probability with which the bound may fail",
    "D": "width of the box",
    "Delta": "distance of the start from a minimizer of a convex F",
    "eta": "hyper learning rate",
    "A": "largest step size",
    "S": "bound on every entry of grad F",
    "sigma": "root of the bound on E|g - grad F|^2",
    "M4": "bound on E|g - grad F|^4",
    "N": "sum of N_i with s.H(x)s <= sum_i N_i s_i^2",
}
"""What the symbols of `Quantities` are."""
_LETTERS = {
    "eps": "epsilon",
    **{name: f"{name[:-1]}_{name[-1]}" for name in ("D0", "B3", "M4", "beta1", "beta2", "beta3")},
}
# each computed from the package's own terms and looked for in a formula, the largest first
_ABBREVIATIONS: tuple[tuple[str, Callable[[Quantities, Arithmetic], Any]], ...] = (
    ("K_2", terms.K2_avgrad),
    ("Lambda", terms.log_range),
    ("R", terms.R),
    ("R", terms.R_published),
    ("w", lambda q, xp: 1 - q.beta2),
)
_LONG = 45
"""Operations from which on what a formula repeats gets a letter."""


def right_side(theorem: Theorem) -> Formula:
    """left <= right, with the right side that the theorem computes."""
    q, xp = symbols(), _arithmetic()
    left, measured = _left(theorem)
    right, where = _abbreviated(_bound(theorem), q, xp)
    before, after = ("E[", "]") if theorem.kind == "expectation" else ("", "")
    shown = f"<mtext>{before}</mtext>{left.html}<mtext>{after}</mtext><mo>≤</mo>{_presented(right)}"
    text = f"{before}{left.text}{after} <= {right}"
    return Formula(Notation(text, f"<math display='block'>{shown}</math>"), (*measured, *where))


def level(theorem: Theorem, one: Level) -> Formula:
    """What one level of the chain computes, of constants and of what is measured."""
    import sympy as sp

    q, xp = symbols(), _arithmetic()
    letters = {s.name: sp.Symbol(f"S_{k}", positive=True) for k, s in enumerate(one.statistics, 1)}
    with blame(f"theorem {theorem.name!r}, level {one.name!r}", one.value, _REMEDY):
        value = one.at(letters, q, xp)
    shown, where = _abbreviated(value, q, xp)
    measured = [
        (Notation(str(letters[s.name]), _math(letters[s.name])), Notation(s.formula, typeset(s.formula)))
        for s in one.statistics
    ]
    return Formula(Notation(str(shown), _math(shown, display=True)), (*measured, *where))


def symbols_of(theorem: Theorem) -> list[tuple[str, Notation, str]]:
    """The symbols of a theorem's right side: name, how it is set, meaning."""
    q, used = symbols(), getattr(_bound(theorem), "free_symbols", set())
    if q.w in used:
        used = {*used, q.beta2}
    return [
        (name, Notation(name, _math(symbol)), MEANING[name]) for name, symbol in q._asdict().items() if symbol in used
    ]


_REMEDY = "a formula uses + - * / ** and the functions of xp, so that it can be shown, and proved"


class _Symbols(Quantities):
    """The symbols, with w as one of its own, as the formulas are typed with it."""

    @property
    def w(self) -> Any:
        import sympy as sp

        return sp.Symbol("w", positive=True)


@cache
def symbols() -> Quantities:
    """Every symbol of `Quantities`, positive."""
    import sympy as sp

    return _Symbols(*(sp.Symbol(_LETTERS.get(name, name), positive=True) for name in Quantities._fields))


@cache
def _arithmetic() -> Arithmetic:
    """The arithmetic "sympy", which leaves minima and maxima as they are typed: deciding them takes SymPy long."""
    import sympy as sp

    def kept(function: Any) -> Callable[..., Any]:
        return lambda *values: function(*map(sp.sympify, values), evaluate=False)

    return arithmetic("sympy")._replace(maximum=kept(sp.Max), minimum=kept(sp.Min))


def _bound(theorem: Theorem) -> Any:
    import sympy as sp

    with blame(f"theorem {theorem.name!r}, its right side", theorem.right.value, _REMEDY):
        return sp.sympify(theorem.bound(symbols(), _arithmetic()))


def _left(theorem: Theorem) -> tuple[Notation, tuple[tuple[Notation, Notation], ...]]:
    """The left side for the inside of a formula, and what is measured for it."""
    found = level(theorem, theorem.left)
    if found.formula.text == "S_1":  # nothing but its statistic
        text = theorem.left.statistics[0].formula
        return Notation(text, f"<mtext><span>{typeset(text)}</span></mtext>"), ()
    inner = re.sub(r"^<math[^>]*>|</math>$", "", found.formula.html)
    return Notation(found.formula.text, inner), found.where


def _abbreviated(value: Any, q: Quantities, xp: Arithmetic) -> tuple[Any, tuple[tuple[Notation, Notation], ...]]:
    """The expression with the package's terms by their letters, and what it repeats by A, B, ..; the definitions."""
    import sympy as sp

    value = sp.sympify(value)
    found: list[tuple[Any, Any]] = []
    for name, term in _ABBREVIATIONS:
        letter, meant = sp.Symbol(name, positive=True), term(q, xp)
        used = {letter for letter, _ in found}
        parts = [value, *(definition for _, definition in found)]
        # what lacks one of its symbols has not the term, which is seen sooner than looked for
        changed = [part.subs(meant, letter) if meant.free_symbols <= part.free_symbols else part for part in parts]
        if letter not in used and (changed != parts or any(part.has(letter) for part in parts)):
            value, found = changed[0], [(k, v) for (k, _), v in zip(found, changed[1:], strict=True)]
            found.append((letter, meant))
    if sp.count_ops(value) > _LONG:
        letters = (sp.Symbol(name, positive=True) for name in ("A", "B", "C", "H", "J", "M", "N", "P", "Q", "U", "V"))
        repeated, (value,) = sp.cse(value, symbols=_then_numbered(letters), order="none")
        found = [*repeated, *found]
    return value, tuple((_written(letter), _written(meant)) for letter, meant in found)


def _then_numbered(letters: Any) -> Any:
    import sympy as sp

    yield from letters
    yield from sp.numbered_symbols("A_", start=1)


def _written(value: Any) -> Notation:
    return Notation(str(value), _math(value))


def _math(value: Any, *, display: bool = False) -> str:
    return f"<math{' display=' + repr('block') if display else ''}>{_presented(value)}</math>"


def _presented(value: Any) -> str:
    from sympy.printing.mathml import mathml

    return mathml(value, printer="presentation")


_GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "eps": "ε",
    "eta": "η",
    "rho": "ρ",
    "xi": "ξ",
    "Lam": "Λ",
    "Psi": "Ψ",
    "Sigma": "Σ",
    "vbar": "v̄",
    "vhat": "v̂",
    "mhat": "m̂",
    "pi": "π",
}
_SIGNS = (
    ("&lt;=", "≤"),
    ("&gt;=", "≥"),
    ("!=", "≠"),
    (" -> ", " → "),
    ("F_star", "F<sub>*</sub>"),
    ("grad F", "∇F"),
)
_RULES: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"\bd_i(?=[FA-Z])"), "∂_i "),
    (re.compile(r"\bsqrt\b ?"), "√"),
    (re.compile(r"\bsum(?=_| [E|(&\[∇]| [a-z](?![a-z ]))"), "Σ"),
    (re.compile(r"_\{([^{}]*)\}"), r"<sub>\1</sub>"),
    (re.compile(r"\^\{([^{}]*)\}"), r"<sup>\1</sup>"),
    (re.compile(r"\^\(([^()]*)\)"), r"<sup>\1</sup>"),
    (re.compile(r"\^(-?\d+|[A-Za-z])"), r"<sup>\1</sup>"),
    (re.compile(r"((?<![A-Za-z0-9_])[A-Za-zα-ωΨΛΣ∂][̄̂]?)_([A-Za-z0-9*]+(?:,[A-Za-z0-9]+)*)"), r"\1<sub>\2</sub>"),
    (re.compile(r"\b([DKBRPCxgmvβ])(\d)\b"), r"\1<sub>\2</sub>"),
)


def typeset(text: str) -> str:
    """A sentence with formulas in words (sqrt(T), beta1, x_{t-1}, |g|^2, <=) as HTML with signs, indices and powers.

    What stands between `backticks` is code and stays as it is.
    """
    words, *rest = text.split("`", 2)
    if len(rest) == 2:
        return f"{typeset(words)}<code>{html.escape(rest[0], quote=False)}</code>{typeset(rest[1])}"
    shown = html.escape(text, quote=False)
    for word, sign in _SIGNS:
        shown = shown.replace(word, sign)
    shown = re.sub(
        rf"(?<![A-Za-z])({'|'.join(sorted(_GREEK, key=len, reverse=True))})(?=\d|_|\b)", lambda m: _GREEK[m[1]], shown
    )
    for pattern, sign in _RULES:
        shown = pattern.sub(sign, shown)
    return shown
