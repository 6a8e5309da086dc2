"""Functions on padded arrays agree with direct evaluation; what cannot be lifted says why."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from madatheory.engine.backend import lift_rules
from madatheory.engine.backend.lift import evaluate, pad, unpad
from madatheory.engine.backend.lift_rules import Unsupported, padded

pytestmark = pytest.mark.usefixtures("full_compilation")

# float32 sums in another order: a few units in the last place, on numbers of order one
TOLERANCE = 2e-6
LANES = 4
FAST = {"xla_backend_optimization_level": 0}  # compiling takes most of the time of these tests


def test_padded_is_the_next_power_of_two():
    assert padded((1, 2, 3, 4, 5, 1000, 0)) == (1, 2, 4, 4, 8, 1024, 1)
    x = np.arange(6.0).reshape(3, 2)
    assert pad(x).shape == (4, 2)
    assert np.array_equal(unpad(pad(x), (3, 2)), x)
    assert pad(np.zeros((0, 4))).shape == (1, 4)


def lift(function: Callable, *examples: np.ndarray) -> Callable:
    """`function`, traced on arrays shaped like `examples`, as a function of padded arrays to a list of padded ones."""
    jaxpr = jax.make_jaxpr(function)(*examples)
    return lambda *args: evaluate(jaxpr, jax.tree.leaves(args))


def both(function: Callable, *args: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """(direct, lifted) results; the padding of the arguments is poisoned, so that nothing may depend on it."""
    poisoned = []
    for x in args:
        full = np.full(padded(x.shape), np.nan if x.dtype.kind == "f" else 7).astype(x.dtype)
        full[tuple(slice(n) for n in x.shape)] = x
        poisoned.append(full)
    lifted = lift(function, *args)
    together = jax.jit(lambda args, held: (function(*args), lifted(*held)), compiler_options=FAST)
    direct, held = map(jax.tree.leaves, together(args, poisoned))
    direct = [np.asarray(x) for x in direct]
    return direct, [np.asarray(unpad(y, x.shape)) for x, y in zip(direct, held, strict=True)]


def agree(function: Callable, *args: np.ndarray, tolerance: float = TOLERANCE) -> None:
    direct, lifted = both(function, *args)
    assert len(direct) == len(lifted) > 0
    where = [jax.tree_util.keystr(path) for path, _ in jax.tree.leaves_with_path(jax.eval_shape(function, *args))]
    for name, x, y in zip(where, direct, lifted, strict=True):
        assert (x.shape, x.dtype) == (y.shape, y.dtype), name
        np.testing.assert_allclose(y, x, rtol=tolerance, atol=tolerance, err_msg=name)


UNARY = {
    "square": lambda x: x * x,
    "sine": jnp.sin,
    "tanh": jnp.tanh,
    "ratio": lambda x: x / (1 + x * x),
    "sign": jnp.sign,
    "clip": lambda x: jnp.clip(x, -0.5, 0.25),
    "round": lambda x: jnp.round(3 * x),
    "power": lambda x: jnp.abs(x) ** 1.5,
    "positive": lambda x: jnp.where(x > 0, x, 0.1 * x),
    "minus mean": lambda x: x - jnp.mean(x, axis=0),
    "over largest": lambda x: x / (1 + jnp.max(jnp.abs(x), axis=0)),
    "over smallest": lambda x: x / (1 + jnp.min(jnp.abs(x), axis=0, keepdims=True)),
    "gradient": jax.grad(lambda x: jnp.sum(jnp.sqrt(1 + x * x)) + jnp.sum(jnp.sum(x, axis=0) ** 2) / 50),
    "weighted": lambda x: x * np.linspace(0.5, 1.5, x.shape[0], dtype=np.float32)[:, None],
    "index": lambda x: x + jnp.arange(x.shape[0])[:, None] / 10,
    "first and last": lambda x: x * x[0] - x[-1:],
    "one at a time": lambda x: lax.fori_loop(0, 3, lambda i, y: 0.5 * y + x / (1.0 + i), x),
    "until small": lambda x: lax.while_loop(lambda y: jnp.sum(y * y) > 1.0, lambda y: 0.7 * y, x),
    "either": lambda x: lax.cond(jnp.sum(x) > 0, lambda y: y + 1, lambda y: 2 * y, x),
    "turned": lambda x: jnp.sum(x.T * jnp.arange(1.0, x.shape[0] + 1), axis=1) * 0.1 + x,
}


@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from(sorted(UNARY)), min_size=1, max_size=5),
    st.sampled_from([3, 5, 7, 12]),
    st.integers(0, 2**20),
)
def test_random_compositions(names, d, seed):
    x = np.random.default_rng(seed).uniform(-1, 1, (d, LANES)).astype(np.float32)

    def function(x):
        for name in names:
            x = UNARY[name](x)
        return x, jnp.sum(x, axis=0), jnp.any(x > 0.5, axis=0), jnp.all(x < 0.9, axis=0)

    direct, lifted = both(function, x)
    scale = 1 + max(float(np.max(np.abs(v))) for v in direct[:2])
    for expected, found in zip(direct[:2], lifted[:2], strict=True):
        # rounding and branching amplify the last bit; compositions of five stay within this
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * scale)


@pytest.mark.parametrize("d", [1, 5])
def test_each_operation(d):
    """All in one program, which takes less time than one for each."""
    x = np.random.default_rng(d).uniform(-1, 1, (d, LANES)).astype(np.float32)
    agree(lambda x: {name: operation(x) for name, operation in UNARY.items()}, x)


def test_integers_and_bits_are_exact():
    x = np.random.default_rng(1).integers(0, 2**32, (5, LANES), dtype=np.uint32)

    def function(x):
        y = (x << jnp.uint32(7)) | (x >> jnp.uint32(25))
        small = (x >> jnp.uint32(20)).astype(jnp.int32)
        return y, y ^ x, jnp.sum(small, axis=0), jnp.max(small, axis=0), jnp.min(small, axis=0), small % 7

    for expected, found in zip(*both(function, x), strict=True):
        assert np.array_equal(expected, found)


def test_rounding_is_to_even_exactly():
    x = np.array(
        [[-2.5, -1.5, -0.5, 0.5], [1.5, 2.5, 0.49999997, 8388609.0], [np.inf, -np.inf, -3.7, 1e30]], np.float32
    )
    direct, lifted = both(lambda x: (jnp.round(x), lax.round(x)), x)
    for expected, found in zip(direct, lifted, strict=True):
        assert np.array_equal(expected, found)


def test_pairs_are_interleaved_and_complex_numbers_taken_apart():
    x = np.random.default_rng(2).uniform(-1, 1, (3, LANES)).astype(np.float32)

    def function(x):
        z = lax.fori_loop(0, 2, lambda i, z: lax.complex(lax.imag(z), lax.real(z) + 1), lax.complex(x, 2 * x))
        return jnp.stack([lax.real(z), lax.imag(z)], axis=-1).reshape(3, 2 * LANES)

    agree(function, x)


def test_pairs_are_interleaved_also_where_a_stack_is_a_concatenation():
    x = np.random.default_rng(4).uniform(-1, 1, (3, LANES)).astype(np.float32)
    agree(lambda x: lax.concatenate([x[..., None], 2 * x[..., None]], 2).reshape(3, 2 * LANES), x)


def test_a_flat_carry_is_kept_as_it_was():
    x = np.random.default_rng(3).uniform(-1, 1, (3, LANES)).astype(np.float32)

    def function(x):
        step = lambda i, y: (0.5 * y.reshape(3, LANES) + x).reshape(-1)  # noqa: E731
        z = lax.fori_loop(0, 3, lambda i, z: z.reshape(3, LANES).reshape(-1), lax.complex(x, x).reshape(-1))
        return lax.fori_loop(0, 3, step, x.reshape(-1)).reshape(3, LANES), lax.imag(z.reshape(3, LANES))

    agree(function, x)


@pytest.mark.parametrize("entry", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_stays_visible(entry):
    """The kernel language's maximum drops nan; the lifted one may not."""
    x = np.ones((3, LANES), np.float32)
    x[1, 2] = entry
    direct, lifted = both(
        lambda x: (
            jnp.max(x, axis=0),
            jnp.min(x, axis=0),
            jnp.maximum(x, 2.0),
            jnp.minimum(-1.0, x),
            jnp.clip(x, -3, 3),
            jnp.sum(x, axis=0),
        ),
        x,
    )
    for expected, found in zip(direct, lifted, strict=True):
        np.testing.assert_array_equal(found, expected)


