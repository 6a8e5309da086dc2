"""K: tensors, groups and missing gradients: each tensor moves as it would alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from madatheory.identities import (
    ByConvention,
    NotApplicable,
    Runs,
    Several,
    Unusable,
    Violation,
    alike,
    equal,
    holds,
    identity,
    late,
    missing,
    plain,
    st,
    tensors,
)
from madatheory.identities.laws.contract import implementations


def _cases() -> "st.SearchStrategy[Several]":
    return tensors(8)


def column(path: list[list[np.ndarray]], i: int) -> np.ndarray:
    """The path of one tensor."""
    return np.stack([step[i] for step in path])


@identity("K8", "a group each", needs=["deterministic", "tensorwise", "can groups"], cases=_cases, examples=0.7)
def groups(run: Runs, case: Several) -> None:
    """Tensors in groups of their own move like tensors of separate optimizers, the second group at half the step size
    and with other values of every other setting.

    Every optimizer that does not mix tensors: the settings of a group are used for that group, in every step.
    """
    refused: Exception | None = None
    for shared in (_both(run), {name: values for name, values in _both(run).items() if name == "lr"}):
        try:
            path = run.many(case.x0, case.rows(), mode="groups", **shared)
        except Unusable as error:
            refused = error
            continue
        for i in (0, 1):
            own: dict[str, Any] = {name: values[i] for name, values in shared.items()}
            alone = run(case.x0[i], case.g[i], **own)
            what = f"group {i} against an optimizer of its own"
            alike(run, column(path, i), alone, what, case.x0[i], case.g[i], **own)
        return
    raise NotApplicable(f"groups cannot differ in their settings: {refused}") from refused


_OTHERS = {"weight_decay": [0.0, 0.25], "momentum": [0.5, 0.75], "beta1": [0.5, 0.75], "beta2": [0.75, 0.875]}


def _both(run: Runs) -> dict[str, Any]:
    """Two values of every setting that can be set, one for each of two groups."""
    found: dict[str, Any] = {name: values for name, values in _OTHERS.items() if name in run.target.settable}
    if "lr" in run.target.settable:
        found["lr"] = [run.value("lr"), run.value("lr") / 2]
    return found


@identity(
    "K8c",
    "settings that change",
    needs=["deterministic", "tensorwise", "can groups", "can told"],
    cases=_cases,
    examples=0.4,
)
def settings_that_change(run: Runs, case: Several) -> None:
    """When two groups exchange the values of all their settings after half of the steps, each tensor moves on like one
    whose optimizer is told the new values at that step.

    Every optimizer that reads its settings from the group in every step, as schedulers and warm restarts expect; what
    it computes once and keeps depends on all of them.
    """
    both, half = _both(run), len(case.rows()) // 2
    if not both:
        raise NotApplicable("nothing can be set")
    try:
        together = run.start(case.x0, mode="groups", **both)
    except Unusable as error:
        raise NotApplicable(f"groups cannot differ in their settings: {error}") from error
    alone = [run.start([case.x0[i]], **{name: values[i] for name, values in both.items()}) for i in (0, 1)]
    for t, row in enumerate(case.rows()):
        if t == half:
            for i in (0, 1):
                new = {name: values[1 - i] for name, values in both.items()}
                together.ask("tell", i, new)
                alone[i].ask("tell", 0, new)
        together.step(row)
        for i in (0, 1):
            alone[i].step([row[i]])
            got, expected = together.parameters()[i], alone[i].parameters()[0]
            equal(got, expected, f"tensor {i}, {t + 1 - half} steps after the exchange of settings")
    _told(run, case, both)


def _told(run: Runs, case: Several, both: dict[str, Any]) -> None:
    """An optimizer that is told values before its first step moves like one built with them; later, it feels them."""
    first, second = ({name: values[i] for name, values in both.items()} for i in (0, 1))
    stepper = run.start([case.x0[0]], **first)
    stepper.ask("tell", 0, second)
    path = np.stack([step[0] for step in stepper.path([[g] for g in case.g[0]])])
    equal(path, run(case.x0[0], case.g[0], **second), "settings told to a running optimizer against given ones")
    given = plain(8)
    kept = run(given.x0, given.g, **first)
    for name in sorted(set(both) - {"lr"}):  # a step size that changes is S9b's
        stepper = run.start([given.x0], **first)
        stepper.path([[g] for g in given.g[:4]])
        stepper.ask("tell", 0, {name: second[name]})
        changed = np.stack([step[0] for step in stepper.path([[g] for g in given.g[4:]])])
        felt = not np.array_equal(run(given.x0, given.g, **{**first, name: second[name]}), kept)
        holds(
            not (felt and np.array_equal(changed, kept[4:])), f"{name} that changes after 4 steps is not felt", changed
        )


@identity(
    "K8b",
    "a late group",
    needs=["deterministic", "tensorwise", "can late groups", "can missing gradients"],
    cases=lambda: late(8),
    examples=0.7,
)
def late_group(run: Runs, case: tuple[Several, int]) -> None:
    """A group added after k steps is moved like a tensor of a fresh optimizer, and the others are not disturbed.

    Every optimizer that counts steps for each tensor and does not build state for the groups it starts with only.
    """
    several, k = case
    try:
        path = run.many(several.x0, several.rows(), mode="late groups")
    except Unusable as error:
        raise NotApplicable(f"no group can be added: {error}") from error
    equal(column(path, 0), run(several.x0[0], several.g[0]), "the tensor that was there from the start")
    fresh = run(several.x0[1], several.g[1][k:])
    equal(column(path, 1)[k:], fresh, f"a group added after {k} steps against a fresh optimizer")


@identity(
    "K9", "a missing gradient", needs=["deterministic", "tensorwise", "can missing gradients"], cases=lambda: missing(8)
)
def missing_gradient(run: Runs, case: Several) -> None:
    """A tensor without gradient is not touched in that step, decay included; it goes on later as if the step had not
    been, and the others do not notice. Bit for bit, in every implementation.

    Optimizers that count steps for each tensor and loop over those with gradients. A list of states that loses step
    with the list of tensors mixes them up. By convention not: keras, which counts steps of all tensors together.
    """
    with one_counter(run):
        _missing(run, case)


@contextmanager
def one_counter(run: Runs) -> Iterator[None]:
    """A violation is a `ByConvention` where one counter for all tensors is the framework's convention."""
    try:
        yield
    except Violation as error:
        if run.target.framework != "keras":
            raise
        raise ByConvention(
            f"{error}; keras counts the steps of all tensors together", error.got, error.expected
        ) from error


