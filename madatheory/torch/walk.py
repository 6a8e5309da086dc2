"""The two walks over cohorts: the hyper-gradients of the last step, and the next step; with a lag they are one."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from madatheory.torch.cohorts import Cohort
from madatheory.torch.lists import Number
from madatheory.torch.plan import COEFFICIENTS, WORDS
from madatheory.torch.slopes import hypergradients
from madatheory.torch.step import Numbers, advance, numbers

Clock = dict[str, Tensor]


def step(cohort: Cohort, values: Tensor) -> None:
    """Take the step that comes next, with these learned coefficients."""
    now, clock = _ticked(cohort, values)
    for x in cohort.parts():
        advance(cohort.plan, now, x, cohort.first)
    _set(cohort, clock)


def seen(cohorts: list[Cohort], values: Tensor, process_group: Any, then: Tensor | None = None) -> Tensor:
    """u of all learned coefficients, which the last step had at `values`, summed over cohorts and processes.

    With `then`, the coefficients of the steps that come next, these are taken on the same walk.
    """
    found: dict[Any, Tensor] = {}
    for cohort in cohorts:
        if not cohort.moved:
            if then is not None:
                step(cohort, then)
            continue
        now, clock = (None, cohort.clock) if then is None else _ticked(cohort, then)
        found.setdefault(cohort.mesh, torch.zeros_like(values))
        if cohort.columns["p"]:
            last = _numbers(cohort, cohort.clock, values, cohort.group["last"])
            u = hypergradients(cohort.plan, last, cohort.parts(), now)
            found[cohort.mesh] += torch.stack(list(u.values())).to(values)
        if then is not None:
            _set(cohort, clock)
    whole = torch.zeros_like(values)
    for mesh, u in found.items():
        whole += _reduced(u, mesh, process_group)
    return whole


def _reduced(u: Tensor, mesh: Any, process_group: Any) -> Tensor:
    """u summed over the processes that have other parts of these parameters."""
    groups = [process_group] if process_group is not None else []
    if mesh is not None:
        device_mesh, dims = mesh
        groups = [device_mesh.get_group(dim) for dim in dims]
    for group in groups:
        torch.distributed.all_reduce(u, group=group)
    return u


def _scalar(value: Number, cohort: Cohort) -> Number:
    """A number as the cohort's kernels want it."""
    return value.to(device=cohort.device, dtype=cohort.dtype) if isinstance(value, Tensor) else value


def _values(cohort: Cohort, vector: Tensor, free: Mapping[str, Number]) -> dict[str, Number]:
    """The coefficients by the papers' names, the learned ones at `vector`."""
    vector = vector.to(device=cohort.device, dtype=cohort.dtype)
    learned = {name: vector[i] for i, name in enumerate(cohort.plan.rules)}
    fixed = {name: cohort.group[key] for name, key in zip(COEFFICIENTS, WORDS, strict=True) if name not in learned}
    return {**fixed, "alpha": _scalar(free["lr"], cohort), **learned}


def _numbers(cohort: Cohort, clock: Clock, vector: Tensor, free: Mapping[str, Number]) -> Numbers:
    """The scalars of the step that a clock shows; `free` has its lr and weight decay."""
    values, decay = _values(cohort, vector, free), _scalar(free["weight_decay"], cohort)
    return numbers(cohort.plan, values, decay, clock["step"].to(cohort.dtype).clamp_min(1), clock.get("ones"))


def _ticked(cohort: Cohort, vector: Tensor) -> tuple[Numbers, Clock]:
    """The scalars of the step that comes next, and the clock after it.

    What is read here is written only when the walk is over: numbers of the last step may be views of it.
    """
    clock = {"step": cohort.clock["step"] + 1}
    if cohort.plan.product:
        values = _values(cohort, vector, cohort.group)
        past = cohort.clock["ones"]
        clock["ones"] = torch.stack(
            [past[i] * values[key] + (1 - values[key]) for i, key in enumerate(("beta1", "beta2"))]
        )
    return _numbers(cohort, clock, vector, cohort.group), clock


def _set(cohort: Cohort, clock: Clock) -> None:
    for name, value in clock.items():
        cohort.clock[name].copy_(value)
