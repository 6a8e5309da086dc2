"""RMSProp: Tieleman and Hinton, lecture 6.5 of "Neural networks for machine learning", 2012; centred: Graves, 2013."""

from numpy.typing import ArrayLike

from madatheory.references.sequence import (
    Coefficient,
    ComplexAs,
    Correction,
    Decay,
    EpsPlace,
    RatePlace,
    Step,
    Vector,
    corrections,
    denominator,
    divided,
    followed,
    squared,
)


def run(
    x0: ArrayLike,
    gradients: ArrayLike,
    *,
    alpha: Coefficient,
    beta2: float,
    eps: float,
    eps_place: EpsPlace = "outside",
    bias_correction: Correction = False,
    initial: float = 0.0,
    centered: bool = False,
    momentum: float = 0.0,
    nesterov: bool = False,
    rate: RatePlace = "step",
    weight_decay: float = 0.0,
    decay: Decay = "coupled",
    complex_as: ComplexAs = "modulus",
) -> Vector:
    """MeanSquare_t = beta2 MeanSquare_{t-1} + (1-beta2) g_t^2; step alpha_t g_t/sqrt(MeanSquare_t).

    `centered` (Graves, "Generating sequences with recurrent neural networks", equations 38 to 41) subtracts the square
    of the mean gradient under the root; there eps is inside. A momentum b_t = momentum b_{t-1} + g_t/root moves x by
    alpha_t b_t, `nesterov` by alpha_t (momentum b_t + g_t/root); with `rate` "buffer" alpha_t g_t/root is added to the
    buffer, and x moves by the buffer itself.
    """

    def step(t: int, alpha: float, now: Vector, mean_square: Vector, mean: Vector, buffer: Vector) -> Step:
        mean_square = beta2 * mean_square + (1 - beta2) * squared(now)
        mean = beta2 * mean + (1 - beta2) * now
        c1, c2 = corrections(bias_correction, beta2, beta2, t)
        if centered:
            root = denominator(mean_square / c2 - squared(mean / c1), 1.0, eps, eps_place)
        else:
            root = denominator(mean_square, c2, eps, eps_place)
        inner, outer = (alpha, 1.0) if rate == "buffer" else (1.0, alpha)
        ratio = inner * divided(now, root)
        buffer = momentum * buffer + ratio
        return outer * (momentum * buffer + ratio if nesterov else buffer), (mean_square, mean, buffer)

    return followed(step, (initial, 0.0, 0.0), x0, gradients, alpha, weight_decay, decay, complex_as)
