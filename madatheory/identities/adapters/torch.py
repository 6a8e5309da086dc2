"""torch: a class of optimizers, or a function from parameters and settings to one."""

import copy
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from madatheory.errors import UserError
from madatheory.identities.adapters.signature import parameters
from madatheory.identities.target import Misbehaved, Stepper, Target, Tensor, Unusable

_NAMES = {
    "lr": "lr",
    "eps": "eps",
    "momentum": "momentum",
    "weight_decay": "weight_decay",
    "maximize": "maximize",
    "alpha": "beta2",
}
_MOMENTS = {"exp_avg": "m", "exp_avg_sq": "v", "max_exp_avg_sq": "vmax", "square_avg": "v"}
_FLAGS = ("foreach", "fused", "differentiable", "capturable")


def import_torch() -> Any:
    """The module, or a `UserError` that says how to get it."""
    try:
        import torch
    except ImportError:
        raise UserError("this target needs torch: pip install 'madatheory[torch]'") from None
    return torch


def to_torch(value: Tensor) -> Any:
    """A torch tensor of the same numbers and dtype."""
    torch = import_torch()
    value = np.array(value)
    if str(value.dtype) == "bfloat16":
        return torch.from_numpy(value.astype(np.float32)).to(torch.bfloat16)
    return torch.from_numpy(value)


def to_numpy(value: Any) -> Tensor:
    """A NumPy copy of a torch tensor."""
    torch = import_torch()
    value = value.detach().cpu().resolve_conj()
    if value.dtype == torch.bfloat16:
        import ml_dtypes

        return value.to(torch.float32).numpy().astype(ml_dtypes.bfloat16)
    return np.array(value.numpy())


class TorchStepper:
    """Leaf tensors and an optimizer over them."""

    def __init__(self, make: Callable[[list[Any]], Any], x0: Sequence[Tensor]) -> None:
        self._make = make
        self.tensors = [to_torch(x).requires_grad_() for x in x0]
        self.optimizer = make(self.tensors)

    def parameters(self) -> list[Tensor]:
        return [to_numpy(x) for x in self.tensors]

    def step(self, gradients: Sequence[Tensor | None]) -> None:
        for x, g in zip(self.tensors, gradients, strict=True):
            x.grad = None if g is None else to_torch(g)
        try:
            self.optimizer.step()
        except (TypeError, ValueError, RuntimeError, AttributeError, IndexError, KeyError, ZeroDivisionError) as error:
            raise Misbehaved(f"step raised {type(error).__name__}: {error}") from error

    def save(self) -> Any:
        torch, file = import_torch(), io.BytesIO()
        torch.save((self.parameters(), self.optimizer.state_dict()), file)
        return file.getvalue()

    def load(self, saved: Any) -> Stepper:
        x, state = import_torch().load(io.BytesIO(saved), weights_only=False)
        fresh = TorchStepper(self._make, x)
        fresh.optimizer.load_state_dict(state)
        return fresh

    def state(self) -> list[Tensor]:
        found = []
        for x in self.tensors:
            for key in sorted(self.optimizer.state.get(x, {}), key=str):
                value = self.optimizer.state[x][key]
                if hasattr(value, "detach"):
                    found.append(to_numpy(value))
        return found

    def moments(self) -> dict[str, list[Tensor]]:
        states = [self.optimizer.state.get(x, {}) for x in self.tensors]
        found = {new: [s[old] for s in states] for old, new in _MOMENTS.items() if all(old in s for s in states)}
        return {name: [to_numpy(value) for value in values] for name, values in found.items()}

    def __deepcopy__(self, memo: dict[int, Any]) -> "TorchStepper":
        fresh = TorchStepper.__new__(TorchStepper)
        memo[id(self)] = fresh
        fresh._make = self._make
        fresh.tensors, fresh.optimizer = copy.deepcopy((self.tensors, self.optimizer), memo)
        return fresh


def target(factory: Callable[..., Any], name: str = "", code: str = "", **given: Any) -> Target:
    """The target of `factory(params, **settings)`; `given` are further arguments for it."""
    torch = import_torch()
    names, defaults, known = parameters(factory), {}, {}
    if not names:
        raise Unusable(f"{name or factory}: its signature cannot be read; wrap it in a function with named arguments")
    for key, parameter in names.items():
        if key == "betas":
            length = len(
                given.get(key, parameter.default if parameter.default is not parameter.empty else (0.9, 0.999))
            )
            known |= {f"beta{i + 1}": key for i in range(min(length, 3))}
            values = given.get(key, parameter.default)
            if isinstance(values, tuple | list):
                defaults |= {f"beta{i + 1}": float(values[i]) for i in range(min(length, 3))}
        elif key in _NAMES and (_NAMES[key] != "beta2" or "betas" not in names):
            known[_NAMES[key]] = key
            value = given.get(key, parameter.default)
            if isinstance(value, int | float):
                defaults[_NAMES[key]] = value
    missing = [
        key
        for i, (key, p) in enumerate(names.items())
        if i
        and p.default is p.empty
        and key not in given
        and key not in known
        and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]
    if missing:
        raise Unusable(f"{name or factory} needs {', '.join(missing)}: give a function that fills them in")
    flags = frozenset(flag for flag in _FLAGS if flag in names)

    def make(settings: Mapping[str, Any]) -> Callable[[list[Any]], Any]:
        arguments = dict(given)
        betas = {key: value for key, value in settings.items() if known.get(key) == "betas"}
        if betas:
            standard = given.get("betas", names["betas"].default)
            values = list(standard if isinstance(standard, tuple | list) else (0.9, 0.999))
            for key, value in betas.items():
                values[int(key[4:]) - 1] = value
            arguments["betas"] = tuple(values)
        for key, value in settings.items():
            if key in flags:
                arguments[key] = value
            elif key not in betas:
                arguments[known[key]] = value

        def build(tensors: list[Any]) -> Any:
            try:
                made = factory(tensors, **arguments)
            except (TypeError, ValueError, RuntimeError, AttributeError, AssertionError, KeyError, IndexError) as error:
                raise Unusable(f"{name or factory}: building it with {arguments} raised {error!r}") from error
            if not callable(getattr(made, "step", None)):
                raise Unusable(f"{name or factory} returned {type(made).__name__}, which has no step")
            return made

        return build

    def start(x0: Sequence[Tensor], settings: Mapping[str, Any]) -> Stepper:
        return TorchStepper(make(settings), x0)

    module = getattr(factory, "__module__", "torch.optim")
    del torch
    return Target(
        name or getattr(factory, "__name__", "optimizer"),
        "torch",
        start,
        frozenset(known) | flags,
        defaults,
        frozenset({"several tensors", "missing gradients", "complex", "groups", "closure", *flags}),
        code or f"from {module} import {getattr(factory, '__name__', 'make')} as optimizer",
        make,
    )
