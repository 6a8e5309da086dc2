"""Identities of the family (groups R, E, B and parts of F and C of the catalogue), on gradients that find mistakes.

Values are dyadic, with exact zeros, zero prefixes, cancelling pairs, growth, constants; eps is 0 in the practical form
and 2^-126, which no other number here feels, in the theory form. R2, E1 to E3, E6 and E14 are tested on the same
members by the suite itself (test_own_optimizers).
"""

from functools import cache
from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tolerances import DOUBLE

from madatheory.optimizers.catalogue import list_optimizers
from madatheory.optimizers.open_loop import OpenLoopRun, open_loop

T = 16
TIMES = np.arange(1, T + 1)
TINY = 2.0**-126
ALPHA = 0.125
ULP = 1e-14  # relative; the identities are exact in exact arithmetic

BETAS = st.sampled_from([0.0, 0.5, 0.75, 0.875, 0.9375, 0.984375])
DECAYS = st.sampled_from([0.5, 0.75, 0.875, 0.9375, 0.984375])
UNIT = st.sampled_from([0.0, 0.25, 0.5, 0.875, 1.0])


@st.composite
def gradients(draw: st.DrawFn) -> np.ndarray:
    """(T,) gradients: integers over 4, possibly after zeros, scaled by growing or shrinking powers of two."""
    kind = draw(st.sampled_from(["free", "prefix", "constant", "repeated", "powers"]))
    if kind == "constant":
        return np.full(T, draw(st.integers(-32, 32)) / 4)
    if kind == "repeated":
        block = draw(st.lists(st.integers(-8, 8), min_size=2, max_size=4))
        return np.resize(np.array(block, float), T)
    values = np.array(draw(st.lists(st.integers(-32, 32), min_size=T, max_size=T))) / 4
    if kind == "prefix":
        values[: draw(st.integers(1, T))] = 0
    if kind == "powers":
        values = values * 2.0 ** (draw(st.sampled_from([-2, -1, 1, 2])) * TIMES)
    return values


@cache
def _compiled(entry: str, options: tuple[tuple[str, Any], ...]) -> Any:
    optimizer = list_optimizers()[entry].make(dict(options))
    return optimizer, open_loop(optimizer)


def run(entry: str, g: np.ndarray, hyper: dict[str, float], dtype: str = "float64", **options: Any) -> OpenLoopRun:
    """The path from x0 = 0 with alpha = 1/8, as NumPy arrays of shape (T,)."""
    optimizer, function = _compiled(entry, tuple(options.items()))
    if "eps" in optimizer.parameters:
        hyper = {"eps": 0.0 if options.get("form") == "practical" else TINY, **hyper}
    full = optimizer.hyper({"alpha": ALPHA, **hyper})
    with jax.enable_x64(dtype == "float64"):
        path = function(np.zeros(1, dtype), np.asarray(g, dtype)[:, None], full, float(T))
        return jax.tree.map(lambda a: np.asarray(a)[:, 0] if np.ndim(a) == 2 else np.asarray(a), path)


def practical(entry: str, g: np.ndarray, **hyper: float) -> OpenLoopRun:
    return run(entry, g, hyper, form="practical")


def theory(entry: str, g: np.ndarray, **hyper: float) -> OpenLoopRun:
    return run(entry, g, hyper, form="theory")


def mada(g: np.ndarray, **hyper: float) -> OpenLoopRun:
    """The whole family, at Adam's end unless told otherwise."""
    return practical("mada-family", g, **{"beta3": 0.0, "rho": 1.0, "c": 1.0, "gamma": 1.0, **hyper})


def close(a: np.ndarray, b: np.ndarray, tolerance: float = ULP) -> None:
    scale = float(np.max(np.abs(b))) or 1.0
    np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * scale)


def below(a: np.ndarray, b: np.ndarray, tolerance: float = ULP) -> None:
    """a <= b entry by entry, up to rounding."""
    slack = tolerance * np.maximum(np.abs(a), np.abs(b))
    assert np.all(a <= b + slack), (a, b)


