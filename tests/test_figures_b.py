"""Figures on Reddi's problems, the drift, the sweep over rho and the constructed instances, and what they rest on."""

import copy
import importlib
import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from madatheory.engine.simulate import simulate
from madatheory.entry import collect
from madatheory.errors import UserError
from madatheory.figures.figure import Figure, Numbers, Run
from madatheory.figures.render import plain
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.catalogue import list_problems
from madatheory.studies.theory import drift, regret, tuning, two_steps

COMMITTED = Path(__file__).parent.parent / "figures"
NAMES = ("drift_sign", "interior_rho_exact", "interior_rho_stochastic", "reddi_online", "reddi_stochastic", "rho_sweep")
QUICK = ("drift_sign", "interior_rho_exact", "interior_rho_stochastic")


def figure(name: str) -> Figure:
    (found,) = collect(importlib.import_module(f"madatheory.figures.gallery.{name}"), Figure)
    return found


def smoke_run() -> Run:
    return Run("smoke", 0, simulate, lambda name, config, compute: compute())


@pytest.fixture(scope="module")
def rendered(smoke_figure: Callable[[str], Any]) -> Callable[[str], tuple[Path, dict[str, Any]]]:
    """A figure in the smoke profile by the name of its module: its folder and its json record."""
    return lambda name: smoke_figure(figure(name).name)


@pytest.mark.parametrize("name", NAMES)
def test_every_claim_holds_in_the_smoke_profile(name: str, rendered: Any) -> None:
    folder, record = rendered(name)
    assert all(claim["holds"] for claim in record["claims"]), record["claims"]
    assert record["name"] == name.replace("_", "-")
    for kind in ("svg", "png"):
        assert (folder / f"{record['name']}.{kind}").stat().st_size > 10_000
    width, height = figure_size(folder / f"{record['name']}.png")
    assert width <= 9.05 * 150
    assert height <= 6.5 * 150
    assert len(record["caption"]) > 150
    assert "nan" not in record["caption"]


def figure_size(path: Path) -> tuple[int, int]:
    header = path.read_bytes()[16:24]
    return int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(_same(first[k], second[k]) for k in first)
    if isinstance(first, list):
        return len(first) == len(second) and all(map(_same, first, second))
    if isinstance(first, float):
        return math.isclose(first, second, rel_tol=1e-4, abs_tol=1e-12)
    return first == second


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in NAMES]
)
def test_numbers_are_the_same_in_a_second_run(name: str, rendered: Any) -> None:
    _, record = rendered(name)
    again = json.loads(json.dumps(plain(figure(name).compute(smoke_run()))))
    assert _same(record["numbers"], again)


def _put(numbers: Numbers, path: tuple[Any, ...], value: Any) -> Numbers:
    doctored = copy.deepcopy(numbers)
    inner = doctored
    for key in path[:-1]:
        inner = inner[key]
    old = inner[path[-1]]
    inner[path[-1]] = value(old) if callable(value) else value
    return doctored


def _last(value: float) -> Callable[[list[float]], list[float]]:
    return lambda old: [*old[:-1], value]


DOCTORED = [
    # (figure, where in the numbers, what to put there, the claims that must then fail)
    ("drift_sign", ("panels", 0, "simulated", 1, -1), -1.0, 0),
    ("drift_sign", ("panels", 0, "simulated", 0, 0), -1e-9, 1),
    ("drift_sign", ("panels", 1, "simulated", -1, 0), 1e-9, 2),
    ("drift_sign", ("boundary_beta2", "delta", 0), lambda old: old * 0.95, 3),
    ("drift_sign", ("panels", 0, "exact", 0, -1), -1.0, (0, 4)),
    ("interior_rho_exact", ("instances", 0, "value_at_target"), 1e-20, 0),
    ("interior_rho_exact", ("instances", 1, "value", 0), 0.0, 1),
    ("interior_rho_exact", ("instances", 2, "value"), _last(0.0), 2),
    ("interior_rho_stochastic", ("best_against_ends", "0"), [-1e-6, 0.1], 0),
    ("interior_rho_stochastic", ("best_against_ends", "1"), [-1e-6, 0.1], 0),
    ("interior_rho_stochastic", ("switch_against", 1), [-1e-6, 0.1], 1),
    ("interior_rho_stochastic", ("switched", "interior"), False, 2),
    ("reddi_online", ("cases", 0, "methods", "adam", "0", "x"), _last(-1.0), 0),
    ("reddi_online", ("cases", 1, "methods", "adam", "0", "average_regret"), _last(0.01), 3),
    ("reddi_online", ("cases", 0, "methods", "amsgrad", "0", "x"), _last(0.0), 1),
    ("reddi_online", ("cases", 0, "methods", "avgrad", "0", "average_regret"), _last(0.1), 2),
    ("reddi_online", ("cases", 1, "methods", "avgrad", "0", "bound", 5), lambda old: old / 100, 5),
    ("reddi_stochastic", ("methods", "adam", "0", "last_x"), [0.1, -0.1, 0.3], 0),
    ("reddi_stochastic", ("methods", "avgrad", "0", "last_x"), [-0.1, -0.3, 0.1], 3),
    ("reddi_stochastic", ("methods", "amsgrad", "0", "average_regret", "mean"), _last(9.0), 1),
    ("reddi_stochastic", ("methods", "amsgrad", "0", "worst"), 1.01, 2),
    ("rho_sweep", ("cases", 0, "prior", 0, 3), 1e-6, 0),
    ("rho_sweep", ("cases", 1, "outcome", 2), "violated", 3),
]


