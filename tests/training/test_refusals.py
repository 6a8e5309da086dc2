"""Requests of MADA as an optax transformation that are refused: one message each."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from training_cases import (
    X0,
    mada,
    tree,
)

from madatheory.training import Descent, coefficients


def _updated(tx: Any, g: Any = None, **given: Any) -> Any:
    x = tree(jnp.asarray(X0, jnp.float32))
    return tx.update(x if g is None else g, tx.init(x), given.pop("params", x), **given)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "name": (lambda: mada(0.1, {"rh": 0.1}), "unknown learned coefficient of mada 'rh'; did you mean 'rho'"),
    "no mapping": (lambda: mada(0.1, "rho"), "give a mapping"),
    "eps": (lambda: mada(0.1, {"eps": 0.1}), "unknown learned coefficient of mada 'eps'"),
    "convention": (lambda: mada(0.1, {}, convention="publised"), "did you mean 'published'"),
    "reference": (lambda: mada(0.1, {}, reference="median"), "unknown reference of mada 'median'"),
    "correction": (lambda: mada(0.1, {}, correction="exact"), "unknown correction of mada"),
    "published": (lambda: mada(0.1, {}, convention="published", correction="product"), "give correction='power'"),
    "theory": (lambda: mada(0.1, {}, convention="theory", correction="product"), "no bias correction to choose"),
    "source": (lambda: mada(0.1, {}, source="test"), "unknown source of hyper-gradients 'test'"),
    "safeguard": (lambda: mada(0.1, {}, safeguard="mx"), "did you mean 'max'"),
    "lag": (lambda: mada(0.1, {}, lag=2), "lag = 2: give 0"),
    "hyper learning rate": (lambda: mada(0.1, {"rho": -1.0}), "hyper_learning_rate of rho = -1 is out of range"),
    "hyper learning rate nan": (
        lambda: mada(0.1, {"rho": float("nan")}),
        "hyper_learning_rate of rho = nan is out of range",
    ),
    "hyper momentum": (lambda: mada(0.1, {"rho": Descent(0.1, 1.0)}), "hyper_momentum of rho = 1 is out of range"),
    "bounds": (lambda: mada(0.1, {"rho": Descent(0.1, low=0.6, high=0.5)}), "the bounds .* are empty"),
    "bounds too large": (lambda: mada(0.1, {"rho": Descent(0.1, high=1.5)}), "high bound of rho = 1.5"),
    "start": (lambda: mada(0.1, {"rho": Descent(0.1, start=0)}), "start of rho = 0"),
    "initial": (lambda: mada(0.1, {"b2": 0.1}, b2=0.999), r"initial b2 = 0.999 is out of range.*\[0.501, 0"),
    "value": (lambda: mada(0.1, {}, rho=1.5), "mada: rho = 1.5 is out of range"),
    "learning rate": (lambda: mada(-0.1, {}), "mada: learning_rate = -0.1 is out of range"),
    "shape of a value": (lambda: mada(0.1, {}, rho=np.ones(2)), "rho = .* has shape"),
    "decay": (lambda: mada(0.1, {}, weight_decay=-0.1), "weight_decay = -0.1 is out of range"),
    "scheduled": (
        lambda: mada(lambda t: 0.1, {"learning_rate": 0.1}),
        "learning_rate is learned and has a schedule too",
    ),
    "safeguard form": (lambda: mada(0.1, {}, safeguard="max"), "must be 'theory'"),
    "safeguard learning rate": (
        lambda: mada(0.1, {"learning_rate": 0.1}, safeguard="max", convention="theory"),
        "learning_rate cannot be learned: T8 and T8log let only b2, b3, rho, c move",
    ),
    "safeguard b1": (
        lambda: mada(0.1, {}, b1=lambda t: 0.9, safeguard="max", convention="theory"),
        "b1 stays fixed",
    ),
    "safeguard gamma": (lambda: mada(0.1, {}, gamma=0.5, safeguard="max", convention="theory"), "gamma = 1"),
    "integers": (lambda: mada(0.1, {}).init(jnp.arange(3)), "dtype int32 have no update"),
    "validation": (lambda: _updated(mada(0.1, {"rho": 0.1}, source="validation")), "validation_gradient=v"),
    "no parameters": (lambda: _updated(mada(0.1, {}, weight_decay=0.1), params=None), "needs the parameters"),
    "shapes": (lambda: _updated(mada(0.1, {}), tree(jnp.ones(4))), r"\['b'\]\[0\] have shape \(3,\).*made for \(2,\)"),
    "structure": (lambda: _updated(mada(0.1, {}), {"a": jnp.ones(1)}), "the state was made for"),
    "validation shapes": (
        lambda: _updated(mada(0.1, {}, source="validation"), validation_gradient=tree(jnp.ones(5))),
        "validation gradients at",
    ),
    "no state": (lambda: coefficients(optax.adam(0.1).init(jnp.ones(2))), "0 states of mada"),
}


@pytest.mark.parametrize("label", REFUSED)
def test_bad_input_is_one_clear_message(label):
    from madatheory.errors import UserError

    action, message = REFUSED[label]
    with pytest.raises(UserError, match=message):
        action()
