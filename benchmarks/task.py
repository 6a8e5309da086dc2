"""What every contender is asked to do: one problem, one arithmetic, one statistic.

F(x) = sum_j x_j^2/(1 + x_j^2), start x = 1, g_t = grad F(x_{t-1}) + xi_t in float32, constant step. Adam in its usual
form (bias corrections, eps outside the root); AVGrad the same with vbar_t = ((t-1) vbar_{t-1} + v_t)/t in place of v_t;
MADA with vhat_t = rho_t v_t + (1-rho_t) vbar_t, rho_0 = 1, and the one-step hyper-gradient

    h_t = -sum_i g_{t,i} d delta_{t-1,i}/d rho,      rho_t = clip(rho_{t-1} - kappa h_t, 0, 1).

The answer is the mean over steps of |grad F(x_{t-1})|^2, one number per trajectory.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from madatheory.errors import UserError, unknown

ALPHA, BETA1, BETA2, EPS, KAPPA = 1e-3, 0.9, 0.999, 1e-8, 10.0
OPTIMIZERS = ("adam", "avgrad", "mada", "mada-all")
NOISES = ("normal", "uniform")
GENERATORS = ("threefry", "hash", "own")
PROBLEMS = ("ratio", "reddi")
GOLDEN, SPREAD = 0x9E3779B9, 0x85EBCA6B  # of the hash generator: word(sid, t) = mix(mix(t G ^ sid) + (sid S ^ seed))

Execution = Callable[[int], np.ndarray]
"""seed -> the statistic, shape (B,), when the work is done."""


@dataclass(frozen=True)
class Workload:
    """`B` trajectories in `d` dimensions for `T` steps; noise normal (variance 1) or uniform on [-1, 1].

    `generator`: of the noise words, where the contender lets one choose. problem "reddi": one trajectory of f_t = 1010x
    once in 101 steps, else -10x, on [-1, 1]; the statistic is the final x, and "mada-all" learns all coefficients.
    """

    optimizer: str = "adam"
    B: int = 1024
    d: int = 1
    T: int = 1000
    noise: str = "uniform"
    generator: str = "own"
    problem: str = "ratio"
    alpha: float = ALPHA
    beta2: float = BETA2

    def __post_init__(self) -> None:
        for kind, value, known in (
            ("optimizer", self.optimizer, OPTIMIZERS),
            ("noise", self.noise, NOISES),
            ("generator", self.generator, GENERATORS),
            ("benchmark problem", self.problem, PROBLEMS),
        ):
            if value not in known:
                raise unknown(kind, value, known)
        for name in ("B", "d", "T"):
            if getattr(self, name) < 1:
                raise UserError(f"task: {name} = {getattr(self, name)}; give an integer >= 1")

    @property
    def updates(self) -> int:
        """Coordinate updates of one run, T B d."""
        return self.T * self.B * self.d

    def as_dict(self) -> dict[str, Any]:
        """For a line of JSON."""
        return asdict(self)


class NotOffered(Exception):
    """The contender does not do this task; the message says what it lacks."""
