"""K: what every caller relies on: determinism, gradients left alone, maximize, equal implementations, closures."""

import itertools
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from madatheory.identities import (
    GradientSequence,
    NotApplicable,
    Runs,
    Several,
    Unusable,
    equal,
    identity,
    near,
    plain,
    sequences,
    st,
    tensors,
)


def _eight() -> "st.SearchStrategy[GradientSequence]":
    return sequences(8)


def implementations(run: Runs) -> list[dict[str, Any]]:
    """Settings that choose an implementation: the default, and foreach on and off where it exists."""
    return [{}] + [{"foreach": on} for on in (True, False) if "foreach" in run.target.settable]


def extras(run: Runs) -> list[dict[str, Any]]:
    """Decay and maximize, off and on, as far as the target has them."""
    choices = [("weight_decay", 0.25), ("maximize", True)]
    known = [[{}, {name: value}] for name, value in choices if name in run.target.settable]
    return [{key: value for part in parts for key, value in part.items()} for parts in itertools.product(*known)]


@identity("K1", "determinism", cases=sequences, examples=0.4)
def determinism(run: Runs, case: GradientSequence) -> None:
    """Two runs with equal arguments are equal, bit for bit.

    Every optimizer; one that draws random numbers takes them from a seed that it is given.
    """
    equal(run(case.x0, case.g), run(case.x0, case.g), "the same run again")


@identity("K1b", "no state between instances", needs=["deterministic"], cases=sequences, examples=0.4)
def instances(run: Runs, case: GradientSequence) -> None:
    """Two instances that step by turns move as each does alone, bit for bit.

    Every optimizer: state belongs to the instance, not to its class, its module or a default argument.
    """
    alone = [run(case.x0, case.g), run(case.x0, case.g[::-1])]
    steppers = [run.start([case.x0]), run.start([case.x0])]
    for t in range(len(case.g)):
        for which, (stepper, g) in enumerate(zip(steppers, (case.g[t], case.g[-1 - t]), strict=True)):
            stepper.step([g])
            equal(stepper.parameters()[0], alone[which][t], f"instance {which + 1} of two, step {t + 1}")


@identity("K2", "the gradient is left alone", needs=["can gradient objects"], cases=tensors, examples=0.4)
def gradient_left_alone(run: Runs, case: Several) -> None:
    """A step does not change the gradients it is given, with and without decay and maximize, in every implementation.

    Every optimizer: adding decay or a sign in place changes what the caller logs, clips or accumulates.
    """
    for how, more in itertools.product(implementations(run), extras(run)):
        stepper = run.start(case.x0, **{**how, **more})
        for row in case.rows()[:3]:
            stepper.step(row)
            for got, expected in zip(stepper.ask("given"), row, strict=True):
                equal(got, np.asarray(expected), f"the gradient after the step {more or ''}")


@identity("K2b", "no effect on arguments", needs=["can twice"], cases=sequences, examples=0.4)
def pure(run: Runs, case: GradientSequence) -> None:
    """Calling update twice with the same arguments and keeping the second result changes nothing, bit for bit.

    Pure functions: parameters, gradients and the old state are not written to.
    """
    equal(run(case.x0, case.g, mode="twice"), run(case.x0, case.g), "update called twice")


@identity("K3", "no alias of the gradient", needs=["can one buffer"], cases=tensors, examples=0.7)
def no_alias(run: Runs, case: Several) -> None:
    """It makes no difference that each gradient overwrites the memory of the last one.

    Every optimizer: what it keeps of a gradient it copies. A buffer that is the first gradient, or a previous gradient
    kept by reference, changes when the caller zeroes or refills it.
    """
    for how in implementations(run):
        path = run.many(case.x0, case.rows(), **how)
        reused = run.many(case.x0, case.rows(), mode="one buffer", **how)
        for i in (0, 1):
            got, expected = (np.stack([step[i] for step in p]) for p in (reused, path))
            equal(got, expected, f"gradients in one buffer, tensor {i}")


@identity("K4", "maximize", needs=["deterministic", "set maximize"], cases=_eight, examples=0.7)
def maximize(run: Runs, case: GradientSequence) -> None:
    """run(x0, g; maximize) = run(x0, -g), bit for bit, with decay too.

    Every optimizer: maximizing f is minimizing -f, and weights decay towards 0 either way.
    """
    for how in implementations(run):
        for more in [{}] + [{"weight_decay": 0.25}] * ("weight_decay" in run.target.settable):
            up = run(case.x0, case.g, **{**how, **more, "maximize": True})
            equal(up, run(case.x0, -case.g, **{**how, **more}), f"maximize {more or ''}")