@pytest.mark.parametrize(("name", "path", "value", "index"), DOCTORED)
def test_a_claim_fails_on_doctored_numbers(name: str, path: Any, value: Any, index: int | tuple[int, ...]) -> None:
    """The committed numbers, in which every claim holds, with one of them changed."""
    record = json.loads((COMMITTED / f"{figure(name).name}.json").read_text())
    claims = figure(name).claims(_put(record["numbers"], path, value))
    failed = [i for i, claim in enumerate(claims) if not claim.holds]
    assert failed == list(np.atleast_1d(index)), [c.text for c in claims]


def enumerated_drift(rho: float, beta2: float, law: drift.TwoPointLaw, terms: int) -> tuple[float, float]:
    """(E[xi z^{-1/2}], E[z^{-1/2}]) by enumerating xi_t and the last `terms` values; the rest of v at its mean."""
    past, chance = np.zeros(1), np.ones(1)
    for k in range(terms + 1):
        weight = (1 - beta2) * beta2**k
        past = np.concatenate([past + weight * law.C**2, past + weight])
        chance = np.concatenate([chance * law.p, chance * (1 - law.p)])
    xi = np.tile([law.C, -1.0], 2**terms)
    z = (1 - rho) * law.second_moment + rho * (past + beta2 ** (terms + 1) * law.second_moment)
    return float(np.sum(chance * xi / np.sqrt(z))), float(np.sum(chance / np.sqrt(z)))


@pytest.mark.parametrize(("rho", "beta2"), list(itertools.product((0.05, 0.5, 1.0), (0.1, 0.3))))
@pytest.mark.parametrize(
    "law", [drift.TwoPointLaw(5.0, 0.2), drift.TwoPointLaw(20.0, 3.0), drift.TwoPointLaw(1.5, 0.0)]
)
def test_exact_drift_is_the_enumerated_one(rho: float, beta2: float, law: drift.TwoPointLaw) -> None:
    found, expected = drift.inverse_root_moments(rho, beta2, law), enumerated_drift(rho, beta2, law, 15)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


@given(rho=st.floats(0.01, 1), w=st.floats(0.003, 0.9), C=st.floats(1.1, 300), share=st.floats(0, 0.99))
def test_drift_is_downhill_where_the_sufficient_condition_holds(rho: float, w: float, C: float, share: float) -> None:
    """beta2 >= (1 - delta/C)^2 implies D >= 0; and S^{-1/2} <= E z^{-1/2} by Jensen."""
    law = drift.TwoPointLaw(C, share * C)
    D, inverse_root = drift.inverse_root_moments(rho, 1 - w, law)
    assert inverse_root >= law.second_moment**-0.5 * (1 - 1e-9)
    assert D >= -1e-10 or 1 - w < drift.sufficient_beta2(law.delta, C)
    bound = law.delta * inverse_root * (1 + 1e-9) + 1e-12
    assert bound >= D  # xi and z^{-1/2} are negatively correlated


@pytest.mark.parametrize("rho", [0.2, 0.7, 1.0])
def test_simulated_drift_is_the_exact_one(rho: float) -> None:
    """Means over seeds within 4 standard errors, in the far field, at a beta2 where v forgets quickly."""
    law, deltas = drift.TwoPointLaw(10.0, 0.0), (0.2, 1.0)
    method = importlib.import_module("madatheory.optimizers.members.adam_avgrad").build(schedule="inverse_sqrt")
    settings = {"alpha": 1.0, "beta1": 0.0, "beta2": 0.9, "rho": rho, "eps": 1e-12}
    found = drift.simulated_drift(
        simulate,
        method,
        drift.far_field(law.C, deltas, 1e6),
        steps=20_000,
        num_trajectories=64,
        seed=1,
        settings=settings,
    )
    error = found.std("seed", ddof=1) / 8
    exact = [drift.exact_drift(rho, 0.9, drift.TwoPointLaw(law.C, delta)) for delta in deltas]
    assert np.all(np.abs(found.mean("seed").to_numpy() - exact) < 4 * error.to_numpy() + 2e-4)


