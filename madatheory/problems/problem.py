"""What a problem is: a function with certified constants and an oracle that returns stochastic gradients.

Arrays have the coordinates on axis 0; trailing axes are independent trajectories.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from weakref import WeakKeyDictionary

import jax
import jax.numpy as jnp
import numpy as np

from madatheory.blame import blame
from madatheory.numpy_programs import evaluated

Array = Any
DType = type[np.floating]
"""np.float32 or np.float64, which also makes scalars of a run's type."""


@dataclass(frozen=True)
class Constant:
    """A `value` that enters a bound: on which `side` it errs, its `derivation`, and which `check` certifies it."""

    value: float
    side: Literal["exact", "upper", "lower"]
    derivation: str
    check: str


class Constants(NamedTuple):
    """L (smoothness, Euclidean), G (sup over x and noise of |g_i|) and F_star (infimum of F); `distance` =
    |x_0 - x_star| where F is convex and x_star a known minimizer, else None.

    Where A2 fails G is inf, and there is more to say: S = sup |d_i F|, sigma^2 = sup E|g - grad F|^2 and
    M4 = sup E|g - grad F|^4 over all x, each inf where it is. Left out, they follow from G.

    N = sum_i N_i where the Hessian is below the diagonal matrix of the N_i at all x: s.H(x)s <= sum_i N_i s_i^2. Left
    out, it is d L.
    """

    L: Constant
    G: Constant
    F_star: Constant
    distance: Constant | None = None
    S: Constant | None = None
    sigma: Constant | None = None
    M4: Constant | None = None
    N: Constant | None = None


class Words(NamedTuple):
    """Two independent uniform 32-bit words per requested entry, shape (entries, *trajectories)."""

    first: Array
    second: Array


Pair = Callable[[Words, Any], tuple[Array, Array]]  # (words, dtype) -> two independent values per entry


class Atoms(NamedTuple):
    """The finite law of one entry of the noise."""

    values: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True)
class Oracle:
    """How a stochastic gradient arises from noise words.

    entries          number of independent noise entries a step (d coordinatewise, 1 for a minibatch index, 0 for none)
    sample           words -> noise xi, shape (entries, *trajectories)
    gradient         (x, grad F(x), xi, t) -> g
    second_moment    (x, grad F(x), t) -> E g^2 per coordinate, or None when it is infinite or unknown
    atoms            finite law of each entry (independent, identical), or None: then no exact enumeration
    pair             words -> the noises xi of two trajectories, where two words suffice for both: halves the cost

    `xi` has shape (entries, *trajectories); a minibatch index is a float.
    """

    name: str
    entries: int
    sample: Callable[[Words, Any], Array]
    gradient: Callable[[Array, Array, Array, Array], Array]
    second_moment: Callable[[Array, Array, Array], Array] | None
    atoms: Atoms | None
    pair: Pair | None = None


@dataclass(frozen=True, eq=False)  # arrays inside: compared and hashed by identity
class Problem:
    """A stochastic problem min F over R^d (or over a box).

    `constants` is None where no certified L, F_star exist; `not_covered` maps an assumption (A1 .. A4) to the reason
    why it fails, which is what a theorem answers instead of a number. `value` takes (d, *batch) to (*batch).
    `gradient` is grad F; without it, automatic differentiation of `value`. `oracle` gives stochastic gradients,
    `start` is x_0 and has `dimension` entries; `parameters` are the options that `name` was made with, `summary` is one
    line for lists, and `facts` are what is known of the problem beyond its constants.
    """

    name: str
    summary: str
    dimension: int
    start: np.ndarray
    value: Callable[[Array], Array]
    oracle: Oracle
    constants: Constants | None
    gradient: Callable[[Array], Array] | None = None
    not_covered: Mapping[str, str] = field(default_factory=dict)
    box: tuple[float, float] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def full_gradient(self, x: Array) -> Array:
        """grad F(x), shape of x."""
        if self.gradient is not None:
            return self.gradient(x)
        return jax.grad(lambda y: jnp.sum(self.value(y)))(x)

    @property
    def gap(self) -> float:
        """D0 = F(x_0) - F_star."""
        if self.constants is None:
            raise ValueError(f"{self.name} has no certified constants")
        if self not in _AT_START:
            # in NumPy: without jit each operation is a program, compiled for every dimension
            value = evaluated(self.value, compiled=lambda value: lambda x: value(jnp.asarray(x)))
            blamed = blame(f"problem {self.name!r}, its value", self.value, "value takes (d, *batch) to (*batch)")
            with jax.enable_x64(True), blamed:
                _AT_START[self] = float(value(np.asarray(self.start, float)))
        return _AT_START[self] - self.constants.F_star.value


_AT_START: WeakKeyDictionary[Problem, float] = WeakKeyDictionary()
"""F(x_0) of problems, which each right side asks for; no attribute, of which the store would take note."""
