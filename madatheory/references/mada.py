"""MADA's family with all seven coefficients (Ozkara et al., ICML 2024): its formulas, and what its code computes."""

from collections.abc import Mapping
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
    convention: Literal["practical", "published"] = "practical",
    previous_gradient: Literal["kept", "zeroed"] | None = None,
    eps_place: Literal["inside", "outside"] = "outside",
    bias_correction: bool = True,
) -> Vector:
    """x_t = x_{t-1} - alpha_t [gamma (mhat_t + beta3 n_t)/(sqrt(vhat_t) + eps) + (1-gamma) sign(u_t)].

    `convention` published: v and vbar start at 1e-15, n at g_1^2, g_0 = 0, and l is updated before u. With
    `previous_gradient` zeroed every difference g_t - g_{t-1} is g_t, so unless told otherwise if published. Corrections
    divide by 1 - beta^t with the beta of the step; n is never corrected.
    """
    x, g = problem(x0, gradients)
    steps, published = len(g), convention == "published"
    zeroed = published if previous_gradient is None else previous_gradient == "zeroed"
    given = {"alpha": alpha, "beta1": beta1, "beta2": beta2, "beta3": beta3, "rho": rho, "c": c, "gamma": gamma}
    h = {name: per_step(value, steps) for name, value in given.items()}
    zero = np.zeros_like(x)
    m, n, lion, path = zero, g[0] ** 2 if published else zero, zero, []
    v = vbar = np.full_like(x, 1e-15) if published else zero
    previous = zero if published else g[0]
    for t in range(1, steps + 1):
        now = g[t - 1]
        k = {name: values[t - 1] for name, values in h.items()}
        difference, previous = (now if zeroed else now - previous), now
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


BOUNDS = {
    "alpha": (np.finfo(np.float64).tiny, np.inf),
    "beta1": (0.01, 0.99),
    "beta2": (0.501, 0.99),
    "beta3": (0.0, 0.99),
    "rho": (0.0, 1.0),
    "c": (0.0, 1.0),
    "gamma": (0.0, 1.0),
}


_ROOT = float(np.sqrt(np.finfo(np.float64).max))


