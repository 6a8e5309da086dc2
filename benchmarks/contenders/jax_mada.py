"""MADA written directly in JAX: the hyper-gradient is jax.grad of the next loss with respect to rho."""

from benchmarks.contenders.jax_forms import Body, Carry
from benchmarks.contenders.jax_forms import prepare as compile_plain
from benchmarks.task import BETA1, EPS, KAPPA, Execution, NotOffered, Workload

SUMMARY = "MADA in JAX with jax.grad, vmap of a scan"
NEEDS = ()


def prepare(task: Workload) -> Execution:
    """Compile for the task's size."""
    if task.optimizer != "mada" or task.problem != "ratio":
        raise NotOffered("MADA with a learned rho only")
    import jax
    import jax.numpy as jnp

    def objective(x: jax.Array) -> jax.Array:
        return jnp.sum(x * x / (1 + x * x))

    def iterate(rho: jax.Array, x: jax.Array, m: jax.Array, v: jax.Array, vbar: jax.Array, t: jax.Array) -> jax.Array:
        """x_t; the square root of nothing has derivative 0."""
        hat = (rho * v + (1 - rho) * vbar) / (1 - task.beta2**t)
        root = jnp.where(hat > 0, jnp.sqrt(jnp.where(hat > 0, hat, 1)), 0)
        return x - task.alpha * (m / (1 - BETA1**t)) / (root + EPS)

    def init(x: jax.Array) -> Carry:
        zero = jnp.zeros_like(x)
        return x, zero, zero, zero, jnp.float32(1), jnp.float32(0), jnp.float32(0)

    def step(carry: Carry, noise: jax.Array) -> Carry:
        x, m, v, vbar, rho, t, total = carry

        # x is x_{t-2}; the states are those of step t-1
        def next_loss(rho: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
            here = jnp.where(t > 0, iterate(rho, x, m, v, vbar, jnp.maximum(t, 1)), x)
            gradient = jax.grad(objective)(jax.lax.stop_gradient(here))
            return jnp.sum((gradient + noise) * here), (here, gradient)

        slope, (here, gradient) = jax.grad(next_loss, has_aux=True)(rho)
        rho = jnp.clip(rho - KAPPA * slope, 0, 1)
        g = gradient + noise
        m = BETA1 * m + (1 - BETA1) * g
        v = task.beta2 * v + (1 - task.beta2) * g * g
        vbar = (t * vbar + v) / (t + 1)
        return here, m, v, vbar, rho, t + 1, total + jnp.sum(gradient * gradient)

    # rho_t is used in step t, one iteration later, so the carry holds what `iterate` needs
    return compile_plain(task, Body(init, step, lambda carry: carry[-1]))
