"""Counterexamples to T6 and T8 where a coefficient is chosen after the gradient that the theorems fix before it.

All have one coordinate, F' = s clip(x/l, -1, 1), and gradients of known size and random sign: g = A with probability
(1 + F'/A)/2, else -A, so that E g = F'. The choice shortens the steps that go down and lengthens those that go up.
Where F' = s the two then nearly balance although E g = s > 0: x stays there, the left side stays near s^2, and the
bounds tend to 0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np

from madatheory.engine.simulate import simulate
from madatheory.engine.statistic import Event, mean_squared_gradient
from madatheory.hparams import Hyper
from madatheory.optimizers.convention import THEORY
from madatheory.optimizers.family import member
from madatheory.optimizers.optimizer import Array, Clock, Optimizer, State
from madatheory.problems.noise_laws import uniform01
from madatheory.problems.problem import Constant, Constants, Oracle, Problem
from madatheory.statistics.confidence import clopper_pearson_lower, half_width
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.chains.decoupled import SHARP
from madatheory.theory.evaluate import evaluate, right_side
from madatheory.theory.theorem import Level, Setting, Theorem
from madatheory.theory.theorems.interpolation_moving_rate import K1, K2
from madatheory.theory.theorems.interpolation_rate import proof
from proofs_check.evidence import Finding, Status

FAILURE = 1e-4  # probability that the measured mean misleads
Sizes = tuple[tuple[float, float], ...]


def coin(slope: float, length: float, start: float, sizes: Sizes = ((np.inf, 1.0),)) -> Problem:
    """F' = slope clip(x/length, -1, 1); g = +-A_t with E g = F', A_t from the first pair (end, size) with t <= end."""

    def size(t: Array) -> Array:
        found = jnp.asarray(sizes[-1][1], jnp.result_type(t))
        for end, value in reversed(sizes[:-1]):
            found = jnp.where(t <= end, value, found)
        return found

    def gradient(x: Array) -> Array:
        return slope * jnp.clip(x / length, -1, 1)

    def value(x: Array) -> Array:
        near = jnp.minimum(jnp.abs(x), length)
        return slope * jnp.sum(near * near / (2 * length) + jnp.abs(x) - near, axis=0)

    def exact(number: float) -> Constant:
        return Constant(number, "exact", "by construction", "tests/theory/test_refutations.py")

    oracle = Oracle(
        "coin",
        1,
        lambda w, dtype: 2 * uniform01(w.first, dtype) - 1,
        lambda x, grad, xi, t: jnp.where(xi * size(t) < grad, size(t), -size(t)),
        lambda x, grad, t: jnp.zeros_like(x) + size(t) ** 2,
        None,
    )
    constants = Constants(exact(slope / length), exact(max(value for _, value in sizes)), exact(0.0))
    return Problem(
        "coin", "a slope with gradients of random sign", 1, np.array([start]), value, oracle, constants, gradient
    )


@dataclass(frozen=True)
class Example:
    """One counterexample: the theorem, the method that breaks it, where, and which ends of the choice it is judged at.

    `ends` are the hyper-parameters between which the choice moves: the bound is the largest of theirs. `honest` is the
    same method without the choice.
    """

    theorem: str
    choice: str
    problem: Callable[[], Problem]
    method: Callable[[], Optimizer]
    honest: Callable[[], Optimizer]
    hyper: Mapping[str, float]
    ends: tuple[Mapping[str, float], ...]
    steps: int
    num_trajectories: int = 256

    def __str__(self) -> str:
        return ", ".join([self.choice, *(f"{k} = {v:.9g}" for k, v in self.hyper.items()), f"T = {self.steps}"])


def _safeguarded(difference: str = "square", **adapted: Any) -> Optimizer:
    return member(
        "safeguarded-mada",
        "the safeguarded method with a coefficient chosen after the gradient",
        free=("alpha", "beta1", "beta2", "beta3", "rho", "c", "eps"),
        convention=replace(THEORY, difference_place=difference, safeguard="max"),  # type: ignore[arg-type]
        adapted=adapted,
    )


RATIO = 4.0


def chosen_alpha() -> Optimizer:
    """alpha_t = alpha where g_t > 0, else 4 alpha."""
    base = _safeguarded()

    def step(hyper: Hyper, state: State, g: Array, clock: Clock) -> Any:
        return base.step({**hyper, "alpha": jnp.where(g > 0, 1.0, RATIO) * hyper["alpha"]}, state, g, clock)

    return replace(base, step=step)


def _lower_momentum(h: Hyper, clock: Clock, state: State, g: Array) -> Array:
    """beta1 where that makes m_t smaller than g_t, else 0."""
    return jnp.where(state["m"] < g, h["beta1"], 0.0)


def _lower_numerator(h: Hyper, clock: Clock, state: State, g: Array) -> Array:
    """beta3 where n_t is then negative, else 0."""
    difference = jnp.where(clock.t == 1, 0.0, g - state["g"])
    n = h["beta3"] * state["n"] + (1 - h["beta3"]) * difference
    return jnp.where(n < 0, h["beta3"], 0.0)


def _against(h: Hyper, clock: Clock, state: State, g: Array) -> Array:
    """rho_t in {0, 1}: the larger second moment where g_t > 0, the smaller one elsewhere."""
    v = h["beta2"] * state["v"] + (1 - h["beta2"]) * g * g
    vbar = ((clock.t - 1) * state["reference"] + v) / clock.t
    return jnp.where((g > 0) == (v > vbar), 1.0, 0.0)


def _interpolation(**adapted: Any) -> Optimizer:
    return member("adam-avgrad", "", free=("alpha", "beta1", "beta2", "rho", "eps"), adapted=adapted)


_T8 = {"beta1": 0.0, "beta2": 0.0, "beta3": 0.0, "rho": 1.0, "c": 1.0}
_T6_STEPS = 2_000_000

EXAMPLES: Mapping[str, Example] = {
    "safeguarded-rate-hindsight-alpha": Example(
        "safeguarded-rate",
        f"alpha_t in {{alpha, {RATIO:g} alpha}}, s = .57, l = x_0 = 5",
        lambda: coin(0.57, 5.0, 5.0),
        chosen_alpha,
        _safeguarded,
        {**_T8, "alpha": 11**0.5 / 2, "eps": 10.0},
        ({"alpha": 11**0.5 / 2}, {"alpha": RATIO * 11**0.5 / 2}),
        1000,
    ),
    "safeguarded-rate-hindsight-beta1": Example(
        "safeguarded-rate",
        "beta1_t in {0, 1/2}, s = .315, l = x_0 = 6",
        lambda: coin(0.315, 6.0, 6.0),
        lambda: _safeguarded(beta1=_lower_momentum),
        _safeguarded,
        {**_T8, "alpha": 101**0.5, "eps": 100.0, "beta1": 0.5},
        ({"beta1": 0.0}, {"beta1": 0.5}),
        6400,
    ),
    "safeguarded-rate-numerator": Example(
        "safeguarded-rate",
        "beta3_t in {0, 4/5}, s = .28, l = x_0 = 6",
        lambda: coin(0.28, 6.0, 6.0),
        lambda: _safeguarded("numerator_and_square", beta3=_lower_numerator),
        _safeguarded,
        {**_T8, "alpha": 10.0, "eps": 100.0, "beta3": 0.8},
        ({"beta3": 0.0}, {"beta3": 0.8}),
        6400,
    ),
    "interpolation-rate-hindsight-rho": Example(
        "interpolation-moving-rate",
        "rho_t in {0, 1}, s = .0744, l = 3, x_0 = 36, A_t = .178 up to .0015 T, 1 up to .2913 T, then .36",
        lambda: coin(0.0744, 3.0, 36.0, ((0.0015 * _T6_STEPS, 0.178), (0.2913 * _T6_STEPS, 1.0), (np.inf, 0.36))),
        lambda: _interpolation(rho=_against),
        _interpolation,
        {"alpha": 1.0, "beta1": 0.0, "beta2": 1 - 1.2578e-5, "rho": 0.5, "eps": 0.1588},
        ({},),
        _T6_STEPS,
        32,
    ),
}


def _rho(e: Event) -> Array:
    return jnp.where(e.step.vhat == e.step.v, 1.0, 0.0)


@cache
def _data_bound(name: str) -> Level:
    """T6's data-dependent form with the w_t of the rho_t that was chosen (or is constant)."""
    rho = _rho if name == "chosen" else (lambda e: e.hyper["rho"])
    levels = proof(SHARP, rho, (K1, K2), "", suffix=f"_{name}").levels()
    return next(level for level in levels if level.data_bound)


