"""A target: any optimizer of any framework, reduced to its open-loop map run(x0, g_1 .. g_T) -> x_1 .. x_T."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from madatheory.errors import UserError

Tensor = np.ndarray
SettingValue = bool | float | str | Sequence[float]
"""Of a hyper-parameter; in the execution mode "groups" one per tensor, in "scheduled" one per step."""
SETTINGS = {
    "lr": "the step size",
    "beta1": "decay of the first moment",
    "beta2": "decay of the second moment",
    "beta3": "decay of a third moment",
    "rho": "1: Adam's second moment; 0: its average or maximum (MADA)",
    "c": "1: Adam's second moment; 0: Yogi's (MADA)",
    "gamma": "1: the moment ratio; 0: Lion's sign (MADA)",
    "eps": "what keeps the denominator from zero",
    "eps_root": "a second such constant, under the root",
    "momentum": "decay of a momentum buffer",
    "weight_decay": "the coefficient of the decay of the weights",
    "maximize": "ascend instead of descend",
    "every": "how many gradients are accumulated for one update",
    "kahan": "keep what rounding loses of every update",
}
"""The neutral names of hyper-parameters; an adapter translates them."""


class Unsettable(UserError):
    """The optimizer has no hyper-parameter of this name."""


class Unusable(UserError):
    """The optimizer cannot be built or stepped like this; the message says why and what to do."""


class Misbehaved(Exception):
    """The optimizer raised or returned something of the wrong structure: a finding, not a mistake of the suite."""


class Stepper(Protocol):
    """A running optimizer with its parameters."""

    def parameters(self) -> list[Tensor]:
        """Copies of the current parameters."""
        ...

    def step(self, gradients: Sequence[Tensor | None]) -> None:
        """One step with one gradient per tensor; None: the tensor has none."""
        ...

    def save(self) -> Any:
        """Parameters and state in the form that the framework writes to a checkpoint."""
        ...

    def load(self, saved: Any) -> "Stepper":
        """A fresh stepper that goes on from `saved`."""
        ...

    def state(self) -> list[Tensor]:
        """Copies of all arrays of the state, in a fixed order."""
        ...

    def moments(self) -> dict[str, list[Tensor]]:
        """The moments that the framework's usual names reveal: "m", "v", "vmax" -> one array per tensor; {} if none."""
        ...


@dataclass(frozen=True)
class Target:
    """An optimizer under test.

    `start(x0, settings)` builds a `Stepper` with the neutral settings given and the factory's defaults otherwise;
    `settable` are the names it accepts, `defaults` the values it uses when not told, where known. `abilities`:
    "missing gradients", "several tensors", "complex", "jit" (a function of arrays that JAX may trace), "compiled" (a
    compiler arranges its arithmetic), "copies", "groups", "closure", "foreach", "fused", "differentiable". `code`
    rebuilds it as `optimizer`, in a snippet. `modes` are execution modes that must make no difference, other starts of
    the same optimizer ("eager", "scan", "groups", "one buffer", ...); each is an ability, too. `own` are arguments of
    the factory that have no neutral name, with their defaults; `vary` gives the target with some of them set.
    """

    name: str
    framework: str
    start: Callable[[Sequence[Tensor], Mapping[str, Any]], Stepper]
    settable: frozenset[str] = frozenset()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    abilities: frozenset[str] = frozenset()
    code: str = ""
    factory: Any = None
    modes: Mapping[str, Callable[[Sequence[Tensor], Mapping[str, Any]], Stepper]] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)
    vary: Callable[[Mapping[str, Any]], "Target"] | None = None

    def begin(self, x0: Sequence[Tensor], settings: Mapping[str, Any], mode: str = "") -> Stepper:
        """`start`, or another of `modes`, after a check that every setting exists."""
        if mode and mode not in self.modes:
            raise Unsettable(f"{self.name} has no execution mode {mode!r}")
        for name in settings:
            if name not in self.settable:
                raise Unsettable(f"{self.name} has no setting {name!r}; it has {', '.join(sorted(self.settable))}")
        return self.modes[mode](x0, settings) if mode else self.start(x0, settings)

    def value(self, setting: str) -> Any:
        """The default of a setting; `Unsettable` if it is not known."""
        if setting not in self.defaults:
            raise Unsettable(f"{self.name}: the default of {setting!r} is not known")
        return self.defaults[setting]


def open_loop(
    target: Target,
    x0: Sequence[Tensor],
    gradients: Sequence[Sequence[Tensor | None]],
    settings: Mapping[str, Any],
    mode: str = "",
) -> list[list[Tensor]]:
    """x_1 .. x_T, each a list of tensors."""
    stepper, path = target.begin(x0, settings, mode), []
    for now in gradients:
        stepper.step(now)
        path.append(stepper.parameters())
    return path
