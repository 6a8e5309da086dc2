"""Reference optimizers as pairs (init, update) on NumPy arrays, whose text `identity_mutants` spoils.

States are kept in float32 at least; a complex gradient counts by its modulus.
"""

from typing import Any

import numpy as np

State = dict[str, Any]
CLOCK = {"t": 0}  # no reference uses it; mutants do


def wide(x: Any) -> Any:
    """The dtype of the state."""
    return np.promote_types(x.dtype, np.float32) if x.dtype.kind in "fc" else np.dtype(np.float32)


def zeros(x: Any) -> Any:
    """A moment before the first step."""
    return np.zeros(x.shape, wide(x))


def square(g: Any) -> Any:
    """|g|^2."""
    return (g * np.conj(g)).real


def taken(g: Any, maximize: bool) -> Any:
    """The gradient to descend along, as an array of its own in the state's precision."""
    g = g.astype(wide(g))
    return -g if maximize else g


def adam(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, maximize=False):
    """Kingma and Ba 2015, with coupled decay."""

    def init(x):
        return {"t": 0, "m": zeros(x), "v": square(zeros(x))}

    def update(g, state, x):
        t = state["t"] + 1
        g = taken(g, maximize)
        g = g + weight_decay * x.astype(g.dtype)
        m = beta1 * state["m"] + (1 - beta1) * g
        v = beta2 * state["v"] + (1 - beta2) * square(g)
        mhat = m / (1 - beta1**t)
        vhat = v / (1 - beta2**t)
        step = lr * mhat / (np.sqrt(vhat) + eps)
        return (x - step).astype(x.dtype), {"t": t, "m": m, "v": v}

    return init, update


def adamw(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01, maximize=False):
    """Loshchilov and Hutter 2019, decay times lr."""

    def init(x):
        return {"t": 0, "m": zeros(x), "v": square(zeros(x))}

    def update(g, state, x):
        t = state["t"] + 1
        g = taken(g, maximize)
        m = beta1 * state["m"] + (1 - beta1) * g
        v = beta2 * state["v"] + (1 - beta2) * square(g)
        step = lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
        kept = x.astype(g.dtype) * (1 - lr * weight_decay)
        return (kept - step).astype(x.dtype), {"t": t, "m": m, "v": v}

    return init, update


def amsgrad(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Reddi, Kale, Kumar 2018, corrected, with the maximum before the correction."""

    def init(x):
        return {"t": 0, "m": zeros(x), "v": square(zeros(x)), "vmax": square(zeros(x))}

    def update(g, state, x):
        t = state["t"] + 1
        g = taken(g, False)
        m = beta1 * state["m"] + (1 - beta1) * g
        v = beta2 * state["v"] + (1 - beta2) * square(g)
        vmax = np.maximum(state["vmax"], v)
        step = lr * (m / (1 - beta1**t)) / (np.sqrt(vmax / (1 - beta2**t)) + eps)
        return (x - step).astype(x.dtype), {"t": t, "m": m, "v": v, "vmax": vmax}

    return init, update


def avgrad(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Ozkara et al. 2024: the mean of all averages of squares."""

    def init(x):
        return {"t": 0, "m": zeros(x), "v": square(zeros(x)), "vbar": square(zeros(x))}

    def update(g, state, x):
        t = state["t"] + 1
        g = taken(g, False)
        m = beta1 * state["m"] + (1 - beta1) * g
        v = beta2 * state["v"] + (1 - beta2) * square(g)
        vbar = ((t - 1) * state["vbar"] + v) / t
        step = lr * (m / (1 - beta1**t)) / (np.sqrt(vbar / (1 - beta2**t)) + eps)
        return (x - step).astype(x.dtype), {"t": t, "m": m, "v": v, "vbar": vbar}

    return init, update


def yogi(lr=0.01, beta1=0.9, beta2=0.999, eps=1e-3):
    """Zaheer et al. 2018."""

    def init(x):
        return {"t": 0, "m": zeros(x), "v": square(zeros(x))}

    def update(g, state, x):
        t = state["t"] + 1
        g = taken(g, False)
        m = beta1 * state["m"] + (1 - beta1) * g
        v = state["v"] - (1 - beta2) * np.sign(state["v"] - square(g)) * square(g)
        step = lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
        return (x - step).astype(x.dtype), {"t": t, "m": m, "v": v}

    return init, update


def adan(lr=0.001, beta1=0.98, beta2=0.92, beta3=0.99, eps=1e-8):
    """Xie et al. 2024 in the authors' code: the difference decays with beta2 and has the weight beta2."""

    def init(x):
        return {"t": 0, "m": zeros(x), "n": zeros(x), "v": square(zeros(x)), "g": zeros(x)}

    def update(g, state, x):
        t = state["t"] + 1
        g = taken(g, False)
        change = g - state["g"] if t > 1 else 0 * g
        m = beta1 * state["m"] + (1 - beta1) * g
        n = beta2 * state["n"] + (1 - beta2) * change
        ahead = g + beta2 * change
        v = beta3 * state["v"] + (1 - beta3) * square(ahead)
        numerator = m / (1 - beta1**t) + beta2 * (n / (1 - beta2**t))
        step = lr * numerator / (np.sqrt(v / (1 - beta3**t)) + eps)
        return (x - step).astype(x.dtype), {"t": t, "m": m, "n": n, "v": v, "g": g}

    return init, update


def lion(lr=0.0001, beta1=0.9, beta2=0.99, weight_decay=0.0):
    """Chen et al. 2023."""

    def init(x):
        return {"m": zeros(x)}

    def update(g, state, x):
        g = taken(g, False)
        u = beta1 * state["m"] + (1 - beta1) * g
        m = beta2 * state["m"] + (1 - beta2) * g
        return (x - lr * (np.sign(u) + weight_decay * x.astype(g.dtype))).astype(x.dtype), {"m": m}

    return init, update


def rmsprop(lr=0.01, beta2=0.99, eps=1e-8):
    """Tieleman and Hinton 2012, without correction."""

    def init(x):
        return {"v": square(zeros(x))}

    def update(g, state, x):
        g = taken(g, False)
        v = beta2 * state["v"] + (1 - beta2) * square(g)
        return (x - lr * g / (np.sqrt(v) + eps)).astype(x.dtype), {"v": v}

    return init, update


def adagrad(lr=0.01, eps=1e-10):
    """Duchi, Hazan, Singer 2011."""

    def init(x):
        return {"v": square(zeros(x))}

    def update(g, state, x):
        g = taken(g, False)
        v = state["v"] + square(g)
        return (x - lr * g / (np.sqrt(v) + eps)).astype(x.dtype), {"v": v}

    return init, update


def sgd(lr=0.01, momentum=0.9, weight_decay=0.0, maximize=False):
    """Heavy ball: the buffer sums gradients."""

    def init(x):
        return {"b": zeros(x)}

    def update(g, state, x):
        g = taken(g, maximize)
        g = g + weight_decay * x.astype(g.dtype)
        b = momentum * state["b"] + g
        return (x - lr * b).astype(x.dtype), {"b": b}

    return init, update


PARENTS = (adam, adamw, amsgrad, avgrad, yogi, adan, lion, rmsprop, adagrad, sgd)
