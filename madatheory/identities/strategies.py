"""Examples aimed at what breaks optimizers: exact zeros, cancelling pairs, growth, constants, zero prefixes.

A strategy is made once for the same arguments: identities that ask for the same one are given the same examples, and
hypothesis need not look at it anew.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from madatheory.identities.drawing import drawn, st

KINDS = ("free", "zeros", "prefix", "constant", "cancelling", "growth", "decay", "once")


class GradientSequence(NamedTuple):
    """x0 (n,) and gradients (T, n), float64 dyadic numbers with few bits: exact also in float32."""

    x0: np.ndarray
    g: np.ndarray


@cache
def _column(kind: str, steps: int) -> "st.SearchStrategy[list[float]]":
    quarter = st.integers(-32, 32).map(lambda k: k / 4)
    nonzero = st.integers(1, 32).flatmap(lambda k: st.sampled_from([k / 4, -k / 4]))
    if kind == "zeros":  # zeros in between
        return st.lists(st.one_of(st.just(0.0), quarter), min_size=steps, max_size=steps)
    if kind == "prefix":
        return st.tuples(st.integers(1, steps - 1), nonzero).map(lambda a: [0.0] * a[0] + [a[1]] * (steps - a[0]))
    if kind == "constant":
        return nonzero.map(lambda a: [a] * steps)
    if kind == "cancelling":  # g = -6, 2: momentum crosses zero while the second moment remembers
        pairs = st.tuples(nonzero, st.sampled_from([3.0, 2.0, 1.0, -1.0]))
        return pairs.map(lambda a: [a[0] if t % 2 == 0 else -a[0] / a[1] for t in range(steps)]).map(_dyadic)
    if kind == "growth":
        return nonzero.map(lambda a: [a * 2.0 ** (t // 2) for t in range(steps)])
    if kind == "decay":
        return nonzero.map(lambda a: [a * 2.0 ** -(t // 2) for t in range(steps)])
    if kind == "once":  # one gradient, then none
        return st.tuples(st.integers(0, steps - 1), nonzero).map(
            lambda a: [a[1] if t == a[0] else 0.0 for t in range(steps)]
        )
    return st.lists(quarter, min_size=steps, max_size=steps)


@cache
def _columns(kinds: tuple[str, ...], steps: int) -> "st.SearchStrategy[list[float]]":
    """A column of one of these kinds."""
    return st.sampled_from(kinds).flatmap(lambda kind: _column(kind, steps))


@cache
def _starts(size: int) -> "st.SearchStrategy[list[float]]":
    return st.lists(st.integers(-16, 16).map(lambda k: k / 8), min_size=size, max_size=size)


def _dyadic(values: list[float]) -> list[float]:
    return [round(v * 64) / 64 for v in values]


@cache
@drawn
def sequences(draw: "st.DrawFn", steps: int = 12, size: int = 3, kinds: tuple[str, ...] = KINDS) -> GradientSequence:
    """`size` coordinates, each with a kind of its own; shrinks towards zeros and small integers."""
    columns = [draw(_columns(kinds, steps)) for _ in range(size)]
    x0 = draw(_starts(size))
    return GradientSequence(np.array(x0, np.float64), np.array(columns, np.float64).T.copy())


def plain(steps: int = 8, size: int = 3, seed: int = 0) -> GradientSequence:
    """Well-conditioned gradients without zeros, for the detection of traits; the same for equal arguments."""
    rng: Any = np.random.default_rng(seed)
    signs = rng.choice([-1.0, 1.0], size=(steps, size))
    return GradientSequence(
        np.round(rng.normal(size=size) * 8) / 8, signs * np.round((0.5 + rng.random((steps, size))) * 64) / 64
    )


class Several(NamedTuple):
    """Two tensors of shapes (1,) and (2,): x0 and gradients (T, n) of each; `present` (T, 2): whether it has one."""

    x0: list[np.ndarray]
    g: list[np.ndarray]
    present: np.ndarray

    def rows(self) -> list[list[np.ndarray | None]]:
        """Gradients as `Runs.many` wants them; None where a tensor has none."""
        return [
            [g[t] if here else None for g, here in zip(self.g, now, strict=True)] for t, now in enumerate(self.present)
        ]


@cache
@drawn
def tensors(draw: "st.DrawFn", steps: int = 10) -> Several:
    """Two tensors that always have gradients."""
    case = draw(sequences(steps))
    return Several([case.x0[:1], case.x0[1:]], [case.g[:, :1], case.g[:, 1:]], np.ones((steps, 2), bool))


@cache
@drawn
def missing(draw: "st.DrawFn", steps: int = 10) -> Several:
    """Two tensors, one of which has no gradient at the start, now and then, or from some step on."""
    several = draw(tensors(steps))
    kind, which, k = draw(st.sampled_from(["late", "gone", "sometimes"])), draw(st.integers(0, 1)), 0
    if kind == "sometimes":
        here = draw(st.lists(st.booleans(), min_size=steps, max_size=steps))
    else:
        k = draw(st.integers(1, steps - 1))
        here = [(t >= k) == (kind == "late") for t in range(steps)]
    several.present[:, which] = here
    return several


@cache
@drawn
def late(draw: "st.DrawFn", steps: int = 10) -> tuple[Several, int]:
    """Two tensors, the second without gradients for the first k steps; and k."""
    several, k = draw(tensors(steps)), draw(st.integers(1, steps - 1))
    several.present[:k, 1] = False
    return several, k


@cache
@drawn
def complex_sequences(draw: "st.DrawFn", steps: int = 5) -> GradientSequence:
    """Three complex coordinates whose parts are sequences of their own: real, imaginary and mixed ones occur."""
    real, imaginary = draw(sequences(steps)), draw(sequences(steps))
    return GradientSequence(real.x0 + 1j * imaginary.x0, real.g + 1j * imaginary.g)


@cache
@drawn
def nonzero_constants(draw: "st.DrawFn", steps: int) -> GradientSequence:
    """Three coordinates with constant gradients +-2^k, k between -20 and 20."""
    powers = draw(st.lists(st.integers(-20, 20), min_size=3, max_size=3))
    signs = draw(st.lists(st.sampled_from([1.0, -1.0]), min_size=3, max_size=3))
    x0 = draw(_starts(3))
    return GradientSequence(np.array(x0), np.tile(np.array(signs) * 2.0 ** np.array(powers), (steps, 1)))
