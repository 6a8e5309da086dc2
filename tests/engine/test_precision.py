"""Single precision against double on the same noise words, over a million steps and beyond ten million."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import madatheory as mt
from madatheory.engine import simulate as engine
from madatheory.engine.simulate import simulate
from madatheory.engine.statistic import mean_squared_gradient, mean_value, squared_gradient_over_root_t, total
from madatheory.errors import UserError
from madatheory.optimizers.optimizer import Clock

pytestmark = pytest.mark.usefixtures("full_compilation")

STATISTICS = (mean_squared_gradient, mean_value, squared_gradient_over_root_t)
AGREEMENT = 1e-3  # relative difference of a trajectory's statistic; documented in docs/performance.md


@pytest.mark.parametrize(
    ("optimizer", "noise"),
    [
        ("adam:form=practical", "gaussian"),
        ("avgrad:form=practical", "uniform"),
        ("amsgrad", "gaussian"),
        ("yogi:form=practical", "uniform"),
        ("mada:learn=rho", "gaussian"),
    ],
)
def test_single_precision_over_a_million_steps(optimizer, noise):
    problem, method = mt.get_problem(f"ratio:d=2,noise={noise}"), mt.get_optimizer(optimizer)
    single, double = (
        simulate(
            problem,
            method,
            1_000_000,
            num_trajectories=16,
            statistics=STATISTICS,
            settings={"alpha": 0.01},
            dtype=dtype,
        )
        for dtype in ("float32", "float64")
    )
    for name in double.data_vars:
        np.testing.assert_allclose(single[name], double[name], rtol=AGREEMENT, err_msg=str(name))
        assert np.any(single[name].to_numpy() != double[name].to_numpy())


def test_sums_are_compensated_and_need_it():
    """10^6 terms of 0.1: the sum of the engine is right to an ulp or two, a plain one is off by a hundredth."""
    tenth = total("tenth", "sum 0.1", lambda event: 0 * event.x[0] + jnp.float32(0.1))
    problem, sgd = mt.get_problem("ratio:d=1,noise=none"), mt.get_optimizer("sgd")
    found = simulate(problem, sgd, 1_000_000, num_trajectories=1, statistics=(tenth,), dtype="float32").tenth.item()
    exact = 1e6 * float(np.float32(0.1))
    plain = float(np.cumsum(np.full(1_000_000, 0.1, np.float32))[-1])
    assert abs(found - exact) < 3e-7 * exact
    assert 5e-3 < abs(plain - exact) / exact < 2e-2


def moved(optimizer: str, compensated: bool) -> float:
    """Where a running average of 1.0 stands after 10^5 terms v = 1.1 from t = 2 10^7 on, minus 1; exactly 5e-4."""
    chosen = mt.get_optimizer(optimizer)
    if compensated:
        assert chosen.compensated is not None
        chosen = chosen.compensated
    hyper = {name: jnp.float32(value) for name, value in chosen.hyper({"beta2": 0.0}).items()}
    x = jnp.zeros((1, 1), jnp.float32)
    state = chosen.init(hyper, x)
    state["reference"] = state["reference"] * 0 + 1
    g = jnp.full((1, 1), np.sqrt(1.1), jnp.float32)

    def body(i, state):
        t = (i + 20_000_000).astype(jnp.float32)
        return chosen.step(hyper, state, g, Clock(t, t))[1]

    return float(jax.lax.fori_loop(0, 100_000, body, state)["reference"][0, 0]) - 1


def test_a_compensated_average_moves_where_a_plain_one_stands_still():
    exact = 0.1 * np.log((20_100_000) / 20_000_000)
    assert moved("avgrad", compensated=False) == 0
    assert moved("avgrad", compensated=True) == pytest.approx(exact, rel=5e-3)


def test_long_single_precision_runs_are_compensated(monkeypatch):
    """The choice is made by the number of steps; in double precision and for short runs nothing changes."""
    problem, method = mt.get_problem("ratio:d=1"), mt.get_optimizer("avgrad")
    monkeypatch.setattr(engine, "_COMPENSATE", 1000)
    assert engine.prepare(problem, method, 1001, dtype="float32").optimizer is method.compensated
    assert engine.prepare(problem, method, 1000, dtype="float32").optimizer is method
    assert engine.prepare(problem, method, 1001, dtype="float64").optimizer is method
    assert mt.get_optimizer("adam").compensated is None
    learned = mt.get_optimizer("mada:learn=rho").defaults(alpha=0.5)
    assert learned.compensated is not None
    assert learned.compensated.parameters["alpha"].default == 0.5


def test_a_counter_beyond_single_precision_is_refused():
    problem, adam = mt.get_problem("reddi-online"), mt.get_optimizer("adam")
    engine.prepare(problem, adam, 2**22, dtype="float32")
    with pytest.raises(UserError, match="give dtype 'float64'"):
        engine.prepare(problem, adam, 2**22 + 1, dtype="float32")
