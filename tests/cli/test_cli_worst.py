"""`madatheory worst`: two answers side by side, files that run again, refusals, Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result
from users_files import Load

Run = Callable[..., Result]

BOUND = """
from madatheory import Level, Theorem, conditions, get_optimizer, terms


def right(measured, q, xp):
    root = xp.sqrt(q.eps + q.G**2)
    return {factor} * root * (q.D0 / q.alpha + q.alpha * q.L * q.G**2 / q.eps) / xp.sqrt(q.T)


mine = Theorem(
    name="mine",
    label="mine",
    statement="a bound to be checked",
    source="nowhere",
    origin="new",
    method=lambda: get_optimizer("{method}"),
    conditions=(*conditions.STOCHASTIC_SMOOTH, conditions.hyper_is("beta1", 0.0)),
    chain=(terms.AVERAGE, Level("bound", "to be checked", right)),
    settings={{"alpha": 0.3, "eps": 1.0}},
)
"""


def test_two_answers_and_a_file_that_verify_reproduces(run: Run) -> None:
    result = run("worst avgrad-rate --steps 3 --candidates 8 --out mine.py --json found.json")
    assert result.exit_code == 0, result.output
    text = " ".join(result.output.split())
    assert "worst found at T = 3" in text
    assert "given: alpha = 0.1, beta1 = 0, beta2 = 0.9, eps = 0.1" in text
    assert "Certified in ball arithmetic" in text
    assert "supremum" not in text
    given, free = json.loads(Path("found.json").read_text())["worst_found"]
    assert given["free"] == {}
    assert free["free"].keys() == {"alpha", "eps", "beta2"}
    assert given["ratio"][0] < free["ratio"][0] <= free["ratio"][1] < 1
    again = run("verify --load mine.py --json verdicts.json")
    assert again.exit_code == 0, again.output
    (verdict,) = json.loads(Path("verdicts.json").read_text())["verdicts"]
    assert verdict["steps"] == 3
    assert verdict["theorem"] == "avgrad-rate"
    assert 1 / verdict["tightness"] == pytest.approx(free["ratio"][0], abs=1e-9)
    assert "T5 avgrad-rate ✓" in " ".join(again.output.split())


def test_a_wrong_theorem_of_a_users_file_is_refuted_by_one_command(load: Load) -> None:
    command = "worst --steps 3 --candidates 16 --free none --json f.json"
    result = load(BOUND.format(factor=0.02, method="avgrad"), command)
    assert result.exit_code == 1, result.output
    (found,) = json.loads(Path("f.json").read_text())["worst_found"]
    assert found["ratio"][0] > 1
    assert f"error: mine is refuted: left > {found['ratio'][0]:.6f} right on an instance" in result.stderr


CONDITION = """
from dataclasses import replace

from madatheory import Condition

few = Condition("few", lambda setting: None if setting.problem.name.startswith("worst-") else "another problem")
mine = replace(mine, conditions=(*mine.conditions, few))
"""


def test_verify_meets_the_gallery_where_no_problem_is_named(load: Load) -> None:
    """The user's bound without a proof holds nowhere; the worst instances of its method say so."""
    file = BOUND.format(factor=0.2, method="avgrad:schedule=horizon") + CONDITION
    result = load(file, "verify")
    assert result.exit_code == 1, result.output
    text = " ".join(result.output.split())
    assert "worst found" in text
    assert "violated mine mine on worst-avgrad-horizon-rate-2000, avgrad at alpha = " in text
    named = load(file, "verify --problem ratio")
    assert named.exit_code == 2
    assert "worst found" not in named.output


def test_a_file_about_a_theorem_of_the_users_needs_that_theorem(load: Load) -> None:
    bound = BOUND.format(factor=1.5, method="avgrad")
    assert load(bound, "worst mine --steps 2 --seconds 0.1 --free none --out found.py").exit_code == 0
    assert load(bound, "verify --load found.py").exit_code == 0
    alone = load(Path("found.py").read_text(), "verify")
    assert alone.exit_code == 2
    assert "was found for theorem 'mine', which is not here: --load its file too" in alone.stderr


WITHOUT_BALLS = """
from dataclasses import replace

import jax.numpy as jnp

from madatheory import get_theorem

base = get_theorem("avgrad-rate")
method = base.method()


def step(hyper, state, g, clock):
    found, new = method.step(hyper, state, g, clock)
    return found._replace(delta=jnp.sin(found.delta)), new


odd = replace(method, step=step)
mine = replace(base, name="mine", label="mine", method=lambda: odd)
"""


def test_a_method_without_a_step_in_balls_is_refused_before_the_search(load: Load) -> None:
    result = load(WITHOUT_BALLS, "worst mine --seconds 600")
    assert result.exit_code == 2
    assert "has no step in ball arithmetic: operation 'sin'" in result.stderr


RANGELESS = """
from dataclasses import replace

from madatheory import OptimizerEntry, Parameter, get_optimizer, get_theorem

base = get_optimizer("avgrad:schedule=inverse_sqrt")
odd = replace(base, parameters={**base.parameters, "foo": Parameter(1.0, 0)})
mine = replace(get_theorem("avgrad-rate"), name="mine", label="mine", method=lambda: odd)
"""

