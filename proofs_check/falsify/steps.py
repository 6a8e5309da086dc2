"""Gradients in search of a long step: T10 and the claims that it corrects, on the package's own optimizers."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from madatheory.arithmetic import NUMPY, Arithmetic
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.optimizers.optimizer import Optimizer
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.lemma import Lemma, Values
from madatheory.theory.quantities import Quantities
from madatheory.theory.samplers import decay, log_uniform, mixed
from madatheory.theory.theorem import Theorem
from madatheory.theory.theorems.step_size_bounds import claimed_by_kingma_and_ba
from proofs_check.evidence import Finding, Status

STEPS = 6
ROUNDING = 1e-9  # the steps are computed in float64 with cancelling bias corrections


def step_size_theorems() -> list[Theorem]:
    """The theorems that bound one step on every path, whatever the problem (T10)."""
    return [t for t in list_theorems().values() if t.kind == "every-path" and t.left.name == "longest step"]


def path(optimizer: Optimizer, gradients: np.ndarray, hyper: Mapping[str, Any]) -> tuple[np.ndarray, dict[str, Any]]:
    """x_t - x_{t-1} and the states after each step, for gradients (T, lanes) of one coordinate."""
    import jax
    import jax.numpy as jnp

    with jax.enable_x64(True):
        g = jnp.asarray(gradients, jnp.float64)[:, None]
        run = _compiled(optimizer)
        ran = run(jnp.zeros(g.shape[1:]), g, dict(hyper))
        states = {name: np.asarray(value) for name, value in ran.state.items()}
        return -np.asarray(ran.step.delta)[:, 0], states


_PROGRAMS: dict[str, Callable[..., Any]] = {}
_KNOWN: dict[int, tuple[Optimizer, Callable[..., Any]]] = {}  # by id, which is not given to another while it is kept


def _compiled(optimizer: Optimizer) -> Callable[..., Any]:
    """One program for methods that compute the same."""
    from madatheory.store.cache_key import fingerprint
    from proofs_check.open_loop import open_loop

    if id(optimizer) not in _KNOWN:
        _KNOWN[id(optimizer)] = optimizer, _PROGRAMS.setdefault(fingerprint(optimizer), open_loop(optimizer))
    return _KNOWN[id(optimizer)][1]


def as_lemma(theorem: Theorem) -> Lemma:
    """|x_t - x_{t-1}| <= alpha B(t) for every t <= 6, over gradients and hyper-parameters of one coordinate.

    The left side is the largest ratio of the two sides, so that the right side is 1.
    """
    optimizer = theorem.method()
    free = [name for name in theorem.settings if name not in ("alpha", "eps")]
    rest = {name: value for name, value in optimizer.hyper().items() if name not in free}
    first = theorem.settings.get("beta1", 0.0) != 0  # otherwise the statement needs beta1 = 0

    def draw(rng: np.random.Generator, n: int) -> Values:
        signs = rng.choice([-1.0, 1.0], (STEPS, n))
        g = mixed(rng, np.ones((STEPS, n)), signs, signs * rng.random((STEPS, n)), _geometric(rng, n))
        g[:, rng.random(n) < 0.2] *= np.arange(STEPS)[:, None] == STEPS - 1
        unit = mixed(rng, rng.random(n), np.zeros(n), np.ones(n))
        values: dict[str, Any] = {"g": g}
        for name in free:
            values[name] = {"beta1": decay(rng, n) if first else np.zeros(n), "beta2": decay(rng, n)}.get(name, unit)
        return values

    def left(v: Values, xp: Arithmetic) -> Any:
        hyper = {name: np.asarray(v[name]) for name in free}
        start = np.zeros(np.shape(v["g"][0]))
        given = {**rest, "alpha": 1.0, "eps": 0.0}
        fixed = {name: start + float(given[name]) for name in rest}
        move, _ = path(optimizer, np.asarray(v["g"]), {**hyper, **fixed})
        known = {name: value for name, value in hyper.items() if name in Quantities._fields}
        ratios = [
            np.abs(delta) / (theorem.bound(Quantities(**{**known, "T": t}), NUMPY) + start)
            for t, delta in enumerate(move, 1)
        ]
        return np.max(np.nan_to_num(ratios, nan=0.0), axis=0)

    def hypothesis(v: Values) -> list[Any]:
        found = [v["g"][-1] == v["g"][-1]]
        for name in free:
            open_end = name in ("beta1", "beta2")
            found += [v[name] >= 0, v[name] < 1 - 1e-6 if open_end else v[name] <= 1]
        if "beta2" in free:
            found += [v["beta2"] > 1e-6]
        if "beta1" in free:
            found += [abs(v["beta1"] ** 2 / v["beta2"] - 1) > 1e-6] if first else [v["beta1"] == 0]
        return found

    return Lemma(
        theorem.name,
        theorem.label,
        theorem.statement,
        theorem.source,
        draw,
        left,
        lambda v, xp: 1.0,
        hypothesis,
        tolerance=ROUNDING,
    )


def less(lemma: Lemma) -> Lemma:
    """A planted mistake: the same step bound times 97/100."""
    return replace(lemma, name=lemma.name + "-97", right=lambda v, xp: 0.97)


def _geometric(rng: np.random.Generator, n: int) -> np.ndarray:
    """g_j proportional to s^(T-j), of either sign."""
    rate = log_uniform(rng, -1, 1, n) * rng.choice([-1, 1], n)
    g = rate ** np.arange(STEPS)[::-1, None]
    return g / np.abs(g).max(axis=0)


@cache
def _pairs(largest: int) -> np.ndarray:
    """All (g_1, g_2) of integers from 1 to `largest`, as (2, lanes), those with small numbers first."""
    pairs = [(a, b) for a in range(1, largest + 1) for b in range(1, largest + 1)]
    return np.array(sorted(pairs, key=lambda pair: (max(pair), sum(pair))), dtype=float).T


def kingma_ba() -> Finding:
    """The integers g_1, g_2 of least size for which practical Adam's second step exceeds the published bound."""
    beta1, beta2 = 0.9, 0.99
    g = _pairs(12)
    adam = get_optimizer("adam:form=practical,schedule=constant")
    move, _ = path(adam, g, {"alpha": 1.0, "beta1": beta1, "beta2": beta2, "eps": 0.0})
    claim = float(claimed_by_kingma_and_ba(Quantities(beta1=beta1, beta2=beta2), NUMPY))
    excess = np.abs(move) / claim - 1
    if excess[0].max() > ROUNDING or not (excess[1] > ROUNDING).any():
        return Finding(Status.OPEN, f"{g.shape[1]} pairs of gradients: the bound is not broken first at t = 2")
    at = int(np.argmax(excess[1] > ROUNDING))
    right = float(list_theorems()["adam-step-size"].bound(Quantities(T=2, beta1=beta1, beta2=beta2), NUMPY))
    return Finding(
        Status.REFUTED,
        f"practical Adam on {g.shape[1]} pairs of integers; the first step never breaks it; T10's bound is {right:.6f}",
        f"g = [{g[0, at]:.0f}, {g[1, at]:.0f}], beta1 = {beta1}, beta2 = {beta2}, eps = 0: "
        f"|x_2 - x_1| = {abs(move[1, at]):.6f} alpha, claimed at most {claim:g} alpha",
        float(excess[1].max()),
    )


