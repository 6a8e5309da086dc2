"""On what two optimizers are compared: starts, gradients and the settings that both are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from madatheory.identities.recognition.candidate import SEQUENCES, X0, G
from madatheory.identities.recognition.observations import LR, MOMENTUM, RATES, VISIBLE, WEIGHT_DECAY
from madatheory.identities.targets.target import Target, Tensor

SMALL = 2.0**-20
"""A factor that makes gradients as small as the usual eps asks for: 1e-8 beside 1e-6 shows in the second digit."""
SHAPES = ((3,), (4, 2), (2, 3))
MATRICES = SHAPES[1:]
CHANGING = "changing lr"


@dataclass(frozen=True)
class ComparedCase:
    """Starts `x0`, one per tensor, and gradients `g` (T steps of one per tensor); None: the tensor has none.

    `settings` are given to both sides, by neutral names, and `mode` is an execution mode of both. A case that `counts`
    decides whether two optimizers are the same; others are remarks.
    """

    name: str
    what: str
    x0: tuple[Tensor, ...]
    g: tuple[tuple[Tensor | None, ...], ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    mode: str = ""
    counts: bool = True

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of all tensors."""
        return self.x0[0].dtype

    @property
    def steps(self) -> int:
        """T."""
        return len(self.g)

    def changed(self, x0: Sequence[Tensor], g: Sequence[Sequence[Tensor | None]]) -> "ComparedCase":
        """The same on other numbers."""
        return replace(self, x0=tuple(x0), g=tuple(map(tuple, g)))


def _vectors(name: str, what: str, x0: Tensor, g: Tensor, **more: Any) -> ComparedCase:
    return ComparedCase(name, what, (x0,), tuple((row,) for row in g), **more)


def _tensors(name: str, what: str, shapes: Sequence[tuple[int, ...]]) -> ComparedCase:
    """Dyadic numbers, zeros among them; gradients grow, so that every usual threshold of clipping lies in between."""
    rng = np.random.default_rng(3)
    x0 = tuple(np.round(rng.normal(size=shape) * 8) / 8 for shape in shapes)
    scales = 2.0 ** np.arange(-6, 2)
    g = tuple(tuple(scale * np.round(rng.normal(size=shape) * 4) / 4 for shape in shapes) for scale in scales)
    return ComparedCase(name, what, x0, g)


def _where_missing(case: ComparedCase) -> ComparedCase:
    """The second tensor has no gradient in the first two steps and in the fourth."""
    g = tuple((row[0], None if t in (0, 1, 3) else row[1], *row[2:]) for t, row in enumerate(case.g))
    return replace(case, name="missing gradients", what="a tensor without gradient now and then", g=g, counts=False)


def cases(a: Target, b: Target, given: Mapping[str, Any]) -> list[ComparedCase]:
    """What both can be run on; `given` are settings of the user's, which no case overrides."""
    vectors = f"{len(SEQUENCES)} sequences of {len(G)} steps"
    common = a.settable & b.settable - set(given)
    both = a.abilities & b.abilities
    visible = {name: value for name, value in {"lr": LR, **VISIBLE, "momentum": MOMENTUM}.items() if name in common}
    # a coefficient of one side alone, such as optax's eps_root, is left where it is
    tensors = _tensors("tensors", "a vector, a tall and a wide matrix", SHAPES)
    found = [
        _vectors("defaults", f"{vectors}, float64", X0, G),
        _vectors("small gradients", f"the same times 2^{np.log2(SMALL):.0f}", X0, SMALL * G),
        tensors,
        _tensors("matrices", "a tall and a wide matrix", MATRICES),
        _vectors("float32", f"{vectors}, float32", X0.astype(np.float32), G.astype(np.float32)),
    ]
    if len(visible) > ("lr" in visible):
        found.append(_vectors("visible", "settings that hide nothing", X0, G, settings=visible))
    if "weight_decay" in common:
        decayed = {**visible, "weight_decay": WEIGHT_DECAY}
        found.append(_vectors("weight decay", "with weight decay", X0, G, settings=decayed))
    if "scheduled" in both and "lr" in common:
        changing = {**visible, "lr": RATES} | ({"weight_decay": WEIGHT_DECAY} if "weight_decay" in common else {})
        found.append(_vectors(CHANGING, "the step size changes", X0, G, settings=changing, mode="scheduled"))
    if "missing gradients" in both:
        found.append(_where_missing(tensors))
    if "complex" in both:
        g = G + 1j * np.roll(G, 1, axis=1)
        found.append(_vectors("complex", "complex numbers", X0 + 1j * np.roll(X0, 1), g, counts=False))
    return found
