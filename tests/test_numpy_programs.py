"""Steps of JAX in NumPy: the numbers that XLA computes, and the compiler where an operation is not known."""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import optax
import pytest
from jax import lax

from madatheory.identities.strategies import plain
from madatheory.identities.targets.lookup import find
from madatheory.identities.targets.target import open_loop
from madatheory.numpy_programs import evaluated

FORBIDDEN = "this must not be compiled"


def no_compiler(step):
    def call(*arguments):
        raise AssertionError(FORBIDDEN)

    return call


X = np.array([0.5, -1.25, 3.0, 0.0, 2.5], np.float32)
WHOLE = np.array([7, -7, 3, -1, 0], np.int32)
ROWS = np.arange(6, dtype=np.float32).reshape(2, 3) - 2

ELEMENTWISE = {
    "powers": lambda x: (x**2, x**3, x**-2, jnp.abs(x) ** 1.5, lax.rsqrt(x + 4), jnp.sqrt(jnp.abs(x)), jnp.cbrt(x)),
    "logarithms": lambda x: (jnp.exp(x), jnp.expm1(x), jnp.log(x + 4), jnp.log1p(x + 4), jnp.tanh(x)),
    "signs": lambda x: (jnp.sign(x), -x, jnp.abs(x), jnp.round(x), jnp.floor(x), jnp.ceil(x), lax.round(x)),
    "choices": lambda x: (jnp.where(x > 0, x, 2 * x), jnp.clip(x, -1, 2), jnp.maximum(x, 1), jnp.minimum(x, 1)),
    "comparisons": lambda x: ((x >= 0.5) & (x <= 2.5), (x == 0) | ~(x != 3), (x < 1) ^ (x > 0), jnp.isfinite(1 / x)),
    "remainders": lambda x: (lax.rem(x, jnp.full_like(x, 0.75)), jnp.arctan2(x, x + 1)),
    "dtypes": lambda x: (x.astype(jnp.bfloat16), x.astype(jnp.int32), (x > 0).astype(x.dtype), x.astype(jnp.float16)),
    "complex numbers": lambda x: (lambda z: (z * jnp.conj(z), z.real, z.imag, jnp.abs(z)))(lax.complex(x, 2 * x)),
    "shapes": lambda x: (
        x.reshape(5, 1) + x,
        x[1:4:2],
        jnp.concatenate([x, x[:2]]),
        x[:, None].squeeze(1),
        jnp.arange(5) * x,
    ),
    "sums": lambda x: (x.sum(), x.max(), x.min(), x.prod(), (x > 0).all(), (x > 0).any(), x @ x, jnp.linalg.norm(x)),
}
OTHERS = {
    "whole numbers": (
        lambda n: (lax.div(n, jnp.full_like(n, 2)), lax.rem(n, jnp.full_like(n, 2)), n // 2, n % 2),
        WHOLE,
    ),
    "parts that numbers name": (
        lambda n: (n[n[2]], n[n[0]], lax.dynamic_slice(n, (n[1],), (2,)), jnp.asarray(X)[n[2]]),
        WHOLE,
    ),
    "bits": (lambda n: (lax.shift_right_logical(n, jnp.full_like(n, 3)), n.astype(jnp.uint32) >> 9), WHOLE),
    "matrices": (lambda a: (a @ a.T, a.T, a.mean(axis=0), a.sum(axis=(0, 1)), jnp.max(a, axis=1, keepdims=True)), ROWS),
    "a condition": (lambda x: lax.cond(x[0] > 0, lambda y: y + 1, lambda y: y - 1, x), X),
    "a switch": (lambda x: lax.switch(x[2].astype(int), [lambda y: y, lambda y: 2 * y, lambda y: 3 * y], x), X),
    "a scan": (lambda x: lax.scan(lambda c, y: (c + y, (c * y, c > 1)), x[0], x, reverse=True), X),
    "a scan of no length": (lambda x: lax.scan(lambda c, y: (c + y, c), x[0], x[:0]), X),
    "a loop": (lambda x: lax.while_loop(lambda c: c[0] < 40, lambda c: (2 * c[0], c[1] + x), (jnp.float32(1), x)), X),
    "a loop that is counted": (lambda x: lax.fori_loop(0, 5, lambda i, y: y * 0.5 + i, x), X),
    "half precision": (lambda x: (x.sum(), x * x, x / 3, jnp.sqrt(jnp.abs(x)), x @ x), X.astype(ml_dtypes.bfloat16)),
    "a derivative": (lambda x: jax.grad(lambda y: jnp.sum(jnp.sqrt(y * y + 1) * y))(x), X),
    "a derivative that is stopped": (lambda x: lax.stop_gradient(x) * x, X),
    "lanes": (lambda a: jax.vmap(lambda r: r / (1 + jnp.abs(r).sum()))(a), ROWS),
}
PROGRAMS = {**{name: (function, X) for name, function in ELEMENTWISE.items()}, **OTHERS}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_numbers_are_those_of_xla_in_the_same_dtypes(name):
    function, x = PROGRAMS[name]
    with np.errstate(all="raise"):
        found, expected = (
            jax.tree.leaves(make(function)(x)) for make in (lambda f: evaluated(f, no_compiler), jax.jit)
        )
    assert len(found) == len(expected) > 0
    for got, wanted in zip(found, expected, strict=True):
        assert isinstance(got, np.ndarray)
        assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
        wide = np.complex128 if got.dtype.kind == "c" else np.float64
        roundings = 16 * float(jnp.finfo(got.dtype).eps) if jnp.issubdtype(got.dtype, jnp.inexact) else 0.0
        assert np.allclose(
            got.astype(wide), np.asarray(wanted).astype(wide), rtol=roundings, atol=roundings, equal_nan=True
        )


UNKNOWN = {
    "random numbers": lambda x: x + jax.random.normal(jax.random.key(0), x.shape),
    "a factorization": lambda x: jnp.linalg.svd(x[:, None] * x)[1],
    "an order": jnp.sort,
    "a dtype that depends on what it meets": lambda x: (x, jnp.asarray(1.0) * 2),
    "batches of products": lambda x: jnp.einsum("bi,bj->bij", x[:, None], x[:, None]) @ jnp.ones((5, 1, 2)),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_is_compiled(name):
    assert jax.tree.all(jax.tree.map(np.array_equal, evaluated(UNKNOWN[name], jax.jit)(X), jax.jit(UNKNOWN[name])(X)))
    with pytest.raises(AssertionError, match=FORBIDDEN):
        evaluated(UNKNOWN[name], no_compiler)(X)


def test_it_is_traced_once_for_a_shape_and_leaves_its_arguments_alone():
    traced = []

    def step(x, state):
        traced.append(x.shape)
        return x + state["m"], {"m": state["m"] * 0.5 + x, "old": x}

    run, given = evaluated(step, no_compiler), X.copy()
    for x in (given, given, ROWS, given):
        out, state = run(x, {"m": np.ones_like(x), "old": x})
        out += 100
        state["m"] -= 100
        state["old"] -= 100
    assert traced == [(5,), (2, 3)]
    assert np.array_equal(given, X)


def test_it_is_differentiated_where_jax_differentiates_it():
    run = evaluated(lambda x: (x * x * x).sum(), no_compiler)
    assert np.allclose(jax.grad(run)(jnp.asarray(X)), 3 * X * X)


def test_an_error_of_the_step_is_raised_where_it_is_called():
    def step(x):
        raise ValueError("no such step")

    with pytest.raises(ValueError, match="no such step"):
        evaluated(step, jax.jit)(X)


@pytest.mark.parametrize("dtype", [np.float64, ml_dtypes.bfloat16])
@pytest.mark.parametrize("name", ["optax:adamw", "optax:lamb", "optax.contrib:muon"])
def test_a_run_of_an_optimizer_is_its_run_under_jit(name, dtype):
    """In every dtype, vectors and matrices together; beyond rounding nothing differs."""
    target, case = find(name), plain(4)
    x0 = [case.x0.astype(dtype), np.outer(case.x0, case.x0[:2]).astype(dtype)]
    rows = [[g.astype(dtype), np.outer(g, g[:2]).astype(dtype)] for g in case.g]
    found, expected = (open_loop(target, x0, rows, {"lr": 0.125}, mode)[-1] for mode in ("numpy", ""))
    loose = {2: 0.05, 8: 1e-10}[np.dtype(dtype).itemsize]
    for got, wanted in zip(found, expected, strict=True):
        assert got.dtype == wanted.dtype == dtype
        assert np.allclose(got.astype(float), wanted.astype(float), rtol=loose, atol=loose)


def test_the_quick_profile_steps_without_a_compiler(monkeypatch):
    from madatheory.identities.check import check
    from madatheory.identities.targets import optax_modes

    monkeypatch.setattr(optax_modes, "accepted", lambda options: pytest.fail(FORBIDDEN))
    report = check(lambda learning_rate=0.125: optax.sgd(learning_rate), profile="quick", only="S1,F1")
    assert [o.status for o in report.outcomes] == ["pass", "pass"]
