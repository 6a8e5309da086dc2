"""The figures on a learned rho and the experiments they rest on; MADA's theory and safeguarded forms."""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from figure_cases import committed, last, put, smoke_run
from tolerances import DOUBLE

import madatheory.references.mada as by_hand
from madatheory.engine.simulate import simulate
from madatheory.engine.statistic import iterate
from madatheory.errors import UserError
from madatheory.figures.catalogue import list_figures
from madatheory.figures.render import render
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.problems.catalogue import get_problem, list_problems
from madatheory.studies.theory import learned_rho
from madatheory.studies.theory.rest_point import Period

NAMES = ("reddi-mada", "why-averaging")


@pytest.mark.slow  # a quarter of a minute of compilation; `madatheory figures NAME --profile smoke` does the same
@pytest.mark.parametrize("name", NAMES)
def test_every_claim_holds_in_the_smoke_profile(name: str, rendered: Any) -> None:
    folder, record = rendered(name)
    assert all(claim["holds"] for claim in record["claims"]), record["claims"]
    for kind in ("svg", "png"):
        assert (folder / f"{record['name']}.{kind}").stat().st_size > 10_000
    assert len(record["caption"]) > 150
    assert "nan" not in record["caption"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_claim_holds_with_another_seed(name: str, tmp_path: Path) -> None:
    found = render(list_figures()[name], smoke_run(seed=1), tmp_path, {})
    assert all(claim.holds for claim in found), found


ONLINE, NOISY = ("cases", 1, "learned"), ("cases", 2, "learned")
PARTNERS = ("cases", "log:d=10", "partners")
DOCTORED = [
    # (figure, where in the numbers, what to put there, the claims that must then fail)
    ("reddi-mada", ("cases", 0, "learned", "mada", "0.1", "rho", "mean"), last(0.0), 0),
    ("reddi-mada", ("cases", 0, "rest", "average", "rho"), 0.05, 0),
    ("reddi-mada", ("cases", 0, "rest", "average", "drift"), -1.0, 2),
    ("reddi-mada", (*ONLINE, "mada-lagged", "0.1", "rho", "mean"), last(0.3), 4),
    ("reddi-mada", (*ONLINE, "mada-max", "0.1", "rho", "mean"), last(0.1), 5),
    ("reddi-mada", ("cases", 1, "rest", "max", "rho"), 0.1, 5),
    ("reddi-mada", (*ONLINE, "mada", "0.01", "x", "mean"), last(0.0), 6),
    ("reddi-mada", (*ONLINE, "mada-safeguarded", "0.01", "x", "mean"), last(0.1), 7),
    ("reddi-mada", (*ONLINE, "mada-safeguarded-sum", "0.1", "average_regret", "mean"), last(9.0), 7),
    ("reddi-mada", (*NOISY, "mada", "0.1", "rho", "low"), last(0.05), 8),
    ("reddi-mada", (*NOISY, "mada-lagged", "0.1", "x", "low"), last(-0.1), 9),
    ("reddi-mada", (*NOISY, "mada-safeguarded", "0.01", "x", "high"), last(0.1), 10),
    ("reddi-mada", ("cases", 2, "gain", "mada-safeguarded-sum", "0.1"), [-0.1, -0.3, 0.1], 11),
    ("why-averaging", (*PARTNERS, "average", "zeros"), 1.0, 0),
    ("why-averaging", (*PARTNERS, "average", "flat_paths"), 1, 0),
    ("why-averaging", (*PARTNERS, "max", "unexplained"), 1.0, 1),
    ("why-averaging", (*PARTNERS, "average", "unexplained"), 1.0, 1),
    ("why-averaging", (*PARTNERS, "max", "flat_early"), [0.15, 0.05, 0.25], 2),
    ("why-averaging", (*PARTNERS, "max", "flat_late"), [0.009, 0.007, 0.011], 3),
    ("why-averaging", ("cases", "sigmoid-loss", "sizes", "max", "early"), [0.09, 0.07, 0.11], 4),
    ("why-averaging", ("cases", "sigmoid-loss", "sizes", "exact-average", "early"), [0.19, 0.17, 0.21], 5),
    ("why-averaging", ("cases", "reddi-stochastic", "partners", "exact-average", "flat_early"), [0.1, 0.0, 0.2], 6),
]


@pytest.mark.parametrize(("name", "path", "value", "index"), DOCTORED)
def test_a_claim_fails_on_doctored_numbers(name: str, path: Any, value: Any, index: int) -> None:
    """The committed numbers, in which every claim holds, with one of them changed."""
    claims = list_figures()[name].claims(put(committed(name), path, value))
    assert [i for i, claim in enumerate(claims) if not claim.holds] == [index], [c.text for c in claims]


def path_by_hand(form: str, steps: int, kappa: float, *, alpha: float, beta2: float, eps: float, W: float) -> Any:
    """rho, x, regret/t, sqrt(b/t) and the share of zeros of MADA on f_t = 4x once in 3 steps, else -x, beta1 = 0."""
    rho, x, v, other, b, squares, paid, slopes = 0.5, 0.0, 0.0, 0.0, eps, 0.0, 0.0, 0.0
    slope, pending, zeros, rows = 0.0, 0.0, 0, []
    for t in range(1, steps + 1):
        g = 4.0 if t % 3 == 1 else -1.0
        paid, slopes = paid + g * x, slopes + g
        u, pending = (pending, -g * slope) if form == "mada-lagged" else (-g * slope, 0.0)
        zeros += u == 0
        rho = min(1.0, max(0.0, rho - kappa * u))
        v = beta2 * v + (1 - beta2) * g * g
        other = max(other, v) if form == "mada-max" else ((t - 1) * other + v) / t
        squares += g * g
        fresh, held = t * (eps + rho * v + (1 - rho) * other), b
        if form == "mada-safeguarded-sum":
            held = max(b, eps + W * squares)
        b = max(fresh, held) if "safeguarded" in form else fresh
        change = t * (v - other) if b == fresh else 0.0  # d b/d rho
        slope = -alpha * g * change / (2 * b**1.5)
        x = min(1.0, max(-1.0, x - alpha * g / math.sqrt(b)))
        rows.append((rho, x, (paid + abs(slopes)) / t, math.sqrt(b / t), zeros / t))
    return np.array(rows).T


@pytest.mark.parametrize("form", learned_rho.FORMS)
def test_paths_equal_a_recurrence_by_hand(form: str) -> None:
    times, kappas = np.arange(3, 91, 3), (0.02, 0.2)
    settings = {"alpha": 0.7, "beta2": 0.6, "eps": 1e-3, **({"W": 1.0} if form.endswith("sum") else {})}
    found = learned_rho.learned_paths(
        simulate,
        list_problems()["reddi-period"].make(),
        form,
        times=times,
        kappas=kappas,
        settings={**settings, "beta1": 0.0, "rho": 0.5},
        num_trajectories=1,
        seed=0,
    )
    for i, kappa in enumerate(kappas):
        expected = path_by_hand(form, 90, kappa, **{"W": 1.0, **settings})[:, times - 1]
        assert np.ptp(expected[0]) > 1e-3  # rho moves
        for part, wanted in zip(found, expected, strict=True):
            np.testing.assert_allclose(part[i, 0], wanted, rtol=1e-9, atol=1e-12)


def signals_by_hand(reference: str, kappa: float, steps: int, x: np.ndarray, h: dict[str, float]) -> Any:
    """(u, slopes, rho, gradients) per step of MADA's practical form on sum log(1+x^2) without noise."""
    m, v, other, slope, rho = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x), np.zeros_like(x), 0.5
    beta1, beta2, rows = h["beta1"], h["beta2"], ([], [], [], [])
    for t in range(1, steps + 1):
        g = 2 * x / (1 + x * x)
        u = -float(g @ slope)
        rho = min(1.0, max(0.0, rho - kappa * u))
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        c1, c2 = 1 - beta1**t, 1 - beta2**t
        if reference == "max":
            other = np.maximum(other, v)
            corrected = other / c2
        elif reference == "corrected-max":
            corrected = other = np.maximum(other, v / c2)
        else:
            other = ((t - 1) * other + v) / t
            exact = 1 - beta2 * (1 - beta2**t) / (t * (1 - beta2))
            corrected = other / (exact if reference == "exact-average" else c2)
        vhat = rho * v / c2 + (1 - rho) * corrected
        root = np.sqrt(vhat)
        slope = -h["alpha"] * (m / c1) / (root + h["eps"]) ** 2 * (v / c2 - corrected) / (2 * root)
        x = x - h["alpha"] * (m / c1) / (root + h["eps"])
        for row, value in zip(rows, (u, slope, rho, g), strict=True):
            row.append(value)
    return tuple(np.array(row) for row in rows)