class _KernelLanguage:
    """`lax` with the maximum and minimum of the kernel language, which drop nan."""

    def __getattr__(self, name: str) -> Any:
        return getattr(lax, name)

    def max(self, x: Any, y: Any) -> Any:
        return jnp.fmax(x, y)

    def min(self, x: Any, y: Any) -> Any:
        return jnp.fmin(x, y)

    def reduce_max(self, x: Any, axes: tuple[int, ...]) -> Any:
        return lax.reduce_max(jnp.where(x != x, -jnp.inf, x).astype(x.dtype), axes)

    def reduce_min(self, x: Any, axes: tuple[int, ...]) -> Any:
        return lax.reduce_min(jnp.where(x != x, jnp.inf, x).astype(x.dtype), axes)


def test_nan_stays_visible_where_the_maximum_drops_it(monkeypatch):
    """XLA's own maximum passes nan on, so this runs the lifted function with one that does not."""
    x = np.ones((3, LANES), np.float32)
    x[1, 2] = np.nan
    monkeypatch.setattr(lift_rules, "lax", _KernelLanguage())
    direct, lifted = both(
        lambda x: (jnp.max(x, axis=0), jnp.min(x, axis=0), jnp.maximum(x, 2.0), jnp.minimum(x, 0.5), jnp.clip(x, 0, 1)),
        x,
    )
    for expected, found in zip(direct, lifted, strict=True):
        np.testing.assert_array_equal(found, expected)
        assert np.isnan(found).sum() == 1


