"""optax.adam as a vmap over trajectories of a scan over steps, and nothing more."""

from benchmarks.contenders import optax_adam
from benchmarks.contenders.jax_forms import PLAIN
from benchmarks.task import Execution, Workload

SUMMARY = "optax.adam in JAX, vmap of a scan"
NEEDS = ()


def prepare(task: Workload) -> Execution:
    """Compile for the task's size."""
    return optax_adam.prepare(task, PLAIN)
