"""Steps and whole runs of an optax transformation as functions of its hyper-parameters, and their derivatives.

Nothing is compiled as a whole: a run of a few steps is quicker primitive by primitive than XLA compiles it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from madatheory.identities.targets.target import Target, Unusable

if TYPE_CHECKING:
    import optax

Hyper = Mapping[str, float]


def precision(dtype: DTypeLike) -> Any:
    """The context in which arrays of this dtype keep it."""
    return jax.enable_x64(np.dtype(dtype).itemsize >= 8)


@dataclass(frozen=True)
class Steps:
    """A transformation with some hyper-parameters as arrays of the parameters' dtype, the rest fixed."""

    factory: Callable[[Mapping[str, Any]], Any]
    fixed: Mapping[str, Any]
    dtype: Any
    step: Callable[..., Any] | None = None

    def compiled(self) -> "Steps":
        """The same with compiled steps, in which hyper-parameters are traced."""
        return replace(self, step=jax.jit(self.update))

    def arrays(self, h: Hyper) -> dict[str, Any]:
        """Hyper-parameters as arrays, as `optax.inject_hyperparams` makes them."""
        return {name: jnp.asarray(value, self.dtype) for name, value in h.items()}

    def update(self, h: Mapping[str, Any], g: jax.Array, state: "optax.OptState", x: jax.Array) -> tuple[Any, Any]:
        """(u, state) after one step."""
        move, state = self.factory({**self.fixed, **h}).update([g], state, [x])
        return move[0], state

    def path(self, h: Mapping[str, Any], x0: ArrayLike, gradients: np.ndarray | jax.Array) -> tuple[list[Any], Any]:
        """([x_0 .. x_T], the state after them)."""
        x, state = jnp.asarray(x0), self.factory({**self.fixed, **h}).init([jnp.asarray(x0)])
        path, update = [x], self.step or self.update
        for g in gradients:
            move, state = update(h, jnp.asarray(g, self.dtype), state, x)
            x = (x + move).astype(self.dtype)
            path.append(x)
        return path, state


def slope(function: Callable[[Any], Any], at: jax.Array) -> np.ndarray:
    """The derivative of a function of one number, by forward mode."""
    return np.asarray(jax.jvp(function, (at,), (jnp.ones_like(at),))[1])


def of(
    target: Target, fixed: Mapping[str, Any], names: Sequence[str], dtype: DTypeLike
) -> tuple[Steps, Hyper, dict[str, str]]:
    """(steps, present values of those of `names` that may be traced, why the others may not)."""
    taken: dict[str, float] = {}
    refused: dict[str, str] = {}
    x = np.zeros(3, np.float32)
    for name in names:
        at = fixed.get(name, target.defaults.get(name))
        if name not in target.settable or not isinstance(at, int | float):
            continue

        def traced(value: jax.Array, name: str = name) -> Any:
            made = target.factory({**fixed, name: value})
            return made.update([x], made.init([x]), [x])[0]

        try:
            jax.eval_shape(traced, np.float32(at))
        except (Unusable, TypeError) as error:
            refused[name] = str(error).splitlines()[0]
        else:
            taken[name] = float(at)
    rest = {name: value for name, value in fixed.items() if name not in taken}
    steps = Steps(target.factory, rest, np.dtype(dtype))
    # branches and loops would be compiled anew wherever they are met
    return steps.compiled() if _branches(target.factory(fixed), x) else steps, taken, refused


def _branches(made: Any, x: np.ndarray) -> bool:
    program = str(jax.make_jaxpr(lambda g: made.update([g], made.init([x]), [x]))(x))
    return any(f" {name}[" in program for name in ("cond", "while", "scan"))
