"""What a caller may give for a problem or an optimizer: the object, its name, an entry, or an optax transformation."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import optax

from madatheory.entry import Entry
from madatheory.errors import UserError
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.optimizers.optax_form import from_optax
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.catalogue import get_problem
from madatheory.problems.problem import Problem
from madatheory.structure import conform, kind, several


@lru_cache(maxsize=128)
def _transformed(transformation: Any) -> Optimizer:
    return from_optax("optax", lambda: transformation, {}, summary="an optax transformation")


def as_problem(given: Any) -> Problem:
    """The problem that is meant; `UserError` where none is."""
    if isinstance(given, str):
        return get_problem(given)
    if isinstance(given, Entry):
        given = given.make()
    if isinstance(given, Optimizer | optax.GradientTransformation):
        raise UserError(f"problem {_named(given)} is an optimizer: give the problem first, then the optimizer")
    if not isinstance(given, Problem):
        raise UserError(f"problem {kind(given)}: give a Problem, or a name such as 'ratio:d=3'{_called(given)}")
    conform(given, f"problem {given.name!r:.60}")
    return given


def problems_of(given: Any) -> list[Problem]:
    """The problems that are meant by one or several objects or names; one with options is called as it was written."""
    found = []
    for one in several("problems", given, str | Problem | Entry):
        problem = as_problem(one)
        found.append(replace(problem, name=one) if isinstance(one, str) and problem.name != one else problem)
    return found


def as_optimizer(given: Any) -> Optimizer:
    """The optimizer that is meant, an optax transformation by `from_optax`; `UserError` where none is."""
    if isinstance(given, str):
        return get_optimizer(given)
    if isinstance(given, Entry):
        given = given.make()
    if isinstance(given, Problem):
        raise UserError(f"optimizer {_named(given)} is a problem: give the problem first, then the optimizer")
    if isinstance(given, optax.GradientTransformation):
        return _transformed(given)
    if not isinstance(given, Optimizer):
        raise UserError(
            f"optimizer {kind(given)}: give an Optimizer, a name such as 'adam:form=practical', or an optax "
            f"transformation such as optax.adam(1e-3){_called(given)}"
        )
    conform(given, f"optimizer {given.name!r:.60}")
    return given


def _named(given: Any) -> str:
    return repr(getattr(given, "name", type(given).__name__))


def _called(given: Any) -> str:
    """What to do with a function, which is what most wrong objects are."""
    name = getattr(given, "__name__", None)
    return f"; {name} is a function: call it, and give what {name}(..) returns" if callable(given) and name else ""
