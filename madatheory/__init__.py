"""MADA's optimizer family, and its convergence theory checked by computation.

The names below are the public interface. They are imported when they are first used, so that `import madatheory` costs
nothing and touches neither JAX nor the environment.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from madatheory.bounds.quantities import Quantities as Quantities
    from madatheory.bounds.theorem import Condition as Condition
    from madatheory.bounds.theorem import Level as Level
    from madatheory.bounds.theorem import Setting as Setting
    from madatheory.bounds.theorem import Theorem as Theorem
    from madatheory.catalogue import OptimizerEntry as OptimizerEntry
    from madatheory.catalogue import ProblemEntry as ProblemEntry
    from madatheory.catalogue import optimizer as optimizer
    from madatheory.catalogue import problem as problem
    from madatheory.catalogue import theorem as theorem
    from madatheory.engine.flags import enable_native_loop as enable_native_loop
    from madatheory.engine.simulate import simulate as simulate
    from madatheory.engine.statistic import Statistic as Statistic
    from madatheory.errors import UserError as UserError
    from madatheory.figures.figure import Claim as Claim
    from madatheory.figures.figure import Figure as Figure
    from madatheory.optimizers.family import member as member
    from madatheory.optimizers.optimizer import Optimizer as Optimizer
    from madatheory.optimizers.optimizer import Parameter as Parameter
    from madatheory.problems.problem import Problem as Problem
    from madatheory.training.baselines import badam as badam
    from madatheory.training.baselines import hyperadam as hyperadam
    from madatheory.training.plan import Descent as Descent
    from madatheory.training.transformation import coefficients as coefficients
    from madatheory.training.transformation import mada as mada
    from madatheory.training.transformation import scale_by_mada as scale_by_mada
    from madatheory.verdicts import Verdict as Verdict
    from madatheory.verification import verify as verify

_HOME = {
    "Claim": "figures.figure",
    "Condition": "bounds.theorem",
    "Descent": "training.plan",
    "Figure": "figures.figure",
    "Level": "bounds.theorem",
    "Optimizer": "optimizers.optimizer",
    "OptimizerEntry": "catalogue",
    "Parameter": "optimizers.optimizer",
    "Problem": "problems.problem",
    "ProblemEntry": "catalogue",
    "Quantities": "bounds.quantities",
    "Setting": "bounds.theorem",
    "Statistic": "engine.statistic",
    "Theorem": "bounds.theorem",
    "UserError": "errors",
    "Verdict": "verdicts",
    "badam": "training.baselines",
    "coefficients": "training.transformation",
    "enable_native_loop": "engine.flags",
    "hyperadam": "training.baselines",
    "mada": "training.transformation",
    "member": "optimizers.family",
    "optimizer": "catalogue",
    "problem": "catalogue",
    "scale_by_mada": "training.transformation",
    "simulate": "engine.simulate",
    "theorem": "catalogue",
    "verify": "verification",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'madatheory' has no attribute {name!r}")
    return getattr(import_module(f"madatheory.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
