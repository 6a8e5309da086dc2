"""Runs of a target, remembered so that a failure can be shown as a snippet that anyone can run."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from madatheory.deprecated import renamed
from madatheory.identities.targets.target import SettingValue, Stepper, Target, Tensor, open_loop


class Runs:
    """What an identity is given: the target, its traits, and runs of it.

    `runs(x0, gradients, **settings)` is the open-loop map for one tensor: x0 of any shape, gradients (T, *shape),
    result (T, *shape). `runs.many(x0s, gradients, **settings)` is the same for several tensors; gradients are then a
    list over steps of lists over tensors, None where a tensor has no gradient, and so is the result. `runs.start` gives
    a stepper for whatever is not a plain run. `mode` is another execution mode of the same optimizer
    (`Target.modes`). Fixed settings of the check (the step size) are filled in. `method` is the published method that
    the optimizer says it is ("" if it does not say), `declared` are the traits that its author declares it to have.
    """

    def __init__(
        self,
        target: Target,
        traits: Mapping[str, bool],
        settings: Mapping[str, Any],
        method: str = "",
        declared: frozenset[str] = frozenset(),
    ) -> None:
        self.target, self.traits, self.settings = target, traits, dict(settings)
        self.method, self.declared = method, declared
        self.log: list[str] = []

    @renamed(way="mode")
    def __call__(self, x0: Tensor, gradients: ArrayLike, *, mode: str = "", **settings: SettingValue) -> Tensor:
        given = np.asarray(gradients)
        path = self.many([x0], [[g] for g in given], mode=mode, _note=False, **settings)
        self._note("run", x0, given, settings, mode)
        return np.stack([step[0] for step in path])

    @renamed(way="mode")
    def many(
        self,
        x0: Sequence[Tensor],
        gradients: Sequence[Sequence[Tensor | None]],
        *,
        mode: str = "",
        _note: bool = True,
        **settings: SettingValue,
    ) -> list[list[Tensor]]:
        """x_1 .. x_T for several tensors."""
        if _note:
            self._note("run.many", list(x0), [list(g) for g in gradients], settings, mode)
        return open_loop(self.target, x0, gradients, self._with(settings), mode)

    @renamed(way="mode")
    def start(self, x0: Sequence[Tensor], *, mode: str = "", **settings: SettingValue) -> "RecordedStepper":
        """A stepper at x0."""
        name = self._note("run.start", list(x0), None, settings, mode)
        return RecordedStepper(self.target.begin(x0, self._with(settings), mode), name, self.log)

    def value(self, setting: str) -> Any:
        """The value of a setting in a run that does not give it."""
        return self.settings[setting] if setting in self.settings else self.target.value(setting)

    def _with(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {**self.settings, **settings}

    def _note(self, call: str, x0: object, gradients: object, settings: Mapping[str, Any], mode: str) -> str:
        parts = [literal(x0)] + ([literal(gradients)] if gradients is not None else [])
        parts += [f"mode={mode!r}"] if mode else []
        parts += [f"{name}={value!r}" for name, value in self._with(settings).items()]
        name = _fresh(self.log, "path" if gradients is not None else "stepper")
        self.log.append(f"{name} = {call}({', '.join(parts)})")
        if gradients is not None:
            self.log.append(f"print({name})")
        return name

    def snippet(self) -> str:
        """The runs so far as a program of their own; without hypothesis."""
        lines = ["import numpy as np", "from madatheory import runs_of", *self.target.code.splitlines()]
        lines += ["import copy"] if any("copy." in line for line in self.log) else []
        return "\n".join([*lines, "run = runs_of(optimizer)", *_folded(self.log)])


class RecordedStepper:
    """A stepper that records its calls."""

    def __init__(self, stepper: Stepper, name: str, log: list[str]) -> None:
        self._stepper, self._name, self._log = stepper, name, log

    def parameters(self) -> list[Tensor]:
        self._log.append(f"print({self._name}.parameters())")
        return self._stepper.parameters()

    def step(self, gradients: Sequence[Tensor | None]) -> None:
        self._log.append(f"{self._name}.step({literal(list(gradients))})")
        self._stepper.step(gradients)

    def path(self, gradients: Sequence[Sequence[Tensor | None]]) -> list[list[Tensor]]:
        """Parameters after each of some steps."""
        found = []
        for now in gradients:
            self.step(now)
            found.append(self.parameters())
        return found

    def reloaded(self) -> "RecordedStepper":
        """A fresh stepper that goes on from what this one saves."""
        name = _fresh(self._log, "stepper")
        self._log.append(f"{name} = {self._name}.reloaded()")
        return RecordedStepper(self._stepper.load(self._stepper.save()), name, self._log)

    def state(self) -> list[Tensor]:
        self._log.append(f"print({self._name}.state())")
        return self._stepper.state()

    def moments(self) -> dict[str, list[Tensor]]:
        self._log.append(f"print({self._name}.moments())")
        return self._stepper.moments()

    def save(self) -> Any:
        return self._stepper.save()

    def load(self, saved: Any) -> "RecordedStepper":
        return RecordedStepper(self._stepper.load(saved), self._name, self._log)

    def ask(self, what: str, *arguments: object) -> Any:
        """The result of a method that only some adapters' steppers have; a stepper comes back recorded."""
        name = _fresh(self._log, "answer")
        self._log.append(f"{name} = {self._name}.ask({', '.join(map(repr, (what, *arguments)))})")
        found = getattr(self._stepper, what)(*arguments)
        return RecordedStepper(found, name, self._log) if hasattr(found, "step") else found

    def __deepcopy__(self, memo: dict[int, Any]) -> "RecordedStepper":
        name = _fresh(self._log, "stepper")
        self._log.append(f"{name} = copy.deepcopy({self._name})")
        return RecordedStepper(copy.deepcopy(self._stepper, memo), name, self._log)


def _fresh(log: Sequence[str], stem: str) -> str:
    count = sum(line.startswith(stem) and " = " in line.split("(")[0] for line in log)
    return f"{stem}{count + 1}" if count else stem


def _folded(lines: Sequence[str]) -> list[str]:
    """The same program with repeated lines, or pairs of lines, in loops."""
    found: list[str] = []
    at = 0
    while at < len(lines):
        for width in (1, 2):
            block, times = lines[at : at + width], 1
            while lines[at + times * width : at + (times + 1) * width] == block:
                times += 1
            if times > 2:
                found += [f"for _ in range({times}):", *(f"    {line}" for line in block)]
                at += times * width
                break
        else:
            found.append(lines[at])
            at += 1
    return found


def literal(value: object) -> str:
    """Python code for a tensor, or for lists of tensors and None; what repeats along the first axis is written once."""
    if value is None:
        return "None"
    if isinstance(value, list | tuple):
        parts = list(map(literal, value))
        if len(parts) > 4 and len(set(parts)) == 1:
            return f"[{parts[0]}] * {len(parts)}"
        return f"[{', '.join(parts)}]"
    array = np.asarray(value)
    name = str(array.dtype)
    kind = f"np.{name}" if hasattr(np, name) else f'__import__("ml_dtypes").{name}'
    if array.size == 0:
        return f"np.zeros({array.shape}, {kind})"
    wide = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    if array.ndim > 1 and len(array) > 4 and (wide[1:] == wide[:1]).all():
        return f"np.array([{_numbers(wide[0])}] * {len(array)}, {kind})"
    return f"np.array({_numbers(wide)}, {kind})"


def _numbers(wide: np.ndarray) -> str:
    return repr(wide.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
