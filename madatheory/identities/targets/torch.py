"""torch: a class of optimizers, or a function from parameters and settings to one."""

import copy
import io
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from madatheory.errors import needs
from madatheory.identities.targets.signature import EVERY, own_arguments, parameters, takes_model, varied
from madatheory.identities.targets.target import Misbehaved, Stepper, Target, Tensor, Unusable
from madatheory.identities.targets.torch_probe import (
    MATRICES_ONLY,
    is_optimizer_class,
    lacking,
    model_of,
    refuse_more_than_gradients,
    takes_matrices_only,
)

if TYPE_CHECKING:
    import torch

_NAMES = {
    "lr": "lr",
    "eps": "eps",
    "momentum": "momentum",
    "weight_decay": "weight_decay",
    "maximize": "maximize",
    "alpha": "beta2",
    "kahan_sum": "kahan",
    **dict.fromkeys(EVERY, "every"),
}
_MOMENTS = {"exp_avg": "m", "exp_avg_sq": "v", "max_exp_avg_sq": "vmax", "square_avg": "v"}
_FLAGS = ("foreach", "fused", "differentiable", "capturable")


@cache
def import_torch() -> Any:
    """The module, or a `UserError` that says how to get it."""
    with needs("this target"):
        import torch
    return torch


def to_torch(value: Tensor) -> Any:
    """A torch tensor of the same numbers and dtype."""
    torch = import_torch()
    value = np.array(value)
    if value.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(value.astype(np.float32)).to(torch.bfloat16)
    return torch.from_numpy(value)


def to_numpy(value: "torch.Tensor") -> Tensor:
    """A NumPy copy of a torch tensor."""
    torch = import_torch()
    value = value.detach().cpu().resolve_conj()
    if value.dtype == torch.bfloat16:
        return value.to(torch.float32).numpy().astype(ml_dtypes.bfloat16)
    return np.array(value.numpy())


@dataclass(frozen=True)
class TorchMode:
    """How the same steps are taken: what may make no difference.

    `strided`: tensors with gaps or transposed; `one_buffer`: each gradient overwrites the last one's memory; `closure`:
    gradients are set inside step(closure); `leafless`: tensors inside a graph, as differentiable=True wants them;
    `late`: a tensor's group is added at its first gradient; `rates`: the group's lr is set anew before every step.
    """

    strided: bool = False
    one_buffer: bool = False
    closure: bool = False
    leafless: bool = False
    late: bool = False
    rates: tuple[float, ...] = ()

    def tensor(self, value: Tensor) -> Any:
        """A tensor of this layout, not yet a leaf that wants gradients."""
        made = to_torch(value)
        if self.strided and made.ndim == 1:
            wide = made.new_zeros(2 * len(made))
            wide[::2] = made
            return wide[::2]
        if self.strided and made.ndim > 1:
            return made.mT.contiguous().mT
        return made


