"""Runs of a target, remembered so that a failure can be shown as a snippet that anyone can run."""

import copy
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from madatheory.deprecated import renamed
from madatheory.identities.targets.target import SettingValue, Stepper, Target, Tensor, open_loop

Memory = dict[Hashable, list[list[Tensor]]]
"""Paths of one target by the arguments of their runs."""


class RecordedRun(NamedTuple):
    """A run that was made: the name that the log gives it, what was asked, and x_1 .. x_T of every tensor.

    `gradients` are T steps of one gradient per tensor, `several` whether they were asked for in this form.
    """

    name: str
    several: bool
    x0: Sequence[Tensor]
    gradients: Sequence[Sequence[Tensor | None]]
    settings: Mapping[str, Any]
    mode: str
    path: list[list[Tensor]]

    def code(self) -> str:
        """The call."""
        given = [list(self.x0), [list(row) for row in self.gradients]]
        if not self.several:
            given = [self.x0[0], np.array([row[0] for row in self.gradients])]
        return _call("run.many" if self.several else "run", given, self.settings, self.mode)


class Runs:
    """What an identity is given: the target, its traits, and runs of it.

    `runs(x0, gradients, **settings)` is the open-loop map for one tensor: x0 of any shape, gradients (T, *shape),
    result (T, *shape). `runs.many(x0s, gradients, **settings)` is the same for several tensors; gradients are then a
    list over steps of lists over tensors, None where a tensor has no gradient, and so is the result. `runs.start` gives
    a stepper for whatever is not a plain run. `mode` is another execution mode of the same optimizer
    (`Target.modes`). Fixed settings of the check (the step size) are filled in. `method` is the published method that
    the optimizer says it is ("" if it does not say), `declared` are the traits that its author declares it to have.
    A run of a deterministic optimizer whose path is in `memory` is not run again, unless the same example asks for it a
    second time.
    """

    def __init__(
        self,
        target: Target,
        traits: Mapping[str, bool],
        settings: Mapping[str, Any],
        method: str = "",
        declared: frozenset[str] = frozenset(),
        memory: Memory | None = None,
    ) -> None:
        self.target, self.traits, self.settings = target, traits, dict(settings)
        self.method, self.declared = method, declared
        self.log: list[str | RecordedRun] = []
        self._names: Counter[str] = Counter()
        self.memory: Memory = {} if memory is None else memory
        self._asked: set[Hashable] = set()

    @property
    def made(self) -> list[RecordedRun]:
        """The runs since `forget`, without what a stepper did."""
        return [entry for entry in self.log if isinstance(entry, RecordedRun)]

    def forget(self) -> None:
        """Begin another example, with a new log."""
        self.log.clear()
        self._names.clear()
        self._asked.clear()

    @renamed(way="mode")
    def __call__(self, x0: Tensor, gradients: ArrayLike, *, mode: str = "", **settings: SettingValue) -> Tensor:
        path = self._run(False, [x0], [[g] for g in np.asarray(gradients)], settings, mode)
        return np.stack([step[0] for step in path])

    @renamed(way="mode")
    def many(
        self,
        x0: Sequence[Tensor],
        gradients: Sequence[Sequence[Tensor | None]],
        *,
        mode: str = "",
        **settings: SettingValue,
    ) -> list[list[Tensor]]:
        """x_1 .. x_T for several tensors."""
        return self._run(True, x0, gradients, settings, mode)

    def _run(
        self,
        several: bool,
        x0: Sequence[Tensor],
        gradients: Sequence[Sequence[Tensor | None]],
        settings: Mapping[str, Any],
        mode: str,
    ) -> list[list[Tensor]]:
        whole = self._with(settings)
        made = RecordedRun(self._fresh("path"), several, x0, gradients, whole, mode, [])
        self.log.append(made)  # first: it may end here
        made.path.extend(self.rolled(x0, gradients, whole, mode))
        return made.path

    def rolled(
        self, x0: Sequence[Tensor], gradients: Sequence[Sequence[Tensor | None]], settings: Mapping[str, Any], mode: str
    ) -> list[list[Tensor]]:
        """x_1 .. x_T of the target."""
        if not self.traits.get("deterministic", False):
            return open_loop(self.target, x0, gradients, settings, mode)
        asked = (mode, repr(sorted(settings.items())), _exactly(x0), _exactly(gradients))
        if asked in self._asked or asked not in self.memory:
            self.memory[asked] = open_loop(self.target, x0, gradients, settings, mode)
        self._asked.add(asked)
        return [[x.copy() for x in step] for step in self.memory[asked]]

    @renamed(way="mode")
    def start(self, x0: Sequence[Tensor], *, mode: str = "", **settings: SettingValue) -> "RecordedStepper":
        """A stepper at x0."""
        whole, name = self._with(settings), self._fresh("stepper")
        self.log.append(f"{name} = {_call('run.start', [list(x0)], whole, mode)}")
        return RecordedStepper(self.target.begin(x0, whole, mode), name, self.log, self._fresh)

    def value(self, setting: str) -> Any:
        """The value of a setting in a run that does not give it."""
        return self.settings[setting] if setting in self.settings else self.target.value(setting)

    def _with(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {**self.settings, **settings}

    def _fresh(self, stem: str) -> str:
        self._names[stem] += 1
        return f"{stem}{self._names[stem]}" if self._names[stem] > 1 else stem

    def snippet(self) -> str:
        """The runs so far as a program of their own; without hypothesis."""
        lines = ["import numpy as np", "from madatheory import runs_of", *self.target.code.splitlines()]
        shown = self.lines()
        lines += ["import copy"] if any("copy." in line for line in shown) else []
        return "\n".join([*lines, "run = runs_of(optimizer)", *shown])

    def lines(self) -> list[str]:
        """The runs so far as code that prints what comes of each."""
        found: list[str] = []
        for entry in self.log:
            found += [entry] if isinstance(entry, str) else [f"{entry.name} = {entry.code()}", f"print({entry.name})"]
        return _folded(found)


class RecordedStepper:
    """A stepper that records its calls."""

    def __init__(self, stepper: Stepper, name: str, log: list[str | RecordedRun], fresh: Callable[[str], str]) -> None:
        self._stepper, self._name, self._log, self._fresh = stepper, name, log, fresh

    def _other(self, stepper: Stepper, name: str) -> "RecordedStepper":
        return RecordedStepper(stepper, name, self._log, self._fresh)

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
        name = self._fresh("stepper")
        self._log.append(f"{name} = {self._name}.reloaded()")
        return self._other(self._stepper.load(self._stepper.save()), name)

    def state(self) -> list[Tensor]:
        self._log.append(f"print({self._name}.state())")
        return self._stepper.state()

    def moments(self) -> dict[str, list[Tensor]]:
        self._log.append(f"print({self._name}.moments())")
        return self._stepper.moments()

    def save(self) -> Any:
        return self._stepper.save()

    def load(self, saved: Any) -> "RecordedStepper":
        return self._other(self._stepper.load(saved), self._name)

    def ask(self, what: str, *arguments: object) -> Any:
        """The result of a method that only some adapters' steppers have; a stepper comes back recorded."""
        name = self._fresh("answer")
        self._log.append(f"{name} = {self._name}.ask({', '.join(map(repr, (what, *arguments)))})")
        found = getattr(self._stepper, what)(*arguments)
        return self._other(found, name) if hasattr(found, "step") else found

    def __deepcopy__(self, memo: dict[int, Any]) -> "RecordedStepper":
        name = self._fresh("stepper")
        self._log.append(f"{name} = copy.deepcopy({self._name})")
        return self._other(copy.deepcopy(self._stepper, memo), name)


def _exactly(value: object) -> Hashable:
    """What tells tensors apart, in lists of them, and None: dtype, shape, layout and every bit."""
    if isinstance(value, list | tuple):
        return tuple(map(_exactly, value))
    if value is None:
        return None
    array = np.asarray(value)
    return array.dtype, array.shape, array.strides, array.tobytes()


def _call(name: str, given: Sequence[object], settings: Mapping[str, Any], mode: str) -> str:
    """A call as code."""
    parts = [*map(literal, given), *([f"mode={mode!r}"] if mode else [])]
    return f"{name}({', '.join([*parts, *(f'{key}={value!r}' for key, value in settings.items())])})"


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
    kind = f", np.{name}" if hasattr(np, name) else f', __import__("ml_dtypes").{name}'
    if array.dtype in (np.float64, bool):
        kind = ""
    if array.size == 0:
        return f"np.zeros({array.shape}{kind})"
    if array.dtype == bool:
        return f"np.array({array.tolist()})"
    wide = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    if array.ndim > 1 and len(array) > 4 and (wide[1:] == wide[:1]).all():
        return f"np.array([{_numbers(wide[0])}] * {len(array)}{kind})"
    return f"np.array({_numbers(wide)}{kind})"


def _numbers(wide: np.ndarray) -> str:
    return repr(wide.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
