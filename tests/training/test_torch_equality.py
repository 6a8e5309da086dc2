"""MADA in PyTorch computes, step by step, what the float64 reference and the optax transformation compute."""

from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from optimizer_cases import in_numpy
from tolerances import DOUBLE, SINGLE
from torch_cases import ALL, COVERING, EPS, START, STEPS, SUBSETS, X0, G, asked, family, run, torch

from madatheory import Descent, mada
from madatheory.references.mada import run_learned
from madatheory.training.transformation import MadaState

pytestmark = [pytest.mark.needs("torch"), pytest.mark.usefixtures("float64")]
TOLERANCES = (("float64", DOUBLE.thousands), ("float32", SINGLE.tens))
OPTIONS: dict[str, dict[str, Any]] = {
    "practical": {},
    "product": {"correction": "product"},
    "maximum": {"reference": "max"},
    "cut": {"average_derivative": "cut"},
    "lagged": {"lag": 1},
    "zeroed": {"previous_gradient": "zeroed"},
    "published": {"convention": "published"},
    "published, kept": {"convention": "published", "previous_gradient": "kept"},
}


def reference(names: tuple[str, ...], steps: int, options: dict[str, Any], initial: dict[str, float]) -> Any:
    """The run of the same request by the recurrence with its own derivatives."""
    reference = options.get("reference", "mean")
    rest: dict[str, Any] = {name: value for name, value in options.items() if name != "reference"}
    learned = {family(name) for name in names}
    given: dict[str, Any] = {family(name): value for name, value in initial.items()}
    return run_learned(
        X0,
        G[:steps],
        kappa=dict.fromkeys(learned, 0.02),
        mu=dict.fromkeys(learned, 0.5),
        eps=EPS,
        reference=reference,  # type: ignore[arg-type]
        **rest,
        **given,
    )


def check(
    names: tuple[str, ...], options: dict[str, Any], initial: Any = None, steps: int = 6, both: bool = True
) -> None:
    path, seen = reference(names, steps, options, {**START, **(initial or {})})
    for dtype, tolerance in TOLERANCES:
        if dtype == "float32" and (steps > 20 or (not both and names != ALL)):
            return  # rounding grows with the steps, and signs turn
        found = run(steps, getattr(torch, dtype), **asked(names, **options, **(initial or {})))
        np.testing.assert_allclose(found["x"], path, rtol=tolerance, atol=tolerance, err_msg=f"{names}")
        for name in names:
            want = seen[family(name)]
            np.testing.assert_allclose(found[name], want, rtol=tolerance, atol=tolerance, err_msg=f"{name} of {names}")


@pytest.mark.parametrize("label", OPTIONS)
def test_covering_subsets_equal_the_reference(label: str) -> None:
    for names in COVERING:
        check(names, OPTIONS[label], steps=4, both=False)


@pytest.mark.slow(reason="all 127 subsets under all conventions: minutes")
@pytest.mark.parametrize("label", OPTIONS)
def test_every_subset_equals_the_reference(label: str) -> None:
    for names in SUBSETS:
        check(names, OPTIONS[label])


@pytest.mark.parametrize(
    ("names", "initial"),
    [
        (("lr", "rho"), {"b3": 0.0, "c": 1.0, "gamma": 1.0}),
        (("b2",), {"b3": 0.0, "c": 1.0, "gamma": 1.0, "rho": 1.0}),
        (("b1", "b2"), {"b3": 0.0, "c": 1.0, "gamma": 1.0, "rho": 0.0}),
        (("lr", "rho"), {"b1": 0.0}),
        (("lr", "gamma"), {"b1": 0.0, "b3": 0.0}),
        (("b2", "b3"), {"c": 0.0}),
        (("lr", "b2"), {"gamma": 0.0}),
        (("b1", "b3"), {"c": 1.0, "gamma": 1.0}),
    ],
)
def test_ends_of_the_family_equal_the_reference(names: tuple[str, ...], initial: dict[str, float]) -> None:
    """What a coefficient at its end switches off is never built."""
    check(names, {}, initial)


@pytest.mark.parametrize("start", [1e-3, 0.0])
def test_decays_may_be_learned_down_to_zero(start: float) -> None:
    """There (m_t - g_t)/b1 says nothing of m_{t-1}, which is kept instead."""
    rules = {"b1": Descent(0.02, low=0.0), "b2": Descent(0.02, low=0.0)}
    options: dict[str, Any] = {"lr": 0.1, "eps": EPS, "b1": start, "b2": start, "learn": rules}
    for dtype, tolerance in TOLERANCES:
        want, found = beside_optax(8, dtype, **options), run(8, getattr(torch, dtype), **options)
        for name, values in want.items():
            np.testing.assert_allclose(found[name], values, rtol=tolerance, atol=tolerance, err_msg=name)


def test_a_long_run_equals_the_reference() -> None:
    check(ALL, {}, steps=STEPS)


def beside_optax(steps: int, dtype: Any, **options: Any) -> dict[str, np.ndarray]:
    """The run of the same request by `madatheory.mada`."""
    learn = options.pop("learn", None)
    if learn is not None:
        options["learn"] = {"learning_rate" if name == "lr" else name: rule for name, rule in learn.items()}
    if "lr" in options:
        options["learning_rate"] = options.pop("lr")
    tx = mada(**options)

    def step(carry: Any, g: Any) -> Any:
        x, state = carry
        move, state = tx.update(g, state, x)
        x, now = optax.apply_updates(x, move), cast(MadaState, state)
        return (x, state), (x, now.coefficients)

    def deal(x: Any) -> Any:
        return [jnp.asarray(x[..., :1], dtype), jnp.asarray(x[..., 1:], dtype)]

    run = in_numpy(lambda p, g: jax.lax.scan(step, (p, tx.init(p)), g)[1])
    x, values = run(deal(X0), deal(G[:steps]))
    named = {"lr" if name == "learning_rate" else name: np.asarray(value) for name, value in values.items()}
    return {"x": np.concatenate([np.asarray(part) for part in x], axis=-1), **named}


BESIDE: dict[str, dict[str, Any]] = {
    "default": {},
    "train": {"preset": "train"},
    "toy": {"preset": "toy"},
    "theory": asked(ALL, convention="theory", weight_decay=0.3, lag=1),
    "theory max": asked(ALL, convention="theory", reference="max"),
    "decayed": asked(("lr", "b1", "rho"), weight_decay=0.3),
    "clipped": {**asked(("b1", "rho")), "learn": dict.fromkeys(("b1", "rho"), Descent(0.5, 0.5, clip=1e-3))},
    "nothing learned": asked(()),
}


@pytest.mark.parametrize(("dtype", "tolerance"), TOLERANCES)
@pytest.mark.parametrize("label", BESIDE)
def test_it_equals_the_optax_transformation(label: str, dtype: str, tolerance: float) -> None:
    steps = STEPS if label == "default" else 12  # train_ddp learns from step 50 on
    want = beside_optax(steps, dtype, **BESIDE[label])
    found = run(steps, getattr(torch, dtype), **BESIDE[label])
    assert found.keys() == want.keys()
    for name, values in want.items():
        np.testing.assert_allclose(found[name], values, rtol=tolerance, atol=tolerance, err_msg=name)
        if name != "x":
            assert name == "c" or np.ptp(values) > 0, f"{name} must move, or nothing is compared"
