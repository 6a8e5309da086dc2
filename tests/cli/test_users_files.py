"""A user's file that is wrong: file, line, object and remedy in one message, status 2, no traceback."""

import io
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from madatheory.blame import Blamed, blame
from madatheory.cli import app

Run = Callable[[str, str], Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run(text of mine.py, "verify --steps 10")` in an empty folder, with `--load mine.py`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MADATHEORY_STORE", raising=False)

    def command(text: str, line: str) -> Result:
        Path("mine.py").write_text(text)
        return CliRunner().invoke(app, [*line.split(), "--load", "mine.py"])

    return command


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


# ---- theorems

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
THEOREMS = [
    ("def right(measured, q, xp):\n    return q.foo  #!", [RIGHT, "'foo'", "see Quantities"]),
    ("def right(measured, q, xp):\n    return 1 / 0  #!", [RIGHT, "ZeroDivisionError"]),
    ("def right(measured, q, xp):\n    sys.exit(0)  #!", [RIGHT, "SystemExit: 0", "instead of calling sys.exit"]),
    (
        "def right(measured, q, xp):\n    return measured['foo']  #!",
        [RIGHT, "reads the measured 'foo', which is not among its statistics"],
    ),
    ("def right(measured, q, xp):  #!\n    return 1j", [VALUE, "is 1j, which is no real number"]),
    ("def right(measured, q, xp):  #!\n    return 'high'", [VALUE, "is 'high', which is no real number"]),
    ("def right(measured, q, xp):  #!\n    return None", [VALUE, "is None, which is no real number"]),
    ("def right(measured, q, xp):  #!\n    return [1, [2, 3]]", [VALUE, "is [1, [2, 3]], which is no real number"]),
    (
        "import numpy as np\ndef right(measured, q, xp):  #!\n    return np.ones(5)",
        [VALUE, "has shape (5,): give () or (3,)"],
    ),
    ("def right(q):  #!\n    return 1.0", [RIGHT, "takes 1 positional argument"]),
    ("right = 3", ["line 15: level 'bound': value = 3: give a function"]),
    ("def method():  #!\n    return None", ["theorem 'my-bound', its method", "returns None", "returns an Optimizer"]),
    ("def method():\n    return get_optimizer('adamm')  #!", ["theorem 'my-bound', its method", "did you mean 'adam'"]),
    ("def method(x):  #!\n    return x", ["theorem 'my-bound', its method", "missing 1 required positional"]),
    (
        "method = get_optimizer('adam')",
        ["theorem 'my-bound': method = Optimizer(name='adam'", ": give a function that builds"],
    ),
    ("name = 3", ["line 16: theorem 3: name = 3: give a text"]),
    ("name = 'My Bound'", ["line 16, theorem name 'My Bound': use lower-case"]),
    ("name = 'avgrad-rate'", ["line 16, theorem name 'avgrad-rate' is taken"]),
    ("label = ('a',)", ["line 16: theorem 'my-bound': label = ('a',): give a text"]),
    ("kind = 'sometimes'", ["unknown kind of theorem 'my-bound' 'sometimes' (known: every-path, "]),
    ("conditions = [3]", ["theorem 'my-bound': conditions = [3]: give a tuple of `Condition`"]),
    (
        "def fails(setting):\n    return setting.foo  #!\nconditions = (*STOCHASTIC_SMOOTH, Condition('C', fails))",
        ["theorem 'my-bound', its condition 'C'", "AttributeError: 'Setting' object has no"],
    ),
    (
        "def fails(setting):  #!\n    return True\nconditions = (*STOCHASTIC_SMOOTH, Condition('C', fails))",
        ["theorem 'my-bound', its condition 'C'", "gave True: return None where"],
    ),
    ("settings = {'alpha': 'high'}", ["theorem 'my-bound': settings['alpha'] is 'high'"]),
    (
        "def method():  #!\n    return get_optimizer('adam')\nsettings = {'alhpa': 1.0}",
        ["unknown hyper-parameter", "'alpha'"],
    ),
    ("symbols = {'foo': 1.0}", ["unknown symbol of theorem 'my-bound' 'foo'"]),
]
CHAINS = [
    ("levels = ()", ["theorem 'my-bound': its chain has the levels []: give first the left side"]),
    ("levels = (AVERAGE,)", ["theorem 'my-bound': its chain has the levels ['measured average']: give first"]),
    ("levels = right", ["theorem 'my-bound': chain = <function right", ": give a tuple of `Level`"]),
    (
        "levels = (AVERAGE, right)",
        ["theorem 'my-bound': chain = (Level(name='measured average'", ": give a tuple of `Level`"],
    ),
    (
        "levels = (Level('left', '', right, (right,), lambda q, xp: 1.0), levels[1])",
        ["level 'left': statistics = (<function right", ": give a tuple of `Statistic`"],
    ),
    (
        "levels = (Level('left', '', right, AVERAGE.statistics), levels[1])",
        ["`highest` of level 'left'", "give the almost sure"],
    ),
    (
        "def high(q, xp):\n    return q.foo  #!\n"
        "levels = (Level('left', '', right, AVERAGE.statistics, high), levels[1])",
        ["theorem 'my-bound', `highest` of level 'left'", "'foo'"],
    ),
]


@pytest.mark.parametrize(("text", "words"), THEOREMS + CHAINS, ids=[text for text, _ in THEOREMS + CHAINS])
def test_a_wrong_theorem(run: Run, text: str, words: list[str]) -> None:
    mark = "$$" if text.startswith("levels") or "\nlevels" in text else "@@"
    text, place = numbered(THEOREM.replace(mark, text).replace("@@\n", "").replace("$$\n", ""))
    refused(run(text, "verify --problem ratio:d=2 --steps 3 --trajectories 2"), place, *words)


# ---- optimizers

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
OPTIMIZERS = [
    ("def build():  #!\n    pass", [BUILD, "returns None", "a build returns the Optimizer"]),
    ("def build():  #!\n    return init, step", [BUILD, "returns a tuple"]),
    ("def build():\n    return 1 / 0  #!", [BUILD, "ZeroDivisionError: division by zero"]),
    ("def build():\n    sys.exit(0)  #!", [BUILD, "SystemExit: 0"]),
    ("def build(a):  #!\n    return a", [BUILD, "needs the argument 'a'", "a=1.0"]),
    ("def build(*a):  #!\n    return a", [BUILD, "needs the argument '*a'"]),
    ("build = 3", ["line 15, optimizer 'my-method': build is 3: give a function"]),
    ("step = None", [BUILD, "the Optimizer that it returns: step is None: give a function"]),
    ("parameters = {'alpha': 0.1}", [BUILD, "parameters['alpha'] is 0.1: give a Parameter"]),
    ("parameters = {3: Parameter(0.1)}", [BUILD, "a key of parameters is 3: give a text"]),
    ("def init(hyper, x):\n    return 1 / 0  #!", ["optimizer 'my-method', its init", "ZeroDivisionError"]),
    ("def init(hyper, x):  #!\n    return {'m': 'zero'}", ["its init", "a state whose part ['m'] is 'zero'"]),
    ("def step(hyper, state, g, clock):\n    return state['n']  #!", [STEP, "KeyError: 'n'", "returns (Step("]),
    ("def step(hyper, state, g, clock):\n    sys.exit(3)  #!", [STEP, "SystemExit: 3"]),
    ("def step(hyper, state, g, clock):\n    return g if g.sum() > 0 else -g  #!", [STEP, "TracerBoolConversionError"]),
    (
        "def step(hyper, state, g, clock):  #!\n    return g, state",
        [STEP, "returns (float64[10,16], a dict)", "returns (Step("],
    ),
    ("def step(hyper, state, g, clock):  #!\n    return g", [STEP, "returns float64[10,16]"]),
    ("def step(hyper, state, g):  #!\n    return g", [STEP, "takes 3 positional arguments"]),
    (
        "def step(hyper, state, g, clock):  #!\n    return Step(*6 * [g]), {}",
        [STEP, "returns the state {}, and is given {m: float64["],
    ),
    (
        "def step(hyper, state, g, clock):  #!\n    return Step(*6 * [g]), {'m': g[0]}",
        [STEP, "a state whose part ['m'] is float64[16], and is given float64[10,16]"],
    ),
    (
        "def step(hyper, state, g, clock):  #!\n    return Step(*6 * [g]), {'m': g.astype('float32')}",
        [STEP, "a state whose part ['m'] is float32[10,16], and is given float64[10,16]"],
    ),
    (
        "def step(hyper, state, g, clock):  #!\n    return Step(*6 * [g[:2]]), state",
        [STEP, "delta of shape (2, 16) instead"],
    ),
    (
        "def step(hyper, state, g, clock):  #!\n    return Step(*6 * [1j * g]), state",
        [STEP, "returns delta of complex128[10,16]"],
    ),
    ("def step(hyper, state, g, clock):  #!\n    return Step(g, *5 * [None]), state", [STEP, "returns eta of None"]),
]


@pytest.mark.parametrize(("text", "words"), OPTIMIZERS, ids=[text for text, _ in OPTIMIZERS])
def test_a_wrong_optimizer(run: Run, text: str, words: list[str]) -> None:
    mark = "$$" if text.startswith(("build", "def build")) else "@@"
    text, place = numbered(OPTIMIZER.replace(mark, text).replace("@@\n", "").replace("$$\n", ""))
    refused(run(text, "simulate ratio my-method --steps 3 --trajectories 16"), place, *words)


# ---- problems and statistics

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
PROBLEMS = [
    ("def build():  #!\n    return known.value", [f"{OF} build", "returns a function", "a build returns the Problem"]),
    ("changed = {'start': 'here'}", [f"{OF} build", "start is 'here': give real numbers"]),
    ("changed = {'dimension': 'two'}", [f"{OF} build", "dimension is 'two': give a whole number"]),
    ("changed = {'oracle': None}", [f"{OF} build", "oracle is None: give a Oracle"]),
    ("changed = {'constants': (1.0, 2.0, 0.0)}", [f"{OF} build", "constants is a tuple: give a Constants"]),
    ("def value(x):\n    return x.foo  #!\nchanged = {'value': value}", [f"{OF} value", "AttributeError"]),
    ("def value(x):  #!\n    return x\nchanged = {'value': value}", [f"{OF} value", "instead of (16,)"]),
    ("def value(x):  #!\n    return 'high'\nchanged = {'value': value}", [f"{OF} value", "returns 'high'"]),
    ("def slope(x):\n    return x @ x  #!\nchanged = {'gradient': slope}", [f"{OF} gradient", "TypeError"]),
    ("def slope(x):  #!\n    return x[0]\nchanged = {'gradient': slope}", [f"{OF} gradient", "instead of (2, 16)"]),
    (
        "def g(x, grad, xi, t):\n    return grad + no  #!\nchanged = {'oracle': replace(known.oracle, gradient=g)}",
        [f"{OF} oracle's gradient", "NameError: name 'no' is not defined"],
    ),
    (
        "def draw(words, dtype):\n    sys.exit(0)  #!\n"
        "changed = {'oracle': replace(known.oracle, sample=draw, pair=None)}",
        [f"{OF} oracle's sample", "SystemExit: 0"],
    ),
]


@pytest.mark.parametrize(("text", "words"), PROBLEMS, ids=[text for text, _ in PROBLEMS])
def test_a_wrong_problem(run: Run, text: str, words: list[str]) -> None:
    text, place = numbered(PROBLEM.replace("@@", text))
    refused(run(text, "simulate mine avgrad --steps 3 --trajectories 16"), place, *words)


def test_an_option_of_no_kind(run: Run) -> None:
    refused(run(PROBLEM.replace("@@", ""), "simulate mine:mode=fast avgrad"), "mine: mode = 'fast' is not a NoneType")


# ---- figures

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
FIGURES = [
    ("title = 3", ["line 16, figure 'mine': title is 3: give a text"]),
    ("claims = []", ["line 16, figure 'mine': claims is a list: give a function"]),
    ("def compute(run):\n    return run.foo  #!", [f"{OF_FIGURE} compute", "AttributeError", "returns a dict"]),
    ("def compute(run):\n    sys.exit(0)  #!", [f"{OF_FIGURE} compute", "SystemExit: 0"]),
    ("def compute(run):  #!\n    return None", [f"{OF_FIGURE} compute", "returns None"]),
    ("def compute(run):  #!\n    return {'value': {1}}", [f"{OF_FIGURE} compute", "plain data, got set"]),
    ("def claims(numbers):\n    return numbers['foo']  #!", [f"{OF_FIGURE} claims", "KeyError: 'foo'"]),
    ("def claims(numbers):  #!\n    return []", [f"{OF_FIGURE} claims", "claims nothing"]),
    ("def claims(numbers):  #!\n    return None", [f"{OF_FIGURE} claims", "not iterable", "a list of Claims"]),
    ("def claims(numbers):  #!\n    return [('it', True, '')]", [f"{OF_FIGURE} claims", "returns a tuple among its"]),
    ("def claims(numbers):\n    return [Claim('it', 'no', '')]", [f"{OF_FIGURE} claims", "'no'"]),
    ("def claims(numbers):\n    sys.exit(0)  #!", [f"{OF_FIGURE} claims", "SystemExit: 0"]),
    ("def draw(canvas, numbers):\n    canvas.foo()  #!", [f"{OF_FIGURE} draw", "AttributeError"]),
    (
        "def draw(canvas, numbers):  #!\n    canvas.subplots().set_title('$\\\\frac$')",
        [f"{OF_FIGURE} draw", "ParseSyntaxException"],
    ),
    ("def caption(numbers):\n    return 1 / 0  #!", [f"{OF_FIGURE} caption", "ZeroDivisionError"]),
    ("def caption(numbers):  #!\n    return None", [f"{OF_FIGURE} caption", "returns None", "returns a text"]),
    ("def check(run):\n    return 1 / 0  #!", [f"{OF_FIGURE} check", "ZeroDivisionError"]),
]


@pytest.mark.parametrize(("text", "words"), FIGURES, ids=[text for text, _ in FIGURES])
def test_a_wrong_figure(run: Run, text: str, words: list[str]) -> None:
    text, place = numbered(FIGURE.replace("@@", text))
    refused(run(text, "figures --out pictures"), place, *words)
    assert not list(Path("pictures").glob("mine.*"))


# ---- files, and what does not come back

FILES = [
    ("import helper", ["mine.py, line 1: SyntaxError: invalid syntax (helper.py, line 1)"]),
    ("import io, sys\nsys.stdout = io.StringIO()", ["closes or replaces stdout"]),
    ("import os\nos.kill", ["defines nothing to load; it needs a module-level OptimizerEntry"]),
    ("\0", ["mine.py", "null bytes"]),
    ("class A:\n    @property\n    def __class__(self):\n        return 1 / 0\na = A()", ["mine.py, line 4: Zero"]),
    ("raise Exception(chr(10).join('abc'))", ["mine.py, line 1: Exception: a b c"]),
]


@pytest.mark.parametrize(("text", "words"), FILES, ids=range(len(FILES)))
def test_a_wrong_file(run: Run, text: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path.cwd()))
    Path("helper.py").write_text("def f(:")
    refused(run(text, "list"), *words)


def closed() -> None:
    sys.stdout.close()


def without_its_file() -> None:
    os.close(sys.stdout.fileno())


def replaced() -> None:
    sys.stdout = io.StringIO()


@pytest.mark.parametrize("function", [closed, without_its_file, replaced])
def test_a_function_that_takes_stdout_away(function: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    stream = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    monkeypatch.setattr(sys, "stdout", stream)
    words = r"test_users_files.py, line \d+, it: closes or replaces stdout"
    with pytest.raises(Blamed, match=words), blame("it", function):
        function()
    assert sys.stdout is stream
    if function is without_its_file:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    stream.close()


FOR_EVER = "while True:\n        pass  #!\n"
ENDLESS = [
    ("verify --problem ratio:d=2 --steps 3", THEOREM, f"def right(measured, q, xp):\n    {FOR_EVER}", RIGHT),
    ("simulate ratio my-method --steps 3", OPTIMIZER, f"def step(hyper, state, g, clock):\n    {FOR_EVER}", STEP),
    (
        "verify --problem ratio:d=2 --steps 20",  # the step is traced in another thread
        THEOREM,
        f"from dataclasses import replace\ndef step(hyper, state, g, clock):\n    {FOR_EVER}"
        "def method():\n    return replace(get_optimizer('adam:schedule=constant'), step=step)\n",
        "optimizer 'adam', its step",
    ),
    ("list", THEOREM, f"if True:\n    {FOR_EVER}", "no answer"),
    ("figures", FIGURE, f"def claims(numbers):\n    {FOR_EVER}", f"{OF_FIGURE} claims"),
]


@pytest.mark.parametrize(("line", "file", "text", "what"), ENDLESS, ids=[what for *_, what in ENDLESS])
def test_what_does_not_come_back_is_ended(
    run: Run, line: str, file: str, text: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MADATHEORY_LIMIT", "0.5")
    text = file.replace("@@", text).replace("$$", "")
    lines = text.splitlines()
    inside = [number for number, row in enumerate(lines, 1) if "#!" in row]
    result = run(text.replace("#!", ""), line)
    refused(result, what, "no answer within 0.5 s; if it needs more, set MADATHEORY_LIMIT")
    assert any(f"mine.py, line {number}" in result.stderr for number in (inside[0] - 1, inside[0]))


@pytest.mark.parametrize("limit", ["soon", "-1", "nan"])
def test_a_limit_that_is_none(run: Run, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADATHEORY_LIMIT", limit)
    refused(run("x = 1", "list"), f"MADATHEORY_LIMIT = '{limit}': give a number of seconds, 0 for no limit")