@dataclass(frozen=True)
class Measured:
    """Left side: mean and a lower bound of it, which fails with probability 1e-4; right side; their ratio."""

    left: float
    lower: float
    right: float

    @property
    def ratio(self) -> float:
        """Left over right."""
        return self.left / self.right


def measure(example: Example, chosen: bool = True) -> Measured:
    """Simulate the example by the package's engine, and take the largest of the theorem's bounds at its ends."""
    problem, theorem = example.problem(), list_theorems()[example.theorem]
    method = example.method() if chosen else example.honest()
    honest = {} if chosen else {"beta3": 0.0}
    hyper = {k: v for k, v in {**example.hyper, **honest}.items() if k in method.parameters}
    data_bound = None
    if theorem.label == "T6t":
        data_bound = _data_bound("chosen" if chosen else "constant")
    statistics = (mean_squared_gradient, *(data_bound.statistics if data_bound else ()))
    data = simulate(
        problem, method, example.steps, num_trajectories=example.num_trajectories, settings=hyper, statistics=statistics
    )
    samples = data[mean_squared_gradient.name].values[:, -1]
    assert problem.constants is not None
    # |F'| <= s everywhere, so an average of F'^2 lies in [0, s^2]
    top = float(problem.full_gradient(jnp.asarray([[1e9]]))[0, 0]) ** 2
    lower = _lower(samples, top)
    setting = Setting(problem, method, hyper, example.steps)
    if data_bound is not None:
        right = float(evaluate(theorem, setting, data, [data_bound])[data_bound.name][:, -1].mean())
    else:
        right = _largest(theorem, setting, example)
    return Measured(float(samples.mean()), lower, right)


