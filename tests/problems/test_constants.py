"""Certified constants: proofs for the scalar functions, and a search for counterexamples."""

import ast
import dataclasses
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from optimizer_cases import in_numpy

from madatheory.entry import parse
from madatheory.problems.catalogue import list_problems
from madatheory.problems.data import table
from madatheory.problems.noise_laws import law
from madatheory.problems.problem import Constants, Problem, Words
from madatheory.problems.scalar import JAX, Elementary, Scalar, scalars
from proofs_check.balls import constants
from proofs_check.evidence import Status

pytestmark = pytest.mark.usefixtures("float64")
ROUNDING = 1 + 1e-12
LANES = 64

CERTIFIED = (
    "bowl",
    "ratio:d=3,noise=none",
    "ratio:d=2,noise=rare-large",
    "log:d=3,noise=rademacher,scale=0.3",
    "exponential:d=3,noise=uniform",
    "tanh:d=1,noise=multiplicative,scale=2",
    "cosine:d=3,noise=none",
    "pseudo-huber:d=2,noise=rademacher",
    "ridge-sum:d=4,noise=none",
    "ridge-sum:d=3,rows=9,phi=cosine",
    "ridge-sum:d=2,phi=log,noise=multiplicative,scale=0.1",
    "sigmoid-loss:n=64",
    "sigmoid-loss:data=iris,n=0,batches=50",
    "geman-mcclure:n=48,batches=16",
    "reddi-period",
    "wave:d=2,stride=0.3",
    "reddi-online",
    "reddi-stochastic:d=2",
    "online-quadratic:d=2,high=2,low=-3",
    "reddi-smooth:d=2",
    "cliff-noise-steep",
    "quadratic:d=3,condition=4,noise=uniform",
    "rotated:d=4,noise=uniform",
)


def build(spec: str) -> Problem:
    return parse(spec, list_problems(), "problem")


def constants_of(problem: Problem) -> Constants:
    assert problem.constants is not None
    return problem.constants


# --- the scalar functions: proofs on the whole real line ---


@pytest.mark.parametrize("scalar", scalars().values(), ids=lambda s: s.name)
def test_scalar_constants(scalar: Scalar) -> None:
    """sup |phi'|, sup |phi''| and inf phi, proved by branch and bound in ball arithmetic, and tight to 1e-9."""
    for name in constants.ORDERS:
        assert getattr(scalar, name).side == "exact"
        assert constants.decide(scalar, name).status is Status.PROVED, name


def _mutants() -> list[tuple[str, Scalar]]:
    """Scalars with one planted mistake each."""
    ratio, huber, cosine = (scalars()[name] for name in ("ratio", "pseudo-huber", "cosine"))
    log, sigmoid = scalars()["log"], scalars()["sigmoid"]

    def with_value(scalar: Scalar, name: str, value: float) -> Scalar:
        return dataclasses.replace(scalar, **{name: dataclasses.replace(getattr(scalar, name), value=value)})

    halved = [
        (f"{s.name}: {name} halved", with_value(s, name, getattr(s, name).value / 2))
        for s in scalars().values()
        for name in ("slope", "curvature")
    ]
    below = [
        (f"{s.name}: {name} three floats too low", with_value(s, name, getattr(s, name).value * (1 - 2**-51)))
        for s in (ratio, log, cosine, sigmoid)
        for name in ("slope", "curvature")
    ]
    return [
        *halved,
        *below,
        ("infimum too high", with_value(ratio, "infimum", 1e-20)),
        ("infimum too high where it is not attained", with_value(sigmoid, "infimum", 1e-5)),
        # inside |x| <= 4 the slope of pseudo-Huber stays below .98
        ("only what is far refuses", with_value(huber, "slope", 0.98)),
        ("another function", dataclasses.replace(ratio, phi=lambda x, f: 2 * x * x / (1 + x * x))),
    ]


