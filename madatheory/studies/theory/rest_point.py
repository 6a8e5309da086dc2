"""Where a learned rho comes to rest on periodic linear losses, and which way the iterate then moves: no simulation."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from madatheory.errors import UserError, unknown

_GRID = np.linspace(0, 1, 2001)[1:-1]


class Rest(NamedTuple):
    """Where rho comes to rest, and which way x then moves per period: `drift` > 0 is downhill, to -1."""

    rho: float
    drift: float


class Period:
    """One period of a member on losses f_t = slopes[t mod period] x, once its averages have become periodic.

    For eps = 0 and slowly falling alpha_t: m, v and n are periodic, and their second-moment reference w, the mean or
    the maximum of v over the period, is constant. With D_k = g_k - g_(k-1), v averages (g_k + beta3 D_k)^2, and a step
    goes along a_k = m_k + beta3 n_k (`madatheory.optimizers.update`, c = gamma = 1).
    """

    def __init__(
        self, slopes: Sequence[float], beta2: float, reference: str, *, beta1: float = 0.0, beta3: float = 0.0
    ) -> None:
        if reference not in ("mean", "max"):
            raise unknown("second-moment reference", reference, ("mean", "max"))
        self.g = np.asarray(slopes, dtype=float)
        difference = self.g - np.roll(self.g, 1)
        self.v = self._periodic(beta2, (self.g + beta3 * difference) ** 2)
        self.w = self.v.mean() if reference == "mean" else self.v.max()
        self.a = self._periodic(beta1, self.g) + beta3 * self._periodic(beta3, difference)

    def _periodic(self, decay: float, values: np.ndarray) -> np.ndarray:
        """(1-decay) sum_j decay^j values_(k-j), geometric over whole periods."""
        period = len(values)
        back = (np.arange(period)[:, None] - np.arange(period)) % period
        return (1 - decay) / (1 - decay**period) * (decay**back @ values)

    def _mixed(self, rho: float) -> np.ndarray:
        return rho * self.v + (1 - rho) * self.w

    def push(self, rho: float) -> float:
        """What rho moves against over a period: U = sum_k g_(k+1) a_k (v_k - w)/(rho v_k + (1-rho) w)^(3/2).

        A projection of x plays no part in it, as it plays none in the hyper-gradient.
        """
        return float(np.sum(np.roll(self.g, -1) * self.a * (self.v - self.w) / self._mixed(rho) ** 1.5))

    def drift(self, rho: float) -> float:
        """What x moves against over a period: sum_k a_k/sqrt(rho v_k + (1-rho) w)."""
        return float(np.sum(self.a / np.sqrt(self._mixed(rho))))

    def rest(self) -> Rest:
        """Where `push` crosses 0 upwards; 0 if it is positive on (0, 1), 1 if it is negative.

        `UserError` if it crosses 0 otherwise or more than once: then it depends on the start.
        """
        at = _crossing(self.push, upwards=True)
        if at is None:
            raise UserError(f"slopes = {self.g.tolist()!r}: the rest point of rho is not the same for all starts")
        return Rest(at, self.drift(at))

    def turning(self) -> float:
        """The rho below which x moves downhill and above which uphill; `UserError` if there is no such rho."""
        at = _crossing(self.drift, upwards=False)
        if at is None:
            raise UserError(f"slopes = {self.g.tolist()!r}: the direction of x does not turn once in rho")
        return at


def _crossing(function: Callable[[float], float], upwards: bool) -> float | None:
    """Where the function crosses 0 once on (0, 1), in the given direction; an end if it does not; None if otherwise."""
    signs = np.sign([function(rho) for rho in _GRID]) * (1 if upwards else -1)
    changes = np.flatnonzero(np.diff(signs))
    if len(changes) == 0:
        return 0.0 if signs[0] > 0 else 1.0
    if len(changes) == 1 and signs[0] < 0:
        at = changes[0]
        return float(brentq(function, _GRID[at], _GRID[at + 1]))  # pyright: ignore[reportArgumentType]
    return None
