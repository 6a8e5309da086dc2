"""One case of a theorem: a function on the line, hyper-parameters, a number of steps; nothing about it is trusted."""

from collections.abc import Mapping
from dataclasses import dataclass

from madatheory.problems.piecewise import Piecewise, float_above, piecewise
from madatheory.problems.problem import Problem
from madatheory.theory.theorem import Setting, Theorem


@dataclass(frozen=True)
class Instance:
    """`theorem` after `steps` steps at `hyper` (every hyper-parameter of its method) on the function `shape`.

    `L`, `G` and `D0` are declared: the right side is computed with them. `with_exact_constants` takes the least ones.
    """

    theorem: Theorem
    steps: int
    hyper: Mapping[str, float]
    shape: Piecewise
    L: float
    G: float
    D0: float

    def problem(self, name: str = "worst-found", summary: str = "a worst-case instance") -> Problem:
        """The function as a problem of the package; `UserError` where it is none with these constants."""
        return piecewise(name, summary, self.shape, L=self.L, G=self.G, D0=self.D0)

    def setting(self) -> Setting:
        """What the theorem's conditions are asked about."""
        return Setting(self.problem(), self.theorem.optimizer(), self.hyper, self.steps)


def with_exact_constants(theorem: Theorem, steps: int, hyper: Mapping[str, float], shape: Piecewise) -> Instance:
    """The instance that declares the least L, G and D0, rounded up; `UserError` where F is unbounded below."""
    return Instance(theorem, steps, hyper, shape, *[float_above(value) for value in shape.bounds])
