"""Every inequality of a theorem's chain, level by level, by the package's own formulas of both levels.

A level's value is a formula of measured sums. The lemma that leads to the next level says something about these sums;
it is put in as a substitution, with a slack, and then right - left must be nonnegative whatever the sums are. So a
wrong constant in a level, or one that differs from its lemma's, is refuted here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from madatheory.arithmetic import arithmetic
from madatheory.bounds.quantities import Quantities
from madatheory.bounds.theorem import Level, Theorem
from madatheory.catalogue import lemmas, theorems
from proofs_check.evidence import Finding
from proofs_check.symbolic.decoupling import constants
from proofs_check.symbolic.instances import fraction, symbols
from proofs_check.symbolic.signs import Expression, inequality, sympy_or_missing

Sums = Mapping[str, Any]


@dataclass(frozen=True)
class Link:
    """From the level before to the level `to`: the lemma's statement about the sums, as a substitution."""

    theorem: str
    to: str
    given: Callable[[Quantities, Sums], Sums]
    words: str

    def decide(self) -> Finding:
        """right - left of the two levels, all sums and symbols positive but those that may have any sign."""
        theorem = theorems()[self.theorem]
        chain = {level.name: level for level in theorem.chain}
        names = list(chain)
        before, after = chain[names[names.index(self.to) - 1]], chain[self.to]
        q = quantities(theorem)
        sums = _symbols(theorem)
        sums = {**sums, **self.given(q, sums)}
        return inequality(_value(after, sums, q) - _value(before, sums, q), self.words)


def _value(level: Level, sums: Sums, q: Quantities) -> Expression:
    sp = sympy_or_missing()
    return sp.sympify(level.value(sums, q, arithmetic("sympy")))


def _symbols(theorem: Theorem) -> dict[str, Any]:
    """A symbol for every sum that a level measures; a decrease of F and inner products may be negative."""
    sp = sympy_or_missing()
    signed = {"decrease", "shifted_decrease", "inner_product_sum", "shifted_first_order"}
    return {
        s.name: sp.Symbol(s.name, **({"real": True} if s.name in signed else {"positive": True}))
        for s in theorem.statistics
    }


def quantities(theorem: Theorem) -> Quantities:
    """Symbols for everything that a bound may contain; R^2 = eps + G^2 is left as it is."""
    sp = sympy_or_missing()
    plain = {name: symbols(name) for name in ("d", "D0", "L", "G", "alpha")}
    plain |= {name: symbols(f"root_{name}") ** 2 for name in ("T", "eps")}  # their roots occur
    beta1 = fraction("u1") if theorem.settings.get("beta1", 0) else sp.Integer(0)
    return Quantities(
        **plain,
        beta1=beta1,
        beta2=fraction("u2"),
        rho=fraction("u3"),
        c=fraction("u4"),
        beta3=sp.Integer(0),
        W=symbols("W"),
    )


def _root(q: Quantities) -> Expression:
    return arithmetic("sympy").sqrt(q.w)


def _descent(q: Quantities, m: Sums) -> Sums:
    """L4 summed: alpha sum <grad F, g/sqrt b> <= F(x_0) - F(x_T) + (alpha^2 L/2) sum g^2/b."""
    most = m["decrease"] + q.alpha**2 * q.L / 2 * m["ratio_sum"]
    return {"inner_product_sum": (most - symbols("slack")) / q.alpha}


def _below_start(q: Quantities, m: Sums) -> Sums:
    return {"decrease": q.D0 - symbols("slack")}


def _decoupled(lemma: str) -> Callable[[Quantities, Sums], Sums]:
    def given(q: Quantities, m: Sums) -> Sums:
        """L1 summed, with the lemma's own (c, K): c sum m^2/sqrt(E b) <= sum <.> + K G sqrt(w) sum g^2/b."""
        c, K = constants(lemmas()[lemma])
        least = c * m["conditional_ratio"] - K * q.G * _root(q) * m["ratio_sum"]
        return {"inner_product_sum": least + symbols("slack")}

    return given


def _one_gradient(q: Quantities, m: Sums) -> Sums:
    """What one gradient at time t contributes, t = T/(1+s)^2: the sums are linear, so that this is all of them."""
    t, square = q.T / (1 + symbols("s")) ** 2, symbols("square")
    xp = arithmetic("sympy")
    expected = t * (q.eps + q.G**2) / (1 + symbols("slack")) ** 2
    return {
        "mean_squared_gradient": square / q.T,
        "squared_gradient_over_root_t": square / xp.sqrt(t),
        "conditional_ratio": square / xp.sqrt(expected),
    }


