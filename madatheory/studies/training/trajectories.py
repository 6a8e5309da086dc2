"""What learned coefficients mean: how far they are from the members of the family."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from madatheory.optimizers.request import BOUNDS

Array = Any
MEMBERS: Mapping[str, Mapping[str, float]] = {
    "adam": {"beta3": 0.0, "rho": 1.0, "c": 1.0, "gamma": 1.0},
    "avgrad": {"beta3": 0.0, "rho": 0.0, "c": 1.0, "gamma": 1.0},
    "yogi": {"beta3": 0.0, "rho": 1.0, "c": 0.0, "gamma": 1.0},
    "adan": {"beta3": 0.92, "rho": 1.0, "c": 1.0, "gamma": 1.0},
    "lion": {"gamma": 0.0},
}
"""The coefficients that make a point of the family a member, whatever beta1 and beta2 are; at gamma = 0 nothing else
matters. Adan's beta3 is its published one (Xie et al. 2024)."""


def coefficients_of(data: xr.Dataset) -> dict[str, np.ndarray]:
    """Learned coefficient -> (run, t), as `train` has recorded them."""
    prefix = "coefficient_"
    return {str(k).removeprefix(prefix): v.to_numpy() for k, v in data.data_vars.items() if str(k).startswith(prefix)}


def distances(coefficients: Mapping[str, Array]) -> dict[str, np.ndarray]:
    """Member -> Euclidean distance of the coefficients to it, every coordinate in units of the width of its bounds.

    Coefficients that are not given stay at the member's own values, so they add nothing.
    """
    found = {}
    for member, point in MEMBERS.items():
        parts = [
            ((np.asarray(coefficients[name]) - value) / (BOUNDS[name][1] - BOUNDS[name][0])) ** 2
            for name, value in point.items()
            if name in coefficients
        ]
        found[member] = np.sqrt(np.sum(parts, axis=0))
    return found


def nearest(coefficients: Mapping[str, Array]) -> np.ndarray:
    """The nearest member's name at every point; the first of `MEMBERS` on a tie."""
    found = distances(coefficients)
    return np.array(list(found))[np.argmin(np.stack(list(found.values())), axis=0)]
