"""Hyper-parameters that cannot be read nor set, estimated from a run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from madatheory.identities.candidate import Candidate, Observation

_BETAS = (0.0, 0.5, 0.75, 0.8, 0.9, 0.92, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 0.999, 0.9999)
_DIGITS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
_SIZES = tuple(float(f"{digit}e{power}") for power in range(-16, 3) for digit in _DIGITS)
_UNIT = tuple(k / 20 for k in range(21))
USUAL: Mapping[str, tuple[float, ...]] = {
    "lr": _SIZES,
    "eps": (0.0, *_SIZES),
    "eps_root": (0.0, *_SIZES),
    "weight_decay": (0.0, *_SIZES),
    **dict.fromkeys(("beta1", "beta2", "beta3", "momentum"), _BETAS),
    **dict.fromkeys(("rho", "c", "gamma"), _UNIT),
}
"""Values that authors write: an estimate near one of them is taken for it if that fits better."""
_STARTS: Sequence[Mapping[str, float]] = (
    {"lr": 1e-3, "beta1": 0.9, "beta2": 0.99, "beta3": 0.95, "momentum": 0.9, "eps": 1e-6, "weight_decay": 1e-2},
    {"lr": 1e-1, "beta1": 0.5, "beta2": 0.9, "beta3": 0.5, "momentum": 0.5, "eps": 1e-2, "weight_decay": 1e-1},
)
_INNER: Mapping[str, float] = {"rho": 0.5, "c": 0.5, "gamma": 0.6}


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

    From `start`, or from two usual sets of values. Then each value is replaced by the nearest usual one wherever that
    lowers the distance.
    """

    theirs = observation.updates
    scale = np.linalg.norm(np.nan_to_num(theirs)) or 1.0

    def residuals(values: Mapping[str, float]) -> np.ndarray:
        mine = replace(candidate, known={**candidate.known, **values}).updates(observation)
        assert mine is not None
        return np.nan_to_num((mine - theirs) / scale, nan=1.0, posinf=1e3, neginf=-1e3).ravel()

    def solve(first: Mapping[str, float]) -> tuple[float, dict[str, float]]:
        low, high = np.array([_range(name) for name in unknown]).T
        at = np.clip([_loose(name, first[name]) for name in unknown], low, high)

        def cost(z: np.ndarray) -> np.ndarray:
            return residuals({name: _tight(name, value) for name, value in zip(unknown, z, strict=True)})

        found: Any = least_squares(
            cost, at, bounds=(low, high), xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=60 if start is None else 25
        )
        return float(np.linalg.norm(found.fun)), {
            name: _tight(name, value) for name, value in zip(unknown, found.x, strict=True)
        }

    starts = [start] if start else [{**values, **_INNER} for values in _STARTS]
    _, best = min((solve(first) for first in starts), key=lambda found: found[0])
    for _ in range(2):
        for name in unknown:
            near = min(USUAL[name], key=lambda usual, name=name: abs(_loose(name, usual) - _loose(name, best[name])))
            for usual in {near, 0.0} & set(USUAL[name]):
                trial = {**best, name: usual}
                if np.linalg.norm(residuals(trial)) <= np.linalg.norm(residuals(best)):
                    best = trial
    together = {
        name: min(USUAL[name], key=lambda usual, name=name: abs(_loose(name, usual) - _loose(name, best[name])))
        for name in unknown
    }
    if np.linalg.norm(residuals(together)) <= np.linalg.norm(residuals(best)):
        best = together
    return replace(candidate, known={**candidate.known, **best})
