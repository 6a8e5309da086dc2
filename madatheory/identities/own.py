"""The package's own optimizers as targets: their optax form, with the names of hyper-parameters that others use."""

import inspect
from collections.abc import Callable
from typing import Any

from madatheory.catalogue import optimizer, optimizers

HORIZON = 1000
"""T for methods whose schedule depends on it."""
_NAMES = {"alpha": "learning_rate", "beta1_lion": "beta1", "beta2_lion": "beta2"}


def own(spec: str) -> Callable[..., Any]:
    """A factory of the optax form of "adam:form=practical" or another such name; learning_rate is alpha."""
    from madatheory.optimizers.optax_form import as_optax

    made = optimizer(spec)
    horizon = HORIZON if made.traits.get("needs_horizon", False) else None
    names = {name: name for name in made.parameters}
    for name, new in _NAMES.items():
        if name in names and new not in made.parameters:
            names[name] = new

    def make(**hyper: Any) -> Any:
        back = {new: name for name, new in names.items()}
        return as_optax(made, horizon, **{back.get(name, name): value for name, value in hyper.items()})

    make.__name__ = spec
    make.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(new, inspect.Parameter.KEYWORD_ONLY, default=made.parameters[name].default)
            for name, new in names.items()
        ]
    )
    return make


def specs() -> list[str]:
    """Every entry of the catalogue, in its theory form and in its practical form where it has both."""
    found = []
    for name, entry in optimizers().items():
        forms = ("theory", "practical") if "form" in entry.options else ()
        found += [f"madatheory:{name}:form={form}" for form in forms] or [f"madatheory:{name}"]
    return found
