"""A conformance suite for optimizers: `check(make_optimizer)` tests yours against the identities it must satisfy.

What stands here is also what an identity is written with: a module in `laws` imports it from here.
"""

import warnings
from typing import TYPE_CHECKING, Any

from madatheory.deprecated import said
from madatheory.identities.check import IdentityOutcome as IdentityOutcome
from madatheory.identities.check import Report as Report
from madatheory.identities.check import check as check
from madatheory.identities.drawing import drawn as drawn
from madatheory.identities.drawing import st as st
from madatheory.identities.identity import ByConvention as ByConvention
from madatheory.identities.identity import NotApplicable as NotApplicable
from madatheory.identities.identity import Violation as Violation
from madatheory.identities.identity import identity as identity
from madatheory.identities.methods import METHODS as METHODS
from madatheory.identities.methods import decoupled as decoupled
from madatheory.identities.methods import treats_sides_alike as treats_sides_alike
from madatheory.identities.rollout import RecordedStepper as RecordedStepper
from madatheory.identities.rollout import Runs as Runs
from madatheory.identities.rounding import LIFT as LIFT
from madatheory.identities.rounding import OPERATIONS as OPERATIONS
from madatheory.identities.rounding import alike as alike
from madatheory.identities.rounding import condition as condition
from madatheory.identities.rounding import near as near
from madatheory.identities.rounding import once as once
from madatheory.identities.rounding import without_eps as without_eps
from madatheory.identities.strategies import GradientSequence as GradientSequence
from madatheory.identities.strategies import Several as Several
from madatheory.identities.strategies import complex_sequences as complex_sequences
from madatheory.identities.strategies import late as late
from madatheory.identities.strategies import missing as missing
from madatheory.identities.strategies import nonzero_constants as nonzero_constants
from madatheory.identities.strategies import plain as plain
from madatheory.identities.strategies import sequences as sequences
from madatheory.identities.strategies import tensors as tensors
from madatheory.identities.targets.lookup import OptimizerLike
from madatheory.identities.targets.lookup import find as find
from madatheory.identities.targets.matrices import checkable
from madatheory.identities.targets.target import Misbehaved as Misbehaved
from madatheory.identities.targets.target import SettingValue as SettingValue
from madatheory.identities.targets.target import Target as Target
from madatheory.identities.targets.target import Unusable as Unusable
from madatheory.identities.tolerance import close as close
from madatheory.identities.tolerance import equal as equal
from madatheory.identities.tolerance import finite as finite
from madatheory.identities.tolerance import holds as holds
from madatheory.identities.tolerance import path_tolerance as path_tolerance
from madatheory.identities.tolerance import unit as unit

if TYPE_CHECKING:
    from madatheory.identities.runner.plugin import suite as suite


def runs_of(make_optimizer: OptimizerLike) -> Runs:
    """The open-loop map of an optimizer: `runs_of(optax.adam)(x0, gradients, lr=0.1)` is x_1 .. x_T."""
    return Runs(checkable(make_optimizer), {}, {})


def __getattr__(name: str) -> Any:
    if name == "suite":  # needs pytest, which not everyone who checks something has loaded
        from madatheory.identities.runner.plugin import suite

        return suite
    if name == "Outcome":
        warnings.warn(said("Outcome", "IdentityOutcome"), DeprecationWarning, stacklevel=2)
        return IdentityOutcome
    raise AttributeError(f"module 'madatheory.identities' has no attribute {name!r}")
