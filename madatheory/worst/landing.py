"""What the free search finds at large T, as two numbers: a flat maximum, a slope, a landing.

In units L = G = 1, with x increasing towards the minimum, F' = 0 for x < 0, then -x, -1 from 1 to 1+l, and 1 from 3+l
on, linear between: F'' is 0 or +-1. The run starts on the flat maximum, at delta < 1, where its gradients are small for
long, or on the slope. D0 = (1 - min(delta, 1)^2)/2 + l - max(delta - 1, 0) + 1/2.

All candidates of a generation are trajectories of one run of the engine: l is a second coordinate that never moves,
since its gradient is 0. So momentum and any optimizer of the package or a user's pass through at the engine's speed.
"""

import jax.numpy as jnp
import numpy as np

from madatheory.arithmetic import NUMPY
from madatheory.engine.backend.blocks import Job, run_blocks
from madatheory.engine.backend.loop import Batch
from madatheory.engine.backend.memory import BatchSource
from madatheory.engine.backend.numbering import Numbering
from madatheory.engine.noise import counter_noise
from madatheory.problems.coordinatewise import exact_oracle
from madatheory.problems.piecewise import Piecewise
from madatheory.problems.problem import Array, Problem
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Theorem, moments_from_bound
from madatheory.worst.unknowns import UNITS, Range, Unknowns

_LENGTH = Range(np.exp(-5.0), np.exp(9.0), "log")
_FLATTEST = -12.0  # ln of the least distance of the start from the maximum


def _split(x: Array) -> tuple[Array, ...]:
    """Position in units, l, L and G; without the two last coordinates both are 1."""
    position, length = x[:1], x[1:2]
    L, G = (x[2:3], x[3:4]) if x.shape[0] == 4 else (1.0, 1.0)
    return position * L / G, length, L, G


def _derivative(x: Array) -> Array:
    """F' in the first coordinate, 0 in the others, which only carry numbers."""
    position, length, _, G = _split(x)
    falling = -jnp.clip(position, 0.0, 1.0)
    slope = jnp.maximum(falling, jnp.clip(position - 2 - length, -1.0, 1.0))
    return jnp.concatenate([G * slope, jnp.zeros_like(x[1:])])


def _value(x: Array) -> Array:
    """F with F(0) = 0: its three parts, each with its quadratic ends."""
    position, length, L, G = _split(x)
    top, slope = jnp.clip(position, 0.0, 1.0), jnp.clip(position - 1, 0.0, length)
    end, beyond = jnp.clip(position - 1 - length, 0.0, 2.0), jnp.maximum(position - 3 - length, 0.0)
    return ((-0.5 * top**2 - slope - end + 0.5 * end**2 + beyond) * G**2 / L)[0]


def _family(dimension: int) -> Problem:
    start, summary = np.ones(dimension), "a flat maximum, a slope, a landing"
    return Problem("landing", summary, dimension, start, _value, exact_oracle(), None, _derivative)


_IN_UNITS, _WITH_UNITS = _family(2), _family(4)


def _batch_of(data: tuple[Array, dict[str, Array]], _: Array, candidate: Array) -> Batch:
    start, known = data
    which = candidate % start.shape[1]  # of a pair the last may be none
    hyper = {name: values[which] for name, values in known.items()}
    return Batch(start[:, which], hyper, (np.uint32(0), candidate[::2] // 2))


class Landing:
    """left/right of a theorem at `steps` steps on this family, for many candidates at once."""

    def __init__(self, theorem: Theorem, steps: int, unknowns: Unknowns) -> None:
        self._theorem, self._steps, self._unknowns = theorem, steps, unknowns
        self._method = theorem.optimizer()
        self.size = 2 + unknowns.size

    def _shape(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """delta, l and D0 in units, from the first two rows of `places` in [0, 1]."""
        length = np.asarray(_LENGTH.at(places[1], np))
        # the first half of the scale is the flat maximum, the second the slope
        flat = np.exp(_FLATTEST * (1 - np.minimum(2 * places[0], 1)))
        delta = np.where(places[0] <= 0.5, flat, 1 + length * np.maximum(2 * places[0] - 1, 0))
        gap = (1 - np.minimum(delta, 1) ** 2) / 2 + length - np.maximum(delta - 1, 0) + 0.5
        return delta, length, gap

    def ratios(self, places: np.ndarray) -> np.ndarray:
        """left/right of candidates, (size, n) numbers in [0, 1]; 0 where it is no number."""
        n = places.shape[1]
        delta, length, gap = self._shape(places)
        known = {k: np.broadcast_to(np.asarray(v, float), n) for k, v in self._unknowns.at(places[2:], np).items()}
        names = [name for name in known if name not in UNITS]
        L, G = known["L"], known["G"]
        in_units = bool(np.all((L == 1) & (G == 1)))
        problem = _IN_UNITS if in_units else _WITH_UNITS
        start = np.stack([delta, length] if in_units else [delta * G / L, length, L, G])
        job = Job(
            problem,
            self._method,
            self._theorem.left.statistics,
            counter_noise(problem, "threefry2x32-20"),
            BatchSource(_batch_of, (start, {name: known[name] for name in names}), Numbering(1, range(n))),
            np.array([self._steps], np.int32),
            self._steps,
            "float64",
        )
        values = run_blocks(job, workers=1).values
        measured = {s.name: v[:, 0] for s, v in zip(job.statistics, values, strict=True)}
        fields = {**self._method.traits.get("pinned", {}), **self._theorem.symbols, **known}
        fields = {name: value for name, value in fields.items() if name in Quantities._fields}
        line = {"T": float(self._steps), "d": 1.0, "D0": gap * G**2 / L, "N": L}
        q = Quantities(**{**fields, **moments_from_bound(G, 1.0), **line})
        with np.errstate(all="ignore"):
            found = self._theorem.left.at(measured, q, NUMPY) / self._theorem.bound(q, NUMPY)
        return np.where(np.isfinite(found) & (found > 0), found, 0.0)

    def found(self, places: np.ndarray) -> tuple[dict[str, float], Piecewise]:
        """Hyper-parameters and function of one candidate, (size,) numbers in [0, 1]."""
        known = {name: float(value) for name, value in self._unknowns.at(places[2:], np).items()}
        delta, length, _ = (float(value) for value in self._shape(places))
        scale, G = known["G"] / known["L"], known["G"]
        hyper = {name: value for name, value in known.items() if name not in UNITS}
        knots = tuple(scale * x for x in (0.0, 1.0, 1 + length, 3 + length))
        return hyper, Piecewise(knots, (0.0, -G, -G, G), scale * delta)
