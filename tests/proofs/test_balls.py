"""proofs_check.balls: what it decides is right, and it notices formulas and constants that are not."""

import math
import sys
from dataclasses import replace
from fractions import Fraction

import flint
import numpy as np
import pytest
from tolerances import DOUBLE

from madatheory.errors import Missing
from madatheory.problems.scalar import Elementary, scalars
from madatheory.theory.catalogue import list_lemmas
from madatheory.theory.lemmas import decoupling as decoupling_lemmas
from proofs_check import balls
from proofs_check.balls import constants, data, decoupling, drift, resting
from proofs_check.balls import lemmas as on_boxes
from proofs_check.balls.boxes import Box, cover
from proofs_check.balls.branch import precision
from proofs_check.balls.infinity import Unbounded, on_ray
from proofs_check.balls.slopes import SLOPES, Sloped
from proofs_check.balls.suprema import enclose
from proofs_check.evidence import Status
from proofs_check.methods import method
from proofs_check.statements import statements

FLOATS = Elementary(math.exp, math.log, math.sqrt, math.sin, math.cos, math.tanh)
arb = flint.arb


# --- the whole real line ---


@pytest.mark.parametrize("name", list(scalars()))
@pytest.mark.parametrize("sign", [1, -1])
def test_bounds_on_a_ray_hold_at_its_points(name: str, sign: int) -> None:
    scalar = scalars()[name]
    with precision(128):
        value, first, _ = on_ray(scalar.phi, sign, 8)
    for x in (8.0, 8.5, 11.0, 40.0, 1e3):
        assert float(value.lower) - 1e-12 <= scalar.phi(sign * x, FLOATS) <= float(value.upper) + 1e-12
        assert float(first.lower) - 1e-12 <= sign * scalar.derivative(sign * x, FLOATS) <= float(first.upper) + 1e-12


def test_a_ray_refuses_what_it_cannot_enclose() -> None:
    with precision(64):
        for phi in (lambda x, f: f.exp(x), lambda x, f: f.sin(x * x), lambda x, f: f.sqrt(x)):
            with pytest.raises(Unbounded):
                on_ray(phi, 1, 8)
        value, first, second = on_ray(lambda x, f: x * x, 1, 8)
    assert not value.upper.is_finite()
    assert not first.upper.is_finite()
    assert float(value.lower) == 64
    assert (float(second.lower), float(second.upper)) == (2, 2)


@pytest.mark.parametrize(
    ("name", "order", "value"),
    [("ratio", 1, 3 * math.sqrt(3) / 8), ("sigmoid", 2, math.sqrt(3) / 18), ("pseudo-huber", 1, 1.0), ("log", 2, 2.0)],
)
def test_suprema_are_enclosed(name: str, order: int, value: float) -> None:
    found = enclose(scalars()[name], order)
    assert float(found.lower) * (1 - 1e-15) <= value <= float(found.upper) * (1 + 1e-15)
    assert found.width <= 1e-9


def test_constants_that_are_wrong_are_refuted() -> None:
    ratio = scalars()["ratio"]
    assert constants.decide(ratio, "slope").status is Status.PROVED
    assert constants.decide(constants.moved(ratio, "slope", -1e-8), "slope").status is Status.REFUTED
    assert constants.decide(constants.moved(ratio, "slope", 1e-8), "slope").status is Status.REFUTED
    other = replace(ratio, phi=lambda x, f: 2 * x * x / (1 + x * x))
    assert constants.decide(other, "curvature").status is Status.REFUTED


# --- data ---


def test_gradients_of_a_data_problem_stay_below_its_exact_bound() -> None:
    """The largest batch gradient that the package computes, over points where it is large."""
    import jax
    import jax.numpy as jnp

    case = next(c for c in data.CASES if c.data == "iris" and c.n)
    problem = case.build()
    bound = float(scalars()["sigmoid"].slope.value * arb(data.largest_sum(case)))
    with jax.enable_x64(True):
        x = jnp.asarray(np.random.default_rng(0).standard_normal((problem.dimension, 2000)) * 0.01)
        batches = [problem.oracle.gradient(x, x, jnp.full((1, 2000), float(j)), jnp.asarray(1.0)) for j in range(8)]
        largest = max(float(jnp.abs(g).max()) for g in batches)
    # near 0 every |phi'| is 1/4, and a column without changes of sign reaches the bound
    assert 0.5 * bound <= largest <= bound


