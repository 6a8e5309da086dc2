"""Three coordinates, one failure mode each: an instance built so that neither Adam nor AVGrad is best on it.

Coordinate 1 falls off a cliff onto a plateau (large gradients at first, small ones for the rest: an average of the
second moment remembers the cliff). Coordinate 2 is noise around a minimum (the error grows with the step size).
Coordinate 3 is steep and almost without noise (a forgetful second moment makes the step grow until it oscillates).
"""

import jax
import jax.numpy as jnp
import numpy as np

from madatheory.errors import UserError
from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.coordinatewise import CHECK, round_up
from madatheory.problems.problem import Array, Atoms, Constant, Constants, Oracle, Problem

CLIFF, EDGE, PLATEAU, BOWL, STEEP = 200.0, 20.0, 0.5, 2.0, 1e4
START = (30.0, 0.0, 1.0)


def build(noise: float = 4.0, steep_noise: float = 0.1) -> Problem:
    """F(x) = .5 h(x_1) + 200 ln(1+exp(x_1-20)) + 2 h(x_2) + 10^4 h(x_3), h(x) = sqrt(1+x^2) - 1, from (30, 0, 1).

    Rademacher noise of size 0, `noise` and `steep_noise` on the three coordinates. L = 10^4 (the Hessian is diagonal),
    G = max(200.5, 2 + noise, 10^4 + steep_noise), F_star >= 0.
    """
    for name, size in (("noise", noise), ("steep_noise", steep_noise)):
        if not 0 <= size < np.inf:
            raise UserError(f"cliff-noise-steep: {name} = {size:g} is out of range: give a finite number >= 0")
    scales, slopes = np.array([0.0, noise, steep_noise]), np.array([PLATEAU, BOWL, STEEP])

    def column(values: np.ndarray, x: Array) -> Array:
        return jnp.asarray(values, x.dtype).reshape(3, *(1,) * (x.ndim - 1))

    def value(x: Array) -> Array:
        # sqrt(1+x^2) - 1 without cancellation near 0
        bowls = column(slopes, x) * x * x / (jnp.sqrt(1 + x * x) + 1)
        return jnp.sum(bowls, axis=0) + CLIFF * jnp.logaddexp(x[0] - EDGE, 0.0)

    def gradient(x: Array) -> Array:
        smooth = column(slopes, x) * x / jnp.sqrt(1 + x * x)
        return jnp.concatenate([smooth[:1] + CLIFF * jax.nn.sigmoid(x[:1] - EDGE), smooth[1:]])

    oracle = Oracle(
        "rademacher",
        3,
        lambda w, dtype: jnp.where(w.first >> jnp.uint32(31), dtype(1), dtype(-1)),
        lambda x, grad, xi, t: grad + column(scales, x) * xi,
        lambda x, grad, t: grad * grad + column(scales**2, x),
        Atoms(np.array([1.0, -1.0]), np.array([0.5, 0.5])),
    )
    G = round_up(max(PLATEAU + CLIFF, BOWL + noise, STEEP + steep_noise))
    constants = Constants(
        Constant(STEEP, "exact", "F_3'' = 10^4 at 0; F_1'' <= .5 + 200/4 and F_2'' <= 2", f"{CHECK}::test_smoothness"),
        Constant(
            G, "upper", "|F_1'| < .5 + 200, |F_2'| < 2, |F_3'| < 10^4, plus the noise", f"{CHECK}::test_gradient_bound"
        ),
        Constant(0.0, "lower", "every term is positive", f"{CHECK}::test_infimum"),
    )
    return Problem(
        name="cliff-noise-steep",
        summary="three coordinates, one failure mode each (constructed on purpose)",
        dimension=3,
        start=np.array(START),
        value=value,
        oracle=oracle,
        constants=constants,
        gradient=gradient,
        parameters={"noise": noise, "steep_noise": steep_noise},
    )


cliff_noise_steep = ProblemEntry(
    "cliff-noise-steep", "one failure mode per coordinate, constructed so that an interior rho wins", build
)
