"""The store as the commands use it."""

from importlib.metadata import version
from typing import TYPE_CHECKING

from madatheory.cli.console import warn

if TYPE_CHECKING:
    from madatheory.store import Store

_NUMERICAL = ("madatheory", "jax", "jaxlib", "numpy", "scipy")


def versions() -> dict[str, str]:
    """Versions of what makes the numbers."""
    return {name: version(name) for name in _NUMERICAL}


def open_store(folder: str, *, force: bool = False) -> "Store":
    """The store in `folder`, which says on stderr what it does not trust."""
    from madatheory.store import Store

    return Store(folder, force=force, report=warn)
