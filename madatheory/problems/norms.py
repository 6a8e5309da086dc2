"""Enclosed matrix norms: float64 computations with their rounding errors bounded."""

import numpy as np

UNIT = 2.0**-53


def inflated(value: float, terms: int) -> float:
    """An upper bound of a sum of `terms` nonnegative numbers from its float64 value (any order of summation)."""
    return float(value) * (1 + 4 * (terms + 8) * UNIT)


def largest_eigenvalue(rows: np.ndarray) -> float:
    """An upper bound, tight to about 1e-12, of lambda_max(A^T A) for the rows A of shape (n, d).

    With V the computed eigenvectors of A^T A and delta >= |V^T V - I|, lambda_max(A^T A) <= s^2/(1 - delta), s the
    largest singular value of A V; s is bounded by Gershgorin's circles of the nearly diagonal (A V)^T (A V). A
    product with inner length k has error at most k u/(1 - k u) |X||Y| entrywise (Higham 2002, section 3.5).
    """
    a = np.asarray(rows, dtype=float)
    n, d = a.shape
    _, v = np.linalg.eigh(a.T @ a)

    def gram_norm(m: np.ndarray, shift: float) -> float:
        """|M^T M - shift I| in the infinity norm, rounding included."""
        k = m.shape[0] + 1
        radius = k * UNIT / (1 - k * UNIT) * (np.abs(m).T @ np.abs(m) + shift * np.eye(d))
        return inflated(np.max(np.sum(np.abs(m.T @ m - shift * np.eye(d)) + radius, axis=1)), 2 * (k + d))

    delta = gram_norm(v, 1.0)
    w = a @ v
    error = d * UNIT / (1 - d * UNIT) * inflated(float(np.linalg.norm(np.abs(a) @ np.abs(v))), n * d + d)
    s = np.sqrt(gram_norm(w, 0.0)) + error
    return inflated(s * s / (1 - delta), 8)


def largest_column_sum(rows: np.ndarray) -> float:
    """An upper bound of max_i sum_j |A_ji|, tight to rounding."""
    a = np.abs(np.asarray(rows, dtype=float))
    return inflated(float(np.max(np.sum(a, axis=0))), a.shape[0])


def entry_sum(rows: np.ndarray) -> float:
    """An upper bound, tight to rounding, of sum_ij |(A^T A)_ij|."""
    a = np.asarray(rows, dtype=float)
    n, d = a.shape
    radius = (n + 1) * UNIT / (1 - (n + 1) * UNIT) * (np.abs(a).T @ np.abs(a))
    return inflated(float(np.sum(np.abs(a.T @ a) + radius)), n + d * d)
