"""Adam in plain NumPy with the places where ports differ as switches, typed apart from the package's references."""

from collections.abc import Callable
from typing import Any

import numpy as np


def variant(
    *,
    eps_inside: bool = False,
    decoupled: bool = False,
    corrected: bool = True,
    amsgrad: bool = False,
    scaled_eps: bool = False,
    clip: float = np.inf,
    mean: bool = False,
    rate: Callable[[int], float] = lambda t: 1.0,
    **given: float,
) -> Callable[..., Any]:
    """A factory of a variant; `given` are other defaults.

    `mean` subtracts the mean gradient, which is no known convention; `rate` multiplies the step size of step t.
    """
    standard = {"lr": 0.01, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8, "weight_decay": 0.0, **given}

    def make(
        lr: float = standard["lr"],
        beta1: float = standard["beta1"],
        beta2: float = standard["beta2"],
        eps: float = standard["eps"],
        weight_decay: float = standard["weight_decay"],
    ) -> Any:
        def init(x: np.ndarray) -> Any:
            return {"m": 0 * x, "v": 0 * x, "top": 0 * x, "t": 0}

        def update(g: np.ndarray, s: Any, x: np.ndarray) -> Any:
            t = s["t"] + 1
            g = g * min(1.0, clip / max(float(np.linalg.norm(g)), 1e-300))
            g = g - g.mean() if mean else g
            g = g if decoupled else g + weight_decay * x
            m, v = beta1 * s["m"] + (1 - beta1) * g, beta2 * s["v"] + (1 - beta2) * g * g
            top = np.maximum(s["top"], v)
            used = top if amsgrad else v
            c1, c2 = (1 - beta1**t, 1 - beta2**t) if corrected else (1.0, 1.0)
            root = np.sqrt(used / c2 + eps) if eps_inside else np.sqrt(used / c2) + eps * (lr if scaled_eps else 1)
            step = lr * rate(t) * (m / c1) / np.where(root == 0, 1, root)
            new = x - step - (lr * rate(t) * weight_decay * x if decoupled else 0)
            return new, {"m": m, "v": v, "top": top, "t": t}

        return init, update

    return make
