"""Three outcomes, apart: what holds, what differs by convention or number format, and what is broken."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import optax
import pytest
from hypothesis import strategies as st
from planted_optimizers import RIGHT, made
from typer.testing import CliRunner

from madatheory.cli import app
from madatheory.errors import UserError
from madatheory.identities import ByConvention, Violation, check, find
from madatheory.identities.check import judged
from madatheory.identities.identity import Identity
from madatheory.identities.report.conformance import judgement
from madatheory.identities.report.outcome import Report, Request
from madatheory.limits import PATIENCE, TimedOut, limited

PLAIN = '''
import numpy as np


def make(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """As students write it: everything in the dtype of the parameters."""

    def init(x):
        return {"t": 0, "m": np.zeros_like(x), "v": np.zeros_like(x)}

    def update(g, state, x):
        t = state["t"] + 1
        m, v = beta1 * state["m"] + (1 - beta1) * g, beta2 * state["v"] + (1 - beta2) * g * g
        return x - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), {"t": t, "m": m, "v": v}

    return init, update
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plain.py"
    path.write_text(PLAIN)
    return path


def test_conventions_are_apart_in_text_json_and_status(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "found.json"
    command = ["check", f"{file}:make", "--only", "F1,F2b,S11,K10,K12c", "--json", str(out)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0
    assert "Conventions and limits of the number format, no mistakes:" in result.stdout
    assert "1 hold, 0 fail, 4 differ by convention or number format" in " ".join(result.stdout.split())
    statuses = {o["code"]: o["status"] for o in json.loads(out.read_text())["reports"][0]["outcomes"]}
    assert statuses == {"F1": "pass", **dict.fromkeys(["S11", "F2b", "K10", "K12c"], "convention")}


def test_a_declared_support_of_complex_numbers_is_held_to(file: Path) -> None:
    report = check(f"{file}:make", only="S11", traits={"takes complex": True})
    assert [o.status for o in report.outcomes] == ["FAIL"]


def test_without_an_eps_to_set_nothing_is_tested_that_eps_would_show() -> None:
    def make(learning_rate: float = 1e-3) -> Any:
        return optax.adam(learning_rate)

    report = check(make, only="S7,S12,C1,C2,H4", profile="quick")
    assert {o.code: o.status for o in report.outcomes} == dict.fromkeys(["S7", "S12", "C1", "C2", "H4"], "pass")


def test_a_convention_hides_no_mistake() -> None:
    def two(run: Any, number: int) -> None:
        if number < 1000:
            raise ByConvention("small")
        raise Violation("large")

    item = Identity("S0", "two", "nothing", "nobody", (), lambda: st.integers(0, 2**20), two)
    outcome = judged(item, find(made(RIGHT, "sgd")), Report("", "", {}, ()), Request())
    assert (outcome.status, outcome.detail) == ("FAIL", "large")


def test_what_it_is_meant_to_be_can_be_declared() -> None:
    assert [o.status for o in check(made(RIGHT, "adam"), only="N1", method="adam").outcomes] == ["pass"]
    report = check(made(RIGHT, "adam"), only="N1", method="rmsprop", traits={"average of squares": False})
    assert [o.status for o in report.outcomes] == ["FAIL"]
    with pytest.raises(UserError, match="method"):
        check(made(RIGHT, "adam"), method="adamm")


def test_judgements_of_libraries_are_known() -> None:
    found = judgement("optax:yogi", "F6")
    assert found is not None
    assert found.verdict != "mistake"
    assert judgement("mine.py:yogi", "F6") is None


def test_a_judged_convention_is_one_and_a_judged_mistake_stays() -> None:
    def of(target: str, code: str) -> Any:
        def wrong(run: Any, case: None) -> None:
            raise Violation("it is off")

        item = Identity(code, "always", "nothing", "nobody", (), st.none, wrong)
        return judged(item, replace(find(made(RIGHT, "sgd")), name=target), Report("", "", {}, ()), Request())

    assert of("mine.py:yogi", "F6").status == "FAIL"
    convention, mistake = of("optax:yogi", "F6"), of("optax.contrib:prodigy", "F1")
    assert convention.status == "convention"
    assert convention.detail.endswith("(it is off)")
    assert mistake.status == "FAIL"
    assert "known as a mistake: The estimate of the step size" in mistake.detail


def _compute() -> None:
    while True:
        np.sqrt(2.0)


def test_others_on_the_machine_do_not_count() -> None:
    """A limit of processor time lets a process wait; it ends when the process computes, or waits without end."""
    with limited(0.1, processor=True):
        time.sleep(0.2)
    with pytest.raises(TimedOut), limited(0.1, processor=True):
        _compute()
    began = time.monotonic()
    with pytest.raises(TimedOut), limited(0.1, processor=True):
        time.sleep(30)
    assert time.monotonic() - began < 10 * PATIENCE * 0.1
