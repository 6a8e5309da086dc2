"""Where Adam rests on the mean of data: the field against enumeration, its zero against simulation, yes or no."""

import importlib
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tolerances import STANDARD_ERRORS

from madatheory.engine.simulate import simulate
from madatheory.problems.audit.promises import broken_at_samples
from madatheory.studies.theory.drift import FiniteLaw, critical_delta
from madatheory.studies.theory.stationary_mean import (
    batch,
    centred,
    data_problem,
    field,
    is_symmetric,
    predicted_shift,
    simulated_mean,
    skewed,
    stationary_shift,
)
from proofs_check.coq.values import definitions

THREE = FiniteLaw(np.array([-1.0, 0.25, 2.0]), np.array([0.5, 0.3, 0.2]))


def enumerated(x: float, law: FiniteLaw, beta2: float, beta1: float, terms: int) -> float:
    """E[m/sqrt(v)] over the last `terms` draws, the rest of v and m at its mean."""
    total, rest = 0.0, np.arange(terms)
    second = float(law.probabilities @ (x - law.values) ** 2)
    mean = float(law.probabilities @ (x - law.values))
    for picked in itertools.product(range(len(law.values)), repeat=terms):
        g, chance = x - law.values[list(picked)], float(np.prod(law.probabilities[list(picked)]))
        v = (1 - beta2) * float(beta2**rest @ g**2) + beta2**terms * second
        m = (1 - beta1) * float(beta1**rest @ g) + beta1**terms * mean if beta1 else g[0]
        total += chance * m / math.sqrt(v)
    return total


@pytest.mark.parametrize(("beta2", "beta1"), [(0.1, 0.0), (0.25, 0.0), (0.2, 0.3)])
def test_the_field_is_the_enumerated_one(beta2: float, beta1: float) -> None:
    for law, x, terms in ((skewed(0.1), 0.0, 10), (skewed(0.3), -0.2, 10), (THREE, 0.1, 7)):
        expected = enumerated(x, law, beta2, beta1, terms)
        assert field(x, law, beta2, beta1) == pytest.approx(expected, abs=3e-4)


@pytest.mark.parametrize(("q", "first"), [(0.02, 2), (0.03, 0), (0.0, None)])
def test_the_first_odd_moment_says_on_which_side(q: float, first: int | None) -> None:
    """The mean step of AdamRest.v at the mean: -binom(-1/2, j) w^j m_{2j+1}/sigma^{2j+1}; q = 0 is symmetric."""
    in_coq, w, values = definitions("AdamRest"), 1e-4, np.array([1.0, -1.0, 2.0, -2.0, 3.0, -3.0])
    # m1 = m3 = 0 at first = 2, m1 is not 0 at first = 0
    odd = np.array([5, -4, 1]) * q if first else np.array([q, 0, 0])
    law = FiniteLaw(values, np.array([0.25, 0.25, 0.14, 0.14, 0.11, 0.11]) + np.kron(odd, [0.5, -0.5]))
    squares, p, e = law.moment(2), law.probabilities.__getitem__, law.values.__getitem__
    found = in_coq["mean_step"](6)(p)(e)(w)(squares)(2)
    assert found == pytest.approx(enumerated(0.0, law, 1 - w, 0.0, 3), rel=1e-6, abs=1e-15)
    if first is None:
        assert abs(found) < 1e-15
        return
    leading = w**first * law.moment(2 * first + 1) / squares ** (first + 0.5)
    assert found == pytest.approx(-in_coq["root_coef"](first) * leading, rel=1e-2)
    # the next coefficient is another
    assert found != pytest.approx(-in_coq["root_coef"](first + 1) * leading, rel=1e-2)


def test_the_mean_step_changes_its_sign_at_the_first_order_of_the_shift() -> None:
    """AdamRestShift.v at 1-beta2 = 1e-4: between 0.98 and 1.02 of the predicted shift, not near twice of it."""
    law, w = centred(THREE), 1e-4
    shift, squares = predicted_shift(law, 1 - w), law.moment(2)
    p, mean_step = law.probabilities.__getitem__, definitions("AdamRest")["mean_step"]

    def step(y: float) -> float:
        found = mean_step(3)(p)((law.values - y).__getitem__)(w)(squares)(3)
        assert found == pytest.approx(enumerated(y, law, 1 - w, 0.0, 4), rel=1e-2)
        return found

    assert np.sign(step(1.02 * shift)) == -np.sign(step(0.98 * shift)) == np.sign(shift)
    assert step(1.98 * shift) * step(2.02 * shift) > 0


