"""Problems: derivatives, oracles by exact enumeration, the online losses, data, and what is refused.

What is asked once is traced and evaluated in NumPy: that the engine's programs compute it is tested there.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from optimizer_cases import in_numpy
from tolerances import DOUBLE

from madatheory.engine.simulate import simulate
from madatheory.engine.statistic import largest_gradient, mean_squared_gradient, total
from madatheory.entry import parse
from madatheory.errors import UserError
from madatheory.hparams import Parameter
from madatheory.optimizers.optimizer import Optimizer, Step
from madatheory.problems.catalogue import list_problems
from madatheory.problems.data import CLASSIFICATION, REGRESSION, table
from madatheory.problems.problem import Constant, Problem
from madatheory.problems.scalar import scalars
from madatheory.problems.separable import separable

pytestmark = pytest.mark.usefixtures("float64")

VARIANTS = (
    "ratio:d=3,noise=none",
    "ratio:d=3,noise=rademacher",
    "ratio:d=1,noise=rare-large,scale=2",
    "log:d=3,noise=multiplicative,scale=0.5",
    "exponential:d=2",
    "tanh:d=2",
    "cosine:d=2",
    "pseudo-huber:d=7,noise=rademacher",
    "ridge-sum:d=3,noise=rademacher",
    "ridge-sum:d=3,rows=8,phi=cosine,noise=multiplicative",
    "ridge-sum:d=4,phi=sigmoid,noise=rare-large",
    "sigmoid-loss",
    "sigmoid-loss:data=iris,n=0,batches=5",
    "geman-mcclure:n=60,batches=3",
    "geman-mcclure:n=40,batches=1,noise=uniform",
    "reddi-period:d=2",
    "wave:d=2",
    "reddi-online",
    "reddi-stochastic:d=2",
    "online-quadratic:d=2",
    "reddi-smooth:d=2",
    "rosenbrock:d=4,noise=rademacher",
    "rastrigin:d=3",
    "quadratic:d=3,condition=100",
    "quadratic:d=3,noise=student-t,df=1.5",
    "bowl:d=2",
    "rotated:d=3,noise=rademacher",
)

WITHOUT_ATOMS = (  # continuous laws, covered by test_additive_noise_without_atoms
    "exponential:d=2",
    "tanh:d=2",
    "cosine:d=2",
    "geman-mcclure:n=40,batches=1,noise=uniform",
    "quadratic:d=3,condition=100",
    "quadratic:d=3,noise=student-t,df=1.5",
)
ONE_OF_EACH_KIND = (
    "ratio:d=3,noise=multiplicative",
    "ridge-sum:d=3,rows=8",
    "sigmoid-loss:n=16,batches=4",
    "geman-mcclure:n=16,batches=2",
    "reddi-online",
    "reddi-stochastic",
    "reddi-smooth",
    "rosenbrock:d=4",
    "quadratic:d=3,condition=100",
    "cliff-noise-steep",
)


def build(spec: str) -> Problem:
    return parse(spec, list_problems(), "problem")


def points(problem: Problem, lanes: int = 40, seed: int = 0) -> jax.Array:
    """Points on many scales, inside the box where there is one; shape (d, lanes)."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((problem.dimension, lanes)) * 10 ** rng.uniform(-2, 2, lanes)
    return jnp.asarray(x if problem.box is None else np.clip(x, *problem.box))


def atoms(problem: Problem, lanes: int) -> Iterator[tuple[float, jax.Array]]:
    """Every value of the noise with its probability; all entries equal, since g_i depends on one entry only."""
    assert problem.oracle.atoms is not None
    for value, probability in zip(*problem.oracle.atoms, strict=True):
        yield float(probability), jnp.full((problem.oracle.entries, lanes), value)