@pytest.mark.parametrize(("mistake", "scalar"), _mutants(), ids=lambda value: value if isinstance(value, str) else "")
def test_planted_mistakes_are_not_proved(mistake: str, scalar: Scalar) -> None:
    found = [constants.decide(scalar, name) for name in constants.ORDERS]
    assert any(finding.status is not Status.PROVED for finding in found), mistake


def test_on_an_interval_alone_a_wrong_constant_would_pass() -> None:
    """Why the rays beyond are enclosed too: on |x| <= 4, .98 bounds the slope of pseudo-Huber."""
    from proofs_check.balls.branch import NotProved, prove_at_most

    huber = scalars()["pseudo-huber"]
    with pytest.raises(NotProved):
        prove_at_most(huber.phi, 1, 1, 0.9, 4)
    # the far samples, which are only reported, exceed it: the claim is about |x| <= beyond
    assert prove_at_most(huber.phi, 1, 1, 0.98, 4) > 0.99


class Line(NamedTuple):
    """A fine grid of the real line and what phi does on it."""

    x: np.ndarray
    value: np.ndarray
    slope: np.ndarray
    curvature: np.ndarray


@cache
def on_the_line(name: str) -> Line:
    """phi, the hand-typed phi' and the automatic phi'' on 400,001 points near 0 and 4,000 far away."""
    scalar = scalars()[name]
    far = np.geomspace(10, 1e12, 2000)
    x = np.concatenate([np.linspace(-10, 10, 400_001), far, -far])
    second = jax.vmap(jax.grad(lambda z: scalar.derivative(z, JAX)))
    with jax.enable_x64(True):
        arrays = jax.jit(lambda z: (scalar.phi(z, JAX), scalar.derivative(z, JAX), second(z)))(jnp.asarray(x))
    return Line(x, *map(np.asarray, arrays))


@pytest.mark.parametrize("name", list(scalars()))
def test_scalar_constants_on_a_grid(name: str) -> None:
    """The same without ball arithmetic, on the derivatives that the simulator runs, and tight."""
    scalar, line = scalars()[name], on_the_line(name)
    for values, constant in ((line.slope, scalar.slope), (line.curvature, scalar.curvature)):
        assert np.abs(values).max() <= constant.value * ROUNDING
        assert np.abs(values).max() >= constant.value * (1 - 1e-6)
    assert line.value.min() >= scalar.infimum.value
    assert line.value.min() <= scalar.infimum.value + 1e-6
    if scalar.minimizer is not None:
        assert float(scalar.phi(jnp.asarray(scalar.minimizer), JAX)) == scalar.infimum.value


@pytest.mark.parametrize("name", list(scalars()))
def test_a_scalar_is_called_convex_where_it_is(name: str) -> None:
    lowest = on_the_line(name).curvature.min()
    assert (lowest >= -1e-12) == bool(scalars()[name].convex)


def test_pseudo_huber_is_convex_on_the_whole_line() -> None:
    """phi'' = (1+x^2)^{-3/2}, from the formula that the simulator runs."""
    x = sympy.Symbol("x", real=True)
    functions = Elementary(*(getattr(sympy, name) for name in Elementary._fields))
    second = sympy.diff(scalars()["pseudo-huber"].phi(x, functions), x, 2)
    assert sympy.simplify(second - (1 + x * x) ** sympy.Rational(-3, 2)) == 0


@pytest.mark.parametrize(
    ("spec", "distance"),
    [
        ("pseudo-huber:d=4,start=-3,noise=none", 6.0),
        ("ridge-sum:phi=pseudo-huber,d=9,noise=none", 3.0),
        ("reddi-smooth:d=4,start=5", 10.0),
    ],
)
def test_distance(spec: str, distance: float) -> None:
    """|x_0 - x_star|: F(x_star) = F_star, grad F vanishes there, and the start is so far, in exact arithmetic."""
    problem = build(spec)
    constants = constants_of(problem)
    assert constants.distance is not None
    star = jnp.zeros(problem.dimension)
    assert float(problem.value(star)) == constants.F_star.value
    assert np.all(np.asarray(problem.full_gradient(star)) == 0)
    square = sum(Fraction(float(x)) ** 2 for x in problem.start)
    assert square <= Fraction(constants.distance.value) ** 2 <= square * (1 + Fraction(1, 10**12))
    assert constants.distance.value == pytest.approx(distance, rel=1e-12)