def test_largest_sum_is_exact() -> None:
    case = data.CASES[0]
    rows = data._rows(case)
    exact = max(
        sum(Fraction(abs(float(x))) for x in column) / (len(rows) // case.batches)
        for block in rows.reshape(case.batches, -1, rows.shape[1])
        for column in block.T
    )
    found = data.largest_sum(case)
    assert Fraction(int(found.p), int(found.q)) == exact


# --- boxes ---


def test_slopes_are_derivatives() -> None:
    def f(x, y, xp):
        return (
            xp.log(1 + x * x / y) - xp.sqrt(y) * x**3 + xp.maximum(x, y) / (x + 2) - xp.minimum(2 * x, y) * xp.exp(-y)
        )

    def at(x: float, y: float) -> float:
        low, high = min(2 * x, y), max(x, y)
        return math.log(1 + x * x / y) - math.sqrt(y) * x**3 + high / (x + 2) - low * math.exp(-y)

    x, y, h = 0.75, 1.25, 1e-6
    unit = ((arb(1), arb(0)), (arb(0), arb(1)))
    found = f(Sloped(arb(x), unit[0]), Sloped(arb(y), unit[1]), SLOPES)
    assert float(found.value) == pytest.approx(at(x, y), rel=DOUBLE.thousands)
    numeric = ((at(x + h, y) - at(x - h, y)) / (2 * h), (at(x, y + h) - at(x, y - h)) / (2 * h))
    assert [float(s) for s in found.slopes] == pytest.approx(numeric, rel=1e-6)


def test_cover_decides_both_ways() -> None:
    above = cover(Box(lambda u, xp: u[0] * u[0] - u[0] * u[1] + u[1] * u[1] + xp.rational(1, 100), ((-1, 1), (-1, 1))))
    below = cover(Box(lambda u, xp: u[0] * u[0] + u[1] * u[1] - xp.rational(1, 100), ((-1, 1), (-0.5, 1))))
    assert above.proved
    assert not below.proved
    assert below.witness is not None
    assert sum(x * x for x in below.witness) < 0.01


def test_a_weakened_lemma_is_refuted_on_its_box() -> None:
    lemma = list_lemmas()["discounted-ratio-sum"]
    wrong = lemma.false_variants[1]
    found = on_boxes.on_box(wrong, on_boxes.REGIONS[lemma.name][0])
    assert found.status is Status.REFUTED
    assert found.witness


def test_a_region_outside_the_hypothesis_is_not_decided() -> None:
    lemma, region = list_lemmas()["ratio-sum"], on_boxes.REGIONS["ratio-sum"][0]
    outside = replace(region, ranges=(region.ranges[0], (-1.0, 1.0), *region.ranges[2:]))
    assert on_boxes.on_box(lemma, outside).status is Status.OPEN


def test_breaking_psi_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from madatheory.theory.lemmas import psi_integral

    half = psi_integral.Psi
    monkeypatch.setattr(psi_integral, "Psi", lambda c, xp: half(c, xp) / 2)
    found = on_boxes.on_box(list_lemmas()["psi-integral"], on_boxes.REGIONS["psi-integral"][0])
    assert found.status is Status.REFUTED


# --- L1's constants, the drift ---


def test_least_constant_uses_the_formula_of_the_lemma(monkeypatch: pytest.MonkeyPatch) -> None:
    assert decoupling.least_constant(decoupling.LEAST).status is Status.PROVED
    assert decoupling.least_constant((3884, 10_000)).status is Status.REFUTED
    parts = decoupling_lemmas._parts
    monkeypatch.setattr(decoupling_lemmas, "_parts", lambda v, xp: (*parts(v, xp)[:2], 2 * parts(v, xp)[2]))
    assert decoupling.least_constant(decoupling.LEAST).status is Status.REFUTED


def test_other_constants_in_the_lemma_are_noticed() -> None:
    """The claim is about a lemma typed with 1/1 and 2/5: another K cannot be replaced unnoticed."""
    at = decoupling.with_constants(SLOPES, arb(1), arb(1))
    with pytest.raises(KeyError):
        at.rational(1, 5)


def test_drift_of_the_package_is_enclosed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drift.quadrature(0.0).status is Status.SUPPORTED
    exact = drift.exact_drift
    monkeypatch.setattr(drift, "exact_drift", lambda rho, beta2, law: exact(rho, beta2, law) * 1.01)
    assert drift.quadrature(0.0).status is Status.REFUTED


def test_breaking_the_law_of_the_drift_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drift.identity(0, 1).status is Status.PROVED
    monkeypatch.setattr(drift.TwoPointLaw, "p", property(lambda law: (1 + law.delta) / (law.C + 2)))
    assert drift.identity(0, 1).status is Status.REFUTED


# --- the method ---


def test_every_statement_has_a_check_or_a_reason() -> None:
    asked = {c.statement for c in balls.checks() if not c.part and not c.false}
    for row in statements().values():
        assert (row.name in asked) is (method("balls").not_applicable(row) == ""), row.name


def test_without_flint_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flint", None)
    check = next(iter(balls.checks()))
    with pytest.raises(Missing, match="python-flint"):
        check.decide()


def test_the_field_of_the_package_is_enclosed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resting.quadrature(0.0).status is Status.SUPPORTED
    exact = resting.field
    monkeypatch.setattr(resting, "field", lambda x, law, beta2: exact(x, law, beta2) * 1.01)
    assert resting.quadrature(0.0).status is Status.REFUTED


def test_the_identity_of_the_field_is_about_data_with_mean_0(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resting.identity(1).status is Status.PROVED
    atoms = ((Fraction(3), Fraction(1, 10)), (Fraction(-1, 2), Fraction(9, 10)))
    monkeypatch.setattr(resting.TwoValues, "atoms", property(lambda point: atoms))
    assert resting.identity(1).status is Status.REFUTED
