"""MADA in PyTorch passes every identity of the package's own suite that applies to it."""

from typing import Any

import pytest
from torch_cases import ours

from madatheory.identities import check

pytestmark = pytest.mark.needs("torch")
V0 = "the published v starts at 1e-15 and not at 0"


def rho(params: Any, lr: float = 1e-3, b2: float = 0.99, eps: float = 1e-6, maximize: bool = False) -> Any:
    return ours.MADA(params, lr, {"rho": 0.1}, rho=0.6, b2=b2, eps=eps, maximize=maximize)


def train(params: Any, lr: float = 1e-3, weight_decay: float = 0.0, maximize: bool = False) -> Any:
    return ours.MADA(params, lr, preset="train", weight_decay=weight_decay, maximize=maximize)


def adam(params: Any, lr: float = 1e-3, b1: float = 0.9, b2: float = 0.99, eps: float = 1e-6) -> Any:
    return ours.MADA(params, lr, {}, b1=b1, b2=b2, eps=eps)


def passes(make: Any, xfail: dict[str, str]) -> None:
    report = check(make, xfail=xfail, limit=120)
    assert not report.problem
    assert not [(o.code, o.detail) for o in report.failures if o.code not in xfail]
    assert report.ok
    assert sum(o.status == "pass" for o in report.outcomes) > 20


def test_it_passes_every_identity() -> None:
    passes(rho, {})


@pytest.mark.slow(reason="seconds each, beside the one above")
@pytest.mark.parametrize("make", [train, adam, "MADA", "HyperAdam"])
def test_each_form_passes_every_identity(make: Any) -> None:
    xfail = {"S7": V0, "C1": V0} if make == "MADA" else {}
    passes(getattr(ours, make) if isinstance(make, str) else make, xfail)
