"""Enclosed norms and sums rounded up: never below, and tight."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madatheory.problems.coordinatewise import product_up, sum_up
from madatheory.problems.data import table
from madatheory.problems.norms import largest_column_sum, largest_eigenvalue

pytestmark = pytest.mark.usefixtures("float64")
ROUNDING = 1 + 1e-12


def matrices() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {
        "gaussian": rng.standard_normal((40, 12)),
        "badly scaled": rng.standard_normal((15, 8)) * 10.0 ** rng.uniform(-6, 6, 8),
        "rank one": np.outer(rng.standard_normal(9), rng.standard_normal(5)),
        "one row": rng.standard_normal((1, 4)),
        "one column": rng.standard_normal((6, 1)),
        "hadamard": np.array([[1.0, 1.0], [1.0, -1.0]]),
        "data": table("breast-cancer").rows[:128],
    }


@pytest.mark.parametrize("name", list(matrices()))
def test_largest_eigenvalue_is_an_upper_bound(name: str) -> None:
    """c >= lambda_max(A^T A): proved by a ball Cholesky factorization of c I - A^T A; and c is tight to 1e-9."""
    rows = matrices()[name]
    bound = largest_eigenvalue(rows)
    assert bound <= np.linalg.norm(rows, 2) ** 2 * (1 + 1e-9)
    assert positive_definite(bound, rows)
    assert not positive_definite(bound * (1 - 1e-9), rows)


def positive_definite(c: float, rows: np.ndarray) -> bool:
    """Whether Gaussian elimination in balls proves c I - A^T A positive definite."""
    from flint import arb, arb_mat, ctx

    before, ctx.prec = ctx.prec, 400
    try:
        a = arb_mat([[arb(float(v)) for v in row] for row in rows])
        gram = a.transpose() * a
        d = rows.shape[1]
        m = [[(arb(c) if i == j else arb(0)) - gram[i, j] for j in range(d)] for i in range(d)]
        for k in range(d):
            if not m[k][k] > 0:
                return False
            for i in range(k + 1, d):
                factor = m[i][k] / m[k][k]
                for j in range(k, d):
                    m[i][j] -= factor * m[k][j]
        return True
    finally:
        ctx.prec = before


def test_largest_column_sum() -> None:
    rows = np.array([[1.0, -4.0], [-2.0, 0.5]])
    assert 4.5 <= largest_column_sum(rows) <= 4.5 * ROUNDING


@given(a=st.floats(1e-6, 1e6), b=st.floats(1e-6, 1e6))
def test_rounding_up(a: float, b: float) -> None:
    from fractions import Fraction

    for value, exact in ((sum_up(a, b), Fraction(a) + Fraction(b)), (product_up(a, b), Fraction(a) * Fraction(b))):
        assert Fraction(value) >= exact
        assert Fraction(float(np.nextafter(value, 0))) < exact
