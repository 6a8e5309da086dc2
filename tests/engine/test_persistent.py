"""The persistent kernel computes what the plain loop computes, lowers for CUDA, and says what it cannot do.

No GPU is needed: the kernel runs in interpret mode, which executes its traced body with XLA, and its lowering to the
kernel language is checked separately.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AbstractDevice, AbstractMesh, AxisType, use_abstract_mesh

import madatheory as mt
from madatheory.engine.backend import kernel_backend, lift_rules, persistent
from madatheory.engine.backend.blocks import Job
from madatheory.engine.backend.kernel import ProgramShape
from madatheory.engine.backend.kernel_backend import compiled
from madatheory.engine.backend.lift_rules import Unsupported
from madatheory.engine.backend.loop import Batch, Loop, loop, started
from madatheory.engine.simulate import prepare
from madatheory.engine.statistic import (
    Statistic,
    final_value,
    iterate,
    largest_gradient,
    largest_step,
    latest,
    mean_squared_gradient,
    min_squared_gradient,
    total,
)
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem
from madatheory.theory.theorem import Setting

pytestmark = pytest.mark.usefixtures("full_compilation")

BLOCK = ProgramShape(trajectories=8, warps=1)
BATCH = 24  # three programs
ENDS = (1, 7, 40)
# Largest difference after 40 steps relative to the largest entry (or 1): both programs do the same float32 operations
# (rounding 6e-8) and differ in the order of sums over coordinates and in what XLA contracts into one rounding.
TOLERANCE = 1e-6
# On a GPU divisions and roots err by up to 2 units in the last place, and the first steps divide by a small sqrt(v).
GPU_TOLERANCE = 1e-4
FAST = {"xla_backend_optimization_level": 0}  # compiling takes most of the time of these tests
STATISTICS = (mean_squared_gradient, largest_gradient, iterate)


def catalogued(name: str, **options: Any) -> Problem:
    return mt.list_problems()[name].make(options)


def job(problem: Problem, optimizer: str, count: int = BATCH, dtype: str = "float32", generator: str = "hash") -> Job:
    """What the engine would run; the hash is quicker to compile than the default generator."""
    made = mt.list_optimizers()[optimizer].make({})
    return prepare(problem, made, 1, dtype=dtype, seed=5, generator=generator).job(range(count))


def halves(
    problem: Problem, optimizer: str, statistics: Sequence[Statistic] = STATISTICS, generator: str = "hash"
) -> Loop:
    made = job(problem, optimizer, generator=generator)
    return loop(problem, made.optimizer, statistics, made.draw)


def batch_of(problem: Problem, optimizer: str, count: int = BATCH, dtype: str = "float32") -> Batch:
    """A block with different hyper-parameters in every trajectory."""
    batch, spread = job(problem, optimizer, count, dtype).source.batch(0, count), np.linspace(0.9, 1, count)
    return batch._replace(hyper={name: (np.asarray(v) * spread).astype(dtype) for name, v in batch.hyper.items()})


def plain(half: Loop, batch: Batch, ends: Sequence[int]) -> tuple[tuple[Any, ...], Any]:
    """The arguments of `advance` at step 0, and what the plain loop makes of them; one compilation for both."""
    horizon, times = batch.x.dtype.type(ends[-1]), np.array(ends, np.int32)

    def both(batch: Batch) -> Any:
        carry = started(half.begin(batch, horizon), half.advance, batch, times, horizon)
        return carry, half.advance(batch, carry, jnp.int32(0), times, horizon)

    carry, result = jax.jit(both, compiler_options=FAST)(batch)
    return (batch, carry, np.int32(0), times, horizon), result


def shapes_at_start(half: Loop, batch: Batch, ends: Sequence[int]) -> tuple[Any, ...]:
    """The arguments of `advance` at step 0, with shapes only in the carry."""
    horizon = batch.x.dtype.type(ends[-1])
    return batch, jax.eval_shape(half.begin, batch, horizon), np.int32(0), np.array(ends, np.int32), horizon


def interpreted(half: Loop, block: ProgramShape = BLOCK) -> Any:
    return jax.jit(persistent.advance(half.advance, block=block, interpret=True), compiler_options=FAST)


def assert_close(found: Any, expected: Any, tolerance: float = TOLERANCE) -> None:
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for x, y in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        size = max(1.0, float(np.max(np.abs(y), initial=0)))
        np.testing.assert_allclose(x, y, rtol=0, atol=tolerance * size)


def cuda_module(function: Any, *arguments: Any) -> str:
    """The module for CUDA; lowering verifies the kernel's types and shapes and needs no GPU."""
    shapes = jax.tree.map(lambda x: jax.ShapeDtypeStruct(np.shape(x), x.dtype), arguments)
    wanted = {"device_kind": "NVIDIA A100", "num_cores": 108, "platform": "gpu"}
    device = AbstractDevice(**{field.name: wanted[field.name] for field in fields(AbstractDevice)})  # type: ignore
    mesh = AbstractMesh((1,), ("devices",), axis_types=(AxisType.Auto,), abstract_device=device)
    with use_abstract_mesh(mesh):  # since JAX 0.11 no GPU is assumed where there is none
        return persistent.lowered(function, *shapes, platform="cuda").as_text()


