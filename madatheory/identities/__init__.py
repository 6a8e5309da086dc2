"""A conformance suite for optimizers: `check(make_optimizer)` tests yours against the identities it must satisfy.

What stands here is also what an identity is written with: a module in `laws` imports it from here.
"""

import warnings
from typing import TYPE_CHECKING, Any

from madatheory.deprecated import said
from madatheory.identities.check import IdentityOutcome, Report, check
from madatheory.identities.identity import NotApplicable, Violation, identity
from madatheory.identities.rollout import RecordedStepper, Runs
from madatheory.identities.rounding import OPERATIONS, alike, condition, near
from madatheory.identities.strategies import (
    GradientSequence,
    Several,
    complex_sequences,
    late,
    missing,
    nonzero_constants,
    plain,
    sequences,
    tensors,
)
from madatheory.identities.targets.lookup import OptimizerLike, find
from madatheory.identities.targets.target import SettingValue, Target, Unusable
from madatheory.identities.tolerance import close, equal, finite, holds, path_tolerance, unit

if TYPE_CHECKING:
    from madatheory.identities.runner.plugin import suite

__all__ = [
    "OPERATIONS",
    "GradientSequence",
    "IdentityOutcome",
    "NotApplicable",
    "RecordedStepper",
    "Report",
    "Runs",
    "SettingValue",
    "Several",
    "Target",
    "Unusable",
    "Violation",
    "alike",
    "check",
    "close",
    "complex_sequences",
    "condition",
    "equal",
    "find",
    "finite",
    "holds",
    "identity",
    "late",
    "missing",
    "near",
    "nonzero_constants",
    "path_tolerance",
    "plain",
    "runs_of",
    "sequences",
    "suite",
    "tensors",
    "unit",
]


def runs_of(make_optimizer: OptimizerLike) -> Runs:
    """The open-loop map of an optimizer: `runs_of(optax.adam)(x0, gradients, lr=0.1)` is x_1 .. x_T."""
    return Runs(find(make_optimizer), {}, {})


def __getattr__(name: str) -> Any:
    if name == "suite":  # needs pytest, which not everyone who checks something has loaded
        from madatheory.identities.runner.plugin import suite

        return suite
    if name == "Outcome":
        warnings.warn(said("Outcome", "IdentityOutcome"), DeprecationWarning, stacklevel=2)
        return IdentityOutcome
    raise AttributeError(f"module 'madatheory.identities' has no attribute {name!r}")
