"""Old spellings work for one release and say the new one; a function and its command have the same defaults."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

import madatheory as mt
from madatheory.cli import app
from madatheory.engine.arguments import record_times
from madatheory.store import Store

OLD_ARGUMENTS = {
    "simulate": lambda **old: mt.simulate("ratio:d=2", "adam", 5, **old),
    "store": lambda **old: Store("s").simulate(mt.get_problem("ratio:d=2"), mt.get_optimizer("adam"), 5, **old),
    "verify": lambda **old: mt.verify("T5", "ratio:d=2", steps=5, **old),
}


@pytest.mark.parametrize("name", OLD_ARGUMENTS)
def test_old_arguments_give_the_same_and_say_the_new(name: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    call, second = OLD_ARGUMENTS[name], "records" if name == "verify" else "record"
    with pytest.warns(DeprecationWarning, match="is now called") as said:
        before = call(**{"seeds": 3, second: 2})
    assert sorted(str(warning.message).split(";")[0] for warning in said) == [
        f"{second} is now called save_at",
        "seeds is now called num_trajectories",
    ]
    assert all(warning.filename == __file__ for warning in said)
    now = call(num_trajectories=3, save_at=2)
    assert [v.as_json() for v in before] == [v.as_json() for v in now] if name == "verify" else before.identical(now)
    with pytest.raises(mt.UserError, match="seeds is the old name of num_trajectories: give num_trajectories alone"):
        call(seeds=3, num_trajectories=3)


@pytest.mark.parametrize("old", ["--seeds 3 --record 2", "--seeds=3 --record=2"])
def test_old_options_give_the_same_and_say_the_new(old: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    line = "simulate ratio:d=2 adam --steps 5"
    before, now = (CliRunner().invoke(app, f"{line} {end}".split()) for end in (old, "--trajectories 3 --save-at 2"))
    assert (before.exit_code, before.stdout) == (0, now.stdout)
    for words in ("--seeds is now called --trajectories;", "--record is now called --save-at;"):
        assert words in before.stderr
        assert words not in now.stderr
    assert CliRunner().invoke(app, ["check", "optax:adam", "--seeds", "3"]).exit_code == 2  # it never had this option
    assert "--seeds" not in CliRunner().invoke(app, ["simulate", "--help"]).stdout


@pytest.mark.parametrize("name", ["simulate", "verify", "check", "identify", "compare"])
def test_a_function_and_its_command_have_the_same_defaults(name: str) -> None:
    function: Callable[..., Any] = getattr(mt, name)
    command = {p.name: p.default for p in typer.main.get_command(app).commands[name].params}  # type: ignore[attr-defined]
    both = {
        key: (parameter.default, command[key])
        for key, parameter in inspect.signature(function).parameters.items()
        if key in command and parameter.default is not parameter.empty
    }
    if name == "simulate":  # once, at the end
        both["save_at"] = tuple(record_times(7, default).tolist() for default in both["save_at"])  # type: ignore[assignment]
    expected = {
        "simulate": {"num_trajectories", "save_at", "seed"},
        "verify": {"steps", "num_trajectories", "seed", "confidence"},
        "check": {"xfail", "limit", "method", "only", "profile", "seed", "traits"},
        "identify": {"limit"},
        "compare": {"limit"},
    }
    assert both.keys() == expected[name]
    for key, (ours, typed) in both.items():
        assert (ours or None) == (typed or None), key
