"""What MADA has learned, kept for another run: the plain member at these coefficients, and clear refusals."""

from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tolerances import SAME_PATH, SINGLE
from training_cases import EPS, FULL, POINTS, X0, G, mada, made, run, scale_by_mada

import madatheory
import madatheory.references.mada as reference
from madatheory.errors import UserError
from madatheory.training import Descent, coefficients, hyperadam
from madatheory.training import frozen as exported
from madatheory.training.arguments import in_family, in_optax, spelled
from madatheory.training.methods import HYPER_LEARNING_RATES, METHODS, PRESET, START
from madatheory.training.transformation import plan_and_sign

frozen: Any = exported  # what tests hand over is often wrong on purpose
SHORT = 12
ALIKE = ("readout theory", "decayed")  # nothing that the others do not have
PARAMS = {"w": jnp.ones(3, jnp.float32)}


def at(states: Any, t: int = -1) -> Any:
    """One of the states that `run` stacks."""
    return jax.tree.map(lambda a: a[t], states)


def plan_of(tx: Any) -> Any:
    return plan_and_sign(tx)[0]


@cache  # all who ask have the fixture float64
def learned(label: str) -> tuple[Any, np.ndarray, Any, dict[str, float]]:
    """An optimizer, its path and its states over a short run, and what it found."""
    initial, names, options = POINTS[label]
    tx = made(initial, names, Descent(0.05, 0.5), **options)
    x, states = run(tx, G[:SHORT])
    found = {name: float(states.coefficients[spelled(name)][-1]) for name in names}
    assert all(abs(found[name] - initial[name]) > 0 for name in found), "something must be learned in this run"
    return tx, x, states, found


@pytest.mark.parametrize("label", [label for label in POINTS if label not in ALIKE])
def test_it_is_the_plain_member_at_these_numbers_to_the_bit(label: str, float64: None) -> None:
    tx, learning, states, found = learned(label)
    x, kept = run(frozen(tx, at(states)))
    options = POINTS[label][2]
    plain = made({**POINTS[label][0], **found}, (), **options)
    y, same = run(plain)
    np.testing.assert_array_equal(x, y)
    assert jax.tree.structure(kept) == jax.tree.structure(same)
    # while it learned it had other numbers, at first those of the start
    assert not np.array_equal(x[:SHORT], learning), "the learned numbers must matter"


def test_it_is_the_reference_at_these_numbers(float64: None) -> None:
    tx, _, states, found = learned("practical")
    x, _ = run(frozen(tx, at(states)))
    np.testing.assert_allclose(x, reference.run(X0, G, eps=EPS, **{**FULL, **found}), **SAME_PATH)


def test_nothing_is_left_that_learns(float64: None) -> None:
    tx, _, states, _ = learned("practical")
    state = frozen(tx, at(states)).init({"w": jnp.ones(3)})
    assert (coefficients(state), state.momenta, state.hypergradients, state.gradient) == ({}, {}, {}, None)


def test_the_mean_of_the_last_records(float64: None) -> None:
    tx, _, states, _ = learned("practical")
    records = {name: np.asarray(values) for name, values in states.coefficients.items()}
    rows = [{name: values[t] for name, values in records.items()} for t in range(SHORT)]
    for k in (1, 4, SHORT):
        mean = in_family({name: float(np.mean(values[-k:])) for name, values in records.items()})
        want = made({**FULL, **mean}, ())
        for history in (states.coefficients, records, rows, tuple(rows)):
            assert plan_of(frozen(tx, at(states), history, last=k)).fixed == plan_of(want).fixed
        if k == 4:
            x, alone = (run(frozen(tx, at(states), **more))[0] for more in ({"history": rows, "last": k}, {}))
            np.testing.assert_array_equal(x, run(want)[0])
            assert np.max(np.abs(alone - x)) > 1e-6


