"""A user's optimizer, problem or figure that is wrong: one message, status 2, no traceback."""

from pathlib import Path

import pytest
from users_files import BUILD, FIGURE, OF, OF_FIGURE, OPTIMIZER, PROBLEM, STEP, Load, numbered, refused

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
def test_a_wrong_optimizer(load: Load, text: str, words: list[str]) -> None:
    mark = "$$" if text.startswith(("build", "def build")) else "@@"
    text, place = numbered(OPTIMIZER.replace(mark, text).replace("@@\n", "").replace("$$\n", ""))
    refused(load(text, "simulate ratio my-method --steps 3 --trajectories 16"), place, *words)


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
def test_a_wrong_problem(load: Load, text: str, words: list[str]) -> None:
    text, place = numbered(PROBLEM.replace("@@", text))
    refused(load(text, "simulate mine avgrad --steps 3 --trajectories 16"), place, *words)


def test_an_option_of_no_kind(load: Load) -> None:
    refused(load(PROBLEM.replace("@@", ""), "simulate mine:mode=fast avgrad"), "mine: mode = 'fast' is not a NoneType")


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
def test_a_wrong_figure(load: Load, text: str, words: list[str]) -> None:
    text, place = numbered(FIGURE.replace("@@", text))
    refused(load(text, "figures --out pictures"), place, *words)
    assert not list(Path("pictures").glob("mine.*"))
