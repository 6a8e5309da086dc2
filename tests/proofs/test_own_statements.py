"""`prove --load`: a user's theorems and lemmas as rows, and what searches them."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from madatheory.cli import app
from madatheory.problems.catalogue import list_problems
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.theorem import Theorem
from proofs_check import bridge
from proofs_check.bridge import places
from proofs_check.evidence import Status
from proofs_check.own import Own
from proofs_check.run import select
from proofs_check.tenth import with_right

T5 = list_theorems()["avgrad-rate"]
HEAD = """
from dataclasses import replace
from madatheory.problems.catalogue import list_problems
from madatheory.theory.catalogue import list_lemmas, list_theorems

T5, ROOTS = list_theorems()["avgrad-rate"], list_lemmas()["ratio-root-sum"]

def mine(value):
    return replace(T5, name="mine", label="mine", chain=(T5.left, replace(T5.right, value=value)))

"""


@pytest.fixture
def prove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`prove --load` of a file with these lines, with more of the command."""
    monkeypatch.chdir(tmp_path)

    def command(lines: str, more: str = "") -> Result:
        Path("my_bound.py").write_text(HEAD + lines)
        return CliRunner().invoke(app, ["prove", "--load", "my_bound.py", *more.split()])

    return command


def test_half_of_t5_is_refuted_though_it_holds_on_every_problem(prove: Callable[..., Result]) -> None:
    """Of the simulated problems none comes near the worst case; gradient descent on Huber's function attains it."""
    ran = prove("half = mine(lambda m, q, xp: T5.right.value(m, q, xp) / 2)")
    assert ran.exit_code == 1, ran.output
    words = " ".join(ran.output.split())
    assert "1 statements: 1 REFUTED" in words
    assert "left/right 1.99" in words
    assert "huber" in words
    assert "alpha = 100" in words


def test_lemmas_are_drawn_and_their_false_variants_must_be_refuted(prove: Callable[..., Result]) -> None:
    lines = 'loose = replace(ROOTS, name="loose", label="L", right=lambda v, xp: 2 * ROOTS.right(v, xp))\n'
    ran = prove(lines, "--json out.json")
    assert ran.exit_code == 0, ran.output
    assert "1 statements: 1 SUPPORTED" in ran.output
    assert "planted mistake" in ran.output
    ran = prove(lines.replace("2 *", "0.5 *"))
    assert ran.exit_code == 1
    assert "REFUTED" in ran.output
    assert "witness" in ran.output


@pytest.mark.parametrize(
    ("lines", "more", "message"),
    [
        ("bad = mine(lambda m, q, xp: q.D0 / q.nothing)", "", r"mine: AttributeError: .*'nothing' \(my_bound.py:\d+\)"),
        ("x = 1", "", "defines nothing to load"),
        ("entry = replace(list_problems()['ratio'], name='other')", "", "needs a module-level Theorem or Lemma"),
        ("bad = replace(T5, name='ratio-root-sum')", "", "'ratio-root-sum' is the name of a statement"),
        ("half = mine(T5.right.value)", "nothing-like-it", "unknown statement 'nothing-like-it'"),
        ("half = mine(T5.right.value)", "--page page.md", "--page needs all statements"),
    ],
)
def test_a_mistake_in_the_file_is_a_mistake_of_the_request(
    lines: str, more: str, message: str, prove: Callable[..., Result]
) -> None:
    Path("page.md").write_text("<!-- summary: begin -->\n<!-- summary: end -->\n")
    ran = prove(lines, more)
    assert ran.exit_code == 2, ran.output
    assert re.search(message, " ".join(ran.output.split())), ran.output


def searched(theorem: Theorem, monkeypatch: pytest.MonkeyPatch, *names: str) -> bridge.Finding:
    """What the search on the hostile problems and these says."""
    monkeypatch.setattr(places, "list_problems", lambda: {name: list_problems()[name] for name in names})
    return bridge.of_user(theorem, ()).decide()


def test_a_true_theorem_is_supported_with_the_closest_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    double = replace(with_right(T5, lambda m, q, xp: 2 * T5.right.value(m, q, xp)), name="double")
    found = searched(double, monkeypatch, "ratio")
    assert found.status is Status.SUPPORTED
    assert "largest left/right 0.4998 at huber" in found.detail


def test_a_right_side_that_is_no_number_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    found = searched(replace(with_right(T5, lambda m, q, xp: q.T * float("nan")), name="nan"), monkeypatch)
    assert found.status is Status.REFUTED
    assert "not a number" in found.witness


def test_a_theorem_about_nothing_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = replace(T5.conditions[0], fails=lambda setting: "never")
    found = searched(replace(T5, name="empty", conditions=(nowhere,)), monkeypatch)
    assert found.status is Status.OPEN


def test_every_problem_with_few_noise_values_is_tried_and_so_is_the_users() -> None:
    mine = replace(list_problems()["ratio"], name="my-ratio")
    tried = {field.name.partition(",")[0].partition(":")[0]: grid for field, grid in places.everywhere(T5, [mine])}
    assert {"huber", "ratio", "log", "tanh", "sigmoid-loss", "cliff-noise-steep", "my-ratio"} <= set(tried)
    assert T5.settings["eps"] in tried["ratio"]["eps"]
    assert tried["ratio"]["beta1"] == [0.0]  # fixed by the theorem


def test_without_names_the_users_rows_are_decided() -> None:
    rows = Own(theorems=(replace(T5, name="mine", label="mine"),)).rows()
    assert select((), (), rows)[0] == rows
    assert [row.name for row in select(["mine", "L7"], (), rows)[0]] == ["mine", "harmonic-split", "harmonic-sums"]