@cache
def moments(problem: Problem) -> Callable[..., dict[str, jax.Array]]:
    """(x, t) -> grad F, and E g and E g^2 by enumeration of the atoms, next to the stated second moment."""

    def at(x: jax.Array, t: jax.Array) -> dict[str, jax.Array]:
        grad = problem.full_gradient(x)
        draws = [(p, problem.oracle.gradient(x, grad, xi, t)) for p, xi in atoms(problem, x.shape[1])]
        assert problem.oracle.second_moment is not None
        return {
            "grad": grad,
            "mean": sum((p * g for p, g in draws), start=jnp.zeros_like(x)),
            "square": sum((p * g * g for p, g in draws), start=jnp.zeros_like(x)),
            "stated": problem.oracle.second_moment(x, grad, t),
        }

    return in_numpy(at)


@cache
def noisy(problem: Problem) -> Callable[..., tuple[jax.Array, jax.Array]]:
    """(x, xi) -> F and g at step 4."""

    def at(x: jax.Array, xi: jax.Array) -> tuple[jax.Array, jax.Array]:
        return problem.value(x), problem.oracle.gradient(x, problem.full_gradient(x), xi, jnp.asarray(4.0))

    return in_numpy(at)


def test_the_variants_cover_the_catalogue() -> None:
    missing = set(list_problems()) - {spec.partition(":")[0] for spec in VARIANTS} - {"cliff-noise-steep"}
    assert not missing, f"add a variant for {missing}"


@pytest.mark.parametrize("spec", [*VARIANTS, "cliff-noise-steep"])
def test_gradient_is_the_derivative_of_the_value(spec: str) -> None:
    problem = build(spec)
    x = points(problem)
    automatic = jax.grad(lambda y: jnp.sum(problem.value(y)))
    given, derived = in_numpy(lambda y: (problem.full_gradient(y), automatic(y)))(x)
    np.testing.assert_allclose(given, derived, rtol=DOUBLE.thousands, atol=1e-12)


@pytest.mark.parametrize("spec", ONE_OF_EACH_KIND)
def test_any_trailing_shape(spec: str) -> None:
    """One point, a row of points and a table of points give the same values, gradients and noisy gradients."""
    problem = build(spec)
    x, entries, at = np.asarray(points(problem, 6)), problem.oracle.entries, noisy(problem)
    xi = np.broadcast_to(np.arange(6.0) % 2, (entries, 6))
    value, g = at(x, xi)
    one_value, one = at(x[:, 0], xi[:, 0])
    table_value, square = at(x.reshape(-1, 2, 3), xi.reshape(entries, 2, 3))
    assert one_value.shape == ()
    np.testing.assert_allclose(one_value, value[0], rtol=DOUBLE.thousands)
    np.testing.assert_allclose(one, g[:, 0], rtol=DOUBLE.thousands, atol=1e-13)
    np.testing.assert_allclose(table_value, value.reshape(2, 3), rtol=DOUBLE.thousands)
    np.testing.assert_allclose(square, g.reshape(-1, 2, 3), rtol=DOUBLE.thousands, atol=1e-13)


@pytest.mark.parametrize("spec", [spec for spec in (*VARIANTS, "cliff-noise-steep") if spec not in WITHOUT_ATOMS])
def test_oracle_is_unbiased_and_its_second_moment_exact(spec: str) -> None:
    problem = build(spec)
    x = points(problem, 10)
    for t in (1.0, 2.0, 101.0, 102.0):
        at = moments(problem)(x, np.asarray(t))
        np.testing.assert_allclose(at["square"], at["stated"], rtol=DOUBLE.thousands)
        if "A4" not in problem.not_covered:
            np.testing.assert_allclose(at["mean"], at["grad"], rtol=DOUBLE.thousands, atol=1e-12)


@pytest.mark.parametrize(
    "spec", ["exponential:noise=uniform,scale=0.3", "ratio:noise=gaussian", "ratio:noise=student-t"]
)
def test_additive_noise_without_atoms(spec: str) -> None:
    problem = build(spec)
    x = points(problem, 5)
    grad = problem.full_gradient(x)
    xi = jnp.ones_like(x)
    np.testing.assert_array_equal(problem.oracle.gradient(x, grad, xi, jnp.asarray(1.0)), grad + 1)
    assert problem.oracle.second_moment is not None
    variance = {"uniform": 0.03, "gaussian": 1.0, "student-t": 3.0}[problem.oracle.name]
    np.testing.assert_allclose(problem.oracle.second_moment(x, grad, jnp.asarray(1.0)), grad**2 + variance)


