"""optax: a factory of gradient transformations, stepped under jit."""

import copy
import pickle
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np

from madatheory.identities.targets.optax_modes import MODES, OptaxMode
from madatheory.identities.targets.optax_probe import ByName, look
from madatheory.identities.targets.signature import NAMES, own_arguments, parameters, settings_of, varied
from madatheory.identities.targets.target import Misbehaved, SettingValue, Stepper, Target, Tensor, Unusable

if TYPE_CHECKING:
    import optax


_MOMENTS = {"mu": "m", "nu": "v", "nu_max": "vmax"}
_ABILITIES = frozenset({"several tensors", "complex", "jit", "compiled", "copies", *MODES} - {""})


class OptaxStepper:
    """Parameters in some tree, the transformation's state, one step."""

    def __init__(self, step: "_Step", x: "optax.Params", state: "optax.OptState") -> None:
        self._step, self._x, self._state = step, x, state

    def parameters(self) -> list[Tensor]:
        return [np.array(x) for x in self._step.mode.unpack(self._x)]

    def step(self, gradients: Sequence[Tensor | None]) -> None:
        if any(g is None for g in gradients):
            raise Unusable("optax has no missing gradients")
        with jax.enable_x64(self._step.wide):
            try:
                self._x, self._state = self._step.call(self._step.mode.pack(list(gradients)), self._state, self._x)
            except (TypeError, ValueError, NotImplementedError, AttributeError, KeyError, IndexError) as error:
                raise Misbehaved(f"update raised {type(error).__name__}: {error}") from error

    def save(self) -> Any:
        return jax.tree.map(_plain, (self._x, self._state))

    def load(self, saved: tuple["optax.Params", "optax.OptState"]) -> Stepper:
        with jax.enable_x64(self._step.wide):
            return OptaxStepper(self._step, *jax.tree.map(_restored, (self._x, self._state), saved))

    def carry(self) -> Any:
        """The state's structure, shapes and dtypes: what a scan wants to stay the same."""
        return jax.tree.map(_kind, self._state)

    def next_carry(self) -> Any:
        """The same of the state that an update would return."""
        with jax.enable_x64(self._step.wide):
            return jax.tree.map(_kind, jax.eval_shape(self._step.call, self._x, self._state, self._x)[1])

    def branches(self) -> bool:
        """Whether a step contains branches or loops of the traced program."""
        with jax.enable_x64(self._step.wide):
            program = jax.make_jaxpr(self._step.made.update)(self._x, self._state, self._x)
        return any(f" {name}[" in str(program) for name in ("cond", "while", "scan"))

    def pickled(self) -> "OptaxStepper":
        """A copy through pickle."""
        with jax.enable_x64(self._step.wide):
            return OptaxStepper(self._step, *pickle.loads(pickle.dumps((self._x, self._state))))

    def __deepcopy__(self, memo: dict[int, Any]) -> "OptaxStepper":
        with jax.enable_x64(self._step.wide):
            return OptaxStepper(self._step, *copy.deepcopy((self._x, self._state), memo))

    def state(self) -> list[Tensor]:
        return [_plain(leaf) for leaf in jax.tree.leaves(self._state)]

    def moments(self) -> dict[str, list[Tensor]]:
        found: dict[str, list[Tensor]] = {}
        for path, leaf in jax.tree_util.tree_leaves_with_path(self._state):
            for key in path:
                neutral = _MOMENTS.get(getattr(key, "name", ""))
                if neutral:
                    found.setdefault(neutral, []).append(np.array(leaf))
        return {name: leaves for name, leaves in found.items() if len(leaves) == len(self.parameters())}


