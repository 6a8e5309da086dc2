"""The time loop as a kernel of NVIDIA Warp (extra `warp`), which compiles the C of `c_source` for GPUs and for CPUs.

One thread carries the trajectories that share their noise through all steps. Warp brings the compilers (NVRTC, and LLVM
for CPUs) and registers the kernel with XLA; nothing else of it is used. It is for states of few numbers, in float32 and
float64. The engine asks it on GPUs only; on a CPU it serves to test the generated code.
"""

import hashlib
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import jax
from jax.extend import core

from madatheory.engine.backend.c_source import LoopInC, source
from madatheory.engine.backend.lift_rules import Unsupported
from madatheory.engine.backend.persistent import Advance, Kernel, nested, with_kernels
from madatheory.errors import remedy
from madatheory.jaxprs import shape_of

Array = Any
_BLOCK = 32  # threads of a block: one warp, so that few trajectories spread over the whole device
_ONE_AT_A_TIME = threading.RLock()  # Warp's modules and settings belong to the process


def missing() -> str:
    """Why no GPU can be used through Warp, "" if one can."""
    if find_spec("warp") is None:
        return f"warp-lang is not installed: {remedy('warp')}"
    with _warp() as wp:
        return "" if wp.is_cuda_available() else "Warp finds no CUDA device"


def compiled(function: Advance, *arguments: Any) -> jax.stages.Compiled:
    """`function` = (batch, carry, *others) -> (carry, values), its loop as a kernel, compiled for JAX's backend.

    Raises `Unsupported`.
    """
    with _warp():
        return jax.jit(advance(function)).lower(*arguments).compile()


def advance(function: Advance) -> Advance:
    """The same for `jax.jit`; raises `Unsupported` when it is traced."""
    return with_kernels(function, _plan)


def _plan(loop: core.JaxprEqn, width: int, group: int) -> tuple[int, Kernel]:
    """The trajectories of a thread, which are as few as can be."""

    def kernel(wide: core.JaxprEqn, narrow: core.JaxprEqn, values: Sequence[Array]) -> list[Array]:
        for pair in nested(wide, narrow, []):
            _refuse_reordering(*pair)
        made = source(wide, narrow)
        (words,) = _called(made, width // group)(made.pack(values))
        return made.unpack(words, wide.outvars)

    return group, kernel


def _refuse_reordering(wide: core.JaxprEqn, narrow: core.JaxprEqn) -> None:
    """Raise `Unsupported` where a number's place among others depends on how many trajectories there are."""
    name, p = wide.primitive.name, wide.params
    along = (p["dimension"],) if name == "concatenate" else p["dimensions"] if name == "rev" else ()
    if any(shape_of(wide.invars[0])[axis] != shape_of(narrow.invars[0])[axis] for axis in along):
        raise Unsupported(f"{name} along the trajectories: a thread of the kernel sees a few of them")
    if name != "reshape":
        return
    before = []
    for big, small in ((wide.invars[0], narrow.invars[0]), (wide.outvars[0], narrow.outvars[0])):
        differs = [axis for axis, n in enumerate(shape_of(big)) if n != shape_of(small)[axis]]
        before.append([math.prod(shape_of(big)[:axis]) for axis in differs])
    if before[0] != before[1]:
        raise Unsupported("a reshape moves trajectories among other axes: a thread of the kernel sees a few of them")


def _called(made: LoopInC, threads: int) -> Callable[[Array], Sequence[Array]]:
    """Words of the operands -> (words of the results,).

    The name says what it computes: a program that JAX kept finds the same kernel under it in another process.
    """
    key = f"{made.text} {made.words} {threads} {_BLOCK}"
    name = f"time_loop_{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    with _warp() as wp:
        array = wp.array(dtype=wp.uint32)

        def body(words, results, i): ...

        body.__annotations__ = {"words": array, "results": array, "i": int}
        step = wp.func_native(made.text)(body)

        def time_loop(words, results):
            step(words, results, wp.tid())

        time_loop.__annotations__ = {"words": array, "results": array}
        time_loop.__name__ = time_loop.__qualname__ = name
        module = wp.get_module(name)
        kernel = wp.Kernel(time_loop, key=name, module=module, options={"enable_backward": False})
        return wp.jax_kernel(kernel, launch_dims=(threads,), output_dims=(made.words,), block_dim=_BLOCK)


@contextmanager
def _warp() -> Iterator[Any]:
    """Warp for this thread alone, which then says nothing of devices and compilations."""
    import warp as wp  # pyright: ignore[reportMissingImports]

    with _ONE_AT_A_TIME:
        before, wp.config.log_level = wp.config.log_level, wp.LOG_ERROR
        try:
            wp.init()
            yield wp
        finally:
            wp.config.log_level = before
