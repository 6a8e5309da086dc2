"""Tables about worst instances: what is planted, what counts as refuted, and the noise of signs alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import worst_cases
from benchmarks.worst_cases import MISTAKES, SIGNS, Reached, markdown, planted
from madatheory.arithmetic import NUMPY
from madatheory.engine.simulate import simulate
from madatheory.problems.audit.promises import broken_at_samples
from madatheory.problems.catalogue import get_problem
from madatheory.theory.catalogue import get_theorem
from madatheory.theory.theorem import Setting
from madatheory.worst.instance_file import worst_of

T5 = get_theorem("avgrad-rate")
SETTING = Setting(get_problem("log:d=1"), T5.optimizer(), T5.optimizer().hyper(dict(T5.settings)), 50)


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake.name for mistake in MISTAKES])
def test_a_mistake_is_in_the_right_side_alone(mistake) -> None:
    wrong, q = planted(T5, mistake), T5.quantities(SETTING)
    right = {
        "L/2": T5.bound(q._replace(L=q.L / 2), NUMPY),
        "D0/2": T5.bound(q._replace(D0=q.D0 / 2), NUMPY),
        "G/2": T5.bound(q._replace(G=q.G / 2), NUMPY),
        "eps/2": T5.bound(q._replace(eps=q.eps / 2), NUMPY),
        "2T": T5.bound(q._replace(T=100.0), NUMPY),
        "9/10": 0.9 * T5.bound(q, NUMPY),
        "1/2": T5.bound(q, NUMPY) / 2,
    }
    assert wrong.bound(q, NUMPY) == pytest.approx(right[mistake.name], rel=1e-14)
    assert wrong.bound(q, NUMPY) != T5.bound(q, NUMPY)
    assert wrong.left is T5.left


def test_the_largest_share_of_the_right_side_is_meant() -> None:
    times = np.array([10, 50])
    right = T5.bound(T5.quantities(SETTING, T=times.astype(float)), NUMPY)
    one = Reached(SETTING, times, right * np.array([0.3, 0.2]))
    assert one.share_of(T5) == pytest.approx(0.3)
    assert one.share_of(planted(T5, MISTAKES[-1])) == pytest.approx(0.6)


def test_the_links_that_lose_most_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """On T5's worst instance; what the bound leaves is known from the certificate, and the trivial bound by hand."""
    monkeypatch.setattr(worst_cases, "searchable", lambda: [T5])
    row = worst_cases.links_table(lambda *_: None).splitlines()[-1]
    _, name, total, most, first, then, second, trivial = (cell.strip() for cell in row.strip("|").split("|"))
    instance = worst_of(T5.name)
    assert instance is not None
    assert (name, most, then) == (T5.name, "weights 1/sqrt(t)", "a-priori bound")
    assert float(total) == pytest.approx(1 / instance.ratio, abs=1e-3)
    assert 1 < float(second) < float(first) < float(first) * float(second) < float(total)
    problem = instance.make()
    setting = Setting(problem, T5.optimizer(), T5.optimizer().hyper(dict(instance.settings)), instance.steps)
    assert float(trivial) == pytest.approx(T5.bound(T5.quantities(setting), NUMPY), abs=5e-3)  # d = G = 1


def test_at_few_steps_the_links_are_those_of_what_a_search_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worst_cases, "SHORT", (T5.name,))
    row = worst_cases.short_table([2], 0.3, lambda *_: None).splitlines()[-1]
    _, name, T, ratio, total, most, *_ = (cell.strip() for cell in row.strip("|").split("|"))
    assert (name, T, most) == (T5.name, "2", "weights 1/sqrt(t)")
    assert 0.5 < float(ratio) < 0.65
    assert float(ratio) * float(total) == pytest.approx(1, abs=2e-3)


def test_the_noise_of_signs_is_what_it_says() -> None:
    case = SIGNS[0]
    problem = case.problem()
    assert broken_at_samples(problem, 1e-3, 0) == []
    with jax.enable_x64(True):
        x = jnp.array([[-3 * case.s, -0.4 * case.s, 0.2 * case.s, 3 * case.s]])
        slope = jax.vmap(jax.grad(lambda y: problem.value(y[None])))(x[0])
        assert problem.gradient is not None
        assert np.asarray(problem.gradient(x))[0] == pytest.approx(np.asarray(slope), rel=1e-12)
    # at T = 2 both histories have the same left side: x_1 is one step to the left or right of 0
    hyper = T5.optimizer().hyper({**T5.settings, "alpha": 1.0, "beta2": 1 - case.w, "eps": case.eps})
    left = simulate(problem, T5.optimizer(), 2, num_trajectories=8, settings=hyper)["mean_squared_gradient"].values
    moved = 1 / np.sqrt(case.eps + case.w)
    assert left.ravel() == pytest.approx([(case.mu * min(moved / case.s, 1)) ** 2 / 2] * 8, rel=1e-12)


def test_a_table() -> None:
    assert markdown(["a", "b"], [["x", "1"]], 1) == "| a | b |\n| --- | ---: |\n| x | 1 |"
