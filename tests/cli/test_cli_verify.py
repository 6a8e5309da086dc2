"""`madatheory verify`: outcomes, exit status and the matrix."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import Result

Run = Callable[..., Result]


PLANTED = """
from dataclasses import replace

from madatheory.theory.theorems.avgrad_rate import avgrad_rate

*proof, last = avgrad_rate.chain
wrong = replace(last, value=lambda m, q, xp: last.value(m, q, xp) / 1000)
planted = replace(avgrad_rate, name="planted", label="planted", chain=(proof[0], wrong))
"""


def test_verify_holds(run: Run) -> None:
    result = run(
        "verify --theorem T5 --problem ratio:d=2 --problem quadratic --steps 50 --trajectories 64 --json out/v.json"
    )
    assert result.exit_code == 0, result.output
    text = " ".join(result.output.split())
    assert "T5 avgrad-rate ✓" in text
    assert "T5 on 2 A2 (gradients bounded by G): gaussian noise is unbounded" in text
    assert "0 violated" in text
    record = json.loads(Path("out/v.json").read_text())
    assert {v["outcome"] for v in record["verdicts"]} == {"holds", "not applicable"}
    assert {v["problem"] for v in record["verdicts"]} == {"ratio:d=2", "quadratic"}
    assert record["steps"] == 50
    assert all(v["comparisons"] for v in record["verdicts"] if v["outcome"] == "holds")


def test_a_planted_wrong_theorem_is_reported_violated(run: Run) -> None:
    Path("mine.py").write_text(PLANTED)
    result = run("verify --load mine.py --problem ratio:d=1 --steps 100 --trajectories 256 --set alpha=0.1,0.3")
    assert result.exit_code == 1, result.output
    text = " ".join(result.output.split())
    assert "planted planted ✗" in text
    for alpha in ("0.1", "0.3"):
        numbers = rf"avgrad at alpha = {alpha}, [^:]*: [^:]*: left >= \S+ > right = \S+ at T = \d+"
        assert re.search(rf"violated planted planted on ratio:d=1, {numbers}", text)
    assert "0 hold, 2 violated" in text
    assert "avgrad-rate" not in text  # with a file of theorems only those are checked


def test_theorems_named_are_checked_instead_of_those_loaded(run: Run) -> None:
    Path("mine.py").write_text(PLANTED)
    result = run("verify --load mine.py --theorem avgrad-rate --problem quadratic --json v.json")
    assert result.exit_code == 2
    assert "error: nothing was checked: no theorem applies to any of these problems" in result.stderr
    assert [v["outcome"] for v in json.loads(Path("v.json").read_text())["verdicts"]] == ["not applicable"]
    assert "avgrad-rate" in result.output
    assert "planted" not in result.output


def test_inconclusive_alone_is_no_failure(run: Run) -> None:
    result = run("verify --theorem amsgrad-horizon-rate --problem ratio --steps 100 --trajectories 2")
    assert result.exit_code == 0
    text = " ".join(result.output.split())
    assert "1 inconclusive" in text
    assert re.search(r"use more seeds \(T = \d+: left \S+ in \[\S+, \S+\], right \S+\)", text)


def verdict(theorem: str, problem: str, outcome: str, tightness: float, **hyper: float) -> Any:
    from madatheory.theory.verdict import Comparison, Verdict

    one = np.ones(1)
    shown = () if np.isnan(tightness) else (Comparison("bound", one, one, one, one, tightness * one, outcome, "test"),)  # type: ignore[arg-type]
    return Verdict(theorem, "T", problem, "adam", hyper, outcome, "because [1, 2]", comparisons=shown)  # type: ignore[arg-type]


def test_a_cell_shows_the_worst_setting(capsys: pytest.CaptureFixture[str]) -> None:
    from madatheory.cli.matrix import print_matrix, worst

    outcomes = [("not applicable", np.nan), ("holds", 9.0), ("holds", 3.0), ("inconclusive", 7.0), ("violated", 0.5)]
    verdicts = [verdict("t", "p", outcome, value, alpha=value) for outcome, value in outcomes]
    chosen = []
    while verdicts:
        chosen.append(worst(verdicts))
        verdicts.remove(chosen[-1])
    assert [v.hyper["alpha"] for v in chosen[:4]] == [0.5, 7.0, 3.0, 9.0]
    print_matrix(chosen, {"t": "T"}, ["p"])
    assert "T t ✗0.5" in capsys.readouterr().out


def test_a_wide_matrix_is_cut_into_blocks(capsys: pytest.CaptureFixture[str]) -> None:
    from madatheory.cli.matrix import print_matrix, print_reasons

    problems = [f"problem-{i}" for i in range(17)]
    names = ["short", "a-theorem-with-a-very-long-name-that-must-be-cut-somewhere"]
    verdicts = [verdict(t, p, "holds", 10.0 * i + 1) for t in names for i, p in enumerate(problems)]
    verdicts += [verdict("other", p, "not applicable", np.nan) for p in problems]
    print_matrix(verdicts, {**dict.fromkeys(names, "T10log"), "other": "T"}, problems)
    print_reasons(verdicts, problems)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    for i, problem in enumerate(problems):
        assert f"✓{10 * i + 1}" in out
        assert f"{i + 1} {problem}" in " ".join(out.split())
    assert "because [1, 2]" in out
    assert "T on 1, 2, 3" in out


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (0.017, "2e-2"),
        (0.149, "0.15"),
        (9.94, "9.9"),
        (9.96, "10"),
        (999.4, "999"),
        (999.6, "1e3"),
        (123456.0, "1e5"),
        (float("inf"), "∞"),
        (float("nan"), ""),
        (0.0, "0"),
    ],
)
def test_ratios_are_short(value: float, text: str) -> None:
    from madatheory.cli.matrix import ratio

    assert ratio(value) == text
