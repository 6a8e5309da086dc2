"""What the recurrences share: arguments as arrays, and the conventions that every method can be written with."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]
Coefficient = float | Sequence[float] | Vector
EpsPlace = Literal["outside", "outside_before", "inside", "inside_before"]
Correction = bool | Literal["none", "power", "first", "second"]
Decay = Literal["coupled", "decoupled_lr", "decoupled_lr_after", "decoupled", "proximal"]
ComplexAs = Literal["modulus", "pair"]
RatePlace = Literal["step", "buffer"]
"""Where alpha_t enters a method with momentum: it multiplies the buffer, or what is added to it."""
Step = tuple[Vector, tuple[Any, ...]]
"""x_{t-1} - x_t but for the decay, and the moments after it."""


def problem(x0: ArrayLike, gradients: ArrayLike, complex_as: ComplexAs | None = None) -> tuple[Vector, Vector]:
    """x0 (d,) and gradients (T, d) as fresh float64 arrays; complex ones as complex128, or as pairs of reals.

    "modulus" keeps complex numbers, whose squares are then |.|^2; "pair" gives (2d,) and (T, 2d) real numbers. Raises
    `ValueError` on other shapes, and on complex numbers where the method has no such convention.
    """
    kind = np.complex128 if np.iscomplexobj(x0) or np.iscomplexobj(gradients) else np.float64
    if kind is np.complex128 and complex_as is None:
        raise ValueError("this recurrence is written for real numbers only")
    x, g = np.array(x0, dtype=kind, order="C"), np.array(gradients, dtype=kind, order="C")
    if x.ndim != 1 or g.ndim != 2 or g.shape[1] != x.size:
        raise ValueError(f"x0 must be (d,) and gradients (T, d); got {x.shape} and {g.shape}")
    if complex_as == "pair":
        x, g = x.view(np.float64), g.view(np.float64)
    return x, g  # type: ignore[return-value]


def tensor(x0: ArrayLike, gradients: ArrayLike) -> tuple[Vector, Vector]:
    """x0 of any shape and gradients (T, *shape) as fresh float64 arrays, for methods that look at whole tensors.

    Raises `ValueError` on other shapes and on complex numbers.
    """
    if np.iscomplexobj(x0) or np.iscomplexobj(gradients):
        raise ValueError("this recurrence is written for real numbers only")
    x, g = np.array(x0, np.float64), np.array(gradients, np.float64)
    if g.shape[1:] != x.shape:
        raise ValueError(f"gradients must be (T, *shape of x0); got {x.shape} and {g.shape}")
    return x, g


def collected(path: list[Vector], x0: ArrayLike, gradients: ArrayLike) -> Vector:
    """x_1 .. x_T as (T, d): pairs of reals become complex numbers again."""
    xs = np.array(path)
    if not np.iscomplexobj(xs) and (np.iscomplexobj(x0) or np.iscomplexobj(gradients)):
        return xs.view(np.complex128)  # type: ignore[return-value]
    return xs


def per_step(value: Coefficient, steps: int) -> Vector:
    """A coefficient at steps 1..T (entry t-1)."""
    return np.broadcast_to(np.asarray(value, dtype=np.float64), (steps,))


def squared(value: Any) -> Vector:
    """|value|^2."""
    return value.real**2 + value.imag**2 if np.iscomplexobj(value) else value**2


def divided(numerator: Vector, denominator: Vector) -> Vector:
    """numerator/denominator, with 0/0 = 0: a coordinate that never had a gradient does not move."""
    out = np.zeros_like(numerator)
    np.divide(numerator, denominator, out=out, where=(denominator != 0) | (numerator != 0))
    return out


def corrections(kind: Correction, beta1: float, beta2: float, t: int) -> tuple[float, float]:
    """What m_t and v_t are divided by: 1 - beta^t, or 1 where `kind` leaves a moment ("first", "second": only that)."""
    c1 = 1 - beta1**t if kind in (True, "power", "first") else 1.0
    c2 = 1 - beta2**t if kind in (True, "power", "second") else 1.0
    return c1, c2


def denominator(v: Vector, c: Any, eps: float, place: EpsPlace, eps_root: float = 0.0) -> Vector:
    """The root of v with its correction c and eps at its place.

    outside: sqrt(v/c) + eps. outside_before: (sqrt(v) + eps)/sqrt(c). inside: sqrt(v/c + eps). inside_before:
    sqrt((v + eps)/c). A second constant `eps_root` is added to v/c, where optax has it.
    """
    if place == "outside":
        return np.sqrt(v / c + eps_root) + eps
    if place == "outside_before":
        return (np.sqrt(v + eps_root) + eps) / np.sqrt(c)
    if place == "inside":
        return np.sqrt(v / c + eps + eps_root)
    return np.sqrt((v + eps) / c + eps_root)


def coupled(now: Vector, x: Vector, weight_decay: float, decay: Decay) -> Vector:
    """The gradient, with weight_decay x added where the decay is coupled (L2 regularization)."""
    return now + weight_decay * x if weight_decay and decay == "coupled" else now


def moved(x: Vector, step: Vector, alpha: float, weight_decay: float, decay: Decay) -> Vector:
    """x_t from x = x_{t-1} and the step, with the decay that is not part of the gradient.

    decoupled_lr: x - step - alpha lambda x. decoupled: x - step - lambda x. decoupled_lr_after:
    (1 - alpha lambda)(x - step). proximal: (x - step)/(1 + alpha lambda).
    """
    if not weight_decay or decay == "coupled":
        return x - step
    if decay == "decoupled_lr":
        return x - step - alpha * weight_decay * x
    if decay == "decoupled_lr_after":
        return (1 - alpha * weight_decay) * (x - step)
    if decay == "decoupled":
        return x - step - weight_decay * x
    return (x - step) / (1 + alpha * weight_decay)


def followed(
    step: Callable[..., Step],
    moments: tuple[Any, ...],
    x0: ArrayLike,
    gradients: ArrayLike,
    alpha: Coefficient,
    weight_decay: float,
    decay: Decay,
    complex_as: ComplexAs,
) -> Vector:
    """x_1 .. x_T, (T, d), of a method whose step(t, alpha_t, g_t, *moments) is its formula and nothing else."""
    x, g = problem(x0, gradients, complex_as)
    alphas, path = per_step(alpha, len(g)), []
    for t, given in enumerate(g, start=1):
        now = coupled(given, x, weight_decay, decay)
        move, moments = step(t, alphas[t - 1], now, *moments)
        x = moved(x, move, alphas[t - 1], weight_decay, decay)
        path.append(x)
    return collected(path, x0, gradients)
