"""Files of a user's that work, with marks where tests put what is wrong, and the message that must come."""

import re
from collections.abc import Callable

from typer.testing import Result

Load = Callable[[str, str], Result]


def refused(result: Result, *words: str) -> None:
    """Status 2, one message with these words, no traceback, nothing on stdout."""
    assert result.exit_code == 2, (result.exit_code, result.output, result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.stderr
    message = [line for line in result.stderr.splitlines() if not re.match(r"(verify|simulate): +\d+ %|\[1/1\]", line)]
    assert len(message) == 1, result.stderr  # besides lines of progress
    assert message[0].startswith("error: ")
    assert result.stdout == ""
    assert [word for word in words if word not in result.stderr] == [], result.stderr


def numbered(text: str) -> tuple[str, str]:
    """The text without its mark `#!`, and `mine.py, line N` for the line where the mark was."""
    lines = text.splitlines()
    marked = [number for number, line in enumerate(lines, 1) if "#!" in line]
    return text.replace("#!", ""), f"mine.py, line {marked[0]}" if marked else "mine.py"


THEOREM = """
import sys
from madatheory import Condition, Level, Theorem, get_optimizer
from madatheory.theory.conditions import STOCHASTIC_SMOOTH, hyper_is, method_is
from madatheory.theory.terms import AVERAGE

def right(measured, q, xp):
    return 2 * q.D0 / (q.alpha * q.T)
def method():
    return get_optimizer("adam:schedule=constant")
name, label, kind = "my-bound", "mine", "expectation"
conditions = (*STOCHASTIC_SMOOTH, hyper_is("beta1", 0.0))
settings, symbols = {"alpha": 0.3, "beta1": 0.0, "beta2": 0.99, "eps": 1e-4}, {}
@@
levels = (AVERAGE, Level("bound", "a guess", right))
$$
mine = Theorem(
    name=name, label=label, statement="s", source="a guess", origin="new", kind=kind,
    method=method, conditions=conditions, chain=levels, settings=settings, symbols=symbols,
)
"""
RIGHT = "theorem 'my-bound', the right side 'bound'"
VALUE = "theorem 'my-bound': the right side 'bound'"


OPTIMIZER = """
import sys
import jax.numpy as jnp
from madatheory import Optimizer, OptimizerEntry, Parameter
from madatheory.optimizers.optimizer import Step
def init(hyper, x):
    return {"m": jnp.zeros_like(x)}
def step(hyper, state, g, clock):
    zero = jnp.zeros_like(g)
    return Step(hyper["alpha"] * g, zero, zero, zero, zero, zero), {"m": g}
parameters, observe = {"alpha": Parameter(0.01)}, None
@@
def build():
    return Optimizer("my-method", "a test", parameters, init, step, observe=observe)
$$
mine = OptimizerEntry("my-method", "a test", build)
"""


BUILD, STEP = "optimizer 'my-method', its build", "optimizer 'my-method', its step"
PROBLEM = """
import sys
from dataclasses import replace
import jax.numpy as jnp
from madatheory import ProblemEntry, get_problem
from madatheory.problems.problem import Atoms
known = get_problem("ratio:d=2")
changed = {}
def build(d: int = 2, mode=None):
    return replace(known, name="mine", **changed)
@@
mine = ProblemEntry("mine", "a test", build)
"""
OF = "problem 'mine', its"


FIGURE = """
import sys
from madatheory import Claim, Figure
def compute(run):
    return {"value": 1.0}
def claims(numbers):
    return [Claim("it is 1", numbers["value"] == 1, "")]
def draw(canvas, numbers):
    canvas.subplots().plot([0, numbers["value"]])
def caption(numbers):
    return "a line"
def check(run):
    pass
title = "A line"
@@
mine = Figure("mine", title, compute, claims, draw, caption, check)
"""


OF_FIGURE = "figure 'mine', its"