def separable_with_scales() -> Problem:
    """sum_j s_j sqrt(1 + x_j^2) with a constant per coordinate."""
    base, scales = catalogued("quadratic", d=5), np.geomspace(0.5, 2, 5)

    def value(x: Any) -> Any:
        return jnp.sum(jnp.asarray(scales, x.dtype)[:, None] * jnp.sqrt(1 + x * x), axis=0)

    return replace(base, name="scaled", value=value, gradient=None)


def coupled() -> Problem:
    """log(1 + |x|^2) + max_j |x_j|/10: the coordinates meet in a sum and a maximum."""

    def value(x: Any) -> Any:
        return jnp.log1p(jnp.sum(x * x, axis=0)) + jnp.max(jnp.abs(x), axis=0) / 10

    return replace(catalogued("ratio", d=6, noise="gaussian"), name="coupled", value=value, gradient=None)


PROBLEMS = {
    "ratio, d = 1": lambda: catalogued("ratio", d=1, noise="rademacher"),
    "ratio, d = 3": lambda: catalogued("ratio", d=3, noise="uniform"),
    "ratio, d = 10": lambda: catalogued("ratio", d=10, noise="gaussian"),
    "scaled": separable_with_scales,
    "coupled": coupled,
    "student": lambda: catalogued("ratio", d=3, noise="student-t"),
    "no noise": lambda: catalogued("rastrigin", d=3, noise="none"),
    "in a box": lambda: catalogued("reddi-online", d=3),
    "products": lambda: catalogued("ridge-sum", d=3),
    "data": lambda: catalogued("geman-mcclure"),
    "neighbours": lambda: catalogued("rosenbrock", d=3),
    "large products": lambda: catalogued("ridge-sum", d=70),
}
CASES = [
    ("adam", "ratio, d = 3"),
    ("avgrad", "ratio, d = 10"),
    ("adam-avgrad", "coupled"),
    ("adan", "ratio, d = 1"),
    ("yogi", "scaled"),
    ("lion", "ratio, d = 10"),
    ("avgrad", "in a box"),
    ("adam", "products"),
    ("rmsprop", "neighbours"),
]
DOUBLE = [("adam", "ratio, d = 3"), ("avgrad", "products")]
ONLY_LOWERED = [("adam-avgrad", "student"), ("adam", "no noise"), ("sgd", "data")]
DOUBLE_TOLERANCE = 1e-14  # as TOLERANCE, in float64


@cache
def half_of(optimizer: str, name: str, generator: str = "hash") -> Loop:
    """What is traced and compiled for it is shared by all tests."""
    return halves(PROBLEMS[name](), optimizer, generator=generator)


@cache
def plain_of(optimizer: str, name: str) -> tuple[tuple[Any, ...], Any]:
    return plain(half_of(optimizer, name), batch_of(PROBLEMS[name](), optimizer), ENDS)


@cache
def kernel_of(optimizer: str, name: str) -> Any:
    return interpreted(half_of(optimizer, name))


@pytest.mark.parametrize(("optimizer", "name"), CASES)
def test_interpreted_kernel_equals_the_plain_loop(optimizer, name):
    arguments, direct = plain_of(optimizer, name)
    kernel = kernel_of(optimizer, name)(*arguments)
    assert_close(kernel[1], direct[1])
    # the metrics hold the rounding errors of compensated sums, which no two programs share
    assert_close(kernel[0]._replace(metrics=()), direct[0]._replace(metrics=()))


