"""Planted mistakes in derivatives are seen by K16, K17 and H; what one-step hyper-gradients lose is measured."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from planted_optimizers import as_mistakes

from madatheory.identities import check, find
from madatheory.identities.check import opened
from madatheory.identities.derivatives import UnrolledRun, last_update, unrolled
from madatheory.identities.laws import hypergradients
from madatheory.identities.report.outcome import IdentityOutcome, Request
from madatheory.identities.rollout import Runs
from madatheory.identities.strategies import plain
from madatheory.identities.targets.built_in import factory
from madatheory.identities.targets.optax import target
from madatheory.identities.targets.optax_derivatives import of

GROUPS = "K16,K17,H"


@jax.custom_jvp
def root(x: Any) -> Any:
    """sqrt with derivative 0 at 0."""
    return jnp.sqrt(x)


@root.defjvp
def _(primals: Any, tangents: Any) -> Any:
    y = jnp.sqrt(primals[0])
    return y, jnp.where(y > 0, tangents[0] / (2 * jnp.where(y > 0, y, 1)), 0)


def maker(mistake: str = "") -> Any:
    """Adam in JAX, right or with a mistake that changes no number but a derivative."""
    stop = jax.lax.stop_gradient

    def adam(learning_rate=0.001, b1=0.9, b2=0.999, eps=1e-6):
        def init(params):
            zero = [jnp.zeros_like(x, jnp.promote_types(x.dtype, jnp.float32)) for x in params]
            return {"t": jnp.zeros([], jnp.int32), "m": zero, "v": zero}

        def one(g, m, v, t):
            half, g = g.dtype, g.astype(m.dtype)
            m = b1 * m + (1 - b1) * (stop(g) if mistake == "gradient detached from m" else g)
            square = stop(g * g) if mistake == "square detached" else g * g
            v = b2 * v + (1 - (stop(b2) if mistake == "beta2 detached in the new term" else b2)) * square
            c2 = 1 - (stop(b2) if mistake == "beta2 detached in the correction" else b2) ** t
            vhat = v / c2
            denominator = (jnp.sqrt if mistake == "plain root" else root)(vhat) + eps
            alpha = stop(learning_rate) if mistake == "lr detached" else learning_rate
            step = -alpha * m / (1 - b1**t) / denominator
            kept = (stop(m), stop(v)) if mistake == "state detached" else (m, v)
            return step.astype(half), kept[0].astype(m.dtype), kept[1].astype(v.dtype)

        def update(updates, state, params=None):
            t = state["t"] + 1
            made = [one(g, m, v, t) for g, m, v in zip(updates, state["m"], state["v"], strict=True)]
            steps, m, v = (list(part) for part in zip(*made, strict=True))
            return steps, {"t": t, "m": m, "v": v}

        return optax.GradientTransformation(init, update)

    return adam


@cache
def declared() -> dict[str, bool]:
    """The traits of the right one."""
    return {name: trait.present for name, trait in opened(target(maker(), "right"), Request()).traits.items()}


def outcomes(factory: Any, only: str = GROUPS) -> dict[str, IdentityOutcome]:
    """Code -> outcome at the quick profile; all optimizers here are Adam or declared to be."""
    report = check(target(factory, "made here"), only=only, profile="quick", limit=60, traits=declared())
    assert not report.problem, report.problem
    return {outcome.code: outcome for outcome in report.outcomes}


MISTAKES = {
    "lr detached": {"K16", "H1", "H3", "H4"},
    "beta2 detached in the new term": {"K16", "H1", "H3"},
    "beta2 detached in the correction": {"K16", "H1", "H3"},
    "square detached": {"H4"},
    "gradient detached from m": {"H4"},
    "state detached": {"H3", "H4"},
    "plain root": {"K17", "H5"},
}


def test_the_right_one_passes() -> None:
    found = outcomes(maker())
    assert {code for code, o in found.items() if o.fails} == set(), found
    assert {code for code, o in found.items() if o.status == "pass"} == set(found) - {"H7"}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_derivative_is_caught(mistake: str) -> None:
    codes = MISTAKES[mistake]
    found = outcomes(maker(mistake), ",".join(sorted(codes)))
    broken = {code: o.status for code, o in found.items() if o.fails or o.status == "convention"}
    assert broken == as_mistakes(" ".join(codes)), {c: o.detail for c, o in found.items()}


def test_forward_against_reverse_mode_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    real = hypergradients.unrolled

    def halved(*arguments: Any) -> UnrolledRun:
        made = real(*arguments)
        assert made.forward is not None
        forward = made.forward
        return UnrolledRun(made.value, lambda *at: forward(*at) / 2, made.reverse, made.unit)

    assert outcomes(maker(), "H2")["H2"].status == "pass"
    monkeypatch.setattr(hypergradients, "unrolled", halved)
    assert outcomes(maker(), "H2")["H2"].status == "FAIL"


def test_half_precision_that_overflows_is_caught() -> None:
    def sums(learning_rate=0.1, b1=0.9):
        def init(params):
            return [jnp.zeros_like(x) for x in params]

        def update(updates, state, params=None):
            scaled = [b1 * s + 60000 * g for s, g in zip(state, updates, strict=True)]  # float16 ends at 65504
            return [-learning_rate * (s / 60000) for s in scaled], scaled

        return optax.GradientTransformation(init, update)

    assert outcomes(sums, "H6")["H6"].status == "convention"


def test_the_slope_in_rho_and_its_detachment() -> None:
    right = factory("adam-avgrad:form=practical")

    def detached(learning_rate=0.01, beta1=0.0, beta2=0.99, rho=0.5, eps=1e-8):
        rest = {"learning_rate": learning_rate, "beta1": beta1, "beta2": beta2, "eps": eps}
        return right(rho=jax.lax.stop_gradient(rho), **rest)

    detached.neutral = {"rho": "rho"}  # type: ignore[attr-defined]
    assert outcomes(right, "H7")["H7"].status == "pass"
    assert outcomes(detached, "H7")["H7"].status == "FAIL"


def test_hyper_parameters_that_must_be_numbers_are_named() -> None:
    def branching(learning_rate=0.1, b1=0.9):
        return optax.sgd(learning_rate) if b1 > 0 else optax.sgd(2 * learning_rate)

    _, taken, refused = of(target(branching, "branching"), {"lr": 0.125}, ("lr", "beta1"), np.float64)
    assert taken == {"lr": 0.125}
    assert set(refused) == {"beta1"}


def test_what_one_step_derivatives_lose_is_measured() -> None:
    """d (w . x_T)/dh beside sum_t w . du_t/dh with the state before each step held constant (Baydin et al. 2018)."""
    w, case = np.array([1.0, -0.5, 0.25]), plain(steps=4)
    adam = Runs(find(optax.adam), {}, {"lr": 0.125, "beta1": 0.5, "beta2": 0.75})

    def both(name: str) -> tuple[float, float]:
        h = {name: adam.settings[name]}
        slopes = [last_update(adam, case.x0, case.g[:t], {}, (name,)).slope(name, h, g) for t, g in enumerate(case.g)]
        return unrolled(adam, case.x0, {}).reverse(w, h, case.g)[0][name], float(w @ sum(slopes))

    (lr, lr_by_steps), (beta, beta_by_steps) = both("lr"), both("beta1")
    np.testing.assert_allclose(lr_by_steps, lr, rtol=1e-12)  # the moments do not feel lr
    assert abs(beta_by_steps - beta) > 0.05 * abs(beta)
    run = adam(case.x0, case.g)[-1], adam(case.x0, case.g, beta1=0.5 + 1e-6)[-1]
    np.testing.assert_allclose(beta, w @ (run[1] - run[0]) / 1e-6, rtol=1e-4)
