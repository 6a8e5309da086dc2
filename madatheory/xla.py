"""XLA's undocumented options: which of them the XLA of this process takes, for they come and go, and how it compiles
many small programs quickly."""

import os
import threading
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from typing import Any

TESTED = frozenset({"0.10.0", "0.10.1", "0.10.2", "0.11.0", "0.11.1", "0.11.2", "0.12.0", "0.12.0.1"})
"""Versions of jaxlib whose XLA is known to take the options that the environment is given: others end the process."""
QUICK = "JAX_DISABLE_MOST_OPTIMIZATIONS"
QUICKLY: Mapping[str, Any] = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": 1,
}
"""For programs that run a few steps: no passes that only long runs pay for; XLA's older emitters of code, whose newer
ones take as long as all the rest; no threads for the parts of a program, which take more of each core."""


def enable_quick_compilation() -> None:
    """Compile everything `QUICKLY` in this process and its children. Call before JAX is imported; what is set stays."""
    os.environ.setdefault(QUICK, "true")  # the first two
    flags, jaxlib = os.environ.get("XLA_FLAGS", "").split(), version("jaxlib")
    quick = ["--xla_cpu_parallel_codegen_split_count=1"] * (jaxlib in TESTED)
    quick += ["--xla_cpu_use_fusion_emitters=false"] * jaxlib.startswith("0.10.")
    known = {flag.partition("=")[0] for flag in flags}
    os.environ["XLA_FLAGS"] = " ".join([*flags, *(flag for flag in quick if flag.partition("=")[0] not in known)])


_LOCK = threading.Lock()


def accepted(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `options` that `compiler_options` of `jax.jit` may have here, each found out once per process.

    The options must be such that results are as right without them.
    """
    import jax

    with _LOCK:
        taken = _taken(jax.default_backend(), tuple(options.items()))
    return dict(taken)


@lru_cache
def _taken(backend: str, options: tuple[tuple[str, Any], ...]) -> tuple[tuple[str, Any], ...]:
    """All if a program without operations compiles with them, else those that are taken alone."""
    import jax

    try:
        jax.jit(lambda: ()).lower().compile(compiler_options=dict(options))
    except jax.errors.JaxRuntimeError:
        return sum((_taken(backend, (option,)) for option in options), ()) if len(options) > 1 else ()
    return options
