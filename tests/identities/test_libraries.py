"""The optimizers of a library: none is dropped silently, and what is left out has its reason."""

import numpy as np
import pytest

from madatheory.errors import UserError
from madatheory.identities.targets.factory_overrides import FACTORY_OVERRIDES
from madatheory.identities.targets.library import library
from madatheory.identities.targets.lookup import find


def test_nothing_of_optax_is_dropped_silently() -> None:
    import optax

    found = library("optax")
    for place, module in (("optax", optax), ("optax.contrib", optax.contrib)):
        public = {f"{place}:{name}" for name in dir(module) if not name.startswith("_")}
        assert public <= {*found.optimizers, *found.excluded}
    assert not {*found.optimizers} & {*found.excluded}
    assert {"optax:adam", "optax:optimistic_adam", "optax.contrib:schedule_free"} <= {*found.optimizers}
    assert found.excluded["optax:scale_by_adam"] == "a part of optimizers, not one"
    assert all(found.excluded.values())


@pytest.mark.needs("torch")
def test_all_classes_of_torch_optim() -> None:
    import torch

    found = library("torch.optim")
    for name, value in vars(torch.optim).items():
        if isinstance(value, type) and issubclass(value, torch.optim.Optimizer) and name[0] != "_":
            assert (f"torch.optim:{name}" in found.optimizers) is (name != "Optimizer")


@pytest.mark.needs("torch", "pytorch_optimizer")
def test_pytorch_optimizer_is_covered() -> None:
    from pytorch_optimizer.optimizer import OPTIMIZERS

    found = library("pytorch_optimizer")
    classes = {type_.__name__ for type_ in OPTIMIZERS.values() if isinstance(type_, type)}
    known = {name.partition(":")[2] for name in (*found.optimizers, *found.excluded)}
    assert classes <= known
    assert len(found.optimizers) > 100
    assert found.excluded["pytorch_optimizer:SAM"] == "takes a second gradient at a point of its own choice"
    for spec in FACTORY_OVERRIDES:
        if spec.startswith("pytorch_optimizer:"):
            assert spec in found.optimizers
            stepper = find(spec).begin([np.ones(3)], {"lr": 0.125})
            if spec != "pytorch_optimizer:BSAM":  # wants a closure
                stepper.step([np.ones(3)])
                assert np.isfinite(stepper.parameters()[0]).all()


def test_our_own_optimizers_are_a_library() -> None:
    found = library("madatheory")
    assert "madatheory:adam:form=practical" in found.optimizers
    assert find("madatheory:lion:form=practical").settable >= {"lr", "beta1", "beta2"}
    with pytest.raises(UserError, match="unknown optimizer"):
        find("madatheory:adma")
