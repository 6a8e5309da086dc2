"""The descent on the learned coefficients, as one vector on their device: `madatheory.optimizers.hypergradient`.

    p <- hyper_momentum p + u,    h <- clamp(h - hyper_learning_rate p),

u limited by its rule's clip first; where it, p^2 or h is not finite, both stay as they are and the miss is counted.
"""

import math
from typing import Any

import torch
from torch import Tensor

from madatheory.torch.plan import StepPlan, word

Vectors = dict[str, Tensor]
"""values, momenta, hypergradients (k,), skipped and count (): what a learned vector of coefficients carries along."""


def fresh(plan: StepPlan, dtype: torch.dtype, device: torch.device) -> Vectors:
    """The vectors before the first step."""
    values = torch.tensor([plan.start[name] for name in plan.rules], dtype=dtype, device=device)
    none, count = torch.zeros_like(values), torch.zeros((), dtype=torch.int32, device=device)
    return {"values": values, "momenta": none, "hypergradients": none.clone(), "skipped": count, "count": count.clone()}


def rules_of(plan: StepPlan, like: Tensor) -> dict[str, Tensor]:
    """The rules' numbers as vectors beside `like`."""
    tiny = torch.finfo(like.dtype).tiny
    rules, bounds = plan.rules.values(), [plan.bounds[name] for name in plan.rules]
    columns: dict[str, list[Any]] = {
        "rate": [rule.hyper_learning_rate for rule in rules],
        "momentum": [rule.hyper_momentum for rule in rules],
        "clip": [math.inf if rule.clip is None else rule.clip for rule in rules],
        "start": [rule.start for rule in rules],
        "low": [tiny if bound.open_low else bound.low for bound in bounds],
        "high": [bound.high for bound in bounds],
    }
    return {name: torch.tensor(column, dtype=like.dtype, device=like.device) for name, column in columns.items()}


def descended(rules: dict[str, Tensor], vectors: Vectors, u: Tensor) -> Vectors:
    """The vectors that one step of the descent along the hyper-gradients `u` changes."""
    values, momenta, count = vectors["values"], vectors["momenta"], vectors["count"] + 1
    learns = count >= rules["start"]
    pushed = rules["momentum"] * momenta + torch.minimum(torch.maximum(u, -rules["clip"]), rules["clip"])
    moved = torch.minimum(torch.maximum(values - rules["rate"] * pushed, rules["low"]), rules["high"])
    good = (pushed * pushed < math.inf) & (moved.abs() < math.inf)
    good &= (rules["clip"] == math.inf) | (u.abs() < math.inf)
    return {
        "values": torch.where(learns & good, moved, values),
        "momenta": torch.where(learns & good, pushed, momenta),
        "skipped": vectors["skipped"] + (learns & ~good).sum().to(torch.int32),
        "count": count,
    }


def by_word(plan: StepPlan, vector: Tensor) -> dict[str, Tensor]:
    """The entries of a vector by PyTorch's names: views, so that what changes the vector changes them."""
    return {word(name): vector[i] for i, name in enumerate(plan.rules)}
