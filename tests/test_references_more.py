"""The later references by hand, and the switches that all share; the exact recurrences."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madatheory.identities.recognition import conventions
from madatheory.references import (
    adabelief,
    adam,
    adamw,
    adan,
    amsgrad,
    avgrad,
    exact,
    interpolation,
    nadam,
    rmsprop,
    sgd,
    yogi,
)

START = [0.0]
G = np.array([[2.0], [-4.0]])  # the worked example: two steps
U = 2.0**-53


def steps(path: np.ndarray, x0: float = 0.0) -> np.ndarray:
    return np.diff(path[:, 0], prepend=x0)


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_sgd_by_hand():
    # b = 2, 1 - 4 = -3; Nesterov's steps 1 + 2 = 3 and -3/2 - 4 = -11/2
    np.testing.assert_array_equal(steps(sgd.run(START, G, alpha=1.0, momentum=0.5)), [-2, 3])
    np.testing.assert_array_equal(steps(sgd.run(START, G, alpha=1.0, momentum=0.5, nesterov=True)), [-3, 5.5])
    # weight 1/2: b = 1, -3/2; with b_1 = g_1 = 2: 2, 1 - 2
    np.testing.assert_array_equal(steps(sgd.run(START, G, alpha=1.0, momentum=0.5, form="averaged")), [-1, 1.5])
    found = sgd.run(START, G, alpha=1.0, momentum=0.5, form="averaged_after_first")
    np.testing.assert_array_equal(steps(found), [-2, 1])


def test_nadam_by_hand():
    # m = 1, -3/2; v = 1, 19/4; constant mu = 1/2: products 1/2, 1/4, 1/8
    h: dict[str, Any] = {"alpha": 1.0, "beta1": 0.5, "beta2": 0.75, "eps": 0.0}
    roots = np.array([2.0, (76 / 7) ** 0.5])
    found = nadam.run(START, G, **h, schedule="constant")
    # 1/2 * 1/(3/4) + 1/2 * 2/(1/2) = 8/3; 1/2 * (-3/2)/(7/8) + 1/2 * (-4)/(3/4) = -74/21
    np.testing.assert_allclose(steps(found), -np.array([8 / 3, -74 / 21]) / roots, rtol=1e-14)
    found = nadam.run(START, G, **h, schedule="constant", look_ahead="same")
    np.testing.assert_allclose(steps(found), -np.array([1 + 2, -1 - 8 / 3]) / roots, rtol=1e-14)
    # schedule_decay = 1/ln(0.96) ln(1/2): 0.96^t = 2^-t, mu = 3/8, 7/16, 15/32
    decay = float(np.log(0.5) / np.log(0.96))
    found = nadam.run(START, G, **h, schedule_decay=decay)
    first = 7 / 16 / (1 - 21 / 128) + 5 / 8 * 2 / (5 / 8)
    second = 15 / 32 * -1.5 / (1 - 315 / 4096) + 9 / 16 * -4 / (1 - 21 / 128)
    np.testing.assert_allclose(steps(found), -np.array([first, second]) / roots, rtol=1e-13)
    # averaged with mu: m_1 = 5/8 * 2 = 5/4
    found = nadam.run(START, G, **h, schedule_decay=decay, average="mu")
    np.testing.assert_allclose(steps(found)[0], -(7 / 16 * 1.25 / (1 - 21 / 128) + 2) / 2, rtol=1e-13)


def test_adabelief_by_hand():
    # m = 1, -3/2; surprise 1, -5/2 (against the old m: 2, -5); s = 1/4, 3/16 + 25/16 = 7/4
    h: dict[str, Any] = {"alpha": 1.0, "beta1": 0.5, "beta2": 0.75, "bias_correction": False}
    found = adabelief.run(START, G, **h, eps=0.0)
    np.testing.assert_allclose(steps(found), [-1 / 0.5, 1.5 / 1.75**0.5], rtol=1e-14)
    found = adabelief.run(START, G, **h, eps=0.0, belief="old")
    np.testing.assert_allclose(steps(found), [-1 / 1, 1.5 / 7**0.5], rtol=1e-14)
    # eps_root = 2 in the recurrence: s = 9/4, 27/16 + 25/16 + 2 = 21/4; under the root: 9/4, 15/4
    found = adabelief.run(START, G, **h, eps=0.5, eps_root=2.0)
    np.testing.assert_allclose(steps(found), [-1 / 2, 1.5 / (5.25**0.5 + 0.5)], rtol=1e-14)
    found = adabelief.run(START, G, **h, eps=0.5, eps_root=2.0, root_place="root")
    np.testing.assert_allclose(steps(found), [-1 / 2, 1.5 / (3.75**0.5 + 0.5)], rtol=1e-14)
    # the paper: the same eps in both places
    found = adabelief.run(START, G, **h, eps=2.0)
    np.testing.assert_allclose(steps(found)[0], -1 / 3.5, rtol=1e-14)


def test_rmsprop_with_momentum_and_centred_by_hand():
    # beta2 = 3/4: square 1, 19/4; mean 1/2, -5/8; centred 3/4, 279/64
    h: dict[str, Any] = {"alpha": 1.0, "beta2": 0.75, "eps": 0.0}
    found = rmsprop.run(START, G, **h, centered=True)
    np.testing.assert_allclose(steps(found), [-2 / 0.75**0.5, 4 / (279 / 64) ** 0.5], rtol=1e-14)
    ratios = np.array([2.0, -4 / 4.75**0.5])
    found = rmsprop.run(START, G, **h, momentum=0.5)
    np.testing.assert_allclose(steps(found), [-ratios[0], -ratios[1] - ratios[0] / 2], rtol=1e-14)
    found = rmsprop.run(START, G, **h, momentum=0.5, nesterov=True)
    np.testing.assert_allclose(steps(found)[0], -1.5 * ratios[0], rtol=1e-14)


def test_places_of_eps_corrections_and_initial_moments_by_hand():
    # one step, g = 2: m = 1, v = 1, corrections 1/2 and 1/4; eps = 1, eps_root = 5
    h: dict[str, Any] = {"alpha": 1.0, "beta1": 0.5, "beta2": 0.75, "eps": 1.0}
    one = G[:1]
    expected = {"outside": 2 / 3, "outside_before": 2 / 4, "inside": 2 / 5**0.5, "inside_before": 2 / 8**0.5}
    for place, size in expected.items():
        found = adam.run(START, one, **h, eps_place=place)  # type: ignore[arg-type]
        np.testing.assert_allclose(found[0], -size, rtol=1e-15)
    np.testing.assert_allclose(adam.run(START, one, **h, eps_root=5.0)[0], -2 / 4, rtol=1e-15)
    for kind, size in {"none": 1 / 2, "first": 2 / 2, "second": 1 / 3, "power": 2 / 3}.items():
        np.testing.assert_allclose(adam.run(START, one, **h, bias_correction=kind)[0], -size, rtol=1e-15)  # type: ignore[arg-type]
        assert kind in ("power", "none", "first", "second")
        for other in (amsgrad, yogi):
            found = other.run(START, one, **h, bias_correction=kind)  # type: ignore[arg-type]
            np.testing.assert_allclose(found[0], -size, rtol=1e-15)
    # m_0 = g_1 and v_0 = g_1^2, uncorrected: 2/(2 + 1)
    found = adam.run(START, one, **h, bias_correction="none", m0="gradient", v0="gradient")
    np.testing.assert_allclose(found[0], -2 / 3, rtol=1e-15)
    # yogi from 1/4: v = 1/4 + 1; m from 1/4 (1/8 + 1) or from 0
    np.testing.assert_allclose(yogi.run(START, one, **h, initial=0.25)[0], -1.125 / (1.25**0.5 + 1), rtol=1e-15)
    found = yogi.run(START, one, **h, initial=0.25, m0=0.0)
    np.testing.assert_allclose(found[0], -1 / (1.25**0.5 + 1), rtol=1e-15)


def test_adan_skipping_the_first_difference_counts_differences():
    # difference -6 at step 2, velocity -3: corrected by 3/4 after two counted steps, by 1/2 after one
    h: dict[str, Any] = {"alpha": 1.0, "beta1": 0.5, "beta2": 0.75, "beta3": 0.5, "eps": 0.0, "bias_correction": False}
    size = 13**0.5
    np.testing.assert_allclose(steps(adan.run(START, G, **h)), [-1, (1.5 + 2) / size], rtol=1e-14)
    found = adan.run(START, G, **h, first_difference="skipped")
    np.testing.assert_allclose(steps(found), [-1, (1.5 + 3) / size], rtol=1e-14)


VALUES = {"momentum": 0.5, "beta1": 0.5, "beta2": 0.75, "beta3": 0.5, "eps": 0.125}
FAMILIES: dict[str, tuple[Any, dict[str, Any]]] = {
    family.name: (family.run, {name: value for name, value in VALUES.items() if name in family.hyper})
    for family in conventions.FAMILIES
    if not family.plain
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
        np.testing.assert_allclose(found[0], x, rtol=1e-14, err_msg=form)


@pytest.mark.parametrize("name", FAMILIES)
def test_complex_numbers_as_pairs_and_by_their_modulus(name):
    run, h = FAMILIES[name]
    rng: Any = np.random.default_rng(0)
    x0, g = rng.normal(size=4).view(complex), rng.normal(size=(5, 4)).view(complex)
    both = run(x0, g, alpha=0.25, complex_as="pair", **h)
    assert both.shape == (5, 2)
    np.testing.assert_array_equal(both.view(float), run(x0.view(float), g.view(float), alpha=0.25, **h))
    # turning every gradient by the same angle turns the displacement: what the modulus has and pairs have not
    turn = np.exp(0.7j)
    modulus = run(x0, g, alpha=0.25, **h)
    np.testing.assert_allclose(run(x0, turn * g, alpha=0.25, **h) - x0, turn * (modulus - x0), rtol=1e-11)
    if name != "SGD":
        assert np.max(np.abs(modulus - both)) > 1e-3
    # and real gradients as complex numbers are the real method
    real = run(x0.real, g.real, alpha=0.25, **h)
    np.testing.assert_allclose(run(x0.real + 0j, g.real + 0j, alpha=0.25, **h), real, rtol=1e-13)


def test_recurrences_for_real_numbers_refuse_complex_ones():
    with pytest.raises(ValueError, match="real numbers only"):
        interpolation.run([1j], G + 0j, alpha=1.0, beta1=0.5, beta2=0.5, rho=0.5, eps=0.0)


def test_adamw_is_adam_with_the_papers_decay():
    x0: list[float] = [2.0]
    h: dict[str, Any] = {"alpha": 0.25, "beta1": 0.5, "beta2": 0.75, "eps": 0.125}
    paper = adamw.run(x0, G, **h, weight_decay=0.5)
    np.testing.assert_array_equal(paper, adam.run(x0, G, **h, weight_decay=0.5, decay="decoupled"))
    library = adamw.run(x0, G, **h, weight_decay=0.5, decay="decoupled_lr")
    np.testing.assert_array_equal(library, adam.run(x0, G, **h, weight_decay=0.5, decay="decoupled_lr"))
    assert np.max(np.abs(paper - library)) > 0.1


# --- exact recurrences ------------------------------------------------------------------------------------------------

DYADIC = st.lists(st.integers(-32, 32).map(lambda k: k / 4), min_size=1, max_size=8)
BETAS = st.sampled_from([0.5, 0.75, 0.875])


def floats(g: list[float], beta1: float, beta2: float, beta3: float) -> dict[str, list[float]]:
    """The same states in float64, typed as in the references."""
    m = v = y = s = n = d = 0.0
    seen: dict[str, list[float]] = {name: [] for name in "mvysnd"}
    previous = g[0]
    for now in g:
        m = beta1 * m + (1 - beta1) * now
        v = beta2 * v + (1 - beta2) * now**2
        y = y - (1 - beta2) * float(np.sign(y - now**2)) * now**2
        s = beta2 * s + (1 - beta2) * (now - m) ** 2
        difference, previous = now - previous, now
        d = beta3 * d + (1 - beta3) * difference
        n = beta2 * n + (1 - beta2) * (now + beta3 * difference) ** 2
        for name, value in zip("mvysnd", (m, v, y, s, n, d), strict=True):
            seen[name].append(value)
    return seen


def states(g: list[float], beta1: float, beta2: float, beta3: float) -> dict[str, exact.Path]:
    d, n = exact.adan_moments(g, beta2, beta3)
    return {
        "m": exact.first_moment(g, beta1),
        "v": exact.second_moment(g, beta2),
        "y": exact.yogi_moment(g, beta2),
        "s": exact.belief_moment(g, beta1, beta2),
        "n": n,
        "d": d,
    }


@given(DYADIC.map(lambda g: g[:4]), BETAS, BETAS, BETAS)
def test_dyadic_data_round_nowhere_in_four_steps(g, beta1, beta2, beta3):
    # g has 7 bits, a beta at most 3: m has 7 + 3 per step, its square in s twice that, 38, and 3 per step: 50 < 53
    found = floats(g, beta1, beta2, beta3)
    for name, path in states(g, beta1, beta2, beta3).items():
        assert found[name] == [float(value) for value in path], name
        assert [Fraction(value) for value in found[name]] == path, name


@given(DYADIC, st.floats(0.1, 0.99), st.floats(0.1, 0.99), st.floats(0.1, 0.99))
def test_float64_stays_within_its_roundings_of_the_exact_states(g, beta1, beta2, beta3):
    # each step rounds 1-beta, two products, a sum, and up to 4 more below the square (s: twice those of m as well);
    # relative to averages of absolute values, which are at most the largest square (look-ahead: 3 max|g|, surprise 2)
    found, top = floats(g, beta1, beta2, beta3), max(map(abs, g))
    sizes = {"m": top, "v": top**2, "y": 2 * top**2, "s": 4 * top**2, "n": 9 * top**2, "d": 2 * top}
    for name, path in states(g, beta1, beta2, beta3).items():
        if name == "y":  # discontinuous where v meets g^2: only until a rounding decides there
            v, squares = [Fraction(0), *path], exact.squares(g)
            near = [abs(a - b) <= 64 * U * sizes["y"] for a, b in zip(v, squares, strict=False)]
            path = path[: near.index(True)] if True in near else path
        for t, (got, expected) in enumerate(zip(found[name], path, strict=False), start=1):
            assert abs(Fraction(got) - expected) <= 24 * t * U * sizes[name], (name, t)


def test_running_average_and_maximum_exactly():
    v = exact.second_moment([2, -4, 0], Fraction(3, 4))
    assert v == [1, Fraction(19, 4), Fraction(57, 16)]
    assert exact.running_average(v) == [1, Fraction(23, 8), Fraction(149, 48)]
    assert exact.running_maximum(v) == [1, Fraction(19, 4), Fraction(19, 4)]
    assert exact.squares_summed([2, -4, 0], 1) == [5, 21, 21]
    assert exact.corrected(v, Fraction(3, 4)) == [4, Fraction(76, 7), Fraction(57 * 4, 37)]
    assert exact.yogi_moment([2, -4, 1, 0], Fraction(3, 4)) == [1, 5, Fraction(19, 4), Fraction(19, 4)]
    assert exact.yogi_moment([2, -2, 2], Fraction(1, 2)) == [2, 4, 4]  # v meets g^2, and stays
    assert exact.belief_moment([2, -4], Fraction(1, 2), Fraction(3, 4), 2) == [Fraction(9, 4), Fraction(21, 4)]
    # Adan with w = 1 - beta3 = 1/4: difference 0, -6; look-ahead 2, -11/2
    d, n = exact.adan_moments([2, -4], Fraction(1, 2), Fraction(3, 4), "new")
    assert (d, n) == ([0, Fraction(-3, 2)], [2, 1 + Fraction(121, 8)])


def test_exact_states_give_the_references_steps():
    """(step/alpha)^2 at eps = 0, against the root that the float64 references take."""
    g = [2.0, -4.0, 0.5, 0.0, 3.0]
    column = np.array(g)[:, None]
    m = exact.corrected(exact.first_moment(g, 0.75), 0.75)
    v = exact.second_moment(g, 0.875)
    h: dict[str, Any] = {"alpha": 1.0, "beta1": 0.75, "beta2": 0.875, "eps": 0.0}
    cases = [
        (adam.run(START, column, **h), exact.corrected(v, 0.875)),
        (amsgrad.run(START, column, **h, bias_correction=True), exact.corrected(exact.running_maximum(v), 0.875)),
        (avgrad.run(START, column, **h), exact.corrected(exact.running_average(v), 0.875)),
        (yogi.run(START, column, **h, bias_correction=True), exact.corrected(exact.yogi_moment(g, 0.875), 0.875)),
    ]
    for path, moments in cases:
        expected = [float(value) for value in exact.squared_steps(m, moments)]
        np.testing.assert_allclose(steps(path) ** 2, expected, rtol=1e-13)
    assert exact.squared_steps([Fraction(0)], [Fraction(0)]) == [0]
