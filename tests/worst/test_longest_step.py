"""The longest step of a method: Adam's closed form is the check."""

import optax
import pytest

from madatheory.arithmetic import NUMPY
from madatheory.errors import UserError
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorems.step_size_bounds import adam_step
from madatheory.worst.certificate import Refused
from madatheory.worst.longest_step import bound_on_step, longest_step


def test_adams_is_the_closed_form_and_so_is_its_sequence() -> None:
    found = longest_step("adam:form=practical", steps=6, settings={"beta2": 0.99, "eps": 1e-30}, seconds=0.5)
    closed = float(adam_step(Quantities(T=6.0, beta1=0.9, beta2=0.99), NUMPY))
    assert found.upper <= closed * (1 + 1e-14)
    assert found.lower >= closed * (1 - 1e-7)
    assert bound_on_step(found) == ("adam-step-size", pytest.approx(closed))
    # g_j is proportional to (beta1/beta2)^(T-j)
    ratios = [a / b for a, b in zip(found.gradients[:-1], found.gradients[1:], strict=True)]
    assert ratios == pytest.approx([0.9 / 0.99] * 5, abs=1e-2)


def test_optax_has_the_same_step() -> None:
    found = longest_step(optax.adam(1.0, b1=0.9, b2=0.99, eps=1e-30), steps=4, seconds=0.3)
    assert found.lower == pytest.approx(float(adam_step(Quantities(T=4.0, beta1=0.9, beta2=0.99), NUMPY)), rel=1e-6)
    assert bound_on_step(found) is None


def test_what_has_no_step_in_balls_or_no_steps_is_refused() -> None:
    with pytest.raises(UserError, match="steps = 0 is out of range"):
        longest_step("lion", steps=0)
    with pytest.raises(UserError, match="unknown optimizer"):
        longest_step("adamm", steps=2)
    with pytest.raises(Refused, match="has no step in ball arithmetic"):
        longest_step(optax.noisy_sgd(1.0, key=0), steps=2, seconds=0.1)
