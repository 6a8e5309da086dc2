"""What an optimizer is here: two pure functions on arrays, and the facts that checks need to know about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from madatheory.hparams import Grid, Hyper, Parameter, Settings, complete, grid_of

Array = Any
State = dict[str, Any]


class Clock(NamedTuple):
    """Where in the run a step is: `t` = 1, 2, .. as a float scalar, and the horizon `T` (nan where there is none)."""

    t: Array
    T: Array


class Step(NamedTuple):
    """One step: x_t = x_{t-1} - delta, and what the proofs look at.

    `eta` is the coordinatewise step size: delta = eta * m for a method without bias correction, gradient difference and
    sign part. `b` = (alpha/eta)^2 with alpha the hyper-parameter before its schedule, so that eta = alpha/sqrt(b).
    `m`, `v` are the moments after the step and `vhat` the second moment in the denominator. All have the shape of g;
    what a method does not have is 0, and nan for an optimizer of another library.
    """

    delta: Array
    eta: Array
    b: Array
    m: Array
    v: Array
    vhat: Array


@dataclass(frozen=True)
class Optimizer:
    """An optimizer as a pair of pure functions with hyper-parameters as data.

    `init(hyper, x)` gives the state, `step(hyper, state, g, clock)` the `Step` and the next state. Arrays have the
    coordinates on axis 0; trailing axes are independent trajectories, against which the entries of `hyper` broadcast.
    `traits` are facts that theorems ask for, e.g. {"form": "theory", "reference": "mean", "schedule": "inverse_sqrt"}.
    `name` and `summary` are for lists and messages, `source` is the paper.
    `compensated`, where given, is the same method for single precision and many millions of steps.
    `observe(state, x)`, where given, is told the iterate after a projection moved it off x_{t-1} - delta.
    """

    name: str
    summary: str
    parameters: Mapping[str, Parameter]
    init: Callable[[Hyper, Array], State]
    step: Callable[[Hyper, State, Array, Clock], tuple[Step, State]]
    traits: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    observe: Callable[[State, Array], State] | None = None
    compensated: "Optimizer | None" = None

    def hyper(self, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Defaults overridden by `given`; unknown names and values out of range raise `UserError`."""
        return complete(self.name, self.parameters, given)

    def grid(self, settings: Settings | None = None) -> Grid:
        """The grid of hyper-parameters that `settings` ask for, checked; bad ones raise `UserError`."""
        return grid_of(self.name, self.parameters, settings)

    def defaults(self, **values: float) -> "Optimizer":
        """The same optimizer with other default hyper-parameters."""
        self.hyper(values)
        changed = {name: replace(self.parameters[name], default=value) for name, value in values.items()}
        same = None if self.compensated is None else self.compensated.defaults(**values)
        return replace(self, parameters={**self.parameters, **changed}, compensated=same)
