"""The cost of learning: bytes of state, kernels that keep no derivative, and a measurement that runs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import training_cost as cost
from madatheory.training import mada

SIZE = 1000
# arrays as large as the parameters in the state, of which Adam has two
ARRAYS = {
    "optax.adam": 2,
    "mada, nothing learned": 2,
    "mada, learning_rate": 2,
    "mada, rho": 3,
    "mada, learning_rate, rho": 3,
    "mada, b2": 3,
    "mada, b1, b2, rho": 4,
    "mada, all": 7,
    "mada, rho lagged": 3,
    "hyperadam": 3,
}


@pytest.mark.parametrize("name", ARRAYS)
def test_the_state_holds_so_many_arrays(name):
    state = cost.contenders()[name]().init({"a": jnp.zeros(SIZE), "b": jnp.zeros((SIZE, 2))})
    scalars = cost.state_bytes(state) - ARRAYS[name] * 3 * SIZE * 4
    assert 4 <= scalars <= 4 * 25


def test_rho_alone_needs_at_most_twice_the_state_of_adam():
    x = jnp.zeros(10_000_000)
    adam, rho = (jax.eval_shape(cost.contenders()[name]().init, x) for name in ("optax.adam", "mada, rho"))

    def size(state: object) -> int:
        return sum(int(np.prod(leaf.shape)) * leaf.dtype.itemsize for leaf in jax.tree.leaves(state))

    assert size(rho) / size(adam) < 1.5001


def test_no_derivative_becomes_an_array_on_the_cpu():
    """What the compiled update allocates beside its result is small against one leaf."""
    x = jnp.zeros(2**20)
    tx = mada(1e-3, {"rho": 1e-3}, rho=0.5)
    compiled = jax.jit(tx.update).lower(x, tx.init(x)).compile()
    analysis = compiled.memory_analysis()
    if analysis is None or jax.default_backend() != "cpu":
        pytest.skip("XLA does not say here what it allocates")
    assert analysis.temp_size_in_bytes < 0.1 * 4 * x.size


def test_the_measurement_runs_and_prints():
    found = cost.measure(["mada, rho", "badam, 8 blocks"], size=8 * 100, rounds=2)
    assert [row.name for row in found] == ["optax.adam", "mada, rho", "badam, 8 blocks"]
    assert all(row.median > 0 and row.least <= row.median for row in found)
    assert found[0].bytes_ratio == found[0].ratio == 1.0
    text = cost.table(found)
    assert "| mada, rho |" in text
    assert "load averages" in text
