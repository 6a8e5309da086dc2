"""T9m, T9s, T9x: methods, losses, regret and bounds typed a second time, in plain float64, on every path of trees."""

import itertools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
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


def play(method: str, centres: tuple[float, ...], decay: Callable[[int], float]) -> dict[str, Any]:
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
    grid = np.linspace(-1, 1, 20_001)
    paid = sum(A / 2 * (x - c) ** 2 for x, c in zip(points, centres, strict=True))
    best = np.min(sum(A / 2 * (grid - c) ** 2 for c in centres))
    linear = sum(g * x for g, x in zip(slopes, points, strict=True)) + abs(sum(slopes))
    moved = sum(e * m * m for e, m in zip(etas, moments, strict=True))
    size = math.sqrt(sum(g * g for g in slopes))
    return {"regret": paid - best, "linear": linear, "etas": etas, "moved": moved, "size": size}


def steady(t: int) -> float:
    return HYPER["beta1"]


def fading(t: int) -> float:
    return HYPER["beta1"] / t


def size_factor(name: str) -> float:
    """What the bound multiplies sqrt(sum g^2) with."""
    alpha, b, beta2 = (HYPER[key] for key in ("alpha", "beta1", "beta2"))
    log = alpha * math.sqrt((1 + math.log(T)) / (1 - beta2))
    return {
        "avgrad-momentum-regret": (1 + b) / (1 - b) * alpha / math.sqrt(1 - beta2),
        "amsgrad-momentum-regret": (1 + b) / 2 * log / math.sqrt(max((1 - b) ** 2, 1 - b * b / beta2)),
    }.get(name, (1 + b) / (2 * (1 - b) ** 2) * log)


@pytest.mark.parametrize(
    "name",
    [
        "avgrad-momentum-regret",
        "amsgrad-momentum-regret",
        "amsgrad-fading-regret",
        "amsgrad-published-regret",
        "adamx-regret",
    ],
)
def test_every_path_against_a_plain_recurrence(name: str) -> None:
    proof, problem = mt.get_theorem(name), mt.get_problem(BENT)
    method, b = proof.method(), HYPER["beta1"]
    decay = steady if "momentum" in name else fading
    tree = enumerate_tree(problem, method, T, settings=HYPER, statistics=proof.statistics)
    found = {str(key): np.ravel(value.values) for key, value in tree.data_vars.items() if key != "probability"}
    paths = [play(method.name, c, decay) for c in itertools.product((HIGH, LOW), repeat=T)]
    decays = [decay(t) for t in range(1, T + 1)]
    for key, values in {
        "loss_regret": [p["regret"] for p in paths],
        "regret": [p["linear"] for p in paths],
        "weighted_moments": [p["moved"] for p in paths],
        "inverse_step_size": [1 / p["etas"][-1] for p in paths],
        "root_of_squares": [p["size"] for p in paths],
        "published_distances": [sum(c / e for c, e in zip(decays, p["etas"], strict=True)) for p in paths],
        "fading_distances": [sum(c / (1 - c) / e for c, e in zip(decays, p["etas"], strict=True)) for p in paths],
    }.items():
        if key in found:
            np.testing.assert_allclose(np.sort(found[key]), np.sort(values), rtol=1e-7, atol=1e-7, err_msg=key)
    right, least, D2 = proof.bound(proof.quantities(Setting(problem, method, HYPER, T)), NUMPY), math.inf, 4.0
    for p in paths:
        distances = D2 / (2 * (1 - b) * p["etas"][-1])
        if name == "adamx-regret":
            before = sum(c / (1 - c) / e for c, e in zip(decays, p["etas"], strict=True))
            distances = D2 / 2 * (1 / ((1 - decays[-1]) * p["etas"][-1]) + before)
        form = distances + size_factor(name) * p["size"]
        assert p["regret"] <= p["linear"] + 1e-9
        assert p["linear"] <= distances + (1 + b) / (2 * (1 - b)) * p["moved"] <= form * (1 + 1e-12)
        assert form <= right
        least = min(least, form / p["linear"])
    assert least < 12, "the bound is so far above that the comparison shows nothing"


