"""References of newer methods against other people's code of them: optax and torch, in float64."""

from typing import Any

import numpy as np
import optax
import pytest
from tolerances import DOUBLE

from madatheory import runs_of
from madatheory.references import adadelta, adafactor, ademamix, adopt, lamb, muon, radam, schedule_free

rng = np.random.default_rng(4)
X0, G = rng.normal(size=5), rng.normal(size=(12, 5))
TALL, WIDE = (6, 2), (2, 6)
BETAS: dict[str, Any] = {"beta1": 0.8, "beta2": 0.95, "eps": 1e-3}
OPTAX: dict[str, tuple[Any, dict[str, Any], Any]] = {
    # optax's factory, the settings of both, our recurrence
    "adadelta": (optax.adadelta, {"beta2": 0.9, "eps": 1e-3}, lambda x, g, **h: adadelta.run(x, g, **h)),
    "radam": (optax.radam, BETAS, lambda x, g, **h: radam.run(x, g, threshold=5.0, strict=False, **h)),
    "adopt": (optax.contrib.adopt, BETAS, lambda x, g, **h: adopt.run(x, g, **h)),
    "ademamix": (
        optax.contrib.ademamix,
        {**BETAS, "beta3": 0.99, "weight_decay": 0.1},
        lambda x, g, **h: ademamix.run(x, g, decay="decoupled_lr", **h),
    ),
    "schedule-free": (
        optax.contrib.schedule_free_adamw,
        {**BETAS, "weight_decay": 0.1},
        lambda x, g, **h: schedule_free.run(x, g, **h),
    ),
    "lamb": (optax.lamb, {**BETAS, "weight_decay": 0.1}, lambda x, g, **h: lamb.run(x, g, **h)),
}


@pytest.mark.parametrize("name", OPTAX)
def test_optax_takes_the_same_steps(name: str) -> None:
    factory, settings, ours = OPTAX[name]
    theirs = runs_of(factory)(X0, G, lr=0.05, **settings)
    np.testing.assert_allclose(ours(X0, G, alpha=0.05, **settings), theirs, rtol=DOUBLE.thousands)


@pytest.mark.parametrize("shape", [TALL, WIDE])
def test_optax_muon_takes_the_same_steps(shape: tuple[int, int]) -> None:
    """Its weights are inputs x outputs; the coefficients of its iteration are float32."""
    x0, g = rng.normal(size=shape), rng.normal(size=(6, *shape))
    theirs = runs_of(optax.contrib.muon)(x0, g, lr=0.05, weight_decay=0.1)
    ours = muon.run(x0, g, alpha=0.05, corrected=True, transposed=True, weight_decay=0.1)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(5,), TALL, WIDE])
@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_optax_adafactor_takes_the_same_steps(shape: tuple[int, ...], momentum: float) -> None:
    """Its decay 1 - t^-0.8 is float32, and so is its momentum."""
    x0, g = rng.normal(size=shape), rng.normal(size=(6, *shape))

    def make(learning_rate: float) -> Any:
        return optax.adafactor(learning_rate, min_dim_size_to_factor=2, momentum=momentum)

    ours = adafactor.run(x0, g, alpha=0.05, relative=1e-3, momentum=momentum)
    np.testing.assert_allclose(ours, runs_of(make)(x0, g, lr=0.05), rtol=1e-6)


@pytest.mark.needs("torch")
@pytest.mark.parametrize("name", ["RAdam", "Adadelta"])
def test_torch_takes_the_same_steps(name: str) -> None:
    import torch

    settings: dict[str, Any] = {
        "eps": 1e-3,
        "weight_decay": 0.1,
        **({"beta1": 0.8, "beta2": 0.95} if name == "RAdam" else {}),
    }
    theirs = runs_of(getattr(torch.optim, name))(X0, G, lr=0.05, **settings)
    if name == "RAdam":
        ours = radam.run(X0, G, alpha=0.05, threshold=5.0, eps_place="outside_before", **settings)  # type: ignore[arg-type]
    else:
        ours = adadelta.run(X0, G, alpha=0.05, beta2=0.9, **settings)
    np.testing.assert_allclose(ours, theirs, rtol=DOUBLE.thousands)


