"""Steps and whole runs of an optax transformation as functions of its hyper-parameters, and their derivatives.

A step is compiled and its derivatives are traced once for a transformation and a dtype, and shared by all who ask.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from madatheory.identities.targets.optax_modes import in_numpy
from madatheory.identities.targets.target import Target, Unusable

if TYPE_CHECKING:
    import optax

Hyper = Mapping[str, float]


def precision(dtype: DTypeLike) -> Any:
    """The context in which arrays of this dtype keep it."""
    return jax.enable_x64(np.dtype(dtype).itemsize >= 8)


@dataclass(frozen=True)
class Steps:
    """A transformation with some hyper-parameters as arrays of the parameters' dtype, the rest fixed.

    Functions of (h, g, state, x), each compiled once.
    """

    factory: Callable[[Mapping[str, Any]], Any]
    fixed: Mapping[str, Any]
    dtype: Any

    def arrays(self, h: Hyper) -> dict[str, Any]:
        """Hyper-parameters as arrays, as `optax.inject_hyperparams` makes them."""
        return {name: self.array(value) for name, value in h.items()}

    def array(self, value: ArrayLike) -> jax.Array:
        """On the device, in the parameters' dtype; `jnp.asarray` would compile a program for every shape."""
        return jax.device_put(np.asarray(value, self.dtype))

    def update(self, h: Mapping[str, Any], g: jax.Array, state: "optax.OptState", x: jax.Array) -> tuple[Any, Any]:
        """(u, state) after one step."""
        u, state = self.factory({**self.fixed, **h}).update([g], state, [x])
        return u[0], state

    @cached_property
    def step(self) -> Callable[..., Any]:
        """(x, state, u) after one step; a part of what is traced where JAX differentiates it."""

        def step(h: Mapping[str, Any], g: jax.Array, state: "optax.OptState", x: jax.Array) -> tuple[Any, Any, Any]:
            u, state = self.update(h, g, state, x)
            return (x + u).astype(self.dtype), state, u

        return in_numpy(step)

    @cached_property
    def slopes(self) -> Callable[..., Any]:
        """The derivative of u in every hyper-parameter of h, by forward mode."""

        def slopes(h: Mapping[str, Any], g: jax.Array, state: "optax.OptState", x: jax.Array) -> dict[str, Any]:
            return {name: slope(lambda h: self.update(h, g, state, x)[0], h, name) for name in h}

        return in_numpy(slopes)

    @cached_property
    def backward(self) -> Callable[..., Any]:
        """The derivative of the sum of u in g, by reverse mode."""
        return in_numpy(jax.grad(lambda g, h, state, x: self.update(h, g, state, x)[0].sum()))

    def path(self, h: Mapping[str, Any], x0: ArrayLike, gradients: Sequence[jax.Array]) -> tuple[list[Any], Any]:
        """([x_0 .. x_T], the state after them)."""
        x = jax.device_put(x0)
        state = self.factory({**self.fixed, **h}).init([x])
        path = [x]
        for g in gradients:
            x, state, _ = self.step(h, g, state, x)
            path.append(x)
        return path, state


def slope(function: Callable[[Mapping[str, Any]], Any], h: Mapping[str, Any], name: str) -> Any:
    """The derivative of a function of h in one of its numbers, by forward mode: one program for all of them."""
    along = {key: np.asarray(key == name, value.dtype) for key, value in h.items()}
    return jax.jvp(function, (dict(h),), (along,))[1]


def of(
    target: Target, fixed: Mapping[str, Any], names: Sequence[str], dtype: DTypeLike
) -> tuple[Steps, Hyper, Mapping[str, str]]:
    """(steps, present values of those of `names` that may be traced, why the others may not)."""
    at = {name: fixed.get(name, target.defaults.get(name)) for name in names if name in target.settable}
    numbers = {name: value for name, value in at.items() if isinstance(value, int | float)}
    return _of(target.factory, tuple(fixed.items()), tuple(numbers.items()), np.dtype(dtype))


@lru_cache(maxsize=16)
def _of(
    factory: Callable[[Mapping[str, Any]], Any],
    settings: tuple[tuple[str, Any], ...],
    numbers: tuple[tuple[str, float], ...],
    dtype: np.dtype,
) -> tuple[Steps, Hyper, Mapping[str, str]]:
    fixed, refused = dict(settings), {}
    taken: dict[str, float] = {}
    x = np.zeros(3, np.float32)
    for name, at in numbers:

        def traced(value: jax.Array, name: str = name) -> Any:
            made = factory({**fixed, name: value})
            return made.update([x], made.init([x]), [x])[0]

        try:
            jax.eval_shape(traced, np.float32(at))
        except (Unusable, TypeError) as error:
            refused[name] = str(error).splitlines()[0]
        else:
            taken[name] = float(at)
    rest = {name: value for name, value in fixed.items() if name not in taken}
    return Steps(factory, rest, dtype), taken, refused
