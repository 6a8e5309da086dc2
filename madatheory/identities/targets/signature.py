"""Which neutral settings a factory accepts, read from its signature."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from madatheory.identities.targets.target import Unusable

EVERY = (
    "every",
    "every_k",
    "every_k_schedule",
    "gradient_accumulation_steps",
    "accumulation_steps",
    "accumulate_steps",
    "accumulate_every",
)
"""What libraries call the number of gradients that are accumulated for one update."""
NAMES = {
    **dict.fromkeys(EVERY, "every"),
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
    "eps_root": "eps_root",
    "momentum": "momentum",
    "weight_decay": "weight_decay",
    "maximize": "maximize",
}
"""What optax and plain functions call a setting -> its neutral name. Here, because the adapter of optax imports JAX."""


PARAMETERS = ("params", "parameters")
"""What factories of torch optimizers call the tensors, their first argument."""
MODELS = ("model", "module", "net", "network")


def takes_model(factory: Callable[..., Any]) -> bool:
    """Whether the first argument of a factory is a model, whose parameters it takes itself."""
    first = next(iter(parameters(factory).values()), None)
    return first is not None and first.name in MODELS and first.default is first.empty


def parameters(factory: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """Parameters of a factory, by name; empty where Python cannot tell."""
    try:
        return inspect.signature(factory).parameters
    except (TypeError, ValueError):
        return {}


def settings_of(
    factory: Callable[..., Any], names: Mapping[str, str], given: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, Any]]:
    """(neutral name -> parameter, neutral name -> default) for the parameters that `names` translates to neutral ones.

    `Unusable` if a parameter without default is neither translated nor in `given`.
    """
    known, defaults, missing = {}, {}, []
    for name, parameter in parameters(factory).items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        neutral = names.get(name)
        if neutral and neutral not in known:
            known[neutral] = name
            if isinstance(parameter.default, int | float):
                defaults[neutral] = parameter.default
        if name in given and neutral:
            defaults[neutral] = given[name]
        if parameter.default is parameter.empty and neutral != "lr" and name not in given:
            missing.append(name)
    if missing:
        raise Unusable(
            f"{getattr(factory, '__name__', factory)} needs {', '.join(missing)}: give a function of no arguments "
            "that fills them in, such as lambda learning_rate: make(.., learning_rate=learning_rate); an update "
            "of x by a gradient g becomes one as a pair: lambda: (lambda x: 0, lambda g, own, x: (update(x, g), own))"
        )
    return known, defaults


def own_arguments(factory: Callable[..., Any], known: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Optional arguments that no neutral name stands for, with the values they have."""
    return {
        name: given.get(name, parameter.default)
        for name, parameter in parameters(factory).items()
        if parameter.default is not parameter.empty and name not in known.values()
    }


def varied(code: str, more: Mapping[str, Any]) -> str:
    """Code that makes `optimizer` with some of its arguments set."""
    if not more:
        return code
    arguments = ", ".join(f"{name}={value!r}" for name, value in more.items())
    return f"{code}\nimport functools\noptimizer = functools.partial(optimizer, {arguments})"
