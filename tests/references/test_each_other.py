"""The references among themselves: MADA's contains the others, and none shares code with the family."""

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optimizer_cases import SEQUENCES, X0
from tolerances import SAME_PATH

import madatheory.references as package
from madatheory.references import adam, adan, avgrad, interpolation, lion, mada, yogi
from madatheory.references.sequence import divided

FILES = sorted(Path(package.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_references_import_neither_the_family_nor_jax(file):
    imported = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    allowed = ("typing", "numpy", "collections.abc", "fractions", "madatheory.references")
    assert all(name.startswith(allowed) for name in imported), imported


def test_mada_contains_the_others():
    h: dict[str, Any] = {"alpha": 0.1, "beta1": 0.8, "beta2": 0.97, "eps": 1e-3}
    ends: dict[str, Any] = {"beta3": 0.0, "rho": 1.0, "c": 1.0, "gamma": 1.0}
    for g in SEQUENCES.values():
        same = [
            (adam.run(X0, g, **h), ends),
            (avgrad.run(X0, g, **h), {**ends, "rho": 0.0}),
            (yogi.run(X0, g, **h, bias_correction=True), {**ends, "c": 0.0}),
            (lion.run(X0, g, alpha=0.1, beta1=0.95, beta2=0.98), {**ends, "gamma": 0.0}),
            (adan.run(X0, g, **h, beta3=0.7, difference_correction=False), {**ends, "beta3": 0.7}),
            (interpolation.run(X0, g, **h, rho=0.3), {**ends, "rho": 0.3}),
        ]
        for expected, point in same:
            np.testing.assert_allclose(mada.run(X0, g, **h, **point), expected, **SAME_PATH)


def test_zero_over_zero_is_zero_and_the_start_is_kept():
    np.testing.assert_array_equal(divided(np.array([0.0, 2.0]), np.array([0.0, 4.0])), [0.0, 0.5])
    still = adam.run(X0, np.zeros((5, 2)), alpha=1.0, beta1=0.9, beta2=0.99, eps=0.0)
    np.testing.assert_array_equal(still, np.tile(X0, (5, 1)))
    with pytest.raises(ValueError, match="x0 must be"):
        adam.run(X0, np.zeros((5, 3)), alpha=1.0, beta1=0.9, beta2=0.99, eps=0.0)
