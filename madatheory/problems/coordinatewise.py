"""Oracles that perturb each coordinate of grad F independently, and the constants that follow."""

import math
from fractions import Fraction

import jax.numpy as jnp
import numpy as np

from madatheory.hparams import ANY, whole
from madatheory.problems.noise_laws import NoiseLaw, law
from madatheory.problems.norms import inflated
from madatheory.problems.problem import Array, Atoms, Constant, Constants, DType, Oracle, Words

CHECK = "tests/problems/test_constants.py"


def round_up(value: float) -> float:
    """The next float above a positive value: a float result of one rounding becomes an upper bound."""
    return math.nextafter(value, math.inf) if value > 0 else value


def sum_up(a: float, b: float) -> float:
    """The least float >= a + b."""
    return _above(a + b, Fraction(a) + Fraction(b))


def product_up(a: float, b: float) -> float:
    """The least float >= a b."""
    return _above(a * b, Fraction(a) * Fraction(b))


def _above(value: float, exact: Fraction) -> float:
    return value if Fraction(value) >= exact else math.nextafter(value, math.inf)


def constant_start(d: int, value: float) -> np.ndarray:
    """The start (value, .., value) in dimension `d`; `UserError` unless d is an integer >= 1 and value is finite."""
    ANY.refuse("start", value)
    return np.full(whole("dimension d", d, 1), float(value))


def exact_oracle() -> Oracle:
    """g = grad F(x)."""
    return Oracle(
        "none",
        0,
        lambda w, dtype: jnp.zeros((0, *w.first.shape[1:]), dtype),
        lambda x, grad, xi, t: grad,
        lambda x, grad, t: grad * grad,
        Atoms(np.zeros(1), np.ones(1)),
    )


def coordinatewise(name: str, scale: float, d: int) -> tuple[Oracle, NoiseLaw]:
    """g = grad F(x) + xi, or g = (1 + xi) grad F(x) for the name "multiplicative"; xi has d independent entries."""
    noise = law(name, scale)
    if name == "none" or scale == 0:
        return exact_oracle(), law("none", 0)
    return oracle_of(noise, d, multiplicative=name == "multiplicative"), noise


def oracle_of(noise: NoiseLaw, d: int, *, multiplicative: bool = False) -> Oracle:
    """The oracle that adds a law's entries to grad F, or multiplies by one plus them."""
    variance = noise.variance

    def sample(words: Words, dtype: DType) -> Array:
        return noise.sample(words, dtype)

    if multiplicative:
        return Oracle(
            "multiplicative",
            d,
            sample,
            lambda x, grad, xi, t: (1 + xi) * grad,
            lambda x, grad, t: (1 + variance) * grad * grad,
            noise.atoms,
            noise.pair,
        )
    return Oracle(
        noise.name,
        d,
        sample,
        lambda x, grad, xi, t: grad + xi,
        (lambda x, grad, t: grad * grad + variance) if math.isfinite(variance) else None,
        noise.atoms,
        noise.pair,
    )


def bounded_gradient(slope: Constant, noise: NoiseLaw, *, multiplicative: bool) -> Constant:
    """G = sup |d_i F| + sup |xi|, or sup |d_i F| (1 + sup |xi|): the laws are symmetric, so both meet."""
    if noise.bound == 0:
        value, how = slope.value, "sup|d_i F|"
    elif multiplicative:
        value, how = product_up(slope.value, sum_up(1, noise.bound)), f"(1 + {noise.bound:g}) sup|d_i F|"
    else:
        value, how = sum_up(slope.value, noise.bound), f"sup|d_i F| + sup|xi|, sup|xi| = {noise.bound:g}"
    return Constant(value, slope.side, f"{how}; {slope.derivation}", f"{CHECK}::test_gradient_bound")


def certify(
    smoothness: Constant,
    slope: Constant,
    infimum: Constant,
    noise: NoiseLaw,
    d: int,
    *,
    multiplicative: bool,
    distance: Constant | None = None,
    N: Constant | None = None,
) -> tuple[Constants, dict[str, str]]:
    """The constants with this noise in d coordinates; G is inf, and the second value says why, where A2 fails."""
    if math.isinf(noise.bound):
        reason = f"{noise.name} noise is unbounded, so no G bounds the stochastic gradient"
        return Constants(smoothness, unbounded(reason), infimum, distance, slope, *moments(noise, d), N), {"A2": reason}
    size = slope.value if multiplicative else 1.0
    G = bounded_gradient(slope, noise, multiplicative=multiplicative)
    return Constants(smoothness, G, infimum, distance, slope, *moments(noise, d, size), N), {}


def distance_from(minimizer: float, start: np.ndarray, derivation: str) -> Constant:
    """|x_0 - x_star| for a convex F with the minimizer (minimizer, .., minimizer)."""
    x0 = np.asarray(start, dtype=float)
    value = inflated(float(np.linalg.norm(x0 - minimizer)), 2 * len(x0))
    return Constant(value, "upper", f"|x_0 - ({minimizer:g}, ..)|; {derivation}", f"{CHECK}::test_distance")


def unbounded(reason: str) -> Constant:
    """The supremum that does not exist."""
    return Constant(math.inf, "exact", reason, f"{CHECK}::test_gradient_bound")


def moments(noise: NoiseLaw, d: int, size: float = 1.0) -> tuple[Constant, Constant]:
    """sigma, the root of E|xi|^2, and M4 = E|xi|^4 of d independent entries of a law times at most `size`.

    E(sum xi_i^2)^2 = d E xi^4 + d (d-1) (E xi^2)^2.
    """
    second, fourth = noise.variance, noise.fourth
    cross = d * (d - 1) * second**2 if d > 1 else 0.0
    check = "tests/problems/test_noise_moments.py::test_moments_of_a_law_and_of_its_entries"
    sigma = round_up(math.sqrt(d * second)) * size
    about = f"{d} entries with E xi^2 = {second:g}" + (f", times sup|d_i F| = {size:g}" if size != 1 else "")
    M4 = round_up(round_up(d * fourth + cross)) * size**4
    return (
        Constant(sigma, "upper", f"root of E|xi|^2, {about}", check),
        Constant(M4, "upper", f"E|xi|^4, {about}, E xi^4 = {fourth:g}", check),
    )
