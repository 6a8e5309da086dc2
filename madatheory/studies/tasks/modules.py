"""From an Equinox module to the arrays that are trained, and back."""

from collections.abc import Callable
from typing import Any

import jax

from madatheory.studies.tasks.task import Key, Parameters


def shapes_and_frame(build: Callable[[Key], Any]) -> tuple[Any, Any]:
    """(shapes of the arrays of `build(key)`, all the rest of it); `equinox.combine(arrays, frame)` is the module."""
    import equinox as eqx  # an extra

    made = eqx.filter_eval_shape(build, jax.random.key(0))
    return eqx.partition(made, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))


def arrays(module: object) -> Parameters:
    """What of a module is trained."""
    import equinox as eqx

    return eqx.partition(module, eqx.is_array)[0]
