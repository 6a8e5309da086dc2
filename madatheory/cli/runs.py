"""The store as the commands use it."""

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

_NUMERICAL = ("madatheory", "jax", "jaxlib", "numpy", "scipy")


def versions() -> dict[str, str]:
    """Versions of what makes the numbers."""
    return {name: version(name) for name in _NUMERICAL}


def kept_simulate(folder: str, progress: Callable[[int, int], None] | None = None, *, force: bool = False) -> Any:
    """`simulate` that keeps finished runs in `folder`; `force` computes again."""
    from madatheory.engine.simulate import simulate

    return partial(simulate, progress=progress)


def kept_dataset(folder: str, *, force: bool = False) -> Any:
    """`cached(name, config, compute)` that keeps any Dataset in `folder`."""
    return lambda name, config, compute: compute()
