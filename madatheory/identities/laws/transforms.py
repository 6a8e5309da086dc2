"""K: shapes, layouts and program transformations that make no difference."""

import numpy as np
from numpy.typing import DTypeLike

from madatheory.identities import (
    ByConvention,
    GradientSequence,
    Misbehaved,
    Runs,
    Several,
    Violation,
    alike,
    close,
    finite,
    identity,
    near,
    sequences,
    st,
    tensors,
)
from madatheory.identities.laws.contract import implementations
from madatheory.identities.laws.groups import column
from madatheory.identities.laws.symmetries import HALF_THE_DIGITS


def _eight() -> "st.SearchStrategy[GradientSequence]":
    return sequences(8)


def _several() -> "st.SearchStrategy[Several]":
    return tensors(8)


def _six() -> "st.SearchStrategy[GradientSequence]":
    return sequences(6, 6)


@identity("K13", "empty tensors", needs=["deterministic", "can several tensors"], cases=_eight, examples=0.4)
def empty_tensors(run: Runs, case: GradientSequence) -> None:
    """A tensor beside one without entries moves as usual and stays finite.

    Every optimizer: the mean of nothing is nan, its norm 0. By convention not: who raises an error on such a tensor.
    """
    empty = np.zeros((0, 2))
    for how in implementations(run):
        try:
            path = column(run.many([empty, case.x0], [[empty, g] for g in case.g], **how), 1)
        except (Misbehaved, ArithmeticError, ValueError, IndexError) as error:
            raise ByConvention(f"a tensor without entries raises {error!r}") from error
        finite(path, "a tensor beside an empty one")
        if run.traits["tensorwise"]:
            alone = run(case.x0, case.g, **how)
            alike(run, path, alone, "a tensor beside an empty one", case.x0, case.g, **how)


@identity("K13b", "scalars", needs=["elementwise", "shapeless"], cases=_eight, examples=0.4)
def scalars(run: Runs, case: GradientSequence) -> None:
    """A tensor without axes moves like a vector of one entry.

    Elementwise optimizers.
    """
    x0, g = case.x0[:1], case.g[:, :1]
    for how in implementations(run):
        alike(run, run(x0[0], g[:, 0], **how)[:, None], run(x0, g, **how), "shape () against (1,)", x0, g, **how)


@identity("K13c", "layout in memory", needs=["deterministic", "can strided"], cases=_six, examples=0.4)
def layout(run: Runs, case: GradientSequence) -> None:
    """Tensors with gaps in memory and transposed ones move like contiguous ones, to rounding.

    Every optimizer: strides are bookkeeping. To rounding, because loops over contiguous memory may fuse a product and a
    sum where others do not.
    """
    for how in implementations(run):
        for shape in ((6,), (2, 3)):
            x0, g = case.x0.reshape(shape), case.g.reshape(-1, *shape)
            path = run(x0, g, **how)
            near(run, run(x0, g, mode="strided", **how), path, f"strided {shape}", x0, g, **how)


def _same(run: Runs, case: GradientSequence, mode: str, dtype: DTypeLike = np.float64) -> None:
    path = run(case.x0, case.g)
    got = run(case.x0, case.g, mode=mode)
    if got.shape != path.shape:
        raise Violation(f"{mode}: shape {got.shape}", got, path)
    near(run, got, path, f"{mode} against jit", case.x0, case.g, dtype)


@identity("K15", "jit and eager", needs=["can eager", "deterministic"], cases=_eight, examples=0.4)
def eager(run: Runs, case: GradientSequence) -> None:
    """Operation by operation, and inside a scan, the steps are those under jit, to rounding of float32.

    Every transformation whose update is a pure function of arrays: what Python does besides happens once under jit and
    in every step without it. Of float32, because schedules are computed in it, whatever the dtype of the parameters.
    """
    for mode in ("eager", "scan"):
        _same(run, case, mode, np.float32)


@identity("K15b", "vmap", needs=["can vmap", "deterministic"], cases=_eight, examples=0.4)
def vmapped(run: Runs, case: GradientSequence) -> None:
    """Under vmap every lane moves as it does alone, to rounding.

    Every transformation whose branches are on arrays, not on Python values.
    """
    _same(run, case, "vmap")


@identity("K15c", "masked leaves", needs=["can masked", "deterministic"], cases=_eight, examples=0.4)
def masked(run: Runs, case: GradientSequence) -> None:
    """With a leaf masked out, the others move as if it were not there, to rounding.

    Every transformation that works on trees of any structure: a masked leaf is replaced by a node without arrays.
    """
    _same(run, case, "masked")


@identity("K15d", "trees", needs=["can tree", "deterministic"], cases=_several, examples=0.4)
def trees(run: Runs, case: Several) -> None:
    """Parameters in a dict of tuples, with None and empty dicts in between, move like those in a list.

    Every transformation that maps over trees instead of looping over lists. Half of the digits where tensors see one
    another: a norm over the tree is summed in another order.
    """
    path, other = (run.many(case.x0, case.rows(), mode=mode) for mode in ("", "tree"))
    for i in (0, 1):
        got, expected = column(other, i), column(path, i)
        if run.traits["tensorwise"]:
            near(run, got, expected, f"tensor {i} in a tree", case.x0[i], case.g[i])
        else:
            close(got, expected, HALF_THE_DIGITS * np.abs(expected).max(), f"tensor {i} in a tree")
