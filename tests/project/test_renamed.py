"""Names of the last release: each still works, with a warning that says the new one, and gives the same."""

import re
from collections.abc import Callable
from itertools import combinations
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from madatheory import UserError, training
from madatheory.deprecated import renamed
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.studies.tasks.task import Task

Descent: Any = training.Descent
badam: Any = training.badam
hyperadam: Any = training.hyperadam
mada: Any = training.mada
scale_by_mada: Any = training.scale_by_mada
X = {"w": jnp.ones((2, 2)), "b": jnp.arange(3.0)}

# the warning's words, the old way, and the new one
PAIRS: dict[str, tuple[str, Callable[[], Any], Callable[[], Any]]] = {
    **{
        f"mada {old}": (
            f"{old} is now called {new}",
            lambda old=old: mada(0.1, {}, **{old: 0.3}, gamma=0.5),
            lambda new=new: mada(0.1, {}, **{new: 0.3}, gamma=0.5),
        )
        for old, new in (
            ("beta1", "b1"),
            ("beta2", "b2"),
            ("beta3", "b3"),
            ("beta1_lion", "b1_lion"),
            ("beta2_lion", "b2_lion"),
        )
    },
    **{
        f"learned {old}": (
            f"mada: learn: {old} is now called {new}",
            lambda old=old: mada(0.1, {old: 0.01}),
            lambda new=new: mada(0.1, {new: 0.01}),
        )
        for old, new in (("alpha", "learning_rate"), ("beta1", "b1"), ("beta2", "b2"), ("beta3", "b3"))
    },
    "mada partner": (
        "partner is now called reference",
        lambda: mada(0.1, {}, partner="max", rho=0.5),
        lambda: mada(0.1, {}, reference="max", rho=0.5),
    ),
    "average": (
        "mada: reference: average is now called mean",
        lambda: mada(0.1, {}, reference="average", rho=0.5),
        lambda: mada(0.1, {}, reference="mean", rho=0.5),
    ),
    "clean": (
        "mada: convention: clean is now called practical",
        lambda: mada(0.1, {}, convention="clean"),
        lambda: mada(0.1, {}, convention="practical"),
    ),
    "scale_by_mada alpha": (
        "alpha is now called learning_rate",
        lambda: scale_by_mada({}, alpha=0.3),
        lambda: scale_by_mada({}, learning_rate=0.3),
    ),
    "scale_by_mada beta2": (
        "beta2 is now called b2",
        lambda: scale_by_mada({}, beta2=0.3),
        lambda: scale_by_mada({}, b2=0.3),
    ),
    "hyperadam kappa": (
        "kappa is now called hyper_learning_rate",
        lambda: hyperadam(0.1, kappa=0.02),
        lambda: hyperadam(0.1, hyper_learning_rate=0.02),
    ),
    "hyperadam beta1": (
        "beta1 is now called b1",
        lambda: hyperadam(0.1, 0.02, beta1=0.5),
        lambda: hyperadam(0.1, 0.02, b1=0.5),
    ),
    "hyperadam learned": (
        "mada: learn: beta2 is now called b2",
        lambda: hyperadam(0.1, {"beta2": 0.02}),
        lambda: hyperadam(0.1, {"b2": 0.02}),
    ),
    "badam beta1": (
        "beta1 is now called b1",
        lambda: badam(0.1, 2, beta1=0.5),
        lambda: badam(0.1, 2, b1=0.5),
    ),
    "badam beta2": (
        "beta2 is now called b2",
        lambda: badam(0.1, 2, beta2=0.5),
        lambda: badam(0.1, 2, b2=0.5),
    ),
    "Descent": (
        "kappa is now called hyper_learning_rate",
        lambda: mada(0.1, {"rho": Descent(kappa=0.3)}, rho=0.5),
        lambda: mada(0.1, {"rho": Descent(hyper_learning_rate=0.3)}, rho=0.5),
    ),
    "Descent mu": (
        "mu is now called hyper_momentum",
        lambda: mada(0.1, {"rho": Descent(0.3, mu=0.5)}, rho=0.5),
        lambda: mada(0.1, {"rho": Descent(0.3, hyper_momentum=0.5)}, rho=0.5),
    ),
}


