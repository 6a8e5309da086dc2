"""`jax.jit` for tests, whose programs run a few steps once."""

from collections.abc import Callable
from typing import Any

import jax

from madatheory.xla import accepted


def quick_jit(function: Callable[..., Any]) -> Any:
    """`jax.jit` without XLA's newer emitters of code, which take as long as all the rest of a compilation."""
    return jax.jit(function, compiler_options=accepted({"xla_cpu_use_fusion_emitters": False}))
