"""Lemmas on boxes of their parameters, with the package's own formulas, and their false variants refuted.

A box keeps away from where a lemma holds with equality: there enclosures cannot decide. By scaling G = w = 1 and e = 1
lose nothing; in L1 so does g_1 = G, since a larger G only weakens the claim.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from madatheory.arithmetic import Arithmetic, arithmetic
from madatheory.theory.catalogue import list_lemmas
from madatheory.theory.lemma import Lemma, Values, case
from proofs_check.evidence import Check, Finding, Status

Number = Any
SEEDS, CASES = 40, 4000


@dataclass(frozen=True)
class Region:
    """A box of a lemma's parameters: `values` turns coordinates into the lemma's values, `text` says which box."""

    values: Callable[[Sequence[Number]], Values]
    ranges: tuple[tuple[float, float], ...]
    text: str
    limit: int = 20_000


def _law(u: Sequence[Number]) -> Values:
    p, s, a, *more = u
    one = a * 0 + 1
    found = {"p": [p, 1 - p], "g": [one, s], "G": one, "a": a, "w": one, "k": one / 2}
    return found | ({"k": more[0]} if more else {})


def _denominators(u: Sequence[Number]) -> Values:
    p, s, a, y, z = u
    one = a * 0 + 1
    return {"p": [p, 1 - p], "g": [one, s], "b": [y, z], "G": one, "a": a, "W": one}


def _sums(u: Sequence[Number]) -> Values:
    beta, *x = u
    return {"x": x, "e": beta * 0 + 1, "beta": beta}


def _moments(u: Sequence[Number]) -> Values:
    eps, beta2, *x = u
    return {"x": x, "G": eps * 0 + 1, "eps": eps, "beta2": beta2}


def _first_one(u: Sequence[Number]) -> Values:
    one = u[0] * 0 + 1
    return {"a": [one, *u], "x": [one, *u]}


def _nodes(u: Sequence[Number]) -> Values:
    c, *gaps = u
    return {"c": c, "gap": gaps}


def _line(u: Sequence[Number]) -> Values:
    x, move = u
    return {"x": x, "y": x + move}


LAW = ((0.125, 1.0), (-1.0, 1.0), (0.0625, 2.0))
LAW_TEXT = "2 atoms g = (1, s), 1/8 <= p_1, -1 <= s <= 1, 1/16 <= a <= 2, w = G = 1"
UNIT, EPS = (0.0, 1.0), (0.0625, 4.0)


def _squares(T: int, most: float = 0.875) -> Region:
    text = f"T = {T}, G = 1, 1/16 <= eps <= 4, beta2 <= {most:g}"
    return Region(_moments, (EPS, (0.0, most), *[UNIT] * T), text)


REGIONS: Mapping[str, tuple[Region, ...]] = {
    "decoupling": (Region(_law, LAW, LAW_TEXT),),
    "decoupling-family": (
        Region(
            _law,
            ((0.25, 1.0), (-1.0, 1.0), (0.125, 1.0), (0.25, 0.75)),
            "2 atoms g = (1, s), 1/4 <= p_1, -1 <= s <= 1, 1/8 <= a <= 1, w = G = 1, 1/4 <= k <= 3/4",
        ),
    ),
    "decoupling-published": (Region(_law, LAW, LAW_TEXT),),
    "exponential-moment": (Region(_law, LAW, LAW_TEXT),),
    "decoupling-any-denominator": (
        Region(
            _denominators,
            ((0.125, 0.875), (-1.0, 1.0), (1.0, 1.0), (2.0, 8.0), (2.0, 8.0)),
            "2 atoms g = (1, s), 1/8 <= p_1 <= 7/8, -1 <= s <= 1, a = W = G = 1, 2 <= b_i <= 8",
        ),
    ),
    "ratio-sum": (
        Region(_sums, ((0.5, 0.5), (0.0625, 16.0), (0.0, 16.0), (0.0, 16.0)), "T = 3, e = 1, 1/16 <= x_1, x_t <= 16"),
    ),
    "discounted-ratio-sum": tuple(
        Region(_sums, ((0.0625, 0.9375), *[(0.0, 16.0)] * T), f"T = {T}, e = 1, 1/16 <= beta <= 15/16, x_t <= 16")
        for T in (2, 3)
    ),
    "ratio-root-sum": (Region(_first_one, ((0.0, 16.0),) * 2, "T = 3, x_1 = 1, x_2, x_3 <= 16"),),
    "decreasing-weights": (Region(_first_one, ((0.0, 1024.0),) * 3, "T = 4, a_1 = 1, a_t <= 1024"),),
    "psi-integral": tuple(
        Region(_nodes, ((0.0625, 4.0), *[(0.0, 8.0)] * n), f"{n + 1} nodes, gaps <= 8, 1/16 <= c <= 4") for n in (1, 2)
    ),
    **{
        name: tuple(_squares(T) for T in (1, 2, 3))
        for name in (
            "avgrad-ratio-sum",
            "avgrad-ratio-sum-uniform",
            "avgrad-horizon-sum",
            "avgrad-horizon-sum-root",
            "amsgrad-ratio-sum",
            "amsgrad-horizon-sum",
        )
    },
    **{
        f"smoothness-{name}": tuple(
            Region(_line, ((-8.0, 8.0), side), f"|x| <= 8, 1/4 <= {what} <= 8")
            for side, what in (((0.25, 8.0), "y-x"), ((-8.0, -0.25), "x-y"))
        )
        for name in ("ratio", "log", "exponential")
    },
}


def checks() -> Iterator[Check]:
    """Every lemma with a box on all of its boxes, and every false variant of every lemma."""
    for lemma in list_lemmas().values():
        for i, region in enumerate(REGIONS.get(lemma.name, ())):
            # one check of a lemma is about the whole statement, the others are its other boxes
            part = "" if i == len(REGIONS[lemma.name]) - 1 else region.text
            yield Check(lemma.name, partial(on_box, lemma, region), part=part, box=region.text)
        for variant in lemma.false_variants:
            yield Check(lemma.name, partial(refute, variant), part=variant.name, false=True)


def on_box(lemma: Lemma, region: Region) -> Finding:
    """PROVED if left < right on the whole region, REFUTED with a point where left > right."""
    from proofs_check.balls.boxes import Box, cover

    # every relation is affine or concave in each coordinate, so that corners decide
    for corner in product(*region.ranges):
        if not all(lemma.hypothesis(region.values([Fraction(x) for x in corner]))):
            return Finding(Status.OPEN, f"the hypothesis fails at {corner}")

    def gap(u: list[Number], xp: Arithmetic) -> Number:
        values = region.values(u)
        return lemma.right(values, xp) - lemma.left(values, xp)

    found = cover(Box(gap, region.ranges, region.limit))
    if found.proved:
        return Finding(Status.PROVED, f"{found.boxes} boxes, right - left > {float(found.least):.2g}")
    if found.witness is not None:
        return Finding(Status.REFUTED, f"{found.boxes} boxes", f"{region.text}: {found.witness}")
    return Finding(Status.OPEN, f"undecided after {found.boxes} boxes")


def refute(variant: Lemma) -> Finding:
    """REFUTED if a case found by the lemma's own sampler violates the claim in ball arithmetic."""
    from proofs_check.balls.branch import precision

    with precision(256):
        for found in _candidates(variant):
            values = _exact(found)
            try:
                excess = _excess(variant, values)
            except (ValueError, ZeroDivisionError):
                continue
            if excess > 0 and all(relation for relation in variant.hypothesis(values)):
                width = float(excess.rad())
                return Finding(Status.REFUTED, f"left - right = {float(excess):.3g}, enclosed", _text(found), width)
    return Finding(Status.OPEN, f"no violation in {SEEDS} draws of {CASES} cases")