def test_infinite_variance_has_no_second_moment() -> None:
    assert build("quadratic:noise=student-t,df=2").oracle.second_moment is None


@pytest.mark.parametrize(
    ("spec", "period"), [("reddi-period:C=3.5", 3), ("reddi-online", 101), ("reddi-online:period=7", 7)]
)
def test_online_losses(spec: str, period: int) -> None:
    """The slope is up once a period, f_t has the oracle's gradient, F is the mean of a period, -1 is best."""
    problem = build(spec)
    x = jnp.linspace(-1, 1, 9)[None]
    loss = problem.facts["loss"]
    slopes = np.asarray(jax.jit(jax.vmap(lambda t: loss(jnp.ones((1,)), t)))(np.arange(1.0, 2 * period + 1)))
    up = problem.parameters.get("up", problem.parameters.get("C"))
    expected = np.where(np.arange(2 * period) % period == 0, up, -problem.parameters.get("down", 1.0))
    np.testing.assert_array_equal(slopes, expected)
    np.testing.assert_allclose(problem.value(x), slopes[:period].mean() * x[0], atol=1e-12)
    totals = np.cumsum(slopes)
    assert (totals > 0).all()  # so the best fixed point is -1 at every horizon
    np.testing.assert_array_equal(problem.facts["best"], [-1.0])

    @jax.jit
    def at(x: jax.Array, t: jax.Array) -> tuple[jax.Array, ...]:
        g = problem.oracle.gradient(x, problem.full_gradient(x), jnp.zeros((0, 9)), t)
        lost = loss(x, t) - loss(jnp.full_like(x, -1.0), t)
        return g, jax.grad(lambda y: jnp.sum(loss(y, t)))(x), problem.facts["regret"](x, g, t), lost

    for t in (1.0, 2.0, float(period), period + 1.0, 1e9 * period + 1, 1e9 * period):
        g, slope, regret, lost = at(x, jnp.asarray(t))
        np.testing.assert_array_equal(g, slope)
        assert float(g[0, 0]) == (up if t % period == 1 else -problem.parameters.get("down", 1.0))
        np.testing.assert_allclose(regret, lost, rtol=DOUBLE.thousands)


def test_online_phase_in_float32() -> None:
    problem = build("reddi-online")
    t = jnp.arange(4_000_000, 4_000_000 + 303, dtype=jnp.float32)
    up = jax.vmap(lambda s: problem.oracle.gradient(jnp.zeros(1, jnp.float32), jnp.zeros(1), jnp.zeros((0,)), s))(t)
    np.testing.assert_array_equal(np.asarray(up)[:, 0] > 0, np.asarray(t).astype(int) % 101 == 1)


def test_regret_in_the_engine() -> None:
    """The fold of the regret fact is the sum of f_t(x_{t-1}) - f_t(-1) along the path."""
    problem = build("reddi-period:start=0.5")
    regret = total("regret", "sum_s f_s(x_{s-1}) - f_s(-1)", lambda e: e.problem.facts["regret"](e.x, e.g, e.clock.t))
    run = simulate(problem, _gradient_descent(), 7, num_trajectories=1, statistics=[regret], settings={"alpha": 0.03})
    x, expected = 0.5, 0.0
    for t in range(1, 8):
        slope = 4.0 if t % 3 == 1 else -1.0
        expected += slope * (x + 1)
        x = min(max(x - 0.03 * slope, -1.0), 1.0)
    assert float(run.regret.values.squeeze()) == pytest.approx(expected, rel=DOUBLE.thousands)


