"""MADA's family with all seven coefficients (Ozkara et al., ICML 2024): its formulas, and what its code computes."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from madatheory.references.sequence import Coefficient, Vector, divided, per_step, problem


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    beta1: Coefficient,
    beta2: Coefficient,
    beta3: Coefficient,
    rho: Coefficient,
    c: Coefficient,
    gamma: Coefficient,
    eps: float = 1e-6,
    beta1_lion: float = 0.95,
    beta2_lion: float = 0.98,
    convention: Literal["clean", "published"] = "clean",
    eps_place: Literal["inside", "outside"] = "outside",
    bias_correction: bool = True,
) -> Vector:
    """x_t = x_{t-1} - alpha_t [gamma (mhat_t + beta3 n_t)/(sqrt(vhat_t) + eps) + (1-gamma) sign(u_t)].

    `convention` published: v and vbar start at 1e-15, n at g_1^2, every difference g_t - g_{t-1} is g_t, and l is
    updated before u. Corrections divide by 1 - beta^t with the beta of the step; n is never corrected.
    """
    x, g = problem(x0, gradients)
    steps, published = len(g), convention == "published"
    given = {"alpha": alpha, "beta1": beta1, "beta2": beta2, "beta3": beta3, "rho": rho, "c": c, "gamma": gamma}
    h = {name: per_step(value, steps) for name, value in given.items()}
    zero = np.zeros_like(x)
    m, n, lion, path = zero, g[0] ** 2 if published else zero, zero, []
    v = vbar = np.full_like(x, 1e-15) if published else zero
    previous = g[0]
    for t in range(1, steps + 1):
        now = g[t - 1]
        k = {name: values[t - 1] for name, values in h.items()}
        difference, previous = (now if published else now - previous), now
        ahead = now + k["beta3"] * difference
        square = k["c"] * ahead**2 + (1 - k["c"]) * (v + ahead**2 * np.sign(ahead**2 - v))
        m = k["beta1"] * m + (1 - k["beta1"]) * now
        n = k["beta3"] * n + (1 - k["beta3"]) * difference
        v = k["beta2"] * v + (1 - k["beta2"]) * square
        vbar = ((t - 1) * vbar + v) / t
        after = beta2_lion * lion + (1 - beta2_lion) * now
        u = beta1_lion * (after if published else lion) + (1 - beta1_lion) * now
        lion = after
        c1, c2 = (1 - k["beta1"] ** t, 1 - k["beta2"] ** t) if bias_correction else (1.0, 1.0)
        vhat = (k["rho"] * v + (1 - k["rho"]) * vbar) / c2
        root = np.sqrt(vhat + eps) if eps_place == "inside" else np.sqrt(vhat) + eps
        move = k["gamma"] * divided(m / c1 + k["beta3"] * n, root) + (1 - k["gamma"]) * np.sign(u)
        x = x - k["alpha"] * move
        path.append(x)
    return np.array(path)
