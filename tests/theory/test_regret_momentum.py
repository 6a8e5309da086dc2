"""T9m: methods, losses, regret and bounds typed a second time, in plain float64, on every path of small trees."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from tolerances import DOUBLE

import madatheory as mt
from madatheory.arithmetic import NUMPY
from madatheory.engine.noise_tree import enumerate_tree
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Setting

HYPER = {"alpha": 0.7, "beta1": 0.6, "beta2": 0.8, "eps": 1e-3}
A, HIGH, LOW, START, T = 1.5, 2.0, -0.75, -0.5, 5
BENT = f"online-quadratic:curvature={A},p=0.5,high={HIGH},low={LOW},start={START}"


def steady(t: int) -> float:
    return HYPER["beta1"]


def play(method: str, centres: tuple[float, ...], decay: Any = steady) -> dict[str, Any]:
    """The clipped method on (A/2)(x - c_t)^2; regret against the best point of a grid, and the sums of the bound."""
    alpha, beta2, eps = (HYPER[name] for name in ("alpha", "beta2", "eps"))
    x, m, v, largest, summed, kept, before = START, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    points, slopes, moments, etas = [], [], [], []
    for t, c in enumerate(centres, 1):
        g, b = A * (x - c), decay(t)
        m, v = b * m + (1 - b) * g, beta2 * v + (1 - beta2) * g * g
        largest, summed = max(largest, v), summed + v
        if method == "adamx":
            kept = max(((1 - b) / (1 - before)) ** 2 * kept, eps + v)
        h = {"amsgrad": eps + largest, "avgrad": eps + summed / t, "adamx": kept}[method.partition("-")[0]]
        points, slopes, moments = [*points, x], [*slopes, g], [*moments, m]
        etas.append(alpha / math.sqrt(t * h))
        x, before = min(1.0, max(-1.0, x - etas[-1] * m)), b
    grid = np.linspace(-1, 1, 200_001)
    paid = sum(A / 2 * (x - c) ** 2 for x, c in zip(points, centres, strict=True))
    best = np.min(sum(A / 2 * (grid - c) ** 2 for c in centres))
    linear = sum(g * x for g, x in zip(slopes, points, strict=True)) + abs(sum(slopes))
    moved = sum(e * m * m for e, m in zip(etas, moments, strict=True))
    size = math.sqrt(sum(g * g for g in slopes))
    return {"regret": paid - best, "linear": linear, "etas": etas, "moved": moved, "size": size}


@pytest.mark.parametrize("name", ["avgrad-momentum-regret", "amsgrad-momentum-regret"])
def test_every_path_against_a_plain_recurrence(name: str) -> None:
    proof, problem = mt.get_theorem(name), mt.get_problem(BENT)
    method = proof.method()
    tree = enumerate_tree(problem, method, T, settings=HYPER, statistics=proof.statistics)
    found = {str(key): np.ravel(value.values) for key, value in tree.data_vars.items() if key != "probability"}
    paths = [play(method.name, c) for c in itertools.product((HIGH, LOW), repeat=T)]
    for key, values in {
        "loss_regret": [p["regret"] for p in paths],
        "regret": [p["linear"] for p in paths],
        "weighted_moments": [p["moved"] for p in paths],
        "inverse_step_size": [1 / p["etas"][-1] for p in paths],
        "root_of_squares": [p["size"] for p in paths],
    }.items():
        np.testing.assert_allclose(np.sort(found[key]), np.sort(values), rtol=1e-7, atol=1e-9, err_msg=key)
    alpha, b, beta2 = (HYPER[key] for key in ("alpha", "beta1", "beta2"))
    r, w = 1 / (1 - b), 1 - beta2
    C = max((1 - b) ** 2, 1 - b * b / beta2)
    factor = {
        "avgrad": (1 + b) * r * alpha / math.sqrt(w),
        "amsgrad": (1 + b) * alpha * math.sqrt(1 + math.log(T)) / (2 * math.sqrt(w * C)),
    }[method.name]
    q = proof.quantities(Setting(problem, method, HYPER, T))
    least = math.inf
    for p in paths:
        form = 4 * r / 2 / p["etas"][-1] + factor * p["size"]
        assert p["regret"] <= p["linear"] + 1e-9
        assert p["linear"] <= 4 * r / 2 / p["etas"][-1] + (1 + b) * r / 2 * p["moved"] <= form * (1 + 1e-12)
        assert form <= proof.bound(q, NUMPY)
        least = min(least, form / p["linear"])
    assert least < 10, "the bound is so far above that the comparison shows nothing"


def test_without_momentum_it_is_t9() -> None:
    for method in ("avgrad", "amsgrad"):
        q = Quantities(T=50.0, d=2.0, G=1.5, D=2.0, eps=0.1, alpha=0.3, beta1=0.0, beta2=0.9)
        with_momentum = mt.get_theorem(f"{method}-momentum-regret").bound(q, NUMPY)
        assert with_momentum == pytest.approx(mt.get_theorem(f"{method}-regret").bound(q, NUMPY), rel=DOUBLE.hundreds)


@pytest.mark.parametrize(
    ("spec", "hyper", "words"),
    [
        ("ratio", {}, "no box"),
        ("ratio", {}, "declares no online losses"),
        ("online-quadratic", {"beta2": 0.0}, "the statement needs beta2 > 0"),
        ("online-quadratic", {"beta1": 0.99}, ""),
        ("reddi-online", {"beta1": 0.9, "beta2": 0.5}, ""),
    ],
)
def test_it_says_why_it_does_not_apply(spec: str, hyper: dict[str, float], words: str) -> None:
    proof = mt.get_theorem("amsgrad-momentum-regret")
    reasons = "; ".join(proof.reasons(Setting(mt.get_problem(spec), proof.method(), {**HYPER, **hyper}, 100)))
    assert words in reasons
    assert bool(words) == bool(reasons)
