"""madatheory without the XLA flag, as a program that has started JAX before it."""

from benchmarks.contenders import ours
from benchmarks.task import Execution, Workload

SUMMARY = "madatheory.engine.simulate, XLA flag missing"
NEEDS = ()


def prepare(task: Workload) -> Execution:
    """As with the flag; `simulate` warns."""
    return ours.prepare(task)
