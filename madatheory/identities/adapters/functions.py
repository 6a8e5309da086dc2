"""Plain functions: `init(x) -> state` and `update(gradient, state, x) -> (new x, state)` on one NumPy array each."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from madatheory.identities.adapters.optax import NAMES
from madatheory.identities.adapters.signature import settings_of
from madatheory.identities.target import Misbehaved, Stepper, Target, Tensor, Unusable


class FunctionStepper:
    """Every tensor with a state of its own."""

    def __init__(self, update: Callable[..., Any], x: Sequence[Tensor], states: Sequence[Any]) -> None:
        self._update, self._x, self._states = update, list(x), list(states)

    def parameters(self) -> list[Tensor]:
        return [np.array(x) for x in self._x]

    def step(self, gradients: Sequence[Tensor | None]) -> None:
        for i, g in enumerate(gradients):
            if g is None:
                continue
            try:
                made = self._update(g, self._states[i], self._x[i])
            except Exception as error:
                raise Misbehaved(f"update raised {type(error).__name__}: {error}") from error
            if not (isinstance(made, tuple) and len(made) == 2):
                raise Misbehaved(f"update returned {type(made).__name__}, not (x, state)")
            if np.shape(made[0]) != self._x[i].shape:
                raise Misbehaved(f"update returned x of shape {np.shape(made[0])}, not {self._x[i].shape}")
            self._x[i], self._states[i] = np.asarray(made[0]), made[1]

    def save(self) -> Any:
        return copy.deepcopy((self._x, self._states))

    def load(self, saved: Any) -> Stepper:
        x, states = copy.deepcopy(saved)
        return FunctionStepper(self._update, x, states)

    def state(self) -> list[Tensor]:
        import jax

        return [np.array(leaf) for leaf in jax.tree.leaves(self._states)]

    def moments(self) -> dict[str, list[Tensor]]:
        names = [name for name in ("m", "v", "vmax") if all(isinstance(s, dict) and name in s for s in self._states)]
        return {name: [np.array(s[name]) for s in self._states] for name in names}


def target(factory: Callable[..., Any], name: str = "", code: str = "", **given: Any) -> Target:
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

    def start(x0: Sequence[Tensor], settings: Mapping[str, Any]) -> Stepper:
        init, update = make(settings)
        x = [np.array(value) for value in x0]
        return FunctionStepper(update, x, [init(value) for value in x])

    return Target(
        name or getattr(factory, "__name__", "optimizer"),
        "functions",
        start,
        frozenset(known),
        defaults,
        frozenset({"several tensors", "complex", "missing gradients"}),
        code or f"from mymodule import {getattr(factory, '__name__', 'make')} as optimizer",
        make,
    )
