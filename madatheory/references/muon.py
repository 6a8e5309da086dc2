"""Muon: Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024, on one matrix."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import Coefficient, Vector, per_step, tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""a, b, c of the quintic iteration of the authors' code."""
Scale = Literal["tall", "larger side", "none"]


def orthogonalized(matrix: Vector, steps: int = 5, eps: float = 1e-7) -> Vector:
    """X <- a X + b (X X^T) X + c (X X^T)^2 X from X = matrix/max(|matrix|_F, eps): singular values go towards 1.

    A tall matrix is transposed before and after, so that X X^T is the smaller product.
    """
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / max(float(np.linalg.norm(x)), eps)
    for _ in range(steps):
        product = x @ x.T
        x = a * x + (b * product + c * product @ product) @ x
    return x.T if tall else x


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    momentum: float = 0.95,
    nesterov: bool = True,
    form: Literal["averaged", "summed"] = "averaged",
    corrected: bool = False,
    scale: Scale = "tall",
    transposed: bool = False,
    weight_decay: float = 0.0,
) -> Vector:
    """b_t = momentum b_{t-1} + w g_t, step alpha_t s O(b_t), or alpha_t s O(momentum b_t + w g_t) with `nesterov`.

    w is 1 - momentum ("averaged") or 1 ("summed"); O is `orthogonalized`, which hardly sees w. `corrected` divides b_t
    by 1 - momentum^t. s is sqrt(max(1, rows/columns)) ("tall"; rows and columns changed over if `transposed`, for
    weights stored as inputs x outputs), 0.2 sqrt(max(rows, columns)) ("larger side": Liu et al. 2025) or 1. Weight
    decay is decoupled: x - alpha_t weight_decay x before the step.
    """
    x, g = tensor(x0, gradients)
    if x.ndim != 2:
        raise ValueError(f"Muon is for matrices; got a start of shape {x.shape}")
    rows, columns = x.shape[::-1] if transposed else x.shape
    scales = {"tall": max(1.0, rows / columns) ** 0.5, "larger side": 0.2 * max(rows, columns) ** 0.5, "none": 1.0}
    b, path = np.zeros_like(x), []
    w = 1 - momentum if form == "averaged" else 1.0
    for t, (now, rate) in enumerate(zip(g, per_step(alpha, len(g)), strict=True), start=1):
        b = momentum * b + w * now
        c, ahead = (1 - momentum**t, 1 - momentum ** (t + 1)) if corrected else (1.0, 1.0)
        u = momentum * b / ahead + w * now / c if nesterov else b / c
        x = x - rate * weight_decay * x - rate * scales[scale] * orthogonalized(u)
        path.append(x)
    return np.array(path)
