"""What is best in L1: no K below 0.388355 at c = 1, and no c above 1 whatever K, by explicit laws."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from madatheory.arithmetic import Arithmetic, arithmetic
from madatheory.theory.lemma import Values
from madatheory.theory.lemmas.decoupling import decoupling
from proofs_check.evidence import Check, Finding, Status

Number = Any
LEAST = (388355, 1_000_000)
# K(p, th) = (p^(3/2) - p^2 + p (1-p) sqrt(th))/(p + (1-p) th) is what the law 1 with probability p, -s else, with
# s^2/(a + s^2) = th, needs as a -> 0; it is largest, .38835555, near these
CHANCE, SHARE = (365585, 10**6), (221543, 10**6)
FACTORS, CONSTANTS = (0.125, 4.0), (0.125, 64.0)  # c - 1 and K


def checks() -> Iterator[Check]:
    """Both constants, and a planted claim that is too strong for each."""
    yield Check("decoupling-least-constant", partial(least_constant, LEAST))
    yield Check("decoupling-least-constant", partial(least_constant, (39, 100)), part="0.39 for 0.388355", false=True)
    yield Check("decoupling-largest-factor", partial(largest_factor, 1), box="9/8 <= c <= 5, 1/8 <= K <= 64")
    yield Check("decoupling-largest-factor", partial(largest_factor, -1), part="below 1 for above 1", false=True)


def with_constants(xp: Arithmetic, c: Number, K: Number) -> Arithmetic:
    """The arithmetic in which the formulas of L1, typed with 1/1 and 2/5, have the constants c and K."""
    constants = {(1, 1): c, (2, 5): K}
    return xp._replace(rational=lambda p, q: constants[p, q])


def two_atoms(xp: Arithmetic) -> Values:
    """The law of `LEAST`, a = 1e-60, w = G = 1."""
    p, share, a = xp.rational(*CHANCE), xp.rational(*SHARE), xp.rational(1, 10**60)
    one, small = xp.rational(1, 1), xp.sqrt(a * share / (1 - share))
    return {"p": [p, 1 - p], "g": [one, -small], "G": one, "a": a, "w": one, "k": one / 2}


def least_constant(claimed: tuple[int, int]) -> Finding:
    """PROVED if the law needs a K above `claimed`: right - left is affine in K, and vanishes at the K that it needs."""
    from proofs_check.balls.branch import precision

    with precision(256):
        xp = arithmetic("balls")
        values, one = two_atoms(xp), xp.rational(1, 1)
        if not all(decoupling.hypothesis(values)):
            return Finding(Status.OPEN, "the law does not satisfy the hypothesis")
        without, with_one = (
            decoupling.right(values, at) - decoupling.left(values, at)
            for at in (with_constants(xp, one, 0 * one), with_constants(xp, one, one))
        )
        needed = -without / (with_one - without)
        text = f"1 with probability {CHANCE[0] / CHANCE[1]}, else -s, s^2/(a+s^2) = {SHARE[0] / SHARE[1]}, a = 1e-60"
        detail, width = f"this law needs K >= {float(needed.lower()):.9f}: {text}; w = G = 1", float(needed.rad())
        if needed > xp.rational(*claimed):
            return Finding(Status.PROVED, detail, residual=width)
        return Finding(Status.REFUTED if needed < xp.rational(*claimed) else Status.OPEN, detail, text, width)


def largest_factor(direction: int) -> Finding:
    """With g = G = w = 1 and a = (2K/(c-1))^2 the inequality fails for every c > 1 and K of the box.

    `direction` -1 says the same of 2 - c, where it does not fail.
    """
    from proofs_check.balls.boxes import Box, cover

    def violation(u: list[Number], xp: Arithmetic) -> Number:
        more, K = u
        one = more * 0 + 1
        values = {"p": [one], "g": [one], "G": one, "a": (2 * K / more) ** 2, "w": one}
        at = with_constants(xp, 1 + direction * more, K)
        return decoupling.left(values, at) - decoupling.right(values, at)

    found = cover(Box(violation, (FACTORS, CONSTANTS)))
    if found.proved:
        return Finding(Status.PROVED, f"g = G = w = 1, a = (2K/(c-1))^2 violates it: {found.boxes} boxes")
    if found.witness is not None:
        more, K = found.witness
        return Finding(Status.REFUTED, "no violation", f"c = {1 + direction * more:g}, K = {K:g}")
    return Finding(Status.OPEN, f"undecided after {found.boxes} boxes")
