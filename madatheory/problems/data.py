"""The data sets bundled with scikit-learn, standardized."""

from functools import cache
from typing import NamedTuple

import numpy as np

from madatheory.errors import UserError, needs, unknown
from madatheory.hparams import whole


class Table(NamedTuple):
    """Standardized columns plus a column of ones (n, d), and the target (n,): +-1 for classes, standardized numbers."""

    rows: np.ndarray
    target: np.ndarray


CLASSIFICATION = {
    "breast-cancer": ("load_breast_cancer", "benign or malignant", lambda target: target == 1),
    "wine": ("load_wine", "the first cultivar or another", lambda target: target == 0),
    "iris": ("load_iris", "versicolor or another", lambda target: target == 1),
    "digits": ("load_digits", "even or odd", lambda target: target % 2 == 0),
}
REGRESSION = {"diabetes": ("load_diabetes", "disease progression after a year", lambda target: target)}


def _standardized(columns: np.ndarray) -> np.ndarray:
    spread = columns.std(axis=0)
    kept = columns[:, spread > 0]
    return (kept - kept.mean(axis=0)) / kept.std(axis=0)


@cache
def table(name: str) -> Table:
    """The data set called `name`, constant columns dropped; unknown: `UserError`."""
    known = {**CLASSIFICATION, **REGRESSION}
    if name not in known:
        raise unknown("data set", name, known)
    with needs(f"the data set {name!r}"):
        import sklearn.datasets  # slow to import, and only these problems need it

    loader, _, target_of = known[name]
    bundle = getattr(sklearn.datasets, loader)()
    columns, raw = np.asarray(bundle["data"], dtype=float), np.asarray(bundle["target"])
    rows = np.hstack([_standardized(columns), np.ones((len(columns), 1))])
    if name in REGRESSION:
        return Table(rows, _standardized(raw[:, None].astype(float))[:, 0])
    return Table(rows, np.where(target_of(raw), 1.0, -1.0))


def sample(name: str, n: int, batches: int, seed: int) -> Table:
    """`n` rows (0: all) drawn without replacement by `seed`, in random order, cut to a multiple of `batches`."""
    full = table(name)
    batches, seed = whole("batches", batches, 1), whole("data_seed", seed, 0)
    available = len(full.target)
    if n < 0 or n > available:
        raise UserError(f"n = {n} rows of {name} is out of range: give 1 to {available}, or 0 for all")
    wanted = (n or available) // batches * batches
    if wanted == 0:
        raise UserError(f"n = {n} rows do not fill {batches} batches; give fewer batches or more rows")
    order = np.random.default_rng(seed).permutation(available)[:wanted]
    return Table(full.rows[order], full.target[order])
