"""Claims that are false, each with a small counterexample of one of the package's own optimizers."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from optimizer_cases import looped
from scipy.signal import lfilter

from madatheory.arithmetic import arithmetic
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.evaluate import right_side
from madatheory.theory.theorem import Setting
from proofs_check.bridge import hindsight, two_steps
from proofs_check.evidence import Status

T8 = [name for name, example in hindsight.EXAMPLES.items() if example.theorem == "safeguarded-rate"]


def test_published_step_bound_of_adam() -> None:
    """Kingma and Ba (2015), section 2.1: g = 5, 6 at (.9, .99) moves by more than alpha max(1, 1)."""
    found = two_steps.kingma_ba()
    assert found.status is Status.REFUTED
    # g = 5, 6: mhat = 1.05/.19, vhat = .6075.../.0199
    m, v = 0.1 * (0.9 * 5 + 6), 0.01 * (0.99 * 25 + 36)
    assert m / (1 - 0.81) / (v / (1 - 0.9801)) ** 0.5 > 1
    assert "claimed 1.000000" in found.detail


def test_second_moment_of_yogi_exceeds_the_largest_square() -> None:
    """g = 1, 1 at beta2 = .4: v = .6, then 1.2."""
    found = two_steps.yogi()
    assert found.status is Status.REFUTED
    path = two_steps.run("yogi", "theory", two_steps.YOGI, two_steps.ONES)
    assert path.step.v[:, 0].tolist() == pytest.approx([0.6, 1.2])


@pytest.mark.parametrize("name", hindsight.EXAMPLES)
def test_a_bound_fails_in_hindsight(name: str) -> None:
    """Both sides enclosed; without the choice the same argument shows nothing."""
    assert hindsight.refute(name).status is Status.REFUTED
    assert hindsight.refute(name, chosen=False).status is Status.OPEN
    at_the_kink = replace(hindsight.EXAMPLES[name], start=hindsight.EXAMPLES[name].kink)
    left, right = at_the_kink.sides(at_the_kink, True)
    assert not left > right


@pytest.mark.parametrize("name", T8)
def test_the_right_side_is_the_theorem_s(name: str) -> None:
    """The largest of the package's own bounds for the ends of the choice, in floating point."""
    example, bounds = hindsight.EXAMPLES[name], []
    theorem = list_theorems()[example.theorem]
    for end in example.ends:
        hyper = {**example.numbers, **{key: float(x) for key, x in end.items()}}
        setting = Setting(example.problem, example.method(), hyper, example.steps)
        bounds.append(right_side(theorem, setting, np.array([example.steps]))[0])
    assert float(example.sides(example, True)[1]) == pytest.approx(max(bounds), rel=1e-12)


def steps_down(name: str, gradients: np.ndarray) -> np.ndarray:
    """x_{t-1} - x_t of the package's method on given gradients (T, number of paths), in float64."""
    example = hindsight.EXAMPLES[name]
    method = example.method()
    with jax.enable_x64(True):
        g = jnp.asarray(gradients, jnp.float64)[:, None]
        path = looped(method)(jnp.zeros(g.shape[1:], jnp.float64), g, method.hyper(example.numbers))
    return np.asarray(path.step.delta)[:, 0]


SIGNS = np.array(list(product((1.0, -1.0), repeat=10))).T


def test_steps_of_the_method_with_chosen_alpha() -> None:
    moved = steps_down("safeguarded-rate-hindsight-alpha", SIGNS)
    root = np.sqrt(np.arange(1, 11))[:, None]
    assert moved * root == pytest.approx(np.where(SIGNS > 0, 1, -6), rel=1e-12)


def test_steps_of_the_method_with_chosen_beta1() -> None:
    """N_t = m_t, and the decomposition of its mean that the proof uses."""
    moved = steps_down("safeguarded-rate-hindsight-beta1", SIGNS) * np.sqrt(np.arange(1, 11))[:, None]
    m = np.zeros(SIGNS.shape[1])
    P, B = 0.8, 0.75
    for g, found in zip(SIGNS, moved, strict=True):
        mean = -(1 - P) + P * (B * m + 1 - B)
        assert mean == pytest.approx(P * B * m - (1 - 2 * P + P * B), abs=1e-12)
        m = np.where(g > 0, B * m + (1 - B) * g, g)
        assert found == pytest.approx(m, abs=1e-12)


