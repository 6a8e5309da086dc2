"""Noise laws: independent, identical, centred entries, one per coordinate.

Finite laws carry their atoms for exact enumeration; unbounded ones (Gaussian, Student) have no G, and their second and
fourth moments are what a theorem may use. Those of the sampled values, of which there are finitely many, are not
larger: |xi|^2 and |xi|^4 are convex in the uniform number of the radius, and a convex function at the midpoint of a
cell is at most its mean over the cell. Samplers use the two words of an entry and nothing else, and compile into the
time loop.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from madatheory.errors import UserError, unknown
from madatheory.hparams import Parameter
from madatheory.problems.problem import Array, Atoms, DType, Pair, Words

RARE = 2.0**-6  # probability of the rare large entry: dyadic, so that the sampler has it exactly


def uniform01(word: Array, dtype: DType) -> Array:
    """The midpoint of the word's cell, of 2^32 in float64 and 2^23 in float32: symmetric about 1/2, never 0 or 1."""
    if jnp.dtype(dtype) == jnp.float64:
        return (word.astype(dtype) + 0.5) * 2.0**-32
    return ((word >> jnp.uint32(9)).astype(jnp.int32).astype(dtype) + dtype(0.5)) * dtype(2.0**-23)


def circle(word: Array, dtype: DType) -> tuple[Array, Array]:
    """(cos, sin) of a uniform angle: the two top bits give the signs, the others the place in the first quadrant.

    Taylor sums about pi/4, error below 2 ulp: in the time loop several times faster than `jnp.cos`, which reduces
    arguments of any size.
    """
    if jnp.dtype(dtype) == jnp.float64:
        inside = ((word & jnp.uint32(2**30 - 1)).astype(dtype) + 0.5) * 2.0**-30
        order = 10
    else:
        cell = (word & jnp.uint32(2**30 - 1)) >> jnp.uint32(7)
        inside = (cell.astype(jnp.int32).astype(dtype) + dtype(0.5)) * dtype(2.0**-23)
        order = 5
    a = dtype(np.pi / 2) * (inside - dtype(0.5))
    z, sin, cos = a * a, dtype(0), dtype(0)
    for k in reversed(range(order)):  # both divided by sqrt(2): cos(pi/4 + a) = (cos a - sin a)/sqrt(2)
        sin = sin * z + dtype((-1) ** k * math.sqrt(0.5) / math.factorial(2 * k + 1))
        cos = cos * z + dtype((-1) ** k * math.sqrt(0.5) / math.factorial(2 * k))
    sin = a * sin
    c, s = cos - sin, cos + sin
    one, two = jnp.uint32(2**31), jnp.uint32(2**30)
    return jnp.where(word >= one, -c, c), jnp.where((word & two) != 0, -s, s)


def bernoulli(words: Words, p: float) -> Array:
    """True with probability p up to 2^-64: the two words, read as one binary fraction, are below p."""
    if p >= 1:
        return jnp.ones(words.first.shape, bool)
    high, low = divmod(int(p * 2.0**64), 2**32)  # the product is exact, so only what lies below 2^-64 is cut off
    first, second = jnp.uint32(high), jnp.uint32(low)
    return (words.first < first) | ((words.first == first) & (words.second < second))


def index(words: Words, count: int) -> Array:
    """An integer 0 .. count-1 (uint32), floor(word count/2^32): equally likely up to count/2^32, exactly if 2^k."""
    if not 1 <= count < 2**16:
        raise UserError(f"cannot draw one of {count} equally likely values; give 1 to 65535")
    n, high, low = jnp.uint32(count), words.first >> jnp.uint32(16), words.first & jnp.uint32(0xFFFF)
    return (high * n + ((low * n) >> jnp.uint32(16))) >> jnp.uint32(16)


@dataclass(frozen=True)
class NoiseLaw:
    """A centred law on the reals: sampler, sup |xi|, E xi^2 and E xi^4 (inf if none), atoms if finite.

    `sample` turns two words into one value; `pair`, where it exists, turns them into two independent values.
    """

    name: str
    sample: Callable[[Words, DType], Array]
    bound: float
    variance: float
    atoms: Atoms | None = None
    pair: Pair | None = None
    fourth: float = math.inf


