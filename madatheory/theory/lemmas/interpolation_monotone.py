"""L6: when b_t = t(eps + rho v_t + (1-rho) vbar_t) cannot decrease."""

from dataclasses import replace

import numpy as np

from madatheory.arithmetic import Arithmetic, Number
from madatheory.theory.lemma import Lemma, Values, second_moments
from madatheory.theory.samplers import decay, log_uniform, mixed, sequence


def _draw(rng: np.random.Generator, n: int) -> Values:
    """rho often at the end of its range for this t; the last gradient is often zero, the earlier ones large."""
    x = sequence(rng, n, 2)
    x[:-1] = np.where(rng.random(n) < 0.5, 1.0, x[:-1])
    x[-1] = np.where(rng.random(n) < 0.7, 0.0, x[-1])
    beta2, G = decay(rng, n), log_uniform(rng, -1, 1, n)
    eps = G**2 * mixed(rng, np.zeros(n), log_uniform(rng, -8, 1, n))
    gap = len(x) - 1
    end = beta2 / (gap * (1 - beta2))
    bounded = end + eps / (G**2 * (1 - beta2**gap) * gap * (1 - beta2))
    one = rng.random(n)
    rho = mixed(rng, one, end * (1 - 1e-9), end * one, bounded * (1 - 1e-9), end * gap / max(gap - 1, 1) * one)
    return {"x": G**2 * x, "G": G, "eps": eps, "beta2": beta2, "rho": np.clip(rho, 0, 1)}


def _b(v: Values, x: list, xp: Arithmetic) -> Number:
    moments = second_moments(x, v["beta2"])
    return len(x) * (v["eps"] + v["rho"] * moments[-1]) + (1 - v["rho"]) * sum(moments)


def _growth(v: Values, xp: Arithmetic) -> Number:
    """eps + v_t + rho (t-1)(v_t - v_{t-1})."""
    *_, before, now = second_moments(v["x"], v["beta2"])
    return v["eps"] + now + v["rho"] * (len(v["x"]) - 1) * (now - before)


def _size(v: Values, xp: Arithmetic) -> Number:
    *_, before, now = second_moments(v["x"], v["beta2"])
    return len(v["x"]) * (v["eps"] + before + now)


def _common(v: Values) -> list:
    bounded = [r for x in v["x"] for r in (x >= 0, x <= v["G"] ** 2 * (1 + 1e-15))]
    return [v["eps"] >= 0, v["rho"] >= 0, v["rho"] <= 1, v["beta2"] >= 0, v["beta2"] < 1, *bounded]


def _in_range(v: Values, gap: int) -> list:
    """rho gap (1-beta2) <= beta2 where gap = t-1."""
    return [*_common(v), v["rho"] * gap * (1 - v["beta2"]) <= v["beta2"]]


def _in_bounded_range(v: Values, least: Number) -> list:
    """eps + G^2 (1-beta2^(t-1))(beta2 - rho(t-1)(1-beta2)) >= least."""
    gap = len(v["x"]) - 1
    slack = v["beta2"] - v["rho"] * gap * (1 - v["beta2"])
    return [*_common(v), v["eps"] + v["G"] ** 2 * (1 - v["beta2"] ** gap) * slack >= least]


_IDENTITY = Lemma(
    "interpolation-growth",
    "L6",
    "b_t = t(eps + rho v_t + (1-rho) vbar_t): b_t - b_{t-1} = eps + v_t + rho (t-1)(v_t - v_{t-1})",
    "new",
    _draw,
    lambda v, xp: _b(v, v["x"], xp) - _b(v, v["x"][:-1], xp),
    _growth,
    _common,
    relation="==",
    size=lambda v, xp: _size(v, xp) + _b(v, v["x"], xp),
)
interpolation_growth = replace(
    _IDENTITY,
    false_variants=(
        replace(
            _IDENTITY,
            name="interpolation-growth-shifted",
            statement="the same with rho t (v_t - v_{t-1})",
            right=lambda v, xp: _growth({**v, "rho": v["rho"] * xp.rational(len(v["x"]), len(v["x"]) - 1)}, xp),
        ),
    ),
)


def _decrease(v: Values, xp: Arithmetic) -> Number:
    return -_growth(v, xp)


def _zero(v: Values, xp: Arithmetic) -> Number:
    return 0 * v["eps"]


_RANGE = Lemma(
    "interpolation-monotone",
    "L6",
    "b_{t-1} <= b_t for all gradients where rho (t-1)(1-beta2) <= beta2",
    "new",
    _draw,
    _decrease,
    _zero,
    lambda v: _in_range(v, len(v["x"]) - 1),
    size=_size,
)
interpolation_monotone = replace(
    _RANGE,
    false_variants=(
        replace(
            _RANGE,
            name="interpolation-monotone-one-longer",
            statement="the same where rho (t-2)(1-beta2) <= beta2",
            hypothesis=lambda v: _in_range(v, len(v["x"]) - 2),
        ),
    ),
)
_BOUNDED = Lemma(
    "interpolation-monotone-bounded",
    "L6",
    "b_{t-1} <= b_t for |g| <= G where eps + G^2 (1-beta2^(t-1))(beta2 - rho(t-1)(1-beta2)) >= 0",
    "new",
    _draw,
    _decrease,
    _zero,
    lambda v: _in_bounded_range(v, 0),
    size=_size,
)
interpolation_monotone_bounded = replace(
    _BOUNDED,
    false_variants=(
        replace(
            _BOUNDED,
            name="interpolation-monotone-bounded-wider",
            statement="the same where that is >= -eps",
            hypothesis=lambda v: _in_bounded_range(v, -v["eps"]),
        ),
    ),
)
