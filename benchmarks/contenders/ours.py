"""madatheory through its public interface: `simulate` with problems and optimizers of the catalogue."""

import os
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.task import BETA1, EPS, KAPPA, Execution, Workload

if TYPE_CHECKING:
    from madatheory.engine.statistic import Statistic
    from madatheory.optimizers.optimizer import Optimizer
    from madatheory.problems.problem import Problem

SUMMARY = "madatheory.engine.simulate"
NEEDS = ()
GENERATORS = {"own": "threefry2x32-20", "threefry": "threefry2x32-20", "hash": "hash"}
OPTIMIZERS = {
    "adam": "adam:form=practical",
    "avgrad": "avgrad:form=practical",
    "mada": "mada:learn=rho",
    "mada-all": "mada:learn=all",
}


def environment(threads: int) -> None:
    """The XLA flag that the command line sets too."""
    from madatheory.engine.flags import enable_native_loop

    enable_native_loop()


@cache
def objects(task: Workload) -> "tuple[Problem, Optimizer, Statistic]":
    """Problem, optimizer and statistic: the same objects for the same question, as a program that reuses them has."""
    from madatheory.engine.statistic import mean_squared_gradient, total
    from madatheory.optimizers.catalogue import get_optimizer
    from madatheory.problems.catalogue import get_problem

    law = {"normal": "gaussian", "uniform": "uniform"}[task.noise]
    method = get_optimizer(OPTIMIZERS[task.optimizer])
    if task.problem == "reddi":
        mean_x = total("mean_x", "mean of x_t", lambda event: event.next[0], mean=True)
        return get_problem("reddi-online"), method, mean_x
    return get_problem(f"ratio:d={task.d},noise={law}"), method, mean_squared_gradient


def arguments(task: Workload) -> dict[str, Any]:
    """What `simulate` gets, but the seed and the number of workers."""
    problem, optimizer, statistic = objects(replace(task, T=1))
    settings = {"alpha": task.alpha, "beta1": BETA1, "beta2": task.beta2}
    if task.optimizer == "mada":
        settings |= {"rho": 1.0, "kappa_rho": KAPPA}
    if task.optimizer != "mada-all":
        settings["eps"] = EPS
    return {
        "problem": problem,
        "optimizer": optimizer,
        "steps": task.T,
        "num_trajectories": task.B,
        "settings": settings,
        "statistics": (statistic,),
        "dtype": "float32",
        "generator": GENERATORS[task.generator],
    }


def prepare(task: Workload) -> Execution:
    """Compile with a run of a few steps: the number of steps is an argument of the compiled loop."""
    from madatheory.engine.simulate import simulate

    given = arguments(task)
    name = given["statistics"][0].name
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()

    def run(steps: int, seed: int) -> np.ndarray:
        data = simulate(**{**given, "steps": steps}, seed=seed, workers=workers)
        return data[name].isel(t=-1).to_numpy()

    run(min(2, task.T), 0)
    return lambda seed: run(task.T, seed)
