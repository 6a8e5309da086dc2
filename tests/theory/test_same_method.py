"""Theorems share a simulation only where their methods compute the same: a bound is judged on its own method's run."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import pytest

from madatheory.hparams import Parameter
from madatheory.optimizers.optimizer import Optimizer, Step
from madatheory.problems.catalogue import list_problems
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.terms import decrease
from madatheory.theory.theorem import Level, Theorem
from madatheory.theory.verify import shared_runs, verify

QUIET = list_problems()["ratio"].make({"d": 2, "noise": "none"})
RATE = {"alpha": Parameter(0.1, low=0.0)}


class Walk:
    """A step with a setting that is no trait."""

    def __init__(self, sign: float) -> None:
        self.sign = sign

    def __call__(self, hyper: Any, state: Any, g: Any, clock: Any) -> tuple[Step, Any]:
        zero = jnp.zeros_like(g)
        return Step(self.sign * hyper["alpha"] * g, zero + hyper["alpha"], zero + 1, g, zero, zero), state


def closure(sign: float) -> Callable[..., Any]:
    return lambda hyper, state, g, clock: Walk(sign)(hyper, state, g, clock)


def walk(step: Callable[..., Any], **more: Any) -> Optimizer:
    return Optimizer("walk", "a fixed step", more.pop("parameters", RATE), lambda hyper, x: {}, step, **more)


def descends(name: str, method: Callable[[], Optimizer]) -> Theorem:
    """F(x_T) <= F(x_0) on every path: true downhill, false uphill."""
    left = Level("increase", "", lambda m, q, xp: -m["decrease"], (decrease,))
    right = Level("nothing", "descent", lambda m, q, xp: 0.0)
    return Theorem(
        name, name, "F(x_T) <= F(x_0)", "here", "new", method, (), (left, right), {"alpha": 0.1}, kind="every-path"
    )


@pytest.mark.parametrize("step", [Walk, closure])
@pytest.mark.parametrize("order", [("downhill", "uphill"), ("uphill", "downhill")])
def test_a_bound_is_judged_on_its_own_methods_run(step: Callable[[float], Any], order: tuple[str, str]) -> None:
    made = {"downhill": lambda: walk(step(1.0)), "uphill": lambda: walk(step(-1.0))}
    found = verify([descends(name, made[name]) for name in order], [QUIET], steps=2, num_trajectories=2)
    assert {v.theorem: v.outcome for v in found} == {"downhill": "holds", "uphill": "violated"}


@pytest.mark.parametrize(
    "other",
    [
        lambda: walk(Walk(1.0), observe=lambda state, x: state),
        lambda: walk(Walk(1.0), compensated=walk(Walk(-1.0))),
        lambda: walk(Walk(1.0), parameters={"alpha": Parameter(0.1, low=-1.0)}),
        lambda: replace(walk(Walk(1.0)), init=lambda hyper, x: {"x": x}),
    ],
    ids=["observe", "compensated", "parameters", "init"],
)
def test_whatever_a_method_computes_tells_it_from_another(other: Callable[[], Optimizer]) -> None:
    first, second = descends("first", lambda: walk(Walk(1.0))), descends("second", other)
    assert len(shared_runs([first, second], [QUIET])) == 2
    assert len(shared_runs([first, replace(first, name="third")], [QUIET])) == 1


def test_methods_that_cannot_be_told_apart_are_not_shared() -> None:
    class Hidden:
        __slots__ = ("sign",)

        def __init__(self, sign: float) -> None:
            self.sign = sign

        def __call__(self, *arguments: Any) -> Any:
            return Walk(self.sign)(*arguments)

        def __reduce__(self) -> Any:
            raise TypeError("cannot be written down")

    found = shared_runs(
        [descends("first", lambda: walk(Hidden(1.0))), descends("second", lambda: walk(Hidden(-1.0)))], [QUIET]
    )
    assert len(found) == 2


def test_the_packages_theorems_still_share_their_simulations() -> None:
    statements = list(list_theorems().values())
    found = shared_runs(statements, [QUIET])
    assert len({id(job.optimizer) for job in found}) == 27
    assert len(found) == 43 < len(statements) == 62
