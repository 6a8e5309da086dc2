"""The theorems of T1 to T6, a function that makes them tight, and their levels on measured data."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
import xarray as xr

from madatheory.engine.statistic import Statistic
from madatheory.hparams import Hyper
from madatheory.problems.catalogue import list_problems
from madatheory.problems.problem import Constant, Problem
from madatheory.problems.separable import separable
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.evaluate import evaluate
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Setting, Theorem

LABELS = ("T1", "T1'", "T2", "T2'", "TA", "T5", "T5w", "T5A", "T5hp", "T5c", "T6", "T6t")
ALL = {name: t for name, t in list_theorems().items() if t.label in LABELS}
NAMES = sorted(ALL)
RATIO = list_problems()["ratio"].make({"d": 3})


def huber(start: float, noise: str = "none", scale: float = 0.0) -> Problem:
    """F = x^2/2 near 0, |x| - 1/2 beyond 1: |F'| <= 1, L = 1, and descent as slow as L allows."""

    def one(value: float) -> Constant:
        return Constant(value, "exact", "by hand", "here")

    return separable(
        "huber",
        "Huber's function",
        lambda x: jnp.where(jnp.abs(x) < 1, x * x / 2, jnp.abs(x) - 0.5),
        slope=one(1.0),
        curvature=one(1.0),
        infimum=one(0.0),
        start=[start],
        noise=noise,
        scale=scale,
        derivative=lambda x: jnp.clip(x, -1.0, 1.0),
    )


def at(theorem: Theorem, problem: Problem, hyper: Hyper, T: np.ndarray) -> Quantities:
    setting = Setting(problem, theorem.method(), hyper, int(T[-1]))
    return theorem.quantities(setting, T=T.astype(float))


def levels(theorem: Theorem, problem: Problem, hyper: Hyper, data: xr.Dataset) -> np.ndarray:
    """Every level per trajectory: (level, path or seed, t)."""
    setting = Setting(problem, theorem.method(), hyper, int(data["t"].values[-1]))
    return np.array(list(evaluate(theorem, setting, data).values()))


def statistics_of(group: Sequence[Theorem]) -> tuple[Statistic, ...]:
    """The statistics of all levels, each name once."""
    return tuple({s.name: s for theorem in group for s in theorem.statistics}.values())
