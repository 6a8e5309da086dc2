"""What an optimizer says it is: its name, or the method that its author gives.

What it does is detected (`recognition.traits`), and a wrong recurrence loses the trait that would have shown it wrong.
What it says stays.
"""

import re
from collections.abc import Mapping

from madatheory.identities.targets.target import Target

ADAM = ("average of gradients", "average of squares", "corrected", "corrected squares")
METHODS: Mapping[str, tuple[str, ...]] = {
    "adam": ADAM,
    "adamw": ADAM,
    "amsgrad": ("average of gradients", "maximum of squares"),
    "rmsprop": ("average of squares",),
    "adagrad": ("sum of squares",),
    "lion": ("sign step",),
    "sgd": ("linear in lr",),
    "nadam": (),
    "radam": (),
    "adadelta": (),
    "adamax": (),
    "yogi": (),
    "adafactor": (),
    "muon": (),
    "shampoo": (),
    "soap": (),
    "lamb": (),
    "lars": (),
    "signsgd": ("sign step",),
    "nadamw": (),
    "radamw": (),
    "sgdw": (),
    "lionw": (),
    "adamaxw": (),
}
"""Published methods, by their names in small letters without signs: the traits that each has by its definition."""
_DECOUPLED = frozenset({"adamw", "nadamw", "radamw", "sgdw", "lion", "lionw", "adamaxw"})
_BOTH_SIDES_ALIKE = frozenset({"adafactor", "muon", "shampoo", "soap", "lamb", "lars"})


def method_of(target: Target, given: str = "") -> str:
    """The method that a target is meant to be: `given`, else its name if that is one of `METHODS`; "" if unknown."""
    if given:
        return given
    name = re.sub("[^a-z0-9]", "", re.split("[:./]", target.name)[-1].lower())
    return name if name in METHODS else ""


def decoupled(method: str) -> bool:
    """Whether the published method decays weights beside its update, not through the gradient."""
    return method in _DECOUPLED


def treats_sides_alike(method: str) -> bool:
    """Whether the published method moves a transposed matrix by the transposed update, up to its length."""
    return method in _BOTH_SIDES_ALIKE
