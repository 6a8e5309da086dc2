"""The toy of MADA's authors in its own setting: what is learned, what it is worth, and what each part of it does.

The setting is the preset "toy" (`madatheory.optimizers.presets`); the problem is reddi-online, f_t = 1010 x once in 101
steps, else -10 x, on [-1, 1] from x_0 = 0.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from madatheory.engine.statistic import iterate
from madatheory.errors import unknown
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.optimizers.presets import PRESETS
from madatheory.problems.catalogue import get_problem
from madatheory.studies.theory.learned_rho import coefficient
from madatheory.studies.theory.rest_point import Period
from madatheory.studies.theory.step_sizes import Simulate
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.theorem import Setting

PROBLEM = "reddi-online"
METHODS: Mapping[str, str] = {
    "mada": "mada:preset=toy",
    "adam": "adam:form=practical,schedule=constant",
    "amsgrad": "amsgrad:form=practical,schedule=constant",
    "avgrad": "avgrad:form=practical,schedule=constant",
}
"""The published program and the fixed methods at its alpha, beta1, beta2 and eps."""
ABLATIONS: Mapping[str, str] = {
    "rho": "mada:preset=toy,learn=rho",
    "rho, beta3": "mada:preset=toy,learn=rho+beta3",
    "rho, c": "mada:preset=toy,learn=rho+c",
    "previous gradient zeroed": "mada:preset=toy,previous_gradient=zeroed",
    "a tenth of the rates": "mada:preset=toy",
}
"""The program with a part of it left out or changed."""
_TENTH = {"kappa_beta3": 0.01, "kappa_rho": 0.01, "kappa_c": 0.01}


class ToyPath(NamedTuple):
    """One run: x_t, regret/t, and every learned coefficient by its name, at the times asked for."""

    x: np.ndarray
    average_regret: np.ndarray
    learned: Mapping[str, np.ndarray]


def toy_path(run: Simulate, name: str, times: Sequence[int] | np.ndarray, seed: int = 0) -> ToyPath:
    """The run of a name in `METHODS` or `ABLATIONS`, in double precision; nothing in it is random."""
    known = {**METHODS, **ABLATIONS}
    if name not in known:
        raise unknown("run of the published toy", name, known)
    optimizer, toy = get_optimizer(known[name]), PRESETS["toy"]
    learned = tuple(optimizer.traits.get("learned", ()))
    given = {"alpha": toy.alpha, "beta1": toy.initial["beta1"], "beta2": toy.initial["beta2"], "eps": toy.eps}
    data = run(
        get_problem(PROBLEM),
        optimizer,
        int(times[-1]),
        num_trajectories=1,
        seed=seed,
        settings=_TENTH if name == "a tenth of the rates" else {} if learned else given,
        statistics=(iterate, *map(coefficient, learned), *list_theorems()["avgrad-regret"].left.statistics),
        save_at=times,
    )
    path = {str(key): values.to_numpy().reshape(-1) for key, values in data.data_vars.items()}
    return ToyPath(path["iterate"], path["regret"] / np.asarray(times), {key: path[key] for key in learned})


class Held(NamedTuple):
    """With beta3 held at each value of a grid: where rho comes to rest, and below which rho x moves to -1."""

    beta3: np.ndarray
    rest: np.ndarray
    turning: np.ndarray


def held_beta3(beta3: Sequence[float] | np.ndarray) -> Held:
    """`Period` on the toy's slopes with c = gamma = 1, as alpha and eps tend to 0; nothing is simulated."""
    p, toy = get_problem(PROBLEM).parameters, PRESETS["toy"].initial
    slopes = [p["up"], *[-p["down"]] * (int(p["period"]) - 1)]
    periods = [Period(slopes, toy["beta2"], "mean", beta1=toy["beta1"], beta3=float(value)) for value in beta3]
    return Held(np.asarray(beta3), np.array([p.rest().rho for p in periods]), np.array([p.turning() for p in periods]))


class HeldRuns(NamedTuple):
    """Runs with beta3 held and rho learned: rho at the end, and whether x went down over the last nine tenths."""

    beta3: np.ndarray
    rho: np.ndarray
    down: np.ndarray


def held_runs(run: Simulate, beta3: Sequence[float], steps: int, seed: int = 0) -> HeldRuns:
    """`held_beta3` by simulation: the program with a hyper learning rate of 0 for beta3 and c left alone."""
    data = run(
        get_problem(PROBLEM),
        get_optimizer(ABLATIONS["rho, beta3"]),
        steps,
        num_trajectories=1,
        seed=seed,
        settings={"kappa_beta3": 0.0, "beta3": tuple(beta3)},
        statistics=(iterate, coefficient("rho")),
        save_at=(steps // 10, steps),
    )
    x = data["iterate"].to_numpy().reshape(len(beta3), 2)
    down = (x[:, 1] < x[:, 0]) | (x[:, 1] < -0.99)  # at the bound it can go no further
    return HeldRuns(np.asarray(beta3), data["rho"].to_numpy().reshape(len(beta3), 2)[:, 1], down)


def what_theorems_say(name: str, labels: Sequence[str] = ("T6", "T8")) -> dict[str, list[str]]:
    """Label -> why the theorem does not apply to the run of this name; empty where it does."""
    optimizer = get_optimizer({**METHODS, **ABLATIONS}[name])
    setting = Setting(get_problem(PROBLEM), optimizer, optimizer.hyper(), 1000)
    found: dict[str, list[str]] = {}
    for theorem in list_theorems().values():
        if theorem.label in labels and theorem.label not in found:
            found[theorem.label] = theorem.reasons(setting)
    return found
