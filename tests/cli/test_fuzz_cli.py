"""Malformed invocations of every command: status 2, one message, no traceback, at once and with nothing written.

The table says for every command which of its arguments are of which kind, and for every kind what is wrong. On top of
one wrong argument at a time, a seeded mixer puts several together.
"""

import os
import random
import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

import madatheory as mt
from madatheory.cli import app
from madatheory.cli.registry import KINDS

HUGE = "1" + 30 * "0"
NUMBERS = ("", "x", "--", "1e", "0x1f", "1,5", "nan,", "٣", "1_", "½", "+-1", "None", "[1]")
WHOLE = (*NUMBERS, "1.5", "nan", "inf", "-1", "0", f"-{HUGE}", "1e400")
SPECS = (
    ("", "rato", "Ratio"),
    ("ratio:d", "ratio:d=", "ratio:d=x", "ratio:d=0", "ratio:d=-1", "ratio:d=1.5", "ratio:d=nan", "ratio:d=٣"),
    ("ratio:dd=1", "ratio:d=1,d=2", "ratio:noise=", "ratio:noise=loud", "ratio:scale=-1", "ratio:scale=inf"),
    ("ratio:start=nan", "ratio,d=3", ":d=3", "ratio:d==3", "\0", "ratio\n", "../ratio", "ratio:=3"),
)
BAD: dict[str, Sequence[str]] = {
    "whole": (*WHOLE, HUGE),
    "seed": tuple(value for value in (*WHOLE, HUGE) if value != "0"),
    "confidence": (*NUMBERS, "nan", "inf", "-inf", "0", "1", "1.5", "-0.5", "1e400"),
    "seconds": (*NUMBERS, "nan", "inf", "-inf", "-1", "0", "1e400"),
    "days": (*NUMBERS, "nan", "inf", "-inf", "-1", "1e400"),
    "problem": tuple(value for group in SPECS for value in group),
    "optimizer": ("", "adamm", "adam:form", "adam:form=", "adam:form=loud", "adam:x=1", "Adam", "\0", "T5", "adam:d=1"),
    "set": (
        *("", "alpha", "alpha=", "=1", "alpha=x", "alpha=nan", "alpha=inf", "alpha=-1", "alpha=1,1", "alpha=1,"),
        *("alhpa=1", "alpha=1;2", "alpha=٣", "beta2=1", "eps=0", "alpha=None", "\0=1", "alpha=[1,2]"),
    ),
    "free": (
        *("x", "alhpa", "beta1", "rho", "alpha=", "alpha=1", "alpha=1:", "alpha=2:1", "alpha=1:x", "alpha=nan:1"),
        *("alpha=-1:1", "beta2=0.5:1", "alpha=1:inf", "alpha,alpha", "=1:2", "\0", "none,alpha", "alpha=1:2:3"),
    ),
    "noise": ("", "loud", "None", "\0"),
    "share": (*NUMBERS, "nan", "inf", "-inf", "0", "1.5", "-0.5", "0.5"),  # 0.5 needs noise
    "theorem": ("", "T99", "T5xx", "avgrad", "AVGRAD-RATE", "\0", "T5,T6", "T5:d=1"),
    "load": ("", ".", "none.py", "text.txt", "/dev/null", "none/none.py", "empty.py", "broken.py", "\0", "no_name.py"),
    "kind": ("", "optimizer", "PROBLEMS", "adam", "\0"),
    "name": ("", "x", "T99", "\0"),
    "figure": ("", "convergence", "T5", "\0", "ratio"),
    "profile": ("", "smok", "SMOKE", "0", "\0"),
    "target": (
        *("", "adam", "optax:", ":adam", "optax:nothing", "no_module:x", "none.py:make", "broken.py:make", "\0"),
        *("empty.py:make", "optax:__doc__", "json:dumps:x"),
    ),
    "tested": ("", "adam", "optax:nothing", "\0"),  # a process each
    "library": ("", "no_library", "\0", "optax.nothing", "broken"),
    "codes": ("", "ZZ", "C1 S1", "c99", "\0", ","),
    "trait": ("", "corrected", "corrected=", "corrected=maybe", "nothing=yes", "=yes", "\0=yes"),
    "setting": ("", "lr", "lr=", "=1", "lr=x", "lr=nan", "lr=1,2", "nothing=1", "lr=٣"),
    "reason": ("", "C1", "C1=", "=x", "ZZ=x", "\0=x"),
    "method": ("", "x", "COQ", "\0"),
    "page": ("", "none.md", ".", "none/none.md", "text.txt", "\0"),
    "goal": ("", "Z", "AB", "1", "\0"),
    "output": ("", ".", "text.txt/x", "\0"),
    "folder": ("", "text.txt", "text.txt/x", "\0"),
    "kept": ("", "none", "text.txt", "\0"),
    "notes": ("", "none.toml", ".", "text.txt", "broken.py", "\0"),
    "text": ("", "none.txt", ".", "\0"),
    "images": ("", "none", "text.txt", "\0"),
    "group": ("", "theories", "THEORY", "\0"),
    "cluster": (
        "",
        "local",
        "local:",
        "local:0",
        "local:x",
        "local:-1",
        "local:1.5",
        f"local:{HUGE}",
        "host:8786",
        "\0",
    ),
}
# command: what it takes when nothing is wrong, and the kinds of its arguments (numbers: positions) and options
COMMANDS: dict[str, tuple[Sequence[str], dict[int | str, str]]] = {
    "list": (("problems", "ratio"), {0: "kind", 1: "name", "--load": "load"}),
    "verify": (
        (),
        {
            "--theorem": "theorem",
            "--problem": "problem",
            "--steps": "whole",
            "--trajectories": "whole",
            "--confidence": "confidence",
            "--set": "set",
            "--load": "load",
            "--json": "output",
            "--seed": "seed",
            "--store": "folder",
            "--cluster": "cluster",
        },
    ),
    "worst": (
        ("avgrad-rate",),
        {
            0: "theorem",
            "--steps": "whole",
            "--set": "set",
            "--free": "free",
            "--noise": "noise",
            "--slope-at-most": "share",
            "--seconds": "seconds",
            "--candidates": "whole",
            "--step-size": "optimizer",
            "--out": "output",
            "--page": "page",
            "--load": "load",
            "--json": "output",
            "--seed": "seed",
            "--cluster": "cluster",
        },
    ),
    "simulate": (
        ("ratio", "adam"),
        {
            0: "problem",
            1: "optimizer",
            "--set": "set",
            "--steps": "whole",
            "--trajectories": "whole",
            "--save-at": "whole",
            "--out": "output",
            "--load": "load",
            "--seed": "seed",
            "--store": "folder",
        },
    ),
    "figures": (
        ("convergence-ratio",),
        {
            0: "figure",
            "--group": "group",
            "--profile": "profile",
            "--out": "folder",
            "--seed": "seed",
            "--text": "text",
            "--images": "images",
            "--load": "load",
            "--store": "folder",
            "--cluster": "cluster",
        },
    ),
    "check": (
        ("optax:adam",),
        {
            0: "tested",
            "--all": "library",
            "--only": "codes",
            "--profile": "profile",
            "--seed": "seed",
            "--limit": "seconds",
            "--workers": "whole",
            "--trait": "trait",
            "--set": "setting",
            "--xfail": "reason",
            "--json": "output",
            "--markdown": "output",
            "--out": "folder",
        },
    ),
    "identify": (("optax:adam",), {0: "target", "--limit": "seconds", "--json": "output"}),
    "compare": (
        ("optax:adam", "optax:adam"),
        {0: "target", 1: "target", "--set": "setting", "--limit": "seconds", "--json": "output"},
    ),
    "identities": (("C1",), {0: "codes"}),
    "conformance": (
        ("optax",),
        {
            0: "library",
            "--target": "name",
            "--only": "codes",
            "--page": "output",
            "--notes": "notes",
            "--results": "folder",
            "--profile": "profile",
            "--limit": "seconds",
            "--workers": "whole",
            "--cluster": "cluster",
        },
    ),
    "prove": (
        ("L1",),
        {
            0: "theorem",
            "--method": "method",
            "--json": "output",
            "--page": "page",
            "--workers": "whole",
            "--load": "load",
        },
    ),
    "bench": (("A",), {0: "goal", "--json": "output", "--out": "folder"}),
    "store list": ((), {"--store": "kept"}),
    "store clear": ((), {"--store": "kept", "--days": "days"}),
}
QUICK = {"--theorem": "avgrad-rate", "--problem": "ratio"}  # without them verify builds everything first
REPEATED = ("theorem", "problem", "set", "free", "load", "library", "trait", "setting", "reason", "method", "page")
SECONDS = 5.0  # of computation by one invocation and its processes; most take milliseconds