def yogi_below_largest_square() -> Finding:
    """The least integer gradients and a short beta2 for which Yogi's v_2 exceeds both squares."""
    pairs, betas = _pairs(4), np.arange(1, 20) / 20
    g, beta2 = np.repeat(pairs, len(betas), axis=1), np.tile(betas, pairs.shape[1])
    yogi = get_optimizer("yogi:form=theory")
    _, states = path(yogi, g, {"alpha": 1.0, "beta1": 0.0, "beta2": beta2, "eps": 1.0})
    v = states["v"][:, 0]
    excess = v / np.maximum.accumulate(g**2, axis=0) - 1
    if excess[0].max() > ROUNDING or not (excess[1] > ROUNDING).any():
        return Finding(Status.OPEN, f"{g.shape[1]} cases: v_t is not above the squares first at t = 2")
    at = int(np.argmax((excess[1] > ROUNDING) & np.isin(beta2, (0.25, 0.5))))
    return Finding(
        Status.REFUTED,
        f"the package's Yogi on {g.shape[1]} pairs of gradients and beta2; never at t = 1",
        f"g = [{g[0, at]:.0f}, {g[1, at]:.0f}], beta2 = {beta2[at]:g}, v_0 = 0: "
        f"v_1 = {v[0, at]:g}, v_2 = {v[1, at]:g} > {g[:, at].max() ** 2:g} = max g^2",
        float(excess[1].max()),
    )
