"""Every inequality of a theorem's chain, level by level, by the package's own formulas of both levels.

A level's value is a formula of measured sums. The lemma that leads to the next level says something about these sums;
it is put in as a substitution, with a slack, and then right - left must be nonnegative whatever the sums are. So a
wrong constant in a level, or one that differs from its lemma's, is refuted here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from madatheory.arithmetic import arithmetic
from madatheory.theory.catalogue import list_lemmas, list_theorems
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Level, Theorem
from proofs_check.evidence import Finding
from proofs_check.symbolic.decoupling import constants, logarithmic_constant
from proofs_check.symbolic.instances import symbols
from proofs_check.symbolic.signs import Expression, inequality, sympy_or_missing

Sums = Mapping[str, Any]


@dataclass(frozen=True)
class Link:
    """From the level before to the level `to`: the lemma's statement about the sums, as a substitution."""

    theorem: str
    to: str
    given: Callable[[Quantities, Sums], Sums]
    words: str
    T: int | None = None  # where a lemma on T terms is put in

    def decide(self) -> Finding:
        """right - left of the two levels, all sums and symbols positive but those that may have any sign."""
        theorem = list_theorems()[self.theorem]
        chain = {level.name: level for level in theorem.chain}
        names = list(chain)
        before, after = chain[names[names.index(self.to) - 1]], chain[self.to]
        q = (
            quantities(theorem)
            if self.T is None
            else quantities(theorem)._replace(T=sympy_or_missing().Integer(self.T))
        )
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


def _below_one(name: str) -> Expression:
    """A number in (0, 1) with a root of its distance to 1: 1 - 1/(1+u)^2."""
    return 1 - 1 / (1 + symbols(name)) ** 2


def quantities(theorem: Theorem) -> Quantities:
    """Symbols for everything that a bound may contain, squares of symbols where roots occur."""
    sp = sympy_or_missing()
    found = {name: symbols(name) for name in ("d", "D0", "L", "G", "alpha", "W", "N")}
    found |= {name: symbols(f"root_{name}") ** 2 for name in ("T", "eps")}
    found |= {name: _below_one(f"u_{name}") for name in ("beta1", "beta2", "rho", "c")}
    if not theorem.settings.get("beta1", 0):
        found["beta1"] = sp.Integer(0)
    return Quantities(**found, beta3=sp.Integer(0))


_WEIGHTED = ("horizon_weighted_ratio", "root_weighted_ratio", "root_weighted_ratio_moving_rho")


def descent(q: Quantities, m: Sums) -> Sums:
    """L4 summed: alpha sum <grad F, g/sqrt b> <= F(x_0) - F(x_T) + (alpha^2 L/2) sum g^2/b, or N max_i for L sum_i."""
    curved = q.N * m["largest_ratio_sum"] if "largest_ratio_sum" in m else q.L * m["ratio_sum"]
    most = m["decrease"] + q.alpha**2 / 2 * curved
    return {"inner_product_sum": (most - symbols("slack")) / q.alpha}


def below_start(q: Quantities, m: Sums) -> Sums:
    return {"decrease": q.D0 - symbols("slack")}


def decoupled(lemma: str) -> Callable[[Quantities, Sums], Sums]:
    def given(q: Quantities, m: Sums) -> Sums:
        """L1 summed, with the lemma's own (c, K): c sum m^2/sqrt(E b) <= sum <.> + K G sum sqrt(w_t) g^2/b."""
        c, K = constants(list_lemmas()[lemma])
        weighted = next((m[name] for name in _WEIGHTED if name in m), None)
        if weighted is None:
            weighted = arithmetic("sympy").sqrt(q.w) * m["ratio_sum"]
        least = c * m["conditional_ratio"] - K * q.G * weighted
        return {"inner_product_sum": least + symbols("slack")}

    return given


