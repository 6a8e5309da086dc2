"""`compare` on pairs that differ in what the test planted: exactly that must explain them."""

import functools
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optax
import pytest
from ported_adam import variant
from typer.testing import Result

from madatheory import compare
from madatheory.errors import UserError
from madatheory.identities.comparison import accounts
from madatheory.identities.comparison.comparison import WIDTH, OptimizerComparison

Run = Callable[..., Result]
ADAM = variant()
PLANTED: dict[str, tuple[Any, str, str, str]] = {
    # what B is beside A = Adam: its factory, the name of the only difference, what A and what B is said to do
    "eps": (variant(eps=1e-5), "eps", "1e-08", "1e-05"),
    "beta1": (variant(beta1=0.8), "beta1", "0.9", "0.8"),
    "beta2": (variant(beta2=0.999), "beta2", "0.99", "0.999"),
    "lr": (variant(lr=0.02), "lr", "0.01", "0.02"),
    "decay": (variant(weight_decay=0.1), "weight_decay", "0", "0.1"),
    "place of eps": (
        variant(eps_inside=True),
        "form of eps",
        "outside the root, after the correction",
        "inside the root, after the correction",
    ),
    "form of decay": (
        variant(decoupled=True),
        "form of weight decay",
        "coupled (added to the gradient)",
        "decoupled, times lr",
    ),
    "bias correction": (variant(corrected=False), "bias correction", "power", "none"),
    "maximum": (variant(amsgrad=True), "method", "Adam", "AMSGrad"),
    "lr in the denominator": (
        variant(scaled_eps=True),
        "eps",
        "beside the root",
        "times lr (the step size divides the root, and eps is added to that)",
    ),
    "clipped": (variant(clip=0.5), "gradients", "as they are", "clipped to the norm 0.5, each tensor by itself"),
}


def only(found: OptimizerComparison) -> tuple[str, str, str]:
    assert found.differences is not None, found.text()
    ((name, a, b, _),) = found.differences
    return name, a, b


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_difference_is_the_explanation_and_nothing_else(what: str) -> None:
    factory, *expected = PLANTED[what]
    found = compare(ADAM, factory)
    assert not found.same
    assert only(found) == tuple(expected), found.text()
    assert found.first is not None
    assert max(map(len, found.text().split("Program:")[0].splitlines())) <= WIDTH
    if found.differences and found.differences[0].kind == "setting":  # and set, it mends: found by trying
        assert f"A with {expected[0]} = {expected[2]}" in found.remedies


def test_the_same_method_typed_twice_is_the_same() -> None:
    def other_order(lr: float = 0.01, beta1: float = 0.9, beta2: float = 0.99, eps: float = 1e-8) -> Any:
        def update(g: np.ndarray, s: Any, x: np.ndarray) -> Any:
            m, v, t = s
            m, v, t = m + (1 - beta1) * (g - m), v + (1 - beta2) * (g * g - v), t + 1
            size = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
            return x - size * m / (np.sqrt(v) + eps * np.sqrt(1 - beta2**t)), (m, v, t)

        return (lambda x: (0 * x, 0 * x, 0)), update

    found = compare(ADAM, other_order)
    assert found.same, found.text()
    assert found.precision == "float64"
    assert found.differences is None
    assert {run.name for run in found.runs if run.largest > 0}  # rounding differs: it was measured, not bit for bit


