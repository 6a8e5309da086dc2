"""MADA: equal to a recurrence with derivatives written out by hand, and built as its options say."""

from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from optimizer_cases import looped
from tolerances import DOUBLE

import madatheory.references.mada as reference
from madatheory.engine.simulate import simulate
from madatheory.errors import UserError
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.problems.catalogue import get_problem

STEPS, D = 200, 3
RNG = np.random.default_rng(20261123)
G = RNG.standard_normal((STEPS, D)) * np.array([1.0, 0.5, 2.0])
X0 = np.array([1.0, -0.5, 0.25])
FULL: dict[str, Any] = {"alpha": 0.1, "beta1": 0.8, "beta2": 0.9, "beta3": 0.3, "rho": 0.4, "c": 0.6, "gamma": 0.7}
ONLY = {"alpha": 0.1, "beta1": 0.8, "beta2": 0.95}
EPS, KAPPA, MU = 1e-3, 0.02, 0.5

# options, initial values, and what the reference is told besides
CASES: dict[str, tuple[str, dict[str, float], dict[str, Any]]] = {
    "rho": ("learn=rho", ONLY | {"rho": 0.4}, {"correction": "product"}),
    "rho lagged": ("learn=rho,lag=1", ONLY | {"rho": 0.4}, {"correction": "product", "lag": 1}),
    "all": ("learn=all+alpha", FULL, {}),
    "all product": ("learn=all+alpha,correction=product", FULL, {"correction": "product"}),
    "all published": ("learn=all+alpha,convention=published", FULL, {"convention": "published"}),
    "all published kept cut": (
        "learn=all+alpha,convention=published,previous_gradient=kept,average_derivative=cut,clip=0.5,start=3",
        FULL,
        {
            "convention": "published",
            "previous_gradient": "kept",
            "average_derivative": "cut",
            "clip": dict.fromkeys(FULL, 0.5),
            "start": 3,
        },
    ),
    "all max lagged": ("learn=all+alpha,reference=max,lag=1", FULL, {"reference": "max", "lag": 1}),
}