def one_gradient(largest: Callable[[Quantities, Expression], Expression]) -> Callable[[Quantities, Sums], Sums]:
    """What one gradient at time t contributes, T = t/(1+s)^2: the sums are linear, so that this is all of them.

    `largest` bounds what stands under the root at time t, by the constants and t.
    """

    def given(q: Quantities, m: Sums) -> Sums:
        t, square, xp = q.T / (1 + symbols("s")) ** 2, symbols("square"), arithmetic("sympy")
        over = square / xp.sqrt(largest(q, t) / (1 + symbols("slack")) ** 2)
        found = {"mean_squared_gradient": square / q.T, "squared_gradient_over_root_t": square / xp.sqrt(t)}
        return found | {"stale_step_gradient": q.alpha * over, **dict.fromkeys(_OVER_ROOT, over)}

    return given


_OVER_ROOT = ("conditional_ratio", "known_ratio", "stale_ratio_w", "stale_ratio_yogi", "stale_ratio_sum")


def logarithmic(q: Quantities, m: Sums) -> Sums:
    """L1log summed, with its own K: sum m^2/sqrt(max(a, W m^2)) <= sum <.> + K (G/sqrt W) sum ln(b/a)."""
    K, xp = logarithmic_constant(), arithmetic("sympy")
    growth = m["log_growth_over_root_t"] if "log_growth_over_root_t" in m else m["log_growth"]
    known = m["inner_product_sum"] + K * q.G / xp.sqrt(_weight(q, m)) * growth - symbols("slack")
    return dict.fromkeys(_OVER_ROOT, known)


def _weight(q: Quantities, m: Sums) -> Expression:
    """W with b_t >= W g_j^2 for j <= t, by what the theorem measures."""
    if "stale_ratio_yogi" in m:
        return arithmetic("sympy").minimum(q.w, q.beta2 + q.w * q.c)
    return q.W if "stale_ratio_sum" in m else q.w


def current(q: Quantities, m: Sums) -> Sums:
    """sum eta_{t-1} (d_iF)^2 <= alpha sum <grad F, g/sqrt b> + G^2 sum (eta_{t-1} - eta_t), in expectation."""
    most = q.alpha * m["inner_product_sum"] + q.G**2 * m["step_size_decrease"]
    return {"stale_step_gradient": most - symbols("slack")}


def averaged_log(q: Quantities, m: Sums) -> Sums:
    """|p_i| <= alpha sqrt(size/W) (1 - y^(-1/2)) with y = b_t/b_{t-1}: sums by ln y/2, of squares by ln y/4.

    |m_{t-1}|^2 <= size b_{t-1}/W: size = 1, and (1-beta1)/(1+beta1) where sum g_j^2 and not max g_j^2 is below b/W.
    """
    xp = arithmetic("sympy")
    size = (1 - q.beta1) / (1 + q.beta1) if "conditional_ratio" in m else 1
    root = xp.sqrt(size) / xp.sqrt(_weight(q, m)) if size != 1 else 1 / xp.sqrt(_weight(q, m))
    return {
        "drift_length": q.alpha * root * m["log_growth"] / 2 - symbols("slack"),
        "squared_drift": q.alpha**2 * root**2 * m["log_growth"] / 4 - symbols("slack2"),
        "squared_move": q.alpha**2 * m["ratio_sum"] - symbols("slack3"),
    }


def telescoped_logarithms(q: Quantities, m: Sums) -> Sums:
    """sum_t ln((eps + vmax_t)/(eps + vmax_{t-1}))/sqrt(t) <= ln(1 + G^2/eps)."""
    xp = arithmetic("sympy")
    return {"log_growth_over_root_t": q.d * xp.log(1 + q.G**2 / q.eps) - symbols("slack")}


def shifted(q: Quantities, m: Sums) -> Sums:
    """L4 at z: alpha sum <grad F, u/alpha> <= shifted decrease + first order + (L/2) sum |z_t - z_{t-1}|^2."""
    most = m["shifted_decrease"] + m["shifted_first_order"] + q.L / 2 * m["shifted_step"]
    return {"inner_product_sum": (most - symbols("slack")) / q.alpha}


def _r(q: Quantities) -> Expression:
    return q.beta1 / (1 - q.beta1)


