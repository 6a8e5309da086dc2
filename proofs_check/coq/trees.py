"""The methods of the Coq files beside the package's optimizers: exact expectations over all noise histories."""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from madatheory.engine.noise_tree import enumerate_tree
from madatheory.hparams import Hyper
from madatheory.numpy_programs import evaluated
from madatheory.problems.problem import Problem
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.evaluate import evaluate
from madatheory.theory.theorem import Setting
from proofs_check.coq.claims import CoqClaim, sequence
from proofs_check.coq.theorem import statement
from proofs_check.coq.values import Environment


def oracle(problem: Problem) -> Environment:
    """A problem with finite noise in Coq's terms: n outcomes of probability p, gradients g k y and gF y."""
    atoms, entries = problem.oracle.atoms, problem.oracle.entries
    assert atoms is not None, "the noise has infinitely many values"
    draws = list(product(range(len(atoms.values)), repeat=entries))
    chances = [float(np.prod([atoms.probabilities[i] for i in draw])) for draw in draws]
    dimensions = range(problem.dimension)

    noise = np.array([[atoms.values[i] for i in draw] for draw in draws], float).T
    both = evaluated(_gradients(problem), jax.jit)  # a few numbers at many points

    @cache
    def gradients(point: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
        """grad F, and the stochastic gradient of every outcome."""
        with jax.enable_x64(True):
            exact, noisy = both(np.repeat(np.array(point)[:, None], len(draws), axis=1), noise)
        return exact[:, 0], noisy

    def coordinates(y: Any) -> tuple[float, ...]:
        return tuple(float(y(i)) for i in dimensions)

    return {
        "n": len(draws),
        "p": sequence(chances),
        "d": problem.dimension,
        "g": lambda k: lambda y: lambda i: float(gradients(coordinates(y))[1][i, k]),
        "gF": lambda y: lambda i: float(gradients(coordinates(y))[0][i]),
        "x0": sequence([float(x) for x in problem.start]),
    }


def _gradients(problem: Problem) -> Callable[[jax.Array, jax.Array], tuple[jax.Array, jax.Array]]:
    def both(x: jax.Array, noise: jax.Array) -> tuple[jax.Array, jax.Array]:
        exact = problem.full_gradient(x)
        return exact, problem.oracle.gradient(x, exact, noise, jnp.asarray(1))

    return both


def coq_left(claim: CoqClaim, problem: Problem, given: Environment, steps: int) -> float:
    """The left side of a theorem, computed from the definitions of its file; `given` are values of its other names."""
    theorem = statement(claim.module, claim.theorem)
    return theorem.value(theorem.left, {**oracle(problem), **given, "T": steps})


def package_left(claim: CoqClaim, problem: Problem, hyper: Hyper, steps: int) -> float:
    """The same from the package: its optimizer on the exact noise tree, its own statistic."""
    theorem = list_theorems()[claim.statement]
    method = theorem.method()
    tree = enumerate_tree(problem, method, steps, settings=hyper, statistics=theorem.left.statistics)
    left = evaluate(theorem, Setting(problem, method, hyper, steps), tree, [theorem.left])[theorem.left.name]
    return float(tree["probability"].values @ left[:, -1])


def regret_in_coq(claim: CoqClaim, slopes: Sequence[Sequence[float]], box: tuple[float, float], **hyper: Any) -> float:
    """The left side of T9 for linear losses with the given slopes, against the best fixed point of the box."""
    table, d = np.asarray(slopes, dtype=float), len(slopes[0])
    best = [box[0] if total > 0 else box[1] for total in table.sum(axis=0)]
    theorem = statement(claim.module, claim.theorem)
    given = {
        "T": len(slopes),
        "d": d,
        "lo": lambda i: box[0],
        "hi": lambda i: box[1],
        "x0": sequence([hyper.pop("start")] * d),
        "u": sequence(best),
        "g": lambda t: sequence([float(x) for x in table[t]]),
        "f": lambda t: lambda x: sum(float(table[t][i]) * x(i) for i in range(d)),
    }
    return theorem.value(theorem.left, {**given, **hyper})
