"""What the published programs of MADA give, and runs of this package's forms beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from optimizer_cases import looped
from training_cases import mada, run

from madatheory.engine.simulate import simulate
from madatheory.engine.statistic import iterate
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.optimizers.presets import PRESETS
from madatheory.references.mada import run_learned
from madatheory.studies.theory.learned_rho import coefficient
from madatheory.theory.catalogue import list_theorems
from madatheory.training.arguments import in_family

COLUMNS = ("x", "beta3", "rho", "c", "R/t")
TABLE: Mapping[int, Sequence[float]] = {
    2: (-0.00166415889, 0, 1, 1, 500.005),
    3: (-0.00217233482, 0.00143845379, 0.999998331, 0.999996722, 330.008881),
    5: (-0.00292677246, 0.00390783465, 0.999987543, 0.999984264, 194.01484),
    10: (-0.00403222302, 0.00821892451, 0.999914348, 0.999940336, 92.0245855),
    100: (0.00159334671, 0.0144347884, 1, 1, 0.22655621),
    103: (0.000510259066, 0.00830787234, 0.992058218, 0.99988991, 9.84824978),
    1000: (0.0161744934, 0.0840800554, 0.864111125, 0.995843947, 0.230487188),
    3000: (0.0402797423, 0.249674141, 0.714731336, 0.989501655, 0.234065368),
    10000: (0.106685199, 0.688445568, 0.83230859, 0.97407937, 0.240159751),
    30000: (0.234863356, 0.933618367, 0.939039409, 0.926254094, 0.171663859),
}
"""amsgrad_toy.py on a CPU, in float32: x and coefficients after update t, average regret up to the loss before it."""
TOLERANCE = 5e-6
"""Of x and the coefficients, absolute; of R/t, which is up to 500, in float32's units: times max(1, R/t)."""

STEPS = 3000
_RNG = np.random.default_rng(20240617)
_EVERY = _RNG.standard_normal((STEPS, 5)) * np.array([30.0, 10.0, 100.0, 3.0, 1.0])
_RARE = np.where(np.arange(STEPS) % 37 == 5, 1e4, 1.0)[:, None]
G: Mapping[str, np.ndarray] = {"train_ddp": _EVERY * _RARE, "train": _EVERY * _RARE, "toy": _EVERY}
"""Gradients: those of the training scripts with hyper-gradients beyond the clip, where the toy, without one, would
be thrown from bound to bound and lose its digits."""
X0 = np.array([1.0, -0.5, 0.25, 2.0, 0.0])

Run = tuple[np.ndarray, dict[str, np.ndarray]]
"""x (T, d) and the learned coefficients (T,), by the papers' names."""


def slopes(steps: int) -> np.ndarray:
    """1010 in steps 1, 102, .., else -10."""
    return np.where(np.arange(1, steps + 1) % 101 == 1, 1010.0, -10.0)


def by_hand(preset: str, g: np.ndarray, x0: np.ndarray = X0, **instead: Any) -> Run:
    """The reference at a preset's numbers."""
    chosen = PRESETS[preset]
    given = {
        "kappa": chosen.rates,
        "mu": {name: rule.hyper_momentum for name, rule in chosen.learn.items()},
        "clip": {name: rule.clip for name, rule in chosen.learn.items() if rule.clip is not None},
        "start": {rule.start for rule in chosen.learn.values()}.pop(),
        "alpha": chosen.alpha,
        "eps": chosen.eps,
        "convention": chosen.convention,
        "previous_gradient": chosen.previous_gradient,
        "average_derivative": chosen.average_derivative,
        **chosen.initial,
    }
    return run_learned(x0, g, **{**given, **instead})


def by_optax(preset: str, g: np.ndarray, extra: Any = None, **instead: Any) -> Run:
    """The transformation, on a tree of two leaves."""
    x, state = run(mada(preset=preset, **instead), g, X0, extra)
    return x, {name: np.asarray(values) for name, values in in_family(state.coefficients).items()}