@pytest.mark.parametrize("reference", learned_rho.CONVENTIONS)
def test_signals_equal_a_recurrence_by_hand(reference: str) -> None:
    h, edges, kappas = {"alpha": 0.05, "beta1": 0.8, "beta2": 0.9, "eps": 1e-4}, [2, 7, 30, 60], (0.0, 0.3)
    chosen = get_problem("log:d=3,noise=none,start=2.5")
    found = learned_rho.signals(
        simulate, chosen, reference, edges=edges, kappas=kappas, settings=h, num_trajectories=2, seed=0
    )
    for i, kappa in enumerate(kappas):
        u, slope, rho, g = signals_by_hand(reference, kappa, 60, np.full(3, 2.5), h)
        np.testing.assert_allclose(found.rho[i, 0], rho[np.array(edges) - 1], rtol=1e-9, atol=1e-12)
        for j, (low, high) in enumerate(itertools.pairwise(edges)):
            np.testing.assert_allclose(found.rms[i, 0, j], np.sqrt(np.mean(u[low:high] ** 2)), rtol=1e-9, atol=1e-15)
            if reference == "max":
                assert found.silent[i, 0, j] == np.mean(u[low:high] == 0)
                assert found.flat[i, 0, j] == np.mean(slope[low:high] == 0)
        if reference in ("average", "max"):
            told: dict[str, Any] = {
                **h,
                "rho": 0.5,
                "reference": {"average": "mean"}.get(reference, reference),
                "correction": "product",
            }
            _, values = by_hand.run_learned(np.full(3, 2.5), g, kappa={"rho": kappa}, **told)
            np.testing.assert_allclose(rho, values["rho"], rtol=1e-9)
    if reference == "max":
        assert found.flat[0, 0, 0] == 1  # the gradient grows at first, so v is its maximum
        assert found.flat[0, 0, -1] < 1
        assert np.all(found.unexplained == 0)
    if reference == "average":
        assert np.all(found.flat == 0)


