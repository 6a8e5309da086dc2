"""An optimizer beside the package's methods: which theorems are about its steps, who is nearest, curves of both."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from madatheory.errors import UserError
from madatheory.hparams import in_words
from madatheory.identities.recognition.candidate import X0, G
from madatheory.identities.targets.built_in import specs
from madatheory.identities.targets.lookup import find
from madatheory.identities.targets.target import Misbehaved, Target, open_loop
from madatheory.optimizers.optimizer import Clock, Optimizer
from madatheory.optimizers.schedule import SCHEDULES
from madatheory.problems.catalogue import get_problem
from madatheory.problems.problem import Problem, Words
from madatheory.report.document import Absent, Chart, DataTable, Fact, Folded, Prose, Series, numbers
from madatheory.report.parts import Made, Tell
from madatheory.statistics.intervals import t_interval
from madatheory.store.cache_key import fingerprint
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.theorem import Theorem

VISIBLE: Mapping[str, float] = {"alpha": 0.125, "beta2": 0.9375, "eps": 0.125, "rho": 0.5, "beta1": 0.0}
"""Hyper-parameters at which steps are compared: eps as large as gradients, so that no convention hides."""
EXACT, SINGLE = 1e-9, 1e-4
"""Relative difference that counts as the same, for steps in double and in single precision."""
PROBLEM, RATE, RUNS, NEAREST, SHOWN = "ratio:d=10", 0.1, 6, 3, 30
"""Of the curves: problem, step size of all, runs of each, relatives, times that are drawn."""
_NEUTRAL = {"alpha": "lr"}


class Same(NamedTuple):
    """Whether the steps are those of a method: how a schedule must be given, or the first step that differs."""

    agrees: bool
    how: str


def theorems_of_steps(target: Target, tell: Tell) -> Made:
    """For each method that theorems are about: whether the target takes its steps, and else the first that differs."""
    grouped: dict[str, list[Theorem]] = {}
    for theorem in list_theorems().values():
        grouped.setdefault(fingerprint(theorem.optimizer()), []).append(theorem)
    applies: list[tuple[str, str, str]] = []
    others: list[tuple[str, str, str]] = []
    for number, theorems in enumerate(grouped.values()):
        method = theorems[0].optimizer()
        schedule = method.traits.get("schedule", "constant")
        tell(number, len(grouped), method.name)
        found = same_steps(target, method)
        names = ", ".join(dict.fromkeys(f"{t.label} {t.name}" for t in theorems))
        which = f"{method.name}, form {method.traits.get('form', '?')}, schedule {schedule}"
        (applies if found.agrees else others).append((which, found.how, names))
    note = Prose(
        "Theorems are about methods as they are written in proofs: eps inside the root, no bias correction, a stated "
        "schedule. An optimizer that differs in a convention takes other steps, and no theorem here is about it. "
        "Beside the method each theorem has assumptions on problem and hyper-parameters: madatheory list theorems NAME."
    )
    text = "none: it takes the steps of no method that a theorem is about"
    if applies:
        count = sum(len(names.split(", ")) for _, _, names in applies)
        text = f"{count}, about {'; '.join(which for which, _, _ in applies)}"
    same = (
        DataTable(("the same steps as", "how", "theorems"), tuple(applies))
        if applies
        else Prose(f"{text[0].upper()}{text[1:]}.")
    )
    differ = DataTable(("method", "where it first differs", "theorems"), tuple(others))
    folded = (Folded(f"Methods that it differs from, and where: {len(others)}", (differ,)),) if others else ()
    return Made((note, same, *folded), (Fact("theorems", text, "good" if applies else "none"),))


def same_steps(target: Target, method: Optimizer) -> Same:
    """Whether the target's updates on fixed gradients are the method's, with its schedule given from outside or not."""
    hyper = {name: VISIBLE.get(name, p.default) for name, p in method.parameters.items()}
    given: dict[str, Any] = {"weight_decay": 0.0} if "weight_decay" in target.settable else {}
    for name in hyper:
        neutral = _NEUTRAL.get(name, name)
        if neutral in target.settable:
            given[neutral] = hyper[name]
        elif isinstance(known := target.defaults.get(neutral), int | float):
            hyper[name] = float(known)
    pinned = {name: value for name, value in method.traits.get("pinned", {}).items() if name in target.settable}
    try:
        hyper = method.hyper(hyper)
        got = updates(target, {**given, **pinned})
    except (UserError, Misbehaved) as error:
        return Same(False, f"it cannot be run there: {error}")
    expected, scale = _method_updates(method, hyper)
    if not (np.all(np.isfinite(got)) and np.all(np.isfinite(expected))):
        return Same(False, f"its steps are not finite at {in_words({**hyper, **pinned})}")
    limit = EXACT if got.dtype == np.float64 else SINGLE
    worst: tuple[int, int] | None = None
    for factor, how in ((np.ones(len(scale)), ""), (scale, _schedule_in_words(method))):
        moved = got * factor[:, None]
        apart = ~(np.abs(moved - expected) <= limit * (np.abs(expected) + np.max(np.abs(expected))))  # nan differs
        if not apart.any():
            return Same(True, how or f"as it is, at {in_words(hyper)}")
        step, entry = np.argwhere(apart)[0]
        worst = worst if worst is not None and worst[0] >= step else (int(step), int(entry))
    assert worst is not None
    step, entry = worst
    return Same(False, f"step {step + 1}: {got[step, entry]:.6g}, the method's is {expected[step, entry]:.6g}")


def _schedule_in_words(method: Optimizer) -> str:
    return f"with its step size given by the schedule {method.traits.get('schedule', 'constant')}"


def updates(target: Target, settings: Mapping[str, Any]) -> np.ndarray:
    """x_t - x_{t-1} of the target on the fixed gradients, (T, n)."""
    path = np.stack([x[0] for x in open_loop(target, [X0], [[row] for row in G], settings)])
    return np.diff(np.concatenate([X0[None].astype(path.dtype), path]), axis=0)


def _method_updates(method: Optimizer, hyper: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """The method's updates on the same gradients, and alpha_t/alpha of its schedule."""
    rate = SCHEDULES.get(str(method.traits.get("schedule")), SCHEDULES["constant"])
    with jax.enable_x64(True):
        state = method.init(hyper, jnp.asarray(X0))
        found, scale = [], []
        for t, row in enumerate(G, 1):
            clock = Clock(jnp.asarray(float(t)), jnp.asarray(float(len(G))))
            step, state = method.step(hyper, state, jnp.asarray(row), clock)
            found.append(-np.asarray(step.delta))
            scale.append(float(rate.alpha(hyper, clock)) / hyper["alpha"] if "alpha" in hyper else 1.0)
    return np.array(found), np.array(scale)


