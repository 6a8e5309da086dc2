"""What learning keeps to: bounds, its first step, the source of hyper-gradients, no nan; mistakes are caught."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
from tolerances import DOUBLE
from training_cases import (
    EPS,
    FULL,
    KAPPA,
    MU,
    ONLY,
    X0,
    D,
    G,
    check_central_differences,
    made,
    run,
)

import madatheory.references.mada as reference
import madatheory.training.transformation as module
from madatheory.training import BOUNDS, Descent
from madatheory.training.arguments import in_family


@pytest.mark.parametrize(
    ("convention", "eps", "names"),
    [
        ("practical", 0.0, tuple(FULL)),
        ("practical", 1e-6, ("alpha", "rho")),
        ("published", 1e-6, tuple(FULL)),
        ("published", 0.0, ("alpha", "rho")),
        ("theory", 1e-6, tuple(FULL)),
        ("theory", 1e-6, ("alpha", "rho")),
    ],
)
def test_no_nan_where_gradients_vanish(convention, eps, names):
    """None at all, a dead coordinate, and a first gradient after some steps of none."""
    g = np.zeros((6, D))
    g[:, 1], g[3:, 2] = G[:6, 1], G[3:6, 2]
    initial = dict(FULL if len(names) > 2 else ONLY)
    tx = made(initial, names, 0.01, eps=eps, convention=convention)
    x, state = run(tx, g.astype(np.float32), X0.astype(np.float32))
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves((x, state)))
    nothing, state = run(tx, 0 * g.astype(np.float32), X0.astype(np.float32))
    np.testing.assert_array_equal(nothing[-1], X0)
    assert all(np.all(np.asarray(u) == 0) for u in state.hypergradients.values())


def check_bounds() -> None:
    for dtype, initial, names in ((np.float32, FULL, tuple(FULL)), (np.float64, ONLY, ("alpha", "rho"))):
        _, state = run(made(initial, names, Descent(30.0, MU)), G.astype(dtype), X0.astype(dtype))
        for name, value in in_family(state.coefficients).items():
            low, high = np.asarray(BOUNDS[name], dtype)
            assert value.dtype == dtype
            assert np.all(np.isfinite(value)), name
            assert np.all((value >= low) & (value <= high)), name
            if name == "rho":
                assert np.any(value == low)
                assert np.any(value == high)
    _, state = run(made(ONLY, ("rho",), Descent(30.0, low=0.25, high=0.75)))
    assert np.asarray(state.coefficients["rho"]).min() == 0.25
    assert np.asarray(state.coefficients["rho"]).max() == 0.75


def test_the_bounds_are_never_left_and_their_ends_are_reached(float64):
    check_bounds()


def check_start() -> None:
    _, state = run(made(ONLY, ("rho",), Descent(KAPPA, MU, start=8)))
    rho = np.asarray(state.coefficients["rho"])
    _, values = reference.run_learned(X0, G, kappa={"rho": KAPPA}, mu={"rho": MU}, start=8, eps=EPS, **ONLY)
    np.testing.assert_array_equal(rho[:7], 0.4)
    np.testing.assert_allclose(rho, values["rho"], rtol=DOUBLE.thousands)


def test_nothing_is_learned_before_the_start(float64):
    check_start()


@pytest.mark.parametrize("zero", [("beta1",), ("beta2",), ("beta1", "beta2")], ids=" ".join)
def test_decays_of_zero_have_their_derivative_at_the_first_step(float64, monkeypatch, zero):
    """d(1 - beta^t)/dbeta at beta = 0 is -1 for t = 1 and 0 after it."""
    for name in zero:
        monkeypatch.setitem(reference.BOUNDS, name, (0.0, 0.99))
    initial, g = {**FULL, **dict.fromkeys(zero, 0.0)}, G[16:24]
    _, state = run(made(initial, zero, Descent(KAPPA, MU, low=0.0)), g)
    rates, momenta = dict.fromkeys(zero, KAPPA), dict.fromkeys(zero, MU)
    _, values = reference.run_learned(X0, g, kappa=rates, mu=momenta, eps=EPS, **initial)
    for name, value in in_family(state.coefficients).items():
        np.testing.assert_allclose(value, values[name], rtol=DOUBLE.thousands, atol=DOUBLE.thousands)
        assert value[0] == 0
        assert value.max() > 0  # what follows is learned at decays other than 0
    for u in state.hypergradients.values():  # m_1/(1 - beta1) = g_1 and v_1/(1 - beta2) = g_1^2 whatever the decays
        np.testing.assert_allclose(u[1], 0, atol=DOUBLE.thousands)


def check_validation() -> None:
    """u_t is the inner product with the second gradient: with v = 2 g it doubles, with v = 0 nothing is learned."""
    tx, two = (
        made(ONLY, ("rho", "beta1"), Descent(k), source=s) for k, s in ((KAPPA, "training"), (KAPPA / 2, "validation"))
    )
    want, plain = run(tx)
    found, state = run(two, extra=2 * G)
    np.testing.assert_allclose(found, want, rtol=DOUBLE.thousands)
    np.testing.assert_allclose(
        state.hypergradients["rho"], 2 * np.asarray(plain.hypergradients["rho"]), rtol=DOUBLE.thousands
    )
    _, still = run(two, extra=0 * G)
    assert np.ptp(np.asarray(still.coefficients["rho"])) == 0


def test_the_bilevel_form_learns_from_the_validation_gradient(float64):
    check_validation()


def _mistaken(name: str) -> Callable[..., Any]:
    right = getattr(module, name)

    def twice(plan: Any, values: Any, count: Any, *rest: Any) -> Any:
        return {key: 2 * u for key, u in right(plan, values, count, *rest).items()}

    def next_clock(plan: Any, values: Any, count: Any, *rest: Any) -> Any:
        return right(plan, values, count + 1, *rest)

    def undone(plan: Any, values: Any, count: Any, before: Any, kept: Any) -> Any:
        return before

    def no_clamp(value: Any, p: Any, u: Any, rate: Any, momentum: Any, bounds: Any, clip: Any) -> Any:
        return value - rate * (momentum * p + u), momentum * p + u, True

    return {"hypergradients": twice, "stepped": next_clock, "redone": undone, "descend": no_clamp}[name]


MISTAKES: dict[str, tuple[str, Callable[[], None]]] = {
    "twice the hyper-gradient": ("hypergradients", lambda: check_central_differences("practical")),
    "the clock one step on": ("stepped", check_start),
    "the kept step is never redone": ("redone", lambda: check_central_differences("practical")),
    "no clamp": ("descend", check_bounds),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_caught(mistake, float64, monkeypatch):
    name, check = MISTAKES[mistake]
    monkeypatch.setattr(module, name, _mistaken(name))
    with pytest.raises(AssertionError):
        check()
