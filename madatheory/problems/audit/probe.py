"""A problem's functions at many points at once, traced once per problem, and the points to try them at."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from madatheory.numpy_programs import evaluated
from madatheory.problems.problem import Problem, Words

Points = np.ndarray  # (d, n) in float64
SHOWN = 4  # coordinates of a point in a message
_IN_NUMPY = 64  # coordinates


class FieldValues(NamedTuple):
    """F, shape (n,), and grad F, shape (d, n), at n points."""

    value: np.ndarray
    gradient: np.ndarray


class Noisy(NamedTuple):
    """g and the stated E g^2 (None where none is stated), both of shape (d, n)."""

    g: np.ndarray
    moment: np.ndarray | None


class Probe(NamedTuple):
    """The functions of one problem in float64, on any number of points."""

    problem: Problem
    field: Callable[[Points], FieldValues]
    noisy: Callable[[Points, np.ndarray, np.ndarray, float], Noisy]  # (x, grad F(x), xi, t)
    draw: Callable[[int, np.random.Generator], np.ndarray]  # n -> xi, shape (entries, n), as the engine draws it

    def inside(self, x: Points) -> Points:
        """The points, projected on the problem's box where it has one."""
        return x if self.problem.box is None else np.clip(x, *self.problem.box)


@lru_cache(maxsize=64)
def probe_of(problem: Problem) -> Probe:
    """The problem's functions, each traced for one number of points, to which any other is cut and filled up.

    In NumPy, which in few dimensions takes less time than to compile them.
    """
    oracle, room = problem.oracle, max(problem.dimension, 1)
    made = partial(evaluated, compiled=jax.jit) if room <= _IN_NUMPY else jax.jit
    few, many = (int(np.clip(2**20 // room, 16, most)) for most in (256, 4096))

    @made
    def field(x: jax.Array) -> tuple[jax.Array, jax.Array]:
        return problem.value(x), problem.full_gradient(x)

    @made
    def noisy(x: jax.Array, grad: jax.Array, xi: jax.Array, t: jax.Array) -> tuple[jax.Array, jax.Array | None]:
        g, moment = oracle.gradient(x, grad, xi, t), oracle.second_moment
        return g, None if moment is None else jnp.broadcast_to(moment(x, grad, t), x.shape)

    @made
    def drawn(first: jax.Array, second: jax.Array) -> jax.Array:
        words = Words(first, second)
        if oracle.pair is None or oracle.entries == 0:
            return oracle.sample(words, jnp.float64)
        return jnp.concatenate(oracle.pair(words, jnp.float64), axis=-1)

    def draw(n: int, rng: np.random.Generator) -> np.ndarray:
        size = many // 2 if oracle.pair is not None and oracle.entries else many
        found, count = [], 0
        while count < n:
            first, second = rng.integers(2**32, size=(2, oracle.entries, size), dtype=np.uint32)
            with jax.enable_x64(True):
                found.append(np.asarray(drawn(first, second)))
            count += many
        return np.concatenate(found, axis=-1)[:, :n]

    return Probe(
        problem,
        lambda x: FieldValues(*_by_pieces(field, few, x)),
        lambda x, grad, xi, t: Noisy(*_by_pieces(noisy, many, x, grad, xi, fixed=(np.float64(t),))),
        draw,
    )


def _by_pieces(function: Callable[..., Any], size: int, *columns: np.ndarray, fixed: tuple[Any, ...] = ()) -> Any:
    n, found = columns[0].shape[-1], []
    for begin in range(0, n, size):
        piece = [c[..., begin : begin + size] for c in columns]
        short = size - piece[0].shape[-1]
        if short:
            piece = [np.concatenate([c, np.repeat(c[..., -1:], short, axis=-1)], axis=-1) for c in piece]
        with jax.enable_x64(True):
            out = function(*piece, *fixed)
        found.append([None if o is None else np.asarray(o)[..., : size - short] for o in out])
    return [None if o[0] is None else np.concatenate(o, axis=-1) for o in zip(*found, strict=True)]


def sampled_points(problem: Problem, count: int, rng: np.random.Generator) -> Points:
    """`count` points: the start, 0, and others about these on all scales from 1e-3 to 1e2, whole or by coordinate.

    With a box, half of them are uniform on it.
    """
    d, start = problem.dimension, np.asarray(problem.start, float)[:, None]
    normal = rng.standard_normal((d, count))
    about_zero = normal * 10 ** rng.uniform(-2, 2, count)
    about_start = start + normal * 10 ** rng.uniform(-3, 1, count)
    each = rng.choice((-1.0, 1.0), (d, count)) * 10 ** rng.uniform(-3, 2, (d, count))
    x = np.choose(np.arange(count) % 3, [about_zero, about_start, each])
    x[:, 0], x[:, 1:2] = start[:, 0], 0.0
    if problem.box is not None:
        x = np.clip(x, *problem.box)
        x[:, count // 2 :] = rng.uniform(*problem.box, (d, count - count // 2))
    return x


def shown(x: np.ndarray) -> str:
    """A point in words: [0.5, -1, 2], and its first coordinates where it has many."""
    more = f", .. ({len(x)} coordinates)" if len(x) > SHOWN else ""
    return f"[{', '.join(f'{v:.6g}' for v in x[:SHOWN])}{more}]"
