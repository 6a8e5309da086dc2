"""What a failure looks like: short, one report for one cause, a program, and the mistake where it is known."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planted_optimizers import RIGHT, made, planted, unshrunk  # noqa: F401

from madatheory.identities import GradientSequence, Several, check
from madatheory.identities.report.counterexample import shortest
from madatheory.identities.report.outcome import IdentityOutcome, Report, report_from
from madatheory.identities.report.tables import conventions, finding

CORRECTED = "m / (1 - beta1**t), v / (1 - beta2**t)"

# optimizer, text replaced, replacement, identity; whether runs alone show it; steps of the gradients in the program
SHOWN: dict[str, tuple[str, str, str, str, bool, int]] = {
    "two runs": ("adam", "np.sqrt(vhat)", "np.sqrt(np.maximum(vhat, 1e-9))", "S7", True, 1),
    "a run and numbers": ("lion", "np.sign(", "np.copysign(1, ", "F5", True, 1),
    "with a tolerance": ("adam", "np.sqrt(vhat)", "np.sqrt(np.maximum(vhat, 1e-3))", "C1", True, 1),
    "a number is lost": ("adam", "+ eps", "+ 0 * eps", "F3", True, 1),
    "several tensors": ("adam", 't = state["t"] + 1', 't = init.n = getattr(init, "n", 0) + 1', "K9b", True, 1),
    "an inequality": ("adam", "decayed - lr * u", "decayed + lr * u", "D3", False, 0),
    "small tensors refused": ("sgd", "lr * m", "lr * (m + 1e-6) * [1][x.size < 3]", "F1", False, 0),
    "memory": ("adam", "d = -g if", "d = np.negative(g, out=g) if", "K2", False, 0),
}


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("name", SHOWN)
def test_the_program_of_a_failure_fails_and_passes_when_mended(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    optimizer, old, new, code, plain, steps = SHOWN[name]
    (outcome,) = check(planted(optimizer, old, new), only=code, profile="quick").failures
    assert ("example(" in outcome.snippet) is not plain
    with pytest.raises(AssertionError, match=f"^{code}, "):
        exec(outcome.snippet, {})
    assert {"got", "expected"} <= {line.partition(" ")[0] for line in capsys.readouterr().out.splitlines()}
    made(RIGHT, optimizer)  # where the program imports the optimizer from
    exec(outcome.snippet, {})
    if plain:
        assert len(outcome.got.splitlines()) == steps, outcome.got


def test_what_does_not_matter_is_cut_off() -> None:
    g = np.zeros((12, 3))
    g[3, 1], g[7, 1], g[9, 2] = 1, -1, 1

    def twice(case: Any) -> bool:
        both: Any = case[0] if len(case) == 2 and isinstance(case[0], Several) else case
        tensors = both.g if isinstance(both, Several) else [both.g]
        return any((np.count_nonzero(column) > 1) for tensor in tensors for column in tensor.T)

    short = shortest(GradientSequence(np.arange(3.0), g), twice)
    assert short.g.tolist() == [[1], [-1]]
    assert short.x0.tolist() == [1]
    several = Several([np.zeros(1), np.ones(2)], [g[:, :1], g[:, 1:]], np.ones((12, 2), bool))
    cut, k = shortest((several, 5), twice)
    assert [part.shape for part in cut.g] == [(8, 1), (8, 1)]  # k may count steps: none is taken out
    assert (cut.present.shape, k) == ((8, 2), 5)
    assert shortest(None, twice) is None


# optimizer, text replaced, replacement, identities, what is said
LIKELY: dict[str, tuple[str, str, str, str, str]] = {
    "correction": ("adam", CORRECTED, "m, v", "N1", "Adam without bias correction"),
    "one moment": ("adam", CORRECTED, "m, v / (1 - beta2**t)", "N1", "without bias correction of the first moment"),
    "off by one": (
        "adam",
        CORRECTED,
        "m / (1 - beta1 ** (t + 1)), v / (1 - beta2 ** (t + 1))",
        "N1",
        "Adam with a step counter that is one ahead",
    ),
    "not stored": ("sgd", '{"m": m}', '{"m": state["m"]}', "D2", "SGD whose moments are not kept from step to step"),
    "lr": ("sgd", "lr * m", "lr * lr * m", "N1", "SGD with lr squared"),
    "eps": ("adam", "+ eps", "+ 0 * eps", "F3", "Adam without eps"),
    "start": ("adam", '"m": np.zeros(x.shape,', '"m": np.full(x.shape, 1e-6,', "S1", ""),
    "sign": (
        "lion",
        "x * (1 - lr * weight_decay) - lr * u",
        'x - lr * np.sign(beta1 * state["m"] + (1 - beta1) * d + weight_decay * x)',
        "D4",
        "the weight decay is inside the sign",
    ),
    "decay": ("adam", "1 - lr * weight_decay", "1 - weight_decay", "F4b", "the weight decay is not multiplied by lr"),
    "counter": (
        "adam",
        't = state["t"] + 1',
        't = init.n = getattr(init, "n", 0) + 1',
        "K9b",
        "the step counter counts tensors, not steps",
    ),
    "nothing known": ("sgd", "lr * m", "lr * m * (1 + 1e-6 * np.arange(x.size).reshape(x.shape))", "S2", ""),
}


@pytest.mark.usefixtures("unshrunk")
@pytest.mark.parametrize("name", LIKELY)
def test_the_likely_mistake_is_said_in_words(name: str) -> None:
    optimizer, old, new, code, words = LIKELY[name]
    (outcome,) = check(planted(optimizer, old, new), only=code, profile="quick").failures
    assert outcome.likely.endswith(words) if words else not outcome.likely


@pytest.mark.usefixtures("unshrunk")
def test_one_nan_is_one_finding() -> None:
    report = check(planted("adam", "+ eps", "+ 0 * eps"), only="F1,F2,F3,F4", profile="quick")
    assert len(report.failures) > 2
    (found,) = report.findings
    assert sorted(found.codes) == [o.code for o in report.failures]
    text = finding(found, "mine")
    assert text.count("import numpy") == 1
    assert all(f"{o.code} {o.name}: " in text for o in found.outcomes[1:])
    record = json.loads(json.dumps(report.as_dict()))
    assert [f["codes"] for f in record["findings"]] == [found.codes]
    assert report_from(record) == report


def test_the_page_shows_what_its_example_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs/identities.md").read_text(encoding="utf-8")
    code, command, printed = re.findall(
        r"```python title=\"plain_adam.py\"\n(.*?)```.*?```sh\n(.*?)\n```.*?```text\n(.*?)\n```", page, re.S
    )[0]
    monkeypatch.chdir(tmp_path)
    Path("plain_adam.py").write_text(code)
    _, _, target, _, only = command.split()
    (found,) = check(target, only=only).findings
    assert finding(found, target) == printed


def test_failures_are_grouped_by_what_they_begin_with() -> None:
    def outcome(code: str, cause: str, likely: str = "", status: str = "FAIL") -> IdentityOutcome:
        return IdentityOutcome(code, "", status, "it is off", cause=cause, likely=likely)

    failures = (
        outcome("S1", "step 2"),
        outcome("C1", "step 2"),
        outcome("K6", "step 2"),
        outcome("C2", "step 3"),
        outcome("D2", ""),
        outcome("D3", ""),
        outcome("F1", "not finite"),
        outcome("K13", "not finite"),
        outcome("F3", "not finite", "it is Adam without eps"),
        outcome("N2", "", "it is Adam without eps"),
        outcome("F4", "step 9", "it is Adam without anything"),
        outcome("N1", "", "it is Adam without anything"),
        outcome("F2b", "not finite, float16", status="convention"),
        outcome("K12c", "not finite, float16", status="convention"),
        outcome("K10", "step 1", status="convention"),
    )
    report = Report("mine", "", {}, failures)
    assert [" ".join(f.codes) for f in report.findings] == ["S1 C1", "K6", "C2", "D2", "D3", "F1 K13 F3 N2", "F4 N1"]
    assert report.findings[5].likely == "it is Adam without eps"
    assert [line.partition(":")[0].split() for line in conventions(report)] == [["F2b", ",", "K12c"], ["K10"]]
