"""`compare` on optax, PyTorch and Keras: one setting planted at a time, and what ports between them differ in."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from madatheory import compare
from madatheory.identities.comparison.comparison import OptimizerComparison


def named(found: OptimizerComparison) -> dict[str, tuple[str, str]]:
    assert found.differences is not None, found.text()
    return {d.name: (d.a, d.b) for d in found.differences}


@pytest.mark.needs("torch")
def test_torch_and_optax_have_the_same_adam_and_another_amsgrad() -> None:
    import torch

    assert compare("torch.optim:Adam", "optax:adam").same
    found = compare(functools.partial(torch.optim.Adam, amsgrad=True), "optax:amsgrad")
    assert named(found) == {"maximum": ("before the correction", "after the correction")}, found.text()


@pytest.mark.slow  # a dozen small programs of optax to compile
@pytest.mark.parametrize("pair", [("optax:adam", "optax:adamw"), ("optax:adamw", "optax:adam")])
def test_a_setting_that_the_other_does_not_have_is_switched_off(pair: tuple[str, str]) -> None:
    found = compare(*pair)
    values = ("0", "0.0001")
    assert named(found) == {"weight_decay": values if pair[0] == "optax:adam" else values[::-1]}, found.text()
    assert " with weight_decay = 0 " in found.text()


SLOW = pytest.mark.slow  # one of a kind is enough on every day


@pytest.mark.needs("torch")
@pytest.mark.parametrize(
    ("name", "given", "expected", "remedy"),
    [
        ("Adam", {"eps": 1e-6}, {"eps": ("1e-08", "1e-06")}, "A with eps = 1e-06"),
        pytest.param("Adam", {"betas": (0.9, 0.99)}, {"beta2": ("0.999", "0.99")}, "A with beta2 = 0.99", marks=SLOW),
        ("Adam", {"amsgrad": True}, {"method": ("Adam", "AMSGrad")}, "A with amsgrad = True"),
        pytest.param("Adam", {"maximize": True}, {"maximize": ("False", "True")}, "A with maximize = True", marks=SLOW),
        ("SGD", {"momentum": 0.9}, {"momentum": ("0", "0.9")}, "A with momentum = 0.9"),
        pytest.param("RMSprop", {"centered": True}, {"centred": ("no", "yes")}, "A with centered = True", marks=SLOW),
    ],
)
def test_one_setting_of_torch(name: str, given: dict[str, Any], expected: dict[str, Any], remedy: str) -> None:
    import torch

    plain = getattr(torch.optim, name)
    found = compare(plain, functools.partial(plain, **given))
    assert named(found) == expected, found.text()
    assert remedy in found.remedies


def clipped(learning_rate: float) -> Any:
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(learning_rate))


def decayed(learning_rate: float = 1e-3, weight_decay: float = 1e-2) -> Any:
    return optax.chain(optax.add_decayed_weights(weight_decay), optax.adam(learning_rate))


def late(ahead: int) -> Callable[[], Any]:
    return lambda: optax.adam(lambda count: 1e-3 / jnp.sqrt(count + 1.0 + ahead))


OPTAX: dict[str, tuple[Any, Any, dict[str, tuple[str, str]]]] = {
    "eps_root": (optax.adam, functools.partial(optax.adam, eps_root=1e-8), {"eps_root": ("0", "1e-08")}),
    "eps in the root": (
        optax.rmsprop,
        functools.partial(optax.rmsprop, eps_in_sqrt=False),
        {"form of eps": ("inside the root, after the correction", "outside the root, after the correction")},
    ),
    "hidden": (
        optax.adam,
        lambda learning_rate: optax.adam(learning_rate, b2=0.99),
        {"beta2": ("0.999", "0.99 (estimated)")},
    ),
    "clipping": (optax.adam, clipped, {"gradients": ("as they are", "clipped to the norm 1 over all tensors")}),
    "form of decay": (
        functools.partial(optax.adamw, weight_decay=1e-2),
        decayed,
        {"form of weight decay": ("decoupled, times lr", "coupled (added to the gradient)")},
    ),
    "schedule": (
        late(0),
        late(1),
        {"schedule of the step size": ("lr_t in step t", "lr_(t+1) in step t: one step ahead")},
    ),
}


@pytest.mark.slow  # every pair compiles a dozen small programs of optax, 3 s each
@pytest.mark.parametrize("name", OPTAX)
def test_one_setting_of_optax(name: str) -> None:
    a, b, expected = OPTAX[name]
    found = compare(a, b)
    assert named(found) == expected, found.text()


@pytest.mark.slow  # keras compiles every run anew: 10 s a pair
@pytest.mark.needs("keras", "torch")
def test_what_keras_does_otherwise() -> None:
    found = compare("keras.optimizers:Adam", "torch.optim:Adam")
    assert named(found) == {
        "form of eps": ("outside the root, before the correction", "outside the root, after the correction"),
        "form of weight decay": ("decoupled, times lr", "coupled (added to the gradient)"),
        "eps": ("1e-07", "1e-08"),
    }, found.text()
    assert "no single change explains it" in found.text()


@pytest.mark.slow  # keras compiles every run anew: 10 s a pair
@pytest.mark.needs("keras")
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"epsilon": 1e-5}, {"eps": ("1e-07", "1e-05")}),
        ({"beta_1": 0.8}, {"beta1": ("0.9", "0.8")}),
        ({"amsgrad": True}, {"method": ("Adam", "AMSGrad")}),
    ],
)
def test_one_setting_of_keras(given: dict[str, Any], expected: dict[str, Any]) -> None:
    import keras  # pyright: ignore[reportMissingImports]

    found = compare(keras.optimizers.Adam, functools.partial(keras.optimizers.Adam, **given))
    assert named(found) == expected, found.text()


@pytest.mark.slow  # two frameworks, each compiled or loaded
@pytest.mark.needs("torch")
def test_the_explanation_is_what_makes_optax_step_like_torch() -> None:
    """An independent check: the differences that are named, undone by hand in optax, give torch's steps."""
    import torch

    found = compare("optax:rmsprop", "torch.optim:RMSprop")
    assert named(found) == {
        "form of eps": ("inside the root, after the correction", "outside the root, after the correction"),
        "momentum buffer": ("of steps, lr_t g_t", "of gradients, times lr_t"),
        "beta2": ("0.9", "0.99"),
    }, found.text()
    gradients = np.array([[1.0, -2.0], [0.5, 1e-6], [-3.0, 0.0]], np.float32)
    x = torch.zeros(2, requires_grad=True)
    theirs = torch.optim.RMSprop([x], lr=0.01)
    ours = optax.rmsprop(0.01, decay=0.99, eps_in_sqrt=False)
    y = jnp.zeros(2)
    state = ours.init(y)
    for g in gradients:
        x.grad = torch.from_numpy(g.copy())
        theirs.step()
        updates, state = jax.jit(ours.update)(jnp.asarray(g), state)
        y = y + updates
    np.testing.assert_allclose(y, x.detach().numpy(), rtol=1e-6)


@pytest.mark.slow  # optax's Muon is compiled for every setting that is tried
@pytest.mark.needs("torch")
def test_methods_for_matrices() -> None:
    """Both are shown by their code: torch decays by 0.1 and scales by rows/columns, optax corrects and has x W."""
    found = named(compare("torch.optim:Muon", "optax.contrib:muon", limit=5))
    assert found == {
        "scale": ("sqrt(max(1, rows/columns))", "sqrt(max(1, columns/rows)), for weights inputs x outputs"),
        "bias correction": ("none", "power"),
        "weight_decay": ("0.1", "0"),
    }
    found = named(compare("torch.optim:Adafactor", "optax:adafactor"))
    assert found == {
        "second moment of matrices": ("factored", "kept whole"),
        "lr_t": ("min(lr, 1/sqrt(t))", "as set"),
    }