@given(beta2=st.floats(0.3, 0.999), beta1=st.sampled_from([0.0, 0.9]), a=st.floats(0.1, 5), p=st.floats(0.01, 0.49))
def test_symmetric_data_are_at_rest(beta2: float, beta1: float, a: float, p: float) -> None:
    law = FiniteLaw(7 + np.array([-a, -0.5, 0.5, a]), np.array([p, 0.5 - p, 0.5 - p, p]))
    assert is_symmetric(law)
    assert field(7.0, law, beta2, beta1) == pytest.approx(0, abs=1e-9)
    assert predicted_shift(law, beta2) == pytest.approx(0, abs=1e-9)


@given(beta2=st.floats(0.3, 0.999), p=st.floats(0.01, 0.49))
def test_two_values_are_at_rest_only_if_they_are_symmetric(beta2: float, p: float) -> None:
    """A rare value above the mean holds Adam below it, whatever beta2 is; mirrored data, mirrored."""
    law = skewed(p)
    assert not is_symmetric(law)
    assert field(0.0, law, beta2) > 1e-7 * (0.5 - p)
    assert field(0.0, law._replace(values=-law.values), beta2) == pytest.approx(-field(0.0, law, beta2), abs=1e-10)


@pytest.mark.parametrize("beta1", [0.0, 0.9])
@pytest.mark.parametrize("law", [skewed(0.1), skewed(0.8), batch(skewed(0.1), 4), THREE], ids=str)
def test_the_first_order_is_the_slope_in_one_minus_beta2(law: FiniteLaw, beta1: float) -> None:
    """The relative error falls with 1 - beta2, as it does for no other coefficient."""
    ratios = [stationary_shift(law, 1 - w, beta1) / predicted_shift(law, 1 - w, beta1) for w in (1e-2, 1e-3)]
    assert abs(ratios[1] - 1) < 0.012
    assert abs(ratios[1] - 1) < 0.2 * abs(ratios[0] - 1) + 1e-4


def test_a_third_moment_of_zero_is_not_enough() -> None:
    """Values -3, 1, 2 with weights 3, 5, 2 times .. : m1 = m3 = 0 and m5 is not: the shift is of order (1-beta2)^2."""
    values = np.array([-3.0, 1.0, 2.0, -1.0])
    # weights with sum 1, m1 = 0, m3 = 0
    p = np.linalg.solve(np.array([[1, 1, 1, 1], values, values**3, [1, 0, 0, 0]]), np.array([1.0, 0, 0, 0.02]))
    law = FiniteLaw(values, p)
    assert p.min() > 0
    assert law.moment(3) == pytest.approx(0, abs=1e-12)
    assert not is_symmetric(law)
    m5, S = law.moment(5), law.moment(2)
    found = [stationary_shift(law, 1 - w) / w**2 for w in (1e-2, 2.5e-3)]
    assert found[1] == pytest.approx(3 / 8 * m5 / S**2, rel=0.03)
    assert abs(found[0] / found[1] - 1) < 0.12


def test_batches() -> None:
    """Moments of a mean of b: sigma^2/b and m3/b^2, so that the shift is divided by b."""
    law = batch(THREE, 3)
    assert law.probabilities.sum() == pytest.approx(1)
    for k, power in ((2, 1), (3, 2)):
        assert centred(law).moment(k) == pytest.approx(centred(THREE).moment(k) / 3**power)
    assert predicted_shift(law, 0.9) == pytest.approx(predicted_shift(THREE, 0.9) / 3)


def test_the_same_first_order_is_the_edge_of_the_drift_on_reddi_s_problem() -> None:
    """There E g = delta may be what the third moment takes: delta = (1-beta2) m3/(2 m2), and m1 is of that order."""
    C, beta2 = 101.0, 0.9999
    edge = critical_delta(1.0, beta2, C)
    p = (1 + edge) / (C + 1)
    m2, m3 = p * C**2 + 1 - p, p * C**3 - (1 - p)
    assert edge == pytest.approx((1 - beta2) * (m3 - edge * m2) / (2 * m2), rel=0.02)


def test_the_problem_is_the_data(float64) -> None:
    for law in (skewed(0.1), THREE):
        problem = data_problem(law, 2)
        assert broken_at_samples(problem, 1e-4) == []


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_simulated_adam_rests_there(p: float) -> None:
    """At small alpha; the rest is of order alpha, and is taken off from two values of alpha."""
    method = importlib.import_module("madatheory.optimizers.members.adam").build(form="practical")
    mean, error = simulated_mean(
        simulate,
        method,
        skewed(p),
        steps=8000,
        num_trajectories=64,
        seed=1,
        settings={"alpha": (0.004, 0.008), "beta1": 0.0, "beta2": 0.9, "eps": 1e-12},
    )
    short, long = mean.to_numpy()
    exact = stationary_shift(skewed(p), 0.9)
    assert abs(2 * short - long - exact) < 3 * STANDARD_ERRORS * float(error.max()) + 0.03 * abs(exact)
    if p == 0.1:
        assert short < -0.1