def test_a_mean_at_a_bound_stays_in_the_bounds() -> None:
    """float32 keeps .99 as a larger number, and the mean of equal numbers can be another one."""
    tx, top = mada(0.1, {"b2": Descent(0.1)}, b2=0.98), float(np.float32(0.99))
    state, want = tx.init(PARAMS), plan_of(mada(0.1, {}, b2=top)).fixed
    assert top > 0.99
    for history in ({"b2": np.full(3, np.float32(top))}, [{"b2": top}] * 3):
        assert plan_of(frozen(tx, state, history, last=3)).fixed == want
    uneven = [{"b2": 0.99}] * 1001
    assert np.mean([0.99] * 1001) != 0.99
    assert plan_of(frozen(tx, state, uneven, last=1001)).fixed["beta2"] == 0.99


def test_a_state_inside_a_chain_and_the_schedules_of_the_rest() -> None:
    def rate(count: Any) -> Any:
        return 0.1 / (1 + count)

    ours = mada(rate, {"rho": 0.5}, rho=0.4, weight_decay=0.1, mask={"a": True, "b": (False,)})
    chained = optax.chain(optax.clip(0.5), ours)
    states = run(chained, G.astype(np.float32))[1]
    rho = float(coefficients(states)["rho"][-1])
    assert rho != 0.4
    plain = mada(rate, {}, rho=rho, weight_decay=0.1, mask={"a": True, "b": (False,)})
    again = optax.chain(optax.clip(0.5), frozen(ours, at(states)))
    np.testing.assert_array_equal(run(again)[0], run(optax.chain(optax.clip(0.5), plain))[0])


def test_presets_directions_and_baselines_keep_what_they_are() -> None:
    """A preset's convention, the sign of a direction, a learning rate that is learned, and HyperAdam's Adam."""
    small = HYPER_LEARNING_RATES
    pairs: dict[str, tuple[Any, Callable[[dict[str, float]], Any]]] = {
        "train_ddp": (mada(0.1), lambda h: mada(0.1, {}, preset="train_ddp", **h)),
        "toy": (mada(preset="toy", b1=0.5), lambda h: mada(1e-3, {}, preset="toy", b1=0.5, **h)),
        "direction": (scale_by_mada(small, **START), lambda h: scale_by_mada({}, **h)),
        "rate": (mada(0.1, {"learning_rate": 0.01}), lambda h: mada(learn={}, **h)),
        "hyperadam": (hyperadam(0.1, 0.01), lambda h: mada(0.1, {}, **h)),
    }
    for label, (tx, plain) in pairs.items():
        _, states = run(tx)
        found = {name: float(values[-1]) for name, values in states.coefficients.items()}
        want, same = run(plain(found))
        x, kept = run(frozen(tx, at(states)))
        np.testing.assert_array_equal(x, want, err_msg=label)
        assert sorted(kept.moments) == sorted(same.moments), label


@pytest.mark.parametrize("source", ["validation", "micro_batch"])
def test_it_asks_for_no_gradient_but_the_step_s_own(source: str) -> None:
    tx = mada(0.1, {"rho": 0.5}, rho=0.4, source=source)
    _, states = run(tx, extra={f"{source}_gradient": G})
    want = run(mada(0.1, {}, rho=float(states.coefficients["rho"][-1])))[0]
    np.testing.assert_array_equal(run(frozen(tx, at(states)))[0], want)


def test_the_experiments_freeze_what_this_freezes() -> None:
    """They hand the coefficients over as traced numbers, to many runs at once."""
    tx = mada(0.1, {name: 20 * rate for name, rate in HYPER_LEARNING_RATES.items()}, preset=PRESET)
    _, states = run(tx)
    found = {name: jnp.asarray(values[-1]) for name, values in states.coefficients.items()}
    x, _ = run(frozen(tx, at(states)))

    @jax.jit
    def theirs(found: Any) -> Any:
        method, start = METHODS["mada-frozen"].make(0.1, **found), jnp.asarray(X0, jnp.float32)

        def step(carry: Any, g: Any) -> Any:
            x, state = carry
            move, state = method.update(g, state, x)
            return (x + move, state), x + move

        return jax.lax.scan(step, (start, method.init(start)), jnp.asarray(G, jnp.float32))[1]

    np.testing.assert_allclose(theirs(found), x, rtol=SINGLE.thousands, atol=SINGLE.thousands)