class TorchStepper:
    """Leaf tensors and an optimizer over them."""

    def __init__(
        self, make: Callable[[list[Any]], Any], x0: Sequence[Tensor], mode: TorchMode | None = None, done: int = 0
    ) -> None:
        self._make, self._mode, self._done = make, mode or TorchMode(), done
        self.tensors = [self._mode.tensor(x).requires_grad_() for x in x0]
        if self._mode.leafless:
            self.tensors = [x.clone() for x in self.tensors]
        self.optimizer = None if self._mode.late else make(self.tensors)

    def parameters(self) -> list[Tensor]:
        return [to_numpy(x) for x in self.tensors]

    def step(self, gradients: Sequence[Tensor | None]) -> None:
        torch, calls = import_torch(), []
        loss = torch.ones((), dtype=torch.float64)

        def closure() -> Any:
            calls.append(torch.is_grad_enabled())
            self._give(gradients)
            return loss

        self._prepare(gradients)
        if not self._mode.closure:
            self._give(gradients)
        try:
            returned = self._built().step(*([closure] if self._mode.closure else []))
        except (TypeError, ValueError, RuntimeError, AttributeError, IndexError, KeyError, ZeroDivisionError) as error:
            raise Misbehaved(f"step raised {type(error).__name__}: {error}") from error
        self._done += 1
        if self._mode.closure:
            if calls != [True]:
                how = "with gradients enabled: " + str(calls) if calls else "never"
                raise Misbehaved(f"step(closure) must call the closure once, gradients enabled; called {how}")
            if returned is None or float(returned) != 1.0:
                raise Misbehaved(f"step(closure) must return the closure's loss, 1; returned {returned!r}")

    def _prepare(self, gradients: Sequence[Tensor | None]) -> None:
        if self._mode.late:
            present = [x for x, g in zip(self.tensors, gradients, strict=True) if g is not None]
            if self.optimizer is None:
                self.optimizer = self._make(present)
                _one_kind_of_group(self.optimizer)
            known = {id(x) for group in self.optimizer.param_groups for x in group["params"]}
            for x in present:
                if id(x) not in known:
                    self.optimizer.add_param_group({"params": [x]})
        if self._mode.rates:
            for group in self._built().param_groups:
                group["lr"] = self._mode.rates[self._done]

    def _give(self, gradients: Sequence[Tensor | None]) -> None:
        for x, g in zip(self.tensors, gradients, strict=True):
            if g is None:
                x.grad = None
            elif self._mode.one_buffer and x.grad is not None:
                x.grad.copy_(to_torch(g))
            else:
                x.grad = self._mode.tensor(g)

    def given(self) -> list[Tensor | None]:
        """What has become of the gradients of the last step."""
        return [None if x.grad is None else to_numpy(x.grad) for x in self.tensors]

    def tell(self, group: int, settings: Mapping[str, Any]) -> None:
        """Write settings, by their neutral names, to one of the optimizer's groups."""
        found = self._built().param_groups[group]
        for name, value in settings.items():
            if name.startswith("beta") and "betas" in found:
                k = int(name[4:])
                found["betas"] = (*found["betas"][: k - 1], value, *found["betas"][k:])
                continue
            keys = [key for key, neutral in _NAMES.items() if neutral == name and key in found]
            if name in found or keys:
                found[name if name in found else keys[0]] = value
            else:
                raise Unusable(f"its groups have no setting {name}")

    def pickled(self) -> "TorchStepper":
        """A copy through pickle."""
        fresh = TorchStepper.__new__(TorchStepper)
        fresh._make, fresh._mode, fresh._done = self._make, self._mode, self._done
        fresh.tensors, fresh.optimizer = pickle.loads(pickle.dumps((self.tensors, self.optimizer)))
        return fresh

    def save(self) -> Any:
        torch, file = import_torch(), io.BytesIO()
        if not hasattr(self._built(), "state_dict"):
            raise Unusable(f"{type(self._built()).__name__} has no state_dict, and cannot be saved")
        torch.save((self.parameters(), self._built().state_dict()), file)
        return file.getvalue()

    def load(self, saved: bytes) -> Stepper:
        x, state = import_torch().load(io.BytesIO(saved), weights_only=False)
        fresh = TorchStepper(self._make, x, self._mode, self._done)
        fresh._built().load_state_dict(state)
        return fresh

    def state(self) -> list[Tensor]:
        found: list[Tensor] = []
        for own in self._states():
            for key in sorted(own, key=str):
                value = own[key]
                if hasattr(value, "detach"):
                    found.append(to_numpy(value))
                elif isinstance(value, int | float):
                    found.append(np.asarray(value))
        return found

    def _built(self) -> Any:
        return self.optimizer

    def _states(self) -> list[Mapping[str, Any]]:
        """The state of each tensor; empty where the optimizer keeps it elsewhere."""
        whole = getattr(self._built(), "state", None)
        return [whole.get(x, {}) if isinstance(whole, Mapping) else {} for x in self.tensors]

    def moments(self) -> dict[str, list[Tensor]]:
        states = self._states()
        found = {new: [s[old] for s in states] for old, new in _MOMENTS.items() if all(old in s for s in states)}
        return {name: [to_numpy(value) for value in values] for name, values in found.items()}

    def __deepcopy__(self, memo: dict[int, Any]) -> "TorchStepper":
        fresh = TorchStepper.__new__(TorchStepper)
        memo[id(self)] = fresh
        fresh._make, fresh._mode, fresh._done = self._make, self._mode, self._done
        fresh.tensors, fresh.optimizer = copy.deepcopy((self.tensors, self.optimizer), memo)
        return fresh


def _one_kind_of_group(optimizer: Any) -> None:
    """`Unusable` where a factory gives its groups settings of its own: a group that is added later has not got them."""
    for group in optimizer.param_groups:
        for name, value in getattr(optimizer, "defaults", {}).items():
            same = group.get(name, value)
            if isinstance(value, bool | int | float | str | tuple) and same != value:
                raise Unusable(f"its groups have settings of their own ({name} = {same}, not {value})")


