"""Optimizers that hang, end their process, raise or return nonsense: each is a finding, and the rest goes on."""

import json
import math
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from planted_optimizers import unshrunk  # noqa: F401

import madatheory.identities as suite
from madatheory.defaults import SECONDS
from madatheory.errors import UserError
from madatheory.identities.check import check, judged, opened
from madatheory.identities.identity import Identity, Violation, identities
from madatheory.identities.report.outcome import Report, Request
from madatheory.identities.runner.isolated import _fingerprint, check_all
from madatheory.identities.targets.lookup import find

# `broken` is SGD until the step size is 0, which only F4 tries: detection and the other identities see nothing
TARGETS = """
import os, signal, sys, time


def broken(what):
    def make(lr=0.1):
        def update(g, state, x):
            if lr == 0:
                what()
            return x - lr * g, state
        return (lambda x: 0), update
    return make


def turning():
    while True:
        pass


def stubborn():
    while True:
        try:
            time.sleep(1000)
        except BaseException:
            pass


def deaf():
    # as C code that does not come back, without its work: no signal reaches Python
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    time.sleep(1000)


def raising():
    raise RuntimeError("no such thing")


sgd = broken(lambda: None)
hangs = broken(turning)
sleeps = broken(lambda: time.sleep(1000))
hangs_stubbornly = broken(stubborn)
hangs_deaf = broken(deaf)
exits = broken(lambda: os._exit(4 if "jax" in sys.modules else 3))  # functions of NumPy need no JAX
ends = broken(lambda: sys.exit(4))
aborts = broken(os.abort)
raises = broken(raising)


def slow_to_build(lr=0.1):
    deaf()


def dies_when_built(lr=0.1):
    os._exit(5)
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("targets.py").write_text(TARGETS)
    return "targets.py"


HARD = [
    ("hangs_stubbornly", "no answer within 1 s; its process was stopped"),
    ("hangs_deaf", "no answer within 1 s; its process was stopped"),
    ("exits", "the process died (exit status 3)"),
    ("aborts", "the process died (signal SIGABRT)"),
]


def test_what_no_python_can_stop_costs_one_cell(file: str) -> None:
    specs = [f"{file}:{name}" for name, _ in HARD]
    reports = check_all([*specs, specs[0]], Request(only="F1,F4,F6", limit=1), workers=2, grace=0.5)
    assert [report.target for report in reports] == [*specs, specs[0]]
    for report, (_, words) in zip(reports, HARD, strict=False):
        assert [o.code for o in report.outcomes] == ["F1", "F4", "F6"]
        before, still, after = report.outcomes
        assert (before.status, still.status, still.detail) == ("pass", "error", words)
        assert after.status == "pass"  # a new process went on


def test_a_declared_failure_may_be_a_death(file: str) -> None:
    request = Request(only="F4", limit=2, xfail={"F4": "it waits for a step"})
    (report,) = check_all([f"{file}:exits"], request, grace=1)
    assert [o.status for o in report.outcomes] == ["xfail"]
    assert not report.failures


def test_a_target_that_cannot_be_built(file: str) -> None:
    request = Request(only="F4", limit=1)
    (slow,) = check_all([f"{file}:slow_to_build"], request, start=0.3, grace=0.5)
    dead, missing = check_all([f"{file}:dies_when_built", f"{file}:nothing"], request, workers=2)
    assert re.search("(no answer within|takes more than) 0.3 s", slow.problem)  # stopped from outside or from inside
    assert dead.problem == "the process died (exit status 5) before the first identity"
    assert "has no 'nothing'" in missing.problem
    assert [r.unusable for r in (slow, dead, missing)] == [False, False, True]  # the last is no finding
    assert not any(r.ok for r in (slow, dead, missing))


@pytest.mark.parametrize(
    ("name", "limit", "status", "words"),
    [
        ("hangs", 1, "error", "no answer within 1 s"),
        ("sleeps", 1, "error", "no answer within 1 s"),
        ("ends", SECONDS, "FAIL", "SystemExit: 4"),
        ("raises", SECONDS, "FAIL", "no such thing"),
        ("sgd", SECONDS, "pass", ""),
    ],
)
def test_what_python_can_stop_needs_no_process(file: str, name: str, limit: float, status: str, words: str) -> None:
    """Only what must reach its limit has a short one: a busy machine takes long for the rest."""
    target = find(f"{file}:{name}")
    report = opened(target, Request())
    first = judged(identities()["F1"], target, report, Request())
    second = judged(identities()["F4"], target, report, Request(limit=limit))
    assert (first.status, second.status, words in second.detail) == ("pass", status, True), second.detail


def test_results_are_kept_and_found_again(file: str) -> None:
    counting = TARGETS + "\nopen('imported', 'a').write('x')\n"
    Path(file).write_text(counting)
    imported: Callable[[], int] = lambda: len(Path("imported").read_text())  # noqa: E731
    out, request, spec = Path("kept"), Request(only="F1,F4"), f"{file}:sgd"
    progress: list[tuple[int, int]] = []
    (first,) = check_all([spec], request, out=out, progress=lambda done, total, what: progress.append((done, total)))
    assert progress[-1] == (2, 2)
    assert check_all([spec], request, out=out) == [first]
    assert imported() == 1

    (lines,) = out.glob("*.jsonl")  # as if it had been killed while it wrote the last line
    assert [next(iter(json.loads(line))) for line in lines.read_text().splitlines()[1:]] == ["report", *["outcome"] * 2]
    lines.write_text(lines.read_text()[:-20])
    (again,) = check_all([spec], request, out=out)
    assert [o.status for o in again.outcomes] == ["pass", "pass"]
    assert again.outcomes[0].seconds == first.outcomes[0].seconds  # that one was not run again
    assert imported() == 2

    check_all([spec], Request(only="F1,F4", seed=1), out=out)  # another request
    Path(file).write_text(counting + "\n")  # another program
    check_all([spec], request, out=out)
    assert imported() == 4


@pytest.mark.parametrize("changed", ["mine", "helper", "pack/__init__", "pack/part", "pack/by_name"])
def test_results_are_those_of_all_files_that_the_target_imports(
    changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parent process imports no target, so the files are found by reading."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("pack").mkdir()
    empty = dict.fromkeys(("helper", "pack/__init__", "pack/part", "pack/by_name", "other"), "")
    by_name = "from . import part\nimport importlib\nimportlib.import_module('pack.by_name')"
    texts = {**empty, "mine": "import helper", "pack/make": by_name}
    for name, text in texts.items():
        Path(f"{name}.py").write_text(text)
    targets = ("pack.make:make",) if changed.startswith("pack") else ("mine.py:make", "mine:make")
    before = [_fingerprint(target) for target in targets]
    assert all(before)
    Path("other.py").write_text("# unrelated")
    assert [_fingerprint(target) for target in targets] == before
    Path(f"{changed}.py").write_text(texts[changed] + "\n# changed")
    assert not set(before) & {_fingerprint(target) for target in targets}


def test_no_folder_no_worker(file: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot write"):
        check_all([f"{file}:sgd"], Request(only="S1"), out=tmp_path / file / "kept")
    with pytest.raises(UserError, match="workers = 0"):
        check_all([f"{file}:sgd"], Request(only="S1"), workers=0)


# ---- in the same process


def functions(update: Callable[..., Any]) -> Callable[..., Any]:
    def make(lr: float = 0.1) -> Any:
        return (lambda x: 0), lambda g, state, x: update(g, state, x, lr)

    return make


def mutating(g: Any, state: Any, x: Any, lr: float) -> Any:
    new = x - lr * g
    g *= 0
    return new, state


@pytest.mark.usefixtures("unshrunk")
def test_a_mutated_gradient_is_a_finding() -> None:
    assert [o.status for o in check(functions(mutating), only="K2").outcomes] == ["FAIL"]
    assert [o.status for o in check(functions(lambda g, s, x, lr: (x - lr * g, s)), only="K2").outcomes] == ["pass"]


@pytest.mark.parametrize(
    ("update", "words"),
    [
        (lambda g, s, x, lr: x - lr * g, "update returned ndarray, not (x, state)"),
        (lambda g, s, x, lr: (x[:1], s), "update returned x of shape (1,), not (3,)"),
        (lambda g, s, x, lr: (x.append(g), s), "AttributeError"),
        (lambda g, s, x, lr: (_ for _ in ()).throw(AssertionError("inside")), "AssertionError: inside"),
    ],
)
def test_wrong_structure_is_a_finding(update: Callable[..., Any], words: str) -> None:
    report = check(functions(update), only="S1")
    assert words in report.problem
    assert not report.unusable
    assert not report.ok


def test_an_error_of_any_kind_in_one_identity_is_a_finding() -> None:
    class Strange(Exception):
        pass

    def update(g: Any, state: Any, x: Any, lr: float) -> Any:
        if lr == 0:
            raise Strange("a step of 0")
        return x - lr * g, state

    (outcome,) = check(functions(update), only="F4").outcomes
    assert outcome.status == "FAIL"
    assert "Strange: a step of 0" in outcome.detail


def test_what_an_optimizer_refuses_does_not_apply() -> None:
    def make(lr: float = 0.1) -> Any:
        if lr == 0:
            raise ValueError("lr must be positive")
        return (lambda x: 0), lambda g, s, x: (x - lr * g, s)

    (outcome,) = check(make, only="F4").outcomes
    assert (outcome.status, "lr must be positive" in outcome.detail) == ("n.a.", True)


def needs_more(lr: float, model: Any) -> Any:
    return None


def raises_when_built(lr: float = 0.1) -> Any:
    raise RuntimeError("out of order")


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (needs_more, "needs_more needs model"),
        (raises_when_built, "raised RuntimeError: out of order"),
        (lambda lr=0.1: 7, "returned int"),
        (7, "7 is no optimizer factory"),
        ("optax", "names no optimizer"),
        ("optax:adma", "optax has no 'adma'; it has "),
        ("no_such_module:make", "cannot be imported"),
        ("no_such_file.py:make", "there is no file no_such_file.py"),
    ],
)
def test_what_is_no_factory_gets_a_message(what: Any, words: str) -> None:
    with pytest.raises(UserError) as raised:
        check(what, only="S1")
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"profile": "fast"}, "unknown profile 'fast'"),
        ({"only": "S1,X9"}, "unknown identity 'X9'"),
        ({"only": ","}, "names no identity"),
        ({"traits": {"element-wise": True}}, "did you mean 'elementwise'"),
        ({"xfail": {"S0": "why not"}}, "unknown identity 'S0'"),
        ({"limit": 0}, "limit = 0"),
        ({"seed": -1}, "seed = -1"),
    ],
)
def test_a_bad_request_gets_a_message(more: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        check(functions(mutating), **more)


@pytest.mark.usefixtures("unshrunk")
def test_a_declared_failure_that_does_not_fail_is_an_error() -> None:
    report = check(functions(mutating), only="K2,S1", xfail={"K2": "it owns them", "S1": "a guess"})
    found = {o.code: o for o in report.outcomes}
    assert (found["K2"].status, found["S1"].status) == ("xfail", "error")
    assert "it owns them" in found["K2"].detail
    assert "but it holds" in found["S1"].detail


@pytest.mark.usefixtures("unshrunk")
def test_old_names_work_and_warn() -> None:
    old: dict[str, Any] = {"by_design": {"K2": "it owns them"}}
    with pytest.warns(DeprecationWarning, match="by_design is now called xfail"):
        report = check(functions(mutating), only="K2", **old)
    assert [o.status for o in report.outcomes] == ["xfail"]
    run, x0, g = suite.runs_of(functions(mutating)), np.ones(2), np.ones((3, 2))
    with pytest.warns(DeprecationWarning, match="way is now called mode"):
        path = run(x0, g, way="strided")
    np.testing.assert_array_equal(path, run(x0, g, mode="strided"))
    with pytest.warns(DeprecationWarning, match="IdentityOutcome"):
        assert suite.Outcome is suite.IdentityOutcome


def test_the_time_limit_keeps_what_was_found() -> None:
    """A failure found in time is reported although making it smaller takes too long."""
    tried: list[int] = []
    bound = round(1e6 * math.pi)  # computed, because the search also tries the numbers that it finds in this file

    def small(run: Any, number: int) -> None:
        if number > bound:
            until = time.process_time() + (0.2 if tried else 0)
            while time.process_time() < until:
                pass
            tried.append(number)
            raise Violation(f"{number} > {bound}")

    item = Identity("S0", "small", "n <= bound", "nobody", (), lambda: st.integers(0, 2**40), small)
    target, request = find(functions(mutating)), Request(limit=0.75)
    outcome = judged(item, target, Report("", "", {}, ()), request)
    assert (outcome.status, outcome.detail) == ("FAIL", f"{tried[-1]} > {bound}")
    assert 1 < len(tried) < 9
    assert tried[-1] > bound + 1  # the smallest was not reached


@pytest.mark.usefixtures("unshrunk")
def test_equal_requests_have_equal_results() -> None:
    def lopsided(g: Any, state: Any, x: Any, lr: float) -> Any:
        return x - lr * np.where(g > 3, 3, g), state

    first, second, other = (check(functions(lopsided), only="S1", seed=seed).outcomes[0] for seed in (None, None, 5))
    assert first.status == other.status == "FAIL"
    assert (first.detail, first.snippet) == (second.detail, second.snippet)
    assert other.snippet != first.snippet
