"""Interpolated second moments: Adam-AVGrad and Adam-AMSGrad (Ozkara et al., MADA, ICML 2024), safeguarded or not."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import Coefficient, Vector, divided, per_step, problem


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    beta1: float,
    beta2: float,
    rho: Coefficient,
    eps: float,
    reference: Literal["mean", "max"] = "mean",
    eps_place: Literal["inside", "outside"] = "outside",
    bias_correction: bool = True,
) -> Vector:
    """vhat_t = rho_t v_t + (1-rho_t) p_t with p_t the mean or the maximum of v_1 .. v_t."""
    x, g = problem(x0, gradients)
    alphas, rhos = per_step(alpha, len(g)), per_step(rho, len(g))
    m, v, seen, path = np.zeros_like(x), np.zeros_like(x), [], []
    for t, now in enumerate(g, start=1):
        m = beta1 * m + (1 - beta1) * now
        v = beta2 * v + (1 - beta2) * now**2
        seen.append(v)
        p = np.mean(seen, axis=0) if reference == "mean" else np.max(seen, axis=0)
        c1, c2 = (1 - beta1**t, 1 - beta2**t) if bias_correction else (1.0, 1.0)
        vhat = (rhos[t - 1] * v + (1 - rhos[t - 1]) * p) / c2
        root = np.sqrt(vhat + eps) if eps_place == "inside" else np.sqrt(vhat) + eps
        x = x - alphas[t - 1] * divided(m / c1, root)
        path.append(x)
    return np.array(path)


def run_safeguarded(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    beta1: float,
    beta2: Coefficient,
    eps: float,
    rho: Coefficient = 1.0,
    c: Coefficient = 1.0,
    beta3: Coefficient = 0.0,
    W: float | None = None,
) -> Vector:
    """b_t = max(b_{t-1}, t (eps + vhat_t)), b_0 = eps, step alpha m_t/sqrt(b_t).

    With W given also b_t >= eps + W sum g^2. The
    coefficients act on vhat only: look-ahead gradient g_t + beta3 (g_t - g_{t-1}), g_0 = g_1, and c between
    Adam's and Yogi's square (T8, T8log).
    """
    x, g = problem(x0, gradients)
    steps = len(g)
    alphas, b2, b3, rhos, cs = (per_step(value, steps) for value in (alpha, beta2, beta3, rho, c))
    m, v, seen, path = np.zeros_like(x), np.zeros_like(x), [], []
    b, total, previous = np.full_like(x, eps), np.zeros_like(x), g[0]
    for t in range(1, steps + 1):
        now, i = g[t - 1], t - 1
        m = beta1 * m + (1 - beta1) * now
        ahead = (now + b3[i] * (now - previous)) ** 2
        square = cs[i] * ahead + (1 - cs[i]) * (v + np.sign(ahead - v) * ahead)
        v = b2[i] * v + (1 - b2[i]) * square
        seen.append(v)
        previous, total = now, total + now**2
        b = np.maximum(b, t * (eps + rhos[i] * v + (1 - rhos[i]) * np.mean(seen, axis=0)))
        if W is not None:
            b = np.maximum(b, eps + W * total)
        x = x - alphas[i] * m / np.sqrt(b)
        path.append(x)
    return np.array(path)
