"""Arguments of the transformations that make no sense: one message each, with the name, the value and the remedy."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from madatheory import UserError, coefficients, training
from madatheory.training import BadamState, MadaState

# wrong types are the point here
Descent: Any = training.Descent
badam: Any = training.badam
hyperadam: Any = training.hyperadam
mada: Any = training.mada
scale_by_mada: Any = training.scale_by_mada
X: Any = {"a": jnp.ones(2), "b": jnp.ones((2, 2))}
NAN = float("nan")


def after(tx: Any, g: Any = X, state: Any = None, params: Any = X) -> Any:
    """One update, of the state of `init` unless told otherwise; traced only, which is quicker."""
    return jax.eval_shape(lambda: tx.update(g, tx.init(X) if state is None else state, params))


def rho(*rule: Any, **rest: Any) -> Any:
    return mada(0.1, {"rho": Descent(*rule, **rest)}, rho=0.5)


def masked(mask: Any) -> Any:
    return mada(0.1, {}, weight_decay=0.1, mask=mask)


# values that are no number of the right kind, and what the message calls them
NUMBERS: dict[str, tuple[Any, str]] = {
    "text": ("1e-3", "'1e-3' is not a number: give one number, without quotes"),
    "None": (None, "None is not a number"),
    "True": (True, "True is not a number"),
    "complex": (1j, "1j is not a number"),
    "list": ([0.1], r"= \[0.1\] has shape \(1,\): give one number"),
    "complex array": (jnp.asarray(1j), "is not a number"),
    "array of booleans": (np.asarray(True), "is not a number"),
    "nan": (NAN, "= nan is out of range"),
    "nan array": (jnp.asarray(NAN), "= nan is out of range"),
    "negative array": (jnp.asarray(-1.0), "= -1 is out of range"),
    "negative of NumPy": (np.float32(-1.0), "= -1 is out of range"),
    "infinite": (np.inf, "= inf is out of range"),
    "two numbers": (np.array([0.1, 0.2]), r"= .* has shape \(2,\): give one number"),
    "two numbers of JAX": (jnp.array([0.1, -0.2]), r"= .* has shape \(2,\): give one number"),
}
PLACES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "learning rate": (lambda v: mada(v, {}), "mada: learning_rate"),
    "scale_by_mada": (lambda v: scale_by_mada({}, learning_rate=v), "mada: learning_rate"),
    "b1": (lambda v: mada(0.1, {}, b1=v), "mada: b1"),
    "initial rho": (lambda v: mada(0.1, {"rho": 0.1}, rho=v), "mada: rho"),
    "eps": (lambda v: mada(0.1, {}, eps=v), "mada: eps"),
    "hyper learning rate": (lambda v: mada(0.1, {"rho": v}), "hyper_learning_rate of rho"),
    "hyper learning rate of a Descent": (lambda v: rho(v), "hyper_learning_rate of rho"),
    "hyper momentum": (lambda v: rho(0.1, hyper_momentum=v), "hyper_momentum of rho"),
    "weight decay": (lambda v: mada(0.1, {}, weight_decay=v), "weight_decay"),
    "hyperadam": (lambda v: hyperadam(0.1, v), "hyper_learning_rate of b1"),
    "badam's rate": (lambda v: badam(v, 3), "badam: learning_rate"),
    "badam's b2": (lambda v: badam(0.1, 3, b2=v), "badam: b2"),
    "schedule": (lambda v: after(mada(lambda t: v, {})), "mada: learning_rate from its schedule"),
    "schedule of the hyper learning rate": (
        lambda v: after(mada(0.1, {"rho": lambda t: v})),
        "hyper_learning_rate of rho from its schedule",
    ),
    "badam's schedule": (lambda v: after(badam(lambda t: v, 3)), "badam: learning_rate from its schedule"),
}


LEFT_OUT = ("b1", "initial rho", "eps")  # None leaves them to the preset


@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_number_in_the_range_is_refused_by_name(place):
    make, name = PLACES[place]
    for value, message in (pair for what, pair in NUMBERS.items() if what != "None" or place not in LEFT_OUT):
        with pytest.raises(UserError, match=f"{name} {message}" if message.startswith("=") else name) as error:
            make(value)
        assert error.match(message)


def other(state: Any) -> Callable[[], Any]:
    return lambda: after(mada(0.1, {}), state=state())


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "no mapping": (lambda: mada(0.1, ["rho"]), r"learn = \['rho'\]: give a mapping"),
    "learn a number": (lambda: mada(0.1, 0.5), "learn = 0.5: give a mapping"),
    "preset": (lambda: mada(preset="trainddp"), "unknown preset of mada 'trainddp'; did you mean 'train_ddp'"),
    "previous gradient": (lambda: mada(0.1, previous_gradient="zero"), "unknown previous_gradient of mada 'zero'"),
    "average derivative": (lambda: mada(0.1, average_derivative=True), "unknown average_derivative of mada 'True'"),
    "clip 0": (lambda: rho(0.1, clip=0), "clip of rho = 0 is out of range"),
    "clip text": (lambda: rho(0.1, clip="10"), "clip of rho = '10' is not a number"),
    "name that is a number": (lambda: mada(0.1, {1: 0.1}), "unknown learned coefficient of mada '1'"),
    "a pair for a Descent": (
        lambda: mada(0.1, {"rho": (0.1, 0.5)}),
        r"hyper_learning_rate of rho = \(0.1, 0.5\) has shape \(2,\): give one number",
    ),
    "convention in a list": (lambda: mada(0.1, {}, convention=["practical"]), "unknown convention of mada"),
    "convention False": (lambda: mada(0.1, {}, convention=False), "unknown convention of mada 'False'"),
    "lag true": (lambda: mada(0.1, {}, lag=True), "lag = True: give 0"),
    "lag array": (lambda: mada(0.1, {}, lag=np.zeros(2)), "lag = .*: give 0"),
    "low above high": (lambda: rho(0.1, low=0.8, high=0.2), r"the bounds \[0.8, 0.2\] are empty"),
    "no hyper learning rate": (lambda: rho(), "hyper_learning_rate of rho = None is not a number: give one number"),
    "low text": (lambda: rho(0.1, low="0"), "low bound of rho = '0' is not a number"),
    "high nan": (lambda: rho(0.1, high=NAN), "high bound of rho = nan"),
    "start 0": (lambda: rho(0.1, start=0), "start of rho = 0 is out of range: give 1 or more"),
    "start 1.5": (lambda: rho(0.1, start=1.5), "start of rho = 1.5"),
    "start nan": (lambda: rho(0.1, start=NAN), "start of rho = nan"),
    "start None": (lambda: rho(0.1, start=None), "start of rho = None"),
    "start array": (lambda: rho(0.1, start=np.ones(2)), "start of rho = array.* is not an integer"),
    "mask text": (lambda: masked("a").init(X), "mask is the tree"),
    "mask true": (lambda: masked(True).init(X), "mask is the tree .* the parameters are"),
    "mask of another tree": (lambda: masked({"a": True}).init(X), "mask is the tree"),
    "mask function": (lambda: masked(lambda p: {"a": True}).init(X), "mask is the tree"),
    "mask of numbers": (lambda: masked({"a": 1, "b": 0}).init(X), r"mask at \['a'\] is 1: give True or False"),
    "mask of None": (lambda: masked({"a": True, "b": None}).init(X), r"mask at \['b'\] is None"),
    "mask of arrays": (lambda: masked({"a": np.ones(2, bool), "b": True}).init(X), r"mask at \['a'\]"),
    "mask text leaf": (lambda: masked({"a": "yes", "b": True}).init(X), "mask at .* is 'yes'"),
    "state None": (lambda: mada(0.1, {}).update(X, None, X), "mada: the state is a NoneType, not the MadaState"),
    "Adam's state": (other(lambda: optax.adam(0.1).init(X)), "mada: the state is a tuple, not the MadaState"),
    "badam's state": (other(lambda: badam(0.1, 3).init(X)), "mada: the state is a BadamState"),
    "another mada's state": (
        other(lambda: mada(0.1, {"rho": 0.1}).init(X)),
        r"it has coefficients \['rho'\], this one \[\]",
    ),
    "state of fewer moments": (other(lambda: mada(0.1, {}, b1=0.0).init(X)), r"it has moments \['ones2', 'v'\]"),
    "mada's state in badam": (
        lambda: badam(0.1, 3).update(X, mada(0.1, {}).init(X), X),
        "badam: the state is a MadaState, not the BadamState",
    ),
    "gradients None": (lambda: mada(0.1, {}).update(None, mada(0.1, {}).init(X), X), "the gradients are the tree"),
    "gradients text": (lambda: after(mada(0.1, {}), {**X, "a": "g"}), r"gradients at \['a'\] are 'g'"),
    "gradients of integers": (lambda: after(mada(0.1, {}), jax.tree.map(lambda a: a.astype(int), X)), "dtype int32"),
    "complex gradients": (lambda: after(mada(0.1, {}), jax.tree.map(lambda a: a + 0j, X)), "dtype complex64"),
    "other shape": (lambda: after(mada(0.1, {}), {**X, "a": jnp.ones(3)}), r"\['a'\] have shape \(3,\)"),
    "other tree": (lambda: after(mada(0.1, {}), {"a": X["a"]}), "the gradients are the tree"),
    "no parameters": (lambda: after(masked(None), params=None), "needs the parameters"),
    "parameters of another tree": (lambda: after(masked(None), params={"a": X["a"]}), "the parameters are the tree"),
    "parameters of another shape": (lambda: after(masked(None), params={**X, "b": jnp.ones(4)}), "the parameters at"),
    "parameters text": (lambda: mada(0.1, {}).init({"a": "x"}), "'x' is no array"),
    "parameters of integers": (lambda: mada(0.1, {}).init({"a": 1}), "dtype int32"),
    "badam: other tree": (lambda: after(badam(0.1, 3), {"c": jnp.ones(2), "d": jnp.ones(4)}, params=None), "the tree"),
    "badam: swapped": (
        lambda: after(badam(0.1, 3), {"a": X["b"], "b": X["a"]}, params=None),
        r"gradients at \['a'\] have shape \(2, 2\), but the state was made for \(2,\): call init again",
    ),
    "badam: reshaped": (
        lambda: after(badam(0.1, 3), {**X, "b": jnp.ones(4)}, params=None),
        r"\['b'\] have shape \(4,\)",
    ),
    "badam: other parameters": (lambda: after(badam(0.1, 3), params={"a": X["a"]}), "the parameters are the tree"),
    "badam: integers": (lambda: after(badam(0.1, 3), jax.tree.map(lambda a: a.astype(int), X)), "dtype int32"),
    "badam: seed": (lambda: badam(0.1, 3, seed=None), "badam: seed = None"),
    "badam: seed 1.5": (lambda: badam(0.1, 3, seed=1.5), "badam: seed = 1.5 is not an integer: give a whole number"),
    "badam: order": (lambda: badam(0.1, 3, order=None), "unknown order of badam 'None'"),
    "badam: turn": (lambda: badam(0.1, True), "steps_per_block = True"),
    "badam: labels": (lambda: badam(0.1, 3, blocks="a").init(X), "1 labels of blocks for 2 leaves"),
    "badam: labels of arrays": (
        lambda: badam(0.1, 3, blocks={"a": np.ones(1), "b": np.ones(1)}).init(X),
        "the label array.* of a block",
    ),
    "no state": (lambda: coefficients("state"), "0 states of mada"),
}


@pytest.mark.parametrize("label", REFUSED)
def test_a_misuse_is_one_clear_message(label):
    action, message = REFUSED[label]
    with pytest.raises(UserError, match=message):
        action()


def test_what_makes_sense_is_taken():
    """Arrays of one number, NumPy numbers and booleans, integers, a rate that comes to 0, and traced values."""
    one = jnp.asarray(0.5)
    for tx in (
        mada(one, {"rho": one, "b1": np.float32(0.1)}, rho=one, weight_decay=one),
        mada(1, {"rho": Descent(1, low=0, high=1, start=2)}, mask=None),
        mada(lambda t: 0.0 * t, {}),
        masked({"a": np.True_, "b": np.asarray(False)}),
        masked(lambda p: jax.tree.map(lambda leaf: leaf.ndim > 1, p)),
    ):
        assert isinstance(after(tx)[1], MadaState)
    assert isinstance(after(badam(lambda t: one, 3, seed=np.int64(1)))[1], BadamState)

    def made(rate: Any, hyper_learning_rate: Any) -> Any:
        return after(mada(rate, {"rho": hyper_learning_rate}, rho=rate))[0]

    assert jax.eval_shape(made, 0.1, 0.1).keys() == X.keys()