@pytest.mark.parametrize("spec", ["ratio:d=3", "ridge-sum:phi=cosine", "cliff-noise-steep", "wave", "reddi-online"])
def test_what_is_not_convex_has_no_distance(spec: str) -> None:
    assert constants_of(build(spec)).distance is None


# --- every problem: a search for counterexamples ---


@cache
def compiled(spec: str):
    """(x, y, words, t) -> what the constants are about, in NumPy or compiled, and the problem."""
    problem = build(spec)

    def measure(x, y, words, t):
        grad = problem.full_gradient(x)
        xi = problem.oracle.sample(words, np.float64)
        return {
            "value": problem.value(x),
            "g": jnp.max(jnp.abs(problem.oracle.gradient(x, grad, xi, t)), axis=0),
            "grad": jnp.max(jnp.abs(grad), axis=0),
            "change": jnp.linalg.norm(grad - problem.full_gradient(y), axis=0),
            "distance": jnp.linalg.norm(x - y, axis=0),
        }

    return problem, in_numpy(measure)


def measured(spec: str, seed: int) -> tuple[Problem, dict[str, np.ndarray]]:
    """Pairs of points at distances and scales from 1e-3 to 1e3, with noise, at a random step."""
    problem, measure = compiled(spec)
    rng = np.random.default_rng(seed)
    shape = (problem.dimension, LANES)
    x = rng.standard_normal(shape) * 10 ** rng.uniform(-2, 2, LANES)
    y = x + rng.standard_normal(shape) * 10 ** rng.uniform(-3, 3, LANES) * (rng.random(shape) < rng.uniform(0.2, 1))
    if problem.box is not None:
        x, y = np.clip(x, *problem.box), np.clip(y, *problem.box)
    entries = (problem.oracle.entries, LANES)
    words = Words(*(rng.integers(0, 2**32, entries, dtype=np.uint32) for _ in range(2)))
    found = measure(x, y, words, np.asarray(float(rng.integers(1, 300))))
    return problem, {name: np.asarray(value) for name, value in found.items()}


def test_every_certified_problem_is_searched() -> None:
    searched = {spec.partition(":")[0] for spec in CERTIFIED}
    assert searched == {name for name, entry in list_problems().items() if entry.make().constants is not None}


@pytest.mark.parametrize("spec", CERTIFIED)
@given(seed=st.integers(0, 2**32 - 1))
def test_gradient_bound(spec: str, seed: int) -> None:
    """|g_i| <= G and |d_i F| <= G."""
    problem, found = measured(spec, seed)
    bound = constants_of(problem).G.value * ROUNDING
    assert found["g"].max() <= bound
    assert found["grad"].max() <= bound


@pytest.mark.parametrize("spec", CERTIFIED)
@given(seed=st.integers(0, 2**32 - 1))
def test_smoothness(spec: str, seed: int) -> None:
    """|grad F(x) - grad F(y)| <= L |x - y|."""
    problem, found = measured(spec, seed)
    allowed = constants_of(problem).L.value * found["distance"] * ROUNDING
    G = constants_of(problem).G.value
    size = G if np.isfinite(G) else found["grad"].max()
    rounding = 1e-14 * (1 + size) * np.sqrt(problem.dimension)
    assert (found["change"] <= allowed + rounding).all()


@pytest.mark.parametrize("spec", CERTIFIED)
@given(seed=st.integers(0, 2**32 - 1))
def test_infimum(spec: str, seed: int) -> None:
    """F >= F_star."""
    problem, found = measured(spec, seed)
    lowest = constants_of(problem).F_star.value
    assert (found["value"] >= lowest - 1e-13 * (1 + abs(lowest))).all()


