"""Gradient sequences that find mistakes, and the table of members with their references."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from madatheory.catalogue import optimizers
from madatheory.optimizers.open_loop import open_loop
from madatheory.optimizers.optimizer import Optimizer
from madatheory.references import adagrad, adam, adan, amsgrad, avgrad, interpolation, lion, mada, rmsprop, yogi

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

Reference = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Case:
    """A member with options and hyper-parameters, and what its reference says for one gradient sequence (T, D)."""

    label: str
    entry: str
    options: Mapping[str, Any]
    hyper: Mapping[str, float]
    reference: Reference

    def optimizer(self) -> Optimizer:
        return optimizers()[self.entry].make(self.options)


def paths(optimizer: Optimizer, hyper: Mapping[str, float]) -> np.ndarray:
    """x_1 .. x_T of every sequence, (sequences, T, D), in float64."""
    with jax.enable_x64(True):
        start = np.repeat(X0[:, None], GRADIENTS.shape[-1], axis=1)
        run = open_loop(optimizer)(start, GRADIENTS, optimizer.hyper(hyper), float(T))
        return np.moveaxis(np.asarray(run.x), -1, 0)


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


def _cases() -> list[Case]:
    root = np.sqrt(EVERY)
    a, e = 0.125, 1e-3
    betas = {"beta1": 0.8, "beta2": 0.97}
    common = {"alpha": a, "eps": e}
    sets: list[Case] = []

    def add(label: str, entry: str, options: dict[str, Any], hyper: dict[str, float], reference: Reference) -> None:
        sets.append(Case(label, entry, options, hyper, reference))

    inside = {"eps": e, "eps_place": "inside"}
    theory, practical = {"form": "theory"}, {"form": "practical"}
    h = {**common, **betas}
    add(
        "adagrad theory",
        "adagrad",
        theory,
        {**common, "beta1": 0.8},
        lambda g: adagrad.run(X0, g, alpha=a, beta1=0.8, eps=e, eps_place="inside"),
    )
    add(
        "adagrad defossez",
        "adagrad",
        {"form": "defossez"},
        {**common, "beta1": 0.8},
        lambda g: adagrad.run(X0, g, alpha=a, beta1=0.8, eps=e, eps_place="inside", momentum="summed"),
    )
    add("adagrad practical", "adagrad", practical, common, lambda g: adagrad.run(X0, g, alpha=a, eps=e))
    add(
        "adagrad initial",
        "adagrad",
        {**practical, "initial": 0.5},
        common,
        lambda g: adagrad.run(X0, g, alpha=a, eps=e, initial=0.5),
    )
    add(
        "rmsprop theory",
        "rmsprop",
        theory,
        {**common, "beta2": 0.97},
        lambda g: rmsprop.run(X0, g, alpha=a, beta2=0.97, eps=e, eps_place="inside"),
    )
    add(
        "rmsprop practical",
        "rmsprop",
        practical,
        {**common, "beta2": 0.97},
        lambda g: rmsprop.run(X0, g, alpha=a, beta2=0.97, eps=e),
    )
    add(
        "rmsprop corrected",
        "rmsprop",
        {**practical, "correction": True},
        {**common, "beta2": 0.97},
        lambda g: rmsprop.run(X0, g, alpha=a, beta2=0.97, eps=e, bias_correction=True),
    )
    add(
        "adam theory",
        "adam",
        theory,
        h,
        lambda g: adam.run(X0, g, alpha=a, **betas, eps=e, eps_place="inside", bias_correction="none"),
    )
    add(
        "adam inverse sqrt",
        "adam",
        {**theory, "schedule": "inverse_sqrt"},
        h,
        lambda g: adam.run(X0, g, alpha=a / root, **betas, eps=e, eps_place="inside", bias_correction="none"),
    )
    add(
        "adam horizon",
        "adam",
        {**theory, "schedule": "horizon"},
        h,
        lambda g: adam.run(X0, g, alpha=a / T**0.5, **betas, eps=e, eps_place="inside", bias_correction="none"),
    )
    add("adam practical", "adam", practical, h, lambda g: adam.run(X0, g, **h))
    add(
        "adam practical inverse sqrt",
        "adam",
        {**practical, "schedule": "inverse_sqrt"},
        h,
        lambda g: adam.run(X0, g, **{**h, "alpha": a / root}),
    )
    add("adam eps = 0", "adam", practical, {**h, "eps": 0.0}, lambda g: adam.run(X0, g, **{**h, "eps": 0.0}))
    add("adam defossez", "adam", {"form": "defossez"}, h, lambda g: adam.run_defossez(X0, g, **h))
    add(
        "amsgrad theory",
        "amsgrad",
        theory,
        h,
        lambda g: amsgrad.run(X0, g, **{**h, "alpha": a / root}, eps_place="inside"),
    )
    for order in ("before", "after"):
        add(
            f"amsgrad practical {order}",
            "amsgrad",
            {**practical, "order": order},
            h,
            lambda g, order=order: amsgrad.run(X0, g, **h, bias_correction=True, max_order=order),
        )
    add(
        "avgrad theory",
        "avgrad",
        theory,
        h,
        lambda g: avgrad.run(X0, g, **{**h, "alpha": a / root}, eps_place="inside", bias_correction="none"),
    )
    for correction in ("power", "exact"):
        add(
            f"avgrad practical {correction}",
            "avgrad",
            {**practical, "correction": correction},
            h,
            lambda g, kind=correction: avgrad.run(X0, g, **h, bias_correction=kind),
        )
    add("yogi theory", "yogi", theory, h, lambda g: yogi.run(X0, g, **{**h, "alpha": a / root}, eps_place="inside"))
    add("yogi practical", "yogi", practical, h, lambda g: yogi.run(X0, g, **h, bias_correction=True))
    add(
        "yogi initial",
        "yogi",
        {**practical, "initial": 1e-6},
        h,
        lambda g: yogi.run(X0, g, **h, bias_correction=True, initial=1e-6),
    )
    h3 = {**h, "beta3": 0.7}
    add(
        "adan theory",
        "adan",
        theory,
        h3,
        lambda g: adan.run(
            X0,
            g,
            **{**h3, "alpha": a / root},
            eps_place="inside",
            bias_correction=False,
            difference_correction=False,
        ),
    )
    for ours, theirs in (("beta3", "decay"), ("1-beta3", "new")):
        add(
            f"adan practical {ours}",
            "adan",
            {**practical, "weight": ours},
            h3,
            lambda g, w=theirs: adan.run(X0, g, **h3, weight=w),
        )
    for order in ("old", "new"):
        add(
            f"lion {order}",
            "lion",
            {"order": order},
            {"alpha": a, "beta1_lion": 0.9, "beta2_lion": 0.97},
            lambda g, order=order: lion.run(X0, g, alpha=a, beta1=0.9, beta2=0.97, order=order),
        )
    for name, partner in (("adam-avgrad", "average"), ("adam-amsgrad", "max")):
        for rho in (0.0, 0.3, 1.0):
            add(
                f"{name} theory rho={rho}",
                name,
                theory,
                {**h, "rho": rho},
                lambda g, p=partner, r=rho: interpolation.run(
                    X0, g, **{**h, "alpha": a / root}, rho=r, partner=p, eps_place="inside", bias_correction=False
                ),
            )
        add(
            f"{name} practical",
            name,
            practical,
            {**h, "rho": 0.3},
            lambda g, p=partner: interpolation.run(X0, g, **h, rho=0.3, partner=p),
        )
    moving = np.where(np.round(0.4 * T) >= EVERY, 1.0, 0.0)
    add(
        "adam-avgrad-switch theory",
        "adam-avgrad-switch",
        theory,
        {**h, "switch": 0.4},
        lambda g: interpolation.run(
            X0, g, **{**h, "alpha": a / root}, rho=moving, eps_place="inside", bias_correction=False
        ),
    )
    add(
        "adam-avgrad-switch practical",
        "adam-avgrad-switch",
        practical,
        {**h, "switch": 0.4},
        lambda g: interpolation.run(X0, g, **h, rho=moving),
    )
    inner = {**h, "rho": 0.4, "c": 0.75, "beta3": 0.5}
    add(
        "safeguarded max",
        "safeguarded-mada",
        {"safeguard": "max"},
        inner,
        lambda g: interpolation.run_safeguarded(X0, g, **inner),
    )
    add(
        "safeguarded sum",
        "safeguarded-mada",
        {"safeguard": "sum"},
        {**inner, "W": 0.2},
        lambda g: interpolation.run_safeguarded(X0, g, **inner, W=0.2),
    )
    family = {**h, "beta3": 0.5, "rho": 0.6, "c": 0.3, "gamma": 0.4}
    for convention in ("clean", "published"):
        add(
            f"mada-family {convention}",
            "mada-family",
            {"convention": convention},
            family,
            lambda g, kind=convention: mada.run(X0, g, **family, convention=kind),
        )
    add(
        "mada-family theory",
        "mada-family",
        theory,
        family,
        lambda g: mada.run(X0, g, **{**family, "alpha": a / root}, eps_place="inside", bias_correction=False),
    )
    del inside
    return sets


CASES = {case.label: case for case in _cases()}