REFUSED = [
    ("worst avgrad-rate --steps 0", "steps = 0 is out of range"),
    ("worst --steps 0", "error: steps = 0 is out of range"),
    ("worst T7 --noise wild", "error: unknown noise 'wild'"),
    ("worst T7 --noise state --steps 9", "error: steps = 9 with noise 'state'"),
    ("worst avgrad-regret", "given problems: madatheory verify --theorem avgrad-regret"),
    (
        "worst avgrad-high-probability",
        "is about probability, and what is searched are expectations; compare it on given problems: madatheory verify",
    ),
    ("worst adam-step-size", "its worst gradients are searched by --step-size adam:form=practical"),
    ("worst lion-step-size", "its worst gradients are searched by --step-size lion"),
    ("worst avgrad-rate --free beta1", "holds for beta1 = 0 alone"),
    ("worst avgrad-rate --free foo", "unknown free hyper-parameter of avgrad 'foo'"),
    ("worst avgrad-rate --set beta1=0.5", "beta1 = 0.5, the statement needs 0"),
    ("worst avgrad-rate --set alpha=0.1,1", "search them: --free alpha=0.1:1"),
    ("worst avgrad-rate --set alpha=0.1 --free alpha", "it is fixed too"),
    ("worst avgrad-rate --noise state --steps 9", "give at most 8 steps, or noise 'none'"),
    ("worst avgrad-rate --slope-at-most 0.5", "without noise only lowers G"),
    ("worst T5 --out mine.py", "2 theorems are meant; give a folder"),
    ("worst avgrad-rate --step-size lion", "give no theorem"),
    ("worst --step-size optax:nothing", "optax has no such optimizer"),
    ("worst --step-size adamm", "unknown optimizer 'adamm'; did you mean 'adam'?"),
    ("worst --step-size nowhere:adam", "nowhere cannot be imported"),
    ("worst --step-size numpy:nothing", "numpy has no 'nothing'"),
]


@pytest.mark.parametrize(("line", "message"), REFUSED)
def test_what_cannot_be_searched_is_one_early_message(run: Run, line: str, message: str) -> None:
    result = run(line)
    assert result.exit_code == 2, result.output
    assert message in " ".join(result.stderr.split())
    assert result.stdout == ""


def test_a_free_hyper_parameter_needs_a_range(load: Load) -> None:
    result = load(RANGELESS, "worst mine --free foo")
    assert result.exit_code == 2
    assert "--free foo: no range is known for it; write --free foo=low:high" in result.stderr
    assert load(RANGELESS, "worst mine --free foo=1:2 --steps 2 --seconds 0.1").exit_code == 0


def test_the_longest_step_beside_its_bound(run: Run) -> None:
    result = run("worst --step-size adam:form=practical --steps 3 --seconds 0.3 --json step.json")
    assert result.exit_code == 0, result.output
    found = json.loads(Path("step.json").read_text())
    assert len(found["gradients"]) == 3
    text = " ".join(result.output.split())
    assert "certified; worst found" in text
    assert "adam-step-size bounds it by" in text


OWN = """
import numpy as np


def plain(lr=0.5):
    return lambda x: np.zeros_like(x), lambda g, sum, x: (x - lr * (g + sum), g + sum)


def matrices(lr=0.5):
    return lambda x: None, lambda g, none, x: (x - lr * np.linalg.svd(g)[0], none)
"""


def test_what_jax_cannot_trace_is_run_and_called_no_certificate(run: Run) -> None:
    Path("own.py").write_text(OWN)
    result = run("worst --step-size own.py:plain --steps 3 --seconds 2 --set lr=0.25 --json step.json")
    assert result.exit_code == 0, result.output
    text = " ".join(result.output.split())
    assert "own.py:plain: |x_T - x_(T-1)| = 3 lr at T = 3, by its own run in float64" in text
    assert "certified" not in text
    found = json.loads(Path("step.json").read_text())
    assert found["certified"] is False
    assert found["gradients"] == [1, 1, 1]
    result = run("worst --step-size own.py:matrices --steps 3")
    assert result.exit_code == 2
    assert "own.py:matrices cannot be run on single numbers" in " ".join(result.stderr.split())


@pytest.mark.needs("torch")
def test_a_method_of_matrices_is_refused(run: Run) -> None:
    result = run("worst --step-size torch.optim:Muon --steps 3")
    assert result.exit_code == 2
    assert "it takes matrices only" in " ".join(result.stderr.split())


@pytest.mark.slow  # it must have found something first
def test_ctrl_c_keeps_the_best(tmp_path: Path) -> None:
    line = "worst amsgrad-monotone-rate --steps 2000 --seconds 300 --out kept.py"
    with subprocess.Popen(
        [sys.executable, "-m", "madatheory", *line.split()],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        time.sleep(25)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted; the worst found so far is certified and kept" in err
    assert "amsgrad-monotone-rate" in out
    assert (tmp_path / "kept.py").exists()
