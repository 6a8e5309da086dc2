"""The generated C computes what the plain loop computes, in float32 and float64, through Warp's compiler for CPUs.

What is refused, and how the backend is named where Warp is absent, needs no Warp.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import madatheory as mt
from madatheory.engine.backend import warp_kernel
from madatheory.engine.backend.c_source import fields_of
from madatheory.engine.backend.kernel_backend import BACKENDS, compiled
from madatheory.engine.backend.lift_rules import Unsupported
from madatheory.engine.backend.loop import Batch, Loop, loop, started
from madatheory.engine.simulate import prepare
from madatheory.engine.statistic import iterate, largest_gradient, mean_squared_gradient
from madatheory.problems.problem import Problem

BATCH = 6
ENDS = np.array([1, 7, 40], np.int32)


class Words:
    """What `with_kernels` asks of a batch, for loops that are written here."""

    def __init__(self, x: Any) -> None:
        self.x = x


jax.tree_util.register_pytree_node(Words, lambda w: ((w.x,), None), lambda _, leaves: Words(*leaves))


@pytest.fixture(scope="module")
def warp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Warp, which compiles into a folder of the tests."""
    wp = pytest.importorskip("warp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wp.config, "kernel_cache_dir", str(tmp_path_factory.mktemp("warp")))
        yield wp


def case(optimizer: str, problem: Problem, dtype: str, generator: str = "hash") -> tuple[Loop, Batch]:
    made = mt.list_optimizers()[optimizer].make({})
    job = prepare(problem, made, 1, dtype=dtype, seed=5, generator=generator).job(range(BATCH))
    batch, spread = job.source.batch(0, BATCH), np.linspace(0.9, 1, BATCH)
    batch = batch._replace(hyper={name: (np.asarray(v) * spread).astype(dtype) for name, v in batch.hyper.items()})
    return loop(problem, made, (mean_squared_gradient, largest_gradient, iterate), job.draw), batch


def plain(half: Loop, batch: Batch) -> tuple[tuple[Any, ...], Any]:
    """The arguments of `advance` at step 0, and what the plain loop makes of them."""
    horizon = batch.x.dtype.type(ENDS[-1])

    def both(batch: Batch) -> Any:
        carry = started(half.begin(batch, horizon), half.advance, batch, ENDS, horizon)
        return carry, half.advance(batch, carry, jnp.int32(0), ENDS, horizon)

    carry, result = jax.jit(both)(batch)
    return (batch, carry, np.int32(0), ENDS, horizon), result


def problem(name: str, **options: Any) -> Problem:
    return mt.list_problems()[name].make(options)


CASES = [
    ("adam", partial(problem, "ratio", d=3, noise="uniform"), "float32", "threefry2x32-20"),
    ("amsgrad", partial(problem, "rosenbrock"), "float32", "hash"),
    ("avgrad", partial(problem, "ratio", d=2, noise="gaussian"), "float64", "hash"),
    ("adam-avgrad", partial(problem, "ratio", d=2, noise="rademacher"), "float64", "hash"),
]


@pytest.mark.needs("warp")
@pytest.mark.parametrize(("optimizer", "make", "dtype", "generator"), CASES)
def test_the_kernel_equals_the_plain_loop(warp: Any, capfd: Any, optimizer: str, make: Any, dtype: str, generator: str):
    """MADA with rho is `adam-avgrad`; values at three times, and the state at the end, which a pause takes along."""
    with jax.enable_x64(dtype == "float64"):
        half, batch = case(optimizer, make(), dtype, generator)
        arguments, direct = plain(half, batch)
        run = warp_kernel.compiled(half.advance, *arguments)
        found = run(*arguments)
    rounding = 40 * float(np.finfo(dtype).eps)
    for x, y in zip(jax.tree.leaves(found), jax.tree.leaves(direct), strict=True):
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
    # the metrics hold the rounding errors of compensated sums, which no two programs share
    for x, y in zip(
        jax.tree.leaves((found[1], found[0]._replace(metrics=()))),
        jax.tree.leaves((direct[1], direct[0]._replace(metrics=()))),
        strict=True,
    ):
        np.testing.assert_allclose(x, y, rtol=0, atol=rounding * max(1.0, float(np.max(np.abs(y), initial=0))))
    assert np.array_equal(found[0].noise, direct[0].noise)
    assert "Module" not in "".join(capfd.readouterr()), "Warp tells of what it compiles"


def every_rule(batch: Words, carry: tuple[Any, ...]) -> Any:
    """A loop of three steps with what methods and problems may ask of numbers."""

    def step(i: Any, c: tuple[Any, ...]) -> tuple[Any, ...]:
        x, n, u = c
        moved = jnp.concatenate([jnp.stack([x[1], x[0]]), jnp.flip(x, 0)[:1] * 2]) + x.T[:, ::-1].T
        y = jnp.where(x > 0, jnp.log1p(abs(moved)), jnp.expm1(-abs(x))) + jnp.round(3 * x) - lax.round(x) + jnp.sign(x)
        y = y + jnp.max(x, axis=0) - jnp.min(moved, axis=0) + lax.integer_pow(x, 3) + lax.integer_pow(1 + x * x, -2)
        y = y + jnp.tanh(lax.clamp(-1.0, x, 1.0)) + lax.rsqrt(1 + x * x) + lax.logistic(x) + lax.rem(x, 0.7 + 0 * x)
        y = lax.fori_loop(0, 2, lambda k, ab: (ab[1], ab[0]), (y, 2 * y))[0]
        y = lax.switch(i, [lambda a: a + 1, lambda a: a * 0.5, lambda a: -a], y)
        y = y + jnp.where(jnp.isfinite(1 / (x - x[:1])), 1.0, 0.0) + lax.fori_loop(0, 4, lambda k, a: a + k, 0.0)
        m = lax.div(n, u.astype(np.int32)) + lax.rem(n, n - 2) + (n >> 1) - jnp.sign(n) * jnp.abs(n) + (n << 40) + ~n
        w = (u << 13 | u >> 19) ^ lax.bitcast_convert_type(jnp.where(x > 0, 1.5, -2.5), jnp.uint32)
        w = w * jnp.uint32(2654435761) + lax.shift_right_logical(u, jnp.uint32(33) + 0 * u) + jnp.sum(u, axis=0)
        return y * 0.1, m + jnp.any(x > 1, axis=0) + jnp.all(n > 0, axis=0), w

    return lax.fori_loop(0, batch.x.shape[0], step, carry), ()


@pytest.mark.needs("warp")
@pytest.mark.usefixtures("warp")
def test_every_rule_holds_to_what_xla_computes():
    numbers = [[0.5, -0.5, 0.2, 1.5, -2.5, 0], [1.7, 0.3, np.nan, 1e-6, -1e-6, 2], [3, -3, 1, 0.7, 0.1, -1]]
    lowest = np.iinfo(np.int32).min
    signed = [[lowest, 5, -7, 2, 0, 1], [2, 2, 9, -9, 3, 4], [7, -1, 1, 1, 8, lowest]]
    words = [[2**32 - 1, 0, 3, 2**31, 5, 6], [7, 8, 9, 10, 0, 12], [2**32 - 2, 1, 0, 1, 2, 2**32 - 1]]
    x, n, u = np.array(numbers, np.float32), np.array(signed, np.int32), np.array(words, np.uint32)
    arguments = Words(x), (x, n, u)
    direct, _ = jax.jit(every_rule)(*arguments)
    found, _ = warp_kernel.compiled(every_rule, *arguments)(*arguments)
    np.testing.assert_allclose(found[0], direct[0], rtol=1e-5, atol=1e-6)
    assert np.isnan(found[0]).all(axis=0).tolist() == [False, False, True, False, False, False]
    assert np.array_equal(found[1], direct[1])
    assert np.array_equal(found[2], direct[2])


def looped(step: Any) -> Any:
    return lambda batch, x: (lax.fori_loop(0, batch.x.shape[0], lambda i, c: step(c), x), ())


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (lambda x: jnp.ones((4, 4), x.dtype) @ x, "dot_general"),
        (lambda x: jnp.sort(x, axis=0), "sort of float32 has no form in the generated C"),
        (lambda x: x.astype(jnp.float16).astype(x.dtype), "float16 has no form"),
        (lambda x: x - jnp.mean(x, axis=1, keepdims=True), "reduce_sum along the trajectories"),
        (lambda x: jnp.concatenate([x, -x], 1).reshape(4, 2, -1)[:, 1], "concatenate along the trajectories"),
        (lambda x: x[:, ::-1], "rev along the trajectories"),
        (lambda x: x.reshape(-1, 4).T, "a reshape moves trajectories"),
        (lambda x: x.T.reshape(x.shape) + 1, "a reshape moves trajectories"),
    ],
)
def test_reasons_of_what_is_refused(step: Any, reason: str):
    """Before anything is compiled, so without Warp."""
    x = np.ones((4, BATCH), np.float32)
    with pytest.raises(Unsupported, match=reason):
        jax.eval_shape(warp_kernel.advance(looped(step)), Words(x), x)


