"""One generation of differential evolution (Storn and Price 1997, best/1/bin), for several populations at once."""

import numpy as np


def trials(
    places: np.ndarray, values: np.ndarray, rng: np.random.Generator, *, within_unit: bool = False
) -> np.ndarray:
    """What is tried in place of each candidate: (.., size, n) from candidates of that shape and their values (.., n).

    A mutant is the best candidate plus a share of the difference of two; it gives seven in ten of its coordinates, at
    least one. With `within_unit` a coordinate that leaves [0, 1] is drawn anew.
    """
    *several, size, n = places.shape
    best = np.argmax(values, axis=-1)[..., None, None]
    first, second = rng.integers(n, size=(2, *several, 1, n))
    difference = np.take_along_axis(places, first, -1) - np.take_along_axis(places, second, -1)
    mutants = np.take_along_axis(places, best, -1) + rng.uniform(0.5, 1.0, size=(*several, 1, 1)) * difference
    if within_unit:
        mutants = np.where((mutants < 0) | (mutants > 1), rng.random(mutants.shape), mutants)
    one = rng.integers(size, size=(*several, 1, n))
    kept = (rng.random(mutants.shape) > 0.7) & (np.arange(size)[:, None] != one)
    return np.where(kept, places, mutants)
