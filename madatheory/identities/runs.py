"""Runs of a target, remembered so that a failure can be shown as a snippet that anyone can run."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from madatheory.identities.target import Stepper, Target, Tensor, open_loop

Trait = bool


class Runs:
    """What an identity is given: the target, its traits, and runs of it.

    `runs(x0, gradients, **settings)` is the open-loop map for one tensor: x0 of any shape, gradients (T, *shape),
    result (T, *shape). `runs.many(x0s, gradients, **settings)` is the same for several tensors; gradients are then a
    list over steps of lists over tensors, None where a tensor has no gradient, and so is the result. `runs.start` gives
    a stepper for whatever is not a plain run. Fixed settings of the check (the step size) are filled in.
    """

    def __init__(self, target: Target, traits: Mapping[str, Trait], settings: Mapping[str, Any]) -> None:
        self.target, self.traits, self.settings = target, traits, dict(settings)
        self.log: list[str] = []

    def __call__(self, x0: Tensor, gradients: Any, **settings: Any) -> Tensor:
        given = np.asarray(gradients)
        path = self.many([x0], [[g] for g in given], _note=False, **settings)
        self._note("run", x0, given, settings)
        return np.stack([step[0] for step in path])

    def many(
        self,
        x0: Sequence[Tensor],
        gradients: Sequence[Sequence[Tensor | None]],
        *,
        _note: bool = True,
        **settings: Any,
    ) -> list[list[Tensor]]:
        """x_1 .. x_T for several tensors."""
        if _note:
            self._note("run.many", list(x0), [list(g) for g in gradients], settings)
        return open_loop(self.target, x0, gradients, self._with(settings))

    def start(self, x0: Sequence[Tensor], **settings: Any) -> Stepper:
        """A stepper at x0."""
        self._note("run.start", list(x0), None, settings)
        return self.target.begin(x0, self._with(settings))

    def value(self, setting: str) -> Any:
        """The value of a setting in a run that does not give it."""
        return self.settings[setting] if setting in self.settings else self.target.value(setting)

    def _with(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {**self.settings, **settings}

    def _note(self, call: str, x0: Any, gradients: Any, settings: Mapping[str, Any]) -> None:
        parts = [literal(x0)] + ([literal(gradients)] if gradients is not None else [])
        parts += [f"{name}={value!r}" for name, value in self._with(settings).items()]
        self.log.append(f"{call}({', '.join(parts)})")

    def snippet(self) -> str:
        """The runs so far as a program of their own; without hypothesis."""
        lines = ["import numpy as np", "from madatheory.identities import runs_of", *self.target.code.splitlines()]
        lines += ["run = runs_of(optimizer)"]
        names = [f"path{i}" if len(self.log) > 1 else "path" for i in range(len(self.log))]
        lines += [f"{name} = {call}" for name, call in zip(names, self.log, strict=True)]
        lines += [f"print({name})" for name, call in zip(names, self.log, strict=True) if ".start(" not in call]
        return "\n".join(lines)


def literal(value: Any) -> str:
    """Python code for a tensor, or for lists of tensors and None."""
    if value is None:
        return "None"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    array = np.asarray(value)
    name = str(array.dtype)
    kind = f"np.{name}" if hasattr(np, name) else f'__import__("ml_dtypes").{name}'
    if array.size == 0:
        return f"np.zeros({array.shape}, {kind})"
    numbers = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64).tolist()
    return f"np.array({numbers!r}, {kind})".replace("nan", "np.nan").replace("inf", "np.inf")
