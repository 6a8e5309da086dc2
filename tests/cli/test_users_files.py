"""A user's file that cannot be read, takes stdout away or never ends: one message, status 2, no traceback."""

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from users_files import (
    FIGURE,
    OF_FIGURE,
    OPTIMIZER,
    RIGHT,
    STEP,
    THEOREM,
    Load,
    refused,
)

from madatheory.blame import Blamed, blame

FILES = [
    ("import helper", ["mine.py, line 1: SyntaxError: invalid syntax (helper.py, line 1)"]),
    ("import io, sys\nsys.stdout = io.StringIO()", ["closes or replaces stdout"]),
    ("import os\nos.kill", ["defines nothing to load; it needs a module-level OptimizerEntry"]),
    ("\0", ["mine.py", "null bytes"]),
    ("class A:\n    @property\n    def __class__(self):\n        return 1 / 0\na = A()", ["mine.py, line 4: Zero"]),
    ("raise Exception(chr(10).join('abc'))", ["mine.py, line 1: Exception: a b c"]),
]


@pytest.mark.parametrize(("text", "words"), FILES, ids=range(len(FILES)))
def test_a_wrong_file(load: Load, text: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path.cwd()))
    Path("helper.py").write_text("def f(:")
    refused(load(text, "list"), *words)


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
    load: Load, line: str, file: str, text: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MADATHEORY_LIMIT", "0.5")
    text = file.replace("@@", text).replace("$$", "")
    lines = text.splitlines()
    inside = [number for number, row in enumerate(lines, 1) if "#!" in row]
    result = load(text.replace("#!", ""), line)
    refused(result, what, "no answer within 0.5 s; if it needs more, set MADATHEORY_LIMIT")
    assert any(f"mine.py, line {number}" in result.stderr for number in (inside[0] - 1, inside[0]))


@pytest.mark.parametrize("limit", ["soon", "-1", "nan"])
def test_a_limit_that_is_none(load: Load, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADATHEORY_LIMIT", limit)
    refused(load("x = 1", "list"), f"MADATHEORY_LIMIT = '{limit}': give a number of seconds, 0 for no limit")
