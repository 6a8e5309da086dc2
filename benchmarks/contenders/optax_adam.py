"""optax.adam on many trajectories, in the fastest of the forms that an expert in JAX would try."""

import os

from benchmarks.contenders.jax_forms import FORMS, Body, Carry, Form
from benchmarks.contenders.jax_forms import prepare as compile_fastest
from benchmarks.task import BETA1, EPS, Execution, NotOffered, Workload

SUMMARY = "optax.adam in JAX, its fastest form"
NEEDS = ()


def environment(threads: int) -> None:
    """One device per core, so that the forms that are sharded can be tried."""
    if threads > 1:
        os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={threads}"


def prepare(task: Workload, forms: tuple[Form, ...] = FORMS) -> Execution:
    """Compile for the task's size."""
    if task.optimizer != "adam" or task.problem != "ratio":
        raise NotOffered("optax has Adam only")
    import jax
    import jax.numpy as jnp
    import optax

    adam = optax.adam(task.alpha, b1=BETA1, b2=task.beta2, eps=EPS)

    def loss(x: jax.Array) -> jax.Array:
        return jnp.sum(x * x / (1 + x * x))

    def step(carry: Carry, noise: jax.Array) -> Carry:
        x, state, total = carry
        gradient = jax.grad(loss)(x)
        updates, state = adam.update(gradient + noise, state)
        return optax.apply_updates(x, updates), state, total + jnp.sum(gradient * gradient)

    return compile_fastest(task, Body(lambda x: (x, adam.init(x), jnp.float32(0)), step, lambda c: c[2]), forms)
