"""`identify` on references disguised as black boxes: each is recognised with every switch set every way."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from black_boxes import FAMILY, box, disguised

from madatheory.identities.recognition.candidate import X0, Candidate, G, Observation, candidates
from madatheory.identities.recognition.conventions import COMPLEX, DECAY, FAMILIES
from madatheory.identities.recognition.identify import identify
from madatheory.identities.targets.target import Tensor


def variations() -> list[Candidate]:
    """Every family as it is, and with each switch set otherwise."""
    found = []
    for family in FAMILIES:
        if not family.fitted:
            first = next(candidates(family))
            found += [first, *first.neighbours()]
    return found


def name_of(candidate: Candidate) -> str:
    first = next(candidates(candidate.family))
    changed = [label for label, usual in zip(candidate.labels, first.labels, strict=True) if label != usual]
    return f"{candidate.family.name}: {changed[0] if changed else 'as it is'}"


SAME_NUMBERS = {
    # switch: when its options give the same numbers
    "eps": lambda c: c["bias correction"] in ("none", "first moment only") or c.get("maximum", "").startswith("after"),
    "maximum": lambda c: c["bias correction"] in ("none", "first moment only"),
    "first moment": lambda c: c["momentum schedule"].startswith("simple"),
    "look-ahead correction": lambda c: c["bias correction"] != "power",
    "first difference": lambda c: c["correction of the difference"] == "no",
    # of a normalized step only the direction counts, which a correction changes where eps or a look-ahead sees it
    "bias correction": lambda c: c.get("Nesterov") == "no" or c.get("eps", "").endswith("before the correction"),
    "weights of the average": lambda c: True,
    "lr_t": lambda c: True,
}


@pytest.mark.parametrize("candidate", variations(), ids=name_of)
def test_every_reference_with_every_switch_is_recognised_as_itself(candidate):
    found = identify(disguised(candidate))
    assert found.family == candidate.family.name, found.text()
    assert found.ok
    assert found.others == ()
    assert found.precision == "float64"
    for name, label in candidate.choice().items():
        options = found.convention(name).options
        switch = next(switch for switch in candidate.family.switches if switch.name == name)
        assert label in options or switch.unless.get(label) in options, found.text()
        if len(options) > 1:  # only where mathematics makes them equal, and it is said
            assert SAME_NUMBERS[name](candidate.choice()), (name, options)
            assert "same numbers" in found.convention(name).why
    named = {part.what.split(": ")[0] for part in found.parts}
    assert all(part.at is not None for part in found.parts)
    assert named <= {*candidate.choice(), "weight decay", "complex numbers"}
    assert all(near.at is not None and near.distance > 1e-9 for near in found.nearest)


@pytest.mark.parametrize("name", ["Adam", "Lion"])
@pytest.mark.parametrize("label", DECAY.options)
def test_the_form_of_the_weight_decay(name, label):
    candidate = next(candidates(FAMILY[name]))
    found = identify(disguised(Candidate(candidate.family, candidate.labels, extra=DECAY.options[label])))
    assert found.family == name
    assert found.convention("weight decay").options == (label,)
    assert {p.what for p in found.parts if p.what.startswith("weight")} == {
        f"weight decay: {other}" for other in DECAY.options if other != label
    }


@pytest.mark.parametrize("label", COMPLEX.options)
def test_the_complex_convention(label):
    candidate = next(candidates(FAMILY["Adam"]))
    found = identify(disguised(Candidate(candidate.family, candidate.labels, extra=COMPLEX.options[label])))
    assert found.convention("complex numbers").options == (label,)
    linear = identify(disguised(next(candidates(FAMILY["SGD"]))))
    assert linear.convention("complex numbers").options == tuple(COMPLEX.options)


@pytest.mark.parametrize("name", ["Adam", "AMSGrad", "Adagrad"])
def test_the_step_size_over_root_t(name):
    candidate = next(candidates(FAMILY[name]))

    def run(x0: Tensor, g: Tensor, values: Mapping[str, Any]) -> Tensor:
        arguments = candidate.arguments(values)
        assert arguments is not None
        arguments = {**arguments, "alpha": values["lr"] / np.sqrt(np.arange(1, len(g) + 1))}
        return candidate.family.run(x0, g, **arguments)

    found = identify(box(run, ["lr", "beta1", "beta2", "eps"]))
    assert found.family == name
    assert found.convention("step size").options == ("lr/sqrt(t)",)


def stepped(update, start=np.zeros_like):
    """(init, update) of x -> update(momentum, lr g + lr lambda (a point), x, state)."""

    def make(lr=0.1, momentum=0.9, weight_decay=0.0):
        return start, lambda g, kept, x: update(momentum, lambda y: lr * (g + weight_decay * y), x, kept)

    return make


def undone_first(mu, pull, x, v):
    """Back from the point ahead, a step there, ahead again; the decay is that of the point between."""
    y = x - mu * v
    v = mu * v - pull(y)
    return y + v + mu * v, v


def ahead(mu, pull, x, v):
    """Sutskever's velocity, kept at the point ahead."""
    v = mu * v - pull(x)
    return x + mu * v - pull(x), v


def two_sequences(mu, pull, y, x_before):
    """Nesterov's: a gradient step from y, then beyond it."""
    x = y - pull(y)
    return x + mu * (x - x_before), x


def averaged_whole(mu, pull, x, m):
    m = mu * m + (1 - mu) * pull(x)
    return x - mu * m - pull(x), m


COUPLED, BEFORE = "coupled (added to the gradient)", "coupled, of the point before the look-ahead"
NESTEROV = {
    "undone first": (stepped(undone_first), "yes", BEFORE),
    "kept ahead": (stepped(ahead), "yes", COUPLED),
    "two sequences": (stepped(two_sequences, np.copy), "yes", COUPLED),
    "whole gradient": (stepped(averaged_whole), "yes, with the whole gradient, momentum b_t + g_t", COUPLED),
}


@pytest.mark.parametrize("name", NESTEROV)
def test_forms_of_nesterov_are_told(name):
    factory, form, decay = NESTEROV[name]
    found = identify(factory)
    assert (found.family, found.others) == ("SGD", ()), found.text()
    assert found.convention("Nesterov").options == (form,)
    assert found.convention("weight decay").options == (decay,)


def test_momentum_of_1983():
    def make(lr=0.1):
        def update(g, kept, y):
            x_before, t = kept
            x = y - lr * g
            return x + (t - 1) / (t + 2) * (x - x_before), (x, t + 1)

        return lambda x: (np.copy(x), 1), update

    assert identify(make).convention("Nesterov").options == ("yes, with momentum (t-1)/(t+2) as in 1983",)


def test_the_tolerance_is_that_of_the_precision_asked_for() -> None:
    """A path that is off by 1e-9 is Adam's to the rounding of float32, not of float64, whichever is asked first."""
    adam = next(candidates(next(family for family in FAMILIES if family.name == "Adam")))
    values = {"lr": 0.1, "beta1": 0.9, "beta2": 0.99, "eps": 1e-3}
    updates = adam.updates(Observation("", {}, values, X0, G, np.zeros_like(G)))
    assert updates is not None
    for asked in ((np.float64, np.float32), (np.float32, np.float64)):
        seen = Observation("", {}, values, X0, G, X0 + np.cumsum(updates, axis=0) * (1 + 1e-9))
        off = {dtype: adam.parts(seen, dtype) is not None for dtype in asked}
        assert off == {np.float64: True, np.float32: False}