def line(command: str, wrong: dict[int | str, str]) -> list[str]:
    """The command with these arguments instead of its own, and options besides."""
    right = COMMANDS[command][0]
    arguments = [wrong.get(position, value) for position, value in enumerate(right)]
    every = {**(QUICK if command == "verify" else {}), **wrong}
    options = [word for name, value in every.items() if isinstance(name, str) for word in (name, value)]
    return [*command.split(), *arguments, *options]


def one_wrong(command: str) -> Iterator[list[str]]:
    """Every bad value of every argument; options twice, without a value, misspelt, and arguments too many."""
    for where, kind in COMMANDS[command][1].items():
        for value in BAD[kind]:
            yield line(command, {where: value})
        if isinstance(where, str):
            yield [*line(command, {}), where]
            yield [*line(command, {}), f"{where}x", "1"]
            if kind not in REPEATED and (command, where) != ("conformance", "--target"):
                yield [*line(command, {}), where, "1", where, "1"]
    yield [*line(command, {}), "--nonsense"]
    if not COMMANDS[command][1].get(0) or command in ("simulate", "list", "identify", "compare"):
        yield [*line(command, {}), "more", "than", "it", "takes"]


def mixed(command: str, number: int) -> Iterator[list[str]]:
    """Several wrong arguments at a time."""
    kinds, rng = COMMANDS[command][1], random.Random(command)
    for _ in range(number):
        chosen = rng.sample(list(kinds), min(len(kinds), rng.randint(2, 4)))
        yield line(command, {where: rng.choice(BAD[kinds[where]]) for where in chosen})


