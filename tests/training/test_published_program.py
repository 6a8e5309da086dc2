"""MADA is what its authors ran: every row of their toy, and the formulas of all three presets step by step."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from published_program import (
    TABLE,
    TOLERANCE,
    G,
    Run,
    apart,
    by_engine,
    by_hand,
    by_optax,
    distances,
    shown,
    toy_by_engine,
    toy_by_hand,
    toy_by_optax,
)
from training_cases import KAPPA, MU, ONLY, mada, made, run

from madatheory.errors import UserError
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.optimizers.hypergradient import descend
from madatheory.optimizers.presets import PRESETS
from madatheory.optimizers.update import PARAMETERS
from madatheory.training import Descent
from madatheory.training.arguments import in_optax
from madatheory.training.plan import PresetName

pytestmark = pytest.mark.usefixtures("float64")

FORMS: dict[str, Callable[..., Any]] = {"optax": toy_by_optax, "engine": toy_by_engine}


@pytest.mark.parametrize("form", FORMS)
def test_the_toy_is_the_published_program_row_by_row(form, record_property):
    rows = FORMS[form](list(TABLE))
    record_property("table", f"the published toy, by {form} in float64\n{shown(rows)}")
    assert max(distances(rows).values()) < TOLERANCE, f"\n{shown(rows)}"


def test_the_reference_gives_the_same_rows():
    rows = toy_by_hand([t for t in TABLE if t <= 3000])
    assert max(distances(rows).values()) < TOLERANCE, f"\n{shown(rows)}"


@cache
def wanted(preset: str) -> Run:
    return by_hand(preset, G[preset])


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("form", [by_optax, by_engine], ids=["optax", "engine"])
def test_a_preset_is_the_recurrence_with_derivatives_written_out(form, preset):
    values = {name: wanted(preset)[1][name] for name in PRESETS[preset].learn}
    assert all(np.ptp(path) > 1e-3 and np.mean(np.diff(path) != 0) > 0.2 for path in values.values())  # each one learns
    found = form(preset, G[preset])
    assert found[1].keys() == values.keys()
    assert apart(found, wanted(preset)) < 1e-12  # measured: below 4e-13, of the training scripts below 2e-14


def rules(preset: str, **changed: Any) -> dict[str, Any]:
    """What a preset learns, each rule changed."""
    return in_optax({name: replace(rule, **changed) for name, rule in PRESETS[preset].learn.items()})


# the preset, and what is given beside it
FLIPS: dict[str, tuple[str, dict[str, Any]]] = {
    "previous gradient kept": ("train_ddp", {"previous_gradient": "kept"}),
    "derivative complete": ("train_ddp", {"average_derivative": "complete"}),
    "no clip": ("train_ddp", {"learn": rules("train_ddp", clip=None)}),
    "start one step later": ("train_ddp", {"learn": rules("train_ddp", start=51)}),
    "eps of the other script": ("train", {"eps": 1e-6}),
    "no hyper momentum": ("train", {"learn": rules("train", hyper_momentum=0.0)}),
    "formulas of the paper": ("train", {"convention": "practical"}),
}


@pytest.mark.parametrize("flip", FLIPS)
def test_a_flipped_switch_breaks_parity(flip):
    preset, instead = FLIPS[flip]
    assert apart(by_optax(preset, G[preset][:300], **instead), wanted(preset), 300) > 1e-9


TOY_FLIPS: dict[str, tuple[dict[str, Any], str]] = {
    "previous gradient zeroed": ({"previous_gradient": "zeroed"}, ",previous_gradient=zeroed"),
    "derivative complete": ({"average_derivative": "complete"}, ",average_derivative=complete"),
    "a later start": ({"learn": rules("toy", start=4)}, ",start=4"),
    "a clip": ({"learn": rules("toy", clip=1e-3)}, ",clip=0.001"),
}


@pytest.mark.parametrize("flip", TOY_FLIPS)
def test_a_flipped_switch_breaks_the_table(flip):
    instead, options = TOY_FLIPS[flip]
    times = [t for t in TABLE if t <= 3000]
    by_one, by_other = toy_by_optax(times, **instead), toy_by_engine(times, options)
    assert max(distances(by_one).values()) > 3 * TOLERANCE, f"\n{shown(by_one)}"
    for t in times:  # and the option of the one form is the argument of the other
        np.testing.assert_allclose(by_one[t], by_other[t], rtol=1e-9, atol=1e-10)


def test_momentum_starts_at_the_first_derivative_that_is_used():
    for start, lag in ((1, 0), (8, 0), (8, 1)):
        _, state = run(made(ONLY, ("alpha",), Descent(KAPPA, MU, start=start), lag=lag))
        p, u = np.asarray(state.momenta["learning_rate"]), np.asarray(state.hypergradients["learning_rate"])
        first = max(start, 2 + lag) - 1  # no step lies before the first
        np.testing.assert_array_equal(p[:first], 0.0)
        assert abs(u[first - lag]) > 1e-3
        np.testing.assert_allclose(p[first], u[first - lag], rtol=1e-12)
        np.testing.assert_allclose(p[first + 1], MU * p[first] + u[first + 1 - lag], rtol=1e-12)


def test_a_clip_limits_each_hyper_gradient_and_takes_no_infinity_for_one():
    limit = 0.02
    _, state = run(made(ONLY, ("rho", "beta1"), Descent(KAPPA, clip=limit)))
    for name in ("rho", "b1"):
        u, p = np.asarray(state.hypergradients[name]), np.asarray(state.momenta[name])
        assert 0.1 < np.mean(np.abs(u) > limit) < 0.9
        np.testing.assert_allclose(p, np.clip(u, -limit, limit), rtol=1e-12, atol=1e-15)
    state, speeds = (jnp.asarray(0.5), jnp.asarray(0.0)), (jnp.asarray(0.1), jnp.asarray(0.9))
    for u, used in ((3.0, True), (1e200, True), (np.inf, False), (np.nan, False)):  # 1e200: its square overflows
        h, p, good = descend(*state, jnp.asarray(u), *speeds, PARAMETERS["rho"], limit)
        assert (float(h), float(p), bool(good)) == ((0.5 - 0.1 * limit, limit, True) if used else (0.5, 0.0, False))


def test_an_accumulated_step_learns_from_one_micro_batch():
    """Five micro-batches of one size: one of them gives a fifth of what the step's gradient is made of."""
    parts = np.random.default_rng(5).standard_normal((5, 200, 5)) * 50
    whole, one = parts.mean(axis=0), parts[-1] / 5
    found = by_optax("train", whole, extra={"micro_batch_gradient": one}, source="micro_batch")
    assert apart(found, by_hand("train", whole, outer=one), 200) < 1e-12
    assert apart(found, by_hand("train", whole), 200) > 1e-3