@cache
def engine(label: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Path and learned coefficients of the engine's member."""
    options, initial, _ = CASES[label]
    method = get_optimizer(f"mada:{options}")
    names = method.traits["learned"]
    speeds = {f"kappa_{name}": KAPPA for name in names} | {f"mu_{name}": MU for name in names}
    with jax.enable_x64(True):
        path = looped(method)(X0, G, method.hyper(initial | speeds | {"eps": EPS}))
        return np.asarray(path.x), {name: np.asarray(path.state["values"][name]) for name in names}


def difference(label: str, source: ModuleType = reference) -> float:
    """Largest |x - reference| over the displacement, or of a coefficient if that is larger."""
    _, initial, told = CASES[label]
    found, values = engine(label)
    kappa, mu = dict.fromkeys(values, KAPPA), dict.fromkeys(values, MU)
    expected, moved = source.run_learned(X0, G, kappa=kappa, mu=mu, eps=EPS, **initial, **told)
    assert all(np.ptp(value) > 1e-3 for value in values.values())  # each one learns
    worst = np.max(np.abs(found - expected)) / np.max(np.abs(expected - X0))
    return max(float(worst), *(float(np.max(np.abs(values[name] - moved[name]))) for name in values))


@pytest.mark.parametrize("label", CASES)
def test_it_equals_the_recurrence_with_derivatives_written_out(label):
    assert difference(label) < 1e-10  # measured: below 1e-13


# the text of the reference replaced, its replacement, and the case that sees it
MUTANTS = {
    "sign of the hyper-gradient": ("u = {name: -float", "u = {name: float", "rho"),
    "momentum left out": (
        "pushed = mu.get(name, 0.0) * p[name] + limited if name in p else limited",
        "pushed = limited",
        "rho",
    ),
    "no clamp": ("*BOUNDS[name]))", "-np.inf, np.inf))", "all"),
    "no lag": ("u, pending = (pending, u) if lag", "u, pending = (pending, u) if False", "rho lagged"),
    "a lag": ("(pending, u) if lag", "(pending, u) if True", "rho"),
    "slope of rho without its correction": (
        "divided(mixed_by.get(name, zero), 2 * c2 * root)",
        "divided(mixed_by.get(name, zero), 2 * root)",
        "rho",
    ),
    "reference held": (
        "per_v = rho + (1 - rho) * follows if average_derivative == ",
        'per_v = rho if True or "" == ',
        "all",
    ),
    "correction held": ("- mixed * dc2 / c2", "", "all"),
    "first correction held": ("- m * dc1 / c1**2", "", "all"),
    "Yogi's sign held at 1": ("ahead**2 - v0 - ahead**2 * sign", "ahead**2 - v0 - ahead**2", "all"),
    "difference in the square held": ("* 2 * ahead * difference", "* 2 * ahead * 0", "all"),
    "difference in the numerator held": ('"beta3": n + beta3 * (n0 - difference)', '"beta3": n', "all"),
    "the new l": (
        "beta1_lion * (after if published else lion) + (1 - beta1_lion) * now)\n        lion =",
        "beta1_lion * after + (1 - beta1_lion) * now)\n        lion =",
        "all",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_derivative_is_seen(name):
    old, new, label = MUTANTS[name]
    text = Path(reference.__file__).read_text()
    assert text.count(old) == 1
    module = ModuleType("mutant")
    exec(compile(text.replace(old, new), "mutant", "exec"), module.__dict__)
    assert difference(label, module) > 1e-6


@pytest.mark.parametrize("bad", [np.nan, 1e154])
def test_a_hyper_gradient_that_is_not_finite_is_ignored_as_in_the_recurrence(bad):
    """1e154: with such a step size the square of u overflows, that of the gradient does not, and learning goes on."""
    initial: dict[str, Any] = ONLY | {"rho": 0.4, "alpha": 1e5}
    g = G[:40].copy()
    g[20, 1] = bad
    method = get_optimizer("mada:learn=rho")
    given = method.hyper(initial | {"kappa_rho": 1e-7, "mu_rho": MU, "eps": EPS})
    with jax.enable_x64(True):
        path = looped(method)(X0, g, given)
    expected, moved = reference.run_learned(
        X0, g, kappa={"rho": 1e-7}, mu={"rho": MU}, eps=EPS, correction="product", **initial
    )
    np.testing.assert_allclose(path.x, expected, rtol=DOUBLE.thousands)
    np.testing.assert_allclose(path.state["values"]["rho"], moved["rho"], rtol=DOUBLE.thousands)
    assert np.ptp(moved["rho"][:20]) > 1e-3
    assert moved["rho"][20] == moved["rho"][19]
    np.testing.assert_array_equal(np.asarray(path.state["skipped"])[[19, 20, 39]], [0, 1, 20 if np.isnan(bad) else 1])


def test_a_constant_path_of_the_learned_recurrence_is_the_plain_one():
    still, values = reference.run_learned(X0, G, kappa=dict.fromkeys(FULL, 0.0), **FULL)
    np.testing.assert_allclose(still, reference.run(X0, G, **FULL), rtol=DOUBLE.thousands)
    assert all(np.ptp(value) == 0 for value in values.values())


def state_of(options: str) -> dict[str, Any]:
    method = get_optimizer(f"mada:{options}")
    return method.init(method.hyper(), jnp.zeros((D, 4)))


def test_the_state_holds_only_what_learning_needs():
    plain = get_optimizer("adam-avgrad:form=practical")
    state = state_of("learn=rho")
    assert (
        set(state["point"]) == set(plain.init(plain.hyper(), jnp.zeros(D))) == {"m", "v", "reference", "ones1", "ones2"}
    )
    assert set(state) == {"point", "values", "momenta", "slopes", "skipped"}
    assert {key: leaf.shape for key, leaf in state["slopes"].items()} == {"rho": (D, 4)}
    assert {key: leaf.shape for key, leaf in state["values"].items()} == {"rho": (4,)}
    assert set(state_of("learn=rho,lag=1")) == {"point", "values", "momenta", "slopes", "pending", "skipped"}
    assert set(state_of("learn=beta2")["point"]) == {"m", "v"}
    assert set(state_of("learn=all")["point"]) == {"m", "v", "reference", "n", "g", "l"}
    assert set(state_of("learn=all,convention=published")["point"]) == {"m", "v", "reference", "n", "l"}


def test_what_is_learned_and_what_is_not():
    assert get_optimizer("mada").traits["learned"] == ("beta1", "beta2", "beta3", "rho", "c", "gamma")
    method = get_optimizer("mada:learn=rho+beta2,reference=max,lag=1")
    assert method.traits["learned"] == ("beta2", "rho")
    assert method.traits["moving"] == {"beta2": "predictable", "rho": "predictable"}
    assert method.traits["reference"] == "max"
    assert method.traits["pinned"] == {"beta3": 0.0, "c": 1.0, "gamma": 1.0}
    assert set(method.parameters) == {"alpha", "beta1", "beta2", "rho", "eps"} | {
        f"{what}_{name}" for what in ("kappa", "mu") for name in ("rho", "beta2")
    }


def test_in_the_engine_step_sizes_of_the_descent_are_a_grid_axis():
    """kappa = 0 is Adam-AVGrad with the initial rho, on the same noise; kappa > 0 is not."""
    function, shared = (
        get_problem("ratio:d=3,noise=rademacher"),
        {"alpha": 0.05, "beta2": 0.97, "eps": 1e-3, "rho": 0.5},
    )
    plain = simulate(function, get_optimizer("adam-avgrad:form=practical"), 50, num_trajectories=4, settings=shared)
    grid = simulate(
        function,
        get_optimizer("mada:learn=rho"),
        50,
        num_trajectories=4,
        settings={**shared, "kappa_rho": [0.0, 0.5], "mu_rho": 0.5},
    )
    name = next(iter(plain.data_vars))
    still, learning = (grid[name].isel(kappa_rho=i).to_numpy() for i in (0, 1))
    np.testing.assert_allclose(still, plain[name].to_numpy(), rtol=DOUBLE.thousands)
    assert np.all(np.abs(learning - still) > 1e-6 * np.abs(still))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("mada:learn=rh", "unknown learned coefficient of mada 'rh'; did you mean 'rho'"),
        ("mada:learn=", "unknown learned coefficient of mada ''"),
        ("mada:learn=all+rho", "names rho twice"),
        ("mada:reference=median", "unknown reference of mada 'median'"),
        ("mada:convention=publised", "did you mean 'published'"),
        ("mada:correction=exact", "unknown correction of mada 'exact'"),
        ("mada:convention=published,correction=product", "give correction='power'"),
        ("mada:lag=2", "lag = 2"),
        ("mada:lag=one", "lag = 'one' is not a int"),
    ],
)
def test_bad_options_are_one_clear_message(spec, message):
    with pytest.raises(UserError, match=message):
        get_optimizer(spec)


def test_an_initial_value_outside_its_bounds_is_refused():
    with pytest.raises(UserError, match=r"beta2 = 0.999 is out of range: give a value in \[0.501, 0.99\]"):
        get_optimizer("mada:learn=beta2").hyper({"beta2": 0.999})
    assert get_optimizer("mada:learn=rho").hyper({"beta2": 0.999})["beta2"] == 0.999
