"""Which links of which theorem's chain are decided, and what each takes from its lemma."""

from collections.abc import Callable, Mapping

from madatheory.arithmetic import arithmetic
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.chains.momentum_terms import R_safeguarded, R_safeguarded_sum
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import R
from madatheory.theory.theorem import Formula
from proofs_check.symbolic.links import (
    Link,
    Sums,
    averaged,
    averaged_log,
    below_start,
    bounded,
    current,
    decoupled,
    descent,
    horizon_ratios,
    logarithmic,
    minkowski,
    one_gradient,
    ratios,
    shifted,
    shifted_start,
    telescoped,
    telescoped_logarithms,
    young,
    young_log,
)
from proofs_check.symbolic.signs import Expression


def _at_time(q: Quantities, t: Expression) -> Expression:
    return t * (q.eps + q.G**2)


def _at_horizon(root: Formula = R) -> Callable[[Quantities, Expression], Expression]:
    return lambda q, t: q.T * root(q, arithmetic("sympy")) ** 2


Table = Mapping[str, tuple[Callable[[Quantities, Sums], Sums], str]]

_SMALL_STEPS: Table = {
    "weights 1/sqrt(t)": (one_gradient(_at_time), "L5, for one gradient at any t <= T"),
    "expected denominator": (one_gradient(_at_time), "E b_t <= t R^2, for one gradient at any t <= T"),
    "known denominator": (one_gradient(_at_time), "at most t R^2, for one gradient at any t <= T"),
    "descent": (descent, "L4 summed"),
    "data-dependent bound": (below_start, "F >= F_star"),
    "telescoped logarithms": (telescoped_logarithms, "sum ln/sqrt(t) <= Lam"),
}
_DECOUPLED: Mapping[str, tuple[str, Table]] = {
    "avgrad-rate": ("decoupling", {}),
    "avgrad-rate-published-constants": ("decoupling-published", {}),
    "avgrad-weighted-rate": ("decoupling", {}),
    "avgrad-coordinate-rate": ("decoupling", {}),
    "interpolation-rate": ("decoupling", {}),
    "interpolation-rate-published-constants": ("decoupling-published", {}),
    "interpolation-moving-rate": ("decoupling", {}),
    "avgrad-horizon-rate": (
        "decoupling",
        {"expected denominator": (one_gradient(_at_horizon()), "E b_t <= T R^2, for one gradient")},
    ),
    **dict.fromkeys(
        ("adam-constant-step-rate", "adam-coordinate-rate"),
        (
            "decoupling",
            {"expected denominator": (one_gradient(lambda q, t: q.eps + q.G**2), "E b_t <= R^2, for one gradient")},
        ),
    ),
    "adam-constant-step-rate-published-constants": (
        "decoupling-published",
        {"expected denominator": (one_gradient(lambda q, t: q.eps + q.G**2), "E b_t <= R^2, for one gradient")},
    ),
}
_MOMENTUM: Table = {
    "current step sizes": (current, "E g_t = grad F, |d_iF g_i| <= G^2"),
    "smooth at the shifted point": (shifted, "L4 at z summed"),
    "bounded gradients": (bounded, "|d_iF| <= G, L-smooth along r q"),
    "data-dependent bound": (shifted_start, "F >= F_star"),
}
_MONOTONE: Table = {
    **_MOMENTUM,
    "Young": (young, "two Young inequalities"),
    "telescoped step sizes": (telescoped, "step sizes do not grow"),
    "averaged momentum": (averaged, "sum |eta m|^2 <= sum |eta g|^2"),
}
_SHARP: Table = {
    **_MOMENTUM,
    "Minkowski": (minkowski, "Minkowski and Young"),
    "averaged momentum": _MONOTONE["averaged momentum"],
}
_LOGARITHMIC: Table = {
    **_MOMENTUM,
    "decoupled": (logarithmic, "L1log summed, the constant of the package's decoupling-any-denominator"),
    "Young": (young_log, "two Young inequalities"),
    "averaged momentum": (averaged_log, "|m_{t-1}|^2 <= size b_{t-1}/W, and bounds of ln"),
}
_STALE = ("amsgrad", "avgrad", "interpolation", "safeguarded")


def links() -> list[Link]:
    """The links of chains that are decided here, all but those that bound sums of ratios (L2)."""
    found = []
    for name, (lemma, more) in _DECOUPLED.items():
        by_l1 = (decoupled(lemma), f"L1 summed, (c, K) of the package's {lemma}")
        found += _of(name, {**_SMALL_STEPS, "decoupled": by_l1, **more})
    found += _of("amsgrad-rate", {**_SMALL_STEPS, "decoupled": _LOGARITHMIC["decoupled"]})
    for method in _STALE:
        root = R_safeguarded if method == "safeguarded" else R
        stale = (one_gradient(_at_horizon(root)), "what is under the root is at most T R^2")
        name = "safeguarded-rate" if method == "safeguarded" else f"{method}-monotone-rate"
        found += _of(name, {**_MONOTONE, "stale step sizes": stale})
        found += _of(f"{method}-monotone-log-rate", {**_LOGARITHMIC, "stale denominators": stale})
    for method in ("amsgrad", "avgrad", "interpolation"):
        found += _of(f"{method}-monotone-sharp-rate", _SHARP)
    stale = (one_gradient(_at_horizon(R_safeguarded_sum)), "what is under the root is at most T R^2")
    found += _of("safeguarded-sum-rate", {**_LOGARITHMIC, "stale denominators": stale})
    first = {key: _SMALL_STEPS[key] for key in ("weights 1/sqrt(t)", "expected denominator")}
    by_l1 = (decoupled("decoupling"), "L1 summed, (c, K) of the package's decoupling")
    found += _of("avgrad-momentum-rate", {**_LOGARITHMIC, **first, "decoupled": by_l1})
    return found


def last_links() -> list[Link]:
    """From the data-dependent to the a-priori bound, by the package's lemmas on sums of ratios with T terms."""
    both = ("avgrad-ratio-sum", "avgrad-ratio-sum-uniform")
    given = {
        **dict.fromkeys(
            ("avgrad-rate", "avgrad-rate-published-constants", "avgrad-weighted-rate"), (ratios(*both), "L2d")
        ),
        "amsgrad-rate": (ratios("amsgrad-ratio-sum"), "Q_A of T5A"),
        "avgrad-horizon-rate": (horizon_ratios, "S1, S2 of T5c"),
    }
    return [Link(name, "a-priori bound", *table, T=3) for name, table in given.items()]


def _of(name: str, table: Table) -> list[Link]:
    levels = [level.name for level in list_theorems()[name].chain]
    return [Link(name, to, *table[to]) for to in levels[1:] if to in table]
