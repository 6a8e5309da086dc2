"""The promises about F: it is nowhere below F_star, its gradient is that of its value, and Lipschitz with constant L.

A search looks for the point at which each comes nearest to breaking; what it finds broken is broken, what it does not
find may be.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from madatheory.problems.audit.probe import Points, Probe, shown

ROUNDING = 1e-9
"""Relative slack granted to float64 rounding where a certificate may be attained."""
REACHES, NEAR = (1e-3, 1e-4, 1e-5), 1e-4  # distances, relative to 1 + |x|, of a quotient and of a difference of F
SEARCH, DESCENT, BRIEF = 24, 40, 4  # rounds of the search for curvature, steps of a descent, rounds at visited points
_GRADIENT = 1e-12  # rounding error of grad F, relative to its largest entry


class SteepestPair(NamedTuple):
    """The largest quotient |grad F(x) - grad F(y)| / |x - y| that was met, less what rounding may add, and where."""

    quotient: float
    x: np.ndarray
    y: np.ndarray


class Lowest(NamedTuple):
    """The least value of F that was met, and where."""

    value: float
    x: np.ndarray


def broken_by_function(probe: Probe, x: Points, rng: np.random.Generator, *, thorough: bool) -> list[str]:
    """What is broken at, or near, the points `x`; `thorough` also descends from them and searches longer."""
    constants, missing = probe.problem.constants, probe.problem.not_covered
    value, gradient = probe.field(x)
    lowest = _lowest(value, x)
    some = _spread(x, 256)
    pair = steepest(probe, some, rng, SEARCH if thorough else BRIEF)
    curvature = pair.quotient if constants is None else max(pair.quotient, constants.L.value)
    if thorough and curvature > 0:
        lowest = min(lowest, descended(probe, some, 1 / curvature), key=lambda found: found.value)
    found = []
    if constants is not None and "A1" not in missing:
        F_star, scale = constants.F_star.value, abs(float(probe.field(x[:, :1]).value[0]))
        if lowest.value < F_star - ROUNDING * (abs(F_star) + scale) - 1e-12:
            found.append(
                f"the certificate F_star = {F_star:.6g} is broken at x = {shown(lowest.x)}: F(x) = {lowest.value:.6g}"
            )
    if constants is not None and "A3" not in missing and pair.quotient > constants.L.value * (1 + ROUNDING):
        found.append(
            f"the certificate L = {constants.L.value:.6g} is broken at x = {shown(pair.x)} and y = {shown(pair.y)}: "
            f"|grad F(x) - grad F(y)| / |x - y| = {pair.quotient:.6g}"
        )
    found += _too_curved(probe, some, rng)
    if constants is not None and "A2" not in missing:
        largest = np.where(np.isfinite(gradient), np.abs(gradient), 0).max(axis=0)
        worst = int(np.argmax(largest))
        if "A4" not in missing and largest[worst] > constants.G.value * (1 + 1e-12):
            found.append(
                f"the certificate G = {constants.G.value:.6g} is broken at x = {shown(x[:, worst])}: a derivative of F "
                f"is {largest[worst]:.6g}, and the stochastic gradient has that mean"
            )
    return found + _too_far(probe, x, curvature) + _not_the_derivative(probe, some, curvature, rng)


def _too_curved(probe: Probe, x: Points, rng: np.random.Generator) -> list[str]:
    """<grad F(x + hs) - grad F(x), s> <= h sum_i N_i for signs s; those of the difference make the left side larger."""
    constants = probe.problem.constants
    if constants is None or constants.N is None or "A3" in probe.problem.not_covered:
        return []
    N, gradient = constants.N.value, probe.field(x).gradient
    h = np.resize(REACHES, x.shape[1]) * (1 + np.linalg.norm(x, axis=0))
    s = rng.choice((-1.0, 1.0), x.shape)
    for _ in range(BRIEF):
        moved = probe.inside(x + h * s) - x
        change = probe.field(x + moved).gradient - gradient
        with np.errstate(invalid="ignore", over="ignore"):
            along = np.sum(change * moved, axis=0) / h**2
            rounding = len(x) * _GRADIENT * np.max(np.abs(gradient), axis=0) / h
            excess = np.nan_to_num(along - rounding - N * (1 + ROUNDING), nan=-1.0)
        worst = int(np.argmax(excess))
        if excess[worst] > 0:
            return [
                f"the certificate N = {N:.6g} is broken at x = {shown(x[:, worst])}: for the signs "
                f"s = {shown(s[:, worst])} s.H(x)s is about {along[worst]:.6g}"
            ]
        s = np.where(change >= 0, 1.0, -1.0)
    return []


def _too_far(probe: Probe, x: Points, curvature: float) -> list[str]:
    """F(y) - F_star <= <grad F(y), y - x_star> <= <grad F(y), y - x_0> + |grad F(y)| |x_0 - x_star| for a convex F.

    Sharp just before the minimizer, so it is also asked on the way from the start to where a descent ends.
    """
    constants, missing = probe.problem.constants, probe.problem.not_covered
    if constants is None or constants.distance is None or "A1" in missing:
        return []
    start, distance, F_star = np.asarray(probe.problem.start)[:, None], constants.distance.value, constants.F_star.value
    end = descended(probe, start, 1 / curvature).x[:, None] if curvature > 0 else start
    y = np.concatenate([start + (end - start) * [0.0, 0.5, 0.9, 0.99], x], axis=1)
    value, gradient = probe.field(y)
    with np.errstate(invalid="ignore", over="ignore"):
        along, length = np.sum(gradient * (y - start), axis=0), np.linalg.norm(gradient, axis=0)
        allowed = along + length * distance
        size = np.abs(value) + abs(F_star) + np.abs(along) + length * distance
        excess = np.nan_to_num(value - F_star - allowed - ROUNDING * size - 1e-12, nan=-1.0)
    worst = int(np.argmax(excess))
    if excess[worst] <= 0:
        return []
    return [
        f"the certificate distance = {distance:.6g} is broken at x = {shown(y[:, worst])}: F(x) - F_star = "
        f"{value[worst] - F_star:.6g} exceeds {allowed[worst]:.6g}, which a convex F with a minimizer so near allows"
    ]


def _spread(x: Points, count: int) -> Points:
    return x[:, np.unique(np.linspace(0, x.shape[1] - 1, min(count, x.shape[1])).astype(int))]


def _lowest(value: np.ndarray, x: Points) -> Lowest:
    value = np.where(np.isfinite(value), value, np.inf)
    return Lowest(float(value.min()), x[:, int(value.argmin())])


def _unit(v: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = v / np.linalg.norm(v, axis=0)
    return np.where(np.isfinite(unit), unit, 0.0)


def _each(function: Callable[..., np.ndarray], *arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    return list(map(function, *arrays))


def steepest(probe: Probe, x: Points, rng: np.random.Generator, rounds: int) -> SteepestPair:
    """A local search from the points `x` for the largest quotient of close pairs.

    Power steps turn the direction y - x towards the largest eigenvalue of the Hessian, and random moves of x are kept
    where they make the quotient larger; halfway the better half of the points replaces the worse.
    """
    gradient = probe.field(x).gradient
    rounding = _GRADIENT * np.sqrt(len(x)) * np.max(np.abs(gradient), where=np.isfinite(gradient), initial=0.0)

    reach = np.resize(REACHES, x.shape[1])

    def quotients(x: Points, gradient: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, Points, np.ndarray]:
        y = probe.inside(x + reach * (1 + np.linalg.norm(x, axis=0)) * v)
        change, distance = probe.field(y).gradient - gradient, np.linalg.norm(y - x, axis=0)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            q = (np.linalg.norm(change, axis=0) - rounding) / distance
        return np.where(np.isfinite(q), q, -np.inf), y, change

    v = _unit(rng.standard_normal(x.shape))
    q, y, change = quotients(x, gradient, v)
    for k in range(rounds):
        if k == rounds // 2:
            order = np.argsort(-q)
            order[len(q) - len(q) // 2 :] = order[: len(q) // 2]
            x, gradient, v, q, y, change = _each(
                partial(np.take, indices=order, axis=-1), (x, gradient, v, q, y, change)
            )
        if k % 2 and rounds > BRIEF:
            size = 10 ** rng.uniform(-3, 0, x.shape[1]) * (0.1 + np.linalg.norm(x, axis=0) / np.sqrt(len(x)))
            moved = probe.inside(x + size * rng.standard_normal(x.shape))
            there, turned = probe.field(moved).gradient, v
        else:
            moved, there, turned = x, gradient, _unit(change)
        tried = (moved, there, turned, *quotients(moved, there, turned))
        better = tried[3] > q
        x, gradient, v, q, y, change = _each(partial(np.where, better), tried, (x, gradient, v, q, y, change))
    best = int(np.argmax(q))
    return SteepestPair(float(q[best]), x[:, best], y[:, best])


def descended(probe: Probe, x: Points, step: float) -> Lowest:
    """The least F met by accelerated descents (Nesterov 1983) from the points `x`."""
    lowest, last, ahead = Lowest(np.inf, x[:, 0]), x, x
    for k in range(DESCENT):
        value, gradient = probe.field(ahead)
        lowest = min(lowest, _lowest(value, ahead), key=lambda found: found.value)
        now = probe.inside(ahead - step * np.nan_to_num(gradient))
        last, ahead = now, probe.inside(now + k / (k + 3) * (now - last))
    return lowest


def _not_the_derivative(probe: Probe, x: Points, curvature: float, rng: np.random.Generator) -> list[str]:
    """|F(x + hv) - F(x - hv) - 2h grad F(x).v| <= L h^2 for every unit vector v.

    Where no L is promised F may have kinks, and more than half of the points must disagree, by a thousandth.
    """
    if probe.problem.gradient is None:
        return []  # it is the derivative of `value`
    smooth = probe.problem.constants is not None and "A3" not in probe.problem.not_covered
    d, n = x.shape
    v = _unit(rng.standard_normal(x.shape))
    v[:, : n // 2] = np.eye(d)[:, np.arange(n // 2) % d]
    h = NEAR * (1 + np.linalg.norm(x, axis=0))
    high, low = probe.inside(x + h * v), probe.inside(x - h * v)
    middle = (high + low) / 2
    above, below = probe.field(high).value, probe.field(low).value
    along = (high - low) / 2  # h v, shorter at the border of a box
    h = np.linalg.norm(along, axis=0)
    claimed = np.sum(probe.field(middle).gradient * along, axis=0)
    with np.errstate(invalid="ignore", over="ignore"):
        rate = (above - below) / 2
        allowed = curvature * h * h / 2 * (1 + ROUNDING) if smooth else 1e-3 * np.abs(rate)
        allowed = allowed + ROUNDING * np.abs(claimed)
        allowed += 1e-12 * (np.abs(above) + np.abs(below) + abs(float(probe.field(x[:, :1]).value[0])))
        excess = np.where(np.isfinite(rate) & np.isfinite(claimed), np.abs(rate - claimed) - allowed, -1.0)
    worst = int(np.argmax(excess / np.where(h > 0, h, 1)))
    if np.sum(excess > 0) <= (0 if smooth else n / 2):
        return []
    return [
        f"the promise that `gradient` is the gradient of `value` is broken at x = {shown(middle[:, worst])}: in the "
        f"direction {shown(along[:, worst] / h[worst])} F grows at the rate {rate[worst] / h[worst]:.6g}, and "
        f"`gradient` says {claimed[worst] / h[worst]:.6g}"
    ]
