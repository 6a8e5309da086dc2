"""MADA that learns rho alone: paths on Reddi's problems, and how often dl/drho is exactly 0.

rho interpolates v_t with a reference, vhat_t = rho v_t + (1-rho) partner_t, and descends the one-step hyper-gradient
u_t = dl_t/drho = <g_t, dx_{t-1}/drho> (`madatheory.optimizers.hypergradient`). All runs here have no momentum in that
descent, so that the stored momentum is u_t itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from madatheory.engine.statistic import Event, Statistic, iterate, latest, total
from madatheory.errors import UserError, unknown
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.optimizers.convention import PRACTICAL, Convention
from madatheory.optimizers.family import member
from madatheory.optimizers.hypergradient import learned
from madatheory.optimizers.optimizer import Array, Optimizer
from madatheory.optimizers.request import Descent
from madatheory.problems.problem import Problem
from madatheory.studies.theory.step_sizes import Simulate
from madatheory.theory.catalogue import list_theorems

FORMS: Mapping[str, str] = {
    "mada": "mada:learn=rho,convention=theory",
    "mada-lagged": "mada:learn=rho,convention=theory,lag=1",
    "mada-max": "mada:learn=rho,convention=theory,reference=max",
    "mada-safeguarded": "mada:learn=rho,convention=theory,safeguard=max",
    "mada-safeguarded-sum": "mada:learn=rho,convention=theory,safeguard=sum",
}
"""The theory forms: plain, lagged (T6), with the maximum as reference, and safeguarded (T8, T8log)."""

CONVENTIONS: Mapping[str, Convention] = {
    "average": PRACTICAL,
    "exact-average": replace(PRACTICAL, bias_correction="exact"),
    "max": replace(PRACTICAL, reference="max"),
    "corrected-max": replace(PRACTICAL, reference="max", max_order="after_correction"),
}
"""Practical forms by their reference. MADA corrects vbar by v's factor 1-beta2^t, "exact-average" by its own (L3d);
the maximum is over v (AMSGrad in torch) or, "corrected-max", over v/(1-beta2^t) (in optax)."""


@cache  # one object, so that the engine finds the program of an earlier call
def coefficient(name: str) -> Statistic:
    """The value of a learned coefficient that the latest step was taken with."""
    return latest(name, f"{name}_t", lambda e: e.state["values"][name])


def _signal(e: Event) -> Array:
    return e.state["momenta"]["rho"]


def _share(indicator: Array) -> Array:
    """The part of the coordinates (axis 0) for which it is true."""
    return jnp.mean(indicator, axis=0, dtype=indicator.dtype)


silent = total("silent", "number of s <= t with dl_s/drho = 0 exactly", lambda e: (_signal(e) == 0).astype(e.x.dtype))
squared_signal = total("squared_signal", "sum_{s<=t} (dl_s/drho)^2", lambda e: _signal(e) ** 2)
flat = total(
    "flat",
    "sum_{s<=t} share of coordinates with d delta_s/drho = 0 exactly",
    lambda e: _share((e.state["slopes"]["rho"] == 0).astype(e.x.dtype)),
)


def _unexplained(e: Event) -> Array:
    """Coordinates whose slope is 0 without v = reference or m = 0, or the other way round."""
    point = e.state["point"]
    reason = (point["v"] == point["reference"]) | (point["m"] == 0)
    return jnp.sum(((e.state["slopes"]["rho"] == 0) != reason).astype(e.x.dtype), axis=0)


unexplained = total("unexplained", "number of (s, i) where d delta/drho = 0 and v = reference disagree", _unexplained)


class Paths(NamedTuple):
    """One form: arrays of shape (kappa, seed, t), `silent` the share of steps with dl/drho = 0 up to t.

    `root_b` is sqrt(b_t/t) = alpha_t/eta_t, the square root of what divides m_t.
    """

    rho: np.ndarray
    x: np.ndarray
    average_regret: np.ndarray
    root_b: np.ndarray
    silent: np.ndarray


def learned_paths(
    run: Simulate,
    problem: Problem,
    form: str,
    *,
    times: Sequence[int] | np.ndarray,
    kappas: Sequence[float],
    settings: Mapping[str, float],
    num_trajectories: int,
    seed: int,
) -> Paths:
    """rho_t, x_t (first coordinate) and regret/t of a form of `FORMS` for every hyper step size of `kappas`.

    The regret is T9's left side, against the best point in hindsight: `problem` is one of Reddi's. `settings` holds
    alpha, beta1, beta2, eps, the initial rho, and W for T8log's form.
    """
    if form not in FORMS:
        raise unknown("form of MADA with learned rho", form, FORMS)
    if "regret" not in problem.facts:
        raise UserError(f"{problem.name} has no regret: give one of Reddi's problems, such as reddi-stochastic")
    root = latest("root_b", "sqrt(b_t/t) of coordinate 1", lambda e: jnp.sqrt(e.step.b[0] / e.clock.t))
    data = run(
        problem,
        get_optimizer(FORMS[form]),
        int(times[-1]),
        num_trajectories=num_trajectories,
        seed=seed,
        settings={**settings, "kappa_rho": tuple(kappas), "mu_rho": 0.0},
        statistics=(coefficient("rho"), iterate, *list_theorems()["avgrad-regret"].left.statistics, root, silent),
        save_at=times,
    )
    t, x = data["t"].to_numpy(), data["iterate"].isel(coordinate=0)
    rho, paid, root_b, zeros = (data[name].to_numpy() for name in ("rho", "regret", "root_b", "silent"))
    return Paths(rho, x.to_numpy(), paid / t, root_b, zeros / t)


@cache  # as above
def with_reference(reference: str) -> Optimizer:
    """MADA's practical form with rho learned, started at 1/2, and the reference of `CONVENTIONS`."""
    if reference not in CONVENTIONS:
        raise unknown("reference", reference, CONVENTIONS)
    point = member(
        "adam-reference",
        "rho v + (1-rho) reference",
        free=("alpha", "beta1", "beta2", "rho", "eps"),
        form="practical",
        convention=CONVENTIONS[reference],
        source="Ozkara et al., MADA, ICML 2024",
    ).defaults(beta2=0.99, eps=1e-6, rho=0.5)
    return learned(point, {"rho": Descent()}, name="mada")


