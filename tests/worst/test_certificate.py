"""A certificate encloses what 60 digits give, and is refused to every instance that is wrong."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import mpmath
import pytest
from exact_runs import adam, amsgrad, average, avgrad, number

from madatheory.arithmetic import NUMPY, Arithmetic
from madatheory.optimizers.optimizer import Step
from madatheory.problems.piecewise import Piecewise
from madatheory.theory.catalogue import get_theorem
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Theorem
from madatheory.theory.verify import verify
from madatheory.worst import certificate
from madatheory.worst.certificate import Refused, certify
from madatheory.worst.instance import Instance, with_exact_constants

HILL = Piecewise((0.0, 1.0, 3.0, 5.0), (0.0, -1.0, -1.0, 1.0), 0.5)
NOISY = Piecewise((0.0, 1.0, 3.0, 5.0), (0.0, -0.75, -0.5, 1.0), 0.5, (0.5,) * 4, ((0.75, 0.25), (-0.25, 0.75)))
T5 = get_theorem("avgrad-rate")


def instance(theorem: Theorem, steps: int, shape: Piecewise = HILL, **hyper: float) -> Instance:
    return with_exact_constants(theorem, steps, theorem.optimizer().hyper({**theorem.settings, **hyper}), shape)


def digits() -> Arithmetic:
    """mpmath as an arithmetic."""
    return Arithmetic(
        "mpmath",
        mpmath.sqrt,
        mpmath.log,
        mpmath.exp,
        max,
        min,
        lambda p, q: mpmath.mpf(p) / q,
        mpmath.pi,
        lambda x: mpmath.log(1 + x),
    )


CASES: list[tuple[str, Callable[..., Any], dict[str, Any], dict[str, float]]] = [
    ("avgrad-rate", avgrad, {}, {"alpha": 0.7, "beta2": 0.5}),
    ("avgrad-horizon-rate", avgrad, {"horizon": True}, {"alpha": 2.0, "eps": 3.0}),
    ("avgrad-monotone-rate", avgrad, {}, {"alpha": 1.5, "beta1": 0.6}),
    ("amsgrad-monotone-rate", amsgrad, {}, {"alpha": 1.5, "beta1": 0.9, "beta2": 0.3}),
    ("adam-published-rate", adam, {}, {"alpha": 0.4, "beta2": 0.8}),
]


@pytest.mark.parametrize(("name", "method", "more", "hyper"), CASES, ids=[case[0] for case in CASES])
@pytest.mark.parametrize(("shape", "steps"), [(HILL, 30), (NOISY, 5)], ids=["no noise", "noise tree"])
def test_it_encloses_what_60_digits_give(
    name: str, method: Callable[..., Any], more: dict[str, Any], hyper: dict[str, float], shape: Piecewise, steps: int
) -> None:
    theorem = get_theorem(name)
    one = instance(theorem, steps, shape, **hyper)
    found = certify(one)
    with mpmath.workdps(60):
        left = average(method, shape, one.hyper, steps, **more)
        known = {k: number(v) for k, v in one.hyper.items()}
        constants = {"L": number(one.L), "G": number(one.G), "D0": number(one.D0)}
        right = theorem.bound(Quantities(T=mpmath.mpf(steps), d=mpmath.mpf(1), **constants, **known), digits())
        assert mpmath.mpf(found.lower) <= left / right <= mpmath.mpf(found.upper)
    assert found.upper - found.lower <= 1e-11 * found.lower
    assert found.histories == (2**steps if shape.atoms else 1)


@pytest.mark.parametrize("shape", [HILL, NOISY])
def test_the_engine_gives_the_same_ratio(shape: Piecewise) -> None:
    one = instance(get_theorem("amsgrad-rate"), 6, shape)
    found = certify(one)
    (verdict,) = verify(one.theorem, one.problem(), steps=6, settings=one.hyper)
    assert verdict.outcome == "holds"
    assert 1 / verdict.tightness == pytest.approx(found.lower, abs=1e-9)
    assert verdict.comparisons[0].method.startswith("exact")


def test_declared_constants_enter_the_right_side() -> None:
    one = instance(T5, 10)
    wide = replace(one, D0=2 * one.D0, L=2 * one.L)
    assert certify(wide).right > certify(one).right
    assert certify(wide).left == certify(one).left


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda i: replace(i, L=0.999), "L = 0.999 is declared, but it is 1.0 or more"),
        (lambda i: replace(i, D0=2.87), "D0 = 2.87 is declared, but it is 2.875 or more"),
        (lambda i: replace(i, G=0.5), "G = 0.5 is declared, but it is 1.0 or more"),
        (lambda i: replace(i, shape=replace(i.shape, slopes=(0.0, -1.0, -1.0, -0.5))), "unbounded below"),
        (lambda i: replace(i, shape=replace(i.shape, slopes=(0.5, -1.0, -1.0, 1.0))), "unbounded below"),
        (lambda i: replace(i, hyper={**i.hyper, "beta1": 0.5}), "does not apply to it: .*beta1 = 0.5"),
        (lambda i: replace(i, shape=NOISY, D0=3.0, G=2.0, steps=13), "8192 noise histories: at most 4096"),
    ],
)
def test_a_wrong_instance_is_refused(change: Callable[[Instance], Instance], message: str) -> None:
    with pytest.raises(Refused, match=message):
        certify(change(instance(T5, 4)))


@pytest.mark.parametrize(
    "atoms", [((0.75, 0.25), (-0.2, 0.75)), ((0.75, 0.3), (-0.25, 0.75)), ((0.1, 0.5), (0.1, 0.5))]
)
def test_an_oracle_that_is_not_centred_makes_no_instance(atoms: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match=r"not centred|exactly 1"):
        replace(NOISY, atoms=atoms)


def test_even_one_that_is_smuggled_in_has_no_certificate() -> None:
    """The certificate rests on the check of the shape, which runs again for the problem."""
    bad = replace(NOISY)
    object.__setattr__(bad, "slopes", (0.0, -0.75, -0.5, -0.25))
    with pytest.raises(Refused, match="unbounded below"):
        certify(replace(instance(T5, 3, NOISY), shape=bad))


def test_a_statement_about_paths_or_probabilities_is_refused() -> None:
    with pytest.raises(Refused, match="is about every path"):
        certify(instance(get_theorem("lion-step-size"), 3))


def test_a_method_without_a_step_in_balls_is_refused() -> None:
    method = T5.optimizer()

    def step(hyper: Any, state: Any, g: Any, clock: Any) -> tuple[Step, Any]:
        found, new = method.step(hyper, state, g, clock)
        return found._replace(delta=jnp.sin(found.delta)), new

    strange = replace(method, step=step)
    theorem = replace(T5, method=lambda: strange)
    with pytest.raises(Refused, match=r"avgrad .* has no step in ball arithmetic: operation 'sin'"):
        certify(instance(theorem, 3))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (lambda m, q, xp: q.D0 * jnp.sqrt(q.T), "its right side in ball arithmetic"),
        (lambda m, q, xp: q.D0 * math.sqrt(q.G), "its right side turns G into a float"),
        (lambda m, q, xp: q.L * float(q.beta2) + q.D0, "its right side turns beta2 into a float"),
    ],
)
def test_a_right_side_that_leaves_ball_arithmetic_is_refused(value: Callable[..., Any], message: str) -> None:
    *before, last = T5.chain
    with pytest.raises(ValueError, match=message):
        certify(instance(replace(T5, chain=(before[0], replace(last, value=value))), 3))


def test_a_left_side_that_leaves_ball_arithmetic_is_refused() -> None:
    first, *_, last = T5.chain
    leaky = replace(first, value=lambda m, q, xp: float(m["mean_squared_gradient"]) * q.G)
    with pytest.raises(Refused, match="its left side turns what is measured into a float"):
        certify(instance(replace(T5, chain=(leaky, last)), 3))


def test_an_enclosure_that_is_too_wide_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long step across a steep landing doubles what is not known, again and again."""
    monkeypatch.setattr(certificate, "BITS", (64, 96))
    saw = Piecewise(
        tuple(float(k) for k in range(-20, 21)), tuple(float(1 - 2 * (k % 2)) * 0.5 for k in range(41)), 0.3
    )
    saw = replace(saw, slopes=(-0.5, *saw.slopes[1:-1], 0.5))
    one = instance(get_theorem("adam-constant-step-rate"), 300, saw, alpha=3.0, eps=1.0, beta2=0.5)
    with pytest.raises(Refused, match=r"too wide.*at 96 bits"):
        certify(one)
    monkeypatch.setattr(certificate, "BITS", (64, 4096))
    assert certify(one).bits == 4096


def test_the_step_in_balls_is_the_engines_step() -> None:
    """Through the package's own arithmetic and NumPy's: the bound at floats lies in the ball."""
    one = instance(T5, 7)
    found = certify(one)
    assert found.right == pytest.approx(float(T5.bound(T5.quantities(one.setting()), NUMPY)), rel=1e-14)