def target(factory: Callable[..., Any], name: str = "", code: str = "", **given: SettingValue) -> Target:
    """The target of a factory such as `optax.adam`; `given` are further arguments for it.

    `factory.neutral`, where there is one, translates further parameters to neutral names.
    """
    made_by = getattr(getattr(factory, "func", factory), "__name__", "")
    neutral = {**NAMES, **({"rho": "beta2"} if "adadelta" in made_by else {}), **getattr(factory, "neutral", {})}
    known, defaults = settings_of(factory, neutral, given)
    steps: dict[Any, _Step] = {}

    def build(settings: Mapping[str, Any]) -> Any:
        arguments = dict(given) | {known[key]: value for key, value in settings.items()}
        if settings.get("eps", 1.0) <= 2.0**-100 and "eps_root" in parameters(factory):
            arguments["eps_root"] = 0.0
        try:
            made = factory(**arguments)
        except (TypeError, ValueError, NotImplementedError, AttributeError, KeyError) as error:
            raise Unusable(f"{name or factory}: building it with {arguments} raised {error!r}") from error
        if not (hasattr(made, "init") and hasattr(made, "update")):
            raise Unusable(f"{name or factory} returned {type(made).__name__}, which has no init and update")
        return made

    probe = look(build, "lr" in known, name or getattr(factory, "__name__", "optimizer"))

    def make(settings: Mapping[str, Any]) -> Any:
        return ByName(build(settings)) if probe.named else build(settings)

    def start(x0: Sequence[Tensor], settings: Mapping[str, Any], mode: str = "") -> Stepper:
        wide = any(np.dtype(x.dtype).itemsize >= 8 * (2 if x.dtype.kind == "c" else 1) for x in map(np.asarray, x0))
        how = MODES[mode]
        fixed = {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
        key = (mode, wide, *sorted(fixed.items()))
        with jax.enable_x64(wide):
            if key not in steps:
                steps[key] = _step(how.make(make, settings, len(x0)), how, wide)
            x = how.pack(jax.device_put(list(x0)))  # jnp.asarray would compile a program for each shape
            try:
                state = steps[key].init(x)
            except (TypeError, ValueError, NotImplementedError, AttributeError) as error:
                raise Misbehaved(f"init raised {type(error).__name__}: {error}") from error
        return OptaxStepper(steps[key], x, state)

    code = code or varied(f"import optax\noptimizer = optax.{getattr(factory, '__name__', name)}", given)
    abilities = _ABILITIES if probe.scheduled else _ABILITIES - {"scheduled"}
    return Target(
        name or getattr(factory, "__name__", "optimizer"),
        "optax",
        start,
        frozenset(known),
        defaults,
        abilities,
        code,
        make,
        {mode: partial(start, mode=mode) for mode in MODES if mode in abilities},
        own=own_arguments(factory, known, given),
        vary=lambda more: target(factory, name, varied(code, more), **{**given, **more}),
    )


def _is_key(leaf: jax.Array) -> bool:
    return jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _plain(leaf: jax.Array) -> Tensor:
    """A NumPy copy; of a typed random key its words."""
    return np.array(jax.random.key_data(leaf) if _is_key(leaf) else leaf)


def _restored(like: jax.Array, saved: Tensor) -> Any:
    value = jax.device_put(saved)
    return jax.random.wrap_key_data(value, impl=jax.random.key_impl(like)) if _is_key(like) else value


def _kind(leaf: jax.Array) -> tuple[tuple[int, ...], str]:
    return tuple(leaf.shape), str(leaf.dtype)


class _Step(NamedTuple):
    """The step gradients, state, x -> x, state of one transformation."""

    made: Any
    init: Callable[..., Any]
    call: Callable[..., Any]
    mode: OptaxMode
    wide: bool


def _step(made: "optax.GradientTransformation", mode: OptaxMode, wide: bool) -> _Step:
    def step(gradients: "optax.Updates", state: "optax.OptState", x: "optax.Params") -> Any:
        updates, state = made.update(gradients, state, x)
        if jax.tree.structure(updates) != jax.tree.structure(x):
            raise Misbehaved(f"update returned {jax.tree.structure(updates)} for {jax.tree.structure(x)}")
        for new, old in zip(jax.tree.leaves(updates), jax.tree.leaves(x), strict=True):
            if new.shape != old.shape:
                raise Misbehaved(f"update returned shape {new.shape} for a tensor of shape {old.shape}")
        return jax.tree.map(lambda a, b: (a + b).astype(a.dtype), x, updates), state

    init = mode.whole(made.init)
    return _Step(made, mode.begun(init), mode.compiled(mode.whole(step)), mode, wide)
