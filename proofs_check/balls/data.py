"""Constants of the data problems from the exact rationals that their float data are, the matrix norm enclosed."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from madatheory.problems.catalogue import list_problems
from madatheory.problems.data import CLASSIFICATION, REGRESSION, sample
from madatheory.problems.problem import Problem
from madatheory.problems.scalar import Scalar, scalar_named
from proofs_check.evidence import Check, Finding, Status

STATEMENT = "data-constants"
TIGHT = 1e-9
BITS = 400
BATCHES = 8


class DataCase(NamedTuple):
    """A data problem: which data, the number of rows (0: all), phi, and the batches."""

    problem: str
    data: str
    n: int
    phi: str
    batches: int

    def __str__(self) -> str:
        return f"{self.problem} on {self.data}, {self.n or 'all'} rows"

    def build(self) -> Problem:
        """The package's problem."""
        return list_problems()[self.problem].make({"data": self.data, "n": self.n, "batches": self.batches})


CASES = tuple(
    DataCase(problem, data, n, phi, BATCHES if n else 1)
    for problem, phi, known in (("sigmoid-loss", "sigmoid", CLASSIFICATION), ("geman-mcclure", "ratio", REGRESSION))
    for data in known
    for n in (128, 0)
)


def checks() -> Iterator[Check]:
    """Every data set, some rows in batches and all rows; and constants that are too low by 1e-8."""
    yield Check(STATEMENT, everything, box=f"data_seed = 0: 128 rows in {BATCHES} batches, and all rows")
    for case in CASES:
        yield Check(STATEMENT, partial(decide, case), part=str(case))
    for name in ("L", "G", "F_star"):
        mistake = partial(decide, CASES[0], name)
        yield Check(STATEMENT, mistake, part=f"{name} wrong by 1e-8, {CASES[0]}", false=True)


def everything() -> Finding:
    """All cases."""
    found = [(case, decide(case)) for case in CASES]
    for case, finding in found:
        if finding.status is not Status.PROVED:
            return replace(finding, detail=f"{case}: {finding.detail}")
    widest = max(finding.residual or 0.0 for _, finding in found)
    return Finding(
        Status.PROVED, f"{len(found)} problems, {len(CLASSIFICATION | REGRESSION)} data sets", residual=widest
    )


@cache
def _rows(case: DataCase) -> np.ndarray:
    """The rows of the matrix, up to signs, which change no constant."""
    return sample(case.data, case.n, case.batches, 0).rows


def largest_sum(case: DataCase) -> Any:
    """max over batches and columns of the mean of |a_ji|, exactly (fmpq)."""
    from flint import fmpq

    rows = _rows(case)
    sums = []
    for block in rows.reshape(case.batches, -1, rows.shape[1]):
        for column in block.T:
            total = fmpq(0)
            for entry in column:
                total += fmpq(*abs(float(entry)).as_integer_ratio())
            sums.append(total / len(block))
    return max(sums)


def gram(case: DataCase) -> Any:
    """A^T A as a matrix of balls."""
    from flint import arb, arb_mat

    rows = arb_mat([[arb(float(x)) for x in row] for row in _rows(case)])
    return rows.transpose() * rows


def positive_definite(matrix: Any) -> bool:
    """Whether elimination in balls has positive pivots throughout (Sylvester)."""
    d = matrix.nrows()
    m = [[matrix[i, j] for j in range(d)] for i in range(d)]
    for k in range(d):
        if not m[k][k] > 0:
            return False
        for i in range(k + 1, d):
            factor = m[i][k] / m[k][k]
            for j in range(i, d):  # symmetric: the lower half is not needed
                m[i][j] -= factor * m[k][j]
            for j in range(k + 1, i):
                m[i][j] = m[j][i]
    return True


def below_norm(case: DataCase, matrix: Any) -> Any:
    """A lower bound of lambda_max(A^T A): the Rayleigh quotient of a nearly leading vector."""
    from flint import arb, arb_mat

    _, vectors = np.linalg.eigh(_rows(case).T @ _rows(case))
    x = arb_mat([[arb(float(entry))] for entry in vectors[:, -1]])
    return ((x.transpose() * matrix * x)[0, 0] / (x.transpose() * x)[0, 0]).lower()


def above_norm(matrix: Any, c: Any) -> bool:
    """Whether c I - A^T A is proved to be positive definite."""
    from flint import arb_mat

    d = matrix.nrows()
    return positive_definite(arb_mat([[c if i == j else 0 for j in range(d)] for i in range(d)]) - matrix)


def decide(case: DataCase, mistake: str = "") -> Finding:
    """L, G and F_star of the problem against enclosures; `mistake` moves one of them by 1e-8 to the wrong side."""
    from flint import arb, fmpq

    from proofs_check.balls.branch import precision

    problem = case.build()
    assert problem.constants is not None
    stated = {name: getattr(problem.constants, name).value for name in ("L", "G", "F_star")}
    if mistake:
        stated[mistake] = stated[mistake] * (1 - 1e-8) + (1e-8 if mistake == "F_star" else 0)
    phi: Scalar = scalar_named(case.phi)
    with precision(BITS):
        L, G, F_star = (arb(stated[name]) for name in ("L", "G", "F_star"))
        matrix, per_norm = gram(case), arb(fmpq(1, len(_rows(case)))) * arb(phi.curvature.value)
        # of L, G and F_star what they must not be below, below and above; F is a mean of values of phi
        low_L, low_G = per_norm * below_norm(case, matrix), arb(largest_sum(case)) * arb(phi.slope.value)
        least = arb(phi.infimum.value)
        excess = {"L": float(L / low_L - 1), "G": float(G / low_G - 1), "F_star": float(least - F_star)}
        wrong = [n for n, bad in (("L", low_L > L), ("G", low_G > G), ("F_star", F_star > least)) if bad]
        proved = low_G <= G and F_star <= least and above_norm(matrix, L / per_norm)
    rows, columns = _rows(case).shape
    text = ", ".join(f"{name} {value:.1e}" for name, value in excess.items())
    detail, widest = f"{rows} x {columns}; above what they bound by at most {text}", max(excess.values())
    if wrong:
        return Finding(Status.REFUTED, detail, f"{case}: {', '.join(wrong)}", widest)
    return Finding(Status.PROVED if proved and widest <= TIGHT else Status.OPEN, detail, residual=widest)