def run_learned(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    kappa: Mapping[str, float],
    mu: Mapping[str, float] | None = None,
    clip: Mapping[str, float] | None = None,
    start: int = 1,
    lag: Literal[0, 1] = 0,
    eps: float = 1e-6,
    beta1_lion: float = 0.95,
    beta2_lion: float = 0.98,
    convention: Literal["practical", "published"] = "practical",
    previous_gradient: Literal["kept", "zeroed"] | None = None,
    average_derivative: Literal["complete", "cut"] = "complete",
    reference: Literal["mean", "max"] = "mean",
    correction: Literal["power", "product"] = "power",
    outer: ArrayLike | None = None,
    box: tuple[float, float] = (-np.inf, np.inf),
    **initial: float,
) -> tuple[Vector, dict[str, Vector]]:
    """Path (T, d) and coefficients (T,) of MADA: h <- clamp(h - kappa p), p <- mu p + u, u = -<g_t, d delta_{t-1}/dh>.

    `kappa` names the learned coefficients, the first p is u; the other arguments are those of `run` at step 0. The
    derivatives are written out by hand with the state before the step held. With `average_derivative` cut, vbar is left
    out of those in beta2, beta3 and c. `clip` limits |u|. `correction` product divides by 1 - prod beta_s. `outer`,
    like the gradients, takes their place in u, and x is projected on the `box`. Where u, p^2 or the new h is not
    finite, h and p stay as they are.
    """
    x, g = problem(x0, gradients)
    seen_by_h = g if outer is None else problem(x0, outer)[1]
    published, zero, mu, clip = convention == "published", np.zeros_like(x), mu or {}, clip or {}
    zeroed = published if previous_gradient is None else previous_gradient == "zeroed"
    h = {"beta3": 0.0, "rho": 1.0, "c": 1.0, "gamma": 1.0, **initial}
    p, pending, slope = {}, dict.fromkeys(kappa, 0.0), dict.fromkeys(kappa, zero)
    m, n, lion, path, seen = zero, g[0] ** 2 if published else zero, zero, [], {name: [] for name in h}
    v = other = np.full_like(x, 1e-15) if published else zero
    ones1, ones2, previous = 0.0, 0.0, zero if published else g[0]
    for t in range(1, len(g) + 1):
        now = g[t - 1]
        u = {name: -float(np.dot(seen_by_h[t - 1], slope[name])) for name in kappa}
        u, pending = (pending, u) if lag else (u, pending)
        for name in kappa:
            if t < start or not np.isfinite(u[name]):
                continue
            limit = clip.get(name, np.inf)
            limited = min(max(u[name], -limit), limit)
            pushed = mu.get(name, 0.0) * p[name] + limited if name in p else limited
            moved = float(np.clip(h[name] - kappa[name] * pushed, *BOUNDS[name]))
            if np.isfinite(moved) and abs(pushed) <= _ROOT:
                p[name], h[name] = pushed, moved
        for name, value in h.items():
            seen[name].append(value)
        alpha, beta1, beta2, beta3 = (h[name] for name in ("alpha", "beta1", "beta2", "beta3"))
        rho, c, gamma = h["rho"], h["c"], h["gamma"]

        difference, previous = (now if zeroed else now - previous), now
        ahead = now + beta3 * difference
        sign = np.sign(ahead**2 - v)
        square = c * ahead**2 + (1 - c) * (v + ahead**2 * sign)
        m0, n0, v0 = m, n, v
        m, n, v = (
            beta1 * m0 + (1 - beta1) * now,
            beta3 * n0 + (1 - beta3) * difference,
            beta2 * v0 + (1 - beta2) * square,
        )
        if reference == "mean":
            follows, other = 1 / t, ((t - 1) * other + v) / t
        else:  # half the slope where both are equal
            follows, other = np.heaviside(v - other, 0.5), np.maximum(other, v)
        after = beta2_lion * lion + (1 - beta2_lion) * now
        lions = np.sign(beta1_lion * (after if published else lion) + (1 - beta1_lion) * now)
        lion = after
        if correction == "power":
            c1, c2, dc1, dc2 = 1 - beta1**t, 1 - beta2**t, -t * beta1 ** (t - 1), -t * beta2 ** (t - 1)
        else:
            dc1, dc2 = ones1 - 1, ones2 - 1
            ones1, ones2 = c1, c2 = beta1 * ones1 + 1 - beta1, beta2 * ones2 + 1 - beta2
        mixed = rho * v + (1 - rho) * other
        root = np.sqrt(mixed / c2)
        numerator = m / c1 + beta3 * n
        ratio = divided(numerator, root + eps)
        x = np.clip(x - alpha * (gamma * ratio + (1 - gamma) * lions), *box)
        path.append(x)

        per_v = rho + (1 - rho) * follows if average_derivative == "complete" else rho
        of_square = per_v * (1 - beta2)
        mixed_by = {
            "beta2": per_v * (v0 - square) - mixed * dc2 / c2,
            "beta3": of_square * (c + (1 - c) * sign) * 2 * ahead * difference,
            "rho": v - other,
            "c": of_square * (ahead**2 - v0 - ahead**2 * sign),
        }
        numerator_by = {"beta1": (m0 - now) / c1 - m * dc1 / c1**2, "beta3": n + beta3 * (n0 - difference)}
        for name in kappa:
            if name == "alpha":
                slope[name] = gamma * ratio + (1 - gamma) * lions
            elif name == "gamma":
                slope[name] = alpha * (ratio - lions)
            else:
                by_root = divided(mixed_by.get(name, zero), 2 * c2 * root)
                bent = numerator_by.get(name, zero) - ratio * by_root
                slope[name] = alpha * gamma * divided(bent, root + eps)
    return np.array(path), {name: np.array(values) for name, values in seen.items()}
