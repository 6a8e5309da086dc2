"""The optimizers that there are: one file in `members` adds one."""

from dataclasses import dataclass
from functools import cache

from madatheory.entry import Entry, discover, parse
from madatheory.optimizers.optimizer import Optimizer


@dataclass(frozen=True)
class OptimizerEntry(Entry):
    """An entry whose `build` returns an `Optimizer`; `name` is what commands take, `summary` one line for lists."""

    @property
    def makes(self) -> type:
        """`Optimizer`."""
        return Optimizer


@cache
def list_optimizers() -> dict[str, OptimizerEntry]:
    """The optimizers of the package, by name."""
    return discover("madatheory.optimizers.members", OptimizerEntry)


def get_optimizer(spec: str) -> Optimizer:
    """The package's optimizer written as `name[:option=value,...]`, e.g. "avgrad:form=practical".

    The same text gives the same object.
    """
    return parse(spec, list_optimizers(), "optimizer")
