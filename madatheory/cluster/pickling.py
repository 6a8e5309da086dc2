"""A plan as bytes that another process makes the same plan from.

Functions of the package travel by name where they have one, those made by functions, and all of a user's files, as
code. Functions of `jax.numpy` that are objects are named too: a copy would be another function to the store's keys.
"""

import io
import sys
from typing import Any

import cloudpickle
import jax.numpy as jnp

from madatheory.sources import is_users
from madatheory.store.executor import NotSent


class _Pickler(cloudpickle.CloudPickler):
    def reducer_override(self, obj: Any) -> Any:
        name = getattr(obj, "__name__", "")
        if isinstance(obj, jnp.ufunc) and getattr(jnp, name, None) is obj:
            return getattr, (jnp, name)
        return super().reducer_override(obj)


def dumps(what: str, value: object) -> bytes:
    """The bytes; `NotSent` that names `what` if it holds what only this process has."""
    for name, module in list(sys.modules.items()):
        source = str(getattr(module, "__file__", "")).endswith(".py")
        if source and name == module.__name__ != "__main__" and is_users(module):
            cloudpickle.register_pickle_by_value(module)
    memory = io.BytesIO()
    try:
        _Pickler(memory).dump(value)
    except Exception as error:
        raise NotSent(
            f"{what} cannot be sent to a worker ({type(error).__name__}: {error}); build it from functions, arrays and "
            "numbers, or leave out --cluster"
        ) from error
    return memory.getvalue()
