"""Conditions of the theorems with momentum, safeguard, regret and step sizes: where each applies, why not elsewhere."""

import jax.numpy as jnp
import pytest

import madatheory as mt
from madatheory.optimizers.members.safeguarded_mada import safeguarded
from madatheory.problems.problem import Problem
from madatheory.theory.theorem import Setting


def tiny() -> Problem:
    return mt.list_problems()["log"].make({"d": 1, "noise": "rademacher", "scale": 1.0, "start": 0.75})


def reasons(name: str, problem: Problem, options: dict, hyper: dict, steps: int = 100) -> str:
    proof = mt.get_theorem(name)
    method = proof.method()
    optimizer = mt.list_optimizers()[method.name].make(options) if options else method
    return "; ".join(proof.reasons(Setting(problem, optimizer, optimizer.hyper(hyper), steps)))


@pytest.mark.parametrize(
    ("name", "options", "hyper", "steps", "why"),
    [
        ("adam-momentum-published", {}, {"beta1": 0.9, "beta2": 0.9}, 100, "beta1 = 0.9 is not below beta2 = 0.9"),
        ("adam-momentum-published", {"form": "theory"}, {}, 100, "the statement needs 'defossez'"),
        ("adagrad-momentum-published", {}, {"beta1": 0.9}, 9, "T = 9 is not more than beta1/(1-beta1) = 9"),
        ("interpolation-monotone-rate", {}, {"beta2": 0.9, "rho": 1.0, "eps": 1e-8}, 12, "the step size may grow"),
        ("safeguarded-rate", {"safeguard": "sum"}, {}, 100, "the safeguard is 'sum', the statement needs 'max'"),
        ("safeguarded-monotone-log-rate", {}, {"beta2": 0.0, "c": 0.0, "beta3": 0.0}, 100, "W = 0"),
        ("avgrad-regret", {}, {"beta1": 0.0}, 100, "has no box to project on"),
        ("adam-step-size", {}, {"beta1": 0.5, "beta2": 0.25}, 100, "0/0"),
        ("mada-step-size", {"convention": "published"}, {}, 100, "the moments start at"),
        ("avgrad-monotone-rate", {"form": "practical"}, {}, 100, "has form 'practical', the statement needs 'theory'"),
    ],
)  # fmt: skip
def test_reasons_are_given_in_words(name: str, options: dict, hyper: dict, steps: int, why: str) -> None:
    assert why in reasons(name, tiny(), options, hyper, steps)


def test_range_of_monotone_steps_is_the_exact_one() -> None:
    # eps + G^2 (1-beta2^(T-1))(beta2 - rho (T-1)(1-beta2)) >= 0: at rho = 1, beta2 = .9 up to T = 10 for eps -> 0
    name, hyper = "interpolation-monotone-rate", {"beta2": 0.9, "rho": 1.0, "eps": 1e-8}
    assert reasons(name, tiny(), {}, hyper, 10) == ""
    assert "may grow" in reasons(name, tiny(), {}, hyper, 11)
    assert reasons(name, tiny(), {}, {**hyper, "eps": 10.0}, 11) == ""
    # the sequence behind it: squares at G^2 for T-1 steps, then 0
    for steps, grows in ((10, False), (11, True)):
        v = vbar = 0.0
        b = [0.0]
        for t in range(1, steps + 1):
            v = 0.9 * v + 0.1 * (t < steps)
            vbar += (v - vbar) / t
            b.append(t * v)
        assert (b[-1] < b[-2] * (1 - 1e-12)) == grows


def test_coefficients_that_move_are_covered_only_inside_vhat() -> None:
    proof = mt.get_theorem("safeguarded-rate")
    moving = safeguarded("max", schedules={"beta2": lambda h, k: jnp.where(k.t > 3, 0.9, 0.1)})
    said = "; ".join(proof.reasons(Setting(tiny(), moving, moving.hyper({"c": 0.5}), 10)))
    assert "the least beta2 of the path" in said
    assert proof.reasons(Setting(tiny(), moving, moving.hyper({"c": 1.0}), 10)) == []