def _gradient_descent() -> Optimizer:
    def step(hyper, state, g, clock):
        one = jnp.ones_like(g)
        return Step(hyper["alpha"] * g, hyper["alpha"] * one, one, g, one, one), state

    return Optimizer("plain", "x <- x - alpha g", {"alpha": Parameter(0.01)}, lambda hyper, x: {}, step)


@pytest.mark.parametrize("spec", ["sigmoid-loss:data=wine,n=24,batches=4", "geman-mcclure:n=24,batches=3"])
def test_minibatches_against_plain_loops(spec: str) -> None:
    """F and the gradient of every batch, typed again with loops over rows taken from the table in the same order."""
    problem = build(spec)
    name, batches = problem.parameters["data"], problem.parameters["batches"]
    rows, target = table(name)
    order = np.random.default_rng(problem.parameters["data_seed"]).permutation(len(target))[:24]
    x = np.asarray(points(problem, 1))[:, 0] / 10
    values, gradients = [], []
    for j in order:
        if name in CLASSIFICATION:
            s = 1 / (1 + np.exp(target[j] * (rows[j] @ x)))
            values.append(s)
            gradients.append(-s * (1 - s) * target[j] * rows[j])
        else:
            r = rows[j] @ x - target[j]
            values.append(r**2 / (1 + r**2))
            gradients.append(2 * r / (1 + r**2) ** 2 * rows[j])
    assert float(problem.value(jnp.asarray(x))) == pytest.approx(np.mean(values), rel=DOUBLE.thousands)
    size = 24 // batches
    for k in range(batches):
        g = problem.oracle.gradient(jnp.asarray(x), jnp.zeros_like(x), jnp.asarray([float(k)]), jnp.asarray(1.0))
        np.testing.assert_allclose(
            g, np.mean(gradients[k * size : (k + 1) * size], axis=0), rtol=DOUBLE.thousands, atol=1e-14
        )


