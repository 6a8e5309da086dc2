"""`identify` on mistakes that are no convention, and on what cannot be set."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import optax
import pytest
from black_boxes import DEFAULTS, FAMILY, NAMES, box, by_hand
from tolerances import DOUBLE

from madatheory import training
from madatheory.errors import UserError
from madatheory.identities.recognition.candidate import OPERATIONS, X0, G, Observation, candidates
from madatheory.identities.recognition.identification import Identification
from madatheory.identities.recognition.identify import identify
from madatheory.identities.targets.target import Target, Tensor
from madatheory.references import adam, interpolation, mada, nadam

# --- mistakes that are no convention ----------------------------------------------------------------------------------


def test_another_order_of_the_same_operations_is_rounding():
    found = identify(box(by_hand, NAMES))
    assert found.family == "Adam"
    assert found.convention("eps").options == ("outside the root, after the correction",)


def test_a_late_correction_is_nothing_known_and_first_shows_at_step_2():
    found = identify(box(lambda *a: by_hand(*a, late=1), NAMES))
    assert found.family is None
    assert not found.ok
    (near,) = [near for near in found.nearest if near.what.startswith("Adam (")]
    assert near.what.startswith("Adam (eps outside the root, after the correction; bias correction power")
    assert near.at is not None
    assert (near.at.run, near.at.sequence, near.at.step) == ("visible", "cancelling", 2)
    # m_2 = -1 of -6, 2 with beta1 = 3/4; the value that would be right is Adam's own
    expected = adam.run([0.0], [[-6.0], [2.0]], alpha=0.125, beta1=0.75, beta2=0.9375, eps=0.125)
    assert near.at.expected == pytest.approx(expected[1, 0] - expected[0, 0], rel=DOUBLE.thousands)
    assert near.at.got != pytest.approx(near.at.expected, rel=1e-3)
    assert len(found.nearest) == 3
    assert "follows none of the references" in found.text()


@pytest.mark.parametrize("error", [1e-9, 1e-12])
def test_a_hair_is_no_rounding(error):
    """A relative error of 1e-12 is 10^4 roundings; float32 would hide it, and that is said."""
    found = identify(box(lambda *a: by_hand(*a, scale=1 + error), NAMES))
    assert found.precision == "float32"
    assert "up to the rounding of float32" in found.text()


def test_a_moment_kept_in_float32_is_seen():
    found = identify(box(lambda *a: by_hand(*a, cast=np.float32), NAMES))
    assert (found.family, found.precision) == ("Adam", "float32")
    half = identify(box(lambda *a: by_hand(*a, cast=np.float16), NAMES))
    assert half.family is None


def test_tolerances_are_small():
    candidate = next(candidates(FAMILY["Adam"]))
    values = {**DEFAULTS, "lr": 0.125}
    path = adam.run(X0, G, alpha=0.125, beta1=0.9, beta2=0.99, eps=1e-6)
    seen = Observation("defaults", {}, values, X0, G, path)
    # 64 roundings times a condition: 1/(1-beta2) from the correction, the sum of |g| over |sum| from cancellation
    assert np.max(candidate.tolerance(seen, np.float64)) < OPERATIONS * 2.0**-53 * 0.125 * 200
    assert np.max(candidate.tolerance(seen, np.float32)) > 2.0**-24 * 0.125


# --- what cannot be set -----------------------------------------------------------------------------------------------


def test_hidden_hyperparameters_are_estimated():
    def fixed() -> optax.GradientTransformation:
        return optax.adam(3e-4, 0.9, 0.95, 1e-8)

    found = identify(fixed)
    assert found.family == "Adam"
    assert found.estimated == pytest.approx({"lr": 3e-4, "beta1": 0.9, "beta2": 0.95, "eps": 1e-8}, rel=1e-9)
    assert "estimated, because not readable" in found.text()


@pytest.mark.parametrize(
    ("convention", "previous"), [("practical", "kept"), ("practical", "zeroed"), ("published", "kept")]
)
def test_an_interior_point_of_mada_is_found(convention, previous):
    point: dict[str, Any] = {"beta3": 0.5, "rho": 0.35, "c": 0.25, "gamma": 0.75}

    def run(x0: Tensor, g: Tensor, values: Mapping[str, Any]) -> Tensor:
        h: dict[str, Any] = {name: values[name] for name in ("beta1", "beta2", "eps")} | point
        return mada.run(x0, g, alpha=values["lr"], convention=convention, previous_gradient=previous, **h)

    found = identify(box(run, NAMES))
    assert found.family == "MADA"
    assert found.estimated == pytest.approx(point, abs=1e-6)
    assert found.convention("convention").options == (
        {"practical": "its formulas", "published": "its published code"}[convention],
    )
    assert found.convention("previous gradient").options == (
        {"kept": "kept, g_t - g_{t-1}", "zeroed": "zeroed, g_t"}[previous],
    )


@pytest.mark.parametrize("b3", [0.5, 0.0])
def test_the_drop_in_is_found_to_be_the_published_code(b3, float64):
    """It learns from step 50 on and 12 are compared, where no derivative and no hyper-step shows: this is said."""

    def make(learning_rate: float = 1e-3, b1: float = 0.9, b2: float = 0.95, eps: float = 1e-6) -> Any:
        return training.mada(learning_rate, b1=b1, b2=b2, eps=eps, b3=b3)

    found = identify(make)
    assert found.family == "MADA", found.text()
    assert found.estimated == pytest.approx({"beta3": b3, "rho": 0.6, "c": 1.0, "gamma": 1.0}, abs=1e-6)
    assert found.convention("convention").options == ("its published code",)
    previous = found.convention("previous gradient")
    assert previous.options == (("zeroed, g_t",) if b3 else ("kept, g_t - g_{t-1}", "zeroed, g_t"))
    assert b3 or "beta3 is 0" in previous.why
    for name in ("derivative of the average", "hyper-steps"):
        assert not found.convention(name).options
        assert "cannot be told" in found.convention(name).text()


def test_the_safeguarded_method_is_found():
    point: dict[str, Any] = {"beta3": 0.25, "rho": 0.35, "c": 0.75}

    def run(x0: Tensor, g: Tensor, values: Mapping[str, Any]) -> Tensor:
        h: dict[str, Any] = {name: values[name] for name in ("beta1", "beta2", "eps")} | point
        return interpolation.run_safeguarded(x0, g, alpha=values["lr"], **h)

    found = identify(box(run, NAMES))
    assert found.family == "safeguarded MADA", found.text()
    assert found.estimated == pytest.approx(point, abs=1e-6)


def test_what_cannot_be_set_cannot_be_told_apart_and_this_is_said():
    """Without eps (it is 0) its place cannot show."""

    def run(x0: Tensor, g: Tensor, values: Mapping[str, Any]) -> Tensor:
        return nadam.run(x0, g, alpha=values["lr"], beta1=values["beta1"], beta2=values["beta2"], eps=0.0)

    target = box(run, ["lr", "beta1", "beta2"])
    target = Target(
        "no eps", "functions", target.start, target.settable, {**target.defaults, "eps": 0.0}, target.abilities
    )
    found = identify(target)
    assert found.family == "NAdam"
    assert len(found.convention("eps").options) == 4
    assert "cannot be set" in found.convention("eps").why
    assert "no setting" in found.convention("weight decay").why


def test_an_optimizer_that_raises_or_refuses_complex_numbers_is_told():
    def broken(x0: Tensor, g: Tensor, values: Mapping[str, Any]) -> Tensor:
        raise ZeroDivisionError("oh")

    found = identify(box(broken, NAMES))
    assert isinstance(found, Identification)
    assert not found.ok
    assert "ZeroDivisionError: oh" in found.text()

    def real(x0: Tensor, g: Tensor, values: Mapping[str, Any]) -> Tensor:
        if np.iscomplexobj(g):
            raise TypeError("real numbers only")
        return by_hand(x0, g, values)

    found = identify(box(real, NAMES))
    assert found.ok
    assert "real numbers only" in found.convention("complex numbers").why
    with pytest.raises(UserError, match="no 'adamm'"):
        identify("optax:adamm")


def test_coordinates_that_are_mixed_are_no_match():
    def clipped(x0: Tensor, g: Tensor, values: Mapping[str, Any]) -> Tensor:
        length = np.linalg.norm(g, axis=1, keepdims=True)
        return by_hand(x0, g / np.maximum(length / 4, 1), values)

    assert identify(box(clipped, NAMES)).family is None
