"""The adapter of keras: what it runs is keras's optimizer, and the suite tells a shared counter from one per tensor."""

import copy

import numpy as np
import pytest
from tolerances import DOUBLE

from madatheory.identities import check
from madatheory.identities.targets.keras import import_keras
from madatheory.identities.targets.library import library
from madatheory.identities.targets.lookup import find
from madatheory.identities.targets.target import open_loop

pytestmark = pytest.mark.needs("keras")
GRADIENTS = np.random.default_rng(0).normal(size=(12, 3))


def adam_of_keras(**given):
    return import_keras().optimizers.Adam(**given)


def test_it_follows_the_recurrence() -> None:
    """Keras: eps outside the root, before the correction."""
    target, x0 = find("keras.optimizers:Adam"), np.array([1.0, -0.5, 0.25])
    settings = {"lr": 0.125, "beta1": 0.5, "beta2": 0.75, "eps": 2.0**-10}
    path = np.array([x[0] for x in open_loop(target, [x0], [[g] for g in GRADIENTS], settings)])
    t = np.arange(1, len(GRADIENTS) + 1)[:, None]
    m, v, moments = 0.0, 0.0, []
    for g in GRADIENTS:
        m, v = 0.5 * m + 0.5 * g, 0.75 * v + 0.25 * g**2
        moments.append((m, v))
    first, second = (np.array(part) for part in zip(*moments, strict=True))
    steps = 0.125 * np.sqrt(1 - 0.75**t) / (1 - 0.5**t) * first / (np.sqrt(second) + 2.0**-10)
    np.testing.assert_allclose(path, x0 - np.cumsum(steps, axis=0), rtol=DOUBLE.thousands)


def test_moments_state_and_copies() -> None:
    stepper = find("keras.optimizers:Adam").begin([np.zeros(3)], {"lr": 0.125, "beta1": 0.5, "beta2": 0.75})
    stepper.step([GRADIENTS[0]])
    found = stepper.moments()
    np.testing.assert_allclose(found["m"][0], 0.5 * GRADIENTS[0])
    np.testing.assert_allclose(found["v"][0], 0.25 * GRADIENTS[0] ** 2)
    twin, loaded = copy.deepcopy(stepper), stepper.load(stepper.save())
    for other in (stepper, twin, loaded):
        other.step([GRADIENTS[1]])
    for other in (twin, loaded):
        np.testing.assert_array_equal(other.parameters()[0], stepper.parameters()[0])


def test_the_counter_is_shared_between_tensors() -> None:
    report = check("keras.optimizers:Adam", only="C4,K1,S1,K2b")
    found = {o.code: o.status for o in report.outcomes}
    assert found["C4"] == "convention"
    assert {found[code] for code in ("K1", "S1")} == {"pass"}


def test_a_function_that_returns_a_keras_optimizer_is_a_target() -> None:
    assert find(lambda learning_rate=0.1: adam_of_keras(learning_rate=learning_rate)).framework == "keras"


def test_the_library_is_found() -> None:
    assert {"keras.optimizers:Adam", "keras.optimizers:SGD"} <= set(library("keras.optimizers").optimizers)


def test_a_step_without_any_gradient_is_no_finding() -> None:
    report = check("keras.optimizers:SGD", only="K9,K9b")
    assert all("gradient" not in o.detail or o.status != "error" for o in report.outcomes)
