"""madatheory without the XLA flag, as a program that has started JAX before it."""

from madatheory.bench.contenders import ours
from madatheory.bench.task import Run, Task

SUMMARY = "madatheory.engine.simulate, XLA flag missing"
NEEDS = ()


def prepare(task: Task) -> Run:
    """As with the flag; `simulate` warns."""
    return ours.prepare(task)
