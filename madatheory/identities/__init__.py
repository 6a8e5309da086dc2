"""A conformance suite for optimizers: `check(make_optimizer)` tests yours against the identities it must satisfy."""

from typing import TYPE_CHECKING, Any

from madatheory.identities.check import Outcome, Report, check
from madatheory.identities.rollout import Runs
from madatheory.identities.targets.lookup import find
from madatheory.identities.targets.target import Target

if TYPE_CHECKING:
    from madatheory.identities.runner.plugin import suite

__all__ = ["Outcome", "Report", "Runs", "Target", "check", "find", "runs_of", "suite"]


def runs_of(make_optimizer: Any) -> Runs:
    """The open-loop map of an optimizer: `runs_of(optax.adam)(x0, gradients, lr=0.1)` is x_1 .. x_T."""
    return Runs(find(make_optimizer), {}, {})


def __getattr__(name: str) -> Any:
    if name == "suite":  # needs pytest, which not everyone who checks something has loaded
        from madatheory.identities.runner.plugin import suite

        return suite
    raise AttributeError(f"module 'madatheory.identities' has no attribute {name!r}")