class Signals(NamedTuple):
    """dl/drho on windows of steps (edges[j], edges[j+1]]: arrays (kappa, seed, window), but for the last two.

    silent      share of steps with dl/drho = 0 exactly
    flat        share of (step, coordinate) with d delta/drho = 0 exactly
    rms         root mean square of dl/drho
    rho         (kappa, seed, edge): rho after the steps of `edges`
    unexplained (kappa, seed): how often "slope 0" and "v = reference" disagree in a run; for "average", "max", else nan
    """

    silent: np.ndarray
    flat: np.ndarray
    rms: np.ndarray
    rho: np.ndarray
    unexplained: np.ndarray


def signals(
    run: Simulate,
    problem: Problem,
    reference: str,
    *,
    edges: Sequence[int] | np.ndarray,
    kappas: Sequence[float],
    settings: Mapping[str, float],
    num_trajectories: int | range,
    seed: int,
) -> Signals:
    """The hyper-gradient of rho with a reference of `CONVENTIONS`, for every hyper step size (0 keeps rho where it is).

    The first edge must be 2 or more: dl_1/drho has no step before it, and at t = 1 every reference equals v.
    """
    edges = np.asarray(edges)
    if len(edges) < 2 or edges[0] < 2 or np.any(np.diff(edges) < 1):
        raise UserError(f"edges = {edges.tolist()}: give at least two increasing numbers of steps, the first >= 2")
    # the others compare v/(1-beta2^t), which the state does not hold
    checked = (unexplained,) if reference in ("average", "max") else ()
    data = run(
        problem,
        with_reference(reference),
        int(edges[-1]),
        num_trajectories=num_trajectories,
        seed=seed,
        settings={**settings, "kappa_rho": tuple(kappas), "mu_rho": 0.0},
        statistics=(silent, flat, squared_signal, coefficient("rho"), *checked),
        save_at=edges,
    )
    width = np.diff(edges)
    parts = {name: np.diff(data[name].to_numpy(), axis=-1) / width for name in ("silent", "flat", "squared_signal")}
    rho = data["rho"].to_numpy()
    wrong = data["unexplained"].isel(t=-1).to_numpy() if checked else np.full(rho.shape[:-1], np.nan)
    return Signals(parts["silent"], parts["flat"], np.sqrt(parts["squared_signal"]), rho, wrong)


def typical_signal(
    run: Simulate, problem: Problem, *, steps: int, settings: Mapping[str, float], num_trajectories: range, seed: int
) -> float:
    """Root mean square of dl/drho at rho = 1/2 held, with the average, over steps 3 .. `steps` of some seeds.

    1/this is a hyper step size with which one typical hyper-gradient would carry rho from 0 to 1.
    """
    found = signals(
        run,
        problem,
        "average",
        edges=(2, steps),
        kappas=(0.0,),
        settings=settings,
        num_trajectories=num_trajectories,
        seed=seed,
    )
    return float(np.sqrt(np.mean(found.rms**2)))