def moments(g: np.ndarray, beta2: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """v, its running mean and its running maximum."""
    v, path = 0.0, []
    for now in g:
        v = beta2 * v + (1 - beta2) * now**2
        path.append(v)
    v = np.array(path)
    return v, np.cumsum(v) / TIMES, np.maximum.accumulate(v)


def t10(beta1: float, beta2: float) -> np.ndarray:
    """T10 at T = 1 .. 16, over alpha."""
    q = beta1**2 / beta2
    return (
        np.sqrt(1 - beta2**TIMES)
        / (1 - beta1**TIMES)
        * (1 - beta1)
        / np.sqrt(1 - beta2)
        * np.sqrt((1 - q**TIMES) / (1 - q))
    )


# --- R: state ---------------------------------------------------------------------------------------------------------


@given(gradients(), BETAS, UNIT)
def test_r1_second_moments_lie_between_zero_and_the_largest_square(g, beta2, rho):
    path = theory("adam-avgrad", g, beta2=beta2, rho=rho)
    top = np.maximum.accumulate(g**2)
    for moment in (path.step.v, path.state["partner"], path.step.vhat):
        assert np.all(moment >= 0)
        below(moment, top)


def test_r2_yogi_exceeds_the_largest_square():
    """The bound is (2-beta2) max g^2 and not max g^2: v = 15/16, then 15/16 + 1/4 at beta2 = 3/4 on |g| <= 1."""
    g = np.full(T, 1.0)
    g[:4] = [1, 1, 1, 0.96875]
    v = theory("yogi", g, beta2=0.75).step.v
    assert 1 < v[4] < 1.25


@given(gradients(), BETAS, BETAS)
def test_r3_first_moment_in_the_hull_of_zero_and_the_gradients(g, beta1, beta2):
    m = theory("adam", g, beta1=beta1, beta2=beta2).step.m
    slack = ULP * np.maximum.accumulate(np.abs(g))
    assert np.all(m <= np.maximum(np.maximum.accumulate(g), 0) + slack)
    assert np.all(m >= np.minimum(np.minimum.accumulate(g), 0) - slack)


@given(gradients(), BETAS)
def test_r4_r5_weights_of_the_average_and_its_monotony(g, beta2):
    path = theory("avgrad", g, beta2=beta2)
    total = TIMES * path.state["partner"]
    expected = [sum((1 - beta2 ** (t - j + 1)) * g[j - 1] ** 2 for j in range(1, t + 1)) for t in TIMES]
    close(total, np.array(expected))
    below(total[:-1], total[1:])
    # the same over 1 - beta2^t, which is what the bias correction divides by
    corrected = total / (1 - beta2**TIMES)
    below(corrected[:-1], corrected[1:])
    below((1 - beta2) * np.cumsum(g**2), total)
    below(total, np.cumsum(g**2))


@given(gradients(), DECAYS)
def test_r6_avgrad_steps_between_adagrads_and_a_constant_times_it(g, beta2):
    ours = np.abs(theory("avgrad", g, beta1=0.0, beta2=beta2).step.delta)
    adagrad = np.abs(theory("adagrad", g, beta1=0.0).step.delta)
    below(adagrad, ours)
    below(ours, adagrad / np.sqrt(1 - beta2))


@given(gradients(), BETAS)
def test_r7_amsgrad_and_avgrad_steps_per_gradient_do_not_grow(g, beta2):
    for entry in ("amsgrad", "avgrad"):
        eta = theory(entry, g, beta1=0.0, beta2=beta2).step.eta
        below(eta[1:], eta[:-1])


def test_r7_fails_for_adam_which_has_no_such_property():
    g = np.where(TIMES <= 2, 8.0, 0.25)
    eta = run("adam", g, {"beta2": 0.5}, form="theory", schedule="inverse_sqrt").step.eta
    assert np.any(eta[1:] > eta[:-1])


@given(gradients(), BETAS)
def test_r8_average_and_current_moment_below_the_maximum(g, beta2):
    largest = theory("amsgrad", g, beta2=beta2).state["partner"]
    path = theory("avgrad", g, beta2=beta2)
    below(path.step.v, largest)
    below(path.state["partner"], largest)


@pytest.mark.parametrize("entry", ["adam-avgrad", "adam-amsgrad"])
@given(g=gradients(), beta2=BETAS, rho=UNIT)
def test_r9_interpolation_lies_between_its_ends(entry, g, beta2, rho):
    path = practical(entry, g, beta1=0.0, beta2=beta2, rho=rho)
    adam, other = (
        np.abs(practical(name, g, beta1=0.0, beta2=beta2).step.delta)
        for name in ("adam", {"adam-avgrad": "avgrad", "adam-amsgrad": "amsgrad"}[entry])
    )
    size = np.abs(path.step.delta)
    below(np.minimum(adam, other), size, 1e-13)
    below(size, np.maximum(adam, other), 1e-13)
    v, mean, largest = moments(g, beta2)
    partner = mean if entry == "adam-avgrad" else largest
    close(path.step.vhat, (rho * v + (1 - rho) * partner) / (1 - beta2**TIMES), 1e-13)


@given(st.integers(1, 32), DECAYS)
def test_r10_bias_of_the_average_on_a_constant_gradient(value, beta2):
    g = np.full(T, value / 4)
    vbar = theory("avgrad", g, beta2=beta2).state["partner"]
    ratio = vbar / ((1 - beta2**TIMES) * g**2)
    below((TIMES + 1) / (2 * TIMES), ratio)
    below(ratio, np.ones(T))
    close(vbar / g**2, 1 - beta2 * (1 - beta2**TIMES) / (TIMES * (1 - beta2)), 1e-13)
    # and the exact correction removes it: the step is alpha
    exact = run("avgrad", g, {"beta1": 0.75, "beta2": beta2}, form="practical", correction="exact")
    close(exact.step.delta, np.full(T, ALPHA), 1e-13)


# --- E: equivalences --------------------------------------------------------------------------------------------------


@given(gradients(), BETAS, BETAS, UNIT)
def test_e4_e10_without_difference_weight_adan_is_adam(g, beta1, beta2, rho):
    h = {"beta1": beta1, "beta2": beta2}
    close(mada(g, **h, rho=rho).x, practical("adam-avgrad", g, **h, rho=rho).x)
    close(practical("adan", g, **h, beta3=0.0).x, practical("adam", g, **h).x)
    close(theory("adan", g, **h, beta3=0.0).x, run("adam", g, h, form="theory", schedule="inverse_sqrt").x)


@given(gradients(), DECAYS)
def test_e5_lion_is_the_end_gamma_0(g, beta):
    lion = run("lion", g, {"beta1_lion": beta, "beta2_lion": 0.75}).x
    np.testing.assert_array_equal(mada(g, gamma=0.0, beta1_lion=beta, beta2_lion=0.75).x, lion)


@given(gradients(), BETAS, BETAS)
def test_e7_amsgrad_is_adam_while_gradients_do_not_shrink(g, beta1, beta2):
    g = np.where(g < 0, -1, 1) * np.sort(np.abs(g))
    h = {"beta1": beta1, "beta2": beta2}
    close(theory("amsgrad", g, **h).x, run("adam", g, h, form="theory", schedule="inverse_sqrt").x)
    close(practical("amsgrad", g, **h).x, practical("adam", g, **h).x)


@given(gradients())
def test_e8_adam_without_memory_is_sign_descent(g):
    np.testing.assert_array_equal(practical("adam", g, beta1=0.0, beta2=0.0).step.delta, ALPHA * np.sign(g))


@given(gradients())
def test_e9_lion_at_its_ends(g):
    sign = run("lion", g, {"beta1_lion": 0.0, "beta2_lion": 0.75}).step.delta
    np.testing.assert_array_equal(sign, ALPHA * np.sign(g))
    mean, expected = 0.0, []
    for now in g:  # exact: powers of 1/2
        mean = 0.5 * mean + 0.5 * now
        expected.append(ALPHA * np.sign(mean))
    equal = run("lion", g, {"beta1_lion": 0.5, "beta2_lion": 0.5}).step.delta
    np.testing.assert_array_equal(equal, expected)


@given(gradients(), BETAS)
def test_e11_corrected_rmsprop_is_adam_without_momentum(g, beta2):
    corrected = run("rmsprop", g, {"beta2": beta2}, form="practical", correction=True)
    close(corrected.x, practical("adam", g, beta1=0.0, beta2=beta2).x)


@given(gradients())
def test_e13_published_codes_sign_part_is_lion_with_the_product(g):
    published = run("mada-family", g, {"gamma": 0.0, "eps": 1e-6}, form="practical", convention="published")
    lion = run("lion", g, {"beta1_lion": 0.95 * 0.98, "beta2_lion": 0.98})
    m, decided = 0.0, []
    for now in g:  # where u is rounding noise the two writings may disagree
        decided.append(abs(0.931 * m + 0.069 * now) > 1e-12 * np.max(np.abs(g)))
        m = 0.98 * m + 0.02 * now
    decided = np.array(decided)
    np.testing.assert_array_equal(published.step.delta[decided], lion.step.delta[decided])
    if not np.any(g):
        assert not np.any(published.step.delta)


# --- B: bounds --------------------------------------------------------------------------------------------------------


@given(gradients(), BETAS, DECAYS)
def test_b1_b4_b5_step_bounds(g, beta1, beta2):
    bound = ALPHA * t10(beta1, beta2)
    h = {"beta1": beta1, "beta2": beta2}
    below(np.abs(practical("adam", g, **h).step.delta), bound, 1e-13)
    below(np.abs(mada(g, **h, gamma=0.25).step.delta), 0.25 * bound + 0.75 * ALPHA, 1e-13)
    below(np.abs(practical("avgrad", g, **h).step.delta), np.sqrt(TIMES) * bound, 1e-13)


@pytest.mark.parametrize(("beta1", "beta2"), [(0.9, 0.999), (0.9, 0.99), (0.5, 0.984375), (0.75, 0.5)])
def test_b1_is_attained(beta1, beta2):
    g = (beta1 / beta2) ** (T - TIMES.astype(float))
    found = practical("adam", g, beta1=beta1, beta2=beta2).step.delta[-1]
    np.testing.assert_allclose(found, ALPHA * t10(beta1, beta2)[-1], rtol=DOUBLE.thousands)


def test_kingma_and_bas_bound_is_refuted_by_two_gradients():
    """alpha max(1, (1-beta1)/sqrt(1-beta2)) = alpha at (.9, .99); the gradients 5, 6 make a longer second step."""
    g = np.zeros(T)
    g[:2] = [5, 6]
    second = practical("adam", g, beta1=0.9, beta2=0.99).step.delta[1]
    claimed = ALPHA * max(1, (1 - 0.9) / np.sqrt(1 - 0.99))
    assert second > 1.0001 * claimed
    assert second <= ALPHA * t10(0.9, 0.99)[1]


@given(gradients(), DECAYS)
def test_b2_b7_rmsprop_and_yogi(g, beta2):
    rmsprop = np.abs(practical("rmsprop", g, beta2=beta2).step.delta)
    below(rmsprop, np.full(T, ALPHA / np.sqrt(1 - beta2)), 1e-13)
    first = np.flatnonzero(g)[:1]  # attained at the first gradient
    np.testing.assert_allclose(rmsprop[first], ALPHA / np.sqrt(1 - beta2), rtol=DOUBLE.thousands)
    yogi = np.abs(practical("yogi", g, beta1=0.0, beta2=beta2).step.delta)
    below(yogi, ALPHA * np.sqrt(1 - beta2**TIMES) / np.sqrt(min(beta2, 1 - beta2)), 1e-13)


@given(gradients(), BETAS, BETAS)
def test_b3_lion_moves_by_alpha_or_not_at_all(g, beta1, beta2):
    size = np.abs(run("lion", g, {"beta1_lion": beta1, "beta2_lion": beta2}).step.delta)
    assert np.all((size == ALPHA) | (size == 0))


# --- C and F: laws and fixed points -----------------------------------------------------------------------------------


@given(st.integers(-32, 32).filter(bool), DECAYS, DECAYS, st.integers(0, T - 1))
def test_c1_c2_c3_first_step_constant_gradient_and_zero_prefix(value, beta1, beta2, k):
    constant = practical("adam", np.full(T, value / 4), beta1=beta1, beta2=beta2)
    close(constant.x, -ALPHA * np.sign(value) * TIMES)
    g = np.zeros(T)
    g[k] = value / 4
    step = practical("adam", g, beta1=beta1, beta2=beta2).step.delta
    expected = (1 - beta1) / np.sqrt(1 - beta2) * np.sqrt(1 - beta2 ** (k + 1)) / (1 - beta1 ** (k + 1))
    np.testing.assert_allclose(step[k], ALPHA * np.sign(value) * expected, rtol=DOUBLE.thousands)
    assert not np.any(step[:k])


PRACTICAL = ["adagrad", "rmsprop", "adam", "amsgrad", "avgrad", "yogi", "adan", "adam-avgrad", "mada-family"]


@pytest.mark.parametrize("name", PRACTICAL)
def test_f1_f2_f3_zero_gradients_move_nothing_and_make_no_nan(name):
    """0/0 with eps = 0 in single precision: for ever, and as a prefix."""
    h = {"beta3": 0.5, "rho": 0.5, "c": 0.5} if name == "mada-family" else {}
    still = run(name, np.zeros(T), h, "float32", form="practical")
    assert not np.any(still.x)
    if name != "mada-family":
        underflow = run(name, np.zeros(T), {"eps": 1e-60}, "float32", form="theory")  # eps is 0 in float32
        assert not np.any(underflow.x)
    later = run(name, np.where(TIMES > 5, 1.0, 0.0), h, "float32", form="practical")
    assert not np.any(later.x[:5])
    assert np.all(np.isfinite(later.x))
    assert later.x[-1] != 0


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam", "amsgrad", "avgrad", "lion"])
@pytest.mark.parametrize("scale", [1e25, 1e-30])
def test_f6_overflow_and_underflow_of_the_square_stay_finite(name, scale):
    g = scale * np.where(TIMES % 3 == 0, -1.0, 1.0)
    for hyper in ({}, {"eps": 1e-8}) if name != "lion" else ({},):
        path = run(name, g, hyper, "float32", form="practical")
        assert np.all(np.isfinite(path.x)), hyper
