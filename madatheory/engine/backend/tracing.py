"""The functions that a run is made of, called while it is traced: what one does wrong names it, its file and line.

Only tracing passes here, so nothing of this is in the compiled loop.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from madatheory.blame import Misuse, blame
from madatheory.engine.statistic import Context, Event, Statistic
from madatheory.hparams import Hyper
from madatheory.optimizers.optimizer import Array, Clock, Optimizer, State, Step
from madatheory.problems.problem import Oracle, Problem
from madatheory.structure import kind


def asked_optimizer(optimizer: Optimizer) -> Optimizer:
    """`optimizer` with its functions blamed."""
    what = f"optimizer {optimizer.name!r}, its"

    def init(hyper: Hyper, x: Array) -> State:
        with blame(f"{what} init", optimizer.init, "init(hyper, x) returns the state"):
            return _of_arrays(optimizer.init(hyper, x))

    def step(hyper: Hyper, state: State, g: Array, clock: Clock) -> tuple[Step, State]:
        remedy = "step(hyper, state, g, clock) returns (Step(delta, eta, b, m, v, vhat), state)"
        with blame(f"{what} step", optimizer.step, remedy):
            found = optimizer.step(hyper, state, g, clock)
            if not isinstance(found, tuple) or len(found) != 2 or not isinstance(found[0], Step):
                raise Misuse(f"returns {_parts(found)}")
            for name, value in found[0]._asdict().items():
                _shaped(value, g, f"{name} of")
            return found[0], _like(state, found[1])

    def observe(state: State, x: Array) -> State:
        assert optimizer.observe is not None
        with blame(f"{what} observe", optimizer.observe, "observe(state, x) returns the state"):
            return _like(state, optimizer.observe(state, x))

    return replace(optimizer, init=init, step=step, observe=optimizer.observe and observe)


def asked_statistic(statistic: Statistic) -> Statistic:
    """`statistic` with its functions blamed."""
    what = f"statistic {statistic.name!r}, its"

    def init(context: Context) -> Any:
        with blame(f"{what} init", statistic.init, "init(context) returns the first state"):
            return _of_arrays(statistic.init(context))

    def step(state: Any, event: Event) -> Any:
        with blame(f"{what} step", statistic.step, "step(state, event) returns a state like the one that init gave"):
            return _like(state, statistic.step(state, event))

    def read(state: Any, clock: Clock) -> Array:
        with blame(f"{what} read", statistic.read, "read(state, clock) returns an array (*extra, trajectories)"):
            found = statistic.read(state, clock)
            if not _is_real(found):
                raise Misuse(f"returns {_parts(found)}")
            return found

    return replace(statistic, init=init, step=step, read=read)


def asked_problem(problem: Problem) -> Problem:
    """`problem` with its functions blamed."""
    what = f"problem {problem.name!r}, its"

    def value(x: Array) -> Array:
        with blame(f"{what} value", problem.value, "value takes (d, *batch) to (*batch)"):
            found = problem.value(x)
            _shaped(found, x[0], "", exactly=True)
            return found

    def gradient(x: Array) -> Array:
        assert problem.gradient is not None
        with blame(f"{what} gradient", problem.gradient, "gradient takes (d, *batch) to (d, *batch)"):
            found = problem.gradient(x)
            _shaped(found, x, "", exactly=True)
            return found

    return replace(
        problem, value=value, gradient=problem.gradient and gradient, oracle=asked_oracle(problem.name, problem.oracle)
    )


def asked_oracle(name: str, oracle: Oracle) -> Oracle:
    """`oracle` of the problem of this name with its functions blamed."""

    def asked(part: str, returns: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            with blame(f"problem {name!r}, its oracle's {part}", function, returns):
                found = function(*arguments)
                if part in ("gradient", "second_moment"):
                    _shaped(found, arguments[0], "")
                return found

        return call

    words = "(words, dtype) gives the noise (entries, trajectories)"
    moment = oracle.second_moment
    return replace(
        oracle,
        sample=asked("sample", f"sample{words}", oracle.sample),
        gradient=asked("gradient", "gradient(x, grad, xi, t) returns g, shaped like x", oracle.gradient),
        second_moment=moment and asked("second_moment", "second_moment(x, grad, t) is shaped like x", moment),
        pair=oracle.pair and asked("pair", f"pair{words} of two trajectories", oracle.pair),
    )


def _parts(found: object) -> str:
    if isinstance(found, tuple):
        return f"({', '.join(map(_parts, found))})"
    return f"{_described(found)}" if _is_array(found) and hasattr(found, "dtype") else kind(found)


def _is_array(value: object) -> bool:
    """Whether `value` is a number or an array that JAX can carry."""
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind not in "OSUmM"
    return isinstance(value, bool | int | float | complex | jax.Array)


def _is_real(value: object) -> bool:
    if not _is_array(value):
        return False
    return any(jnp.issubdtype(jnp.result_type(value), wanted) for wanted in (jnp.floating, jnp.integer, jnp.bool_))


def _shaped(value: Any, like: Array, what: str, *, exactly: bool = False) -> None:
    """`Misuse` unless `value` is real and has, or spreads over, the shape of `like`."""
    if not _is_real(value):
        raise Misuse(f"returns {what} {_parts(value)}".replace("  ", " "))
    shape, wanted = jnp.shape(value), jnp.shape(like)
    over = len(shape) <= len(wanted) and all(a in (1, b) for a, b in zip(shape[::-1], wanted[::-1], strict=False))
    if shape != wanted and (exactly or not over):
        raise Misuse(f"returns {what} shape {shape} instead of {wanted}".replace("  ", " "))


def _of_arrays(state: Any) -> Any:
    """`state`, or `Misuse` if something in it is no array of numbers."""
    for path, leaf in jax.tree_util.tree_flatten_with_path(state)[0]:
        if not _is_array(leaf):
            raise Misuse(f"returns a state whose part {jax.tree_util.keystr(path) or 'alone'} is {kind(leaf)}")
    return state


def _like(before: Any, after: Any) -> Any:
    """The state after, or `Misuse` unless it has the structure, shapes and dtypes of the state before."""
    old, structure = jax.tree_util.tree_flatten_with_path(before)
    if jax.tree.structure(after) != structure:
        raise Misuse(f"returns the state {_described(after)}, and is given {_described(before)}")
    for (path, was), now in zip(old, jax.tree.leaves(_of_arrays(after)), strict=True):
        weak = getattr(was, "weak_type", False) or not hasattr(was, "dtype")  # a plain number takes any type
        if jnp.shape(was) != jnp.shape(now) or (jnp.result_type(was) != jnp.result_type(now) and not weak):
            where = jax.tree_util.keystr(path) or "alone"
            raise Misuse(f"returns a state whose part {where} is {_described(now)}, and is given {_described(was)}")
    return after


def _described(tree: Any) -> str:
    """The tree with types and shapes as leaves, e.g. `{'m': float64[5,64]}`."""

    def short(leaf: Any) -> Any:
        return str(jnp.result_type(leaf)) + str(list(jnp.shape(leaf))).replace(" ", "")

    try:
        words = str(jax.tree.map(short, tree))
    except TypeError:
        return kind(tree)
    return words.replace("'", "") if len(words) < 200 else f"{words[:200]}.."
