"""Adafactor: Shazeer and Stern, ICML 2018, Algorithms 4 and 5, on one tensor."""

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import Coefficient, Vector, divided, per_step, tensor


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    power: float = 0.8,
    first: int = 1,
    eps: float = 1e-30,
    clip: float = 1.0,
    relative: float = 0.0,
    factored: bool = True,
    momentum: float = 0.0,
    capped: bool = False,
    weight_decay: float = 0.0,
) -> Vector:
    """Step a_t U_t/max(1, RMS(U_t)/clip) with U_t = g_t/sqrt(V_t); a_t = alpha_t max(relative, RMS(x)) if relative.

    V_t is averaged with beta_t = 1 - (t - 1 + first)^{-power}. Of a matrix only the means of g^2 + eps over rows, R,
    and over columns, C, are kept, and V = R C^T/mean(R), unless `factored` is false; other tensors keep V itself.
    `capped` takes min(alpha_t, 1/sqrt(t)) for alpha_t. With `momentum` the step is averaged: b_t = momentum b_{t-1} +
    (1-momentum) step.
    """
    x, g = tensor(x0, gradients)
    split, path = factored and x.ndim == 2, []
    row, column, v = np.zeros((len(x), 1)), np.zeros((1, x.shape[-1])), np.zeros_like(x)
    step = np.zeros_like(x)
    for t, (now, rate) in enumerate(zip(g, per_step(alpha, len(g)), strict=True), start=1):
        rate = min(rate, t**-0.5) if capped else rate
        square, beta = now**2 + eps, 1 - (t - 1.0 + first) ** -power
        if split:
            row = beta * row + (1 - beta) * square.mean(axis=1, keepdims=True)
            column = beta * column + (1 - beta) * square.mean(axis=0, keepdims=True)
            v = row * column / row.mean()
        else:
            v = beta * v + (1 - beta) * square
        u = divided(now, np.sqrt(v))
        u = u / max(1.0, float(np.sqrt(np.mean(u**2))) / clip)
        size = max(relative, float(np.sqrt(np.mean(x**2)))) if relative else 1.0
        step = momentum * step + (1 - momentum) * rate * size * u
        x = x - step - rate * weight_decay * x
        path.append(x)
    return np.array(path)