def bounded(q: Quantities, m: Sums) -> Sums:
    most = _r(q) * (q.G * m["drift_length"] + q.L * m["cross_length"])
    return {"shifted_first_order": most - symbols("slack")}


def young(q: Quantities, m: Sums) -> Sums:
    """|u - rp|^2 <= 2|u|^2 + 2r^2|p|^2 and 2r|q||u| <= r^2|q|^2 + |u|^2, |u|^2 = alpha^2 g^2/b."""
    u, r = q.alpha**2 * m["ratio_sum"], _r(q)
    cross = (r**2 * m["squared_move"] + u - symbols("slack")) / (2 * r)
    return {"cross_length": cross, "shifted_step": 2 * u + 2 * r**2 * m["squared_drift"] - symbols("slack2")}


def young_log(q: Quantities, m: Sums) -> Sums:
    """|u - rp|^2 <= (1+r)(|u|^2 + r|p|^2) and 2|q||u| <= |q|^2 + |u|^2."""
    u, r = q.alpha**2 * m["ratio_sum"], _r(q)
    cross = (m["squared_move"] + u - symbols("slack")) / 2
    return {"cross_length": cross, "shifted_step": (1 + r) * (u + r * m["squared_drift"]) - symbols("slack2")}


def minkowski(q: Quantities, m: Sums) -> Sums:
    """sum |u - rp|^2 <= (sqrt(sum |u|^2) + r sqrt(sum |p|^2))^2 and 2|q||u| <= |q|^2 + |u|^2, |u|^2 = alpha^2 g^2/b."""
    u, r, xp = q.alpha**2 * m["ratio_sum"], _r(q), arithmetic("sympy")
    cross = (m["squared_move"] + u - symbols("slack")) / 2
    step = (xp.sqrt(u) + r * xp.sqrt(m["squared_drift"])) ** 2 - symbols("slack2")
    return {"cross_length": cross, "shifted_step": step}


def telescoped(q: Quantities, m: Sums) -> Sums:
    """|m_i| <= G, sum (eta_{t-1} - eta_t) <= eta_0, sum (eta_{t-1} - eta_t)^2 <= eta_0^2, eta_0 = alpha/sqrt(eps)."""
    first = q.alpha / arithmetic("sympy").sqrt(q.eps)
    return {
        "drift_length": q.d * q.G * first - symbols("slack"),
        "squared_drift": q.d * q.G**2 * first**2 - symbols("slack2"),
        "step_size_decrease": q.d * first - symbols("slack3"),
    }


def averaged(q: Quantities, m: Sums) -> Sums:
    return {"squared_move": q.alpha**2 * m["ratio_sum"] - symbols("slack")}


def shifted_start(q: Quantities, m: Sums) -> Sums:
    return {"shifted_decrease": q.D0 - symbols("slack")}


def right(lemma: str, q: Quantities) -> Expression:
    """The right side of a lemma about T terms x_t <= G^2."""
    case = {"x": [sympy_or_missing().Integer(0)] * int(q.T), "G": q.G, "eps": q.eps, "beta2": q.beta2}
    return list_lemmas()[lemma].right(case, arithmetic("sympy"))


def ratios(*names: str) -> Callable[[Quantities, Sums], Sums]:
    """sum g^2/b <= d times the smallest right side of the named lemmas."""

    def given(q: Quantities, m: Sums) -> Sums:
        least = arithmetic("sympy").minimum(*[right(name, q) for name in names])
        return {"ratio_sum": q.d * least - symbols("slack")}

    return given


def horizon_ratios(q: Quantities, m: Sums) -> Sums:
    """sum (t/T) g^2/B <= d S2 and sum sqrt(w t/T) g^2/B <= d sqrt(w) S1, by the lemmas of T5c."""
    first, second = right("avgrad-horizon-sum-root", q), right("avgrad-horizon-sum", q)
    weighted = q.d * arithmetic("sympy").sqrt(q.w) * first - symbols("slack")
    return {"horizon_weighted_ratio": weighted, "ratio_sum": q.d * second - symbols("slack2")}
