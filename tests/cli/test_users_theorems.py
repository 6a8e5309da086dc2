"""A user's theorem that is wrong: file, line, object and remedy in one message, status 2, no traceback."""

import pytest
from users_files import RIGHT, THEOREM, VALUE, Load, numbered, refused

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
def test_a_wrong_theorem(load: Load, text: str, words: list[str]) -> None:
    mark = "$$" if text.startswith("levels") or "\nlevels" in text else "@@"
    text, place = numbered(THEOREM.replace(mark, text).replace("@@\n", "").replace("$$\n", ""))
    refused(load(text, "verify --problem ratio:d=2 --steps 3 --trajectories 2"), place, *words)