def test_critical_delta_separates_uphill_from_downhill() -> None:
    for rho, beta2, C in ((1.0, 0.99, 101.0), (0.3, 0.9, 20.0)):
        edge = drift.critical_delta(rho, beta2, C)
        below, above = (drift.exact_drift(rho, beta2, drift.TwoPointLaw(C, edge * by)) for by in (0.99, 1.01))
        assert below < 0 < above
    assert drift.critical_delta(0.0, 0.9, 20.0) == 0.0
    edge = drift.critical_delta(1.0, 0.999, 101.0)  # the sufficient condition is almost necessary here
    assert drift.sufficient_beta2(edge * 1.02, 101.0) < 0.999 < drift.sufficient_beta2(edge, 101.0)
    assert drift.critical_delta(1.0, 0.9999, 101.0) == pytest.approx(1e-4 * 101 / 2, rel=0.01)


def test_far_field_is_the_smooth_reddi_problem() -> None:
    """Each coordinate of the grid problem has the value, law and constants of the catalogue's problem at its delta."""
    deltas, C = (0.3, 2.0), 7.0
    grid = drift.far_field(C, deltas, 3.0)
    x = np.array([[-2.0, 0.5], [1.5, -4.0]])
    with jax.enable_x64(True):
        for i, delta in enumerate(deltas):
            one = list_problems()["reddi-smooth"].make({"C": C, "delta": delta})
            np.testing.assert_allclose(
                grid.full_gradient(jnp.asarray(x))[i], one.full_gradient(jnp.asarray(x[i : i + 1]))[0]
            )
            moments = (p.oracle.second_moment for p in (grid, one))
            ours, theirs = (m(jnp.asarray(x), None, 1.0) for m in moments if m is not None)
            np.testing.assert_allclose(ours[i], theirs[i])
        total = sum(
            list_problems()["reddi-smooth"].make({"C": C, "delta": v}).value(jnp.asarray(x[i : i + 1]))
            for i, v in enumerate(deltas)
        )
        np.testing.assert_allclose(grid.value(jnp.asarray(x)), total)
    assert grid.constants is not None
    assert [c.value for c in grid.constants] == [2.0, C, 2.3]


def test_drift_refuses_bad_arguments() -> None:
    for arguments in (
        (1.5, 0.9, drift.TwoPointLaw(5, 0.1)),
        (0.5, 1.0, drift.TwoPointLaw(5, 0.1)),
        (0.5, 0.9, drift.TwoPointLaw(5, 5.0)),
    ):
        with pytest.raises(UserError, match="give"):
            drift.exact_drift(*arguments)
    constant = importlib.import_module("madatheory.optimizers.members.adam_avgrad").build(schedule="constant")
    with pytest.raises(UserError, match="inverse_sqrt"):
        drift.simulated_drift(
            simulate, constant, drift.far_field(5.0, [0.1], 1e6), steps=10, num_trajectories=2, seed=0, settings={}
        )


def two_steps_by_hand(x0: tuple[float, float], beta2: float, rho: float, alpha: float) -> float:
    x, v, total = np.array(x0), np.zeros(2), np.zeros(2)
    for t in (1, 2):
        v = beta2 * v + (1 - beta2) * x * x
        total = total + v
        x = x - alpha / math.sqrt(t) * x / np.sqrt(rho * v + (1 - rho) * total / t)
    return float(np.sum(x * x) / 2)


@given(rho=st.floats(0.02, 0.98), beta2=st.floats(0.02, 0.98))
def test_two_steps_reach_the_minimum_at_the_target_only(rho: float, beta2: float) -> None:
    x0, alpha = two_steps.start(rho, beta2), math.sqrt(1 - beta2)
    assert 0 < x0[1] <= x0[0]
    assert two_steps_by_hand(x0, beta2, rho, alpha) < 1e-22
    grid = alpha * np.geomspace(0.05, 20, 400)
    for end in (0.0, 1.0):
        assert min(two_steps_by_hand(x0, beta2, end, float(a)) for a in grid) > 1e-12


