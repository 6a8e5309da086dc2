"""Small problems on which bounds are nearly attained, and the hyper-parameters at which a theorem is tried on them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import jax.numpy as jnp
import numpy as np

from madatheory.problems.catalogue import list_problems
from madatheory.problems.coordinatewise import moments, oracle_of
from madatheory.problems.noise_laws import NoiseLaw
from madatheory.problems.problem import Array, Atoms, Constant, Problem
from madatheory.problems.separable import separable
from madatheory.theory.theorem import Theorem

Grid = Mapping[str, Sequence[float]]
PROVED = "tests/proofs/test_bridge.py"


def _exact(value: float) -> Constant:
    return Constant(value, "exact", "by hand", PROVED)


def huber(start: Sequence[float], slope: float = 1.0) -> Problem:
    """sum_i h(x_i), h = x^2/2 near 0 and straight beyond `slope`: descent is as slow as these allow."""
    return separable(
        "huber",
        "Huber's function",
        lambda x: jnp.where(jnp.abs(x) < slope, x * x / 2, slope * jnp.abs(x) - slope**2 / 2),
        slope=_exact(slope),
        curvature=_exact(1.0),
        infimum=_exact(0.0),
        start=list(start),
        noise="none",
        scale=0.0,
        derivative=lambda x: jnp.clip(x, -slope, slope),
        minimizer=0.0,
        convex="its derivative does not fall",
    )


def noisy(problem: Problem, values: Sequence[float], chances: Sequence[float], G: float) -> Problem:
    """The problem with independent noise of a finite law on every coordinate; `G` bounds |g| along its trees."""
    x, p = np.asarray(values, float), np.asarray(chances, float)
    atoms, second, fourth = Atoms(x, p), float(p @ x**2), float(p @ x**4)
    law = NoiseLaw("atoms", lambda words, dtype: None, float(np.abs(x).max()), second, atoms, fourth=fourth)
    assert problem.constants is not None
    sigma, M4 = moments(law, problem.dimension)
    constants = problem.constants._replace(G=_exact(G), sigma=sigma, M4=M4)
    return replace(problem, oracle=oracle_of(law, problem.dimension), constants=constants)


def skewed(dimension: int) -> Problem:
    """g is 1 with probability .366, else -5e-4, where F' is largest: the law that needs K = .388 in L1. |g| <= 1."""
    p, share, a = 0.366, 0.2221, 1e-6
    small = math.sqrt(a * share / (1 - share))
    slope = p - (1 - p) * small
    return noisy(huber([slope] * dimension, slope), (1 - slope, -small - slope), (p, 1 - p), 1.0)


def sequences(values: Sequence[float]) -> Problem:
    """F = 0, every sequence of these gradients: for statements that hold on every path."""

    def zero(x: Array) -> Array:
        return jnp.sum(0 * x, axis=0)

    base = replace(huber([0.0]), name="sequences", value=zero, gradient=jnp.zeros_like)
    return noisy(base, values, np.full(len(values), 1 / len(values)).tolist(), max(map(abs, values)))


@dataclass(frozen=True)
class Field:
    """A problem with so many steps that its tree is small, and the hyper-parameters tried on it."""

    name: str
    problem: Problem
    steps: int
    grid: Grid


EVERYWHERE: Grid = {
    "alpha": (0.1, 1.0, 10.0, 100.0),
    # not larger: ln(1 + w G^2/eps)/w loses its digits to rounding
    "eps": (1e-6, 1e-2, 1.0, 1e4),
    "beta1": (0.0, 0.5),
    "beta2": (0.01, 0.5, 0.99),
    "beta3": (0.0, 0.5),
    "rho": (0.01, 1.0),
    "c": (0.0, 1.0),
    "W": (0.1,),
    "switch": (0.5,),
    "eta": (0.01, 0.3),
    "A": (0.5, 2.0),
}
_PATHS: Grid = {
    "alpha": (0.45, 1.0, 1.4, 2.83),
    "eps": (1e-9,),
    "beta1": (0.0,),
    "beta2": (1e-3, 0.25, 0.9, 0.999),
}
_MOMENTUM: Grid = {**_PATHS, "beta1": (0.0, 0.5, 0.9)}
_STEPS: Grid = {
    "alpha": (1e-3,),
    "eps": (1e-9,),
    "beta1": (0.1, 0.9),
    "beta2": (0.5, 0.9, 0.99),
    "rho": (0.0, 0.5, 1.0),
    "gamma": (0.0, 0.5, 1.0),
    "beta3": (0.0,),
    "c": (1.0,),
}


@cache
def _smooth() -> tuple[Field, ...]:
    return (
        Field("huber, no noise, d = 2, T <= 8", huber([1.0, 1.0]), 8, EVERYWHERE),
        Field("huber, skewed noise, d = 2, T <= 3", skewed(2), 3, EVERYWHERE),
        Field(
            "ratio, Rademacher noise, d = 1, T <= 7",
            list_problems()["ratio"].make({"d": 1, "noise": "rademacher", "scale": 1.0}),
            7,
            EVERYWHERE,
        ),
    )


