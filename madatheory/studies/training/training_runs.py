"""Training runs: a method on a task, for many settings and seeds at once, in chunks that a store keeps.

Everything random comes from (seed, run, step) by Threefry keys that no method takes part in, so that two methods with
the same run number start at the same parameters and see the same mini-batches: differences between methods are paired.
"""

import itertools
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import xarray as xr
from jax import lax

from madatheory.errors import UserError
from madatheory.store.checkpoint import Cached, Checkpoint, nothing_cached
from madatheory.studies.tasks.task import Parameters, Task
from madatheory.training.arguments import in_family
from madatheory.training.methods import TrainingMethod
from madatheory.training.transformation import coefficients, mada_states

Array = Any
Hyper = Mapping[str, Array]
Inputs = tuple[tuple[Hyper, Array], tuple[Parameters, optax.OptState]]
"""((settings, keys of the steps), (parameters, states)) of one run or, with a leading axis, of several."""
Report = Callable[[int, int, str], None]


class TrainConfig(NamedTuple):
    """How long and how a task is trained, the same for every method.

    Steps, number of records, rate over steps (`shape` is "constant", or "cosine": linear warm-up over `warmup` steps,
    then a cosine from 1 to .1), largest global norm of the gradient (`clip`), and decoupled weight decay of
    matrices (Loshchilov and Hutter 2019): x <- x - rate_t decay x.
    """

    steps: int
    records: int = 20
    shape: str = "constant"
    warmup: int = 0
    clip: float = np.inf
    decay: float = 0.0

    def factor(self) -> Callable[[Array], Array]:
        """Steps done -> what the rate is multiplied by."""
        if self.shape == "constant":
            return lambda count: jnp.ones([])
        if self.shape != "cosine":
            raise UserError(f"shape = {self.shape!r} of the rate: give 'constant' or 'cosine'")
        if not 0 <= self.warmup < self.steps:
            raise UserError(f"warmup = {self.warmup} steps of {self.steps}: give fewer than all")
        # counted from 1, so that the first step of a warm-up is not lost
        cosine = optax.warmup_cosine_decay_schedule(0.0, 1.0, self.warmup, self.steps, 0.1)
        return lambda count: cosine(count + 1)

    def times(self) -> np.ndarray:
        """The steps after which something is recorded, evenly spaced, the last included."""
        if self.steps < 1 or not 1 <= self.records <= self.steps:
            raise UserError(
                f"{self.records} records of {self.steps} steps: give 1 to {self.steps}, and a step at least"
            )
        if self.steps % self.records:
            raise UserError(f"steps = {self.steps} is no multiple of records = {self.records}")
        return np.arange(1, self.records + 1) * (self.steps // self.records)


def no_report(done: int, total: int, what: str) -> None:
    """No progress."""


def train(
    task: Task,
    method: TrainingMethod,
    config: TrainConfig,
    settings: Mapping[str, Sequence[float]] | Sequence[Mapping[str, float]],
    runs: Sequence[int],
    *,
    seed: int = 0,
    cached: Cached = nothing_cached,
    report: Report = no_report,
    workers: int | None = None,
) -> xr.Dataset:
    """Every setting with every run (a number that the random keys contain), as a Dataset (setting, run, t).

    `settings` has the rate under "rate" and further arguments of the method: a list of settings, or axes whose product
    is taken. Recorded at the times of the configuration: `loss`, the mean training loss since the last record; the
    measures of the task; and, for methods that learn them, `coefficient_<name>` of the last step (the papers' names)
    and `hypergradient_<name>`, the mean of the hyper-gradient since the last record. Coordinates `setting_<name>` give
    the settings.

    Chunks of a few runs are computed side by side and cached one by one, and a chunk's state is kept at its records, so
    that an interrupted call goes on where it was, with the same bits. A run's numbers do not depend on the others of
    the call. Runs that diverge have nan or inf. Raises `UserError` for settings without a rate or with different keys,
    and configurations out of range.
    """
    points = _points(settings)
    times = config.times()
    config.factor()
    if not runs:
        raise UserError("runs = (): give at least one run number")
    cells = [(point, int(run)) for point in points for run in runs]
    accelerated = jax.default_backend() != "cpu"
    workers = workers or (1 if accelerated else os.cpu_count() or 1)
    names, batch = tuple(points[0]), task.accelerator_batch if accelerated else task.cpu_batch
    # whole groups of runs, shared out among the workers
    groups = min(_groups(batch), max(1, -(-len(cells) // (batch * workers))))
    chunks = [cells[i : i + groups * batch] for i in range(0, len(cells), groups * batch)]
    done, total, stopped = [0] * len(chunks), len(chunks) * config.records, threading.Event()

    def chunk(number: int) -> xr.Dataset:
        part = chunks[number]

        def tell(windows: int) -> None:
            if stopped.is_set():
                raise CancelledError
            done[number] = windows
            report(sum(done), total, f"{task.name}: {method.label}")

        found = cached(
            f"train {task.name} {method.name}",
            {
                "task": task,
                "make": method.make,
                "config": tuple(config),
                "seed": seed,
                "cells": part,
                "batch": batch,
            },
            partial(_computed, task, method, config, names, batch, cells=part, seed=seed),
            resumable=True,
            tell=tell,
        )
        tell(config.records)
        return found

    with ThreadPoolExecutor(min(workers, len(chunks))) as pool:
        try:
            parts = list(pool.map(chunk, range(len(chunks))))
        except BaseException:
            stopped.set()  # the other chunks end at their next record, and so does Ctrl-C
            raise
    whole = xr.concat(parts, "cell", join="exact") if len(parts) > 1 else parts[0]
    shape = (len(points), len(runs))
    variables = {
        str(name): (("setting", "run", "t"), value.transpose("cell", "t").to_numpy().reshape(*shape, len(times)))
        for name, value in whole.data_vars.items()
    }
    coordinates: dict[str, Any] = {"t": times, "run": [int(run) for run in runs]}
    coordinates |= {f"setting_{name}": ("setting", [point[name] for point in points]) for name in points[0]}
    return xr.Dataset(variables, coordinates)


def _points(settings: Mapping[str, Sequence[float]] | Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    if isinstance(settings, Mapping):
        axes = {name: np.atleast_1d(values) for name, values in settings.items()}
        points = [
            dict(zip(axes, map(float, values), strict=True)) for values in itertools.product(*axes.values()) if axes
        ]
    else:
        points = [{name: float(value) for name, value in point.items()} for point in settings]
    if not points or any(point.keys() != points[0].keys() or "rate" not in point for point in points):
        raise UserError("settings: give at least one, each with a rate and all with the same names")
    return points


class _Program:
    """The compiled way from one record to the next, for up to `groups` groups of `batch` runs; compiled when used."""

    def __init__(
        self, task: Task, method: TrainingMethod, config: TrainConfig, names: tuple[str, ...], batch: int
    ) -> None:
        self.config, self.names, self.batch = config, names, batch
        self.groups = _groups(batch)
        self._begin, self._advance = _parts(task, method, config)
        self._start = _start(task)
        self._lock = threading.Lock()
        self._compiled: Any = None

    def begin(self, hyper: Hyper, seed: Array, run: Array) -> tuple[Any, Any]:
        """((hyper-parameters, keys), (parameters, states)) before the first step."""
        x, draw = self._start(seed, run)
        return (hyper, draw), self._begin(hyper, x)

    def advance(self, wanted: Array, inputs: Inputs, first: Array) -> Any:
        """(parameters and states, record) after the steps from `first` to the next record; groups not wanted idle."""
        with self._lock:
            if self._compiled is None:
                stepped = partial(_grouped, self._advance, self.batch)
                self._compiled = jax.jit(stepped).lower(wanted, inputs, first).compile()
        return self._compiled(wanted, inputs, first)


def _groups(batch: int) -> int:
    """How many groups of runs a program has."""
    return 8 if batch == 1 else 4


@lru_cache(maxsize=32)
def _program(task: Task, method: TrainingMethod, config: TrainConfig, names: tuple[str, ...], batch: int) -> _Program:
    return _Program(task, method, config, names, batch)


def _keys(seed: Array, run: Array) -> tuple[Array, Array]:
    """The keys of the initial parameters and of the steps."""
    start, steps = jax.random.split(jax.random.fold_in(jax.random.key(seed), run))
    return start, steps


@lru_cache(maxsize=32)
def _start(task: Task) -> Callable[[Array, Array], Any]:
    """(seeds, runs) -> initial parameters and keys of the steps; one program for all methods, run by run."""

    def start(one: tuple[Array, Array]) -> tuple[Any, Array]:
        first, steps = _keys(*one)
        return task.init(first), steps

    return jax.jit(lambda seed, run: lax.map(start, (seed, run)))


def _parts(task: Task, method: TrainingMethod, config: TrainConfig) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """(begin of all runs, advance of one run)."""
    factor, window = config.factor(), config.steps // config.records

    def transformation(hyper: Mapping[str, Array]) -> Any:
        others = {name: value for name, value in hyper.items() if name != "rate"}
        made = method.make(lambda count: hyper["rate"] * factor(count), **others)
        clip = optax.identity() if np.isinf(config.clip) else optax.clip_by_global_norm(config.clip)
        return optax.chain(clip, made)

    def begin(hyper: Hyper, x: Parameters) -> Any:
        return x, jax.vmap(lambda hyper, x: transformation(hyper).init(x))(hyper, x)

    def advance(inputs: Inputs, first: Array) -> Any:
        (hyper, draw), (x, state) = inputs
        tx = transformation(hyper)

        def step(carry: tuple[Parameters, optax.OptState], t: Array) -> Any:
            x, state = carry
            loss, g = jax.value_and_grad(task.loss)(x, jax.random.fold_in(draw, t))
            moves, state = tx.update(g, state, x)
            if config.decay:
                shrink = hyper["rate"] * factor(t) * config.decay
                moves = jax.tree.map(lambda u, p: u - shrink * p if p.ndim > 1 else u, moves, x)
            seen = {"loss": loss} | {f"hypergradient_{name}": u for name, u in _learned(state)[1].items()}
            return (optax.apply_updates(x, moves), state), seen

        (x, state), seen = lax.scan(step, (x, state), first + jnp.arange(window))
        record = {name: jnp.mean(values) for name, values in seen.items()} | dict(task.measures(x))
        record |= {f"coefficient_{name}": value for name, value in _learned(state)[0].items()}
        return (x, state), {name: jnp.asarray(value, jnp.float32) for name, value in record.items()}

    return jax.jit(begin), advance


def _grouped(advance: Callable[..., Any], batch: int, wanted: Array, inputs: Inputs, first: Array) -> Any:
    """`advance` for every run (leading axis), `batch` at a time; groups from `wanted` on are left as they are."""
    rows = jax.tree.map(lambda a: a.reshape(-1, batch, *a.shape[1:]), inputs)

    def several(inputs: Inputs) -> Any:
        if batch > 1:
            return jax.vmap(lambda one: advance(one, first))(inputs)
        # an axis of one would still turn matrix products and convolutions into batched ones
        return jax.tree.map(lambda a: a[None], advance(jax.tree.map(lambda a: a[0], inputs), first))

    def group(number: Array, inputs: Inputs) -> Any:
        record = jax.eval_shape(several, inputs)[1]
        idle = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), record)
        return number + 1, lax.cond(number < wanted, several, lambda inputs: (inputs[1], idle), inputs)

    _, found = lax.scan(group, jnp.zeros([], jnp.int32), rows)
    return jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:]), found)


