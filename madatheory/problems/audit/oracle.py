"""The promises about the stochastic gradient: E g = grad F (A4), the stated E g^2, |g_i| <= G, sigma, the noise's law.

Where the noise has few values the expectations are sums over them, exact up to rounding. The sampler, and noise with
many values, is judged by draws, with distribution-free confidence limits: an honest problem is called broken with
probability at most `delta`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from madatheory.problems.audit.function import ROUNDING
from madatheory.problems.audit.probe import Points, Probe, shown
from madatheory.statistics.confidence import half_width_of, hoeffding, limits_without_range

HISTORIES = 2**12
"""Up to so many combinations of the noise's values one step is enumerated."""
DRAWS, NUMBERS = 2**14, 2**19
"""Draws of the noise at each time, fewer where these and the dimension make more numbers than that."""


class QueryPoints(NamedTuple):
    """Points at which the oracle is asked as in step t."""

    t: float
    x: Points


def broken_by_oracle(probe: Probe, places: Sequence[QueryPoints], rng: np.random.Generator, delta: float) -> list[str]:
    """What is broken at the points of `places`."""
    atoms = _broken_atoms(probe)
    if atoms:
        return atoms
    count = max(64, min(DRAWS, NUMBERS // probe.problem.dimension))
    noise = [probe.draw(count, rng) for _ in places]
    sampler = _sampler_against_atoms(probe, np.concatenate(noise, axis=1), delta / 2)
    if sampler:
        return sampler
    if enumerable(probe):
        return _exact(probe, places)
    return _by_draws(probe, places, noise, delta / 4) or _too_spread(probe, places, noise, delta / 4)


def enumerable(probe: Probe) -> bool:
    """Whether one step has at most `HISTORIES` combinations of noise values, of not too many numbers."""
    atoms, n = probe.problem.oracle.atoms, probe.problem.oracle.entries
    most = min(HISTORIES, max(NUMBERS // probe.problem.dimension, 1))
    return atoms is not None and n * np.log(len(atoms.values)) <= np.log(most) + 1e-9


def _broken_atoms(probe: Probe) -> list[str]:
    atoms = probe.problem.oracle.atoms
    if atoms is None:
        return []
    values, p = np.asarray(atoms.values, float), np.asarray(atoms.probabilities, float)
    if not np.all(np.isfinite(values)):
        return [f"the noise's atoms are not all finite: {shown(values)}"]
    if not np.all(p >= 0):
        return [f"the promise that the noise's atoms have probabilities is broken: {shown(p)}"]
    if abs(p.sum() - 1) > ROUNDING:
        return [f"the promise that the noise's probabilities sum to 1 is broken: they sum to {p.sum():.10g}"]
    return []


def _exact(probe: Probe, places: Sequence[QueryPoints]) -> list[str]:
    """Expectations over all combinations of the values that the noise's entries take."""
    oracle = probe.problem.oracle
    atoms, n = oracle.atoms, oracle.entries
    assert atoms is not None
    grid = np.indices((len(atoms.values),) * n).reshape(n, len(atoms.values) ** n)
    xi = np.asarray(atoms.values, float)[grid]
    weight = np.prod(np.asarray(atoms.probabilities, float)[grid], axis=0)
    for place in places:
        points = place.x.shape[1]
        gradient = probe.field(place.x).gradient
        x, grad = (np.repeat(a, len(weight), axis=1) for a in (place.x, gradient))
        g, moment = probe.noisy(x, grad, np.tile(xi, points), place.t)
        g = g.reshape(len(g), points, -1)
        found = _too_large(probe, g.reshape(len(g), -1), x, place.t)
        if not found and "A4" not in probe.problem.not_covered:
            size = np.abs(g) @ weight
            found = _differs("E g", "grad F", g @ weight, gradient, size, place)
        if not found and moment is not None:
            square = g**2 @ weight
            stated = moment.reshape(g.shape)[:, :, 0]
            found = _differs("E g^2", "second_moment", square, stated, square, place)
        if not found and (sigma := _sigma(probe)) is not None:
            spread = np.sum((g - gradient[:, :, None]) ** 2, axis=0) @ weight
            worst = int(np.argmax(spread))
            if spread[worst] > sigma**2 * (1 + ROUNDING) + ROUNDING * np.sum(gradient[:, worst] ** 2):
                found = [_spread_words(sigma, float(spread[worst]), f" at x = {shown(place.x[:, worst])}", place.t)]
        if found:
            return found
    return []


def _sigma(probe: Probe) -> float | None:
    """The certified sigma, None where there is none or it is inf."""
    constants = probe.problem.constants
    sigma = None if constants is None or constants.sigma is None else constants.sigma.value
    return None if sigma is None or not np.isfinite(sigma) else sigma


def _spread_words(sigma: float, found: float, where: str, t: float) -> str:
    return (
        f"the certificate sigma = {sigma:.6g} is broken{where}: E|g - grad F|^2 is at least {found:.6g} at t = {t:g}, "
        f"and sigma^2 = {sigma**2:.6g}"
    )


def _too_spread(probe: Probe, places: Sequence[QueryPoints], noise: Sequence[np.ndarray], delta: float) -> list[str]:
    """E min(|g - grad F|^2, c) has a lower limit whatever the law is, and sigma^2 must not lie below it."""
    sigma = _sigma(probe)
    if sigma is None:
        return []
    for place, xi in zip(places, noise, strict=True):
        points = place.x.shape[1]
        each = xi.shape[1] // points
        x, grad = (np.tile(a, each) for a in (place.x, probe.field(place.x).gradient))
        g, _ = probe.noisy(x, grad, xi[:, : each * points], place.t)
        # g - grad F has lost digits where grad F is large
        error = np.sum(np.maximum(np.abs(g - grad) - ROUNDING * np.abs(grad), 0) ** 2, axis=0)
        c = 8 * sigma**2 if sigma > 0 else 1.0
        lower, _ = limits_without_range(error[:, None], np.zeros(1), np.full(1, c), delta / len(places))
        if lower[0] > sigma**2 * (1 + ROUNDING):
            return [_spread_words(sigma, float(lower[0]), " at the points asked together", place.t)]
    return []


def _too_large(probe: Probe, g: np.ndarray, x: Points, t: float) -> list[str]:
    constants = probe.problem.constants
    if constants is None or "A2" in probe.problem.not_covered:
        return []
    largest = np.where(np.isfinite(g), np.abs(g), 0).max(axis=0)
    worst = int(np.argmax(largest))
    if largest[worst] <= constants.G.value * (1 + 1e-12):
        return []
    return [
        f"the certificate G = {constants.G.value:.6g} is broken at x = {shown(x[:, worst])}: "
        f"|g| = {largest[worst]:.6g} at t = {t:g}"
    ]


def _differs(
    what: str, promised: str, mean: np.ndarray, stated: np.ndarray, size: np.ndarray, place: QueryPoints
) -> list[str]:
    """The expectations (d, points) and what is stated of them, up to rounding of terms of the given size."""
    allowed = ROUNDING * size + 1e-12 * np.max(size, where=np.isfinite(size), initial=0.0)
    excess = np.abs(mean - stated) - allowed
    excess = np.where(np.isfinite(mean) & np.isfinite(stated), excess, -1.0)
    i, k = np.unravel_index(int(np.argmax(excess)), excess.shape)
    if excess[i, k] <= 0:
        return []
    return [
        f"the promise {what} = {promised} is broken at x = {shown(place.x[:, k])}, t = {place.t:g}: in coordinate "
        f"{i + 1} the noise's atoms give {what} = {mean[i, k]:.6g}, and {promised} = {stated[i, k]:.6g}"
    ]


class _Centred(NamedTuple):
    """Samples that have mean zero if what is promised of them is kept: names of the rows, what is promised, the width
    of an interval that holds all of a row, and the samples (rows, draws)."""

    names: list[str]
    promises: list[str]
    widths: np.ndarray
    samples: np.ndarray


class _Sums(NamedTuple):
    """Draws at one place in words, or at several: how many, and the sums of the samples and of their squares (rows)."""

    where: str
    count: int
    first: np.ndarray
    second: np.ndarray


def _by_draws(probe: Probe, places: Sequence[QueryPoints], noise: Sequence[np.ndarray], delta: float) -> list[str]:
    """Means over draws; without G there is no range, and no distribution-free limit."""
    if probe.problem.constants is None or "A2" in probe.problem.not_covered:
        return []
    groups: list[_Sums] = []
    for place, xi in zip(places, noise, strict=True):
        points = place.x.shape[1]
        each = xi.shape[1] // points
        x, grad = (np.tile(a, each) for a in (place.x, probe.field(place.x).gradient))
        g, moment = probe.noisy(x, grad, xi[:, : each * points], place.t)
        found = _too_large(probe, g, x, place.t)
        if found:
            return found
        rows = _centred(probe, g, grad, moment)
        if not rows.names:
            return []
        cube = rows.samples.reshape(len(rows.names), each, points)
        first, second = cube.sum(axis=1), np.einsum("kep,kep->kp", cube, cube)
        here = [f" at x = {shown(place.x[:, p])}, t = {place.t:g}" for p in range(points)]
        groups += [_Sums(here[p], each, first[:, p], second[:, p]) for p in range(points)]
    return _not_centred(rows, [*groups, _together(groups)], delta)


def _together(groups: Sequence[_Sums]) -> _Sums:
    where, count = " at all points together", sum(group.count for group in groups)
    return _Sums(where, count, sum(g.first for g in groups), sum(g.second for g in groups))  # pyright: ignore


def _not_centred(rows: _Centred, groups: Sequence[_Sums], delta: float) -> list[str]:
    share = delta / (2 * len(groups) * len(rows.names))  # two sides
    for group in reversed(groups):
        mean = group.first / group.count
        variance = np.maximum(group.second / group.count - mean**2, 0) * group.count / (group.count - 1)
        half = half_width_of(variance, group.count, rows.widths, share)
        worst = int(np.argmax((np.abs(mean) - half) / rows.widths))
        if np.abs(mean[worst]) > half[worst]:
            return [
                f"the promise {rows.promises[worst]} is broken{group.where}: the mean of {rows.names[worst]} over "
                f"{group.count} draws is {mean[worst]:.4g} +- {half[worst]:.2g}, not 0"
            ]
    return []


def _centred(probe: Probe, g: np.ndarray, grad: np.ndarray, moment: np.ndarray | None) -> _Centred:
    """Sums that see an offset (by coordinate) and a wrong scale or sign (along the gradient).

    |g_i - grad F_i| <= 2G, and |g_i^2 - E g_i^2| <= G^2.
    """
    assert probe.problem.constants is not None
    G, d = probe.problem.constants.G.value, len(g)
    names, promises, widths, samples = [], [], [], []
    if "A4" not in probe.problem.not_covered:
        error, size = g - grad, np.sum(np.abs(grad), axis=0)
        along = np.sum(error * grad, axis=0) / np.where(size > 0, size, 1)
        names += ["(g - grad F).grad F / sum |grad F_i|"]
        names += [f"(g_{i + 1} - grad F_{i + 1}) sign(grad F_{i + 1})" for i in range(d)]
        names += [f"g_{i + 1} - grad F_{i + 1}" for i in range(d)]
        samples += [along[None], error * np.sign(grad), error]
        promises += ["E g = grad F"] * (2 * d + 1)
        widths += [4 * G] * (2 * d + 1)
    if moment is not None:
        excess = g**2 - moment
        names += ["|g|^2/d - the mean of second_moment"]
        names += [f"g_{i + 1}^2 - second_moment_{i + 1}" for i in range(d)]
        samples += [excess.mean(axis=0)[None], excess]
        promises += ["E g^2 = second_moment"] * (d + 1)
        widths += [2 * G**2] * (d + 1)
    return _Centred(names, promises, np.array(widths), np.concatenate(samples) if samples else np.zeros((0, 0)))


def _sampler_against_atoms(probe: Probe, xi: np.ndarray, delta: float) -> list[str]:
    """The sampler gives the atoms, as often as their probabilities say."""
    atoms = probe.problem.oracle.atoms
    if atoms is None or xi.size == 0:
        return []
    values, same = np.unique(np.asarray(atoms.values, float), return_inverse=True)
    p = np.bincount(same, np.asarray(atoms.probabilities, float))
    drawn, gap = xi.ravel(), ROUNDING * np.max(np.abs(values))
    counts, known = np.zeros(len(values), int), np.zeros(drawn.shape, bool)
    for k, value in enumerate(values):
        hit = np.abs(drawn - value) <= gap
        counts[k], known = hit.sum(), known | hit
    if not known.all():
        return [f"the promise that the noise has the stated atoms is broken: the sampler drew {drawn[~known][0]:.6g}"]
    half = hoeffding(drawn.size, 1.0, delta / (2 * len(values)))
    worst = int(np.argmax(np.abs(counts / drawn.size - p)))
    if abs(counts[worst] / drawn.size - p[worst]) <= half:
        return []
    return [
        f"the promise that the noise has the stated atoms is broken: the sampler drew {values[worst]:.6g} in a share "
        f"{counts[worst] / drawn.size:.4g} of {drawn.size} draws, and its probability is {p[worst]:.4g}"
    ]