MOVES = {
    "middle": lambda x: x[1:-1],
    "every other": lambda x: x[::2],
    "differences": lambda x: jnp.concatenate([x[1:] - x[:-1], x[:1]]),
    "three pieces": lambda x: jnp.concatenate([x[2:], x[:1], x * x]),
    "padded": lambda x: jnp.pad(x, ((2, 1), (0, 0)), constant_values=3.0),
    "cut and padded": lambda x: lax.pad(x, jnp.float32(-1), ((-1, 2, 0), (0, 0, 0))),
    "of truth values": lambda x: jnp.concatenate([x[:2] > 0, x < 0]),
    "of integers": lambda x: jnp.concatenate([x[1:] > 0, x < 0]).astype(jnp.int32)[1:],
    "stacked first": lambda x: jnp.stack([x, 2 * x, 3 * x], axis=0),
    "stacked between": lambda x: jnp.stack([x, 2 * x], axis=1),
    "gradient through a slice": jax.grad(lambda x: jnp.sum(x[1:] * jnp.sin(x[:-1]))),
}
MATRICES = np.arange(30, dtype=np.float32).reshape(2, 3, 5) / 10
PRODUCTS = {
    "matrix and vectors": lambda x: MATRICES[0] @ x,
    "vectors and matrix": lambda x: x.T @ MATRICES[0].T,
    "batches": lambda x: jnp.einsum("bij,bjk->bik", MATRICES, jnp.stack([x, x + 1])),
    "two axes": lambda x: jnp.einsum("bij,jbk->ik", MATRICES, jnp.stack([x, x + 1], 1)),
    "contracted first": lambda x: jnp.einsum("ji,jk->ik", MATRICES[0].T, x),
    "outer": lambda x: jnp.einsum("i,k->ik", MATRICES[0, 0], x[0]),
    "gradient": jax.grad(lambda x: jnp.sum(jnp.sin(MATRICES[0] @ x))),
}


@pytest.mark.parametrize("cases", [MOVES, PRODUCTS], ids=["moves", "products"])
def test_moves_and_products(cases):
    x = np.random.default_rng(6).uniform(-1, 1, (5, LANES)).astype(np.float32)
    agree(lambda x: {name: operation(x) for name, operation in cases.items()}, x, tolerance=2e-5)


def test_a_slice_does_not_take_the_padding(monkeypatch):
    """The planted mistake: entries are found wherever their number is, also beyond the end."""
    x = np.ones((3, LANES), np.float32)
    long = lambda x: lax.pad(x, jnp.float32(0), ((0, 2, 0), (0, 0, 0)))  # noqa: E731
    agree(long, x)
    monkeypatch.setattr(lift_rules, "_filled", lambda like, value: like)
    direct, lifted = both(long, x)
    assert not np.array_equal(direct[0], lifted[0])


def test_without_masks_the_padding_is_seen(monkeypatch):
    """The planted mistake: reductions that forget the padding."""
    monkeypatch.setattr(lift_rules, "_masked", lambda x, shape, axes, identity: x)
    x = np.ones((3, LANES), np.float32)
    for function in (
        lambda x: jnp.sum(x, axis=0),
        lambda x: jnp.max(-x, axis=0),
        lambda x: np.ones((2, 3), np.float32) @ x,
    ):
        direct, lifted = both(function, x)
        assert not np.array_equal(direct[0], lifted[0])


CANNOT = {
    "dot_general of 8192 numbers": lambda x: jnp.ones((2048, 3)) @ x,
    "sort": lambda x: jnp.sort(x, axis=0),
    "pad of 8192 numbers": lambda x: jnp.pad(jnp.broadcast_to(x[:1], (48, LANES)), ((40, 40), (0, 0))),
    "pad between": lambda x: lax.pad(x, jnp.float32(0), ((0, 0, 1), (0, 0, 0))),
    "mul of an array whose axes were merged": lambda x: x.reshape(-1) * 2,
    "gather": lambda x: x[jnp.array([0, 2])],
    "a scan over arrays": lambda x: lax.scan(lambda c, row: (c + row, c), x[0], x)[0],
    "rev has no form": lambda x: lax.rev(x, (0,)),
    "more than two": lambda x: lax.select_n(x.astype(jnp.int32), x, x, x),
    "erf": jax.scipy.special.erf,
}


@pytest.mark.parametrize("reason", sorted(CANNOT))
def test_the_reason_is_given(reason):
    x = np.ones((3, LANES), np.float32)
    with pytest.raises(Unsupported, match=reason):
        jax.eval_shape(lift(CANNOT[reason], x), pad(x))


def test_complex_arithmetic_is_refused():
    x = np.ones((3, LANES), np.float32)
    with pytest.raises(Unsupported, match="mul of complex numbers"):
        jax.eval_shape(lift(lambda x: lax.real(lax.complex(x, x) * lax.complex(x, x)), x), pad(x))
