"""`identify` on optax and torch: which conventions they follow."""

import json
from typing import Any

import optax
import pytest

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
    "SGD nesterov": ({"nesterov": True, "momentum": 0.9}, "SGD", {"momentum": "summed", "Nesterov": "yes"}),
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


def test_radam_is_none_of_them():
    found = identify("optax:radam")
    assert found.family is None
    assert len(found.nearest) == 3
    assert all(near.at is not None and near.distance > 0.2 for near in found.nearest)