# --- tightness: a constant that is too large is noticed ---


def extreme_points(problem: Problem, phi: str, rows: np.ndarray) -> np.ndarray:
    """For every coordinate i, x with a_j.x = sign(a_ji) u, u where |phi'| is largest: |d_i F| is then largest."""
    line = on_the_line(phi)
    u = line.x[np.argmax(line.slope)]
    return np.linalg.solve(rows, np.sign(rows) * u)


@pytest.mark.parametrize(
    "spec", [s for s in CERTIFIED if s.partition(":")[0] in {*scalars(), "ridge-sum"} and "rows" not in s]
)
def test_constants_are_attained(spec: str) -> None:
    """With as many rows as coordinates, G, L and F_star are reached to 1e-6 by explicit points."""
    problem = build(spec)
    d, (L, G, F_star) = problem.dimension, (c.value for c in constants_of(problem)[:3])
    rows = np.eye(d)
    if problem.name == "ridge-sum":
        rows = np.random.default_rng(0).standard_normal((d, d)) / np.sqrt(d)
    phi = problem.parameters.get("phi", problem.name)
    top = np.linalg.svd(rows)[2][0] * 1e-6

    def at(x, top, words):
        g = problem.oracle.gradient(x, problem.full_gradient(x), problem.oracle.sample(words, np.float64), 1.0)
        change = problem.full_gradient(top) - problem.full_gradient(-top)
        return jnp.abs(g).max(), jnp.linalg.norm(change) / 2e-6, problem.value(jnp.zeros(d))

    asked = in_numpy(at)
    extreme = [np.full((d, d), word, np.uint32) for word in (0, 2**32 - 1)]
    found = [asked(extreme_points(problem, phi, rows), top, Words(words, words)) for words in extreme]
    assert G * (1 - 1e-6) <= max(float(reached) for reached, _, _ in found) <= G * ROUNDING
    _, curved, value = found[0]
    assert float(curved) >= L * (1 - 1e-6)
    assert float(value) == pytest.approx(F_star, abs=1e-12)


def test_reddi_smooth_is_attained() -> None:
    problem = build("reddi-smooth:C=7,delta=0.25")
    L, G, F_star = (c.value for c in constants_of(problem)[:3])
    x = jnp.asarray([[1e8]])
    assert float(problem.oracle.gradient(x, x, jnp.asarray([[7.0]]), jnp.asarray(1.0)).max()) >= G * (1 - 1e-6)
    assert float(problem.full_gradient(jnp.asarray([1e-6]))[0]) / 1e-6 >= L * (1 - 1e-6)
    assert float(problem.value(jnp.zeros(1))) == F_star


@pytest.mark.parametrize("spec", ["reddi-period:d=3,C=5", "reddi-online", "reddi-stochastic:d=2"])
def test_linear_constants(spec: str) -> None:
    """Linear losses: F is least at the corner -1, its slope is the mean, and G is the larger slope."""
    problem = build(spec)
    constants = constants_of(problem)
    d = problem.dimension
    corners = jnp.asarray(np.array(np.meshgrid(*[[-1.0, 1.0]] * d)).reshape(d, -1))
    assert constants.L.value == 0
    assert float(problem.value(corners).min()) == pytest.approx(constants.F_star.value, abs=1e-12)
    slopes = [5.0, 1.0] if "C=5" in spec else [1010.0, 10.0]
    assert constants.G.value == max(slopes)