@pytest.mark.parametrize(("optimizer", "name"), DOUBLE)
def test_in_float64_the_interpreted_kernel_equals_the_plain_loop(optimizer, name):
    with jax.enable_x64(True):
        problem = PROBLEMS[name]()
        half = halves(problem, optimizer)
        arguments, direct = plain(half, batch_of(problem, optimizer, dtype="float64"), ENDS)
        found = interpreted(half)(*arguments)
    assert_close(found[1], direct[1], DOUBLE_TOLERANCE)
    assert_close(found[0], direct[0], DOUBLE_TOLERANCE)
    assert {str(leaf.dtype) for leaf in jax.tree.leaves(found[0])} <= {"float64", "complex128"}


@pytest.mark.parametrize(("optimizer", "name"), CASES + ONLY_LOWERED)
def test_every_case_lowers_for_cuda(optimizer, name):
    half = half_of(optimizer, name, "threefry2x32-20" if optimizer == "adam" else "hash")
    batch = batch_of(PROBLEMS[name](), optimizer)
    module = cuda_module(persistent.advance(half.advance), *shapes_at_start(half, batch, ENDS))
    assert "xla.gpu.triton" in module
    assert "stablehlo.while" not in module  # no loop is left outside the kernel


@pytest.mark.parametrize(("optimizer", "name"), CASES)
def test_kernel_on_a_gpu_equals_the_cpu(optimizer, name):
    if jax.default_backend() != "gpu":
        pytest.skip("this machine has no GPU")
    problem = PROBLEMS[name]()
    half = halves(problem, optimizer, generator="threefry2x32-20")
    with jax.default_device(jax.devices("cpu")[0]):
        arguments, direct = plain(half, batch_of(problem, optimizer, 256), ENDS)
    arguments = jax.tree.map(np.asarray, arguments)
    path, run = compiled(half.advance, *arguments)
    assert path == ("persistent kernel by Triton", "")
    assert_close(run(*arguments)[1], direct[1], GPU_TOLERANCE)


def test_noise_is_equal_bit_for_bit():
    """On a linear function the noise enters the gradient as it is drawn."""
    problem = replace(catalogued("ratio", d=3), value=lambda x: jnp.sum(x, axis=0), gradient=jnp.zeros_like)
    drawn = latest("drawn", "g_t", lambda e: e.g, dims=("coordinate",))
    half = halves(problem, "sgd", (drawn,), "threefry2x32-20")
    arguments, direct = plain(half, batch_of(problem, "sgd"), tuple(range(1, 13)))
    kernel = interpreted(half)(*arguments)
    assert np.array_equal(kernel[1][0], direct[1][0])
    assert len(np.unique(direct[1][0])) == 12 * 3 * BATCH


def test_words_are_equal_bit_for_bit():
    problem = catalogued("ratio", d=3)
    raw = replace(problem.oracle, sample=lambda w, dtype: (w.first ^ w.second).astype(jnp.int32), pair=None)
    problem = replace(problem, oracle=replace(raw, gradient=lambda x, grad, xi, t: (xi >> 8).astype(x.dtype)))
    words = latest("words", "bits", lambda e: e.g, dims=("coordinate",))
    half = halves(problem, "lion", (words,), "threefry2x32-20")
    arguments, direct = plain(half, batch_of(problem, "lion"), (1, 2, 3))
    kernel = interpreted(half)(*arguments)
    assert np.array_equal(kernel[1][0], direct[1][0])
    assert np.array_equal(kernel[0].noise, direct[0].noise)
    assert len(np.unique(direct[0].noise)) == 3 * BATCH


def test_pauses_do_not_change_a_bit():
    (batch, carry, zero, ends, horizon), _ = plain_of("adam-avgrad", "coupled")
    run = kernel_of("adam-avgrad", "coupled")
    whole, values = run(batch, carry, zero, ends, horizon)
    for before, until in ((0, 4), (4, 7), (7, 40)):
        carry, part = run(batch, carry, np.int32(before), np.clip(ends, before, until), horizon)
        for k in np.flatnonzero((ends > before) & (ends <= until)):
            for x, y in zip(part, values, strict=True):
                assert np.array_equal(x[k], y[k])
    for x, y in zip(jax.tree.leaves(carry), jax.tree.leaves(whole), strict=True):
        assert np.array_equal(x, y)