def _of_one_word(
    name: str,
    value: Callable[[Array, DType], Array],
    bound: float,
    variance: float,
    fourth: float,
    atoms: Atoms | None = None,
) -> NoiseLaw:
    """A law whose value is a function of a single word, so that two words make two values."""
    return NoiseLaw(
        name,
        lambda w, dtype: value(w.first, dtype),
        bound,
        variance,
        atoms,
        lambda w, dtype: (value(w.first, dtype), value(w.second, dtype)),
        fourth,
    )


def none() -> NoiseLaw:
    """No noise: xi = 0."""
    atoms = Atoms(np.zeros(1), np.ones(1))
    return _of_one_word("none", lambda w, dtype: jnp.zeros(w.shape, dtype), 0.0, 0.0, 0.0, atoms)


def rademacher(scale: float) -> NoiseLaw:
    """xi = +-scale, each with probability 1/2."""
    half = np.array([0.5, 0.5])
    return _of_one_word(
        "rademacher",
        lambda w, dtype: jnp.where(w >> jnp.uint32(31), dtype(scale), dtype(-scale)),
        scale,
        scale**2,
        scale**4,
        Atoms(np.array([scale, -scale]), half),
    )


def uniform(scale: float) -> NoiseLaw:
    """xi uniform on [-scale, scale] (on 2^32 midpoints: the variance scale^2/3 is exact up to a factor 1 - 2^-64)."""

    def value(w: Array, dtype: DType) -> Array:
        return dtype(scale) * (2 * uniform01(w, dtype) - 1)

    return _of_one_word("uniform", value, scale, scale**2 / 3, scale**4 / 5)


def rare_large(scale: float) -> NoiseLaw:
    """xi = +-scale/sqrt(p) with probability p/2 each, else 0; p = 2^-6, so +-8 scale, and E xi^2 = scale^2."""
    size, cut = scale / math.sqrt(RARE), int(RARE / 2 * 2**32)

    def value(w: Array, dtype: DType) -> Array:
        below, above = w < jnp.uint32(cut), w >= jnp.uint32(2**32 - cut)
        return jnp.where(below, dtype(size), jnp.where(above, dtype(-size), dtype(0)))

    atoms = Atoms(np.array([size, -size, 0.0]), np.array([RARE / 2, RARE / 2, 1 - RARE]))
    return _of_one_word("rare-large", value, size, scale**2, scale**4 / RARE, atoms)


def gaussian(scale: float) -> NoiseLaw:
    """xi normal with standard deviation `scale` (Box and Muller 1958, two words make two values): unbounded."""

    def pair(w: Words, dtype: DType) -> tuple[Array, Array]:
        radius = dtype(scale) * jnp.sqrt(-2 * jnp.log(uniform01(w.first, dtype)))
        cos, sin = circle(w.second, dtype)
        return radius * cos, radius * sin

    bound = math.inf if scale else 0.0
    return NoiseLaw("gaussian", lambda w, dtype: pair(w, dtype)[0], bound, scale**2, None, pair, 3 * scale**4)


def student(scale: float, df: float = 3.0) -> NoiseLaw:
    """xi = scale times Student's t with `df` degrees of freedom (Bailey 1994): unbounded, no moments from order df on.

    xi = scale sqrt(df (u^{-2/df} - 1)) cos(2 pi v).
    """

    def sample(w: Words, dtype: DType) -> Array:
        radius = jnp.sqrt(df * (uniform01(w.first, dtype) ** (-2 / df) - 1))
        return (dtype(scale) * radius * circle(w.second, dtype)[0]).astype(dtype)

    none = math.inf if scale else 0.0
    variance = scale**2 * df / (df - 2) if df > 2 else none
    fourth = 3 * scale**4 * df**2 / ((df - 2) * (df - 4)) if df > 4 else none
    return NoiseLaw("student-t", sample, none, variance, fourth=fourth)


LAWS: dict[str, Callable[[float], NoiseLaw]] = {
    "none": lambda scale: none(),
    "rademacher": rademacher,
    "uniform": uniform,
    "rare-large": rare_large,
    "gaussian": gaussian,
    "student-t": student,
}
NOISES = (*LAWS, "multiplicative")


def law(name: str, scale: float) -> NoiseLaw:
    """The law called `name` ("multiplicative": Rademacher, the oracle multiplies); unknown, scale < 0: `UserError`."""
    if name not in NOISES:
        raise unknown("noise", name, NOISES)
    Parameter(1.0, 0).refuse("noise scale", scale)
    return rademacher(scale) if name == "multiplicative" else LAWS[name](scale)
