"""sigma and M4: moments against SciPy, sums and enumeration, and the audit where they are too small."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from madatheory.problems.audit.promises import broken_at_samples
from madatheory.problems.catalogue import get_problem
from madatheory.problems.coordinatewise import moments
from madatheory.problems.noise_laws import NoiseLaw, law, student
from madatheory.problems.problem import Problem

SCALE = 0.7
EXACT = {
    "gaussian": (law("gaussian", SCALE), stats.norm(0, SCALE)),
    "student-6": (student(SCALE, 6.0), stats.t(6, 0, SCALE)),
    "uniform": (law("uniform", SCALE), stats.uniform(-SCALE, 2 * SCALE)),
}


def of_atoms(one: NoiseLaw, power: int) -> float:
    assert one.atoms is not None
    return float(one.atoms.probabilities @ one.atoms.values**power)


def test_moments_of_a_law_and_of_its_entries() -> None:
    for one, exact in EXACT.values():
        assert one.variance == pytest.approx(exact.moment(2), rel=1e-12)
        assert one.fourth == pytest.approx(exact.moment(4), rel=1e-12)
    for name in ("rademacher", "rare-large"):
        one = law(name, SCALE)
        assert one.variance == pytest.approx(of_atoms(one, 2))
        assert one.fourth == pytest.approx(of_atoms(one, 4))
        assert one.atoms is not None
        square = fourth = 0.0
        for picked in itertools.product(range(len(one.atoms.values)), repeat=3):
            chance = float(np.prod(one.atoms.probabilities[list(picked)]))
            norm = float(np.sum(one.atoms.values[list(picked)] ** 2))
            square, fourth = square + chance * norm, fourth + chance * norm**2
        sigma, M4 = moments(one, 3)
        assert sigma.value == pytest.approx(math.sqrt(square), rel=1e-12)
        assert M4.value == pytest.approx(fourth, rel=1e-12)


@pytest.mark.parametrize(("df", "second", "fourth"), [(2.0, False, False), (3.0, True, False), (4.5, True, True)])
def test_a_moment_that_does_not_exist_is_inf(df: float, second: bool, fourth: bool) -> None:
    sigma, M4 = moments(student(1.0, df), 1)
    assert (math.isfinite(sigma.value), math.isfinite(M4.value)) == (second, fourth)


@pytest.mark.parametrize("cells", [8, 4096])
def test_the_midpoints_of_the_sampler_have_no_larger_moments(cells: int) -> None:
    """Any number of cells, not the sampler's 2^32: radius^2 is -2 ln u, or df (u^(-2/df) - 1), and E cos^4 = 3/8."""
    u = (np.arange(cells) + 0.5) / cells
    for square, (second, fourth) in (
        (-2 * np.log(u), (1.0, 3.0)),
        (6 * (u ** (-1 / 3) - 1), (stats.t(6).moment(2), stats.t(6).moment(4))),
    ):
        assert np.mean(square) / 2 < second
        assert 3 / 8 * np.mean(square**2) < fourth


@pytest.mark.parametrize(
    "spec",
    [
        "ratio:d=3,noise=gaussian",
        "ratio:d=3,noise=student-t",
        "tanh:d=2,noise=multiplicative,scale=2",
        "ratio:d=3,noise=rare-large",
        "quadratic:d=3,noise=student-t,df=5",
    ],
)
def test_sigma_is_the_variance_that_the_oracle_states(spec: str, float64) -> None:
    problem = get_problem(spec)
    constants, moment = problem.constants, problem.oracle.second_moment
    assert constants is not None
    assert constants.sigma is not None
    assert moment is not None
    x = np.random.default_rng(0).normal(0, 2, (problem.dimension, 400))
    grad = problem.full_gradient(x)
    variance = np.sum(np.asarray(moment(x, grad, np.asarray(1.0)) - grad**2), axis=0)
    assert variance.max() <= constants.sigma.value**2 * (1 + 1e-9)
    assert variance.max() >= constants.sigma.value**2 * (0.5 if "multiplicative" in spec else 1 - 1e-9)


def understated(spec: str, share: float) -> Problem:
    problem = get_problem(spec)
    assert problem.constants is not None
    assert problem.constants.sigma is not None
    sigma = replace(problem.constants.sigma, value=share * problem.constants.sigma.value)
    return replace(problem, constants=problem.constants._replace(sigma=sigma))


@pytest.mark.parametrize(
    ("spec", "share"),
    [
        ("ratio:d=3,noise=gaussian", 0.9),
        ("quadratic:d=3,noise=student-t,df=5", 0.9),
        ("quadratic:d=3,noise=student-t", 0.75),
        ("ratio:d=3,noise=uniform", 0.9),
        ("ratio:d=3,noise=rademacher", 0.999),
        ("tanh:d=2,noise=multiplicative", 0.5),
    ],
)
def test_the_audit_finds_a_sigma_that_is_too_small(spec: str, share: float) -> None:
    assert broken_at_samples(understated(spec, 1.0), 1e-4) == []
    (found,) = broken_at_samples(understated(spec, share), 1e-4)
    assert "the certificate sigma" in found
