"""`identify` on optax and torch: which conventions they follow."""

import json
import time
from typing import Any

import numpy as np
import optax
import pytest

from madatheory.errors import UserError
from madatheory.identities.recognition.identification import WIDTH
from madatheory.identities.recognition.identify import identify
from madatheory.identities.targets import optax as optax_adapter

AFTER, INSIDE = "outside the root, after the correction", "inside the root, after the correction"
ADAM = {"eps": AFTER, "bias correction": "power"}
OPTAX: dict[str, tuple[str, dict[str, str]]] = {
    "adam": ("Adam", ADAM | {"initial moments": "m_0 = v_0 = 0"}),
    "adamw": ("Adam", ADAM | {"weight decay": "decoupled, times lr"}),
    "amsgrad": ("AMSGrad", {"bias correction": "power", "maximum": "after the correction"}),
    "nadam": ("NAdam", ADAM | {"momentum schedule": "simple, mu_t = beta1", "look-ahead correction": "t+1"}),
    "nadamw": ("NAdam", ADAM | {"weight decay": "decoupled, times lr"}),
    "lion": ("Lion", {"order": "sign from the old momentum", "weight decay": "decoupled, times lr"}),
    "yogi": ("Yogi", ADAM | {"initial moments": "m_0 = v_0 = 1e-6"}),
    "adan": ("Adan", ADAM | {"difference weight": "1 - its decay", "first difference": "0"}),
    "adabelief": ("AdaBelief", ADAM | {"belief": "g_t - m_t"}),
    "rmsprop": ("RMSProp", {"initial second moment": "0", "bias correction": "none"}),
    "adagrad": ("Adagrad", {"eps": "inside the root", "initial second moment": "0.1"}),
    "sgd": ("SGD", {"momentum": "summed", "Nesterov": "no"}),
}


@pytest.mark.parametrize("name", OPTAX)
def test_optax(name):
    family, expected = OPTAX[name]
    found = identify(f"optax:{name}")
    assert (found.family, found.precision, found.ok) == (family, "float64", True), found.text()
    for switch, label in expected.items():
        assert found.convention(switch).options == (label,), (switch, found.text())
    assert "modulus |g|^2" in found.convention("complex numbers").options
    assert max(map(len, found.text().splitlines())) <= WIDTH
    assert json.loads(json.dumps(found.as_dict()))["family"] == family


def test_optax_rmsprop_has_eps_inside():
    options = identify("optax:rmsprop").convention("eps").options
    assert options == (INSIDE, "inside the root, before the correction")
    outside = identify(optax_adapter.target(optax.rmsprop, "outside", eps_in_sqrt=False, centered=True))
    assert AFTER in outside.convention("eps").options
    assert outside.convention("centred").options == ("yes",)


TORCH: dict[str, tuple[dict[str, Any], str, dict[str, str]]] = {
    "Adam": ({}, "Adam", ADAM | {"weight decay": "coupled (added to the gradient)"}),
    "Adam amsgrad": ({"amsgrad": True}, "AMSGrad", ADAM | {"maximum": "before the correction"}),
    "AdamW": ({}, "Adam", ADAM | {"weight decay": "decoupled, times lr"}),
    "RMSprop": ({}, "RMSProp", {"initial second moment": "0", "weight decay": "coupled (added to the gradient)"}),
    "Adagrad": ({}, "Adagrad", {"eps": "outside the root", "initial second moment": "0"}),
    "SGD": ({}, "SGD", {"momentum": "summed", "Nesterov": "no"}),
    "SGD nesterov": (
        {"nesterov": True, "momentum": 0.9},
        "SGD",
        {"momentum": "summed", "Nesterov": "yes", "momentum buffer": "of gradients, times lr_t"},
    ),
    "SGD dampened": ({"dampening": 0.75}, "SGD", {"momentum": "averaged after the first step"}),
}


@pytest.mark.needs("torch")
@pytest.mark.parametrize("name", TORCH)
def test_torch(name):
    import torch

    from madatheory.identities.targets import torch as adapter

    given, family, expected = TORCH[name]
    found = identify(adapter.target(getattr(torch.optim, name.split()[0]), name, **given))
    assert (found.family, found.precision, found.ok) == (family, "float64", True), found.text()
    for switch, label in expected.items():
        assert found.convention(switch).options == (label,), (switch, found.text())
    assert "pair of reals" in found.convention("complex numbers").options