def relatives(target: Target, settings: Mapping[str, Any]) -> list[tuple[float, Target]]:
    """The package's methods by the distance of their updates, mean of |a-b|/(|a|+|b|), at the target's settings."""
    mine, found = updates(target, settings), []
    for spec in specs():
        if "form=theory" in spec or spec == target.name:
            continue
        other = find(spec)
        try:
            theirs = updates(other, shared(other, target, settings))
        except (UserError, Misbehaved):
            continue
        size = np.abs(mine) + np.abs(theirs)
        apart = np.divide(np.abs(mine - theirs), size, out=np.zeros_like(size), where=size > 0)
        if np.all(np.isfinite(apart)):
            found.append((float(apart.mean()), other))
    return sorted(found, key=lambda pair: pair[0])


def shared(other: Target, target: Target, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The target's settings and known defaults, as far as another has them."""
    known = {
        name: value
        for name, value in target.defaults.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    return {name: value for name, value in {**known, **settings}.items() if name in other.settable}


def curves(target: Target, *, steps: int, seed: int, tell: Tell) -> Made:
    """The average squared gradient of the target and its nearest relatives, on one problem with the same noise."""
    settings: dict[str, Any] = {
        name: value for name, value in {"lr": RATE, "weight_decay": 0.0}.items() if name in target.settable
    }
    try:
        nearest = relatives(target, settings)[:NEAREST]
    except (UserError, Misbehaved) as error:
        return Made((Absent(f"It cannot be run on a vector of parameters, so it has no curves here: {error}"),))
    problem = get_problem(PROBLEM)
    chosen = [(0.0, target, settings), *((d, other, shared(other, target, settings)) for d, other in nearest)]
    times = np.unique(np.round(np.geomspace(1, steps, SHOWN)).astype(int))
    series, rows = [], []
    for number, (distance, one, given) in enumerate(chosen):
        tell(number, len(chosen), one.name)
        values = closed_loop(one, given, problem, steps, seed, RUNS)
        mean, low, high = t_interval(values)
        at = times - 1
        series.append(Series(one.name, numbers(times), numbers(mean[at]), numbers(low[at]), numbers(high[at])))
        rows.append((one.name, distance, float(mean[-1]), float(low[-1]), float(high[-1])))
    caption = (
        f"{problem.summary}; lr = {RATE:g} for all that have one, other hyper-parameters this optimizer's where they "
        f"are known. {RUNS} runs with the same noise, seed {seed}; bands are 95 % t-intervals. No step size "
        "is tuned here: the curves show what the optimizer does beside its relatives, not which is better."
    )
    chart = Chart(f"Average squared gradient on {problem.name}", "T", "(1/T) sum |grad F|^2", tuple(series), caption)
    table = DataTable(
        ("optimizer", "distance of its updates", f"average at T = {steps}", "95 % from", "to"), tuple(rows)
    )
    return Made(
        (chart, table), (Fact("nearest of the package", "; ".join(f"{one.name} ({d:.2g})" for d, one in nearest)),)
    )


def closed_loop(
    target: Target, settings: Mapping[str, Any], problem: Problem, steps: int, seed: int, runs: int
) -> np.ndarray:
    """(1/t) sum_{s<=t} |grad F(x_{s-1})|^2 of every run, (runs, steps); the noise depends on the seed alone."""
    start = np.asarray(problem.start, float)
    steppers = [target.begin([start.copy()], settings) for _ in range(runs)]
    words = np.random.default_rng(seed)
    total, found = np.zeros(runs), np.zeros((runs, steps))
    with jax.enable_x64(True):
        gradients = jax.jit(lambda x, xi, t: _gradients(problem, x, xi, t))
        for t in range(1, steps + 1):
            x = np.stack([np.asarray(s.parameters()[0], float) for s in steppers], axis=1)
            drawn = words.integers(0, 2**32, (2, problem.oracle.entries, runs), dtype=np.uint32)
            xi = problem.oracle.sample(Words(jnp.asarray(drawn[0]), jnp.asarray(drawn[1])), np.float64)
            exact, noisy = (np.asarray(g) for g in gradients(x, xi, float(t)))
            total += np.sum(exact**2, axis=0)
            found[:, t - 1] = total / t
            _advance(steppers, noisy)
    return found


def _advance(steppers: Sequence[Any], gradients: np.ndarray) -> None:
    for number, stepper in enumerate(steppers):
        stepper.step([gradients[:, number].copy()])


def _gradients(problem: Problem, x: Any, xi: Any, t: Any) -> tuple[Any, Any]:
    exact = problem.full_gradient(x)
    return exact, problem.oracle.gradient(x, exact, xi, t)
