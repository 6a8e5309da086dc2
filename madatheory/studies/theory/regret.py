"""Iterate and average regret of Adam, AMSGrad and AVGrad on Reddi's problems, with the regret bounds (T9)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from madatheory.engine.statistic import iterate
from madatheory.errors import UserError
from madatheory.optimizers.catalogue import list_optimizers
from madatheory.problems.problem import Problem
from madatheory.studies.theory.step_sizes import Simulate
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.evaluate import evaluate
from madatheory.theory.theorem import Setting, Theorem

METHODS = ("adam", "amsgrad", "avgrad")
BOUND = "data-dependent bound"


class Curves(NamedTuple):
    """One method: x_t and regret/t, and the bound/t where a theorem applies (else None); all of shape (seed, t)."""

    x: np.ndarray
    average_regret: np.ndarray
    bound: np.ndarray | None


def period_ends(steps: int, period: int, count: int) -> np.ndarray:
    """About `count` geometrically spaced multiples of `period` up to `steps`: the phase in a period plays no part."""
    periods = steps // period
    if periods < 2:
        raise UserError(f"steps = {steps} holds fewer than 2 periods of {period}")
    return period * np.unique(np.round(np.geomspace(1, periods, count)).astype(int))


def _theorem(method: str) -> Theorem | None:
    return list_theorems().get(f"{method}-regret")


def regret_curves(
    run: Simulate,
    problem: Problem,
    method: str,
    *,
    times: Sequence[int] | np.ndarray,
    settings: Mapping[str, float],
    momenta: Sequence[float],
    num_trajectories: int,
    seed: int,
) -> dict[float, Curves]:
    """Curves of one method (theory form, alpha_t = alpha/sqrt(t)) for every beta1 of `momenta`, in one run.

    The bound is the data-dependent form of T9, evaluated on every path at every recorded time; it needs beta1 = 0.
    """
    optimizer = list_optimizers()[method].make({"schedule": "inverse_sqrt"})
    # the regret itself is the left side of either theorem
    theorem = _theorem(method) or list_theorems()["avgrad-regret"]
    statistics = {s.name: s for s in (iterate, *theorem.left.statistics)}
    data_bound = next(level for level in theorem.chain if level.name == BOUND)
    if _theorem(method) is not None:
        statistics |= {s.name: s for s in data_bound.statistics}
    data = run(
        problem,
        optimizer,
        int(times[-1]),
        num_trajectories=num_trajectories,
        seed=seed,
        settings={**settings, "beta1": tuple(momenta)},
        statistics=tuple(statistics.values()),
        save_at=times,
    )
    curves: dict[float, Curves] = {}
    for beta1 in momenta:
        part = data.sel(beta1=beta1)
        t = part["t"].to_numpy()
        setting = Setting(problem, optimizer, optimizer.hyper({**settings, "beta1": beta1}), int(times[-1]))
        applies = _theorem(method) is not None and not theorem.reasons(setting)
        bound = evaluate(theorem, setting, part, [data_bound])[BOUND] / t if applies else None
        x = part["iterate"].isel(coordinate=0).to_numpy()
        curves[beta1] = Curves(x, part["regret"].to_numpy() / t, bound)
    return curves
