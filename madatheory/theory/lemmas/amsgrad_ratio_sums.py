"""The sums of ratios of AMSGrad: with alpha/sqrt(t) (Q_A of T5A) and with a known horizon (T5c)."""

from dataclasses import replace

import numpy as np

from madatheory.arithmetic import Arithmetic, Number
from madatheory.theory.lemma import Lemma, Values, second_moments
from madatheory.theory.quantities import Quantities
from madatheory.theory.samplers import decay, log_uniform, sequence
from madatheory.theory.theorems.amsgrad_rate import Q_A
from madatheory.theory.theorems.horizon_rates import amsgrad_ratios


def _draw(rng: np.random.Generator, n: int) -> Values:
    """x_t = g_t^2 in [0, G^2]; half of the cases climb, as far as beta2 lets them, to a level that moves with t."""
    x, G = sequence(rng, n), log_uniform(rng, -1, 1, n)
    eps, beta2 = log_uniform(rng, -8, 2, n), decay(rng, n)
    w, v, climb = 1 - beta2, np.zeros(n), rng.random(n) < 0.5
    rate, start = log_uniform(rng, -1, 1, n), eps * log_uniform(rng, -1, 1, n)
    for t in range(len(x)):
        goal = start * np.exp(rate * (t + 1))
        x[t] = np.where(climb, np.clip((goal - beta2 * v) / w, 0, 1), x[t])
        v = beta2 * v + w * x[t]
    return {"x": G**2 * x, "G": G, "eps": G**2 * eps, "beta2": beta2}


def _hypothesis(v: Values) -> list:
    bounded = [r for x in v["x"] for r in (x >= 0, x <= v["G"] ** 2 * (1 + 1e-15))]
    return [v["eps"] > 0, v["G"] > 0, v["beta2"] >= 0, v["beta2"] < 1, *bounded]


def _denominators(v: Values, xp: Arithmetic) -> list[Number]:
    """A_t = eps + vmax_t."""
    found, largest = [], 0 * v["eps"]
    for moment in second_moments(v["x"], v["beta2"]):
        largest = xp.maximum(largest, moment)
        found.append(v["eps"] + largest)
    return found


def _decreasing(v: Values, xp: Arithmetic) -> Number:
    terms = zip(v["x"], _denominators(v, xp), strict=True)
    return sum(x / (t * a) for t, (x, a) in enumerate(terms, 1))


def _constant(v: Values, xp: Arithmetic) -> Number:
    return sum(x / a for x, a in zip(v["x"], _denominators(v, xp), strict=True)) * xp.rational(1, len(v["x"]))


def _quantities(v: Values) -> Quantities:
    return Quantities(T=v["eps"] * 0 + len(v["x"]), G=v["G"], eps=v["eps"], beta2=v["beta2"])


def _bound(v: Values, xp: Arithmetic) -> Number:
    return Q_A(_quantities(v), xp)


_RATIOS = Lemma(
    "amsgrad-ratio-sum",
    "T5A",
    "sum g_t^2/(t (eps + vmax_t)) <= Q_A of T5A, g_t^2 <= G^2",
    "new",
    _draw,
    _decreasing,
    _bound,
    _hypothesis,
)
amsgrad_ratio_sum = replace(
    _RATIOS,
    false_variants=(
        replace(
            _RATIOS,
            name="amsgrad-ratio-sum-harmonic",
            statement="the same with 1 + ln T alone",
            right=lambda v, xp: 1 + xp.log(_quantities(v).T),
        ),
        replace(
            _RATIOS,
            name="amsgrad-ratio-sum-no-log",
            statement="the same with 1 for 1 + ln(2+Lam)",
            right=lambda v, xp: 1 + xp.log(_quantities(v).T) + v["beta2"] / (1 - v["beta2"]),
        ),
    ),
)
_HORIZON = Lemma(
    "amsgrad-horizon-sum",
    "T5c",
    "sum g_t^2/(T (eps + vmax_t)) <= min(1 + (beta2/(wT))(1 + Lam), G^2/eps), Lam = ln(1+G^2/eps), g_t^2 <= G^2",
    "new",
    _draw,
    _constant,
    lambda v, xp: amsgrad_ratios(_quantities(v), xp),
    _hypothesis,
)
amsgrad_horizon_sum = replace(
    _HORIZON,
    false_variants=(
        replace(
            _HORIZON,
            name="amsgrad-horizon-sum-flat",
            statement="the same without Lam",
            right=lambda v, xp: 1 + v["beta2"] / ((1 - v["beta2"]) * len(v["x"])),
        ),
    ),
)
