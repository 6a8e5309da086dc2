"""What the tests of `madatheory.torch` share: runs of MADA on two tensors, beside the reference and beside optax."""

from importlib import import_module
from itertools import combinations
from typing import Any

import numpy as np

from madatheory.optimizers.request import Descent
from madatheory.training.arguments import in_family


class Lazily:
    """A module that is imported when it is used, so that tests which need it can be collected without it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, key: str) -> Any:
        return getattr(import_module(self.name), key)


torch: Any = Lazily("torch")
ours: Any = Lazily("madatheory.torch")
ALL = ("lr", "b1", "b2", "b3", "rho", "c", "gamma")
SUBSETS = [names for size in range(1, 8) for names in combinations(ALL, size)]
COVERING = [s for s in SUBSETS if len(s) in (1, 6, 7)]
"""Each coefficient alone, each but one, and all."""
START: dict[str, float] = {"lr": 0.1, "b1": 0.8, "b2": 0.9, "b3": 0.3, "rho": 0.4, "c": 0.6, "gamma": 0.7}
EPS, RULE = 1e-3, Descent(0.02, 0.5)
RNG = np.random.default_rng(20261125)
STEPS, D = 60, 5
G = RNG.standard_normal((STEPS, D)) * np.array([1.0, 0.5, 2.0, 0.1, 1.0])
X0 = np.array([1.0, -0.5, 0.25, 2.0, 0.0])


def tensors(x: np.ndarray, dtype: Any = None) -> list[Any]:
    """Coordinates dealt out to tensors of two shapes, so that a sum over one alone is wrong."""
    made = torch.tensor(x, dtype=dtype or torch.float64)
    return [part.clone().requires_grad_() for part in (made[:1], made[1:].reshape(2, 2))]


def flat(params: list[Any]) -> np.ndarray:
    return torch.cat([p.detach().reshape(-1) for p in params]).double().numpy()


def give(params: list[Any], g: np.ndarray) -> None:
    """The gradient, dealt out like the parameters."""
    for p, part in zip(params, (g[:1], g[1:].reshape(2, 2)), strict=True):
        p.grad = torch.tensor(part, dtype=p.dtype)


def drive(optimizer: Any, params: list[Any], g: np.ndarray) -> dict[str, np.ndarray]:
    """Steps with these gradients: "x" (T, d), and by name (T,) the coefficients after each."""
    found: dict[str, list[Any]] = {"x": []}
    for now in g:
        give(params, now)
        optimizer.step()
        found["x"].append(flat(params))
        for name, value in optimizer.coefficients().items():
            found.setdefault(name, []).append(float(value))
    return {name: np.array(values) for name, values in found.items()}


def run(steps: int = STEPS, dtype: Any = None, g: np.ndarray = G, **options: Any) -> dict[str, np.ndarray]:
    params = tensors(X0, dtype)
    return drive(ours.MADA(params, **options), params, g[:steps])


def asked(names: tuple[str, ...], **options: Any) -> dict[str, Any]:
    """The arguments of a run that learns these coefficients."""
    return {"eps": EPS, **START, "learn": dict.fromkeys(names, RULE), **options}


def family(name: str) -> str:
    return next(iter(in_family({"learning_rate" if name == "lr" else name: 0})))
