"""The practical forms equal torch.optim where both follow the same convention."""

from typing import Any

import numpy as np
import pytest
from optimizer_cases import SEQUENCES, X0, paths

from madatheory.optimizers.catalogue import list_optimizers

pytestmark = pytest.mark.needs("torch")

SAME: dict[str, tuple[str, dict[str, Any], dict[str, float], Any]] = {
    "adam": (
        "adam",
        {},
        {"alpha": 0.1, "beta1": 0.8, "beta2": 0.97, "eps": 1e-3},
        lambda optim, p: optim.Adam(p, lr=0.1, betas=(0.8, 0.97), eps=1e-3),
    ),
    "amsgrad": (
        "amsgrad",
        {"order": "before"},
        {"alpha": 0.1, "beta1": 0.8, "beta2": 0.97, "eps": 1e-3},
        lambda optim, p: optim.Adam(p, lr=0.1, betas=(0.8, 0.97), eps=1e-3, amsgrad=True),
    ),
    "adagrad": (
        "adagrad",
        {"initial": 0.5},
        {"alpha": 0.1, "eps": 1e-3},
        lambda optim, p: optim.Adagrad(p, lr=0.1, initial_accumulator_value=0.5, eps=1e-3),
    ),
    "rmsprop": (
        "rmsprop",
        {},
        {"alpha": 0.1, "beta2": 0.97, "eps": 1e-3},
        lambda optim, p: optim.RMSprop(p, lr=0.1, alpha=0.97, eps=1e-3),
    ),
}


def run_torch(make: Any, gradients: np.ndarray) -> np.ndarray:
    """x_1 .. x_T with the given gradients, in float64."""
    import torch

    x = torch.nn.Parameter(torch.tensor(X0, dtype=torch.float64))
    method, path = make(torch.optim, [x]), []
    for g in gradients:
        x.grad = torch.tensor(g, dtype=torch.float64)
        method.step()
        path.append(x.detach().numpy().copy())
    return np.array(path)


@pytest.mark.parametrize("label", SAME)
def test_same_convention_as_torch(label):
    name, options, hyper, make = SAME[label]
    optimizer = list_optimizers()[name].make({"form": "practical", **options})
    for g, x in zip(SEQUENCES.values(), paths(optimizer, hyper), strict=True):
        expected = run_torch(make, g)
        scale = np.max(np.abs(expected - X0)) or 1.0
        assert np.max(np.abs(x - expected)) < 2e-14 * scale


def test_practical_defaults_are_torchs():
    import torch

    given = {"adam": torch.optim.Adam, "adagrad": torch.optim.Adagrad, "rmsprop": torch.optim.RMSprop}
    for name, theirs in given.items():
        defaults = theirs([torch.nn.Parameter(torch.zeros(1))]).defaults
        ours = list_optimizers()[name].build(form="practical").hyper()
        assert ours["alpha"] == defaults["lr"], name
        assert ours["eps"] == defaults["eps"], name
        if name == "adam":
            assert (ours["beta1"], ours["beta2"]) == defaults["betas"]
        if name == "rmsprop":
            assert ours["beta2"] == defaults["alpha"]
