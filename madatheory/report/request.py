"""What a report on a theorem measures: the theorem, problems, sizes, seed; and the run that is drawn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from madatheory.defaults import CONFIDENCE
from madatheory.errors import UserError
from madatheory.hparams import hypers
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem
from madatheory.theory.theorem import Setting, Theorem
from madatheory.worst.instance_file import WorstInstance

TIMES = 40
"""At how many times the left side is drawn."""
_PREFERRED = ("ratio", "reddi-online")


@dataclass(frozen=True)
class TheoremRequest:
    """What is measured: a theorem, problems, sizes, seed, and a (stored) `simulate`."""

    theorem: Theorem
    problems: tuple[Problem, ...]
    instances: tuple[WorstInstance, ...]
    steps: int
    num_trajectories: int
    seed: int
    simulate: Callable[..., xr.Dataset]
    confidence: float = CONFIDENCE

    @cached_property
    def optimizer(self) -> Optimizer:
        """The method that the theorem is about."""
        return self.theorem.optimizer()

    @cached_property
    def hyper(self) -> dict[str, float]:
        """The theorem's own hyper-parameters; of a grid the first point."""
        return next(hypers(self.optimizer.grid(self.theorem.settings)))

    @cached_property
    def applicable(self) -> tuple[Problem, ...]:
        """The problems to which the theorem applies."""
        return tuple(p for p in self.problems if not self.theorem.reasons(self.at(p)))

    @property
    def shown(self) -> Problem:
        """The problem that the charts show; `UserError` where none applies."""
        for problem in sorted(self.applicable, key=lambda p: (p.name not in _PREFERRED,)):
            return problem
        raise UserError(
            f"{self.theorem.name} applies to none of these problems ({', '.join(p.name for p in self.problems)}), so "
            "nothing was measured: name others, or change its conditions"
        )

    @property
    def times(self) -> np.ndarray:
        """Recorded times of the run that is drawn."""
        return np.unique(np.round(np.geomspace(1, self.steps, TIMES)).astype(int))

    def at(self, problem: Problem, hyper: Mapping[str, float] | None = None) -> Setting:
        """The theorem's method on a problem."""
        return Setting(problem, self.optimizer, self.hyper if hyper is None else dict(hyper), self.steps)

    def run(self) -> xr.Dataset:
        """The run that is drawn: everything that the chain measures, on the problem that is shown."""
        return self.simulate(
            self.shown,
            self.optimizer,
            self.steps,
            num_trajectories=self.num_trajectories,
            seed=self.seed,
            settings=self.hyper,
            statistics=self.theorem.statistics,
            save_at=self.times,
        )
