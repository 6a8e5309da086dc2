"""A conformance suite for optimizers: `check(make_optimizer)` tests yours against the identities it must satisfy."""

from typing import Any

from madatheory.identities.check import Outcome, Report, check
from madatheory.identities.lookup import find
from madatheory.identities.runs import Runs
from madatheory.identities.target import Target

__all__ = ["Outcome", "Report", "Runs", "Target", "check", "find", "runs_of"]


def runs_of(make_optimizer: Any) -> Runs:
    """The open-loop map of an optimizer: `runs_of(optax.adam)(x0, gradients, lr=0.1)` is x_1 .. x_T."""
    return Runs(find(make_optimizer), {}, {})
