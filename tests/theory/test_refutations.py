"""Claims that are false, each with a small counterexample run by the package's own optimizers."""

import pytest

from madatheory.theory.catalogue import list_theorems
from madatheory.theory.theorem import Setting
from proofs_check.bridge import hindsight, two_steps
from proofs_check.evidence import Status

pytestmark = pytest.mark.usefixtures("full_compilation")  # a long run takes longer without

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


@pytest.mark.parametrize("name", T8)
def test_safeguarded_bound_fails_in_hindsight(name: str) -> None:
    """T8 with a coefficient outside vhat chosen after the gradient: the left side is twice the bound."""
    example = hindsight.EXAMPLES[name]
    found, without = hindsight.measure(example), hindsight.measure(example, chosen=False)
    assert found.lower > found.right
    assert found.ratio > 1.8
    assert without.ratio < 0.5
    assert without.right == pytest.approx(found.right, rel=0.9)


def test_interpolation_bound_fails_in_hindsight() -> None:
    """T6's data-dependent form with rho_t in {0, 1} chosen after the gradient."""
    found = hindsight.measure(hindsight.EXAMPLES["interpolation-rate-hindsight-rho"])
    assert found.lower > found.right
    assert found.ratio > 1.4


@pytest.mark.parametrize("name", hindsight.EXAMPLES)
def test_conditions_exclude_the_choice(name: str) -> None:
    """The theorem's own conditions refuse the method that breaks it (a step size that is not alpha escapes traits)."""
    example = hindsight.EXAMPLES[name]
    problem, method = example.problem(), example.method()
    hyper = {k: v for k, v in example.hyper.items() if k in method.parameters}
    reasons = list_theorems()[example.theorem].reasons(Setting(problem, method, hyper, example.steps))
    assert bool(reasons) is (name != "safeguarded-rate-hindsight-alpha")


def test_coin_is_unbiased_and_bounded() -> None:
    """P(g = A) A - P(g = -A) A = F', from the uniform noise that the oracle reads."""
    import jax.numpy as jnp
    import numpy as np

    problem = hindsight.coin(0.3, 2.0, 5.0, ((10, 0.5), (np.inf, 1.0)))
    xi = jnp.asarray(np.linspace(-1, 1, 20001)[None, 1:] - 5e-5)
    for x in (-3.0, -1.0, 0.5, 4.0):
        at = jnp.full_like(xi, x)
        for t, size in ((10.0, 0.5), (11.0, 1.0)):
            g = problem.oracle.gradient(at, problem.full_gradient(at), xi, jnp.asarray(t))
            assert float(jnp.abs(g).max()) == size
            assert float(g.mean()) == pytest.approx(float(problem.full_gradient(at)[0, 0]), abs=1e-3)
