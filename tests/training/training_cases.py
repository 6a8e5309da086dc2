"""Runs of the training-time MADA that several test files share."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from optimizer_cases import FEW, in_numpy

import madatheory.training.transformation as module
from madatheory import training
from madatheory.optimizers.optimizer import Clock
from madatheory.training import Descent
from madatheory.training.arguments import in_family, in_optax, spelled

mada: Any = training.mada  # what tests hand over is often wrong on purpose
scale_by_mada: Any = training.scale_by_mada
STEPS, D = 60, 3
RNG = np.random.default_rng(20261124)
G = RNG.standard_normal((STEPS, D)) * np.array([1.0, 0.5, 2.0])
X0 = np.array([1.0, -0.5, 0.25])
FULL: dict[str, Any] = {"alpha": 0.1, "beta1": 0.8, "beta2": 0.9, "beta3": 0.3, "rho": 0.4, "c": 0.6, "gamma": 0.7}
ONLY: dict[str, Any] = {"alpha": 0.1, "beta1": 0.8, "beta2": 0.95, "rho": 0.4}
EPS, KAPPA, MU = 1e-3, 0.02, 0.5


def tree(x: Any) -> Any:
    """Coordinates dealt out to leaves of two shapes, so that a sum over one leaf alone is wrong."""
    return {"a": x[..., :1], "b": (x[..., 1:],)}


def flat(t: Any) -> np.ndarray:
    return np.concatenate([np.asarray(t["a"]), np.asarray(t["b"][0])], axis=-1)


@cache
def _runner(tx: Any, compiled: bool) -> Any:
    """Traced once for a transformation that runs several times, under scan; to compile it would take far longer."""

    def step(carry: Any, now: Any) -> Any:
        x, state = carry
        move, state = tx.update(now[0], state, x, **now[1])
        x = optax.apply_updates(x, move)
        return (x, state), (x, state)

    def whole(p: Any, g: Any) -> Any:
        return jax.lax.scan(step, (p, tx.init(p)), g)[1]

    return jax.jit(whole) if compiled else in_numpy(whole)


def run(tx: Any, g: Any = G, x0: Any = X0, extra: Any = None, compiled: bool = False) -> tuple[np.ndarray, Any]:
    """x_1 .. x_T and the states after each step, by a scan, which is compiled if asked for or of many steps.

    `extra`: other gradients, by name.
    """
    named = extra if isinstance(extra, dict) else {} if extra is None else {"validation_gradient": extra}
    given = {name: tree(jnp.asarray(gradients)) for name, gradients in named.items()}
    x, state = _runner(tx, compiled or len(g) > FEW)(tree(jnp.asarray(x0)), (tree(jnp.asarray(g)), given))
    return flat(x), jax.tree.map(np.asarray, state)  # of an array of JAX each part is a program of its own


def made(initial: dict[str, Any], names: tuple[str, ...], rule: Any = None, **options: Any) -> Any:
    """The papers' names are translated."""
    rules = dict.fromkeys(map(spelled, names), Descent(KAPPA, MU) if rule is None else rule)
    return mada(learn=rules, **{"eps": EPS, **in_optax(initial), **options})


POINTS = {
    "practical": (FULL, tuple(FULL), {}),
    "published": (FULL, tuple(FULL), {"convention": "published"}),
    "theory": (FULL, tuple(FULL), {"convention": "theory"}),
    "readout": (ONLY, ("alpha", "rho"), {}),
    "readout theory": (ONLY, ("alpha", "rho"), {"convention": "theory"}),
    "readout max": (ONLY, ("rho",), {"reference": "max"}),
    "no momentum": (ONLY | {"beta1": 0.0}, ("alpha", "rho"), {}),
    "decayed": (ONLY, ("alpha", "rho"), {"weight_decay": 0.5}),
    "decayed replay": (FULL, ("alpha", "beta1"), {"weight_decay": 0.5}),
    "safeguarded": (
        ONLY | {"c": 0.5, "beta3": 0.2},
        ("beta2", "beta3", "rho", "c"),
        {"safeguard": "sum", "convention": "theory"},
    ),
}


def plain_plan(options: dict[str, Any], values: dict[str, Any]) -> Any:
    """The same request with nothing learned and these values: the plain member, from the catalogue's family."""
    defaults = {"beta3": 0.0, "rho": 1.0, "c": 1.0, "gamma": 1.0, "beta1_lion": 0.95, "beta2_lion": 0.98, "W": 0.01}
    return module.make_plan({}, **in_optax({**defaults, "eps": EPS, **values}), **options)


def check_central_differences(label: str) -> None:
    """l(x_t(h)) with everything before step t held, for a loss that is not linear, at several steps of a run."""
    initial, names, options = POINTS[label]
    center, width, decay = np.array([0.3, -0.7, 0.1]), 1e-5, options.get("weight_decay", 0.0)

    def loss(x: Any) -> Any:
        return jnp.sum(jnp.sin(3 * (x - center)) + (x - center) ** 2)

    tx = made(initial, names, Descent(1e-4), **options)
    # arrays are not taken for constant, so that corrections are those of a decay that moves
    plan = plain_plan(options, initial | {name: jnp.asarray(initial[name]) for name in names})

    def moved(values: Any, x: Any, g: Any, t: Any, inner: Any) -> tuple[Any, Any]:
        step, after = plan.point.step(values, inner, g, Clock(t, jnp.nan))
        return (1 - plan.alpha(values, t) * decay) * x - step.delta, after

    @in_numpy
    def slopes(used: Any, *past: Any) -> Any:
        """Differences in one coefficient after the other, all through one program."""
        ends = [
            {name: jnp.array(used[name]) + side * width * (name == changed) for name in names}
            for changed in names
            for side in (-1, 1)
        ]
        stacked = jax.tree.map(lambda *a: jnp.stack(a), *ends)
        losses = jax.vmap(lambda values: loss(moved(values, *past)[0]))(stacked).reshape(-1, 2)
        return dict(zip(names, (losses[:, 1] - losses[:, 0]) / (2 * width), strict=True))

    update, plain, slope = map(in_numpy, (tx.update, moved, jax.grad(loss)))
    x, inner = jnp.asarray(X0), plan.point.init({name: initial[name] for name in names}, jnp.asarray(X0))
    state: Any = tx.init(tree(x))
    for t in range(1, 5):
        past = (x, slope(x) + G[t - 1], jnp.asarray(float(t)), inner)
        move, state = update(tree(past[1]), state, tree(x))
        used = in_family(state.coefficients)
        new, after = plain(used, *past)
        np.testing.assert_allclose(flat(move), new - x, rtol=1e-9, atol=1e-12)
        seen = update(tree(slope(new)), state, tree(new))[1].hypergradients
        for name, want in slopes(used, *past).items():
            np.testing.assert_allclose(seen[spelled(name)], want, rtol=2e-6, atol=1e-8, err_msg=f"{name} at {t}")
        x, inner = new, after