def test_best_value_agrees_with_an_independent_search() -> None:
    x0, beta2 = two_steps.start(0.5, 0.9), 0.9
    rho = np.array([0.0, 0.3, 0.5, 1.0])
    found, alpha = two_steps.best_value(x0, beta2, rho)
    for r, value, a in zip(rho, found, alpha, strict=True):
        grid = math.sqrt(0.1) * np.geomspace(0.1, 10, 300)
        rough = grid[int(np.argmin([two_steps_by_hand(x0, beta2, r, float(s)) for s in grid]))]
        near = rough * np.linspace(0.98, 1.02, 4001)
        best = min(two_steps_by_hand(x0, beta2, r, float(s)) for s in near)
        assert value == pytest.approx(best, rel=1e-3, abs=1e-9)
        assert value == pytest.approx(two_steps_by_hand(x0, beta2, r, a), rel=1e-6, abs=1e-20)
    # the numbers that the instance was constructed for
    assert found[0] == pytest.approx(4.0e-3, rel=0.02)
    assert found[3] == pytest.approx(1.5e-4, rel=0.02)
    assert found[2] == 0


def test_tuning_chooses_on_one_set_of_seeds_and_judges_on_another() -> None:
    """A false `simulate` whose error is known: (alpha - rho)^2 + 10 on the tuning seeds, + 20 on the others."""
    problem = list_problems()["pseudo-huber"].make({"d": 1, "noise": "none"})
    asked: list[range] = []

    def false_run(
        problem: Any, optimizer: Optimizer, steps: int, *, num_trajectories: range, settings: Any, **_: Any
    ) -> xr.Dataset:
        asked.append(num_trajectories)
        alphas, rhos = np.atleast_1d(settings["alpha"]), np.atleast_1d(settings["rho"])
        error = (alphas[:, None] - rhos) ** 2 + (10 if num_trajectories.start == 0 else 20)
        x = np.sqrt((error + 1) ** 2 - 1)  # sqrt(1+x^2) - 1 = error
        values = np.broadcast_to(x[..., None, None, None], (*x.shape, len(num_trajectories), 1, 1))
        data = xr.DataArray(values, dims=("alpha", "rho", "seed", "t", "coordinate"), coords={"rho": rhos})
        return xr.Dataset({"iterate": data if np.ndim(settings["alpha"]) else data.isel(alpha=0, drop=True)})

    found = tuning.tune(
        false_run,
        problem,
        None,  # type: ignore[arg-type]
        steps=1,
        alphas=[0.0, 0.4, 0.6, 1.0],
        settings={},
        over={"rho": (0.0, 0.45, 0.7)},
        tuning_seeds=3,
        fresh_seeds=5,
        seed=0,
    )
    assert {key[0]: (one.alpha, one.interior) for key, one in found.items()} == {
        0.0: (0.0, False),
        0.45: (0.4, True),
        0.7: (0.6, True),
    }
    for (rho,), one in found.items():
        np.testing.assert_allclose(one.errors, 20 + (one.alpha - rho) ** 2)
        np.testing.assert_allclose(one.candidates, 10 + (np.array([0.0, 0.4, 0.6, 1.0]) - rho) ** 2)
    assert asked[0] == range(3)
    assert all(seeds == range(3, 8) for seeds in asked[1:])


def test_period_ends_are_multiples_of_the_period() -> None:
    times = regret.period_ends(10_000, 101, 30)
    assert (times[0], times[-1]) == (101, 99 * 101)
    assert np.all(times % 101 == 0)
    assert np.all(np.diff(times) > 0)
    with pytest.raises(UserError, match="periods"):
        regret.period_ends(150, 101, 5)


def test_regret_curves_on_a_path_done_by_hand() -> None:
    """Average regret and bound of AVGrad on the period-3 problem against a plain recurrence; none with momentum."""
    problem = list_problems()["reddi-period"].make({"C": 4.0})
    settings = {"alpha": 1.0, "beta2": 1 / 17, "eps": 1e-8}
    found = regret.regret_curves(
        simulate, problem, "avgrad", times=[3, 30], settings=settings, momenta=(0.0, 0.9), num_trajectories=1, seed=0
    )
    x, v, total, paid, slopes, squares = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for t in range(1, 31):
        g = 4.0 if t % 3 == 1 else -1.0
        paid, slopes, squares = paid + g * x, slopes + g, squares + g * g
        v = v / 17 + 16 / 17 * g * g
        total += v
        x = min(1.0, max(-1.0, x - g / math.sqrt(t) / math.sqrt(1e-8 + total / t)))
    curve = found[0.0]
    assert curve.x[0, -1] == pytest.approx(x, rel=1e-12)
    assert curve.average_regret[0, -1] == pytest.approx((paid + abs(slopes)) / 30, rel=1e-12)
    expected = (2 * math.sqrt(30 * (1e-8 + total / 30)) + math.sqrt(17 / 16) * math.sqrt(squares)) / 30
    assert curve.bound is not None
    assert curve.bound[0, -1] == pytest.approx(expected, rel=1e-12)
    assert found[0.9].bound is None
    adam = regret.regret_curves(
        simulate, problem, "adam", times=[30], settings=settings, momenta=(0.0,), num_trajectories=1, seed=0
    )
    assert adam[0.0].bound is None