TX = mada(0.1, {"rho": Descent(0.1, low=0.2, high=0.9), "b3": 0.1}, rho=0.4)
STATE = TX.init(PARAMS)
ROW = {"rho": 0.4, "b3": 0.0}


def _with(**changed: Any) -> Any:
    return STATE._replace(coefficients={**STATE.coefficients, **changed})


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "another state": (lambda: frozen(TX, optax.adam(0.1).init(PARAMS)), "0 states of mada"),
    "two states": (lambda: frozen(TX, (STATE, STATE)), "2 states of mada"),
    "learned other": (lambda: frozen(TX, mada(0.1, {"rho": 0.1}).init(PARAMS)), "another transf.*this optimizer"),
    "other moments": (
        lambda: frozen(TX, mada(0.1, {"rho": 0.1, "b3": 0.1}, gamma=0.5).init(PARAMS)),
        "it has moments .*'l'.*give the state of this optimizer",
    ),
    "nothing learned": (lambda: frozen(mada(0.1, {}), mada(0.1, {}).init(PARAMS)), "learns nothing"),
    "adam": (lambda: frozen(optax.adam(0.1), STATE), "no transformation that mada, scale_by_mada or hyperadam gave"),
    "a chain": (lambda: frozen(optax.chain(TX), (STATE,)), "of one inside a chain or a wrapper, give the part"),
    "swapped": (lambda: frozen(STATE, TX), "no transformation that mada"),
    "nan": (lambda: frozen(TX, _with(rho=jnp.nan)), "rho = nan is not finite"),
    "infinite": (lambda: frozen(TX, STATE, [ROW, {**ROW, "b3": np.inf}], last=2), "b3 = inf is not finite"),
    "bounds": (lambda: frozen(TX, _with(rho=jnp.float32(0.95))), r"rho = 0.95 is outside of \[0.2, 0.9\]"),
    "low bound": (lambda: frozen(TX, STATE, [{**ROW, "rho": 0.19}], last=1), r"rho = 0.19 is outside of \[0.2"),
    "too short": (lambda: frozen(TX, STATE, [ROW] * 3, last=4), "last = 4, but the history has 3 records of b3"),
    "empty": (lambda: frozen(TX, STATE, [], last=1), "the history has 0 records"),
    "last 0": (lambda: frozen(TX, STATE, [ROW], last=0), "frozen: last = 0 is out of range: give 1 or more"),
    "no last": (lambda: frozen(TX, STATE, [ROW]), "belong together"),
    "no history": (lambda: frozen(TX, STATE, last=3), "belong together"),
    "one record": (lambda: frozen(TX, STATE, ROW, last=1), r"b3 is of shape \(\)"),
    "several runs": (lambda: frozen(TX, STATE, {"rho": np.ones((5, 2)), "b3": np.ones((5, 2))}, last=1), r"\(5, 2\)"),
    "vectorized": (lambda: frozen(TX, jax.tree.map(lambda a: jnp.stack([a, a]), STATE)), "records of one run"),
    "lacks": (lambda: frozen(TX, STATE, {"rho": np.ones(5)}, last=1), "the history has rho and no b3"),
    "record lacks": (lambda: frozen(TX, STATE, [ROW, {"b3": 0.0}], last=1), "record 1 .* has b3 and no rho"),
    "text": (lambda: frozen(TX, STATE, "rho", last=1), "history = 'rho'"),
    "words": (lambda: frozen(TX, STATE, {"rho": ["a"], "b3": ["b"]}, last=1), "b3 is no array of numbers"),
    "traced": (lambda: jax.jit(lambda s: frozen(TX, s).init(PARAMS))(STATE), "b3 is traced: freeze outside of jit"),
}  # fmt: skip


@pytest.mark.parametrize("label", REFUSED)
def test_what_cannot_be_frozen_is_one_clear_message(label: str) -> None:
    action, message = REFUSED[label]
    with pytest.raises(UserError, match=message):
        action()


def test_it_is_public() -> None:
    assert madatheory.frozen is exported
    assert in_optax({"beta1": 1}) == {"b1": 1}
