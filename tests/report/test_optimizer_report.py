"""The report on an optimizer: which theorems are about its steps, its curves, and the whole of it once."""

import json
from pathlib import Path

import numpy as np
import pytest
from test_page import check_alone, check_numbers
from typer.testing import CliRunner

from madatheory.cli import app
from madatheory.identities.targets.lookup import find
from madatheory.problems.catalogue import get_problem
from madatheory.report import methods
from madatheory.report.document import DataTable, Folded, Prose
from madatheory.report.methods import closed_loop, same_steps
from madatheory.theory.catalogue import get_theorem


def constant_adam(lr=0.1, beta1=0.0, beta2=0.9, eps=0.1):
    """Adam as TA has it: eps inside the root, no bias correction, constant step size."""

    def init(x):
        return np.zeros_like(x), np.zeros_like(x)

    def update(g, state, x):
        m, v = beta1 * state[0] + (1 - beta1) * g, beta2 * state[1] + (1 - beta2) * g * g
        return x - lr * m / np.sqrt(eps + v), (m, v)

    return init, update


def corrected_adam(lr=0.1, beta1=0.0, beta2=0.9, eps=0.1):
    init, _ = constant_adam(lr, beta1, beta2, eps)

    def start(x):
        return 0, init(x)

    def step(g, state, x):
        t, inner = state[0] + 1, state[1]
        v = beta2 * inner[1] + (1 - beta2) * g * g
        return x - lr * g / np.sqrt(eps + v / (1 - beta2**t)), (t, (g, v))

    return start, step


def test_a_theorem_is_about_its_own_method_and_no_other() -> None:
    mine, other = find(constant_adam), find(corrected_adam)
    about_adam, about_avgrad = (get_theorem(n).optimizer() for n in ("adam-constant-step-rate", "avgrad-rate"))
    assert same_steps(mine, about_adam).agrees
    assert not same_steps(mine, about_avgrad).agrees
    found = same_steps(other, about_adam)
    assert not found.agrees
    assert found.how.startswith("step 1: ")


def test_what_applies_is_shown_and_what_does_not_is_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    two = {name: get_theorem(name) for name in ("adam-constant-step-rate", "avgrad-rate")}
    monkeypatch.setattr(methods, "list_theorems", lambda: two)
    about, table, folded = methods.theorems_of_steps(find(constant_adam), lambda *done: None).blocks
    assert isinstance(about, Prose)
    assert isinstance(table, DataTable)
    assert isinstance(folded, Folded)
    assert [row[2] for row in table.rows] == ["TA adam-constant-step-rate"]
    (other,) = folded.blocks
    assert isinstance(other, DataTable)
    assert [row[2] for row in other.rows] == ["T5 avgrad-rate"]
    assert str(other.rows[0][1]).startswith("step ")


def test_steps_that_are_no_numbers_agree_with_nothing() -> None:
    """beta2 = 1, as Adagrad pins it, makes a bias correction 0/0."""
    with np.errstate(all="ignore"):
        found = same_steps(find(corrected_adam), get_theorem("adagrad-rate").optimizer())
    assert not found.agrees
    assert "not finite" in found.how


def test_curves_depend_on_the_seed_alone() -> None:
    problem = get_problem("ratio:d=2")
    first, again, other = (closed_loop(find(constant_adam), {"lr": 0.1}, problem, 5, seed, 2) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    at_start = np.sum(np.asarray(problem.full_gradient(np.asarray(problem.start)[:, None])) ** 2)
    assert first[:, 0] == pytest.approx([at_start] * 2, rel=1e-6)


FAULTY = '''"""Adam for optax whose count starts at 1."""
import jax
import jax.numpy as jnp
import optax


def make(learning_rate=1e-3, b1=0.9, b2=0.999, eps=1e-8):
    inner = optax.adam(learning_rate, b1=b1, b2=b2, eps=eps)

    def init(params):
        first, *rest = inner.init(params)
        return (first._replace(count=jnp.ones([], jnp.int32)), *rest)

    return optax.GradientTransformation(init, inner.update)
'''


@pytest.mark.needs("bokeh")
@pytest.mark.slow  # every law, in a process of its own
def test_a_report_on_a_fault_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MADATHEORY_STORE", raising=False)
    (tmp_path / "faulty.py").write_text(FAULTY)
    line = "report faulty.py:make --profile smoke --trait corrected=yes --out faulty.html"
    found = CliRunner().invoke(app, line.split())
    assert found.exit_code == 1, found.output
    text, data = (tmp_path / "faulty.html").read_text(), json.loads((tmp_path / "faulty.json").read_text())
    check_alone(text)
    check_numbers(text, data)
    assert [s["title"] for s in data["sections"]][:3] == ["What it follows", "Laws", "Evidence for what breaks"]
    faults = [fact["text"] for fact in data["facts"] if fact["name"].startswith("fault")]
    assert any("step counter that is one ahead" in fault for fault in faults)
    evidence = data["sections"][2]["blocks"]
    assert "runpy.run_path('faulty.py')" in next(b["code"] for b in evidence if b["kind"] == "listing")
