"""optax: a factory of gradient transformations, stepped under jit."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from madatheory.identities.adapters.signature import parameters, settings_of
from madatheory.identities.target import Misbehaved, Stepper, Target, Tensor, Unusable

NAMES = {
    "learning_rate": "lr",
    "lr": "lr",
    "step_size": "lr",
    "alpha": "lr",
    "b1": "beta1",
    "beta1": "beta1",
    "b2": "beta2",
    "beta2": "beta2",
    "b3": "beta3",
    "beta3": "beta3",
    "decay": "beta2",
    "eps": "eps",
    "epsilon": "eps",
    "momentum": "momentum",
    "weight_decay": "weight_decay",
    "maximize": "maximize",
}
_MOMENTS = {"mu": "m", "nu": "v", "nu_max": "vmax"}
_ABILITIES = frozenset({"several tensors", "complex", "jit"})


class OptaxStepper:
    """Parameters as a list, the transformation's state, one jitted step."""

    def __init__(self, made: Any, x: Sequence[Tensor], state: Any, step: Callable[..., Any], wide: bool) -> None:
        self.made, self._x, self._state, self._step, self._wide = made, list(x), state, step, wide

    def parameters(self) -> list[Tensor]:
        return [np.array(x) for x in self._x]

    def step(self, gradients: Sequence[Tensor | None]) -> None:
        if any(g is None for g in gradients):
            raise Unusable("optax has no missing gradients")
        with jax.enable_x64(self._wide):
            try:
                self._x, self._state = self._step(list(gradients), self._state, self._x)
            except (TypeError, ValueError, NotImplementedError, AttributeError, KeyError, IndexError) as error:
                raise Misbehaved(f"update raised {type(error).__name__}: {error}") from error

    def save(self) -> Any:
        return jax.tree.map(np.array, (self._x, self._state))

    def load(self, saved: Any) -> Stepper:
        with jax.enable_x64(self._wide):
            x, state = jax.tree.map(jax.numpy.asarray, saved)
        return OptaxStepper(self.made, x, state, self._step, self._wide)

    def state(self) -> list[Tensor]:
        return [np.array(leaf) for leaf in jax.tree.leaves(self._state)]

    def moments(self) -> dict[str, list[Tensor]]:
        found: dict[str, list[Tensor]] = {}
        for path, leaf in jax.tree_util.tree_leaves_with_path(self._state):
            for key in path:
                neutral = _MOMENTS.get(getattr(key, "name", ""))
                if neutral:
                    found.setdefault(neutral, []).append(np.array(leaf))
        return {name: leaves for name, leaves in found.items() if len(leaves) == len(self._x)}


def target(factory: Callable[..., Any], name: str = "", code: str = "", **given: Any) -> Target:
    """The target of a factory such as `optax.adam`; `given` are further arguments for it."""
    known, defaults = settings_of(factory, NAMES, given)
    steps: dict[Any, Callable[..., Any]] = {}

    def make(settings: Mapping[str, Any]) -> Any:
        arguments = dict(given) | {known[key]: value for key, value in settings.items()}
        if settings.get("eps") == 0 and "eps_root" in parameters(factory):
            arguments["eps_root"] = 0.0
        try:
            made = factory(**arguments)
        except (TypeError, ValueError, NotImplementedError, AttributeError, KeyError) as error:
            raise Unusable(f"{name or factory}: building it with {arguments} raised {error!r}") from error
        if not (hasattr(made, "init") and hasattr(made, "update")):
            raise Unusable(f"{name or factory} returned {type(made).__name__}, which has no init and update")
        return made

    def start(x0: Sequence[Tensor], settings: Mapping[str, Any]) -> Stepper:
        wide = any(np.dtype(x.dtype).itemsize >= 8 * (2 if x.dtype.kind == "c" else 1) for x in map(np.asarray, x0))
        key = (wide, *sorted(settings.items()))
        with jax.enable_x64(wide):
            if key not in steps:
                steps[key] = _step(make(settings))
            x = [jax.numpy.asarray(value) for value in x0]
            try:
                state = steps[key].made.init(x)  # type: ignore[attr-defined]
            except (TypeError, ValueError, NotImplementedError, AttributeError) as error:
                raise Misbehaved(f"init raised {type(error).__name__}: {error}") from error
        return OptaxStepper(steps[key].made, x, state, steps[key], wide)  # type: ignore[attr-defined]

    code = code or f"import optax\noptimizer = optax.{getattr(factory, '__name__', name)}"
    return Target(
        name or getattr(factory, "__name__", "optimizer"),
        "optax",
        start,
        frozenset(known),
        defaults,
        _ABILITIES,
        code,
        make,
    )


class _Step:
    """The jitted step x, state -> x, state of one transformation."""

    def __init__(self, made: Any, step: Callable[..., Any]) -> None:
        self.made, self._call = made, step

    def __call__(self, *arguments: Any) -> Any:
        return self._call(*arguments)


def _step(made: Any) -> _Step:
    extra = _extra(made.update)

    def step(gradients: Any, state: Any, x: Any) -> Any:
        updates, state = made.update(gradients, state, x, **extra)
        if jax.tree.structure(updates) != jax.tree.structure(x):
            raise Misbehaved(f"update returned {jax.tree.structure(updates)} for {jax.tree.structure(x)}")
        for new, old in zip(jax.tree.leaves(updates), jax.tree.leaves(x), strict=True):
            if new.shape != old.shape:
                raise Misbehaved(f"update returned shape {new.shape} for a tensor of shape {old.shape}")
        return [(a + b).astype(a.dtype) for a, b in zip(x, updates, strict=True)], state

    return _Step(made, jax.jit(step))


def _extra(update: Callable[..., Any]) -> dict[str, Any]:
    """Arguments without default beyond (updates, state, params) cannot be made up from gradients alone."""
    beyond = [
        name
        for name, p in list(parameters(update).items())[3:]
        if p.default is inspect.Parameter.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]
    if beyond:
        raise Unusable(f"update needs {', '.join(beyond)} besides gradients: no open-loop map exists")
    return {}
