"""The drift on Reddi's smooth problem: its formula against enumeration and simulation, and its sign."""

import importlib
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tolerances import STANDARD_ERRORS

from madatheory.engine.simulate import simulate
from madatheory.errors import UserError
from madatheory.problems.catalogue import list_problems
from madatheory.studies.theory import drift


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
    assert np.all(np.abs(found.mean("seed").to_numpy() - exact) < STANDARD_ERRORS * error.to_numpy() + 2e-4)


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
    assert [c.value for c in grid.constants[:3]] == [2.0, C, 2.3]


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
