"""Exact evaluation over the noise tree against a plain recursion in Python floats and against simulation."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from tolerances import DOUBLE, STANDARD_ERRORS, STANDARD_ERRORS_OF_MANY

import madatheory as mt
from madatheory.engine.noise_tree import MAX_HISTORIES, enumerate_tree, histories, probabilities
from madatheory.engine.simulate import simulate
from madatheory.engine.statistic import (
    final_value,
    iterate,
    largest_gradient,
    mean_squared_gradient,
    min_squared_gradient,
    squared_gradient_over_root_t,
)
from madatheory.errors import UserError
from madatheory.optimizers.family import member
from madatheory.problems.problem import Atoms, Problem

pytestmark = pytest.mark.usefixtures("full_compilation")

AVGRAD = member("avgrad-t", "", free=("alpha", "beta1", "beta2", "eps"), pinned={"rho": 0.0}, schedule="inverse_sqrt")
ADAM = member("adam-t", "", free=("alpha", "beta1", "beta2", "eps"), schedule="inverse_sqrt")
INTERPOLATION = member("interpolation-t", "", free=("alpha", "beta1", "beta2", "eps", "rho"), schedule="inverse_sqrt")


def ratio(d: int, noise: str, scale: float = 0.7) -> Problem:
    return mt.list_problems()["ratio"].make({"d": d, "noise": noise, "scale": scale})


def expectation(
    vhat: Callable[[float, float, int, float], tuple[float, float]],
    x0: list[float],
    atoms: list[tuple[float, float]],
    T: int,
    alpha: float,
    beta1: float,
    beta2: float,
    eps: float,
) -> tuple[float, float]:
    """E (1/T) sum |F'(x_{t-1})|^2 and E F(x_T) for F = sum x^2/(1+x^2), by recursion over all joint draws."""
    d = len(x0)

    def walk(t: int, x: list[float], m: list[float], v: list[float], p: list[float]) -> tuple[float, float]:
        if t > T:
            return 0.0, sum(xi * xi / (1 + xi * xi) for xi in x)
        slope = [2 * xi / (1 + xi * xi) ** 2 for xi in x]
        squares = sum(s * s for s in slope)
        total, value = 0.0, 0.0
        for draw in itertools.product(atoms, repeat=d):
            y, m2, v2, p2 = list(x), list(m), list(v), list(p)
            for i in range(d):
                g = slope[i] + draw[i][0]
                m2[i] = beta1 * m[i] + (1 - beta1) * g
                v2[i] = beta2 * v[i] + (1 - beta2) * g * g
                denominator, p2[i] = vhat(v2[i], p[i], t, eps)
                y[i] -= alpha / math.sqrt(t) * m2[i] / math.sqrt(denominator)
            probability = math.prod(q for _, q in draw)
            rest, end = walk(t + 1, y, m2, v2, p2)
            total += probability * (squares + rest)
            value += probability * end
        return total, value

    total, value = walk(1, x0, [0.0] * d, [0.0] * d, [0.0] * d)
    return total / T, value


def average(v: float, p: float, t: int, eps: float) -> tuple[float, float]:
    new = ((t - 1) * p + v) / t
    return eps + new, new


def interpolated(v: float, p: float, t: int, eps: float) -> tuple[float, float]:
    new = ((t - 1) * p + v) / t
    return eps + 0.25 * v + 0.75 * new, new


def plain(v: float, p: float, t: int, eps: float) -> tuple[float, float]:
    return eps + v, p


RADEMACHER = [(0.7, 0.5), (-0.7, 0.5)]
RARE = [(5.6, 1 / 128), (-5.6, 1 / 128), (0.0, 126 / 128)]