def test_any_number_of_lanes_and_any_block_give_the_same_lanes():
    count = 10
    problem = catalogued("ratio", d=3)
    statistics = (mean_squared_gradient, min_squared_gradient, largest_step, final_value)
    half = halves(problem, "avgrad", statistics)
    arguments, direct = plain(half, batch_of(problem, "avgrad"), (20,))
    fewer = jax.tree.map(lambda x: x[..., : np.shape(x)[-1] * count // BATCH] if np.ndim(x) else x, arguments[:2])
    for block in (ProgramShape(2, 1), ProgramShape(16, 1)):
        found = interpreted(half, block)(*fewer, *arguments[2:])[1]
        assert_close(found, tuple(x[..., :count] for x in direct[1]))


def test_hyper_parameters_may_be_numbers():
    problem = catalogued("ratio", d=3)
    half = halves(problem, "rmsprop", (mean_squared_gradient,))
    batch = batch_of(problem, "rmsprop")
    batch = batch._replace(hyper={name: np.float32(value[0]) for name, value in batch.hyper.items()})
    arguments, direct = plain(half, batch, ENDS)
    assert_close(interpreted(half)(*arguments)[1], direct[1])


def test_a_diverged_run_stays_visible():
    (batch, carry, *others), _ = plain_of("adam", "ratio, d = 3")
    x = batch.x.copy()
    x[1, 4] = np.nan
    arguments = batch._replace(x=x), carry._replace(x=x), *others
    direct = jax.jit(half_of("adam", "ratio, d = 3").advance, compiler_options=FAST)(*arguments)
    for x, y in zip(kernel_of("adam", "ratio, d = 3")(*arguments)[1], direct[1], strict=True):
        assert np.array_equal(np.isnan(x), np.isnan(y))
        assert np.isnan(x).any()
        assert not np.isnan(x).all()


def test_a_forgotten_mask_is_caught(monkeypatch):
    """The planted mistake of the lifting, seen through the statistics."""
    monkeypatch.setattr(lift_rules, "_masked", lambda x, shape, axes, identity: x)
    half = half_of("adam", "ratio, d = 3")
    arguments, direct = plain_of("adam", "ratio, d = 3")
    with pytest.raises(AssertionError):
        assert_close(interpreted(half)(*arguments)[1], direct[1])


def reason(problem: Problem, statistics: Sequence[Statistic] = STATISTICS, dtype: str = "float32") -> str:
    half = halves(problem, "adam", statistics)
    shapes = shapes_at_start(half, batch_of(problem, "adam", dtype=dtype), ENDS)
    try:
        jax.eval_shape(persistent.advance(half.advance), *shapes)
    except Unsupported as why:
        return str(why)
    return "nothing is refused"


def test_reasons_of_what_is_refused():
    ratio = catalogued("ratio", d=3)
    assert reason(ratio) == "nothing is refused"
    assert "dot_general of 16384 numbers per trajectory" in reason(catalogued("ridge-sum", d=100))
    mixtures = {
        "reduce_sum": lambda x: x - jnp.mean(x),
        "slice": lambda x: x - x[0],
        "iota": lambda x: x * jnp.arange(x.shape[0]),
        "dot_general": lambda x: x + jnp.dot(x, x),
        "concatenate": lambda x: x + jnp.concatenate([x, x]).sum(),
        "pad": lambda x: x + jnp.pad(x, (1, 0)).sum(),
    }
    for name, mix in mixtures.items():
        mixing = total("mixing", "runs that know of each other", lambda e, mix=mix: mix(e.x[0]))
        assert f"{name} along the trajectories" in reason(ratio, (mixing,))
    assert "too many for registers" in reason(catalogued("ratio", d=8000))
    assert "too long for one program" in reason(catalogued("ratio", d=40000))
    gathering = total("gathering", "x_2", lambda e: e.x[jnp.array([0, 2])][0])
    assert "gather has no form" in reason(ratio, (gathering,))
    flat = lambda batch, carry: jax.lax.fori_loop(0, batch.x[0, 0].astype(int), lambda i, c: c + 1.0, carry)  # noqa: E731
    with pytest.raises(Unsupported, match="no axis of 24 trajectories at the end"):
        persistent.advance(flat)(batch_of(ratio, "adam"), np.zeros(3 * BATCH, np.float32))
    merged = lambda batch, carry: flat(batch, carry.reshape(-1))  # noqa: E731
    with pytest.raises(Unsupported, match="no single axis of 24 trajectories"):
        persistent.advance(merged, block=BLOCK)(batch_of(ratio, "adam"), np.zeros((3, BATCH), np.float32))
    with pytest.raises(Unsupported, match="no loop"):
        persistent.advance(lambda batch, carry: carry)(batch_of(ratio, "adam"), np.zeros(BATCH, np.float32))


def all_of_the_package() -> Iterator[tuple[str, Problem, Optimizer, tuple[Statistic, ...]]]:
    """Every problem and optimizer, and what the levels of every theorem measure, on a problem that it covers."""
    problems = [mt.get_problem(name) for name in mt.list_problems()]
    optimizers = [mt.get_optimizer(name) for name in mt.list_optimizers()]
    for problem, optimizer in zip(problems, itertools.cycle(optimizers)):
        yield f"{optimizer.name} on {problem.name}", problem, optimizer, STATISTICS
    shared: dict[Any, tuple[Problem, Optimizer, dict[Any, Statistic]]] = {}
    for theorem in mt.list_theorems().values():
        optimizer = theorem.method()
        hyper = optimizer.hyper({name: np.ravel(value)[0] for name, value in theorem.settings.items()})
        problem = next(p for p in problems if not theorem.reasons(Setting(p, optimizer, hyper, 40)))
        key = optimizer.name, sorted(optimizer.parameters), problem.name
        found = shared.setdefault(str(key), (problem, optimizer, {}))
        found[2].update({(s.name, s.formula): s for s in theorem.statistics})
    for name, (problem, optimizer, statistics) in shared.items():
        yield f"theorems about {name}", problem, optimizer, tuple(statistics.values())


@pytest.mark.parametrize("part", [9, pytest.param(1, marks=pytest.mark.slow)], ids=["a part", "all"])
def test_nothing_of_the_package_is_refused_in_float64(part):
    """Lowered for CUDA with a hundred recorded times."""
    refused, ends = {}, tuple(range(1, 101))
    with jax.enable_x64(True):
        for name, problem, optimizer, statistics in itertools.islice(all_of_the_package(), 0, None, part):
            made = prepare(problem, optimizer, 1, generator="hash").job(range(8))
            half = loop(problem, made.optimizer, statistics, made.draw)
            shapes = shapes_at_start(half, made.source.batch(0, 8), ends)
            try:
                assert "xla.gpu.triton" in cuda_module(persistent.advance(half.advance), *shapes), name
            except (Unsupported, NotImplementedError) as why:
                refused[name] = f"{type(why).__name__}: {why}"
    assert refused == {}


def test_without_a_gpu_the_plain_loop_is_chosen_and_named():
    half = half_of("adam", "ratio, d = 3")
    arguments, direct = plain_of("adam", "ratio, d = 3")
    path, run = compiled(half.advance, *arguments, options=FAST)
    assert path == ("plain loop", "the persistent kernel needs an NVIDIA GPU; the backend is cpu")
    assert_close(run(*arguments)[1], direct[1])


@pytest.mark.parametrize(
    ("name", "reason"), [("large products", "dot_general"), ("ratio, d = 3", "kernel language refuses it")]
)
def test_on_a_gpu_what_is_refused_takes_the_plain_loop(monkeypatch, name, reason):
    """The kernel does not lower for a CPU, which stands for whatever the kernel language of a GPU may refuse."""
    half = half_of("adam", name)
    arguments, direct = plain_of("adam", name)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    path, run = compiled(half.advance, *arguments, options=FAST)
    assert path.name == "plain loop"
    assert reason in path.reason
    assert_close(run(*arguments)[1], direct[1])


def test_on_a_gpu_the_kernel_is_chosen(monkeypatch):
    half = half_of("adam", "ratio, d = 3")
    arguments, direct = plain_of("adam", "ratio, d = 3")
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    monkeypatch.setattr(kernel_backend, "advance", lambda function: function)
    path, run = compiled(half.advance, *arguments)
    assert path == ("persistent kernel by Triton", "")
    assert_close(run(*arguments)[1], direct[1])


def taken(problem: Problem, optimizer: str, width: int, dtype: str) -> tuple[Any, tuple[Any, ...]]:
    """What is traced of a run of `width` trajectories, and its arguments as shapes."""
    made = prepare(problem, mt.get_optimizer(optimizer), 1, dtype=dtype).job(range(2))
    half = loop(problem, made.optimizer, (mean_squared_gradient,), made.draw)
    batch = jax.tree.map(lambda x: jax.ShapeDtypeStruct(np.shape(x), x.dtype), made.source.batch(0, 2))
    return half.advance, shapes_at_start(half, persistent._narrowed(batch, 2, width), (9,))


def block_of(problem: Problem, optimizer: str, dtype: str) -> ProgramShape:
    with jax.enable_x64(dtype == "float64"):
        advance, arguments = taken(problem, optimizer, 1024, dtype)
        return persistent.block_for(persistent._first_loop(jax.make_jaxpr(advance)(*arguments).jaxpr), 1024, 2)


@pytest.mark.parametrize(
    ("optimizer", "dtype"), [("mada:learn=all", "float32"), ("adam", "float64")], ids=["mada-all", "adam"]
)
def test_a_thousand_coordinates_lower_for_cuda(optimizer, dtype):
    with jax.enable_x64(dtype == "float64"):
        advance, arguments = taken(catalogued("ratio", d=1000), optimizer, 1024, dtype)
        assert "xla.gpu.triton" in cuda_module(persistent.advance(advance), *arguments)


def test_what_would_spill_beyond_the_cache_is_refused():
    with pytest.raises(Unsupported, match=r"about 2\.3 times the registers"):
        block_of(catalogued("ratio", d=1000), "mada:learn=all", "float64")


@pytest.mark.parametrize(
    ("d", "optimizer", "dtype", "warps"),
    [
        (1000, "mada:learn=all", "float32", 16),
        (512, "mada:learn=all", "float64", 8),
        (1000, "adam", "float64", 16),
        (2000, "mada:learn=all", "float32", 8),  # this and what follows may spill, within the factor
        (4000, "adam", "float32", 16),
        (2000, "adam", "float64", 8),
    ],
)
def test_long_trajectories_find_a_block(d, optimizer, dtype, warps):
    assert block_of(catalogued("ratio", d=d), optimizer, dtype) == ProgramShape(2, warps)


def test_products_take_more_warps_than_the_state():
    """One warp would hold the state, 16 numbers of 2 trajectories; the products are 128 by 16 and 8 by 16 by 16."""
    assert block_of(catalogued("geman-mcclure"), "adam", "float64") == ProgramShape(2, 8)


def test_float64_takes_two_registers_a_number():
    """A hundred arrays are let spill in float32, and refused in float64."""

    def least(dtype: Any) -> ProgramShape:
        carry = jax.ShapeDtypeStruct((1024, 64), dtype)
        jaxpr = jax.make_jaxpr(lambda n, c: jax.lax.fori_loop(0, n, lambda i, c: step(c), c))(3, [carry] * 100)
        return persistent.block_for(persistent._first_loop(jaxpr.jaxpr), 64)

    step = lambda c: [c[-1] + c[0], *c[:-1]]  # noqa: E731
    with jax.enable_x64(True):
        assert least(np.float32).trajectories == 1
        with pytest.raises(Unsupported, match="times the registers"):
            least(np.float64)


@pytest.mark.parametrize(("d", "width"), [(1, 2**21), (10, 2**17), (1000, 2048)])
def test_a_launch_fills_the_device(d, width):
    assert persistent.launch_width(d) == width


SIZES = ((1, 2**20), (1, 64), (10, 8192), (1000, 64), (3, 24), (1, 2**14), (256, 512))


@pytest.mark.parametrize(
    ("optimizer", "d", "width"),
    [*(("adam", d, width) for d, width in SIZES), ("mada-family", 1, 2**20)],
)
def test_blocks_fit_the_hardware(optimizer, d, width):
    problem = catalogued("ratio", d=d)
    half = halves(problem, optimizer)
    batch = jax.tree.map(lambda x: jax.ShapeDtypeStruct(np.shape(x), x.dtype), batch_of(problem, optimizer, 2))
    batch = persistent._narrowed(batch, 2, width)
    carry = jax.eval_shape(half.begin, batch, np.float32(9))
    jaxpr = jax.make_jaxpr(half.advance)(batch, carry, np.int32(0), np.array([9], np.int32), np.float32(9))
    block = persistent.block_for(persistent._first_loop(jaxpr.jaxpr), width, 2)
    assert block.trajectories >= 2
    assert block.trajectories & (block.trajectories - 1) == 0
    assert block.warps & (block.warps - 1) == 0
    assert block.warps <= 32
    rows = 1 << (d - 1).bit_length()
    per_thread = rows * block.trajectories / (32 * block.warps)
    assert 1 <= per_thread <= 8
    if rows * 2 <= 64:
        assert block.warps == 1


def test_a_long_trajectory_with_a_small_state_takes_as_many_warps_as_a_program_has():
    carry = jax.ShapeDtypeStruct((3000, 64), np.float32)
    jaxpr = jax.make_jaxpr(lambda n, c: jax.lax.fori_loop(0, n, lambda i, c: 0.5 * c, c))(3, carry)
    assert persistent.block_for(persistent._first_loop(jaxpr.jaxpr), 64) == ProgramShape(1, 32)
