"""Gradient sequences that find mistakes, and the table of members with their references."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np

from madatheory.numpy_programs import evaluated
from madatheory.optimizers.catalogue import list_optimizers
from madatheory.optimizers.optimizer import Optimizer
from madatheory.references import adagrad, adam, adamx, adan, amsgrad, avgrad, interpolation, lion, mada, rmsprop, yogi
from proofs_check.open_loop import open_loop

T, D = 40, 2
EVERY = np.arange(1, T + 1)


def sequences() -> dict[str, np.ndarray]:
    """Gradient sequences by name, each (T, D); the second coordinate is another draw, half the scale or zero."""
    rng = np.random.default_rng(20240118)
    normal = rng.standard_normal((T, D))
    first = {
        "zeros": np.zeros(T),
        "cancelling": np.tile([-6.0, 2.0], T // 2),
        "constant": np.full(T, 3.0),
        "growing": 1.3 ** np.arange(T),
        "shrinking": 0.7 ** np.arange(T),
        "rare_large": np.where(EVERY % 11 == 1, 100.0, -1.0),
        "zero_prefix": np.where(EVERY <= 15, 0.0, normal[:, 1]),
        "dyadic": rng.integers(-8, 9, T) / 4,
        "tiny": 1e-9 * normal[:, 0],
    }
    stacked = {name: np.stack([g, 0.5 * g], axis=1) for name, g in first.items()}
    return {"normal": normal, "one_dead": normal * np.array([1.0, 0.0]), **stacked}


SEQUENCES = sequences()
GRADIENTS = np.stack(list(SEQUENCES.values()), axis=-1)  # (T, D, sequences)
X0 = np.array([1.0, -0.25])


@dataclass(frozen=True)
class Case:
    """A member with options and hyper-parameters, and the reference with what it is called with instead or as well."""

    label: str
    entry: str
    options: Mapping[str, Any]
    hyper: Mapping[str, float]
    run: Callable[..., np.ndarray]
    instead: Mapping[str, Any]

    def optimizer(self) -> Optimizer:
        return list_optimizers()[self.entry].make(self.options)

    def reference(self, g: np.ndarray) -> np.ndarray:
        return self.run(X0, g, **{**self.hyper, **self.instead})


def paths(optimizer: Optimizer, hyper: Mapping[str, float]) -> np.ndarray:
    """x_1 .. x_T of every sequence, (sequences, T, D), in float64."""
    with jax.enable_x64(True):
        start = np.repeat(X0[:, None], GRADIENTS.shape[-1], axis=1)
        return np.moveaxis(looped(optimizer)(start, GRADIENTS, optimizer.hyper(hyper), float(T)).x, -1, 0)


in_numpy = partial(evaluated, compiled=jax.jit)
"""In place of `jax.jit` for what runs a few times: traced, evaluated in NumPy, compiled only where that cannot be."""
FEW = 300
"""Steps that NumPy takes in less time than it takes to compile them."""


def looped(optimizer: Optimizer) -> Any:
    """`open_loop`, in NumPy if the steps are few."""
    compiled = open_loop(optimizer)
    quick = in_numpy(compiled)

    def call(x0: Any, gradients: Any, hyper: Mapping[str, Any], *horizon: Any) -> Any:
        def array(value: Any) -> Any:
            return value if hasattr(value, "dtype") else np.asarray(value, x0.dtype)

        run = quick if len(gradients) <= FEW else compiled
        return run(x0, gradients, {name: array(value) for name, value in hyper.items()}, *map(array, horizon))

    return call


def worst_error(case: Case, optimizer: Optimizer | None = None) -> tuple[float, str]:
    """Largest |x - reference| over the largest displacement of the reference, and the sequence where it occurs."""
    found = paths(optimizer or case.optimizer(), case.hyper)
    worst = (0.0, "")
    for name, x, g in zip(SEQUENCES, found, SEQUENCES.values(), strict=True):
        expected = case.reference(g)
        scale = np.max(np.abs(expected - X0)) or 1.0
        error = float(np.max(np.abs(x - expected)) / scale)
        worst = max(worst, (error if np.isfinite(error) else np.inf, name))
    return worst


_ALPHA, _EPS = 0.125, 1e-3
_SMALL = {"alpha": _ALPHA, "eps": _EPS}
_RMS = {**_SMALL, "beta2": 0.97}
_H = {**_RMS, "beta1": 0.8}
_H3 = {**_H, "beta3": 0.7}
_LION = {"alpha": _ALPHA, "beta1_lion": 0.9, "beta2_lion": 0.97}
_INNER = {**_H, "rho": 0.4, "c": 0.75, "beta3": 0.5}
_FORGETFUL = {**_H, "beta2": 0.5, "rho": 0.9}  # here b would fall without the maximum
_FAMILY = {**_H, "beta3": 0.5, "rho": 0.6, "c": 0.3, "gamma": 0.4}

_THEORY, _PRACTICAL, _DEFOSSEZ = {"form": "theory"}, {"form": "practical"}, {"form": "defossez"}
_INSIDE = {"eps_place": "inside"}
_PLAIN = {"eps_place": "inside", "bias_correction": "none"}
_SQRT = {"alpha": _ALPHA / np.sqrt(EVERY)}
_OFF = {"bias_correction": False}
_ON = {"bias_correction": True}
_SWITCHED = np.where(np.round(0.4 * T) >= EVERY, 1.0, 0.0)


def _lion(x0: np.ndarray, g: np.ndarray, *, beta1_lion: float, beta2_lion: float, **rest: Any) -> np.ndarray:
    return lion.run(x0, g, beta1=beta1_lion, beta2=beta2_lion, **rest)


def _switched(x0: np.ndarray, g: np.ndarray, *, switch: float, **rest: Any) -> np.ndarray:
    assert switch == 0.4
    return interpolation.run(x0, g, rho=_SWITCHED, **rest)


_ROWS: list[tuple[str, str, dict[str, Any], dict[str, float], Callable[..., np.ndarray], dict[str, Any]]] = [
    ("adagrad theory", "adagrad", _THEORY, {**_SMALL, "beta1": 0.8}, adagrad.run, _INSIDE),
    (
        "adagrad defossez",
        "adagrad",
        _DEFOSSEZ,
        {**_SMALL, "beta1": 0.8},
        adagrad.run,
        {**_INSIDE, "momentum": "summed"},
    ),
    ("adagrad practical", "adagrad", _PRACTICAL, _SMALL, adagrad.run, {}),
    ("adagrad initial", "adagrad", {**_PRACTICAL, "initial": 0.5}, _SMALL, adagrad.run, {"initial": 0.5}),
    ("rmsprop theory", "rmsprop", _THEORY, _RMS, rmsprop.run, _INSIDE),
    ("rmsprop practical", "rmsprop", _PRACTICAL, _RMS, rmsprop.run, {}),
    ("rmsprop corrected", "rmsprop", {**_PRACTICAL, "correction": True}, _RMS, rmsprop.run, _ON),
    ("adam theory", "adam", _THEORY, _H, adam.run, _PLAIN),
    ("adam inverse sqrt", "adam", {**_THEORY, "schedule": "inverse_sqrt"}, _H, adam.run, {**_PLAIN, **_SQRT}),
    ("adam horizon", "adam", {**_THEORY, "schedule": "horizon"}, _H, adam.run, {**_PLAIN, "alpha": _ALPHA / T**0.5}),
    ("adam practical", "adam", _PRACTICAL, _H, adam.run, {}),
    ("adam practical inverse sqrt", "adam", {**_PRACTICAL, "schedule": "inverse_sqrt"}, _H, adam.run, _SQRT),
    ("adam eps = 0", "adam", _PRACTICAL, {**_H, "eps": 0.0}, adam.run, {}),
    ("adam defossez", "adam", _DEFOSSEZ, _H, adam.run_defossez, {}),
    ("amsgrad theory", "amsgrad", _THEORY, _H, amsgrad.run, {**_SQRT, **_INSIDE}),
    *(
        (f"amsgrad practical {o}", "amsgrad", {**_PRACTICAL, "order": o}, _H, amsgrad.run, {**_ON, "max_order": o})
        for o in ("before", "after")
    ),
    ("amsgrad fading", "amsgrad-fading", {}, _H, amsgrad.run, {**_SQRT, **_INSIDE, "beta1": 0.8 / EVERY}),
    ("adamx", "adamx", {}, _H, adamx.run, {**_SQRT, "beta1": 0.8 / EVERY}),
    ("avgrad theory", "avgrad", _THEORY, _H, avgrad.run, {**_SQRT, **_PLAIN}),
    *(
        (f"avgrad practical {c}", "avgrad", {**_PRACTICAL, "correction": c}, _H, avgrad.run, {"bias_correction": c})
        for c in ("power", "exact")
    ),
    ("yogi theory", "yogi", _THEORY, _H, yogi.run, {**_SQRT, **_INSIDE}),
    ("yogi practical", "yogi", _PRACTICAL, _H, yogi.run, _ON),
    ("yogi initial", "yogi", {**_PRACTICAL, "initial": 1e-6}, _H, yogi.run, {**_ON, "initial": 1e-6}),
    ("adan theory", "adan", _THEORY, _H3, adan.run, {**_SQRT, **_INSIDE, **_OFF, "difference_correction": False}),
    ("adan practical", "adan", _PRACTICAL, _H3, adan.run, {}),
    ("adan as in optax", "adan", {**_PRACTICAL, "weight": "1-beta3"}, _H3, adan.run, {"weight": "new"}),
    *((f"lion {o}", "lion", {"order": o}, _LION, _lion, {"order": o}) for o in ("old", "new")),
    *(
        (
            f"{name} theory rho={r}",
            name,
            _THEORY,
            {**_H, "rho": r},
            interpolation.run,
            {**more, **_SQRT, **_INSIDE, **_OFF},
        )
        for name, more in (("adam-avgrad", {}), ("adam-amsgrad", {"reference": "max"}))
        for r in (0.0, 0.3, 1.0)
    ),
    ("adam-avgrad practical", "adam-avgrad", _PRACTICAL, {**_H, "rho": 0.3}, interpolation.run, {}),
    ("adam-amsgrad practical", "adam-amsgrad", _PRACTICAL, {**_H, "rho": 0.3}, interpolation.run, {"reference": "max"}),
    ("switch theory", "adam-avgrad-switch", _THEORY, {**_H, "switch": 0.4}, _switched, {**_SQRT, **_INSIDE, **_OFF}),
    ("switch practical", "adam-avgrad-switch", _PRACTICAL, {**_H, "switch": 0.4}, _switched, {}),
    ("safeguarded max", "safeguarded-mada", {"safeguard": "max"}, _INNER, interpolation.run_safeguarded, {}),
    ("safeguarded binding", "safeguarded-mada", {"safeguard": "max"}, _FORGETFUL, interpolation.run_safeguarded, {}),
    (
        "safeguarded sum",
        "safeguarded-mada",
        {"safeguard": "sum"},
        {**_INNER, "W": 0.2},
        interpolation.run_safeguarded,
        {},
    ),
    ("mada-family practical", "mada-family", {"convention": "practical"}, _FAMILY, mada.run, {}),
    (
        "mada-family published",
        "mada-family",
        {"convention": "published"},
        _FAMILY,
        mada.run,
        {"convention": "published"},
    ),
    (
        "mada-family published kept",
        "mada-family",
        {"convention": "published", "previous_gradient": "kept"},
        _FAMILY,
        mada.run,
        {"convention": "published", "previous_gradient": "kept"},
    ),
    ("mada-family theory", "mada-family", _THEORY, _FAMILY, mada.run, {**_SQRT, **_INSIDE, **_OFF}),
]

CASES = {row[0]: Case(*row) for row in _ROWS}