def test_of_the_differences_the_fewest_that_suffice_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two pairs of accounts that differ in three things, one takes two of them and the other one."""
    needed = {"a": {"eps", "lr"}, "b": {"beta2"}}
    monkeypatch.setattr(accounts, "_differing", lambda one, other, at: ["lr", "beta2", "eps"])
    monkeypatch.setattr(accounts, "_reproduces", lambda one, other, names, runs, dtype: needed[one] <= set(names))
    monkeypatch.setattr(accounts, "_in_words", lambda name, one, other, at: name)
    least: Any = accounts.least
    assert least(["a"], ["B"], [None], float) == ["lr", "eps"]
    assert least(["a", "b"], ["B"], [None], float) == ["beta2"]


def test_two_changes_are_two() -> None:
    found = compare(ADAM, variant(eps_inside=True, beta2=0.999))
    assert found.differences is not None
    assert {d.name for d in found.differences} == {"form of eps", "beta2"}
    assert "no single change explains it; these 2 together do" in found.text()


def test_what_nothing_known_explains_is_said() -> None:
    found = compare(ADAM, variant(mean=True))
    assert not found.same
    assert found.differences is None
    assert "no setting or convention that is known here explains it" in found.text()
    assert "B follows none of the references" in found.text()


def test_a_schedule_that_is_one_step_ahead() -> None:
    def make(ahead: int) -> Any:
        return variant(rate=lambda t: 1 / (1 + 0.25 * (t + ahead)), beta2=0.999)()

    def first() -> Any:
        return make(0)

    def second() -> Any:
        return make(1)

    found = compare(first, second)
    assert only(found) == ("schedule of the step size", "lr_t in step t", "lr_(t+1) in step t: one step ahead")
    assert only(compare(second, first))[2] == "lr_(t-1) in step t: one step behind"


def test_the_first_difference_is_where_a_loop_by_hand_has_it() -> None:
    found = compare(ADAM, variant(amsgrad=True), settings={"beta2": 0.5})
    assert found.first is not None
    at = found.first.first
    assert at is not None
    # v falls first where g does: in the second step of -6, 2
    assert (found.first.name, at.step, at.entry) == ("defaults", 2, (0,))
    m, v = -0.9 * 0.6 + 0.1 * 2, 0.5 * 18 + 0.5 * 4
    after = [1.01 - 0.01 * (m / 0.19) / (np.sqrt(w / 0.75) + 1e-8) for w in (v, 18.0)]
    np.testing.assert_allclose(at.x, after, rtol=1e-9)


def test_the_program_fails_until_it_is_mended(run: Run, tmp_path: Path) -> None:
    Path("ports.py").write_text(
        "import numpy as np\n\ndef sgd(lr=0.1, momentum=0.5):\n"
        "    return np.zeros_like, lambda g, m, x: (x - lr * (momentum * m + g), momentum * m + g)\n\n"
        "def averaged(lr=0.1, momentum=0.5):\n"
        "    return np.zeros_like, lambda g, m, x: (x - lr * (momentum * m + (1 - momentum) * g), "
        "momentum * m + (1 - momentum) * g)\n"
    )
    result = run("compare", "ports.py:sgd", "ports.py:averaged", "--json", "found.json")
    assert result.exit_code == 1, result.output
    assert "one difference explains every run" in result.stdout
    found = json.loads(Path("found.json").read_text())
    assert [d["name"] for d in found["differences"]] == ["form of momentum"]
    assert (found["same"], found["first"]["first"]["step"]) == (False, 1)
    program = found["program"]
    assert program in "\n".join(line.removeprefix("    ") for line in result.stdout.splitlines())

    def ran() -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    failing = ran()
    assert failing.returncode == 1
    assert failing.stderr.splitlines()[-1] == "AssertionError: they differ at step 1"
    assert [line[0] for line in failing.stdout.splitlines()] == ["A", "B"]
    Path("ports.py").write_text(Path("ports.py").read_text().replace("(1 - momentum) * g", "g"))
    assert ran().returncode == 0
    result = run("compare", "ports.py:sgd", "ports.py:averaged")
    assert result.exit_code == 0, result.output
    assert "take the same steps, to the rounding of float64" in result.stdout


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("mine.py:right none.py:make", "there is no file none.py"),
        ("mine.py:right mine.py:right --set beta7=1", "neither side has a setting 'beta7'"),
        ("mine.py:right mine.py:right --set lr=1,2", "one value, not a grid"),
        ("mine.py:right mine.py:right --limit 0", "limit = 0"),
        ("mine.py:right mine.py:nonsense", "update returned NoneType"),
    ],
)
def test_misuse(run: Run, line: str, message: str) -> None:
    result = run("compare", *line.split())
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert result.stdout == ""


def test_a_random_optimizer_is_refused() -> None:
    rng = np.random.default_rng(0)

    def noisy(lr: float = 0.1) -> Any:
        return (lambda x: 0), lambda g, s, x: (x - lr * g * rng.normal(), s)

    with pytest.raises(UserError, match="takes other steps when it is run again"):
        compare(noisy, ADAM)
    with pytest.raises(UserError, match="is now called compare_methods"):
        compare("optax:adam", "optax:adam", None)


@pytest.mark.slow  # compiles a dozen small programs
def test_optax() -> None:
    found = compare(optax.adam, functools.partial(optax.adam, b2=0.99))
    assert only(found) == ("beta2", "0.999", "0.99")
    assert found.remedies == ("A with beta2 = 0.99", "B with beta2 = 0.999")