def _learned(state: optax.OptState) -> tuple[dict[str, Array], dict[str, Array]]:
    """Learned coefficients and their hyper-gradients by the papers' names; none for methods that learn none."""
    found = mada_states(state)
    if not found:
        return {}, {}
    names, values = found[0].momenta, coefficients(state)
    return in_family({name: values[name] for name in names}), in_family({k: found[0].hypergradients[k] for k in names})


def _computed(
    task: Task,
    method: TrainingMethod,
    config: TrainConfig,
    names: tuple[str, ...],
    batch: int,
    checkpoint: Checkpoint,
    *,
    cells: Sequence[tuple[Mapping[str, float], int]],
    seed: int,
) -> xr.Dataset:
    """The records of a chunk; the program is made where this runs, once for all chunks of a method there."""
    program = _program(task, method, config, names, batch)
    size = program.groups * program.batch
    filled = [*cells, *[cells[-1]] * (size - len(cells))]
    hyper = {name: jnp.asarray([point[name] for point, _ in filled], jnp.float32) for name in program.names}
    run = jnp.asarray([number for _, number in filled], jnp.uint32)
    inputs, states = program.begin(hyper, jnp.full(size, seed, jnp.uint32), run)
    wanted = -(-len(cells) // program.batch)
    records: list[dict[str, np.ndarray]] = []
    if checkpoint.last is not None:
        records, states = _resumed(checkpoint.last, states)
    for number, time in enumerate(config.times()):
        if number < len(records):
            continue
        first = jnp.asarray(time - config.steps // config.records)
        states, record = program.advance(jnp.asarray(wanted), (inputs, states), first)
        records.append(jax.tree.map(np.asarray, record))
        if number + 1 < config.records:
            checkpoint.keep(partial(_state, records, states))
        checkpoint.tell(number + 1)
    stacked = {name: np.stack([record[name] for record in records], axis=1)[: len(cells)] for name in records[0]}
    return xr.Dataset({name: (("cell", "t"), values) for name, values in stacked.items()}, {"t": config.times()})


def _state(records: Sequence[Mapping[str, np.ndarray]], states: Any) -> xr.Dataset:
    """Records and states (parameters and what the method keeps) as a Dataset; `_resumed` is the way back."""
    found: dict[str, tuple[tuple[str, ...], np.ndarray]] = {
        f"record_{name}": (("record", "run"), np.stack([record[name] for record in records])) for name in records[0]
    }
    for number, leaf in enumerate(jax.tree.leaves(states)):
        array = np.asarray(leaf)
        found[f"state_{number}"] = (tuple(f"axis_{number}_{i}" for i in range(array.ndim)), array)
    return xr.Dataset(found)


def _resumed(kept: xr.Dataset, like: Any) -> tuple[list[dict[str, np.ndarray]], Any]:
    """The records and states of `_state`, the latter in the structure and with the types of `like`."""
    leaves, structure = jax.tree.flatten(like)
    states = [jnp.asarray(kept[f"state_{i}"].to_numpy(), leaf.dtype) for i, leaf in enumerate(leaves)]
    names = [str(name) for name in kept.data_vars if str(name).startswith("record_")]
    records = [
        {name.removeprefix("record_"): kept[name].to_numpy()[i] for name in names} for i in range(kept.sizes["record"])
    ]
    return records, structure.unflatten(states)
