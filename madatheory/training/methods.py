"""The methods that training experiments compare, each at its customary settings: optax's where optax has it.

MADA is the preset "train_ddp" (`madatheory.optimizers.presets`): it starts at b1 = .9, b2 = .95, b3 = 0, rho = .6, c =
gamma = 1, and learns from step 50 on, with hyper learning rates 5e-4 for b1 and b2 and .1 for the others.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import optax
from jax import Array
from optax import GradientTransformation

from madatheory.optimizers.members.avgrad import build as avgrad
from madatheory.optimizers.optax_form import as_optax
from madatheory.optimizers.presets import PRESETS
from madatheory.optimizers.request import Value
from madatheory.training.arguments import in_family, in_optax
from madatheory.training.baselines import badam, hyperadam
from madatheory.training.transformation import mada

PRESET = "train_ddp"
"""What MADA is in the experiments."""
HYPER_LEARNING_RATES: Mapping[str, float] = in_optax(PRESETS[PRESET].rates)
"""Those of the preset, by argument."""
START: Mapping[str, float] = in_optax(PRESETS[PRESET].initial)
"""Initial coefficients of the preset, by argument."""


@dataclass(frozen=True)
class TrainingMethod:
    """A method of training: `make(rate, **hyper)` gives its transformation.

    `rate` is a number, a traced one, or a function of the number of steps done; `hyper` overrides settings (of those
    that learn: `scale` multiplies all hyper learning rates). `default` is the customary rate, its source in `note`.
    """

    name: str
    label: str
    make: Callable[..., GradientTransformation]
    default: float
    note: str


def _adam(rate: Value, b1: float | Array = 0.9, b2: float | Array = 0.999) -> GradientTransformation:
    return optax.adam(rate, b1=b1, b2=b2)


def _lion(rate: Value) -> GradientTransformation:
    return optax.lion(rate, weight_decay=0.0)


def _avgrad(rate: Value, **hyper: Value) -> GradientTransformation:
    return as_optax(avgrad(form="practical"), **{"alpha": rate, "beta2": 0.999, "eps": 1e-8, **in_family(hyper)})


def _flat(transformation: GradientTransformation) -> GradientTransformation:
    """The transformation on all parameters as one vector: the same numbers, compiled once and not for every leaf."""
    return optax.flatten(transformation)


def _mada(
    rate: Value, scale: float | Array = 1.0, names: Collection[str] = tuple(START), **hyper: Any
) -> GradientTransformation:
    rules = in_optax(PRESETS[PRESET].learn)
    learn = {name: replace(rules[name], hyper_learning_rate=HYPER_LEARNING_RATES[name] * scale) for name in names}
    return _flat(mada(rate, learn, preset=PRESET, **hyper))


def _frozen(rate: Value, **hyper: Any) -> GradientTransformation:
    return _mada(rate, names=(), **hyper)


def _only_rho(rate: Value, scale: float | Array = 1.0, **hyper: Any) -> GradientTransformation:
    return _mada(rate, scale, ("rho",), **hyper)


def _hyperadam(rate: Value, scale: float | Array = 1.0, **hyper: Value) -> GradientTransformation:
    learn = {name: HYPER_LEARNING_RATES[name] * scale for name in ("b1", "b2")}
    return _flat(hyperadam(rate, learn, **{"b1": START["b1"], "b2": START["b2"], **hyper}))


def _badam(rate: Value, steps_per_block: int = 50, **hyper: Any) -> GradientTransformation:
    return badam(rate, steps_per_block, **hyper)


METHODS: Mapping[str, TrainingMethod] = {
    method.name: method
    for method in (
        TrainingMethod("sgd", "SGD", optax.sgd, 1e-2, "no momentum; the rate of Keras"),
        TrainingMethod("adagrad", "Adagrad", optax.adagrad, 1e-2, "optax; the rate of PyTorch"),
        TrainingMethod("adam", "Adam", _adam, 1e-3, "optax: beta = (.9, .999), eps = 1e-8"),
        TrainingMethod("amsgrad", "AMSGrad", optax.amsgrad, 1e-3, "optax: beta = (.9, .999), eps = 1e-8"),
        TrainingMethod("avgrad", "AVGrad", _avgrad, 1e-3, "Adam's settings with the average of v"),
        TrainingMethod("yogi", "Yogi", optax.yogi, 1e-2, "optax: beta = (.9, .999), eps = 1e-3; Zaheer et al. (2018)"),
        TrainingMethod("adan", "Adan", optax.adan, 1e-3, "optax: beta = (.98, .92, .99); Xie et al. (2022)"),
        TrainingMethod("lion", "Lion", _lion, 1e-4, "optax: beta = (.9, .99), no weight decay; Chen et al. (2023)"),
        TrainingMethod("badam", "BAdam", _badam, 1e-3, "Adam on one top-level block at a time, 50 steps each"),
        TrainingMethod("hyperadam", "HyperAdam", _hyperadam, 1e-3, "MADA that learns beta1 and beta2 of Adam only"),
        TrainingMethod("mada", "MADA", _mada, 1e-3, "preset train_ddp: learns all but alpha"),
        TrainingMethod("mada-rho", "MADA, ρ only", _only_rho, 1e-3, "as MADA, but learns rho only"),
        TrainingMethod("mada-frozen", "MADA, frozen", _frozen, 1e-3, "MADA's initial coefficients, nothing learned"),
    )
}
"""Name -> method, in the order of tables and legends."""
