"""The recurrences in fractions: exact where float64 rounds nothing, and within its roundings elsewhere."""

from fractions import Fraction
from typing import Any

import exact_recurrences as exact
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tolerances import DOUBLE
from worked_example import START, steps

from madatheory.references import adam, amsgrad, avgrad, yogi

U = 2.0**-53
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
        np.testing.assert_allclose(steps(path) ** 2, expected, rtol=DOUBLE.hundreds)
    assert exact.squared_steps([Fraction(0)], [Fraction(0)]) == [0]