@pytest.mark.parametrize(
    ("spec", "mean"),
    [("curvature=3,high=2,low=-1", -0.25), ("p=0.5,high=4,low=2", 3.0), ("p=0.5,high=-1,low=-2", -1.5)],
)
def test_constants_of_online_quadratics(spec: str, mean: float) -> None:
    """F is least at the mean centre, moved into the box; G is met at an end of it; L is the curvature."""
    problem = build(f"online-quadratic:{spec}")
    constants, atoms = constants_of(problem), problem.oracle.atoms
    a = float(problem.parameters["curvature"])
    x = jnp.asarray([[-1.0, 1.0, np.clip(mean, -1.0, 1.0)]])
    assert atoms is not None
    assert atoms.values @ atoms.probabilities == mean
    slopes = [abs(problem.oracle.gradient(x, x, jnp.full_like(x, c), jnp.asarray(1.0))).max() for c in atoms.values]
    assert max(slopes) == constants.G.value
    assert constants.L.value == a
    variance = float((atoms.values - mean) ** 2 @ atoms.probabilities)
    least = a / 2 * (variance + max(abs(mean) - 1, 0.0) ** 2)
    assert constants.F_star.value == pytest.approx(least, rel=1e-15)
    assert constants.F_star.value < least
    assert float(problem.value(x).min()) == pytest.approx(least, rel=1e-6)


@pytest.mark.parametrize(
    "spec", ["sigmoid-loss:n=64", "geman-mcclure:n=48,batches=16", "ridge-sum:rows=9,d=3,phi=cosine,noise=none"]
)
def test_ridge_norms(spec: str) -> None:
    """L, N and G of sums of ridges against a second computation from the rows, to 1e-9."""
    problem = build(spec)
    L, G, *_ = constants_of(problem)
    options = problem.parameters
    if problem.name == "ridge-sum":
        phi, weight, groups = scalars()["cosine"], 1.0, 1
        rows = np.random.default_rng(0).standard_normal((9, 3)) / np.sqrt(3)
    else:
        full = table(options["data"])
        groups = options["batches"]
        order = np.random.default_rng(0).permutation(len(full.target))[: options["n"]]
        phi = scalars()["sigmoid" if problem.name == "sigmoid-loss" else "ratio"]
        rows, weight = full.rows[order], 1 / options["n"]  # signs of rows change neither L nor G
    norm = np.linalg.norm(rows, 2) ** 2
    assert L.side == "upper"
    assert weight * phi.curvature.value * norm <= L.value * ROUNDING <= weight * phi.curvature.value * norm * (1 + 1e-9)
    assert problem.constants is not None
    assert problem.constants.N is not None
    N = problem.constants.N.value
    row_sums = min(np.abs(rows.T @ rows).sum(), rows.shape[1] * norm) * weight * phi.curvature.value
    assert row_sums <= N * ROUNDING <= row_sums * (1 + 1e-9)
    sums = np.abs(rows).reshape(groups, -1, rows.shape[1]).sum(axis=1) * weight * groups
    assert phi.slope.value * sums.max() <= G.value * ROUNDING <= phi.slope.value * sums.max() * (1 + 1e-9)


# --- bookkeeping ---


def test_every_constant_names_a_check_that_exists() -> None:
    checks: set[str] = set()
    for spec in CERTIFIED:
        checks |= {constant.check for constant in constants_of(build(spec)) if constant is not None}
    for scalar in scalars().values():
        checks |= {scalar.slope.check, scalar.curvature.check, scalar.infimum.check}
    root = Path(__file__).parents[2]
    for check in checks:
        file, _, function = check.partition("::")
        if file.endswith(".v"):  # a file of Coq, as a whole
            assert (root / file).exists()
            continue
        tree = ast.parse((root / file).read_text())
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, check


def test_gap_is_the_height_of_the_start() -> None:
    problem = build("ratio:d=4,start=2")
    assert problem.gap == pytest.approx(4 * 4 / 5)
    with pytest.raises(ValueError, match="no certified"):
        _ = build("rosenbrock").gap


def test_zero_scale_is_no_noise() -> None:
    assert constants_of(build("ratio:scale=0")).G == constants_of(build("ratio:noise=none")).G
    assert law("uniform", 0.0).bound == 0
