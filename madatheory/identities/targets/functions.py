"""Plain functions: `init(x) -> state` and `update(gradient, state, x) -> (new x, state)` on one NumPy array each."""

import copy
import pickle
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from madatheory.identities.targets.signature import NAMES, own_arguments, settings_of, varied
from madatheory.identities.targets.target import Misbehaved, SettingValue, Stepper, Target, Tensor, Unusable

MODES = ("one buffer", "strided", "twice")


def laid_out(value: Tensor, mode: str) -> Tensor:
    """A copy; with gaps, or transposed, where the mode is "strided"."""
    value = np.array(value, order="C")
    if mode == "strided" and value.ndim == 1:
        wide = np.zeros(2 * len(value), value.dtype)
        wide[::2] = value
        return wide[::2]
    return np.array(value, order="F") if mode == "strided" and value.ndim > 1 else value


class FunctionStepper:
    """Every tensor with a state of its own.

    `mode`: "one buffer": each gradient overwrites the last one's memory; "strided": arrays with gaps or transposed;
    "twice": every update is computed twice from the same arguments, and the second result counts.
    """

    def __init__(self, update: Callable[..., Any], x: Sequence[Tensor], states: Sequence[Any], mode: str = "") -> None:
        self._update, self._x, self._states, self._mode = update, list(x), list(states), mode
        self._given: list[Tensor | None] = [None] * len(self._x)

    def parameters(self) -> list[Tensor]:
        return [np.array(x) for x in self._x]

    def step(self, gradients: Sequence[Tensor | None]) -> None:
        for i, value in enumerate(gradients):
            before = self._given[i]
            g = self._given[i] = None if value is None else laid_out(value, self._mode)
            if g is None:
                continue
            if self._mode == "one buffer" and before is not None:
                before[...] = g
                g = self._given[i] = before
            try:
                if self._mode == "twice":
                    self._update(g, self._states[i], self._x[i])
                made = self._update(g, self._states[i], self._x[i])
            except Exception as error:
                raise Misbehaved(f"update raised {type(error).__name__}: {error}") from error
            if not (isinstance(made, tuple) and len(made) == 2):
                raise Misbehaved(f"update returned {type(made).__name__}, not (x, state)")
            if np.shape(made[0]) != self._x[i].shape:
                raise Misbehaved(f"update returned x of shape {np.shape(made[0])}, not {self._x[i].shape}")
            self._x[i], self._states[i] = np.asarray(made[0]), made[1]

    def given(self) -> list[Tensor | None]:
        """What has become of the gradients of the last step."""
        return [None if g is None else np.array(g) for g in self._given]

    def pickled(self) -> "FunctionStepper":
        """A copy through pickle."""
        x, states = pickle.loads(pickle.dumps((self._x, self._states)))
        return FunctionStepper(self._update, x, states, self._mode)

    def save(self) -> Any:
        return copy.deepcopy((self._x, self._states))

    def load(self, saved: tuple[list[Tensor], list[Any]]) -> Stepper:
        x, states = copy.deepcopy(saved)
        return FunctionStepper(self._update, x, states, self._mode)

    def state(self) -> list[Tensor]:
        import jax

        return [np.array(leaf) for leaf in jax.tree.leaves(self._states)]

    def moments(self) -> dict[str, list[Tensor]]:
        names = [name for name in ("m", "v", "vmax") if all(isinstance(s, dict) and name in s for s in self._states)]
        return {name: [np.array(s[name]) for s in self._states] for name in names}


def target(factory: Callable[..., Any], name: str = "", code: str = "", **given: SettingValue) -> Target:
    """The target of a factory that returns (init, update)."""
    known, defaults = settings_of(factory, NAMES, given)

    def make(settings: Mapping[str, Any]) -> Any:
        try:
            made = factory(**given, **{known[key]: value for key, value in settings.items()})
        except Exception as error:
            raise Unusable(f"{name or factory}: building it with {dict(settings)} raised {error!r}") from error
        if not (isinstance(made, tuple) and len(made) == 2 and all(map(callable, made))):
            raise Unusable(f"{name or factory} returned {type(made).__name__}; give two functions (init, update)")
        return made

    def start(x0: Sequence[Tensor], settings: Mapping[str, Any], mode: str = "") -> Stepper:
        init, update = make(settings)
        x = [laid_out(value, mode) for value in x0]
        return FunctionStepper(update, x, [init(value) for value in x], mode)

    code = code or varied(f"from mymodule import {getattr(factory, '__name__', 'make')} as optimizer", given)
    return Target(
        name or getattr(factory, "__name__", "optimizer"),
        "functions",
        start,
        frozenset(known),
        defaults,
        frozenset({"several tensors", "complex", "missing gradients", "gradient objects", "copies", *MODES}),
        code,
        make,
        {mode: partial(start, mode=mode) for mode in MODES},
        own=own_arguments(factory, known, given),
        vary=lambda more: target(factory, name, varied(code, more), **{**given, **more}),
    )
