"""A first look at a torch factory: which execution modes what it builds has, and whether gradients alone drive it."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from madatheory.identities.targets.signature import parameters
from madatheory.identities.targets.target import Unusable

GROUPED = frozenset({"groups", "late groups", "scheduled"})
SHAPES = (((3,), (2, 3)), ((2, 3),), ((3,),))


MATRICES_ONLY = "; it takes matrices only"


def takes_matrices_only(factory: Callable[..., Any], tensors: Sequence[Any], arguments: Mapping[str, Any]) -> bool:
    """Whether a factory that refuses these tensors takes a matrix."""
    import torch

    if all(getattr(tensor, "ndim", 2) == 2 for tensor in tensors):
        return False
    try:
        factory([torch.zeros((2, 3), requires_grad=True)], **arguments)
    except Exception:  # whatever else it wants
        return False
    return True


def model_of(tensors: Sequence[Any]) -> Any:
    """A module with these parameters and no other content: a matrix is a weight, anything else a bias."""
    import torch

    class Parameters(torch.nn.Module):
        """Stands in for a model where a factory takes one."""

        def named_parameters(self, *_: Any, **__: Any) -> Any:
            for i, tensor in enumerate(tensors):
                yield f"layers.{i}.{'weight' if tensor.ndim > 1 else 'bias'}", tensor

        def parameters(self, *_: Any, **__: Any) -> Any:
            return iter(tensors)

    return Parameters()


def is_optimizer_class(factory: Any) -> bool:
    """Whether it is a class of torch's own kind, of which everything may be expected."""
    import torch

    made = getattr(factory, "func", factory)
    return inspect.isclass(made) and issubclass(made, torch.optim.Optimizer)


def refuse_more_than_gradients(step: Callable[..., Any], name: str) -> None:
    """A step that needs a closure or another argument is not driven by gradients alone: `Unusable` says what to do."""
    for key, p in parameters(step).items():
        if key == "self" or p.default is not p.empty or p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
            continue  # a scheduler leaves a step that shows its self
        if key == "closure":
            raise Unusable(
                f"{name}: step needs a closure, with which it evaluates the loss where it likes; it cannot be driven "
                "by gradients alone, and no identity says anything about it"
            )
        raise Unusable(
            f"{name}: step needs {key} besides gradients; give a factory that fills it in: def make(params, lr): made "
            f"= ..; made.step = functools.partial(made.step, {key}=..); return made"
        )


def lacking(built: Callable[[list[Any]], Any], name: str) -> frozenset[str]:
    """Execution modes that what a function builds does not have; `Unusable` with the reason if it builds nothing.

    Of a class of torch's own kind every mode is expected, and this is not asked.
    """
    import torch

    first: Unusable | None = None
    for shapes in SHAPES:
        try:
            made = built([torch.zeros(shape, requires_grad=True) for shape in shapes])
            break
        except Unusable as error:
            first = first or error
    else:
        assert first is not None
        raise first
    refuse_more_than_gradients(made.step, name)
    missing = set() if isinstance(made, torch.optim.Optimizer) else {"closure"}
    groups = getattr(made, "param_groups", None)
    if not groups or len({group.get("lr") for group in groups}) != 1:
        missing |= GROUPED
    elif len(groups) != 1 or not _takes_groups(built):
        missing |= {"groups", "late groups"}
    return frozenset(missing)


def _takes_groups(built: Callable[[list[Any]], Any]) -> bool:
    import torch

    try:
        built([{"params": [torch.zeros(3, requires_grad=True)]}, {"params": [torch.zeros(3, requires_grad=True)]}])
    except Unusable:
        return False
    return True
