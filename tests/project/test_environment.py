"""Settings of JAX and XLA that a user's shell or program brings: results do not depend on them, mistakes are named."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import pytest
import xarray as xr
from typer.testing import CliRunner

import madatheory as mt
from madatheory.cli import app, environment
from madatheory.engine.simulate import simulate
from madatheory.errors import UserError
from madatheory.store import environment as store_environment


@pytest.fixture
def strict() -> Iterator[None]:
    """Settings of the whole process, as the variables of the environment make them: threads have them, too."""
    strict: dict[str, Any] = {
        "jax_debug_nans": True,
        "jax_debug_infs": True,
        "jax_numpy_rank_promotion": "raise",
        "jax_disable_jit": True,
    }
    before = {name: getattr(jax.config, name) for name in strict}
    for name, value in strict.items():
        jax.config.update(name, value)
    yield
    for name, value in before.items():
        jax.config.update(name, value)


@pytest.mark.parametrize("name", ["avgrad", "mada"])
def test_the_engine_runs_under_the_strictest_settings(name: str, request: pytest.FixtureRequest) -> None:
    problem, make = mt.list_problems()["ratio"].make({"d": 2}), mt.list_optimizers()[name].make
    plain = simulate(problem, make(), 5, num_trajectories=4)
    request.getfixturevalue("strict")
    xr.testing.assert_equal(simulate(problem, make(), 5, num_trajectories=4), plain)


def test_commands_leave_out_what_stops_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in environment.UNUSED:
        monkeypatch.setenv(name, "raise" if name.endswith("PROMOTION") else "1")
    monkeypatch.setenv("JAX_DISABLE_JIT", "0")
    result = CliRunner().invoke(app, ["list", "optimizers"])
    assert result.exit_code == 0
    assert [line.partition("=")[0] for line in result.stderr.splitlines()] == [
        name for name in environment.UNUSED if name != "JAX_DISABLE_JIT"
    ]
    assert not set(environment.UNUSED) & set(os.environ)


def test_a_flag_that_xla_does_not_take_is_named() -> None:
    """XLA would end the process, so it is tried in another."""
    with pytest.raises(UserError, match=r"XLA refuses --nonsense=1 \(Unknown flag in XLA_FLAGS: --nonsense=1\); unset"):
        environment.refuse_flags("--nonsense=1")


def test_of_several_flags_the_wrong_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_said", lambda flags: "unknown" if "wrong" in flags else None)
    environment.refuse_flags.__wrapped__("--right --good")
    with pytest.raises(UserError, match=r"XLA refuses --wrong \(unknown\)"):
        environment.refuse_flags.__wrapped__("--right --wrong")


def test_a_platform_that_does_not_start_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise RuntimeError("Unable to initialize\n backend 'none'")

    monkeypatch.setattr(jax, "devices", refuse)
    monkeypatch.setenv("JAX_PLATFORMS", "none")
    result = CliRunner().invoke(app, ["list"])
    assert result.exit_code == 2
    assert "JAX does not start with" in result.stderr
    assert "JAX_PLATFORMS=none" in result.stderr
    assert "Unable to initialize backend 'none'" in result.stderr


def test_flags_of_xla_are_part_of_what_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    before = store_environment()
    monkeypatch.setenv("XLA_FLAGS", os.environ["XLA_FLAGS"] + " --xla_cpu_enable_fast_math=true")
    assert store_environment() != before
