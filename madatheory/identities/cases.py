"""Examples aimed at what breaks optimizers: exact zeros, cancelling pairs, growth, constants, zero prefixes."""

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

KINDS = ("free", "zeros", "prefix", "constant", "cancelling", "growth", "decay", "once")


class Case(NamedTuple):
    """x0 (n,) and gradients (T, n), float64 dyadic numbers with few bits: exact also in float32."""

    x0: np.ndarray
    g: np.ndarray


def _column(kind: str, steps: int) -> st.SearchStrategy[list[float]]:
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


def _dyadic(values: list[float]) -> list[float]:
    return [round(v * 64) / 64 for v in values]


@st.composite
def sequences(draw: st.DrawFn, steps: int = 12, size: int = 3, kinds: tuple[str, ...] = KINDS) -> Case:
    """`size` coordinates, each with a kind of its own; shrinks towards zeros and small integers."""
    columns = [draw(st.sampled_from(kinds).flatmap(lambda kind: _column(kind, steps))) for _ in range(size)]
    x0 = draw(st.lists(st.integers(-16, 16).map(lambda k: k / 8), min_size=size, max_size=size))
    return Case(np.array(x0, np.float64), np.array(columns, np.float64).T.copy())


def plain(steps: int = 8, size: int = 3, seed: int = 0) -> Case:
    """Well-conditioned gradients without zeros, for the detection of traits; the same for equal arguments."""
    rng: Any = np.random.default_rng(seed)
    signs = rng.choice([-1.0, 1.0], size=(steps, size))
    return Case(np.round(rng.normal(size=size) * 8) / 8, signs * np.round((0.5 + rng.random((steps, size))) * 64) / 64)
