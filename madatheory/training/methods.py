"""The methods that training experiments compare, each at its customary settings: optax's where optax has it.

MADA's settings are those of the published training code (github.com/amazon-science/mada_optimizer_search,
train_ddp.py): start at beta1 = .9, beta2 = .95, beta3 = 0, rho = .6, c = gamma = 1, eps = 1e-6; hyper step sizes 5e-4
for beta1 and beta2 and .1 for the others, no momentum, alpha not learned.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import optax

from madatheory.optimizers.members.avgrad import build as avgrad
from madatheory.optimizers.optax_form import as_optax
from madatheory.training.baselines import badam, hyperadam
from madatheory.training.plan import Value
from madatheory.training.transformation import mada

KAPPA: Mapping[str, float] = {"beta1": 5e-4, "beta2": 5e-4, "beta3": 0.1, "rho": 0.1, "c": 0.1, "gamma": 0.1}
"""Hyper step sizes of the published training code."""
START: Mapping[str, float] = {"beta1": 0.9, "beta2": 0.95, "beta3": 0.0, "rho": 0.6, "c": 1.0, "gamma": 1.0}
"""Initial coefficients of the published training code, rho as its documentation runs it."""


@dataclass(frozen=True)
class Method:
    """A method of training: `make(rate, **hyper)` gives its transformation.

    `rate` is a number, a traced one, or a function of the number of steps done; `hyper` overrides settings (of those
    that learn: `scale` multiplies all hyper step sizes). `default` is the customary rate, with its source in `note`.
    """

    name: str
    label: str
    make: Callable[..., Any]
    default: float
    note: str


def _adam(rate: Value, beta1: Any = 0.9, beta2: Any = 0.999) -> Any:
    return optax.adam(rate, b1=beta1, b2=beta2)


def _lion(rate: Value) -> Any:
    return optax.lion(rate, weight_decay=0.0)


def _avgrad(rate: Value, **hyper: Any) -> Any:
    return as_optax(avgrad(form="practical"), **{"alpha": rate, "beta2": 0.999, "eps": 1e-8, **hyper})


def _flat(transformation: Any) -> Any:
    """The transformation on all parameters as one vector: the same numbers, compiled once and not for every leaf."""
    return optax.flatten(transformation)


def _mada(rate: Value, scale: Any = 1.0, learn: Mapping[str, float] = KAPPA, **hyper: Any) -> Any:
    return _flat(mada(rate, {name: kappa * scale for name, kappa in learn.items()}, **{**START, **hyper}))


def _frozen(rate: Value, **hyper: Any) -> Any:
    return _flat(mada(rate, {}, **{**START, **hyper}))


def _only_rho(rate: Value, scale: Any = 1.0, **hyper: Any) -> Any:
    return _mada(rate, scale, {"rho": KAPPA["rho"]}, **hyper)


def _hyperadam(rate: Value, scale: Any = 1.0, **hyper: Any) -> Any:
    kappa = {name: KAPPA[name] * scale for name in ("beta1", "beta2")}
    return _flat(hyperadam(rate, kappa, **{"beta1": START["beta1"], "beta2": START["beta2"], **hyper}))


def _badam(rate: Value, steps_per_block: int = 50, **hyper: Any) -> Any:
    return badam(rate, steps_per_block, **hyper)


METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method("sgd", "SGD", optax.sgd, 1e-2, "no momentum; the rate of Keras"),
        Method("adagrad", "Adagrad", optax.adagrad, 1e-2, "optax; the rate of PyTorch"),
        Method("adam", "Adam", _adam, 1e-3, "optax: beta = (.9, .999), eps = 1e-8"),
        Method("amsgrad", "AMSGrad", optax.amsgrad, 1e-3, "optax: beta = (.9, .999), eps = 1e-8"),
        Method("avgrad", "AVGrad", _avgrad, 1e-3, "Adam's settings with the average of v"),
        Method("yogi", "Yogi", optax.yogi, 1e-2, "optax: beta = (.9, .999), eps = 1e-3; Zaheer et al. (2018)"),
        Method("adan", "Adan", optax.adan, 1e-3, "optax: beta = (.98, .92, .99); Xie et al. (2022)"),
        Method("lion", "Lion", _lion, 1e-4, "optax: beta = (.9, .99), no weight decay; Chen et al. (2023)"),
        Method("badam", "BAdam", _badam, 1e-3, "Adam on one top-level block at a time, 50 steps each"),
        Method("hyperadam", "HyperAdam", _hyperadam, 1e-3, "MADA that learns beta1 and beta2 of Adam only"),
        Method("mada", "MADA", _mada, 1e-3, "learns all but alpha, settings of the published training code"),
        Method("mada-rho", "MADA, ρ only", _only_rho, 1e-3, "as MADA, but learns rho only"),
        Method("mada-frozen", "MADA, frozen", _frozen, 1e-3, "MADA's initial coefficients, nothing learned"),
    )
}
"""Name -> method, in the order of tables and legends."""
