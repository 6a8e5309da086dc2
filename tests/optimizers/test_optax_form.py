"""The bridge to optax: our methods as transformations, theirs in the engine, and equal conventions."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from optimizer_cases import GRADIENTS, SEQUENCES, X0, D, T, in_numpy, looped, paths
from tolerances import DOUBLE, SAME_PATH, SINGLE

from madatheory.engine.simulate import simulate
from madatheory.engine.statistic import iterate
from madatheory.errors import UserError
from madatheory.hparams import Parameter
from madatheory.optimizers.catalogue import list_optimizers
from madatheory.optimizers.optax_form import as_optax, from_optax
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.catalogue import list_problems
from proofs_check.open_loop import open_loop

HYPER: dict[str, Any] = {"alpha": 0.1, "beta1": 0.8, "beta2": 0.97, "eps": 1e-3}

# ours (entry, options, hyper) and the optax transformation of the same convention
SAME: dict[str, tuple[str, dict[str, Any], dict[str, float], Any]] = {
    "adam": ("adam", {"form": "practical"}, HYPER, lambda: optax.adam(0.1, 0.8, 0.97, 1e-3)),
    "amsgrad": (
        "amsgrad",
        {"form": "practical", "order": "after"},
        HYPER,
        lambda: optax.amsgrad(0.1, 0.8, 0.97, 1e-3),
    ),
    "yogi": ("yogi", {"form": "practical", "initial": 1e-6}, HYPER, lambda: optax.yogi(0.1, 0.8, 0.97, 1e-3)),
    "adan": (
        "adan",
        {"form": "practical", "weight": "1-beta3"},
        {**HYPER, "beta3": 0.7},
        lambda: optax.adan(0.1, 0.8, 0.7, 0.97, 1e-3, eps_root=0.0),
    ),
    "lion": (
        "lion",
        {},
        {"alpha": 0.1, "beta1_lion": 0.9, "beta2_lion": 0.97},
        lambda: optax.lion(0.1, 0.9, 0.97, weight_decay=0.0),
    ),
    "rmsprop": (
        "rmsprop",
        {"form": "practical"},
        {"alpha": 0.1, "beta2": 0.97, "eps": 1e-3},
        lambda: optax.rmsprop(0.1, 0.97, 1e-3, eps_in_sqrt=False),
    ),
    "rmsprop corrected": (
        "rmsprop",
        {"form": "practical", "correction": True},
        {"alpha": 0.1, "beta2": 0.97, "eps": 1e-3},
        lambda: optax.rmsprop(0.1, 0.97, 1e-3, eps_in_sqrt=False, bias_correction=True),
    ),
    "rmsprop eps inside": (
        "rmsprop",
        {},
        {"alpha": 0.1, "beta2": 0.97, "eps": 1e-3},
        lambda: optax.rmsprop(0.1, 0.97, 1e-3),
    ),
    "adagrad eps inside": (
        "adagrad",
        {"initial": 0.1},
        {"alpha": 0.1, "eps": 1e-3},
        lambda: optax.adagrad(0.1, 0.1, 1e-3),
    ),
    "sgd": ("sgd", {}, {"alpha": 0.1}, lambda: optax.sgd(0.1)),
}


def run_optax(method: optax.GradientTransformation, x0: Any, gradients: Any) -> Any:
    """x_1 .. x_T of a transformation under scan, evaluated in NumPy: the state must keep its dtypes."""

    def step(carry: Any, g: Any) -> Any:
        x, state = carry
        move, state = method.update(g, state, x)
        x = optax.apply_updates(x, move)
        return (x, state), x

    return in_numpy(lambda x, g: jax.lax.scan(step, (x, method.init(x)), g)[1])(x0, gradients)


@pytest.mark.parametrize("label", SAME)
def test_same_convention_as_optax(label, float64):
    name, options, hyper, make = SAME[label]
    found = paths(list_optimizers()[name].make(options), hyper)
    start = jnp.asarray(np.repeat(X0[:, None], GRADIENTS.shape[-1], axis=1))
    expected = np.moveaxis(np.asarray(run_optax(make(), start, jnp.asarray(GRADIENTS))), -1, 0)
    scale = np.maximum(np.max(np.abs(expected - X0), axis=(1, 2), keepdims=True), 1e-300)
    assert np.max(np.abs(found - expected) / scale) < 2e-14


@pytest.mark.parametrize("name", list_optimizers())
def test_as_optax_is_the_open_loop_map(name, float64):
    optimizer = list_optimizers()[name].build()
    g = jnp.asarray(SEQUENCES["dyadic"])
    expected = looped(optimizer)(X0, g, optimizer.hyper({"alpha": 0.1}), float(T)).x
    found = run_optax(as_optax(optimizer, horizon=T, alpha=0.1), jnp.asarray(X0), g)
    np.testing.assert_allclose(found, expected, rtol=DOUBLE.thousands, atol=1e-14)


def test_pytrees_of_any_shape_and_dtype():
    params = {
        "scalar": jnp.float32(2.0),
        "vector": jnp.ones(3),
        "matrix": (jnp.ones((2, 3)), jnp.zeros((0, 4))),
        "half": jnp.ones(4, jnp.bfloat16),
        "cube": jnp.ones((2, 2, 2), jnp.float16),
    }
    method = as_optax(list_optimizers()["mada-family"].build(), alpha=0.5, beta3=0.5, gamma=0.5, c=0.5, rho=0.5)
    grads = jax.tree.map(jnp.ones_like, params)
    gradients = jax.tree.map(lambda g: jnp.stack([g] * 5), grads)
    final = jax.tree.map(lambda x: x[-1], run_optax(method, params, gradients))
    assert jax.tree.structure(final) == jax.tree.structure(params)
    for before, after in zip(jax.tree.leaves(params), jax.tree.leaves(final), strict=True):
        assert before.dtype == after.dtype
        assert before.shape == after.shape
        assert np.all(np.isfinite(np.asarray(after, float)))
    # every leaf met the same gradients, so all moved alike, to the accuracy of their dtype
    moved = float(final["scalar"]) - 2.0
    np.testing.assert_allclose(np.asarray(final["vector"]) - 1, moved, rtol=SINGLE.few)
    np.testing.assert_allclose(np.asarray(final["half"], float) - 1, moved, rtol=0.03)


def test_half_precision_makes_progress_where_beta2_rounds_to_one():
    """An injected .9999 would be 1 in bfloat16, and 1 - beta2 = 0: the update is computed in float32."""
    beta2 = jnp.asarray(0.9999, jnp.float32)
    method = as_optax(list_optimizers()["adam"].build(form="practical"), alpha=0.25, beta2=beta2)
    x = run_optax(method, jnp.zeros(2, jnp.bfloat16), jnp.full((4, 2), 4.0, jnp.bfloat16))
    np.testing.assert_array_equal(np.asarray(x[:, 0], float), [-0.25, -0.5, -0.75, -1.0])


def test_composes_with_chain_multi_transform_and_vmap(float64):
    adam = list_optimizers()["adam"].build(form="practical")
    g = jnp.asarray(SEQUENCES["growing"])
    chained = optax.chain(optax.clip(1.0), as_optax(adam, **HYPER), optax.scale(2.0))
    x = run_optax(chained, jnp.asarray(X0), g)
    expected = run_optax(as_optax(adam, **{**HYPER, "alpha": 0.2}), jnp.asarray(X0), jnp.clip(g, -1, 1))
    np.testing.assert_allclose(x, expected, rtol=DOUBLE.thousands)

    avgrad = list_optimizers()["avgrad"].build()
    parts: Any = {"a": as_optax(adam, **HYPER), "b": as_optax(avgrad, **HYPER)}
    both = optax.multi_transform(parts, {"one": "a", "two": "b"})
    x = run_optax(both, {"one": jnp.asarray(X0), "two": jnp.asarray(X0)}, {"one": g, "two": g})
    for key, method in (("one", parts["a"]), ("two", parts["b"])):
        np.testing.assert_allclose(x[key], run_optax(method, jnp.asarray(X0), g), rtol=DOUBLE.thousands)

    mapped = jax.vmap(lambda x0, alpha: run_optax(as_optax(adam, **{**HYPER, "alpha": alpha}), x0, g))
    x = mapped(jnp.tile(jnp.asarray(X0), (2, 1)), jnp.array([0.1, 0.3]))
    for i, alpha in enumerate((0.1, 0.3)):
        expected = run_optax(as_optax(adam, **{**HYPER, "alpha": alpha}), jnp.asarray(X0), g)
        np.testing.assert_allclose(x[i], expected, rtol=DOUBLE.thousands)


@pytest.mark.parametrize("entry", ["adam", "adam-avgrad"])
def test_injected_hyper_parameters_equal_given_ones(entry, float64):
    """E12, and an injected value may be a schedule; a bare schedule is a function of the number of steps done."""
    optimizer = list_optimizers()[entry].build(form="practical")
    g = jnp.asarray(SEQUENCES["normal"])

    def make(alpha: Any, beta2: Any) -> optax.GradientTransformation:
        return as_optax(optimizer, alpha=alpha, beta2=beta2, beta1=0.8, eps=1e-3)

    injected: Any = optax.inject_hyperparams(make)(alpha=0.1, beta2=0.97)
    assert set(injected.init(jnp.zeros(2)).hyperparams) == {"alpha", "beta2"}
    found = run_optax(injected, jnp.asarray(X0), g)
    np.testing.assert_allclose(found, run_optax(make(0.1, 0.97), jnp.asarray(X0), g), rtol=DOUBLE.thousands)

    decay = optax.exponential_decay(0.1, 1, 0.5)
    direct = run_optax(make(decay, 0.97), jnp.asarray(X0), g)
    scheduled = run_optax(optax.inject_hyperparams(make)(alpha=decay, beta2=0.97), jnp.asarray(X0), g)
    np.testing.assert_allclose(direct, scheduled, rtol=DOUBLE.thousands)
    assert not np.allclose(direct, found)


def test_as_optax_maps_over_the_state_like_other_transformations():
    method = as_optax(list_optimizers()["adam"].build())
    params = {"w": jnp.ones(3)}
    doubled: Any = optax.tree.map_params(method, lambda v: v + 1, method.init(params))
    assert float(doubled.leaves["w"]["v"][0]) == 1.0
    assert int(doubled.count) == 0


def test_an_optimizer_that_is_not_elementwise_sees_each_leaf_as_one_vector(float64):
    """A matrix leaf through as_optax(from_optax(clipping by norm)): the norm is the leaf's, not a column's."""

    def make(alpha: Any) -> optax.GradientTransformation:
        return optax.chain(optax.clip_by_global_norm(1.0), optax.scale(-alpha))

    method: Any = as_optax(from_optax("clipped", make, {"alpha": 0.5}))
    x = {"w": jnp.zeros((2, 2))}
    g = {"w": jnp.full((2, 2), 3.0)}
    move, _ = jax.jit(lambda g, x: method.update(g, method.init(x), x))(g, x)
    np.testing.assert_allclose(move["w"], -0.5 * 3.0 / 6.0, rtol=DOUBLE.thousands)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda o: as_optax(o, rho=0.5), "unknown hyper-parameter of adam 'rho'"),
        (lambda o: as_optax(o, beta2=1.5), "beta2 = 1.5 is out of range"),
        (lambda o: as_optax(o, beta2=jnp.array([0.9, 0.99])), r"beta2 = Array.* has shape \(2,\): give one number"),
        (lambda o: as_optax(list_optimizers()["adam"].build(schedule="horizon")), "depend on the horizon T"),
        (lambda o: as_optax(list_optimizers()["adam-avgrad-switch"].build()), "depend on the horizon T"),
        (lambda o: as_optax(o, horizon=0), "horizon = 0"),
        (lambda o: as_optax(o).init({"w": jnp.ones(2, jnp.complex64)}), "dtype complex64"),
        (lambda o: as_optax(o).init({"w": jnp.ones(2, jnp.int32)}), "dtype int32"),
    ],
)
def test_bad_input_of_as_optax(action, message):
    with pytest.raises(UserError, match=message):
        action(list_optimizers()["adam"].build())


def test_engine_runs_optax_as_it_runs_our_own():
    """simulate(problem, from_optax(optax.adam)) = simulate(problem, adam): same noise, grid, seeds and iterates."""
    native = list_optimizers()["adam"].build(form="practical")
    theirs = from_optax(
        "optax-adam",
        lambda alpha, beta1, beta2, eps: optax.adam(alpha, beta1, beta2, eps),
        {"alpha": Parameter(1e-3, 0, open_low=True), "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
    )
    problem = list_problems()["ratio"].build(d=3)
    settings = {"alpha": [0.05, 0.2], "beta2": 0.9, "eps": 1e-3}
    ours, other = (
        simulate(problem, o, 60, num_trajectories=4, settings=settings, statistics=[iterate], save_at=5, workers=1)
        for o in (native, theirs)
    )
    assert ours["iterate"].dims == other["iterate"].dims
    np.testing.assert_allclose(other["iterate"], ours["iterate"], **SAME_PATH)
    with pytest.raises(UserError, match="alpha = 0 is out of range"):
        theirs.hyper({"alpha": 0.0})


def test_external_step_fields_are_nan_but_the_move_is_known(float64):
    theirs = from_optax("sgd", lambda alpha: optax.sgd(alpha), {"alpha": 0.25})
    step = open_loop(theirs)(jnp.zeros((D, 3)), jnp.ones((4, D, 3)), {"alpha": np.array([0.25, 0.5, 1.0])}).step
    np.testing.assert_array_equal(step.delta[0, 0], [0.25, 0.5, 1.0])
    assert np.all(np.isnan(step.eta))
    assert not theirs.traits["family"]


def test_external_optimizer_is_given_the_projected_iterate():
    """A transformation that reads params: past 1.2 it would jump. The box keeps x at 1, and params must be that x."""

    def jump(alpha: Any) -> optax.GradientTransformation:
        def update(updates: Any, state: Any, params: Any = None) -> Any:
            return jnp.where(params > 1.2, -50 * alpha, alpha) + 0 * updates, state

        return optax.GradientTransformation(lambda params: optax.EmptyState(), update)

    problem = list_problems()["reddi-online"].build()
    assert problem.box == (-1.0, 1.0)
    steps = 12
    run = simulate(
        problem,
        from_optax("jump", jump, {"alpha": 0.25}),
        steps,
        num_trajectories=2,
        statistics=[iterate],
        save_at=list(range(1, steps + 1)),
        workers=1,
    )
    expected = np.minimum(problem.start[0] + 0.25 * np.arange(1, steps + 1), 1.0)
    np.testing.assert_allclose(run["iterate"].values[0, :, 0], expected)


def test_from_optax_handles_any_number_of_lane_axes(float64):
    theirs: Optimizer = from_optax("adam", lambda alpha: optax.adam(alpha), {"alpha": 0.1})
    g = jnp.asarray(np.random.default_rng(0).standard_normal((5, D, 2, 3)))
    alpha = np.linspace(0.1, 0.6, 6).reshape(2, 3)
    all_lanes = open_loop(theirs)(jnp.zeros((D, 2, 3)), g, {"alpha": alpha}).x
    one = open_loop(theirs)(jnp.zeros(D), g[:, :, 1, 2], {"alpha": alpha[1, 2]}).x
    np.testing.assert_allclose(all_lanes[:, :, 1, 2], one, rtol=DOUBLE.hundreds)