def _missing(run: Runs, case: Several) -> None:
    decay: dict[str, Any] = {"weight_decay": 0.25} if "weight_decay" in run.target.settable else {}
    for how in implementations(run):
        path = run.many(case.x0, case.rows(), **how, **decay)
        for i in (0, 1):
            here = case.present[:, i]
            x, expected = case.x0[i], np.empty_like(case.g[i])
            own = iter(run(case.x0[i], case.g[i][here], **how, **decay) if here.any() else ())
            for t in range(len(here)):
                x = next(own) if here[t] else x
                expected[t] = x
            equal(column(path, i), expected, f"tensor {i}, which has gradients in steps {np.flatnonzero(here) + 1}")


@identity("K9b", "separate tensors", needs=["deterministic", "tensorwise", "can several tensors"], cases=_cases)
def separate_tensors(run: Runs, case: Several) -> None:
    """Two tensors in one optimizer move as each does in an optimizer of its own.

    Every optimizer that does not mix tensors; a counter that ticks once per tensor runs twice as fast.
    """
    for how in implementations(run):
        path = run.many(case.x0, case.rows(), **how)
        for i in (0, 1):
            alone = run(case.x0[i], case.g[i], **how)
            alike(run, column(path, i), alone, f"tensor {i} with another one", case.x0[i], case.g[i], **how)