def target(factory: Callable[..., Any], name: str = "", code: str = "", **given: Any) -> Target:
    """The target of `factory(params, **settings)`; `given` are further arguments for it."""
    import_torch()
    names, defaults, known = parameters(factory), {}, {}
    kinds = getattr(getattr(factory, "func", factory), "__mro__", ())  # also of functools.partial
    rmsprop = any("rmsprop" in base.__name__.lower() for base in kinds)  # its beta2 is alpha
    adadelta = any("adadelta" in base.__name__.lower() for base in kinds)  # and this one's is rho
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
        elif key == "alpha" and not (rmsprop and "betas" not in names):
            continue  # a power, a scale, another average
        elif key == "rho" and adadelta:
            known["beta2"], defaults["beta2"] = key, given.get(key, parameter.default)
        elif isinstance(parameter.default, tuple):
            continue  # Adafactor's eps is a pair
        elif key in _NAMES:
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
    of_model = takes_model(factory)
    flags = frozenset(flag for flag in _FLAGS if flag in names)

    def arguments(settings: Mapping[str, Any]) -> dict[str, Any]:
        betas = {key: value for key, value in settings.items() if known.get(key) == "betas"}
        found = {key if key in flags else known[key]: settings[key] for key in settings if key not in betas}
        if betas:
            standard = given.get("betas", names["betas"].default)
            values = list(standard if isinstance(standard, tuple | list) else (0.9, 0.999))
            for key, value in betas.items():
                values[int(key[4:]) - 1] = value
            found["betas"] = tuple(values)
        return found

    def built(parameters: list[Any], settings: Mapping[str, Any]) -> Any:
        whole = {**given, **arguments(settings)}
        try:
            made = factory(model_of(parameters) if of_model else parameters, **whole)
        except (TypeError, ValueError, RuntimeError, AttributeError, AssertionError, KeyError, IndexError) as error:
            how = MATRICES_ONLY if takes_matrices_only(factory, parameters, whole) else ""
            raise Unusable(f"{name or factory}: building it with {whole} raised {error!r}{how}") from error
        if not callable(getattr(made, "step", None)):
            raise Unusable(f"{name or factory} returned {type(made).__name__}, which has no step")
        return made

    def make(settings: Mapping[str, Any]) -> Callable[[list[Any]], Any]:
        return lambda tensors: built(tensors, settings)

    def started(mode: TorchMode) -> Callable[[Sequence[Tensor], Mapping[str, Any]], Stepper]:
        return lambda x0, settings: TorchStepper(make(settings), x0, mode)

    def grouped(x0: Sequence[Tensor], settings: Mapping[str, Any]) -> Stepper:
        """Every tensor a group of its own; a setting that is a list has one value per tensor."""
        several = {key: value for key, value in settings.items() if isinstance(value, list)}
        common = {key: several[key][0] if key in several else value for key, value in settings.items()}

        def build(tensors: list[Any]) -> Any:
            own = [arguments({key: value[i] for key, value in several.items()}) for i in range(len(tensors))]
            return built([{"params": [x], **more} for x, more in zip(tensors, own, strict=True)], common)

        return TorchStepper(build, x0)

    def scheduled(x0: Sequence[Tensor], settings: Mapping[str, Any]) -> Stepper:
        """The step size a tuple, one per step."""
        rates = tuple(settings["lr"])
        return TorchStepper(make({**settings, "lr": rates[0]}), x0, TorchMode(rates=rates))

    modes = {
        "strided": started(TorchMode(strided=True)),
        "one buffer": started(TorchMode(one_buffer=True)),
        "closure": started(TorchMode(closure=True)),
        "late groups": started(TorchMode(late=True)),
        "groups": grouped,
    }
    if "lr" in known:
        modes["scheduled"] = scheduled
    if "differentiable" in flags:
        modes["differentiable"] = lambda x0, settings: TorchStepper(
            make({**settings, "differentiable": True}), x0, TorchMode(leafless=True)
        )
    shown = name or getattr(factory, "__name__", "optimizer")
    if is_optimizer_class(factory):
        refuse_more_than_gradients(getattr(factory, "func", factory).step, shown)
    else:
        lr = {"lr": 0.125} if "lr" in known and "lr" not in defaults else {}
        for mode in lacking(make(lr), shown):
            modes.pop(mode, None)
    # groups whose values can be set while it runs
    told = {"told"} if "scheduled" in modes or "lr" not in known else set()
    module = getattr(factory, "__module__", "torch.optim")
    code = code or varied(f"from {module} import {getattr(factory, '__name__', 'make')} as optimizer", given)
    return Target(
        name or getattr(factory, "__name__", "optimizer"),
        "torch",
        started(TorchMode()),
        frozenset(known) | flags,
        defaults,
        frozenset(
            {"several tensors", "missing gradients", "complex", "gradient objects", "copies", *told, *flags, *modes}
        ),
        code,
        make,
        modes,
        own=own_arguments(factory, {**known, **{flag: flag for flag in flags}}, given),
        vary=lambda more: target(factory, name, varied(code, more), **{**given, **more}),
    )