def by_engine(preset: str, g: np.ndarray, options: str = "") -> Run:
    """The engine's member at its own defaults."""
    method = get_optimizer(f"mada:preset={preset}{options}")
    path = looped(method)(X0, g, method.hyper())
    return np.asarray(path.x), {name: np.asarray(path.state["values"][name]) for name in method.traits["learned"]}


def apart(found: Run, wanted: Run, steps: int = STEPS) -> float:
    """Largest difference: of x over the displacement, of the learned coefficients absolute."""
    x, values = wanted
    worst = np.max(np.abs(found[0][:steps] - x[:steps])) / np.max(np.abs(x[:steps] - X0))
    return max(float(worst), *(float(np.max(np.abs(found[1][n][:steps] - values[n][:steps]))) for n in found[1]))


def toy_by_optax(times: Sequence[int], **instead: Any) -> dict[int, tuple[float, ...]]:
    """The rows of `TABLE` from the transformation."""
    tx = mada(preset="toy", **instead)

    def step(carry: Any, g: Any) -> Any:
        x, state, paid = carry
        paid = paid + g * (x + 1)  # g is the slope of a linear loss, least at -1
        move, state = tx.update(g, state, x)
        x = jnp.clip(x + move, -1, 1)
        return (x, state, paid), (x, state.coefficients, paid)

    first = (jnp.zeros(()), tx.init(jnp.zeros(())), jnp.zeros(()))
    x, h, paid = jax.jit(lambda g: jax.lax.scan(step, first, g)[1])(jnp.asarray(slopes(max(times))))
    columns = (x, h.get("b3", 0 * x), h.get("rho", 0 * x), h.get("c", 0 * x), paid)
    rows = np.stack([np.asarray(column, float) for column in columns], axis=1)
    return {t: (*rows[t - 1, :4], rows[t - 1, 4] / t) for t in times}


def toy_by_engine(
    times: Sequence[int], options: str = "", problem: str = "reddi-online"
) -> dict[int, tuple[float, ...]]:
    """The rows of `TABLE` from `simulate`."""
    names = ("beta3", "rho", "c")
    regret = list_theorems()["avgrad-regret"].left.statistics
    found = simulate(
        problem,
        f"mada:preset=toy{options}",
        max(times),
        num_trajectories=1,
        statistics=(iterate, *map(coefficient, names), *regret),
        save_at=list(times),
    )
    columns = [found[name].to_numpy().reshape(-1) for name in ("iterate", *names, "regret")]
    return {t: (*(float(c[i]) for c in columns[:4]), float(columns[4][i]) / t) for i, t in enumerate(times)}


def toy_by_hand(times: Sequence[int], **instead: Any) -> dict[int, tuple[float, ...]]:
    """The rows of `TABLE` from the reference."""
    g = slopes(max(times))
    x, h = by_hand("toy", g[:, None], np.zeros(1), box=(-1.0, 1.0), **instead)
    paid = np.cumsum(g * (np.append(0.0, x[:-1, 0]) + 1))
    return {t: (x[t - 1, 0], h["beta3"][t - 1], h["rho"][t - 1], h["c"][t - 1], paid[t - 1] / t) for t in times}


def distances(rows: Mapping[int, Sequence[float]]) -> dict[int, float]:
    """Of every row from `TABLE`: the largest difference, that of R/t over max(1, R/t)."""
    found = {}
    for t, row in rows.items():
        scales = [1, 1, 1, 1, max(1.0, TABLE[t][4])]
        found[t] = max(abs(a - b) / scale for a, b, scale in zip(row, TABLE[t], scales, strict=True))
    return found


def shown(rows: Mapping[int, Sequence[float]]) -> str:
    """The rows as text, each with its distance from the published one."""
    worst = distances(rows)
    lines = ["      t " + "".join(f"{name:>14}" for name in COLUMNS) + "     apart by"]
    for t, row in rows.items():
        lines.append(f"{t:7} " + "".join(f"{value:14.9f}" for value in row) + f"{worst[t]:13.1e}")
    return "\n".join(lines)
