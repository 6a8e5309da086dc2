"""Execution modes of one optax transformation that must make no difference."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
from jax.core import Tracer

from madatheory.numpy_programs import evaluated
from madatheory.xla import QUICKLY, accepted

if TYPE_CHECKING:
    import optax

Make = Callable[[Mapping[str, Any]], Any]
Step = Callable[..., Any]


def _plainly(make: Make, settings: Mapping[str, Any], tensors: int) -> Any:
    return make(settings)


def jitted(step: Step) -> Step:
    """jit, without what only long runs pay for: these programs take longer to compile than they run."""
    made: list[Step] = []

    def call(*arguments: Any) -> Any:
        if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(arguments)):  # inside another program
            return step(*arguments)
        if not made:  # which options are accepted is found out where they are first needed
            made.append(jax.jit(step, compiler_options=accepted(QUICKLY)))
        return made[0](*arguments)

    return call


in_numpy = partial(evaluated, compiled=jitted)
"""Traced, and evaluated in NumPy where that is possible, else compiled."""


def _first(tree: Any) -> Any:
    return tree


@dataclass(frozen=True)
class OptaxMode:
    """How one transformation is built, given its tensors and compiled.

    `make(make, settings, tensors)` builds the transformation, `pack` puts a list of tensors into the tree it is given
    and `unpack` takes them out again, `whole` turns init and step into functions of that tree, `compiled` compiles a
    step.
    """

    make: Callable[[Make, Mapping[str, Any], int], Any] = _plainly
    pack: Callable[[list[Any]], Any] = list
    unpack: Callable[[Any], Sequence[Any]] = list
    whole: Callable[[Step], Step] = _first
    compiled: Callable[[Step], Step] = jitted
    begun: Callable[[Step], Step] = _first


def _scanned(step: Step) -> Step:
    """The step as the body of a scan of length 1, which refuses a state that changes its structure or dtype."""

    def body(carry: tuple["optax.OptState", "optax.Params"], gradients: "optax.Updates") -> Any:
        state, x = carry
        x, state = step(gradients, state, x)
        return (state, x), None

    def call(gradients: "optax.Updates", state: "optax.OptState", x: "optax.Params") -> Any:
        (state, x), _ = jax.lax.scan(body, (state, x), jax.tree.map(lambda g: jnp.asarray(g)[None], gradients))
        return x, state

    return jitted(call)


def _two_lanes(tensors: list[Any]) -> list[Any]:
    return [jnp.stack([jnp.asarray(a), 1 - jnp.asarray(a)]) for a in tensors]


def _masked(make: Make, settings: Mapping[str, Any], tensors: int) -> Any:
    import optax

    def mask(tree: list[Any]) -> list[bool]:
        return [True] * (len(tree) - 1) + [False]

    return optax.masked(make(settings), mask)


def _grouped(make: Make, settings: Mapping[str, Any], tensors: int) -> Any:
    """One transformation per tensor; a setting that is a list has one value per tensor."""
    import optax

    def own(i: int) -> Any:
        return make({key: value[i] if isinstance(value, list) else value for key, value in settings.items()})

    return optax.multi_transform({i: own(i) for i in range(tensors)}, list(range(tensors)))


def _scheduled(make: Make, settings: Mapping[str, Any], tensors: int) -> Any:
    """The step size a tuple, one per step."""
    rates = tuple(settings["lr"])
    return make({**settings, "lr": lambda count: jnp.asarray(rates)[count]})


MODES: Mapping[str, OptaxMode] = {
    "": OptaxMode(),
    "eager": OptaxMode(compiled=_first),
    "numpy": OptaxMode(compiled=in_numpy, begun=partial(evaluated, compiled=_first)),
    "scan": OptaxMode(compiled=_scanned),
    "vmap": OptaxMode(pack=_two_lanes, unpack=lambda tree: [a[0] for a in tree], whole=jax.vmap, compiled=in_numpy),
    "masked": OptaxMode(
        make=_masked,
        pack=lambda a: [*a, jnp.ones(2, a[0].dtype)],
        unpack=lambda tree: tree[:-1],
        compiled=in_numpy,
    ),
    "tree": OptaxMode(
        pack=lambda a: {"b": (a[0], {}), "a": {"rest": tuple(a[1:]), "none": None}},
        unpack=lambda tree: [tree["b"][0], *tree["a"]["rest"]],
        compiled=in_numpy,
    ),
    "groups": OptaxMode(make=_grouped, compiled=in_numpy),
    "scheduled": OptaxMode(make=_scheduled, compiled=in_numpy),
}
"""By name; the plain mode is ""."""