@pytest.mark.parametrize("name", [*CLASSIFICATION, *REGRESSION])
def test_tables_are_standardized(name: str) -> None:
    rows, target = table(name)
    np.testing.assert_allclose(rows[:, :-1].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(rows[:, :-1].std(axis=0), 1, rtol=DOUBLE.thousands)
    np.testing.assert_array_equal(rows[:, -1], 1)
    if name in CLASSIFICATION:
        assert set(target) == {-1.0, 1.0}
        assert 0.3 < np.mean(target > 0) < 0.7
    else:
        assert target.std() == pytest.approx(1)


def test_scalar_functions_are_found() -> None:
    assert {"ratio", "log", "exponential", "tanh", "cosine", "pseudo-huber", "sigmoid"} <= set(scalars())


@pytest.mark.parametrize(
    ("spec", "failing"),
    [
        ("rosenbrock", {"A2", "A3"}),
        ("rastrigin", {"A2"}),
        ("quadratic", {"A2"}),
        ("quadratic:noise=student-t", {"A2"}),
        ("quadratic:noise=none", {"A2"}),
        ("ratio:noise=gaussian", {"A2"}),
        ("ridge-sum:noise=student-t", {"A2"}),
        ("sigmoid-loss:noise=gaussian", {"A2"}),
        ("reddi-online", {"A4"}),
    ],
)
def test_outsiders_say_which_assumption_fails(spec: str, failing: set[str]) -> None:
    problem = build(spec)
    assert set(problem.not_covered) == failing
    assert all(len(reason) > 20 for reason in problem.not_covered.values())
    assert (problem.constants is None) == (problem.name in ("rosenbrock", "rastrigin"))
    if problem.constants is not None:
        assert np.isinf(problem.constants.G.value) == ("A2" in failing)
    if "gaussian" in spec or "student" in spec:
        assert problem.oracle.name in problem.not_covered["A2"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("ratio:d=0", "d = 0"),
        ("ridge-sum:d=-3", "d = -3"),
        ("rosenbrock:d=1", "d = 1"),
        ("quadratic:d=0", "d = 0"),
        ("reddi-smooth:d=0", "d = 0"),
        ("ratio:d=2.5", "d = '2.5'"),
        ("ratio:scale=-1", "scale = -1"),
        ("sigmoid-loss:scale=-1", "scale = -1"),
        ("quadratic:noise=student-t,scale=-1", "scale = -1"),
        ("ratio:noise=uniforn", "did you mean 'uniform'"),
        ("sigmoid-loss:noise=minibach", "did you mean 'minibatch'"),
        ("quadratic:noise=gausian", "did you mean 'gaussian'"),
        ("ratio:start=nan", "start = nan"),
        ("ridge-sum:phi=rato", "did you mean 'ratio'"),
        ("ridge-sum:rows=-1", "rows = -1"),
        ("sigmoid-loss:data=wime", "give one of"),
        ("geman-mcclure:data=wine", "wine"),
        ("sigmoid-loss:n=100000", "n = 100000"),
        ("sigmoid-loss:n=4", "n = 4"),
        ("sigmoid-loss:batches=0", "batches = 0"),
        ("sigmoid-loss:data_seed=-1", "data_seed = -1"),
        ("reddi-period:C=2", "must exceed"),
        ("reddi-period:C=-2", "up = -2"),
        ("reddi-online:period=1", "period = 1"),
        ("reddi-stochastic:p=1", "p = 1"),
        ("reddi-stochastic:p=0.001", "must exceed"),
        ("online-quadratic:curvature=0", "curvature = 0"),
        ("online-quadratic:p=0", "p = 0"),
        ("online-quadratic:low=nan", "low = nan"),
        ("reddi-smooth:C=0.5", "C = 0.5"),
        ("reddi-smooth:delta=0", "delta = 0"),
        ("reddi-smooth:delta=11", "delta = 11"),
        ("rastrigin:amplitude=-1", "amplitude = -1"),
        ("quadratic:condition=0.5", "condition = 0.5"),
        ("quadratic:df=0", "df = 0"),
        ("ratio:q=1", "option of ratio"),
    ],
)
def test_bad_options_are_refused(spec: str, message: str) -> None:
    with pytest.raises(UserError) as refusal:
        build(spec)
    assert message in str(refusal.value)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "spec", ["sigmoid-loss:n=16,batches=4", "ridge-sum:d=3", "reddi-smooth", "tanh:noise=rare-large"]
)
def test_runs_in_the_engine_and_respects_G(spec: str, dtype: str) -> None:
    problem = build(spec)
    run = simulate(
        problem,
        _gradient_descent(),
        50,
        num_trajectories=3,
        statistics=[mean_squared_gradient, largest_gradient],
        dtype=dtype,
        workers=1,
    )
    assert problem.constants is not None
    assert np.isfinite(run.mean_squared_gradient.values).all()
    assert (run.largest_gradient.values <= problem.constants.G.value * (1 + 1e-5)).all()


def own(start: Any, noise: str = "none") -> Problem:
    """A user's phi(x) = x^4/(1+x^4), given without its derivative."""
    return separable(
        "own",
        "sum x^4/(1+x^4)",
        lambda x: x**4 / (1 + x**4),
        slope=Constant(1.1, "upper", "", ""),
        curvature=Constant(4.0, "upper", "", ""),
        infimum=Constant(0.0, "exact", "", ""),
        start=start,
        noise=noise,
        scale=1.0,
    )


def test_a_user_s_function_needs_no_derivative() -> None:
    problem = own([0.5, 2.0], "rademacher")
    x = np.array([0.5, 2.0])
    np.testing.assert_allclose(problem.full_gradient(jnp.asarray(x)), 4 * x**3 / (1 + x**4) ** 2, rtol=DOUBLE.thousands)
    assert problem.constants is not None
    assert problem.constants.G.value == pytest.approx(2.1)
    assert problem.constants.G.side == "upper"


@pytest.mark.parametrize(("start", "message"), [([], "shape"), ([[1.0]], "shape"), ([1.0, np.nan], "nan")])
def test_a_user_s_start_is_checked(start: object, message: str) -> None:
    with pytest.raises(UserError, match=message):
        own(start)