def _candidates(variant: Lemma) -> Iterator[Mapping[str, Any]]:
    if variant.witness is not None:
        yield variant.witness
    for seed in range(SEEDS):
        drawn = variant.draw(np.random.default_rng(seed), CASES)
        with np.errstate(all="ignore"):
            excess = np.where(variant.admits(drawn), variant.excess(drawn), -np.inf)
        for index in np.argsort(np.where(np.isnan(excess), -np.inf, excess))[-3:][::-1]:
            yield case(drawn, int(index))


def _exact(found: Mapping[str, Any]) -> Values:
    from flint import arb

    return {
        name: [arb(float(x)) for x in np.ravel(value)] if np.ndim(value) else arb(float(value))
        for name, value in found.items()
    }


def _excess(variant: Lemma, values: Values) -> Number:
    xp = arithmetic("balls")
    gap = variant.left(values, xp) - variant.right(values, xp)
    return abs(gap) if variant.relation == "==" else gap


def _text(found: Mapping[str, Any]) -> str:
    def short(value: Any) -> str:
        if np.ndim(value) == 0:
            return f"{float(value):.6g}"
        shown = [f"{float(x):.6g}" for x in np.ravel(value)[:6]]
        return f"({', '.join(shown)}{', ..' if np.size(value) > 6 else ''})"

    return ", ".join(f"{name} = {short(value)}" for name, value in found.items())
