"""Parameters that one list of kernels can serve: of one group, device and precision, at one count of their own steps.

Parameters step when they have a gradient, each by its own count, as in `torch.optim`. Those with one history share the
tensors that count (`step`, and the products of the decays), so that what depends on them is computed once, and whether
two parameters share them is known without asking a device. One that misses a step leaves for a cohort of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

import madatheory.torch.lists as lists
from madatheory.errors import UserError
from madatheory.torch.plan import StepPlan
from madatheory.torch.step import Columns

State = dict[str, Any]
Mesh = tuple[Any, tuple[int, ...]]
"""A device mesh and those of its dimensions along which a parameter is sharded."""


class Cohort(NamedTuple):
    """Parameters that step together: their columns, the tensors that count their steps, and what is particular.

    first    this is their first step
    moved    the last step of the optimizer moved them, so that they have a hyper-gradient
    mesh     where their entries are sharded over processes
    back     (parameter, its copy in the working precision) where the two differ
    """

    plan: StepPlan
    group: dict[str, Any]
    columns: Columns
    clock: dict[str, Tensor]
    first: bool
    moved: bool
    dtype: torch.dtype
    device: torch.device
    mesh: Mesh | None
    back: list[tuple[Tensor, Tensor]]

    def parts(self) -> Iterator[Columns]:
        """The columns, part by part."""
        return lists.blocks(self.columns) if self.columns["p"] else iter(())


def local(x: Tensor) -> Tensor:
    """This process's part of a sharded tensor (`DTensor`), any other as it is."""
    return x.to_local() if hasattr(x, "placements") else x  # type: ignore[attr-defined]


def working(dtype: torch.dtype) -> torch.dtype:
    """float32 or better."""
    return torch.promote_types(dtype, torch.float32)


def refuse_parameter(p: Tensor) -> None:
    """`UserError` for a parameter that has no update here."""
    if not p.dtype.is_floating_point:
        raise UserError(
            f"MADA: a parameter of dtype {p.dtype} has no update here: give real floating-point tensors "
            "(of complex ones their torch.view_as_real)"
        )


def mesh_of(p: Any) -> Mesh | None:
    """Where a parameter is sharded; None for one that every process has whole. `UserError` for partial sums."""
    if not hasattr(p, "placements"):
        return None
    if any(placement.is_partial() for placement in p.placements):
        raise UserError(f"MADA: a parameter with placements {p.placements} is a partial sum; redistribute it first")
    dims = tuple(i for i, placement in enumerate(p.placements) if placement.is_shard())
    return (p.device_mesh, dims) if dims else None


def gradient_of(p: Any, maximize: bool) -> Tensor:
    """This process's gradient in the working precision, of the loss that is made small."""
    g = p.grad
    if g.is_sparse or g.layout is not torch.strided:
        raise UserError(f"MADA: a gradient of layout {g.layout}: sparse gradients are not served; give dense ones")
    if hasattr(p, "placements") and g.placements != p.placements:
        g = g.redistribute(p.device_mesh, p.placements)
    g = local(g).to(working(p.dtype))
    return -g if maximize else g


def fresh_clock(plan: StepPlan, p: Tensor) -> dict[str, Tensor]:
    """The tensors that count steps, before the first.

    `step` is float32, as in torch.optim, and the products of both decays are one vector: what torch 2.13 compiles for
    CPUs loses what is written to a float64 tensor of shape ().
    """
    clock = {"step": torch.zeros((), dtype=torch.float32, device=local(p).device)}
    return clock | ({"ones": clock["step"].new_zeros(2, dtype=working(p.dtype))} if plan.product else {})


def fresh_arrays(plan: StepPlan, p: Tensor) -> State:
    """The arrays of a parameter's state before its first step."""
    return {
        name: torch.full_like(p, value, dtype=torch.int8 if name == "sign" else working(p.dtype), requires_grad=False)
        for name, value in plan.arrays.items()
    }


def clock_names(plan: StepPlan) -> tuple[str, ...]:
    """The keys of the tensors that count."""
    return ("step", "ones") if plan.product else ("step",)


def gather(plan: StepPlan, group: dict[str, Any], states: Mapping[Tensor, State], stepping: bool) -> list[Cohort]:
    """The cohorts of a group's parameters that have gradients.

    If `stepping`, states are made and parameters that do not step leave their cohort. Otherwise only those count that
    the last step moved.
    """
    names = clock_names(plan)
    held = [states[p] for p in group["params"] if p.grad is None and states.get(p)]
    left = {id(state["step"]) for state in held}
    moved_on: dict[int, dict[str, Tensor]] = {}
    fresh: dict[Any, dict[str, Tensor]] = {}
    members: dict[Any, list[tuple[Tensor, Tensor, State]]] = {}
    for p in group["params"]:
        if p.grad is None:
            continue
        g, state = gradient_of(p, group["maximize"]), states.get(p) or {}
        first = not state
        if not stepping and not state.get("moved"):
            continue
        if first:
            kind = (g.dtype, g.device)
            fresh.setdefault(kind, fresh_clock(plan, p))
            state = states[p]  # a defaultdict, as torch.optim has it
            state.update(fresh_arrays(plan, p), moved=False, **fresh[kind])
        elif stepping and id(state["step"]) in left:
            moved_on.setdefault(id(state["step"]), {name: state[name].clone() for name in names})
            state.update(moved_on[id(state["step"])])
        mesh = mesh_of(p)
        key = (id(state["step"]), first, state["moved"], g.dtype, g.device, mesh)
        members.setdefault(key, []).append((p, g, state))
    return [
        _cohort(plan, group, rows, {name: rows[0][2][name] for name in names}, *key) for key, rows in members.items()
    ]


def _cohort(
    plan: StepPlan,
    group: dict[str, Any],
    rows: list[tuple[Tensor, Tensor, State]],
    clock: dict[str, Tensor],
    _: int,
    first: bool,
    moved: bool,
    dtype: torch.dtype,
    device: torch.device,
    mesh: Mesh | None,
) -> Cohort:
    columns: dict[str, list[Tensor]] = {name: [] for name in ("p", "g", *plan.arrays)}
    back = []
    for p, g, state in rows:
        if g.numel() == 0:
            continue
        here = local(p.detach())
        if here.dtype != dtype:
            back.append((here, here.to(dtype)))
            here = back[-1][1]
        for name, x in {"p": here, "g": g, **{key: local(state[key]) for key in plan.arrays}}.items():
            columns[name].append(x)
    return Cohort(plan, group, columns, clock, first, moved, dtype, device, mesh, back)


def merge_clocks(plan: StepPlan, states: Iterable[State]) -> None:
    """Share again the tensors that count, where their numbers agree; waits for the device, as loading may."""
    known: dict[Any, dict[str, Tensor]] = {}
    names = clock_names(plan)
    for state in states:
        clock = {name: state[name] for name in names}
        known_by = [(x.device, x.dtype, *x.reshape(-1).tolist()) for x in clock.values()]
        state.update(known.setdefault(tuple(known_by), clock))
