"""optax.adam as a vmap over trajectories of a scan over steps, and nothing more."""

from madatheory.bench.contenders import optax_adam
from madatheory.bench.contenders.jax_forms import PLAIN
from madatheory.bench.task import Run, Task

SUMMARY = "optax.adam in JAX, vmap of a scan"
NEEDS = ()


def prepare(task: Task) -> Run:
    """Compile for the task's size."""
    return optax_adam.prepare(task, PLAIN)
