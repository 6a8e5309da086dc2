"""Elementwise arithmetic on lists of tensors, in place where the name ends in an underscore.

On a GPU a list is one kernel (torch's `_foreach_*`, which its own optimizers use; tensor by tensor where one is
missing). On a CPU every tensor is one call, and `blocks` deals long tensors out in blocks that stay in the cache, so
that a step of many operations reads its arrays from memory once. A number is a Python float or a tensor of shape (),
which stays on its device: nothing here waits for a GPU.
"""

import math
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

Tensors = list[Tensor]
Number = float | Tensor

FUSED_DEVICES = {"cuda", "xpu"}
"""Where a list is one kernel."""
BLOCK = 2**18
"""Entries of a block on a CPU."""


class _Workspace(threading.local):
    """Memory of a block's intermediate results, which the next block takes over.

    Asked of the allocator each time, a mebibyte is often returned to the system and comes back page by page, which then
    takes as long as all arithmetic.
    """

    def __init__(self) -> None:
        self.open = False
        self._used = 0
        self._kept: dict[torch.dtype, Tensors] = {}

    def reset(self, block: bool) -> None:
        """A new part begins; nothing computed in the one before is needed again. Is it a block?"""
        self.open, self._used = block, 0

    def take(self, x: Tensor) -> Tensor:
        """An array like `x`, a block, with any numbers."""
        kept = self._kept.setdefault(x.dtype, [])
        if self._used == len(kept) or kept[self._used].numel() < x.numel():
            kept[self._used :] = [torch.empty(BLOCK, dtype=x.dtype)]
        self._used += 1
        return kept[self._used - 1][: x.numel()]


_WORKSPACE = _Workspace()


def _fused(xs: Tensors) -> bool:
    return bool(xs) and xs[0].device.type in FUSED_DEVICES


def _eager_cpu(xs: Tensors) -> bool:
    """Whether operations run one by one on a CPU, where reading a number is free and a pass over an array is not."""
    return bool(xs) and not _fused(xs) and xs[0].device.type == "cpu" and not torch.compiler.is_compiling()


def _each(name: str, xs: Tensors, *others: Any) -> list[Tensor]:
    """torch's function `name` on every tensor; lists among the others are walked along, numbers are for all."""
    if _fused(xs) and (together := getattr(torch, f"_foreach_{name}", None)) is not None:
        return together(xs, *others) or list(xs)
    if _WORKSPACE.open and name[-1] != "_":
        rest = (other[0] if isinstance(other, list) else other for other in others)
        return [getattr(torch, name)(xs[0], *rest, out=_WORKSPACE.take(xs[0]))]
    if len(xs) == 1:
        return [getattr(xs[0], name)(*(other[0] if isinstance(other, list) else other for other in others))]
    columns = [other if isinstance(other, list) else [other] * len(xs) for other in others]
    return [getattr(x, name)(*rest) for x, *rest in zip(xs, *columns, strict=True)]


def add(xs: Tensors, y: Tensors | Number) -> list[Tensor]:
    """x + y."""
    return _each("add", xs, y)


def add_(xs: Tensors, y: Tensors | Number) -> None:
    """x <- x + y."""
    _each("add_", xs, y)


def sub(xs: Tensors, ys: Tensors, into: Tensors | None = None) -> list[Tensor]:
    """x - y, in these tensors if there are some."""
    if into is None or _fused(xs):
        found = _each("sub", xs, ys)
        if into is not None:
            copy_(into, found)
        return found
    return [torch.sub(x, y, out=z) for x, y, z in zip(xs, ys, into, strict=True)]


def mul(xs: Tensors, y: Tensors | Number) -> list[Tensor]:
    """x y."""
    return _each("mul", xs, y)


def mul_(xs: Tensors, y: Tensors | Number) -> None:
    """x <- x y."""
    _each("mul_", xs, y)


def div(xs: Tensors, ys: Tensors) -> list[Tensor]:
    """x/y."""
    return _each("div", xs, ys)


def div_(xs: Tensors, ys: Tensors) -> None:
    """x <- x/y."""
    _each("div_", xs, ys)


def reciprocal(xs: Tensors) -> list[Tensor]:
    """1/x."""
    return _each("reciprocal", xs)


def sign_(xs: Tensors) -> None:
    """x <- sign(x)."""
    _each("sign_", xs)


def sqrt_(xs: Tensors) -> None:
    """x <- sqrt(x)."""
    _each("sqrt_", xs)


def floor_(xs: Tensors, least: float) -> None:
    """x <- max(x, least)."""
    _each("clamp_min_", xs, least)


def keep_(xs: Tensors, ys: Tensors) -> None:
    """x <- max(y, 0), that is y where nothing is negative.

    A plain copy of what the same graph changes later in place comes too late in torch 2.13's compiler for CPUs.
    """
    if _fused(xs):
        copy_(xs, _each("clamp_min", ys, 0.0))
    else:
        for x, y in zip(xs, ys, strict=True):
            torch.clamp_min(y, 0.0, out=x)


def copy_(xs: Tensors, ys: Tensors) -> None:
    """x <- y."""
    _each("copy_", xs, ys)


def clone(xs: Tensors) -> list[Tensor]:
    """New tensors of the same numbers."""
    return [_WORKSPACE.take(x).copy_(x) for x in xs] if _WORKSPACE.open else [x.clone() for x in xs]


