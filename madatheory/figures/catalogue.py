"""The figures that there are: one file in `gallery` adds one."""

from functools import cache

from madatheory.entry import discover
from madatheory.figures.figure import Figure


@cache
def list_figures() -> dict[str, Figure]:
    """The figures of the package, by name."""
    return discover("madatheory.figures.gallery", Figure)