@cache
def _unbounded() -> tuple[Field, ...]:
    problem = list_problems()["quadratic"].make({"d": 1, "noise": "rademacher"})
    return (Field("quadratic, Rademacher noise, d = 1, T <= 7", problem, 7, EVERYWHERE),)


@cache
def _turned() -> tuple[Field, ...]:
    """N < d L, and a Hessian that is not diagonal."""
    problem = list_problems()["rotated"].make({"d": 2, "angle": 0.3, "noise": "none"})
    return (Field("rotated, no noise, d = 2, T <= 8", problem, 8, EVERYWHERE),)


@cache
def _linear() -> tuple[Field, ...]:
    problem = list_problems()["reddi-stochastic"].make({"p": 0.55, "up": 1.0, "down": 1.0, "start": -1.0})
    return (Field("linear losses +-x on [-1, 1], T <= 8", problem, 8, _PATHS),)


@cache
def _convex() -> tuple[Field, ...]:
    """T9's losses and losses that bend, with momentum."""
    bent = list_problems()["online-quadratic"].make({"p": 0.5, "high": 2.0, "low": -2.0, "start": -1.0})
    return (
        *(replace(field, grid=_MOMENTUM) for field in _linear()),
        Field("quadratic losses (x -+ 2)^2/2 on [-1, 1], T <= 6", bent, 6, _MOMENTUM),
    )


@cache
def _divergent() -> Mapping[str, Field]:
    """Where Adam diverges, by the label of the theorem about it."""
    small = {"alpha": (0.1, 0.45), "eps": (1e-9,), "beta1": (0.0, 0.1)}
    made = {
        "TD1": ("reddi-period", {}, 12, {**small, "beta1": (0.0,), "beta2": (1 / 17, 0.05)}),
        "TD2": ("reddi-online", {"period": 20, "up": 20.0, "down": 1.0}, 45, {**small, "beta2": (0.1, 0.2)}),
        "TD3": (
            "reddi-stochastic",
            {"p": 0.05, "up": 30.0, "down": 1.0, "start": -1.0},
            8,
            {**small, "beta2": (0.3, 0.5)},
        ),
        "TD4": ("wave", {}, 8, {"alpha": (0.25,), "eps": (0.0,), "beta1": (0.0, 0.9), "beta2": (0.5, 0.999)}),
    }
    return {
        label: Field(f"{name}, T <= {steps}", list_problems()[name].make(options), steps, grid)
        for label, (name, options, steps, grid) in made.items()
    }


@cache
def _sequences() -> tuple[Field, ...]:
    return (Field("every sequence of 1, 2, -3, 5, 6, T <= 4", sequences((1.0, 2.0, -3.0, 5.0, 6.0)), 4, _STEPS),)


def all_fields() -> tuple[Field, ...]:
    """Every hostile problem."""
    return (*_smooth(), *_linear(), *_convex(), *_sequences())


# labels of theorems that have problems of their own
PLACES = ("T9", "T9m", "T9s", "T9x", "T10", "TR", "TRx", "TV", "TD1", "TD2", "TD3", "TD4")
LONGER = ("amsgrad", "avgrad")  # methods that are also tried on the third of the smooth problems


def fields(theorem: Theorem) -> tuple[Field, ...]:
    """Where a theorem is tried."""
    if theorem.label == "T9":
        return _linear()
    if theorem.label in ("T9m", "T9s", "T9x"):
        return _convex()
    if theorem.label == "T10":
        return _sequences()
    if theorem.label == "TRx":
        return (*_smooth()[:2], *_unbounded(), *_turned())
    if theorem.label in ("TR", "TV"):
        return (*_smooth()[:2], *_unbounded())
    if theorem.label in ("T5x", "TX"):
        return (*_smooth()[:2], *_turned())
    if theorem.label == "TS":
        return (_smooth()[0], *_turned())
    if theorem.label in _divergent():
        return (_divergent()[theorem.label],)
    return _smooth() if theorem.method().name in LONGER and theorem.at == "any" else _smooth()[:2]


def grid_of(theorem: Theorem, field: Field) -> dict[str, list[float]]:
    """The values of every hyper-parameter of the theorem's method; one that the theorem fixes keeps its value."""
    fixed = {}
    for condition in theorem.conditions:
        name, equals, value = condition.name.partition(" = ")
        if equals and name in theorem.method().parameters:
            fixed[name] = float(value)
    chosen = {}
    for name, parameter in theorem.method().parameters.items():
        values = field.grid.get(name, (theorem.settings.get(name, parameter.default),))
        chosen[name] = [fixed[name]] if name in fixed else [float(x) for x in np.ravel(values)]
    return chosen
