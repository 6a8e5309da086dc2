"""The drift of the Adam-AVGrad interpolation on the smooth Reddi problem: exact, and by simulation.

F(x) = delta sqrt(1+x^2), g = xi x/sqrt(1+x^2), with xi = C with probability p = (1+delta)/(C+1) and xi = -1
otherwise, so E xi = delta > 0 (after Reddi, Kale, Kumar, ICLR 2018, made smooth and unconstrained). Far from the
minimum at 0, and once vbar has settled at S = E xi^2, a step moves x by -alpha_t xi_t/sqrt((1-rho) S + rho v_t):
uphill on average iff

    D(rho) = E[xi_t/sqrt((1-rho) S + rho v_t)] < 0,       v_t = (1-beta2) sum_{k>=0} beta2^k xi_{t-k}^2 stationary.

All functions are float64 NumPy, except `simulated_drift`, which runs the optimizer.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import xarray as xr
from scipy.optimize import brentq

from madatheory.engine.statistic import iterate
from madatheory.errors import UserError
from madatheory.optimizers.optimizer import Optimizer
from madatheory.optimizers.update import PARAMETERS
from madatheory.problems.noise_laws import uniform01
from madatheory.problems.problem import Array, Constant, Constants, Oracle, Problem, Words

_STEP = 0.05  # spacing of the quadrature in ln s; the trapezoidal rule converges exponentially in 1/_STEP
_CHECK = "tests/studies/test_drift.py::test_far_field_is_the_smooth_reddi_problem"


class FiniteLaw(NamedTuple):
    """Values and their probabilities."""

    values: np.ndarray
    probabilities: np.ndarray

    def moment(self, k: int) -> float:
        """E a^k."""
        return float(self.probabilities @ self.values**k)


class TwoPointLaw(NamedTuple):
    """The two-point law of xi: C with probability p, else -1."""

    C: float
    delta: float

    @property
    def p(self) -> float:
        """P(xi = C) = (1+delta)/(C+1)."""
        return (1 + self.delta) / (self.C + 1)

    @property
    def second_moment(self) -> float:
        """S = E xi^2 = p C^2 + 1 - p."""
        return 1 + self.p * (self.C**2 - 1)

    @property
    def finite(self) -> FiniteLaw:
        """The same as values and probabilities."""
        return FiniteLaw(np.array([self.C, -1.0]), np.array([self.p, 1 - self.p]))


def _check(rho: float, beta2: float, law: TwoPointLaw) -> None:
    PARAMETERS["rho"].refuse("rho", rho)
    replace(PARAMETERS["beta2"], open_low=True).refuse("beta2", beta2)
    if not (law.C > 1 and 0 <= law.delta < law.C):
        raise UserError(f"C = {law.C:g}, delta = {law.delta:g}: give C > 1 and delta in [0, C)")


def _transforms(rho: float, beta2: float, law: FiniteLaw) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """s on a grid that is uniform in ln s, ln E exp(-s z), E[xi exp(-s z)]/E exp(-s z) and the spacing.

    z = (1-rho) S + rho v. With chi(y) = E exp(-y xi^2) and psi(y) = E[xi exp(-y xi^2)], independence gives
    E exp(-s z) = exp(-s (1-rho) S) prod_k chi(rho w s beta2^k), and E[xi_t exp(-s z)] has psi for chi in the factor
    k = 0. The spacing divides ln beta2, so the product over k is a cumulative sum along the grid.
    """
    w, S, squares = 1 - beta2, law.moment(2), law.values**2
    # v is nowhere smaller; where a value is 0 the chance that v is below this is too small to see
    least = max(float(squares.min()), 1e-9 * S)
    per_factor = max(1, math.ceil(-math.log(beta2) / _STEP))
    spacing = -math.log(beta2) / per_factor
    low = math.log(1e-14 / (S + rho * w * float(squares.max())))
    high = math.log(45 / ((1 - rho) * S + rho * least))  # v >= least, so exp(-s z) < e^-45 beyond
    rows = math.ceil((high - low) / (spacing * per_factor)) + 1
    s = np.exp(low + spacing * np.arange(rows * per_factor))
    y = rho * w * s
    gone = np.expm1(-(squares - squares.min())[:, None] * y)
    log_chi = -squares.min() * y + np.log1p(law.probabilities @ gone)
    # the factors below the grid are within 1e-14 of 1 together
    log_product = np.cumsum(log_chi.reshape(rows, per_factor), axis=0).ravel()
    left = law.probabilities[:, None] * (1 + gone)
    ratio = law.values @ left / left.sum(axis=0)
    return s, log_product - s * (1 - rho) * S, ratio, spacing


def inverse_root_moments(rho: float, beta2: float, law: TwoPointLaw) -> tuple[float, float]:
    """(E[xi z^{-1/2}], E[z^{-1/2}]), z = (1-rho) S + rho v, of the two-point law."""
    _check(rho, beta2, law)
    return inverse_root_of(rho, beta2, law.finite)


def inverse_root_of(rho: float, beta2: float, law: FiniteLaw, beta1: float = 0.0) -> tuple[float, float]:
    """The same for any finite law, 0 < rho, beta2 < 1, by z^{-1/2} = pi^{-1/2} int_0^inf s^{-1/2} e^{-s z} ds.

    With `beta1` the first is E[m z^{-1/2}], m = (1-beta1) sum_k beta1^k xi_{t-k}: E[xi_{t-k} e^{-s z}]/E e^{-s z} is
    that of xi_t at beta2^k s.
    """
    s, log_weight, ratio, spacing = _transforms(rho, beta2, law)
    if beta1 > 0:
        ratio = ratio.reshape(-1, round(-math.log(beta2) / spacing))
        ratio[0] = (1 - beta1) * ratio[0] + beta1 * law.moment(1)  # below the grid e^{-s z} is 1
        for k in range(1, len(ratio)):
            ratio[k] = (1 - beta1) * ratio[k] + beta1 * ratio[k - 1]
        ratio = ratio.ravel()
    weight = np.sqrt(s) * np.exp(log_weight) * spacing  # s^{-1/2} ds = s^{1/2} d ln s
    weight[0] /= 2
    # the part below the grid, where e^{-s z} = 1: int_0^{s_0} s^{-1/2} ds
    rest = 2 * math.sqrt(s[0])
    root_pi = math.sqrt(math.pi)
    return float(np.sum(weight * ratio) + law.moment(1) * rest) / root_pi, float(np.sum(weight) + rest) / root_pi


def exact_drift(rho: float, beta2: float, law: TwoPointLaw) -> float:
    """D(rho) = E[xi/sqrt((1-rho) S + rho v)], v stationary; D(0) = delta/sqrt(S)."""
    _check(rho, beta2, law)
    if rho == 0:
        return law.delta / math.sqrt(law.second_moment)
    return inverse_root_moments(rho, beta2, law)[0]


def critical_delta(rho: float, beta2: float, C: float) -> float:
    """The delta below which D < 0 (uphill): the root of D; 0 where the drift is downhill for every delta > 0.

    It lies below C (1 - sqrt(beta2)): see `sufficient_beta2`.
    """

    def drift(delta: float) -> float:
        return exact_drift(rho, beta2, TwoPointLaw(C, delta))

    smallest = 1e-9
    if rho == 0 or drift(smallest) >= 0:
        return 0.0
    return float(np.asarray(brentq(drift, smallest, C * (1 - math.sqrt(beta2)), xtol=1e-10)))


def sufficient_beta2(delta: float, C: float) -> float:
    """beta2 from which on the drift is certainly downhill, for every rho: (1 - delta/C)^2.

    With f(v) = ((1-rho) S + rho v)^{-1/2} and v stationary, D = C E f(v) - (C-delta) E f(beta2 v + 1 - beta2), and
    f(beta2 v + 1 - beta2) <= f(v)/sqrt(beta2).
    """
    return (1 - delta / C) ** 2


def far_field(C: float, deltas: Sequence[float] | np.ndarray, start: float) -> Problem:
    """The smooth Reddi problem with one coordinate for every delta, all started at `start`: one run serves all deltas.

    xi_i = C where one uniform number, the same for all coordinates, is below p_i: each coordinate has its own law, but
    the coordinates are dependent.
    """
    delta = np.asarray(deltas, dtype=float)
    d = len(delta)
    p = (1 + delta) / (C + 1)
    second = 1 + p * (C**2 - 1)

    def column(values: np.ndarray, x: Array) -> Array:
        return jnp.asarray(values, x.dtype).reshape(d, *(1,) * (x.ndim - 1))

    def sample(words: Words, dtype: type) -> Array:
        u = uniform01(words.first, dtype)
        return jnp.where(u < column(p, u), dtype(C), dtype(-1))  # u has shape (1, ..), xi (d, ..)

    def slope(x: Array) -> Array:
        return x / jnp.sqrt(1 + x * x)

    oracle = Oracle(
        "two-point",
        1,
        sample,
        lambda x, grad, xi, t: xi * slope(x),
        lambda x, grad, t: column(second, x) * slope(x) ** 2,
        None,
    )
    constants = Constants(
        Constant(float(delta.max()), "exact", "|F''| = delta_i (1+x^2)^{-3/2} is largest at 0", _CHECK),
        Constant(float(C), "exact", "|xi| <= C and |x|/sqrt(1+x^2) < 1", _CHECK),
        Constant(float(delta.sum()), "exact", "sqrt(1+x^2) >= 1", _CHECK),
    )
    return Problem(
        name="reddi-smooth-grid",
        summary="sum_i delta_i sqrt(1+x_i^2), g_i = xi_i x_i/sqrt(1+x_i^2), xi_i = C or -1",
        dimension=d,
        start=np.full(d, float(start)),
        value=lambda x: jnp.sum(column(delta, x) * jnp.sqrt(1 + x * x), axis=0),
        oracle=oracle,
        constants=constants,
        gradient=lambda x: column(delta, x) * slope(x),
        parameters={"C": C, "deltas": tuple(float(v) for v in delta), "start": start},
    )


def simulated_drift(
    run: Callable[..., xr.Dataset],
    optimizer: Optimizer,
    problem: Problem,
    *,
    steps: int,
    num_trajectories: int,
    seed: int,
    settings: dict[str, Any],
) -> xr.DataArray:
    """The drift per unit of sum alpha_t, -(x_T - x_{T/10})/sum_{T/10 < t <= T} alpha_t, of every coordinate and path.

    alpha_t = alpha/sqrt(t). The first tenth is left out: there v starts from 0 and the path moves about
    alpha sqrt(2/w) ln C uphill whatever the sign of D. Dimensions (*grid, seed, coordinate).
    """
    if optimizer.traits.get("schedule") != "inverse_sqrt":
        raise UserError(f"{optimizer.name} has schedule {optimizer.traits.get('schedule')!r}; give inverse_sqrt")
    first = steps // 10
    data = run(
        problem,
        optimizer,
        steps,
        num_trajectories=num_trajectories,
        seed=seed,
        settings=settings,
        statistics=(iterate,),
        save_at=[first, steps],
    )
    travelled = settings["alpha"] * np.sum(1 / np.sqrt(np.arange(first + 1, steps + 1)))
    x = data["iterate"]
    return -(x.isel(t=1, drop=True) - x.isel(t=0, drop=True)) / travelled
