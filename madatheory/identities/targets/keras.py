"""keras: a class of optimizers, or a function that returns one, stepped by `stateless_apply` on the JAX backend."""

import copy
import os
import pickle
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from madatheory.errors import UserError, needs
from madatheory.identities.targets.signature import own_arguments, settings_of, varied
from madatheory.identities.targets.target import Misbehaved, SettingValue, Stepper, Target, Tensor, Unusable

NAMES = {
    "learning_rate": "lr",
    "beta_1": "beta1",
    "beta_2": "beta2",
    "rho": "beta2",
    "epsilon": "eps",
    "momentum": "momentum",
    "weight_decay": "weight_decay",
    "gradient_accumulation_steps": "every",
}
_MOMENTS = {"momentum": "m", "velocity": "v", "velocity_hat": "vmax"}
_RAISED = (TypeError, ValueError, NotImplementedError, AttributeError, KeyError, IndexError)


def choose_backend() -> None:
    """Let keras start on JAX, unless it runs already or the environment says otherwise.

    Keras reads KERAS_BACKEND when it is imported and would else look for TensorFlow.
    """
    if "keras" not in sys.modules:
        os.environ.setdefault("KERAS_BACKEND", "jax")


def import_keras() -> Any:
    """The module on the JAX backend, or a `UserError` that says how to get it."""
    choose_backend()
    with needs("this target"):
        import keras  # pyright: ignore[reportMissingImports]
    if keras.config.backend() != "jax":
        raise UserError(f"keras runs on {keras.config.backend()}: set KERAS_BACKEND=jax, on which it is tested")
    return keras


class _Built(NamedTuple):
    """An optimizer that knows its variables; `call(state, gradients, x)` -> (x, state)."""

    optimizer: Any
    call: Callable[..., Any]
    wide: bool


class KerasStepper:
    """Parameters and the values of the optimizer's variables; the optimizer itself keeps nothing."""

    def __init__(self, built: _Built, x: Sequence[Any], state: Sequence[Any]) -> None:
        self._built, self._x, self._state = built, list(x), list(state)

    def parameters(self) -> list[Tensor]:
        return [np.array(x) for x in self._x]

    def step(self, gradients: Sequence[Tensor | None]) -> None:
        if all(g is None for g in gradients):
            raise Unusable("keras refuses a step in which no tensor has a gradient")
        with jax.enable_x64(self._built.wide), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of tensors without gradients
            given = [None if g is None else jax.numpy.asarray(g) for g in gradients]
            try:
                self._x, self._state = map(list, self._built.call(self._state, given, self._x))
            except _RAISED as error:
                raise Misbehaved(f"stateless_apply raised {type(error).__name__}: {error}") from error

    def save(self) -> Any:
        return [np.array(x) for x in self._x], self.state()

    def load(self, saved: tuple[list[Tensor], list[Tensor]]) -> Stepper:
        with jax.enable_x64(self._built.wide):
            return KerasStepper(self._built, *([jax.numpy.asarray(value) for value in part] for part in saved))

    def pickled(self) -> "KerasStepper":
        """A copy through pickle."""
        with jax.enable_x64(self._built.wide):
            return KerasStepper(self._built, *pickle.loads(pickle.dumps((self._x, self._state))))

    def __deepcopy__(self, memo: dict[int, Any]) -> "KerasStepper":
        with jax.enable_x64(self._built.wide):
            return KerasStepper(self._built, *copy.deepcopy((self._x, self._state), memo))

    def state(self) -> list[Tensor]:
        return [np.array(value) for value in self._state]

    def moments(self) -> dict[str, list[Tensor]]:
        found: dict[str, list[Tensor]] = {}
        for variable, value in zip(self._built.optimizer.variables, self._state, strict=True):
            for ending, name in _MOMENTS.items():
                if variable.path.rsplit("/", 1)[-1].endswith(f"_{ending}"):
                    found.setdefault(name, []).append(np.array(value))
        return {name: values for name, values in found.items() if len(values) == len(self._x)}


def target(factory: Callable[..., Any], name: str = "", code: str = "", **given: SettingValue) -> Target:
    """The target of a factory such as `keras.optimizers.Adam`; `given` are further arguments for it."""
    keras = import_keras()
    known, defaults = settings_of(factory, NAMES, given)
    cache: dict[Any, _Built] = {}

    def make(settings: Mapping[str, Any]) -> Any:
        arguments = {**given, **{known[key]: value for key, value in settings.items()}}
        try:
            made = factory(**arguments)
        except _RAISED as error:
            raise Unusable(f"{name or factory}: building it with {arguments} raised {error!r}") from error
        if not callable(getattr(made, "stateless_apply", None)):
            raise Unusable(f"{name or factory} returned {type(made).__name__}, which has no stateless_apply")
        return made

    def built(x0: Sequence[Tensor], settings: Mapping[str, Any]) -> _Built:
        kinds = tuple((x.shape, str(x.dtype)) for x in x0)
        key = (kinds, *sorted(settings.items()))
        if key not in cache:
            wide = any(x.dtype.itemsize >= 8 for x in x0)
            try:
                variables = [keras.Variable(jax.numpy.asarray(x), dtype=str(x.dtype)) for x in x0]
                optimizer = make(settings)
                optimizer.build(variables)
            except _RAISED as error:
                raise Misbehaved(f"build raised {type(error).__name__}: {error}") from error
            call = jax.jit(lambda state, gradients, x: optimizer.stateless_apply(state, gradients, x))
            cache[key] = _Built(optimizer, call, wide)
        return cache[key]

    def start(x0: Sequence[Tensor], settings: Mapping[str, Any]) -> Stepper:
        values = [np.asarray(x) for x in x0]
        with jax.enable_x64(any(x.dtype.itemsize >= 8 for x in values)):
            ready = built(values, settings)
            fresh = make(settings)  # a state may start from the parameters, so that none is shared
            fresh.build([keras.Variable(jax.numpy.asarray(x), dtype=str(x.dtype)) for x in values])
            state = [jax.numpy.asarray(variable.value) for variable in fresh.variables]
            return KerasStepper(ready, [jax.numpy.asarray(x) for x in values], state)

    module = getattr(factory, "__module__", "keras.optimizers")
    code = code or varied(f"from {module} import {getattr(factory, '__name__', 'make')} as optimizer", given)
    return Target(
        name or getattr(factory, "__name__", "optimizer"),
        "keras",
        start,
        frozenset(known),
        defaults,
        frozenset({"several tensors", "missing gradients", "complex", "compiled", "copies"}),
        code,
        make,
        own=own_arguments(factory, known, given),
        vary=lambda more: target(factory, name, varied(code, more), **{**given, **more}),
    )