@pytest.mark.parametrize("label", PAIRS)
def test_an_old_name_warns_and_gives_the_same_updates(label: str) -> None:
    warning, old, new = PAIRS[label]
    with pytest.warns(DeprecationWarning, match=f"^{warning};") as seen:
        first = old()
    assert [one.filename for one in seen] == [__file__] * len(seen)  # it points at the caller
    assert program(first) == program(new())


def program(tx: Any) -> tuple[str, Any, list[bytes]]:
    """Two updates, so that something is learned, and the state after them: what would be run, not run."""

    def both(x: Any) -> Any:
        move, state = tx.update(jax.tree.map(jnp.cos, x), tx.init(x), x)
        return move, tx.update(jax.tree.map(jnp.sin, x), state, x)

    traced, shapes = jax.make_jaxpr(both, return_shape=True)(X)
    words = re.sub(r" at 0x[0-9a-f]+", "", str(traced))
    return words, shapes, [np.asarray(value).tobytes() for value in traced.consts]


def test_another_value_is_another_program() -> None:
    programs = [
        program(mada(0.1, {"rho": 0.01}, rho=0.5, **given)) for given in ({}, {"b2": 0.9}, {"reference": "max"})
    ]
    programs += [program(mada(rate, {"rho": 0.01}, rho=0.5)) for rate in (0.1 + 1e-8, 0.1 - 1e-8)]
    assert all(one != other for one, other in combinations(programs, 2))


SPECS = {
    "mada:learn=rho,partner=max": ("mada:learn=rho,reference=max", "partner is now called reference"),
    "mada:reference=average": ("mada", "mada: reference: average is now called mean"),
    "mada:convention=clean": ("mada", "mada: convention: clean is now called practical"),
    "mada-family:convention=clean": ("mada-family", "mada-family: convention: clean is now called practical"),
}


@pytest.mark.parametrize("old", SPECS)
def test_an_old_option_of_the_engine_warns_and_gives_the_same_optimizer(old: str) -> None:
    new, warning = SPECS[old]
    with pytest.warns(DeprecationWarning, match=warning):
        found = get_optimizer(old)
    assert found.traits == get_optimizer(new).traits
    assert found.parameters == get_optimizer(new).parameters


def test_the_old_names_of_other_arguments_can_be_read_and_given() -> None:
    with pytest.warns(DeprecationWarning, match="mu is now called hyper_momentum"):
        assert Descent(0.1, 0.5).mu == 0.5
    with pytest.raises(AttributeError):
        _ = Descent(0.1).kapa
    make: Any = Task
    with pytest.warns(DeprecationWarning, match="lanes is now called cpu_batch"):
        task = make("t", "t", abs, abs, abs, "j", "u", lanes=4)
    assert (task.cpu_batch, task.accelerator_batch) == (4, 64)


def test_both_names_at_once_and_one_coefficient_twice_are_refused() -> None:
    with pytest.raises(UserError, match="beta1 is the old name of b1: give b1 alone"):
        mada(0.1, {}, beta1=0.5, b1=0.5)
    with (
        pytest.warns(DeprecationWarning, match="beta1 is now called b1"),
        pytest.raises(UserError, match="mada: learn names b1 twice"),
    ):
        mada(0.1, {"b1": 0.1, "beta1": 0.1})


def test_the_signature_has_the_new_names_only() -> None:
    import inspect

    @renamed(old="new")
    def function(new: int = 1) -> int:
        return new

    assert list(inspect.signature(function).parameters) == ["new"]
    assert not {"beta1", "alpha", "partner", "kappa"} & set(inspect.signature(mada).parameters)
