"""Ways in which one black box can be the other on changed gradients, or at other step sizes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from madatheory.identities.comparison.accounts import ExplainedDifference
from madatheory.identities.comparison.cases import ComparedCase
from madatheory.identities.comparison.judged import same
from madatheory.identities.comparison.sides import ComparedSide, Row, RowChange, flat, rows
from madatheory.identities.recognition.recurrences import steps
from madatheory.identities.targets.target import Tensor
from madatheory.references import adam, sgd

LIMITS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Thresholds of gradient clipping that people set."""
CLOSE = 1e-7
USUAL: Sequence[tuple[Any, dict[str, float]]] = (
    (sgd.run, {}),
    (sgd.run, {"momentum": 0.9}),
    (adam.run, {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
)
"""Methods whose step sizes can be read off."""


def _each(change: Callable[[Tensor], Tensor]) -> RowChange:
    return lambda row: [None if g is None else change(g).astype(g.dtype) for g in row]


def _clipped_norm_each(limit: float) -> RowChange:
    whole = _clipped_norm(limit)
    return lambda row: [whole([g])[0] for g in row]


def _clipped_norm(limit: float) -> RowChange:
    def change(row: Row) -> list[Tensor | None]:
        norm = np.sqrt(sum(float(np.sum(np.abs(g.astype(float)) ** 2)) for g in row if g is not None))
        factor = min(1.0, limit / norm) if norm else 1.0
        return [None if g is None else (g * factor).astype(g.dtype) for g in row]

    return change


def _gradients() -> Iterator[tuple[ExplainedDifference, RowChange]]:
    """What may be done to the gradients of A before B gets them: (difference, change)."""
    yield ExplainedDifference("sign", "descends", "ascends", "convention"), _each(np.negative)
    for limit in LIMITS:
        what = f"clipped to the norm {limit:g} over all tensors"
        yield ExplainedDifference("gradients", "as they are", what, "convention"), _clipped_norm(limit)
        alone = f"clipped to the norm {limit:g}, each tensor by itself"
        yield ExplainedDifference("gradients", "as they are", alone, "convention"), _clipped_norm_each(limit)
        each = f"each entry clipped to [-{limit:g}, {limit:g}]"
        clip = _each(lambda g, limit=limit: np.clip(g, -limit, limit))
        yield ExplainedDifference("gradients", "as they are", each, "convention"), clip


def on_changed_gradients(
    a: ComparedSide, b: ComparedSide, cases: Sequence[ComparedCase], precision: str
) -> list[ExplainedDifference] | None:
    """B is A, or A is B, on gradients that are changed first."""
    real = [case for case in cases if case.dtype.kind == "f"]
    for one, other, turned in ((a, b, False), (b, a, True)):
        for difference, change in _gradients():
            changed = replace(one, before=change)
            if all(same(case, changed, other, precision) for case in real):
                return [difference._replace(a=difference.b, b=difference.a) if turned else difference]
    return None


def by_step_size(
    cases: Sequence[ComparedCase], paths: Sequence[tuple[Tensor, Tensor]]
) -> list[ExplainedDifference] | None:
    """Every update of B is a multiple of A's: the same for all, one per step, one per tensor, or A's of a step before.

    Runs with weight decay are left out, which another step size changes otherwise.
    """
    told = [
        (case, steps(one, flat(case.x0)), steps(other, flat(case.x0)))
        for case, (one, other) in zip(cases, paths, strict=True)
        if "weight_decay" not in case.settings and case.dtype == np.float64
    ]
    if not told:
        return None
    if all(_alike(one[:-1], other[1:]) and not other[0].any() for _, one, other in told):
        return [ExplainedDifference("step", "at once", "one step later", "convention")]
    if all(_alike(one[1:], other[:-1]) and not one[0].any() for _, one, other in told):
        return [ExplainedDifference("step", "one step later", "at once", "convention")]
    ratios = [found for case, one, other in told if (found := _ratios(case, one, other)) is not None]
    if len(ratios) < len(told):
        return None
    first = ratios[0]
    tensors = _per_tensor(told, ratios)
    if tensors is None:
        return None
    if len(set(tensors.values())) > 1:
        words = ", ".join(f"{value} for {shape}" for shape, value in tensors.items())
        return [ExplainedDifference("step size", "1", f"times {words}", "convention")]
    factors = first[:, 0]
    whose = _shift(told[0], factors)
    if whose:
        return [ExplainedDifference("schedule of the step size", *whose, "convention")]
    if np.allclose(factors, factors[0], rtol=1e-6):
        return [ExplainedDifference("step size", "1", f"times {factors[0]:.6g}", "convention")]
    words = ", ".join(f"{value:.4g}" for value in factors)
    return [ExplainedDifference("step size", "1", f"times {words} at steps 1, 2, ..", "convention")]


def _shift(told: tuple[ComparedCase, Tensor, Tensor], ratio: Tensor) -> tuple[str, str] | None:
    """Whether B's step size at t is A's at t + 1 or t - 1, where A is SGD or Adam with usual coefficients."""
    case, updates, _ = told
    for run, coefficients in USUAL:
        start = flat(case.x0)
        unit = steps(run(start, rows(case), alpha=1.0, **coefficients), start)
        sizes = _ratios(case, unit, updates)
        if sizes is not None and not np.allclose(sizes, sizes[0], rtol=1e-6):
            first, second = sizes[:, 0], sizes[:, 0] * ratio
            if np.allclose(second[:-1], first[1:], rtol=1e-6):
                return "lr_t in step t", "lr_(t+1) in step t: one step ahead"
            if np.allclose(second[1:], first[:-1], rtol=1e-6):
                return "lr_t in step t", "lr_(t-1) in step t: one step behind"
    return None


def _per_tensor(
    told: Sequence[tuple[ComparedCase, Tensor, Tensor]], ratios: Sequence[Tensor]
) -> dict[tuple[int, ...], str] | None:
    """Shape -> factor in words; None if runs disagree."""
    found: dict[tuple[int, ...], str] = {}
    for (case, _, _), ratio in zip(told, ratios, strict=True):
        for i, x in enumerate(case.x0):
            column = ratio[:, i]
            constant = np.allclose(column, column[0], rtol=1e-6)
            words = f"{column[0]:.6g}" if constant else ", ".join(f"{value:.4g}" for value in column[:6])
            if found.setdefault(x.shape, words) != words:
                return None
    return found


def _alike(a: Tensor, b: Tensor) -> bool:
    size = np.nanmax(np.abs(a), initial=0.0)
    return bool(np.allclose(a, b, rtol=CLOSE, atol=1e-9 * size))


def _ratios(case: ComparedCase, a: Tensor, b: Tensor) -> Tensor | None:
    """b/a, one per step and tensor, where it is the same for all entries of the tensor; else None."""
    found, at = np.ones((len(a), len(case.x0))), 0
    for i, x in enumerate(case.x0):
        for t in range(len(a)):
            one, other = a[t, at : at + x.size], b[t, at : at + x.size]
            if not (np.isfinite(one).all() and np.isfinite(other).all()) or not one.any():
                return None
            found[t, i] = float(one @ other / (one @ one))
            if not _alike(found[t, i] * one, other):
                return None
        at += x.size
    return found