def _shifted(q: Quantities, m: Sums) -> Sums:
    """L4 at z: alpha sum <grad F, u/alpha> <= shifted decrease + first order + (L/2) sum |z_t - z_{t-1}|^2."""
    most = m["shifted_decrease"] + m["shifted_first_order"] + q.L / 2 * m["shifted_step"]
    return {"inner_product_sum": (most - symbols("slack")) / q.alpha}


def _r(q: Quantities) -> Expression:
    return q.beta1 / (1 - q.beta1)


def _bounded(q: Quantities, m: Sums) -> Sums:
    most = _r(q) * (q.G * m["drift_length"] + q.L * m["cross_length"])
    return {"shifted_first_order": most - symbols("slack")}


def _young(q: Quantities, m: Sums) -> Sums:
    """|u - rp|^2 <= 2|u|^2 + 2r^2|p|^2 and 2r|q||u| <= r^2|q|^2 + |u|^2, |u|^2 = alpha^2 g^2/b."""
    u, r = q.alpha**2 * m["ratio_sum"], _r(q)
    cross = (r**2 * m["squared_move"] + u - symbols("slack")) / (2 * r)
    return {"cross_length": cross, "shifted_step": 2 * u + 2 * r**2 * m["squared_drift"] - symbols("slack2")}


def _young_log(q: Quantities, m: Sums) -> Sums:
    """|u - rp|^2 <= (1+r)(|u|^2 + r|p|^2) and 2|q||u| <= |q|^2 + |u|^2."""
    u, r = q.alpha**2 * m["ratio_sum"], _r(q)
    cross = (m["squared_move"] + u - symbols("slack")) / 2
    return {"cross_length": cross, "shifted_step": (1 + r) * (u + r * m["squared_drift"]) - symbols("slack2")}


def _telescoped(q: Quantities, m: Sums) -> Sums:
    """|m_i| <= G, sum (eta_{t-1} - eta_t) <= eta_0, sum (eta_{t-1} - eta_t)^2 <= eta_0^2, eta_0 = alpha/sqrt(eps)."""
    first = q.alpha / arithmetic("sympy").sqrt(q.eps)
    return {
        "drift_length": q.d * q.G * first - symbols("slack"),
        "squared_drift": q.d * q.G**2 * first**2 - symbols("slack2"),
        "step_size_decrease": q.d * first - symbols("slack3"),
    }


def _averaged(q: Quantities, m: Sums) -> Sums:
    return {"squared_move": q.alpha**2 * m["ratio_sum"] - symbols("slack")}


def _shifted_start(q: Quantities, m: Sums) -> Sums:
    return {"shifted_decrease": q.D0 - symbols("slack")}


_T5 = {
    "weights 1/sqrt(t)": (_one_gradient, "L5, for one gradient at any t <= T"),
    "expected denominator": (_one_gradient, "E b_t <= t R^2, for one gradient at any t <= T"),
    "descent": (_descent, "L4 summed"),
    "data-dependent bound": (_below_start, "F >= F_star"),
}
_T7 = {
    "smooth at the shifted point": (_shifted, "L4 at z summed"),
    "bounded gradients": (_bounded, "|d_iF| <= G, L-smooth along r q"),
    "Young": (_young, "two Young inequalities"),
    "telescoped step sizes": (_telescoped, "step sizes do not grow"),
    "averaged momentum": (_averaged, "sum |eta m|^2 <= sum |eta g|^2"),
    "data-dependent bound": (_shifted_start, "F >= F_star"),
}
_T7_LOG = {name: link for name, link in _T7.items() if name not in ("telescoped step sizes", "averaged momentum")} | {
    "Young": (_young_log, "two Young inequalities")
}


def links() -> list[Link]:
    """The links of T5, T7 and T7log that are decided here."""
    found = []
    for name, lemma in (
        ("avgrad-rate", "decoupling"),
        ("avgrad-rate-published-constants", "decoupling-published"),
        ("avgrad-weighted-rate", "decoupling"),
    ):
        table = {**_T5, "decoupled": (_decoupled(lemma), f"L1 summed, (c, K) of the package's {lemma}")}
        found += _of(name, table)
    for name in ("amsgrad-monotone-rate", "avgrad-monotone-rate", "interpolation-monotone-rate", "safeguarded-rate"):
        found += _of(name, _T7)
    for name in ("amsgrad-monotone-log-rate", "avgrad-monotone-log-rate", "avgrad-momentum-rate"):
        found += _of(name, _T7_LOG)
    return found


def _of(name: str, table: Mapping[str, tuple[Callable[[Quantities, Sums], Sums], str]]) -> list[Link]:
    levels = [level.name for level in theorems()[name].chain]
    return [Link(name, to, *table[to]) for to in levels[1:] if to in table]
