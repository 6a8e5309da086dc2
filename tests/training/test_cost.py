"""The cost of learning: bytes of state, kernels that keep no derivative, and a measurement that runs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import training_cost as cost
from madatheory.training import mada

pytestmark = pytest.mark.usefixtures("full_compilation")

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


TINY = {"layers": 1, "heads": 2, "width": 16, "context": 8, "batch": 2, "windows": 4, "dropout": 0.1}


def test_the_share_of_a_step_is_that_of_its_parts(monkeypatch):
    clock = iter(range(10_000))
    monkeypatch.setattr(cost.time, "perf_counter", lambda: float(next(clock)))
    parts = [lambda k=k: [next(clock) for _ in range(k)] for k in (16, 2, 3)]  # with the clock's own tick 17, 3, 4
    share = cost.step_share("a library", parts, 3)
    assert share == ("a library", 17, 3, 4)
    assert (share.share, share.longer) == (4 / 21, 1 / 20)
    assert "| a library | 17.00 | 3000 | 4000 | 19.0 % | 5.0 % |" in cost.share_table([share])


@pytest.mark.needs("torch")
def test_the_gpt_in_pytorch_is_that_of_jax():
    import torch

    shapes = jax.eval_shape(cost.char_gpt(**TINY).init, jax.random.key(0))
    sizes = {name: TINY[name] for name in ("layers", "heads", "width", "context", "dropout")}
    model, loss = cost.torch_gpt(len(cost.manual().vocabulary), **sizes)
    ours, theirs = ([leaf.shape for leaf in leaves] for leaves in (jax.tree.leaves(shapes), model.parameters()))
    assert sum(map(np.prod, ours)) == sum(map(np.prod, theirs))
    rows = torch.zeros((2, 9), dtype=torch.int64)
    with torch.no_grad():
        model[2].norm.weight.zero_()
    assert float(loss(rows).detach()) == pytest.approx(np.log(len(cost.manual().vocabulary)))  # all logits are 0
    gradient, adam, mada = cost.gpt_in_torch(TINY)
    for part in (gradient, adam, mada):
        part()


@pytest.mark.slow(reason="compiling the gradient of a GPT")
def test_the_parts_of_a_step_run_in_jax():
    assert all(part() is not None for part in cost.gpt_in_jax(TINY))


def test_the_measurement_runs_and_prints():
    found = cost.measure(["mada, rho", "badam, 8 blocks"], size=8 * 100, rounds=2)
    assert [row.name for row in found] == ["optax.adam", "mada, rho", "badam, 8 blocks"]
    assert all(row.median > 0 and row.least <= row.median for row in found)
    assert found[0].bytes_ratio == found[0].ratio == 1.0
    text = cost.table(found)
    assert "| mada, rho |" in text
    assert "load averages" in text
