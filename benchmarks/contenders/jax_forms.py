"""The ways in which an expert would write many trajectories in JAX, and the fastest of them for one size, by trial.

`steps` is vmap over trajectories of a scan over steps, each with a key of its own. `chunks` is a scan over the batch
whose noise is drawn for some steps at once, outside the inner loop, from one key. Each also sharded over the cores as
devices. Generators: JAX's default Threefry. Its other proper one, "rbg", was slower in every form tried.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from benchmarks.task import Execution, NotOffered, Workload

if TYPE_CHECKING:
    import jax

Carry = tuple[Any, ...]
"""Arrays, and states of an optimizer."""
TRIAL = 3e6  # coordinate updates of a trial run
_fastest: dict[Any, "Form"] = {}  # by size, so that there is one trial per process and size


class Body(NamedTuple):
    """One trajectory: `init(x0)` -> carry, `step(carry, noise)` -> carry, `total(carry)` -> sum of |grad F|^2."""

    init: "Callable[[jax.Array], Carry]"
    step: "Callable[[Carry, jax.Array], Carry]"
    total: "Callable[[Carry], jax.Array]"


class Form(NamedTuple):
    """`chunk` steps of noise at once, 0: one trajectory, one step, one key."""

    chunk: int
    sharded: bool

    def __str__(self) -> str:
        drawn = f"scan(vmap), noise of {self.chunk} steps at once" if self.chunk else "vmap(scan)"
        return drawn + (", sharded" if self.sharded else "")


PLAIN = (Form(0, False),)
FORMS = (*PLAIN, Form(8, False), Form(64, False), Form(0, True), Form(8, True), Form(64, True))


def prepare(task: Workload, body: Body, forms: tuple[Form, ...] = PLAIN) -> Execution:
    """Compile the fastest of `forms` for the task."""
    import jax

    if task.noise == "uniform":
        draw = lambda key, shape: jax.random.uniform(key, shape, minval=-1.0, maxval=1.0)  # noqa: E731
    else:
        draw = jax.random.normal
    trial = max(64, int(TRIAL / (task.B * task.d)) // 64 * 64)
    possible = [f for f in forms if not f.sharded or (jax.device_count() > 1 and task.B % jax.device_count() == 0)]
    if not possible:
        raise NotOffered(f"{task.B} trajectories on {jax.device_count()} devices")
    size = task.B, task.d, task.noise, forms
    if size not in _fastest:
        trials = {form: _compiled(task, body, form, trial, draw) for form in possible} if len(possible) > 1 else {}
        seconds = {form: min(_seconds(run) for _ in range(3)) for form, run in trials.items()}
        _fastest[size] = min(seconds, key=seconds.__getitem__) if seconds else possible[0]
    best = _fastest[size]
    began = time.perf_counter()
    run = _compiled(task, body, best, task.T, draw)
    run.seconds = time.perf_counter() - began  # type: ignore[attr-defined]  # without the trials
    run.note = str(best)  # type: ignore[attr-defined]
    return run


def _seconds(run: Execution) -> float:
    began = time.perf_counter()
    run(1)
    return time.perf_counter() - began


def _compiled(
    task: Workload, body: Body, form: Form, steps: int, draw: "Callable[[jax.Array, tuple[int, ...]], jax.Array]"
) -> Execution:
    import jax
    import jax.numpy as jnp
    from jax import lax
    from jax.sharding import AxisType, PartitionSpec

    devices = jax.device_count() if form.sharded else 1
    rows = task.B // devices

    def one(key: jax.Array) -> jax.Array:
        def step(carry: Carry, t: jax.Array) -> tuple[Carry, None]:
            return body.step(carry, draw(jax.random.fold_in(key, t), (task.d,))), None

        carry, _ = lax.scan(step, body.init(jnp.ones(task.d, jnp.float32)), jnp.arange(steps))
        return body.total(carry) / steps

    def batch(keys: jax.Array) -> jax.Array:
        def step(carry: Carry, noise: jax.Array) -> tuple[Carry, None]:
            return jax.vmap(body.step)(carry, noise), None

        def several(carry: Carry, key: jax.Array, count: int) -> Carry:
            return lax.scan(step, carry, draw(key, (count, rows, task.d)))[0]

        carry = jax.vmap(body.init)(jnp.ones((rows, task.d), jnp.float32))
        whole, rest = divmod(steps, form.chunk)
        subkeys = jax.random.split(keys[0], whole + 1)
        carry, _ = lax.scan(lambda c, key: (several(c, key, form.chunk), None), carry, subkeys[:whole])
        if rest:
            carry = several(carry, subkeys[whole], rest)
        return jax.vmap(body.total)(carry) / steps

    function = batch if form.chunk else jax.vmap(one)
    if form.sharded:
        mesh = jax.make_mesh((devices,), ("cores",), axis_types=(AxisType.Auto,))
        here = PartitionSpec("cores")
        function = jax.shard_map(function, mesh=mesh, in_specs=here, out_specs=here, check_vma=False)

    def keys(seed: int) -> jax.Array:
        return jax.random.split(jax.random.key(seed), devices if form.chunk else task.B)

    compiled = jax.jit(function).lower(keys(0)).compile()
    sharding = compiled.input_shardings[0][0]

    def run(seed: int) -> np.ndarray:
        return np.asarray(compiled(jax.device_put(keys(seed), sharding)))

    run(0)
    return run