@pytest.mark.needs("torch")
@pytest.mark.parametrize("shape", [TALL, WIDE])
@pytest.mark.parametrize(("scale", "name"), [("tall", None), ("larger side", "match_rms_adamw")])
def test_torch_muon_takes_the_same_steps_up_to_bfloat16(shape: tuple[int, int], scale: Any, name: str | None) -> None:
    import functools

    import torch

    x0, g = rng.normal(size=shape), rng.normal(size=(6, *shape))
    theirs = runs_of(functools.partial(torch.optim.Muon, adjust_lr_fn=name))(x0, g, lr=0.05, weight_decay=0.1)
    ours = muon.run(x0, g, alpha=0.05, scale=scale, weight_decay=0.1)
    moved = np.abs(np.diff(np.concatenate([x0[None], theirs]), axis=0)).max()
    assert np.abs(ours - theirs).max() < 0.1 * moved
    other = muon.run(x0, g, alpha=0.05, scale="none", weight_decay=0.1)
    if scale == "larger side" or shape == TALL:
        assert np.abs(other - theirs).max() > 0.3 * moved


@pytest.mark.needs("torch")
@pytest.mark.parametrize("shape", [(5,), TALL, WIDE])
def test_torch_adafactor_takes_the_same_steps(shape: tuple[int, ...]) -> None:
    import torch

    x0, g = rng.normal(size=shape), rng.normal(size=(6, *shape))
    theirs = runs_of(torch.optim.Adafactor)(x0, g, lr=0.05, weight_decay=0.1)
    # torch decays before it measures RMS(x): without decay in ours, from the decayed point
    ours = adafactor.run(x0, g, alpha=0.05, relative=1e-3, weight_decay=0.1)
    np.testing.assert_allclose(ours, theirs, rtol=2e-3)
    np.testing.assert_allclose(
        adafactor.run(x0, g, alpha=0.05, relative=1e-3), runs_of(torch.optim.Adafactor)(x0, g, lr=0.05), rtol=1e-6
    )


@pytest.mark.needs("torch")
def test_torch_adafactor_caps_its_step_size() -> None:
    import torch

    theirs = runs_of(torch.optim.Adafactor)(X0, G, lr=0.5)
    np.testing.assert_allclose(adafactor.run(X0, G, alpha=0.5, relative=1e-3, capped=True), theirs, rtol=1e-6)
    assert np.max(np.abs(adafactor.run(X0, G, alpha=0.5, relative=1e-3) - theirs)) > 1e-2


def test_by_hand() -> None:
    # ADOPT, one coordinate: no step at t = 1; then c = 1.5/sqrt(2^2), m = 0.5 c, and v = 0.75 4 + 0.25 1.5^2
    found = adopt.run([1.0], [[2.0], [1.5], [-8.0]], alpha=1.0, beta1=0.5, beta2=0.75, eps=0.0)
    second = 1 - 0.5 * 0.75
    third = second - (0.5 * 0.375 + 0.5 * -(2**0.25))  # clipped: 8/sqrt(3.5625) > 2^(1/4)
    np.testing.assert_allclose(found[:, 0], [1.0, second, third], rtol=DOUBLE.few)
    # LAMB: |x| = 5, u = g/|g| (eps = 0, first step): sign (1, 1), so the step has the norm 5
    np.testing.assert_allclose(
        lamb.run([3.0, 4.0], [[2.0, 7.0]], alpha=1.0, beta1=0.5, beta2=0.5, eps=0.0),
        [[3 - 5 / 2**0.5, 4 - 5 / 2**0.5]],
        rtol=DOUBLE.few,
    )
    # Muon: a matrix with orthonormal columns stays a multiple of itself, 1/sqrt(2) -> p(p(p(p(p(1/sqrt 2)))))
    value = 0.5**0.5
    for _ in range(5):
        value = 3.4445 * value - 4.7750 * value**3 + 2.0315 * value**5
    np.testing.assert_allclose(muon.orthogonalized(np.eye(2)), value * np.eye(2), rtol=DOUBLE.hundreds)
    with pytest.raises(ValueError, match="Muon is for matrices"):
        muon.run([1.0], [[1.0]], alpha=1.0)
