"""F(x) = sum_j phi(a_j.x) whose Hessian at 0 is Q diag(j^-decay) Q^T: the same function, turned by any angle."""

import numpy as np
from scipy.linalg import expm

from madatheory.errors import UserError
from madatheory.hparams import whole
from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.problem import Problem
from madatheory.problems.ridges import Ridges, ridge_problem
from madatheory.problems.scalar import scalar_named


def build(
    d: int = 16,
    decay: float = 1.5,
    angle: float = 1.0,
    rotation_seed: int = 0,
    phi: str = "pseudo-huber",
    noise: str = "gaussian",
    scale: float = 0.01,
    start: float = 1.0,
) -> Problem:
    """Q = exp(`angle` S), S a random antisymmetric matrix by `rotation_seed`: 0 leaves the axes, 1 mixes all of them.

    a_j = j^(-decay/2) q_j, and the start is `start` sum_j q_j, so that F at all points and, for Gaussian noise, its law
    do not depend on Q but for the axes. With phi'' <= phi''(0) the Hessian H(x) is below that at 0, so the row sums of
    |H(0)| are N_i with s.H(x)s <= sum_i N_i s_i^2, and N = sum_ij |H_ij(0)|.
    """
    d = whole("dimension d", d, 1)
    if not (0 <= decay < np.inf and 0 <= angle < np.inf and rotation_seed >= 0):
        raise UserError(f"decay = {decay}, angle = {angle}, rotation_seed = {rotation_seed}: give numbers >= 0")
    normal = np.random.default_rng(rotation_seed).standard_normal((d, d))
    q = expm(angle * (normal - normal.T) / np.sqrt(d))
    scalar = scalar_named(phi)
    rows = (np.arange(1, d + 1) ** (-decay / 2))[:, None] * q.T
    return ridge_problem(
        "rotated",
        f"sum_j {scalar.formula} at a_j.x, eigenvalues j^-{decay:g} turned by {angle:g}",
        Ridges(scalar, rows, np.zeros(d), 1.0),
        start=start * q.sum(axis=1),
        noise=noise,
        scale=scale,
        parameters={
            "d": d,
            "decay": decay,
            "angle": angle,
            "rotation_seed": rotation_seed,
            "phi": phi,
            "noise": noise,
            "scale": scale,
            "start": start,
        },
    )


rotated = ProblemEntry("rotated", "one spectrum, axes turned by any angle: what depends on coordinates", build)