def _lower(samples: np.ndarray, top: float) -> float:
    """A lower confidence bound of a mean in [0, top]: by `half_width`, or by how many lie above .95 top."""
    above = clopper_pearson_lower(int(np.sum(samples >= 0.95 * top)), len(samples), FAILURE / 2)
    return max(float(samples.mean() - half_width(samples, top, FAILURE / 2)), 0.95 * top * above)


def _largest(theorem: Theorem, setting: Setting, example: Example) -> float:
    hypers = [{**setting.hyper, **{k: v for k, v in end.items() if k in setting.hyper}} for end in example.ends]
    times = np.array([setting.steps])
    return max(float(right_side(theorem, setting._replace(hyper=h), times)[0]) for h in hypers)


def refute(name: str) -> Finding:
    """REFUTED if the left side exceeds the bound even at its lower confidence limit."""
    example = EXAMPLES[name]
    found = measure(example)
    detail = f"left/right = {found.ratio:.2f} over {example.num_trajectories} runs of the package's method"
    if found.lower > found.right:
        return Finding(Status.REFUTED, detail, str(example), (found.lower - found.right) / found.right)
    return Finding(Status.OPEN, f"{detail}, lower limit {found.lower / found.right:.2f}: not enough")


def control(name: str) -> Finding:
    """SUPPORTED if the same method without the choice stays below the same bound."""
    found = measure(EXAMPLES[name], chosen=False)
    status = Status.SUPPORTED if found.left <= found.right else Status.REFUTED
    return Finding(status, f"left/right = {found.ratio:.2f} without the choice")
