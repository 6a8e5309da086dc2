"""The longest step of what JAX does not trace: Adam's closed form again, and optimizers whose answer is plain."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from madatheory.arithmetic import NUMPY
from madatheory.errors import UserError
from madatheory.identities.targets.lookup import find
from madatheory.identities.targets.target import Target
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorems.step_size_bounds import adam_step
from madatheory.worst.longest_step import bound_on_step, longest_step

Pair = tuple[Callable[..., Any], Callable[..., Any]]
CLOSED = float(adam_step(Quantities(T=6.0, beta1=0.9, beta2=0.99), NUMPY))


def numpy_adam(lr: float = 0.01, beta1: float = 0.9, beta2: float = 0.999) -> Pair:
    """Kingma and Ba, with eps = 0."""

    def update(g: Any, state: Any, x: Any) -> Any:
        t, m, v = state[0] + 1, beta1 * state[1] + (1 - beta1) * g, beta2 * state[2] + (1 - beta2) * g * g
        return x - lr * (m / (1 - beta1**t)) / np.sqrt(v / (1 - beta2**t)), (t, m, v)

    return lambda x: (0, np.zeros_like(x), np.zeros_like(x)), update


def differences(lr: float = 0.01) -> Pair:
    """x moves by g_t - g_(t-1) + g_(t-2) - ..: the longest step is T, on alternating signs."""

    def update(g: Any, state: Any, x: Any) -> Any:
        return x - lr * (g - state), g - state

    return np.zeros_like, update


def needle(lr: float = 0.01) -> Pair:
    """Steps, downwards, on one sign pattern alone."""
    pattern = (1, -1, -1, 1, -1)

    def update(g: Any, state: Any, x: Any) -> Any:
        t, fits = state
        fits = fits & (np.sign(g) == pattern[t])
        return x - lr * fits, (t + 1, fits)

    return lambda x: (0, np.ones(x.shape, bool)), update


def of_one_number() -> Pair:
    """`differences` without a step size, and the opposite of it in larger tensors."""
    init, update = differences(1.0)

    def other(g: Any, state: Any, x: Any) -> Any:
        after, new = update(g, state, x)
        return (after if g.size == 1 else x + 1 / (1 + np.abs(new))), new

    return init, other


RNG = np.random.default_rng(0)


def random_steps(lr: float = 0.01) -> Pair:
    return lambda x: None, lambda g, state, x: (x - lr * g * RNG.random(), state)


def matrices(lr: float = 0.01) -> Pair:
    return lambda x: None, lambda g, state, x: (x - lr * np.linalg.svd(g)[0], state)


def target(factory: Callable[..., Pair]) -> Target:
    return find(factory)


def test_adams_is_the_closed_form() -> None:
    found = longest_step(target(numpy_adam), steps=6, settings={"beta1": 0.9, "beta2": 0.99}, seconds=20)
    assert CLOSED * (1 - 1e-9) <= found.lower <= CLOSED * (1 + 1e-12)
    ratios = [a / b for a, b in itertools.pairwise(found.gradients)]
    assert ratios == pytest.approx([0.9 / 0.99] * 5, abs=1e-4)
    assert found.hyper == {"lr": 0.01, "beta1": 0.9, "beta2": 0.99}
    assert not found.certified
    assert found.lower == found.upper
    assert bound_on_step(found) is None


@pytest.mark.needs("torch")
def test_so_is_torchs() -> None:
    settings = {"beta1": 0.9, "beta2": 0.99, "eps": 1e-30}
    found = longest_step(find("torch.optim:Adam"), steps=6, settings=settings, seconds=20)
    assert CLOSED * (1 - 1e-9) <= found.lower <= CLOSED * (1 + 1e-12)


def test_every_sign_pattern_is_tried() -> None:
    found = longest_step(target(needle), steps=5, seconds=5)
    assert found.lower == pytest.approx(1, rel=1e-12)
    assert tuple(np.sign(found.gradients)) == (1, -1, -1, 1, -1)


def test_a_plain_answer_is_found() -> None:
    found = longest_step(target(differences), steps=5, seconds=5)
    assert found.lower == pytest.approx(5, rel=1e-12)
    assert [a * b for a, b in itertools.pairwise(found.gradients)] == pytest.approx([-1.0] * 4, rel=1e-9)


def test_the_step_of_one_number_counts_not_that_of_a_tensor_of_many() -> None:
    found = longest_step(target(of_one_number), steps=3, seconds=0.5)
    assert found.lower == pytest.approx(3, rel=1e-12)
    assert found.hyper == {}


def test_ctrl_c_keeps_the_longest_so_far() -> None:
    told: list[Any] = []

    def progress(*now: Any) -> None:
        told.append(now)
        if len(told) == 3:
            raise KeyboardInterrupt

    found = longest_step(target(differences), steps=10, seconds=5, progress=progress)
    assert not found.complete
    assert found.lower > 0
    assert told[-1][2] == f"longest found so far {found.lower:.6g}"


@pytest.mark.parametrize(
    ("factory", "more", "message"),
    [
        (differences, {"steps": 11}, "give at most 10 steps"),
        (differences, {"steps": 0}, "steps = 0 is out of range"),
        (differences, {"steps": 2, "settings": {"beta2": 0.9}}, "has no setting 'beta2'; it has lr"),
        (random_steps, {"steps": 2}, "so it draws random numbers"),
        (matrices, {"steps": 2}, "cannot be run on single numbers: update raised LinAlgError"),
    ],
)
def test_what_cannot_be_run_is_refused(factory: Callable[..., Pair], more: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        longest_step(target(factory), seconds=0.1, **more)