def test_the_share_of_flat_coordinates_counts_coordinates() -> None:
    """One coordinate whose gradient grows at first among three: a third of the coordinates, and dl/drho is not 0."""
    chosen = get_problem("log:d=3,noise=none")
    found = learned_rho.signals(
        lambda *a, **k: simulate(*a, **k, start=[2.5, 0.5, 0.6]),
        chosen,
        "max",
        edges=[2, 4],
        kappas=(0.0,),
        settings={"alpha": 0.05, "beta1": 0.8, "beta2": 0.1, "eps": 1e-4},
        num_trajectories=1,
        seed=0,
    )
    assert found.flat[0, 0, 0] == pytest.approx(1 / 3)
    assert found.silent[0, 0, 0] == 0
    assert found.unexplained[0, 0] == 0


def test_typical_signal_is_the_root_mean_square_of_its_seeds() -> None:
    chosen, h = get_problem("log:d=2"), {"alpha": 0.01, "beta1": 0.5, "beta2": 0.9}
    parts = [
        learned_rho.typical_signal(simulate, chosen, steps=50, settings=h, num_trajectories=range(s, s + 1), seed=3)
        for s in (5, 6)
    ]
    both = learned_rho.typical_signal(simulate, chosen, steps=50, settings=h, num_trajectories=range(5, 7), seed=3)
    assert parts[0] != parts[1]
    assert both == pytest.approx(math.sqrt(np.mean(np.square(parts))), rel=DOUBLE.thousands)


