"""Recurrences as black boxes: targets for the tests of `identify`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from madatheory.identities.recognition.candidate import Candidate
from madatheory.identities.recognition.conventions import FAMILIES
from madatheory.identities.recognition.family import Family
from madatheory.identities.targets.target import Target, Tensor

FAMILY: Mapping[str, Family] = {family.name: family for family in FAMILIES}
DEFAULTS = {"beta1": 0.9, "beta2": 0.99, "beta3": 0.95, "eps": 1e-6, "eps_root": 0.0, "momentum": 0.9}
NAMES = ["lr", "beta1", "beta2", "eps"]
Run = Callable[..., Any]


class BoxStepper:
    """Runs a whole recurrence again at each step: slow, and nothing can leak."""

    def __init__(self, run: Run, x0: Sequence[Tensor], values: Mapping[str, Any]) -> None:
        (self.x0,) = self.x = [np.array(x) for x in x0]
        self.run, self.values, self.seen = run, values, []

    def parameters(self) -> list[Tensor]:
        return list(self.x)

    def step(self, gradients: Sequence[Tensor | None]) -> None:
        self.seen.append(gradients[0])
        self.x = [self.run(self.x0, np.array(self.seen), self.values)[-1]]

    def save(self) -> Any: ...

    def load(self, saved: Any) -> Any: ...

    def state(self) -> list[Tensor]:
        return []

    def moments(self) -> dict[str, list[Tensor]]:
        return {}


def box(run: Run, names: Sequence[str], **fixed: float) -> Target:
    """A target of `run(x0, gradients, values)` with the settings `names`; `fixed` values are hidden from everyone."""
    known = {name: value for name, value in DEFAULTS.items() if name in names}
    hidden = {**DEFAULTS, "lr": 0.1, **fixed}

    def start(x0: Sequence[Tensor], settings: Mapping[str, Any]) -> BoxStepper:
        return BoxStepper(run, x0, {**hidden, **settings})

    return Target("black box", "functions", start, frozenset(names), known, frozenset({"complex"}))


def disguised(candidate: Candidate, **fixed: float) -> Target:
    """A candidate as a black box with all of its settings."""
    family = candidate.family
    names = {name for choices in family.hyper.values() for name in choices[:1]}

    def run(x0: Tensor, g: Tensor, values: Mapping[str, Any]) -> Tensor:
        arguments = candidate.arguments({name: values[name] for name in values if name in {*names, *family.fitted}})
        assert arguments is not None
        if not family.plain:
            arguments |= {"weight_decay": values.get("weight_decay", 0.0)}
        return family.run(x0, g, **arguments)

    return box(run, sorted(names if family.plain else {*names, "weight_decay"}), **fixed)


def by_hand(
    x0: Tensor, g: Tensor, values: Mapping[str, Any], *, late: int = 0, scale: float = 1.0, cast: Any = np.float64
) -> Tensor:
    """Adam typed once more, with a bias correction `late` steps behind, updates `scale` times as long, v in `cast`."""
    x, m, v, path = x0, 0 * x0, np.zeros(x0.shape), []
    for t, now in enumerate(g, start=1):
        m = m + (1 - values["beta1"]) * (now - m)
        v = v + (1 - values["beta2"]) * (np.abs(now) ** 2 - v)
        v = v.astype(cast).astype(np.float64)
        size = values["lr"] * scale * np.sqrt(1 - values["beta2"] ** max(t - late, 1)) / (1 - values["beta1"] ** t)
        x = x - size * m / (np.sqrt(v) + values["eps"] * np.sqrt(1 - values["beta2"] ** max(t - late, 1)))
        path.append(x)
    return np.array(path)
