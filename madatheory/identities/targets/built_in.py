"""The package's own optimizers as targets: their optax form, with the names of hyper-parameters that others use."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from madatheory.identities.targets.target import SettingValue
from madatheory.optimizers.catalogue import get_optimizer, list_optimizers

HORIZON = 1000
"""T for methods whose schedule depends on it."""
_NAMES = {"alpha": "learning_rate", "beta1_lion": "beta1", "beta2_lion": "beta2"}
_NEUTRAL = {"rho": "rho", "c": "c", "gamma": "gamma"}
_SMALLEST = 2.0**-126  # stands for 0 where the range of eps is open there; a normal number of float32
VARIANTS = (
    "amsgrad:form=practical,order=after",
    "avgrad:form=practical,correction=exact",
    "adan:form=practical,weight=1-beta3",
    "lion:order=new",
    "mada-family:convention=published",
    "rmsprop:form=practical,correction=true",
)
"""Options that change the convention, beside the forms."""

_OVERFLOW = "a coefficient of 0 (of rho, 1-rho, c or 1-c) times a square that overflows is nan"
_YOGI = {"F6": "v - g^2 is infinity - infinity once g^2 overflows"}
_TINY_START = "the published code starts v at 1e-15"
XFAIL: Mapping[str, Mapping[str, str]] = {
    "adam-avgrad-switch:form=theory": {"F6": _OVERFLOW},
    "adam-avgrad-switch:form=practical": {"F6": _OVERFLOW},
    "mada": {"F6": _OVERFLOW},
    "mada-family:form=theory": {"F6": _OVERFLOW},
    "mada-family:form=practical": {"F6": _OVERFLOW},
    "mada-family:convention=published": {
        **dict.fromkeys(("S7", "C1", "C2", "C3", "R1", "R11", "E3", "B2"), _TINY_START),
        "F6": _OVERFLOW,
    },
    "yogi:form=theory": _YOGI,
    "yogi:form=practical": _YOGI,
    "safeguarded-mada": {"F6": _OVERFLOW, "R9": "the safeguard b_t = max(b_(t-1), ..) is not linear in rho"},
    "lion:order=new": {"E9": "u is formed from the new momentum, which makes it Lion(B1 B2, B2)"},
}
"""What the built-in targets break on purpose: the part of the name after "madatheory:" -> code -> reason."""


def factory(spec: str) -> Callable[..., Any]:
    """A factory of the optax form of "adam:form=practical" or another such name; learning_rate is alpha.

    What MADA learns is no setting: its hyper-parameters are initial values, named initial_beta1 and so on. In theory
    forms eps > 0, and eps = 0 means 2^-126.
    """
    from madatheory.optimizers.optax_form import as_optax

    made = get_optimizer(spec)
    horizon = HORIZON if made.traits.get("needs_horizon", False) else None
    learned = made.traits.get("learned", ())
    names = {name: f"initial_{name}" if name in learned and name != "alpha" else name for name in made.parameters}
    for name, new in _NAMES.items():
        if name in names and new not in made.parameters:
            names[name] = new
    back = {new: name for name, new in names.items()}
    smallest = _SMALLEST if "eps" in names and made.parameters["eps"].open_low else 0.0

    def make(**hyper: SettingValue) -> Any:
        given = {back.get(name, name): value for name, value in hyper.items()}
        if isinstance(eps := given.get("eps"), int | float):
            given["eps"] = max(eps, smallest)
        return as_optax(made, horizon, **given)

    make.__name__ = spec
    make.neutral = _NEUTRAL  # type: ignore[attr-defined]
    make.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(new, inspect.Parameter.KEYWORD_ONLY, default=made.parameters[name].default)
            for name, new in names.items()
        ]
    )
    return make


def specs() -> list[str]:
    """Every entry of the catalogue in its theory form and in its practical form where it has both, and `VARIANTS`."""
    found = []
    for name, entry in list_optimizers().items():
        forms = ("theory", "practical") if "form" in entry.options else ()
        found += [f"madatheory:{name}:form={form}" for form in forms] or [f"madatheory:{name}"]
    return found + [f"madatheory:{spec}" for spec in VARIANTS]
