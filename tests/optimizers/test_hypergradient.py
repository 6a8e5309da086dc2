"""Learned coefficients: the hyper-gradient is the one-step loss's derivative, and the descent does what it says."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from optimizer_cases import GRADIENTS, SEQUENCES, X0, D, T, in_numpy, looped
from tolerances import DOUBLE

from madatheory.errors import UserError
from madatheory.optimizers import hypergradient as module
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.optimizers.hypergradient import hypergradient, learned
from madatheory.optimizers.optax_form import from_optax
from madatheory.optimizers.optimizer import Clock, Optimizer
from madatheory.optimizers.request import BOUNDS, Descent
from proofs_check.open_loop import OpenLoopRun

FAMILY = tuple(BOUNDS)
INNER = {"alpha": 0.125, "beta1": 0.8, "beta2": 0.9, "beta3": 0.5, "rho": 0.6, "c": 0.3, "gamma": 0.4, "eps": 1e-3}
# points, and what is learned of them
POINTS = {
    "sgd": ("alpha", "beta1"),
    "adam-avgrad": ("beta2", "rho"),
    "adam-amsgrad:form=practical": ("rho",),
    "avgrad:form=practical,correction=exact": ("beta2",),
    "safeguarded-mada": ("beta3", "c"),
    "mada-family": FAMILY,
    "mada-family:convention=published": ("beta1", "beta2", "beta3", "gamma"),
}


def made(point: Optimizer, names: tuple[str, ...], lag: int = 0, **rule: Any) -> tuple[Optimizer, dict[str, Any]]:
    """`point` with these coefficients learned, started inside their bounds."""
    method = learned(point, {name: Descent(**rule) for name in names}, lag=lag)
    return method, method.hyper({name: value for name, value in INNER.items() if name in method.parameters})


def run(method: Optimizer, hyper: dict[str, Any], g: np.ndarray, x0: np.ndarray = X0) -> OpenLoopRun:
    return looped(method)(x0, g, hyper)  # traced anew, with whatever a planted mistake has replaced


@pytest.mark.parametrize("spec", [spec for spec in POINTS if spec != "sgd"])  # sgd has a closed form below
def test_it_is_the_central_difference_of_the_one_step_loss(spec, float64):
    """l(x_{t-1}(h)) with the state before step t-1 held, for a loss that is not linear, at every step of a run."""
    point, names = get_optimizer(spec), POINTS[spec]
    method, hyper = made(point, names, hyper_learning_rate=0.003)
    x, state = jnp.asarray(X0), method.init(hyper, jnp.asarray(X0))
    center, width = jnp.asarray([0.3, -0.7]), 1e-5

    def loss(x: jax.Array) -> jax.Array:
        return jnp.sum(jnp.sin(3 * (x - center)) + (x - center) ** 2)

    @in_numpy
    def one(x: jax.Array, state: Any, noise: jax.Array, t: jax.Array) -> tuple[Any, ...]:
        """What comes next, and both derivatives of each coefficient."""
        g, clock = jax.grad(loss)(x) + noise, Clock(t, jnp.nan)
        now, after = method.step(hyper, state, g, clock)
        inner = {key: jnp.asarray(after["values"].get(key, hyper[key])) for key in point.parameters}
        ends = [
            {key: value + side * width * (key == name) for key, value in inner.items()}
            for name in names
            for side in (-1, 1)
        ]
        losses = jax.vmap(lambda values: loss(x - point.step(values, state["point"], g, clock)[0].delta))(
            jax.tree.map(lambda *each: jnp.stack(each), *ends)
        ).reshape(-1, 2)
        found = [hypergradient(jax.grad(loss)(x - now.delta), after["slopes"][name]) for name in names]
        return x - now.delta, after, jnp.stack(found), (losses[:, 1] - losses[:, 0]) / (2 * width)

    for t in range(1, 4):
        x, state, found, expected = one(x, state, SEQUENCES["normal"][t - 1], jnp.asarray(float(t)))
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8, err_msg=f"{names} at {t}")


@pytest.mark.parametrize(("spec", "lag"), [("adam-avgrad", 0), ("sgd", 1), ("mada-family:convention=published", 0)])
def test_without_a_step_size_it_is_the_point_itself(spec, lag, float64):
    point = get_optimizer(spec)
    method, hyper = made(point, POINTS[spec][-2:], lag, hyper_learning_rate=0.0)
    start = np.repeat(X0[:, None], GRADIENTS.shape[-1], axis=1)
    expected = run(point, {name: hyper[name] for name in point.parameters}, GRADIENTS, start).x
    np.testing.assert_allclose(run(method, hyper, GRADIENTS, start).x, expected, rtol=DOUBLE.hundreds, atol=1e-13)


def sgd_alphas(lag: int = 0, **rule: Any) -> np.ndarray:
    """alpha_1 .. alpha_T by learned sgd without momentum."""
    method, hyper = made(get_optimizer("sgd"), ("alpha",), lag, **rule)
    return np.asarray(run(method, hyper | {"alpha": 1.0, "beta1": 0.0}, SEQUENCES["normal"]).state["values"]["alpha"])


def products() -> np.ndarray:
    """<g_t, g_{t-1}> for t = 1 .. T with g_0 = 0: minus the hyper-gradient of alpha in sgd."""
    g = SEQUENCES["normal"]
    return np.concatenate([[0.0], np.sum(g[1:] * g[:-1], axis=1)])


def check_descent() -> None:
    np.testing.assert_allclose(sgd_alphas(), 1 + 0.01 * np.cumsum(products()), rtol=DOUBLE.hundreds)


def test_the_step_size_of_sgd_follows_the_products_of_gradients(float64):
    check_descent()


def check_momentum() -> None:
    p, alpha, expected = 0.0, 1.0, []
    for u in -products():
        p = 0.75 * p + u
        alpha -= 0.01 * p
        expected.append(alpha)
    np.testing.assert_allclose(sgd_alphas(hyper_momentum=0.75), expected, rtol=DOUBLE.hundreds)


def test_momentum_sums_old_hyper_gradients(float64):
    check_momentum()


def test_nothing_is_learned_before_the_start(float64):
    found, u = sgd_alphas(start=8, hyper_momentum=0.0), products()
    np.testing.assert_array_equal(found[:7], 1.0)
    np.testing.assert_allclose(found[7:], 1 + 0.01 * np.cumsum(u[7:]), rtol=DOUBLE.hundreds)
    with_momentum = sgd_alphas(start=8, hyper_momentum=0.75)
    np.testing.assert_array_equal(with_momentum[7], found[7])  # the momentum starts there too


def test_a_lag_shifts_by_one_step(float64):
    now, lagged = sgd_alphas(0), sgd_alphas(1)
    np.testing.assert_array_equal(lagged[1:], now[:-1])
    assert lagged[0] == 1.0


@pytest.mark.parametrize("lag", [0, 1])
def test_what_a_coefficient_has_seen(lag, float64):
    """Another g_k changes the values from step k on without a lag, and from step k+1 on with one."""
    names = ("beta2", "rho")
    method, hyper = made(get_optimizer("adam-avgrad"), names, lag, hyper_momentum=0.5)
    other = SEQUENCES["normal"].copy()
    k = 20
    other[k - 1] += 1.0
    compiled = looped(method)
    first, second = (compiled(X0, g, hyper).state["values"] for g in (SEQUENCES["normal"], other))
    for name in names:
        differs = np.asarray(first[name] != second[name])
        assert not differs[: k - 1 + lag].any(), name
        assert differs[k - 1 + lag], name


def check_bounds(dtype: str = "float64", names: tuple[str, ...] = ("alpha", "rho")) -> None:
    method, hyper = made(get_optimizer("mada-family"), names, hyper_learning_rate=30.0, hyper_momentum=0.5)
    start = np.zeros((D, GRADIENTS.shape[-1]), dtype)
    values = run(method, hyper, GRADIENTS.astype(dtype), start).state["values"]
    for name in names:
        value, (low, high) = np.asarray(values[name]), np.asarray(BOUNDS[name], dtype)
        assert value.dtype == dtype
        assert np.all((value >= low) & (value <= high) & np.isfinite(value)), name
        if name == "alpha":
            assert np.all(value > 0)
        else:
            assert np.any(value == low), name
            assert np.any(value == high), name


@pytest.mark.parametrize(("dtype", "names"), [("float32", ("alpha", "rho")), ("float64", ("beta1", "c", "gamma"))])
def test_the_bounds_are_never_left_and_their_ends_are_reached(dtype, names, float64):
    check_bounds(dtype, names)


@pytest.mark.parametrize("spec", ["safeguarded-mada", "mada-family"])
def test_no_nan_where_gradients_vanish(spec, float64):
    """No gradient at all, a dead coordinate, a first gradient after some steps of none, and a tiny one."""
    dtype = "float32"
    g = np.zeros((4, 2, 4), dtype)
    g[:, 0, 1] = g[2:, 0, 2] = g[2:, 1, 2] = SEQUENCES["normal"][0, 0]
    g[:, :, 3] = 1e-12
    method, hyper = made(get_optimizer(spec), POINTS[spec], hyper_learning_rate=0.01, hyper_momentum=0.5)
    hyper = {name: jnp.asarray(value, dtype) for name, value in hyper.items()}
    state, update = method.init(hyper, jnp.zeros((2, 4), dtype)), jax.jit(method.step)
    for t, now in enumerate(g, start=1):
        step, state = update(hyper, state, jnp.asarray(now), Clock(jnp.asarray(t, dtype), jnp.nan))
        for leaf in jax.tree.leaves((step.delta, state)):
            assert leaf.dtype in (dtype, np.int32)
            assert np.all(np.isfinite(leaf)), t
        for name, slope in state["slopes"].items():
            assert np.all(slope[:, 0] == 0), name


def check_overflow(bad: float) -> None:
    """A coefficient keeps its last good value, the iterate shows what happened, and the state counts it."""
    g = SEQUENCES["normal"].copy()
    g[3] = bad
    method, hyper = made(get_optimizer("adam-avgrad:form=practical"), ("alpha", "rho"))
    path = run(method, hyper, g)
    assert np.all(np.isfinite(path.x[:3]))
    for name in ("alpha", "rho"):
        values = np.asarray(path.state["values"][name])
        assert np.ptp(values[:3]) > 0, name
        np.testing.assert_array_equal(values[3:], values[2])  # the moments stay bad, so nothing is learned any more
        assert np.all(np.isfinite(path.state["momenta"][name]))
    since = np.maximum(np.arange(T) - 2, 0)
    assert path.state["skipped"].dtype == np.int32
    if np.isnan(bad):
        np.testing.assert_array_equal(path.state["skipped"], 2 * since)
        assert np.all(np.isnan(path.x[3:]))
    else:  # infinite second moments stop a coordinate, as in Adam; then the derivative in alpha is 0
        np.testing.assert_array_equal(path.state["skipped"], since + (since > 0))
        np.testing.assert_array_equal(path.x[3:], np.broadcast_to(path.x[2], path.x[3:].shape))


@pytest.mark.parametrize("bad", [np.nan, 1e200])
def test_a_gradient_that_overflows_leaves_coefficients_at_their_last_good_values(bad, float64):
    check_overflow(bad)


def test_trajectories_learn_apart_from_each_other(float64):
    """Coefficients, step sizes and momenta per trajectory; x of shape (d,) has one of each."""
    method, hyper = made(get_optimizer("adam-avgrad:form=practical"), ("beta2", "rho"))
    hyper |= {"rho": np.array([0.0, 0.5, 1.0]), "kappa_rho": np.array([0.0, 0.02, 0.1]), "mu_beta2": 0.5}
    hyper = {key: np.broadcast_to(value, (3,)) for key, value in hyper.items()}
    together = run(method, hyper, GRADIENTS[:, :, :3], np.ones((D, 3)))
    single = looped(method)
    for lane in range(3):
        alone = single(np.ones(D), GRADIENTS[:, :, lane], {k: v[lane] for k, v in hyper.items()})
        np.testing.assert_allclose(together.x[:, :, lane], alone.x, rtol=DOUBLE.hundreds)
        assert alone.state["values"]["rho"].shape == (T,)
        np.testing.assert_allclose(
            together.state["values"]["rho"][:, lane], alone.state["values"]["rho"], rtol=DOUBLE.hundreds
        )
    np.testing.assert_array_equal(together.state["values"]["rho"][:, 0], 0.0)


def test_an_optimizer_of_another_library_learns_too(float64):
    """optax's sgd as the point gives what the package's sgd gives; an adaptive one passes the central difference."""
    theirs = from_optax("theirs", lambda alpha: optax.sgd(alpha), {"alpha": 0.1})
    method = learned(theirs, {"alpha": Descent(low=0.0, high=10.0)})
    found = run(method, method.hyper({"alpha": 1.0}), SEQUENCES["normal"]).state["values"]["alpha"]
    np.testing.assert_allclose(found, sgd_alphas(), rtol=DOUBLE.hundreds)


def test_a_projection_is_told_to_the_point():
    seen = from_optax("theirs", lambda alpha: optax.sgd(alpha), {"alpha": 0.1})
    method = learned(seen, {"alpha": Descent()})
    assert method.observe is not None
    state = method.init(method.hyper(), jnp.zeros(2))
    moved = method.observe(state, jnp.ones(2))
    np.testing.assert_array_equal(moved["point"]["x"], jnp.ones(2))
    assert made(get_optimizer("sgd"), ("alpha",))[0].observe is None


def test_traits_say_what_moves_and_how():
    point = get_optimizer("adam-avgrad")
    for lag, kind in ((0, "adapted"), (1, "predictable")):
        method, _ = made(point, ("rho", "beta2"), lag)
        assert method.traits["moving"] == {"rho": kind, "beta2": kind}
        assert not method.traits["elementwise"]
        assert method.traits["method"] == method.name == "adam-avgrad-learned"  # no theorem about a constant rho
        assert set(method.traits["free"]) == {"alpha", "beta1", "eps"}
        assert method.traits["schedule"] == "inverse_sqrt"
        assert set(method.parameters) - set(point.parameters) == {"kappa_rho", "mu_rho", "kappa_beta2", "mu_beta2"}
    assert made(point, ("alpha",))[0].traits["schedule"] == "custom"


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda p: learned(p, {"rh": Descent()}), "unknown coefficient of adam-avgrad 'rh'; did you mean 'rho'"),
        (lambda p: learned(p, {}), "no coefficient to learn"),
        (lambda p: learned(p, {"rho": Descent()}, lag=2), "lag = 2: give 0 .* or 1"),
        (lambda p: learned(p, {"rho": Descent(low=0.5, high=0.25)}), r"the bounds \[0.5, 0.25\] are empty"),
        (lambda p: learned(p, {"rho": Descent(high=1.5)}), "high bound of rho = 1.5 is out of range"),
        (lambda p: learned(p, {"beta2": Descent(high=1.0)}), "high bound of beta2 = 1 is out of range"),
        (lambda p: learned(p, {"rho": Descent(start=0)}), "start of rho = 0"),
        (lambda p: learned(p, {"rho": Descent(-1.0)}), "kappa_rho = -1 is out of range"),
        (lambda p: learned(p, {"rho": Descent(hyper_momentum=1.0)}), "mu_rho = 1 is out of range"),
        (
            lambda p: learned(p, {"beta1": Descent()}).hyper({"beta1": 0.995}),
            r"beta1 = 0.995 is out of range.*\[0.01, 0",
        ),
        (lambda p: learned(p, {"rho": Descent(low=0.25)}).hyper({"rho": 0.125}), "rho = 0.125 is out of range"),
        (lambda p: learned(p, {"rho": Descent()}).hyper({"kappa_rh": 1.0}), "unknown hyper-parameter"),
    ],
)
def test_bad_input_is_one_clear_message(action: Callable[[Optimizer], Any], message: str):
    with pytest.raises(UserError, match=message):
        action(get_optimizer("adam-avgrad"))


MISTAKES: dict[str, tuple[str, Callable[..., Any], Callable[[], None]]] = {
    "sign": ("hypergradient", lambda g, slope: jnp.sum(g * slope, axis=0), check_descent),
    "mean over coordinates": ("hypergradient", lambda g, slope: -jnp.mean(g * slope, axis=0), check_descent),
    "old gradient": ("hypergradient", lambda g, slope: -jnp.sum(slope * slope, axis=0), check_descent),
    "no momentum": (
        "descend",
        lambda value, p, u, rate, momentum, bounds, clip: (module.clamp(value - rate * u, bounds), u, u == u),
        check_momentum,
    ),
    "averaged momentum": (
        "descend",
        lambda value, p, u, rate, momentum, bounds, clip: (
            value - rate * (momentum * p + (1 - momentum) * u),
            momentum * p + (1 - momentum) * u,
            u == u,
        ),
        check_momentum,
    ),
    "no clamp": ("clamp", lambda value, bounds: value, check_bounds),
    "nan taken": (
        "descend",
        lambda value, p, u, rate, momentum, bounds, clip: (
            module.clamp(value - rate * (momentum * p + u), bounds),
            momentum * p + u,
            u == u,
        ),
        lambda: check_overflow(1e200),
    ),
    "clamped at 0": ("clamp", lambda value, bounds: jnp.clip(value, bounds.low, bounds.high), check_bounds),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_caught(mistake, float64, monkeypatch):
    name, wrong, check = MISTAKES[mistake]
    monkeypatch.setattr(module, name, wrong)
    with pytest.raises(AssertionError):
        check()