@pytest.mark.parametrize(
    ("slopes", "beta2"), [([4.0, -1.0, -1.0], 1 / 17), ([1010.0, *[-10.0] * 100], 0.99), ([3.0, -1.0], 0.7)]
)
@pytest.mark.parametrize("reference", ["mean", "max"])
def test_the_rest_point_is_where_a_slow_descent_ends(slopes: list[float], beta2: float, reference: str) -> None:
    """A plain loop with constant small steps, v and its average run in, against the formula."""
    rest = Period(slopes, beta2, reference).rest()
    g = np.array(slopes)
    v, seen = 0.0, []
    for x in np.tile(g, 3000 // len(g) + 2):
        v = beta2 * v + (1 - beta2) * x * x
        seen.append(v)
    tail = np.array(seen[-len(g) :])
    w = tail.mean() if reference == "mean" else tail.max()
    rho, largest = 0.5, 0.0
    for _ in range(4000):
        z = rho * tail + (1 - rho) * w
        push = float(np.sum(np.append(g[1:], g[0]) * g * (tail - w) / z**1.5))
        largest = max(largest, abs(push))
        rho = min(1.0, max(0.0, rho - 1e-2 * push / largest))
    assert rest.rho == pytest.approx(rho, abs=5e-3)
    z = rest.rho * tail + (1 - rest.rho) * w
    assert rest.drift == pytest.approx(float(np.sum(g / np.sqrt(z))), rel=1e-9)


def test_the_rest_points_of_the_figure() -> None:
    """The values of the committed caption, and that x climbs at the second one only."""
    short = Period([4.0, -1.0, -1.0], 1 / 17, "mean").rest()
    long = Period([1010.0, *[-10.0] * 100], 0.99, "mean").rest()
    assert (short.rho, long.rho) == (pytest.approx(0.2506, abs=1e-4), pytest.approx(0.2704, abs=1e-4))
    assert short.drift > 0 > long.drift


RATIO = get_problem("ratio:d=3,noise=rademacher")
THEORY = {"alpha": 0.3, "beta2": 0.9, "eps": 1e-3, "rho": 0.4}


@pytest.mark.parametrize(
    ("spec", "plain"),
    [
        ("mada:learn=rho,convention=theory", "adam-avgrad:schedule=inverse_sqrt"),
        ("mada:learn=rho,convention=theory,reference=max", "adam-amsgrad:schedule=inverse_sqrt"),
        ("mada:learn=rho,convention=theory,safeguard=max", "safeguarded-mada"),
        ("mada:learn=rho,convention=theory,safeguard=sum", "safeguarded-mada:safeguard=sum"),
    ],
)
def test_without_learning_the_theory_forms_are_those_of_the_theorems(spec: str, plain: str) -> None:
    """kappa = 0 against the optimizer of T6, T7 and T8 on the same noise; kappa > 0 differs."""
    settings = {**THEORY, "beta1": 0.6}
    if "sum" in spec:
        settings["W"] = 0.7

    def x(name: str, **more: Any) -> np.ndarray:
        settled = {**settings, **more}
        data = simulate(
            RATIO, get_optimizer(name), 60, num_trajectories=3, settings=settled, statistics=(iterate,), save_at=[5, 60]
        )
        return data["iterate"].to_numpy()

    (still, learned), expected = x(spec, kappa_rho=(0.0, 1.0)), x(plain)
    np.testing.assert_allclose(still, expected, rtol=DOUBLE.thousands)
    assert np.max(np.abs(learned - expected)) > 1e-6


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("mada:safeguard=max", "must be 'theory'"),
        ("mada:learn=rho+beta1,convention=theory,safeguard=sum", "beta1 cannot be learned"),
        ("mada:convention=theory,safeguard=mx", "unknown safeguard of mada 'mx'"),
        ("mada:convention=theory,correction=product", "no bias correction"),
    ],
)
def test_bad_options_of_the_theory_form(spec: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        get_optimizer(spec)


def test_experiments_refuse_bad_arguments() -> None:
    with pytest.raises(UserError, match="did you mean 'mada-max'"):
        learned_rho.learned_paths(
            simulate,
            get_problem("reddi-period"),
            "mada-mx",
            times=[3],
            kappas=(1,),
            settings={},
            num_trajectories=1,
            seed=0,
        )
    with pytest.raises(UserError, match="has no regret"):
        learned_rho.learned_paths(
            simulate, get_problem("log"), "mada", times=[3], kappas=(1,), settings={}, num_trajectories=1, seed=0
        )
    for edges in ([1, 5], [5], [5, 5]):
        with pytest.raises(UserError, match="the first >= 2"):
            learned_rho.signals(
                simulate, get_problem("log"), "max", edges=edges, kappas=(0,), settings={}, num_trajectories=1, seed=0
            )
    with pytest.raises(UserError, match="unknown reference"):
        learned_rho.with_reference("mean")
    with pytest.raises(UserError, match="unknown second-moment reference"):
        Period([1.0, -1.0], 0.9, "median").rest()