def test_what_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch):
    wide = np.ones((201, 4), np.float32)
    with pytest.raises(Unsupported, match="a thread carries 202 words of 32 bits"):
        jax.eval_shape(warp_kernel.advance(looped(lambda x: 0.5 * x)), Words(wide), wide)
    monkeypatch.setattr("madatheory.engine.backend.c_rules.MOST_STATEMENTS", 50)
    with pytest.raises(Unsupported, match="more than 50 statements"):
        jax.eval_shape(warp_kernel.advance(looped(lambda x: 0.5 * x)), Words(wide[:60]), wide[:60])


def test_where_warp_is_absent_the_path_says_so(monkeypatch: pytest.MonkeyPatch):
    """Triton is asked first, Warp next; the plain loop runs where neither is here."""
    x = np.ones((4, BATCH), np.float32)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    monkeypatch.setattr(warp_kernel, "find_spec", lambda name: None)
    half = looped(lambda x: 0.5 * x)
    mode, run = compiled(half, Words(x), x, backends=BACKENDS)
    assert [backend.name for backend in BACKENDS] == ["Triton", "Warp"]
    assert mode.name == "plain loop"
    assert mode.reason.startswith("Triton: the kernel language refuses it: ")
    assert mode.reason.endswith("; Warp: warp-lang is not installed: pip install 'madatheory[warp]'")
    assert np.array_equal(run(Words(x), x)[0], x / 16)


def test_numbers_of_64_bits_are_aligned():
    """A CPU reads them anywhere, a GPU does not."""
    shapes = [jax.ShapeDtypeStruct((3,), dtype) for dtype in ("float32", "float64", "bool", "complex64", "float64")]
    with jax.enable_x64(True):
        atoms = jax.make_jaxpr(lambda *a: a)(*shapes).jaxpr.invars
    fields = fields_of(atoms, atoms)
    assert [field.offset for field in fields] == [12, 0, 15, 18, 21, 6]


@pytest.mark.needs("warp")
@pytest.mark.usefixtures("warp")
def test_without_a_cuda_device_warp_says_so():
    if jax.default_backend() != "gpu":
        assert warp_kernel.missing() == "Warp finds no CUDA device"
