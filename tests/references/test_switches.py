"""The switches of the references: places of eps, corrections, weight decay, complex numbers."""

from typing import Any

import numpy as np
import pytest
from tolerances import DOUBLE
from worked_example import START, G, steps

from madatheory.identities.recognition import conventions
from madatheory.references import (
    adam,
    adan,
    amsgrad,
    interpolation,
    yogi,
)


def test_places_of_eps_corrections_and_initial_moments_by_hand():
    # one step, g = 2: m = 1, v = 1, corrections 1/2 and 1/4; eps = 1, eps_root = 5
    h: dict[str, Any] = {"alpha": 1.0, "beta1": 0.5, "beta2": 0.75, "eps": 1.0}
    one = G[:1]
    expected = {"outside": 2 / 3, "outside_before": 2 / 4, "inside": 2 / 5**0.5, "inside_before": 2 / 8**0.5}
    for place, size in expected.items():
        found = adam.run(START, one, **h, eps_place=place)  # type: ignore[arg-type]
        np.testing.assert_allclose(found[0], -size, rtol=DOUBLE.few)
    np.testing.assert_allclose(adam.run(START, one, **h, eps_root=5.0)[0], -2 / 4, rtol=DOUBLE.few)
    for kind, size in {"none": 1 / 2, "first": 2 / 2, "second": 1 / 3, "power": 2 / 3}.items():
        np.testing.assert_allclose(adam.run(START, one, **h, bias_correction=kind)[0], -size, rtol=DOUBLE.few)  # type: ignore[arg-type]
        assert kind in ("power", "none", "first", "second")
        for other in (amsgrad, yogi):
            found = other.run(START, one, **h, bias_correction=kind)  # type: ignore[arg-type]
            np.testing.assert_allclose(found[0], -size, rtol=DOUBLE.few)
    # m_0 = g_1 and v_0 = g_1^2, uncorrected: 2/(2 + 1)
    found = adam.run(START, one, **h, bias_correction="none", m0="gradient", v0="gradient")
    np.testing.assert_allclose(found[0], -2 / 3, rtol=DOUBLE.few)
    # yogi from 1/4: v = 1/4 + 1; m from 1/4 (1/8 + 1) or from 0
    np.testing.assert_allclose(yogi.run(START, one, **h, initial=0.25)[0], -1.125 / (1.25**0.5 + 1), rtol=DOUBLE.few)
    found = yogi.run(START, one, **h, initial=0.25, m0=0.0)
    np.testing.assert_allclose(found[0], -1 / (1.25**0.5 + 1), rtol=DOUBLE.few)


def test_adan_skipping_the_first_difference_counts_differences():
    # difference -6 at step 2, velocity -3: corrected by 3/4 after two counted steps, by 1/2 after one
    h: dict[str, Any] = {"alpha": 1.0, "beta1": 0.5, "beta2": 0.75, "beta3": 0.5, "eps": 0.0, "bias_correction": False}
    size = 13**0.5
    np.testing.assert_allclose(steps(adan.run(START, G, **h)), [-1, (1.5 + 2) / size], rtol=DOUBLE.tens)
    found = adan.run(START, G, **h, first_difference="skipped")
    np.testing.assert_allclose(steps(found), [-1, (1.5 + 3) / size], rtol=DOUBLE.tens)


VALUES = {"momentum": 0.5, "beta1": 0.5, "beta2": 0.75, "beta3": 0.5, "eps": 0.125}
FAMILIES: dict[str, tuple[Any, dict[str, Any]]] = {
    family.name: (family.run, {name: value for name, value in VALUES.items() if name in family.hyper})
    for family in conventions.FAMILIES
    if not family.plain and not family.whole
}


@pytest.mark.parametrize("name", FAMILIES)
def test_forms_of_the_weight_decay(name):
    run, h = FAMILIES[name]
    x0, g = np.array([2.0, -1.0]), np.array([[0.5, 3.0]])
    free = run(x0, g, alpha=0.25, **h)[0] - x0
    rate, size = 0.5, 0.125  # lambda, alpha lambda
    expected = {
        "coupled": run(x0, g + rate * x0, alpha=0.25, **h)[0],
        "decoupled_lr": (1 - size) * x0 + free,
        "decoupled_lr_after": (1 - size) * (x0 + free),
        "decoupled": (1 - rate) * x0 + free,
        "proximal": (x0 + free) / (1 + size),
    }
    for form, x in expected.items():
        found = run(x0, g, alpha=0.25, weight_decay=rate, decay=form, **h)
        np.testing.assert_allclose(found[0], x, rtol=DOUBLE.tens, err_msg=form)


@pytest.mark.parametrize("name", FAMILIES)
def test_complex_numbers_as_pairs_and_by_their_modulus(name):
    run, h = FAMILIES[name]
    rng: Any = np.random.default_rng(0)
    x0, g = rng.normal(size=4).view(complex), rng.normal(size=(7, 4)).view(complex)  # RAdam waits for six
    both = run(x0, g, alpha=0.25, complex_as="pair", **h)
    assert both.shape == (7, 2)
    np.testing.assert_array_equal(both.view(float), run(x0.view(float), g.view(float), alpha=0.25, **h))
    # turning every gradient by the same angle turns the displacement: what the modulus has and pairs have not
    turn = np.exp(0.7j)
    modulus = run(x0, g, alpha=0.25, **h)
    np.testing.assert_allclose(run(x0, turn * g, alpha=0.25, **h) - x0, turn * (modulus - x0), rtol=DOUBLE.thousands)
    if name != "SGD":
        assert np.max(np.abs(modulus - both)) > 1e-3
    # and real gradients as complex numbers are the real method
    real = run(x0.real, g.real, alpha=0.25, **h)
    np.testing.assert_allclose(run(x0.real + 0j, g.real + 0j, alpha=0.25, **h), real, rtol=DOUBLE.hundreds)


def test_recurrences_for_real_numbers_refuse_complex_ones():
    with pytest.raises(ValueError, match="real numbers only"):
        interpolation.run([1j], G + 0j, alpha=1.0, beta1=0.5, beta2=0.5, rho=0.5, eps=0.0)


def test_the_papers_decay_of_adamw_is_not_multiplied_by_the_rate():
    # Loshchilov and Hutter, Algorithm 2, line 12; optax and torch multiply it. One step: lambda x_0 = 1 beside Adam's
    h: dict[str, Any] = {"alpha": 0.25, "beta1": 0.5, "beta2": 0.75, "eps": 0.125, "weight_decay": 0.5}
    plain = adam.run([2.0], G[:1], **{**h, "weight_decay": 0.0})
    np.testing.assert_array_equal(adam.run([2.0], G[:1], **h, decay="decoupled"), plain - 1)
    np.testing.assert_array_equal(adam.run([2.0], G[:1], **h, decay="decoupled_lr"), plain - 0.25)
