"""MADA as an optax transformation: its numbers are those of the references."""

from functools import cache
from typing import Any

import numpy as np
import optax
import pytest
from tolerances import SAME_PATH
from training_cases import (
    EPS,
    FULL,
    KAPPA,
    MU,
    ONLY,
    POINTS,
    STEPS,
    X0,
    G,
    check_central_differences,
    flat,
    mada,
    made,
    run,
)

import madatheory.references.mada as reference
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.references import interpolation
from madatheory.training.arguments import in_family, in_optax, spelled

_ZEROED_CUT: dict[str, Any] = {"previous_gradient": "zeroed", "average_derivative": "cut"}

# learned, initial values, options, and what the reference is told besides
CASES: dict[str, tuple[tuple[str, ...], dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "rho": (("rho",), ONLY, {}, {}),
    "rho lagged": (("rho",), ONLY, {"lag": 1}, {"lag": 1}),
    "rho published": (("rho",), ONLY, {"convention": "published"}, {"convention": "published"}),
    "rho alpha max": (("alpha", "rho"), ONLY, {"reference": "max"}, {"reference": "max"}),
    "decays": (("beta1", "beta2"), ONLY | {"rho": 1.0}, {}, {}),
    "all": (tuple(FULL), FULL, {}, {}),
    "all product": (tuple(FULL), FULL, {"correction": "product"}, {"correction": "product"}),
    "all published": (tuple(FULL), FULL, {"convention": "published"}, {"convention": "published"}),
    "all zeroed cut": (tuple(FULL), FULL, _ZEROED_CUT, _ZEROED_CUT),
    "all max cut": (
        tuple(FULL),
        FULL,
        {"reference": "max", "average_derivative": "cut"},
        {"reference": "max", "average_derivative": "cut"},
    ),
    "all max lagged": (tuple(FULL), FULL, {"reference": "max", "lag": 1}, {"reference": "max", "lag": 1}),
}
COMPILED = ("rho", "all", "all published")  # the others are evaluated in NumPy


@cache
def expected(label: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    names, initial, _, told = CASES[label]
    rates: dict[str, Any] = {name: dict.fromkeys(names, value) for name, value in (("kappa", KAPPA), ("mu", MU))}
    return reference.run_learned(X0, G, **rates, eps=EPS, **initial, **told)


def difference(label: str) -> float:
    names, initial, options, _ = CASES[label]
    found, state = run(made(initial, names, **options), compiled=label in COMPILED)
    x, values = expected(label)
    assert all(np.ptp(values[name]) > 1e-4 for name in names)  # each one learns
    worst = np.max(np.abs(found - x)) / np.max(np.abs(x - X0))
    return max(float(worst), *(float(np.max(np.abs(state.coefficients[spelled(n)] - values[n]))) for n in names))


@pytest.mark.parametrize("label", CASES)
def test_it_equals_the_recurrence_with_derivatives_written_out(label, float64):
    assert difference(label) < 1e-13  # measured: below 1e-14


@pytest.mark.parametrize("safeguard", ["max", "sum"])
def test_the_safeguarded_form_is_the_reference_and_its_step_size_never_grows(safeguard, float64):
    initial: dict[str, Any] = {"alpha": 0.125, "beta1": 0.8, "beta2": 0.6, "rho": 0.9, "c": 0.75, "beta3": 0.5}
    options: dict[str, Any] = {"safeguard": safeguard, "convention": "theory", "W": 0.2}
    found, _ = run(made(initial, (), **options))
    told: dict[str, Any] = {"W": 0.2} if safeguard == "sum" else {}
    want = interpolation.run_safeguarded(X0, G, eps=EPS, **initial, **told)
    np.testing.assert_allclose(found, want, **SAME_PATH)
    # learned: the same with the values that it went through
    names = ("beta2", "beta3", "rho", "c")
    moved, state = run(made(initial, names, **options))
    learned = in_family(state.coefficients)
    assert all(np.ptp(learned[name]) > 1e-4 for name in names)
    assert np.max(np.abs(moved - found)) > 1e-4
    b = flat(state.moments["b"])
    assert np.all(np.diff(b, axis=0) >= 0)
    path = {name: np.asarray(learned[name]) for name in names}
    want = interpolation.run_safeguarded(X0, G, eps=EPS, **(initial | path), **told)
    np.testing.assert_allclose(moved, want, **SAME_PATH)


def test_the_theory_form_of_t6_is_the_interpolation_along_its_own_predictable_path(float64):
    tx = made({"alpha": 0.1, "beta1": 0.0, "beta2": 0.9, "rho": 0.5}, ("rho",), convention="theory", lag=1)
    found, state = run(tx)
    t, rho = np.arange(1, STEPS + 1), np.asarray(state.coefficients["rho"])
    assert np.ptp(rho) > 1e-3
    want = interpolation.run(X0, G, alpha=0.1 / np.sqrt(t), beta1=0.0, beta2=0.9, rho=rho, eps=EPS, **PLAIN)
    np.testing.assert_allclose(found, want, **SAME_PATH)
    # another g_k changes the values from step k+1 on, and not before
    other = G.copy()
    other[20] += 1.0
    changed = np.asarray(run(tx, other)[1].coefficients["rho"]) != rho
    assert not changed[:21].any()
    assert changed[21]


PLAIN: dict[str, Any] = {"eps_place": "inside", "bias_correction": False}


@pytest.mark.parametrize("label", POINTS)
def test_hyper_gradients_are_central_differences(label, float64):
    check_central_differences(label)


ENDS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "adam": ("adam:form=practical", {}, {}),
    "avgrad": ("avgrad:form=practical", {}, {"rho": 0.0}),
    "amsgrad": ("amsgrad:form=practical", {}, {"rho": 0.0, "reference": "max"}),
    "yogi": ("yogi:form=practical", {}, {"c": 0.0}),
    "lion": ("lion", {"beta1_lion": 0.95, "beta2_lion": 0.98}, {"gamma": 0.0}),
    "adam theory": ("adam:form=theory,schedule=inverse_sqrt", {}, {"convention": "theory"}),
    "avgrad theory": ("avgrad:form=theory", {}, {"rho": 0.0, "convention": "theory"}),
    "published": (
        "mada-family:convention=published",
        {"beta3": 0.3, "rho": 0.4, "c": 0.6, "gamma": 0.7},
        {"convention": "published", "beta3": 0.3, "rho": 0.4, "c": 0.6, "gamma": 0.7},
    ),
}


@pytest.mark.parametrize("label", ENDS)
def test_every_end_point_is_the_member(label, float64):
    """Fixed there, and learned with a hyper step size of 0."""
    from madatheory.optimizers.optax_form import as_optax

    spec, more, options = ENDS[label]
    method = get_optimizer(spec)
    hyper: dict[str, Any] = {"alpha": 0.1, "beta1": 0.8, "beta2": 0.9, "eps": EPS, **more}
    want, _ = run(as_optax(method, **{name: value for name, value in hyper.items() if name in method.parameters}))
    given = {"b1": 0.8, "b2": 0.9, **in_optax(options)}
    for learned in ((), ("b1", "b2", "rho", "c", "gamma")):
        found, _ = run(mada(0.1, dict.fromkeys(learned, 0.0), eps=EPS, **given))
        np.testing.assert_allclose(found, want, **SAME_PATH, err_msg=f"{learned=}")


def test_it_is_optax_adam(float64):
    found, state = run(mada(0.1, {}, b2=0.999, eps=1e-8))
    np.testing.assert_allclose(found, run(optax.adam(0.1))[0], **SAME_PATH)
    assert set(state.moments) == {"m", "v", "ones1", "ones2"}
    assert not state.coefficients
    assert state.gradient is None
    decayed = mada(0.1, {}, b2=0.999, eps=1e-8, weight_decay=0.3, mask={"a": True, "b": (False,)})
    want = optax.adamw(0.1, weight_decay=0.3, mask={"a": True, "b": (False,)})
    np.testing.assert_allclose(run(decayed)[0], run(want)[0], **SAME_PATH)