def invocations(command: str) -> list[list[str]]:
    """All of a command, each once."""
    every = [*one_wrong(command), *mixed(command, 10)]
    return [list(words) for words in dict.fromkeys(map(tuple, every))]


@pytest.fixture(scope="module", autouse=True)
def imported() -> None:
    """What the commands import when they start, which takes its time once."""
    for kind in KINDS:
        getattr(mt, f"list_{kind}")()
    for module in (
        "theory.verify",
        "identities.report.conformance",
        "identities.recognition.identify",
        "identities.comparison.compare",
    ):
        import_module(f"madatheory.{module}")
    import_module("proofs_check.run")
    import_module("benchmarks.command")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the files that some of the arguments name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MADATHEORY_STORE", raising=False)
    Path("text.txt").write_text("a text\n")
    Path("docs").mkdir()
    Path("empty.py").write_text("")
    Path("broken.py").write_text("def f(:\n")
    Path("no_name.py").write_text("from madatheory import ProblemEntry\np = ProblemEntry(3, '', lambda: 1)\n")
    return tmp_path


def computed() -> float:
    """Seconds, of this process and those that it waited for: what others do on this machine is not counted."""
    return sum(os.times()[:4])


def complaints(stderr: str) -> int:
    """How many error messages there are: ours on one line, those of the parser in a frame."""
    return len(re.findall(r"^error: ", stderr, re.MULTILINE)) + len(re.findall(r"─ Error ─", stderr))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_malformed_invocation_gets_one_message(folder: Path, command: str) -> None:
    before = set(folder.rglob("*"))
    faults = []
    for words in invocations(command):
        began = computed()
        result = CliRunner().invoke(app, words)
        seconds = computed() - began
        wrong = []
        if result.exit_code != 2:
            wrong.append(f"status {result.exit_code}")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            wrong.append(f"{type(result.exception).__name__}: {result.exception}")
        if "Traceback" in result.output:
            wrong.append("a traceback")
        if complaints(result.stderr) != 1:
            wrong.append(f"{complaints(result.stderr)} messages: {result.stderr!r}")
        if result.stdout:
            wrong.append(f"on stdout: {result.stdout!r:.100}")
        if seconds > SECONDS:
            wrong.append(f"{seconds:.1f} s")
        if wrong:
            faults.append(f"{words}: {'; '.join(wrong)}")
    assert not faults, f"{len(faults)} of {len(invocations(command))}\n" + "\n".join(faults)
    new = {
        path.relative_to(folder) for path in set(folder.rglob("*")) - before if path.is_file() and path.suffix != ".pyc"
    }
    assert new <= {Path(".madatheory/madatheory-store.txt")}  # the mark of an empty store


def test_wrong_names_of_theorems_are_wrong() -> None:
    known = {name for theorem in mt.list_theorems().values() for name in (theorem.name, theorem.label)}
    assert known.isdisjoint(BAD["theorem"])


def test_there_are_enough() -> None:
    assert sum(len(invocations(command)) for command in COMMANDS) >= 500