@pytest.mark.parametrize(
    ("name", "planted", "decay"),
    [
        ("amsgrad-fading-regret", "amsgrad", steady),  # the schedule dropped
        ("adamx-regret", "amsgrad", fading),  # the ratio dropped from the maximum
        ("amsgrad-momentum-regret", "amsgrad", lambda t: -HYPER["beta1"]),  # a wrong sign
    ],
)
def test_another_method_is_noticed(name: str, planted: str, decay: Callable[[int], float]) -> None:
    proof, problem = mt.get_theorem(name), mt.get_problem(BENT)
    statistics = [s for s in proof.statistics if s.name == "weighted_moments"]
    tree = enumerate_tree(problem, proof.method(), T, settings=HYPER, statistics=statistics)
    wrong = np.sort([play(planted, c, decay)["moved"] for c in itertools.product((HIGH, LOW), repeat=T)])
    assert np.max(np.abs(np.sort(np.ravel(tree["weighted_moments"].values)) / wrong - 1)) > 0.01


def weights_squared(method: str, beta1: Fraction, g: Sequence[int], beta2: Fraction, eps: Fraction) -> list[Fraction]:
    """(sqrt(t h_t)/(1-beta1/t))^2, exactly."""
    v, h, before, found = Fraction(0), Fraction(0), beta1, []
    for t, now in enumerate(g, 1):
        b = beta1 / t
        v = beta2 * v + (1 - beta2) * now * now
        h = max(((1 - b) / (1 - before)) ** 2 * h if method == "adamx" else h, eps + v)
        found, before = [*found, t * h / (1 - b) ** 2], b
    return found


def test_the_step_of_the_published_proof_fails_after_two_gradients() -> None:
    """At beta1 = 1/2, whatever beta2 and eps, 4 h > (32/9) h; 2 (1-beta1)^2 < (1-beta1/2)^2 where beta1 > .4531."""
    half, eps = Fraction(1, 2), Fraction(1, 7)
    for beta2 in (Fraction(0), Fraction(9, 10), Fraction(999, 1000)):
        first, second = weights_squared("amsgrad", half, (1, 0), beta2, eps)
        assert second / first == Fraction(8, 9)
        kept, later = weights_squared("adamx", half, (1, 0), beta2, eps)
        assert later == 2 * kept
    grid = [Fraction(k, 1000) for k in range(1000)]
    falls = [b for b in grid for first, second in [weights_squared("amsgrad", b, (1, 0), half, eps)] if second < first]
    assert min(falls) == Fraction(454, 1000)


def test_adamx_s_weights_do_not_fall() -> None:
    """On every sequence of six of these gradients, exactly; AMSGrad's fall on some of them."""
    fell = 0
    for g in itertools.product((0, 1, 3), repeat=6):
        weights = weights_squared("adamx", Fraction(9, 10), g, Fraction(4, 5), Fraction(1, 100))
        assert all(a <= b for a, b in itertools.pairwise(weights))
        weights = weights_squared("amsgrad", Fraction(9, 10), g, Fraction(4, 5), Fraction(1, 100))
        fell += any(a > b for a, b in itertools.pairwise(weights))
    assert fell > 100


def test_the_published_bound_is_above_ours() -> None:
    """Half its first term and no second one, by the formulas; where gamma -> 1 it is infinite and ours is not."""
    ours, theirs = mt.get_theorem("amsgrad-fading-regret"), mt.get_theorem("amsgrad-published-regret")
    for beta1, beta2 in itertools.product((0.0, 0.3, 0.9), (0.1, 0.82, 0.999)):
        if beta1**2 < beta2:
            q = Quantities(T=90.0, d=2.0, G=1.5, D=2.0, eps=0.1, alpha=0.3, beta1=beta1, beta2=beta2)
            assert ours.bound(q, NUMPY) <= theirs.bound(q, NUMPY)
    setting = Setting(mt.get_problem(BENT), theirs.method(), {**HYPER, "beta1": 0.9}, 10)
    assert "not below sqrt(beta2)" in "; ".join(theirs.reasons(setting))
    assert not ours.reasons(setting._replace(optimizer=ours.method()))


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