@identity("K5", "equal implementations", needs=["deterministic"], cases=_eight, examples=0.4)
def equal_implementations(run: Runs, case: GradientSequence) -> None:
    """The loop over tensors, foreach and fused compute the same, to rounding; with decay too.

    Every optimizer that offers them. How far rounding may go is measured on the optimizer itself.
    """
    flags = [flag for flag in ("foreach", "fused") if flag in run.target.settable]
    if not flags:
        raise NotApplicable("there is one implementation only")
    _same(run, case, [{flag: True} for flag in flags])


@identity("K5b", "differentiable", needs=["deterministic", "can differentiable"], cases=_eight, examples=0.4)
def differentiable(run: Runs, case: GradientSequence) -> None:
    """With differentiable=True the steps are those of the loop over tensors, to rounding; with decay too.

    Every optimizer that offers it: keeping the graph changes no number. Rounding is that of the coarsest number in the
    state: torch counts steps in float32, and then forms 1 - beta^t in float32, too.
    """
    stepper = run.start([case.x0])
    stepper.step([case.g[0]])
    single = any(entry.dtype == np.float32 for entry in stepper.state())
    run.forget()
    _same(run, case, [{"mode": "differentiable"}], np.float32 if single else np.float64)


def _same(run: Runs, case: GradientSequence, others: list[dict[str, Any]], dtype: DTypeLike = np.float64) -> None:
    loop, compared = {"foreach": False} if "foreach" in run.target.settable else {}, False
    for more in [{}] + [{"weight_decay": 0.25}] * ("weight_decay" in run.target.settable):
        path = run(case.x0, case.g, **{**loop, **more})
        for other in others:
            try:
                got = run(case.x0, case.g, **{**other, **more})
            except Unusable:  # refused when built: says so itself, as torch does for fused on some devices
                continue
            compared = True
            near(run, got, path, f"{other} {more or ''} against the loop", case.x0, case.g, dtype, **{**loop, **more})
    if not compared:
        raise NotApplicable("there is no other implementation that can be built")


@identity("K14", "closure", needs=["deterministic", "can closure"], cases=tensors, examples=0.4)
def closure(run: Runs, case: Several) -> None:
    """step(closure) calls the closure once with gradients enabled, returns its loss, and then steps as step() does.

    Every torch optimizer that needs one gradient per step.
    """
    for how in implementations(run):
        path, with_closure = (run.many(case.x0, case.rows(), mode=mode, **how) for mode in ("", "closure"))
        for i in (0, 1):
            got, expected = (np.stack([step[i] for step in p]) for p in (with_closure, path))
            equal(got, expected, f"step(closure), tensor {i}")


@identity("K18", "the step counter counts", needs=["deterministic"])
def counter(run: Runs, case: None) -> None:
    """A state entry that is t after each of the first steps is 300 after step 300, in bfloat16 and float16 as well, and
    can count to 2^24.

    Every optimizer with a counter: kept as an integer, or in float32 at least. A bfloat16 counter stops at 256, a
    float16 counter at 2048; bias correction and schedules then stand still.
    """
    import ml_dtypes

    found = False
    for dtype in (ml_dtypes.bfloat16, np.float16):
        given = plain(4)
        stepper = run.start([given.x0.astype(dtype)])
        counts = None
        for t, g in enumerate(given.g, 1):
            stepper.step([g.astype(dtype)])
            state = stepper.state()
            now = {i for i, a in enumerate(state) if a.size == 1 and complex(a.reshape(())) == t}
            counts = now if counts is None else counts & now
        for _ in range(len(given.g), 300):
            stepper.step([given.g[-1].astype(dtype)])
        state = stepper.state()
        for i in sorted(counts or ()):
            found = True
            equal(np.asarray(state[i], np.float64).reshape(()), np.float64(300), f"the counter, {np.dtype(dtype)}")
            last = np.asarray(2**24 - 1, state[i].dtype)
            equal(np.float64(last + np.ones_like(last)), np.float64(2**24), f"2^24 - 1 plus 1 in {state[i].dtype}")
    if not found:
        raise NotApplicable("no entry of the state counts steps")