def test_steps_of_the_method_with_a_kept_numerator_go_up() -> None:
    """From the first -1 after a +1 on, on every path; before it a step down is at most 1/sqrt(t)."""
    moved = steps_down("safeguarded-rate-numerator", SIGNS)
    turned = np.cumsum((SIGNS[1:] < 0) & (SIGNS[:-1] > 0), axis=0) > 0
    assert np.all(moved[1:][turned] < 0)
    assert np.all(moved <= 1 / np.sqrt(np.arange(1, 11))[:, None])
    assert np.all(moved[SIGNS < 0] < 0)


def test_enclosures_of_both_second_moments_hold_what_a_run_has() -> None:
    """The first 20,000 steps, two phases, with random signs."""
    example = hindsight.EXAMPLES["interpolation-rate-hindsight-rho"]
    steps, (end, size) = 20_000, example.sizes[0]
    sizes = np.where(np.arange(1, steps + 1) <= end, float(size), float(example.sizes[1][1]))
    g = sizes * np.random.default_rng(0).choice([-1.0, 1.0], steps)
    moved, beta2, eps = steps_down("interpolation-rate-hindsight-rho", g[:, None])[:, 0], 1 - 25e-7, 0.16
    v = np.asarray(lfilter([1 - beta2], [1, -beta2], sizes**2))
    mean = np.cumsum(v) / np.arange(1, steps + 1)
    seen = 0
    for block in hindsight._blocks(example):
        if block.last > steps:
            break
        seen = block.last
        for t in (block.first - 1, block.last - 1):
            for value, (low, high) in ((v[t], block.v), (mean[t], block.vbar)):
                assert float(low.lower()) * (1 - 1e-9) <= value <= float(high.upper()) * (1 + 1e-9)
    assert seen > end
    chosen = np.where(g > 0, np.maximum(v, mean), np.minimum(v, mean))
    assert moved == pytest.approx(g / np.sqrt(np.arange(1, steps + 1) * (eps + chosen)), rel=1e-9)


@pytest.mark.parametrize("kappa", [1, 3, 10])
def test_the_chance_to_stay_is_below_the_exact_one(kappa: int) -> None:
    """P(max_t S_t < kappa) over all paths of ten steps of the method with chosen alpha, whose mean step is 0."""
    P = Fraction(6, 7)
    moved = np.where(SIGNS > 0, 1, -6) / np.sqrt(np.arange(1, 11))[:, None]
    stays = np.cumsum(moved, axis=0).max(axis=0) < kappa
    weights = np.prod(np.where(SIGNS > 0, float(P), float(1 - P)), axis=0)
    balls = arithmetic("balls")
    variance = balls.rational(6, 1) * sum(balls.rational(1, t) for t in range(1, 11))  # 49 P (1-P) = 6
    found = float(hindsight._stays(balls.rational(kappa, 1), variance))
    assert 0 < found <= weights[stays].sum()


@pytest.mark.parametrize("name", hindsight.EXAMPLES)
def test_conditions_exclude_the_choice(name: str) -> None:
    """The theorem's own conditions refuse the method that breaks it (a step size that is not alpha escapes traits)."""
    example = hindsight.EXAMPLES[name]
    setting = Setting(example.problem, example.method(), example.numbers, example.steps)
    assert bool(list_theorems()[example.theorem].reasons(setting)) is (name != "safeguarded-rate-hindsight-alpha")


def test_coin_is_unbiased_and_bounded() -> None:
    """P(g = A) A - P(g = -A) A = F', from the uniform noise that the oracle reads."""
    problem = hindsight.coin(0.3, 2.0, 5.0, ((10, 0.5), (np.inf, 1.0)))
    xi = jnp.asarray(np.linspace(-1, 1, 20001)[None, 1:] - 5e-5)
    for x in (-3.0, -1.0, 0.5, 4.0):
        at = jnp.full_like(xi, x)
        for t, size in ((10.0, 0.5), (11.0, 1.0)):
            g = problem.oracle.gradient(at, problem.full_gradient(at), xi, jnp.asarray(t))
            assert float(jnp.abs(g).max()) == size
            assert float(g.mean()) == pytest.approx(float(problem.full_gradient(at)[0, 0]), abs=1e-3)