def test_a_drop_in_is_one_line():
    """The rate alone is train_ddp; what is given beside a preset overrides it, and nothing else changes."""
    for tx, preset in ((mada(1e-3), "train_ddp"), (mada(), "train_ddp"), (mada(preset="toy"), "toy")):
        state = jax.eval_shape(tx.init, jnp.ones(3))
        assert state.momenta.keys() == in_optax(PRESETS[preset].learn).keys()
    values = mada(1e-3, rho=0.25).init(jnp.ones(2)).coefficients
    assert values == in_optax({**PRESETS["train_ddp"].initial, "rho": 0.25})
    still = mada(1e-3, {}, preset="train_ddp").init(jnp.ones(2))
    assert not still.coefficients
    assert still.moments.keys() == {"m", "v", "reference", "ones1", "ones2"}


def test_presets_name_nothing_but_what_a_member_has():
    assert get_args(PresetName) == tuple(PRESETS)
    for name, preset in PRESETS.items():
        method = get_optimizer(f"mada:preset={name}")
        given = method.hyper()
        assert given["alpha"] == preset.alpha == 1e-3  # what mada's rate is when left out
        assert given["eps"] == preset.eps
        assert {key: given[key] for key in preset.learn} == {key: preset.initial[key] for key in preset.learn}
        for key, rule in preset.learn.items():
            assert given[f"kappa_{key}"] == rule.hyper_learning_rate
            assert given[f"mu_{key}"] == rule.hyper_momentum
            assert (rule.low, rule.high) == (None, None)
    with pytest.raises(UserError, match="did you mean 'train_ddp'"):
        get_optimizer("mada:preset=trainddp")
    with pytest.raises(UserError, match="unknown previous_gradient of mada 'zero'; did you mean 'zeroed'"):
        get_optimizer("mada:previous_gradient=zero")
    with pytest.raises(UserError, match="clip of rho = -1 is out of range"):
        get_optimizer("mada:learn=rho,clip=-1")


def _number(value: float) -> str:
    """As the guide writes it: .9, 2.5e-3, 0."""
    if 0 < value < 0.01:
        digits, power = f"{value:e}".split("e")
        return f"{float(digits):g}e{int(power)}"
    return f"{value:g}".removeprefix("0") or "0"


def _row(name: str) -> str:
    """A preset as the guide's table has it."""
    preset, words = PRESETS[name], {"beta1": "b1", "beta2": "b2", "beta3": "b3"}
    rates: dict[float, list[str]] = {}
    momenta: dict[float, list[str]] = {}
    for key in (key for key in preset.initial if key in preset.learn):
        rates.setdefault(preset.rates[key], []).append(words.get(key, key))
        momenta.setdefault(preset.learn[key].hyper_momentum, []).append(words.get(key, key))
    (clip,), (start,) = ({getattr(rule, what) for rule in preset.learn.values()} for what in ("clip", "start"))
    usual, *others = momenta
    cells = (
        f"`{name}`",
        ", ".join(map(_number, preset.initial.values())),
        "; ".join(f"{_number(rate)} of {', '.join(keys)}" for rate, keys in rates.items()),
        "; ".join([_number(usual), *(f"{_number(mu)} of {', '.join(momenta[mu])}" for mu in others)]),
        _number(preset.eps),
        str(preset.previous_gradient),
        "none" if clip is None else _number(clip),
        str(start),
    )
    return f"| {' | '.join(cells)} |"


@pytest.mark.parametrize("preset", PRESETS)
def test_the_guide_has_the_presets_as_they_are(preset):
    guide = Path(__file__).parents[2] / "docs" / "training.md"
    assert _row(preset) in guide.read_text(encoding="utf-8").splitlines()
    assert (PRESETS[preset].convention, PRESETS[preset].average_derivative) == ("published", "cut")


@pytest.mark.slow
def test_the_reference_gives_every_row():
    """30 000 steps of NumPy take seconds."""
    rows = toy_by_hand(list(TABLE))
    assert max(distances(rows).values()) < TOLERANCE, f"\n{shown(rows)}"
