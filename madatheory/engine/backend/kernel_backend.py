"""Which language of kernels compiles the time loop for a GPU: one interface, an order, and what is said of the choice.

A backend of kernels takes the engine's own `advance` and gives it compiled, its loop as one kernel that keeps the state
in registers. `compiled` asks the backends in order; the first that is here and refuses nothing is taken. Otherwise the
plain loop is compiled by XLA, which runs everywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

import jax

from madatheory.engine.backend import warp_kernel
from madatheory.engine.backend.lift_rules import Unsupported
from madatheory.engine.backend.persistent import advance, lowered

Advance = Callable[..., Any]


class ExecutionMode(NamedTuple):
    """How a run is executed ("persistent kernel by Triton", "plain loop"), and why not otherwise ("": nothing lost)."""

    name: str
    reason: str


class KernelBackend(NamedTuple):
    """One language of kernels.

    `missing()` says why it cannot be used in this process, "" if it can; it is asked on a GPU only. `compile(function,
    *arguments)` gives `function` = (batch, carry, *others) -> (carry, values) compiled for these arguments (or shapes),
    its loop as one kernel; it raises `Unsupported`, or an error of the language, where the language has no form of it.
    """

    name: str
    missing: Callable[[], str]
    compile: Callable[..., Callable[..., Any]]


def _no_triton() -> str:
    """Pallas says since JAX 0.11 that Triton will leave it."""
    return "" if find_spec("jax.experimental.pallas.triton") else "this JAX has no Pallas for Triton"


TRITON = KernelBackend("Triton", _no_triton, lambda function, *args: lowered(advance(function), *args).compile())
WARP = KernelBackend("Warp", warp_kernel.missing, warp_kernel.compiled)
BACKENDS = (TRITON, WARP)
"""In the order in which they are asked: neither was measured on a GPU; Triton's kernel takes longer states."""


def compiled(
    function: Advance,
    *arguments: Any,
    options: Mapping[str, Any] | None = None,
    backends: Sequence[KernelBackend] = BACKENDS,
) -> tuple[ExecutionMode, Callable[..., Any]]:
    """`function` compiled for these arguments (or shapes) and the default backend, and how it is executed.

    Whatever goes wrong with the kernels, the plain loop is compiled instead, with the compiler options `options`, and
    the mode says why. A kernel has no options.
    """
    reasons = []
    if (platform := jax.default_backend()) != "gpu":
        reasons.append(f"the persistent kernel needs an NVIDIA GPU; the backend is {platform}")
        backends = ()
    for backend in backends:
        try:
            if not (reason := backend.missing()):
                made = backend.compile(function, *arguments)
                return ExecutionMode(f"persistent kernel by {backend.name}", "; ".join(reasons)), made
        except Unsupported as problem:
            reason = str(problem)
        except Exception as problem:  # the errors of kernel languages and their compilers have no common type
            reason = f"the kernel language refuses it: {problem}"
        reasons.append(f"{backend.name}: {reason}")
    plain = jax.jit(function).lower(*arguments)
    made = plain.compile(compiler_options=dict(options) if options else None)
    return ExecutionMode("plain loop", "; ".join(reasons)), made
