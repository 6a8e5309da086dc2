"""madatheory without the XLA flag, as a program that has started JAX before it."""

from benchmarks.contenders import ours
from benchmarks.task import Run, Task

SUMMARY = "madatheory.engine.simulate, XLA flag missing"
NEEDS = ()


def prepare(task: Task) -> Run:
    """As with the flag; `simulate` warns."""
    return ours.prepare(task)
