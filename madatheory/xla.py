"""Which undocumented compile options the XLA of this process takes: they come and go, and unknown ones are errors."""

import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

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
