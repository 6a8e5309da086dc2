"""Hyper-parameters that cannot be read nor set, estimated from a run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from madatheory.identities.recognition.candidate import Candidate, Observation

_BETAS = (0.0, 0.5, 0.75, 0.8, 0.9, 0.92, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 0.999, 0.9999)
_DIGITS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
_SIZES = tuple(float(f"{digit}e{power}") for power in range(-16, 3) for digit in _DIGITS)
_UNIT = tuple(k / 20 for k in range(21))
USUAL: Mapping[str, tuple[float, ...]] = {
    "lr": _SIZES,
    "eps": (0.0, *_SIZES),
    "eps_root": (0.0, *_SIZES),
    "weight_decay": (0.0, *_SIZES),
    **dict.fromkeys(("beta1", "beta2", "momentum"), _BETAS),
    "beta3": tuple(sorted({*_BETAS, *_UNIT})),
    **dict.fromkeys(("rho", "c", "gamma"), _UNIT),
}
"""Values that authors write: an estimate near one of them is taken for it if that fits better."""
_STARTS: Sequence[Mapping[str, float]] = (
    {"lr": 1e-3, "beta1": 0.9, "beta2": 0.99, "beta3": 0.95, "momentum": 0.9, "eps": 1e-6, "weight_decay": 1e-2},
    {"lr": 1e-1, "beta1": 0.5, "beta2": 0.9, "beta3": 0.5, "momentum": 0.5, "eps": 1e-2, "weight_decay": 1e-1},
)
_INNER: Sequence[Mapping[str, float]] = (
    {"rho": 0.5, "c": 0.5, "gamma": 0.6},
    {"rho": 0.9, "c": 0.9, "gamma": 0.9, "beta3": 0.1},
    {"rho": 0.1, "c": 0.9, "gamma": 0.9, "beta3": 0.5},
)


_CLOSE = 1e-3
"""Relative distance below which usual values are worth a try."""


def _loose(name: str, value: float) -> float:
    """To the whole line, where the scale of a parameter is even."""
    if name in ("lr", "eps", "eps_root", "weight_decay"):
        return float(np.log(max(value, 1e-30)))
    if name in ("rho", "c", "gamma"):
        return value
    return float(np.log(max(1 - value, 1e-12)))  # betas: on the scale of 1 - beta


def _tight(name: str, value: float) -> float:
    if name in ("lr", "eps", "eps_root", "weight_decay"):
        return float(np.exp(value))
    return value if name in ("rho", "c", "gamma") else float(1 - np.exp(value))


def _range(name: str) -> tuple[float, float]:
    if name in ("rho", "c", "gamma"):
        return -1e-9, 1 + 1e-9
    low = {"lr": 1e-9, "weight_decay": 1e-9, "eps": 1e-20, "eps_root": 1e-20}.get(name)
    return (np.log(low), np.log(1e4)) if low else (np.log(1e-7), 1e-9)


def fitted(
    candidate: Candidate, observation: Observation, unknown: Sequence[str], start: Mapping[str, float] | None
) -> Candidate:
    """`candidate` with the values of `unknown` that come nearest to the updates seen, in the sense of least squares.

    From `start`, or from two usual sets of values; usual values near the estimates are taken if they come nearer.
    """

    theirs = observation.updates
    scale = np.linalg.norm(np.nan_to_num(theirs)) or 1.0

    def residuals(values: Mapping[str, float]) -> np.ndarray:
        mine = replace(candidate, known={**candidate.known, **values}).updates(observation)
        assert mine is not None
        return np.nan_to_num((mine - theirs) / scale, nan=1.0, posinf=1e3, neginf=-1e3).ravel()

    def distance(values: Mapping[str, float]) -> float:
        return float(np.linalg.norm(residuals(values)))

    def solve(first: Mapping[str, float], rounds: int) -> dict[str, float]:
        low, high = np.array([_range(name) for name in unknown]).T
        at = np.clip([_loose(name, first[name]) for name in unknown], low, high)

        def cost(z: np.ndarray) -> np.ndarray:
            return residuals({name: _tight(name, value) for name, value in zip(unknown, z, strict=True)})

        stop = dict.fromkeys(("xtol", "ftol", "gtol"), 1e-15)
        found: Any = least_squares(cost, at, bounds=(low, high), x_scale="jac", max_nfev=rounds, **stop)
        return {name: _tight(name, float(value)) for name, value in zip(unknown, found.x, strict=True)}

    if start is None:
        inner = _INNER if candidate.family.fitted else _INNER[:1]
        every = ({**values, **more} for values in _STARTS for more in inner)
        different = {tuple(first[name] for name in unknown): first for first in every}
        start = min((solve(first, 12) for first in different.values()), key=distance)
    best = solve(start, 15)
    if distance(best) < _CLOSE:
        best = solve(best, 40)
    if distance(best) < _CLOSE:
        best = min([best, *_usual(best)], key=distance)
    return replace(candidate, known={**candidate.known, **best})


def _usual(values: Mapping[str, float]) -> Iterator[dict[str, float]]:
    """With the nearest usual value of one parameter, of each, and of each with any usual eps and decay.

    What is small hardly shows in an estimate of all, but does once the others are exact.
    """
    near = {name: min(USUAL[name], key=partial(_apart, name, value)) for name, value in values.items()}
    for name in values:
        yield {**values, name: near[name]}
    yield near
    for small in sorted({"eps", "weight_decay"} & set(values)):
        for value in USUAL[small]:
            yield {**near, small: value}
            if small == "eps":
                yield {**near, small: value, "eps_root": value}


def _apart(name: str, a: float, b: float) -> float:
    return abs(_loose(name, a) - _loose(name, b))
