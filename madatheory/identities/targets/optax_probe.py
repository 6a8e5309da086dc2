"""A first look at an optax factory: which trees it takes, and whether gradients alone drive it.

Nothing is computed: init and update are traced on a vector and a matrix.
"""

import inspect
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from madatheory.identities.targets.signature import parameters
from madatheory.identities.targets.target import Unusable

Make = Callable[[Mapping[str, Any]], Any]
_MISSING = re.compile(r"missing \d+ required .*arguments?: (.*)")
TRIALS = (("a vector and a matrix", ((3,), (2, 3))), ("a vector", ((3,),)), ("a matrix", ((2, 3),)))


class OptaxProbe(NamedTuple):
    """`named`: it wants a dict of named tensors; `scheduled`: a step size that is a function of the count is taken."""

    named: bool
    scheduled: bool


class ByName(NamedTuple):
    """A transformation of any tree that gives `made` a dict instead: kernel, bias, scale by the number of axes.

    For labels and masks that read the names of parameters.
    """

    made: Any

    def init(self, x: Any) -> Any:
        """The state for the named leaves of x."""
        return self.made.init(_named(x))

    def update(self, updates: Any, state: Any, x: Any = None) -> Any:
        """Updates in the tree that the gradients came in."""
        found, state = self.made.update(_named(updates), state, None if x is None else _named(x))
        names = _names(jax.tree.leaves(updates))
        return jax.tree.unflatten(jax.tree.structure(updates), [found[name] for name in names]), state


def _names(leaves: list[Any]) -> list[str]:
    found: list[str] = []
    for leaf in leaves:
        stem = ("scale", "bias", "kernel")[min(jnp.ndim(leaf), 2)]
        found.append(stem if stem not in found else f"{stem}_{len(found)}")
    return found


def _named(tree: Any) -> dict[str, Any]:
    leaves = jax.tree.leaves(tree)
    return dict(zip(_names(leaves), leaves, strict=True))


def look(make: Make, lr: bool, name: str) -> OptaxProbe:
    """What `make(settings)` takes; `Unusable` says what to give instead if gradients do not drive it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they come again when it is used
        made = make({"lr": 0.125} if lr else {})
        named = _takes_names(made, name)
        refuse_more_than_gradients(made.update, name)
        _trace(ByName(made) if named else made, name)
        return OptaxProbe(named, lr and _takes_schedules(make, named))


def _takes_names(made: Any, name: str) -> bool:
    first: Exception | None = None
    for wrapped in (made, ByName(made)):
        for _, shapes in TRIALS:
            try:
                jax.eval_shape(wrapped.init, _tensors(shapes))
                return wrapped is not made
            except Exception as error:  # whatever a user's init raises
                first = first or error
    raise Unusable(
        f"{name}: init raised {type(first).__name__} on a list of arrays, and on a dict of them: {first}; give a "
        "factory of a transformation that takes any tree of arrays"
    ) from first


def refuse_more_than_gradients(update: Callable[..., Any], name: str) -> None:
    """Arguments without default beyond (updates, state, params) cannot be made up from gradients alone."""
    beyond = [
        key
        for key, p in list(parameters(update).items())[3:]
        if p.default is inspect.Parameter.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]
    if beyond:
        raise _needs(", ".join(beyond), name)


def _needs(what: str, name: str) -> Unusable:
    return Unusable(
        f"{name}: update needs {what} besides gradients, so that gradients alone do not say what it does; give a "
        "factory that fixes them: def make(learning_rate): inner = ..; return optax.GradientTransformation(inner.init, "
        f"lambda g, state, x: inner.update(g, state, x, {what.split(',')[0].strip()}=..))"
    )


def _trace(made: Any, name: str) -> None:
    """Refuses what an update asks for beside gradients; other mistakes are left to be found on real numbers."""
    for _, shapes in TRIALS:
        x = _tensors(shapes)
        try:
            state = jax.eval_shape(made.init, x)
            jax.eval_shape(made.update, x, state, x)
            return
        except TypeError as error:
            missing = _MISSING.search(str(error))
            if missing:
                raise _needs(missing.group(1).replace("'", ""), name) from error
        except KeyError as error:
            wanted = error.args[0] if error.args else None
            if isinstance(wanted, str) and wanted.isidentifier():
                raise _needs(wanted, name) from error
        except Exception:
            continue


def _takes_schedules(make: Make, named: bool) -> bool:
    try:
        made = make({"lr": lambda count: jnp.asarray(0.125)})
        made = ByName(made) if named else made
        for _, shapes in TRIALS:
            x = _tensors(shapes)
            try:
                state = jax.eval_shape(made.init, x)
            except Exception:
                continue
            jax.eval_shape(made.update, x, state, x)
            return True
    except Exception:
        return False
    return False


def _tensors(shapes: tuple[tuple[int, ...], ...]) -> list[Any]:
    """For `jax.eval_shape`, which takes them as they are: an array would be a program, compiled."""
    return [jax.ShapeDtypeStruct(shape, jnp.result_type(float)) for shape in shapes]