@pytest.mark.needs("torch")
def test_torchs_nadam_is_scheduled_and_keeps_a_float32():
    found = identify("torch.optim:NAdam")
    assert (found.family, found.precision) == ("NAdam", "float32")
    assert found.convention("momentum schedule").options == ("mu_t = beta1 (1 - 0.96^(0.004 t)/2)",)
    assert found.convention("first moment").options == ("averaged with beta1",)


NEWER: dict[str, tuple[str, str, dict[str, str]]] = {
    "optax:radam": ("RAdam", "float64", {"eps": AFTER, "rectified from": "rho_t > 5 (its code's)"}),
    "optax:adadelta": ("Adadelta", "float64", {"eps": "inside both roots"}),
    "optax.contrib:adopt": ("ADOPT", "float64", {"clipping": "at (t-1)^(1/4)"}),
    "optax.contrib:ademamix": ("AdEMAMix", "float64", {"eps": AFTER, "weight of the slow average": "5"}),
    "optax.contrib:schedule_free_adamw": ("schedule-free", "float64", {"base": "Adam without momentum"}),
    "optax:lamb": ("LAMB", "float64", {"eps": AFTER, "bias correction": "power", "matrices": "the same method"}),
    "optax:adafactor": ("Adafactor", "float32", {"second moment of matrices": "kept whole"}),
}
NEWER_TORCH: dict[str, tuple[str, str, dict[str, str]]] = {
    "torch.optim:RAdam": ("RAdam", "float64", {"eps": "outside the root, before the correction"}),
    "torch.optim:Adadelta": ("Adadelta", "float64", {"weight decay": "coupled (added to the gradient)"}),
    "torch.optim:Adafactor": ("Adafactor", "float64", {"second moment of matrices": "factored"}),
    "torch.optim:Muon": ("Muon", "bfloat16", {"Nesterov": "yes", "scale": "sqrt(max(1, rows/columns))"}),
}


@pytest.mark.slow  # compiles; that the references are optax's steps is tested in tests/references
@pytest.mark.parametrize("name", NEWER)
def test_newer_methods_of_optax(name):
    family, precision, expected = NEWER[name]
    found = identify(name)
    assert (found.family, found.precision) == (family, precision), found.text()
    for switch, label in expected.items():
        assert found.convention(switch).options == (label,), (switch, found.text())


@pytest.mark.needs("torch")
@pytest.mark.parametrize("name", NEWER_TORCH)
def test_newer_methods_of_torch(name):
    family, precision, expected = NEWER_TORCH[name]
    found = identify(name)
    assert (found.family, found.precision) == (family, precision), found.text()
    for switch, label in expected.items():
        assert found.convention(switch).options == (label,), (switch, found.text())


@pytest.mark.slow  # compiles, and estimates what NAdam hides
def test_muon_of_optax_is_another_method_on_vectors():
    found = identify("optax.contrib:muon")
    assert found.family == "NAdam"
    (matrices,) = found.convention("matrices").options
    assert matrices.startswith("Muon (Nesterov yes; scale sqrt(max(1, columns/rows))")


@pytest.mark.slow  # estimates the settings of every method in turn
def test_another_step_size_is_what_would_have_to_change():
    def half(learning_rate: float = 0.1, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8) -> Any:
        rates = optax.piecewise_constant_schedule(1.0, {3: 0.5})
        return optax.chain(optax.adam(learning_rate, b1, b2, eps), optax.scale_by_schedule(rates))

    found = identify(half)
    assert found.family is None
    assert "the step size is another" in found.text()


@pytest.mark.slow  # estimates the settings of every method in turn, for nothing
def test_what_is_near_to_nothing_has_no_nearest():
    noise = np.random.default_rng(0).normal(size=(12, 8))

    def nothing(lr: float = 0.1) -> Any:
        return (lambda x: 0), lambda g, t, x: (x - lr * noise[t % 12, : x.size].reshape(x.shape), t + 1)

    far = identify(nothing)
    assert (far.family, far.nearest) == (None, ())
    assert "none is near" in far.text()


def test_a_limit_of_time():
    def slow(lr: float = 0.1) -> Any:
        def update(g: Any, s: Any, x: Any) -> Any:
            time.sleep(0.05)
            return x - lr * g, s

        return (lambda x: 0), update

    found = identify(slow, limit=0.2)
    assert not found.ok
    assert "nothing was found within 0.2 s" in found.text()
    with pytest.raises(UserError, match="limit = 0"):
        identify(slow, limit=0)