@pytest.mark.parametrize(
    ("optimizer", "rule", "d", "noise", "atoms", "T", "beta1"),
    [
        (AVGRAD, average, 1, "rademacher", RADEMACHER, 10, 0.0),
        (AVGRAD, average, 2, "rademacher", RADEMACHER, 4, 0.5),
        (ADAM, plain, 1, "rare-large", RARE, 6, 0.9),
        (INTERPOLATION, interpolated, 1, "rademacher", RADEMACHER, 7, 0.3),
        (AVGRAD, average, 1, "rademacher", RADEMACHER, 1, 0.0),
        (AVGRAD, average, 2, "none", [(0.0, 1.0)], 6, 0.0),
    ],
)
def test_tree_equals_recursion(optimizer, rule, d, noise, atoms, T, beta1):
    settings = {"alpha": 0.4, "beta1": beta1, "beta2": 0.8, "eps": 1e-3}
    if "rho" in optimizer.parameters:
        settings["rho"] = 0.25
    tree = enumerate_tree(
        ratio(d, noise), optimizer, T, settings=settings, statistics=(mean_squared_gradient, final_value)
    )
    assert tree.sizes["path"] == (len(atoms) if noise != "none" else 1) ** (d * T)
    mean = tree.weighted(tree.probability).mean("path")
    average_, value = expectation(rule, [1.0] * d, atoms, T, 0.4, beta1, 0.8, 1e-3)
    np.testing.assert_allclose(mean.mean_squared_gradient.item(), average_, rtol=DOUBLE.thousands)
    np.testing.assert_allclose(mean.final_value.item(), value, rtol=DOUBLE.thousands)


def test_tree_agrees_with_simulation_at_every_grid_point_and_time():
    problem = mt.list_problems()["ratio"].make({"d": 1, "noise": "rare-large", "scale": 1.0})
    chosen = (mean_squared_gradient, squared_gradient_over_root_t, min_squared_gradient)
    settings = {"beta2": (0.5, 0.9), "alpha": 0.3}
    tree = enumerate_tree(problem, AVGRAD, 8, settings=settings, statistics=chosen, save_at=[1, 4, 8])
    runs = simulate(
        problem, AVGRAD, 8, num_trajectories=20_000, settings=settings, statistics=chosen, save_at=[1, 4, 8]
    )
    mean = tree.weighted(tree.probability).mean("path")
    assert mean.mean_squared_gradient.dims == ("beta2", "t")
    for name in mean.data_vars:
        error = runs[name].std("seed") / np.sqrt(runs.sizes["seed"])
        assert bool((abs(runs[name].mean("seed") - mean[name]) <= STANDARD_ERRORS_OF_MANY * error + 1e-12).all()), name


def test_every_simulated_trajectory_is_a_path_of_the_tree():
    problem = ratio(1, "rademacher")
    tree = enumerate_tree(problem, ADAM, 5, statistics=(iterate, largest_gradient))
    runs = simulate(problem, ADAM, 5, num_trajectories=200, statistics=(iterate, largest_gradient))
    ends = np.unique(tree.iterate.to_numpy().round(12))
    assert np.all(np.isin(runs.iterate.to_numpy().round(12), ends))
    assert problem.constants is not None
    assert float(tree.largest_gradient.max()) <= problem.constants.G.value


def test_minibatch_tree_has_the_batches_as_atoms():
    for entry in mt.list_problems().values():
        if "batches" in entry.options:
            break
    else:
        pytest.skip("no minibatch problem in the catalogue")
    problem = entry.make({"noise": "minibatch"})
    assert problem.oracle.atoms is not None
    assert histories(problem, 2) == len(problem.oracle.atoms.values) ** 2
    tree = enumerate_tree(problem, AVGRAD, 2, settings={"alpha": 0.1})
    runs = simulate(problem, AVGRAD, 2, num_trajectories=2000, settings={"alpha": 0.1})
    error = float(runs.mean_squared_gradient.std() / np.sqrt(2000))
    expected = tree.weighted(tree.probability).mean("path").mean_squared_gradient[0]
    assert abs(float(runs.mean_squared_gradient.mean() - expected)) <= STANDARD_ERRORS * error


def test_probabilities_follow_the_digits():
    weights = probabilities(Atoms(np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.3, 0.2])), 3)
    assert weights.size == 27
    np.testing.assert_allclose(weights.sum(), 1.0, rtol=DOUBLE.few)
    np.testing.assert_allclose(weights[1 + 3 * 2 + 9 * 0], 0.3 * 0.2 * 0.5)


def test_refusals():
    with pytest.raises(UserError, match=r"2\^23 histories; at most 4194304"):
        enumerate_tree(ratio(1, "rademacher"), AVGRAD, 23)
    with pytest.raises(UserError, match=r"2\^2000000000 histories"):
        enumerate_tree(ratio(1, "rademacher"), AVGRAD, 2_000_000_000)
    with pytest.raises(UserError, match="infinitely many values"):
        enumerate_tree(ratio(1, "uniform"), AVGRAD, 3)
    assert histories(ratio(1, "rademacher"), 22) == MAX_HISTORIES