def maximum_(xs: Tensors, ys: Tensors) -> None:
    """x <- max(x, y)."""
    if _fused(xs):
        _each("maximum_", xs, ys)
    else:
        for x, y in zip(xs, ys, strict=True):
            torch.maximum(x, y, out=x)


def addcdiv_(xs: Tensors, ys: Tensors, zs: Tensors, a: Number) -> None:
    """x <- x + a y/z."""
    if not _eager_cpu(xs):
        _each("addcdiv_", xs, mul(ys, a), zs)
        return
    for x, y, z in zip(xs, ys, zs, strict=True):
        x.addcdiv_(y, z, value=float(a))


def along(xs: Tensors, ys: Tensors, a: Number) -> list[Tensor]:
    """x + a y."""
    if _fused(xs):
        moved = mul(ys, a)
        add_(moved, xs)
        return moved
    moved = clone(xs)
    along_(moved, ys, a)
    return moved


def along_(xs: Tensors, ys: Tensors, a: Number) -> None:
    """x <- x + a y."""
    if _fused(xs):
        add_(xs, mul(ys, a))
        return
    for x, y in zip(xs, ys, strict=True):
        x.addcmul_(y, a) if isinstance(a, Tensor) else x.add_(y, alpha=a)


def lerp(xs: Tensors, ys: Tensors, weight: Number) -> list[Tensor]:
    """x + weight (y - x)."""
    if _fused(xs):
        change = sub(ys, xs)
        mul_(change, weight)
        add_(change, xs)
        return change
    return _each("lerp", xs, ys, weight)


def lerp_(xs: Tensors, ys: Tensors, weight: Number) -> None:
    """x <- x + weight (y - x)."""
    if _fused(xs):
        change = sub(ys, xs)
        mul_(change, weight)
        add_(xs, change)
        return
    for x, y in zip(xs, ys, strict=True):
        x.lerp_(y, weight)


def dot(xs: Tensors, ys: Tensors) -> Tensor:
    """The sum of x y over all entries of all tensors."""
    if _fused(xs):
        return total(mul(xs, ys))
    parts = [torch.dot(x.reshape(-1), y.reshape(-1)) for x, y in zip(xs, ys, strict=True)]
    return parts[0] if len(parts) == 1 else torch.stack(parts).sum()


def total(xs: Tensors) -> Tensor:
    """The sum of all entries of all tensors: on a GPU of one long tensor, and not a kernel for each."""
    if _fused(xs):
        return torch.cat([x.reshape(-1) for x in xs]).sum()
    parts = [x.sum() for x in xs]
    return parts[0] if len(parts) == 1 else torch.stack(parts).sum()


def limit_of(dtype: torch.dtype) -> float:
    """sqrt(largest number)/8: beyond this a gradient's square may overflow (`madatheory.training.trees.limited`)."""
    return torch.finfo(dtype).max ** 0.5 / 8


def _within(xs: Tensors) -> bool:
    """Whether all entries of tensors on a CPU are within +- `limit_of`: so they are if the sum of squares is."""
    most = limit_of(xs[0].dtype)
    return float(dot(xs, xs)) <= most**2 or all(float(x.abs().amax()) <= most for x in xs)


def beyond(xs: Tensors) -> Tensor:
    """0 if all entries are within +- `limit_of`; else a positive number or nan."""
    most = limit_of(xs[0].dtype)
    if _eager_cpu(xs):
        return xs[0].new_full((), not _within(xs))
    if _fused(xs):
        norms = getattr(torch, "_foreach_norm", None)
        ends = torch.stack(norms(xs, math.inf) if norms else [x.abs().amax() for x in xs])
        return 1 - (ends <= most).all().to(ends.dtype)
    excess = [torch.nn.functional.hardshrink(x, most) for x in xs]  # x itself beyond the limit, 0 within
    return dot(excess, excess)


def limited(xs: Tensors) -> list[Tensor]:
    """Finite entries within +- `limit_of`, infinities and nan as they are; a tensor itself where nothing changes."""
    most, huge = limit_of(xs[0].dtype), torch.finfo(xs[0].dtype).max
    if _eager_cpu(xs) and _within(xs):
        return xs
    if not _fused(xs):
        # hardshrink is 0 on finite numbers here, and x itself on the others
        return [x.clamp(-most, most).add_(torch.nn.functional.hardshrink(x, huge)) for x in xs]
    exponent = math.frexp(huge)[1]
    # below 2^24 for finite entries, and 0 unless they are limited anyhow, to what 2^24 does not change
    infinite = mul(xs, 2.0 ** (24 - exponent))
    _each("trunc_", infinite)
    bounded = _each("clamp_max", xs, most)
    floor_(bounded, -most)
    add_(bounded, infinite)
    return bounded


def blocks(columns: Mapping[str, Tensors]) -> Iterator[Mapping[str, Tensors]]:
    """The same columns of tensors, a part at a time: views of `BLOCK` entries on a CPU, all at once on a GPU.

    All columns hold tensors of the same shapes. What is not contiguous stays whole, and so does everything in compiled
    code, where loops are fused instead.
    """
    first = next(iter(columns.values()))
    if _fused(first) or torch.compiler.is_compiling():
        yield columns
        return
    try:
        for row in zip(*columns.values(), strict=True):
            block = row[0].numel() > BLOCK and all(x.is_contiguous() for x in row)
            for some in zip(*(x.view(-1).split(BLOCK) for x in row), strict=True) if block else [row]:
                _WORKSPACE.reset(block)
                yield {name: [x] for name, x in zip(columns, some, strict=True)}
    finally:
        _WORKSPACE.reset(False)
