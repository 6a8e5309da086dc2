"""The two walks over cohorts: the hyper-gradients of the last step, and the next step; with a lag they are one."""

from typing import Any

import torch
from torch import Tensor

from madatheory.torch.cohorts import Cohort
from madatheory.torch.lists import Number
from madatheory.torch.plan import COEFFICIENTS, FREE, WORDS, word
from madatheory.torch.slopes import hypergradients
from madatheory.torch.step import Numbers, advance, numbers


def step(cohort: Cohort, now: Numbers | None = None) -> None:
    """Take the step that comes next."""
    now = ticked(cohort) if now is None else now
    for x in cohort.parts():
        advance(cohort.plan, now, x, cohort.first)


def seen(cohorts: list[Cohort], like: Tensor, process_group: Any, past: list[Numbers] | None = None) -> Tensor:
    """u of all learned coefficients, a vector like `like`, summed over cohorts and processes.

    With `past`, the numbers of each cohort's last step, the steps that come next are taken on the same walk.
    """
    found: dict[Any, Tensor] = {}
    last = [numbers_of(cohort, last=True) for cohort in cohorts] if past is None else past
    for cohort, before in zip(cohorts, last, strict=True):
        now = None if past is None else ticked(cohort)
        if not cohort.moved:
            if now is not None:
                step(cohort, now)
            continue
        found.setdefault(cohort.mesh, torch.zeros_like(like))
        if cohort.columns["p"]:
            u = hypergradients(cohort.plan, before, cohort.parts(), now)
            found[cohort.mesh] += torch.stack(list(u.values())).to(like)
    whole = torch.zeros_like(like)
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


def numbers_of(cohort: Cohort, last: bool) -> Numbers:
    """The scalars of the step that the cohort's clock shows; `last`: with the last step's lr and weight decay."""
    group = cohort.group
    values = {name: _scalar(group[key], cohort) for name, key in zip(COEFFICIENTS, WORDS, strict=True)}
    free = {key: _scalar((group["last"] if last else group)[key], cohort) for key in FREE}
    if "alpha" not in cohort.plan.rules:
        values["alpha"] = free["lr"]
    # the clock and the vector change in place
    values = {name: v.clone() if isinstance(v, Tensor) else v for name, v in values.items()}
    clock = {name: x.clone() for name, x in cohort.clock.items()}
    t = clock["step"].clamp_min(1)
    return numbers(cohort.plan, values, free["weight_decay"], t, clock)


def ticked(cohort: Cohort) -> Numbers:
    """Set the clock to the step that comes next, and give its scalars."""
    cohort.clock["step"] += 1
    if cohort.plan.product:
        for name, key in (("ones1", "beta1"), ("ones2", "beta2")):
            beta = _scalar(cohort.group[word(key)], cohort)
            cohort.clock[name].mul_(beta).add_(1 - beta)
    return numbers_of(cohort, last=False)
