"""Entries are found by folder, and wrong files are refused with one clear message."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

import madatheory as mt
from madatheory.entry import Entry, checked, discover, load_file, parse
from madatheory.errors import UserError, unknown
from madatheory.identities.targets.lookup import load_module
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.problems.catalogue import ProblemEntry

ENTRY = "from madatheory.problems.catalogue import ProblemEntry\n{name} = ProblemEntry({text!r}, 'x', lambda d=1: d)\n"


def package(folder: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> str:
    """A catalogue folder with these files, importable."""
    name = f"catalogue_of_{folder.name.replace('-', '_')}"
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text("")
    for file, text in files.items():
        (folder / name / f"{file}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    return name


def test_a_file_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = package(tmp_path, monkeypatch, b=ENTRY.format(name="one", text="one"), a=ENTRY.format(name="x", text="two"))
    assert list(discover(name, ProblemEntry)) == ["two", "one"]


def test_what_a_file_imports_from_another_is_not_taken_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = ENTRY.format(name="one", text="one") + "again = one\n_hidden = ProblemEntry('hidden', 'x', lambda: 1)\n"
    assert list(discover(package(tmp_path, monkeypatch, a=own), ProblemEntry)) == ["one"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a": "x = 1\n"}, r"\.a defines no ProblemEntry; every file of this folder must"),
        ({"a": ENTRY.format(name="x", text="Bad Name")}, "'Bad Name': use lower-case letters"),
        ({"a": ENTRY.format(name="x", text="same"), "b": ENTRY.format(name="y", text="same")}, "'same' is taken"),
    ],
)
def test_a_wrong_file_fails_loudly(
    files: dict[str, str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match=message):
        discover(package(tmp_path, monkeypatch, **files), ProblemEntry)


@pytest.mark.parametrize("name", ["", "-a", "a-", "a--b", "A", "a_b", "a b", "é", "a:b"])
def test_names_are_lower_case_words_with_hyphens(name: str) -> None:
    with pytest.raises(UserError, match="lower-case"):
        checked([ProblemEntry(name, "", lambda: 1)], "problem")


@pytest.mark.parametrize("kind", ["optimizers", "problems", "theorems", "lemmas"])
def test_the_package_has_entries_with_telling_names(kind: str) -> None:
    entries = getattr(mt, f"list_{kind}")()
    assert len(entries) >= 5
    for name, entry in entries.items():
        assert entry.name == name
        assert (entry.summary if kind in ("optimizers", "problems") else entry.statement).strip()


@pytest.mark.parametrize("kind", ["optimizers", "problems"])
def test_every_entry_builds_under_its_own_name(kind: str) -> None:
    for name, entry in getattr(mt, f"list_{kind}")().items():
        assert entry.make().name == name
        assert entry.build.__doc__ or kind == "problems", f"{name}: say what the step is"


def build(d: int = 3, scale: float = 0.5, flag: bool = False, noise: str = "none") -> tuple[int, float, bool, str]:
    return d, scale, flag, noise


THING = {"thing": Entry("thing", "a test", build)}


@pytest.mark.parametrize(
    ("spec", "made"),
    [
        ("thing", (3, 0.5, False, "none")),
        ("thing:", (3, 0.5, False, "none")),
        ("thing:d=7,scale=1e-3", (7, 1e-3, False, "none")),
        ("thing: noise = uniform , flag=True", (3, 0.5, True, "uniform")),
    ],
)
def test_a_spec_is_a_name_with_options(spec: str, made: object) -> None:
    assert parse(spec, THING, "optimizer") == made


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("thin", "unknown optimizer 'thin'; did you mean 'thing'"),
        ("", "unknown optimizer ''"),
        ("thing:dd=3", "unknown option of thing 'dd'; did you mean 'd'"),
        ("thing:d", "write options as thing:key=value"),
        ("thing:d=three", "d = 'three' is not a int"),
        ("thing:d=1.5", "d = '1.5' is not a int"),
        ("thing:flag=perhaps", "flag = 'perhaps' is not a bool"),
    ],
)
def test_a_wrong_spec_is_refused(spec: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse(spec, THING, "optimizer")


def test_an_option_given_twice_is_refused() -> None:
    with pytest.raises(UserError, match="d is given twice"):
        parse("thing:d=1,d=2", THING, "optimizer")


def test_short_cuts_build_from_the_package() -> None:
    assert mt.get_optimizer("avgrad:form=practical").traits["form"] == "practical"
    assert mt.get_problem("ratio:d=3").dimension == 3
    assert mt.get_theorem("avgrad-rate").label == "T5"
    with pytest.raises(UserError, match="did you mean 'avgrad-rate'"):
        mt.get_theorem("avgrad-rat")


def test_the_nearest_name_is_only_offered_when_it_is_near() -> None:
    assert "did you mean 'beta2'" in str(unknown("name", "betta2", ["beta2", "eps"]))
    assert "did you mean" not in str(unknown("name", "zzz", ["beta2", "eps"]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\ny = 1/0\n", r"bad\.py, line 2: ZeroDivisionError: division by zero"),
        ("x = 1\ndef f(:\n", r"bad\.py, line 2: SyntaxError"),
        ("import no_such_module_anywhere\n", r"bad\.py, line 1: ModuleNotFoundError: No module named"),
        ("def f():\n    raise ValueError('deep')\n\n\nf()\n", r"bad\.py, line 2: ValueError: deep"),
        ("import sys\nsys.exit(0)\n", r"bad\.py, line 2: SystemExit: 0"),
    ],
)
def test_a_file_that_fails_names_its_line(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.py"
    file.write_text(text)
    with pytest.raises(UserError, match=message):
        load_file(file)
    assert "madatheory_user_bad" not in sys.modules


def test_a_missing_file_and_a_file_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        load_file(tmp_path / "none.py")
    (tmp_path / "data.txt").write_text("")
    with pytest.raises(UserError, match=r"must end in \.py"):
        load_file(tmp_path / "data.txt")


def test_a_file_with_a_dataclass_loads(tmp_path: Path) -> None:
    file = tmp_path / "data_class.py"
    file.write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    x: int = 1\n"
    )
    assert load_file(file).A().x == 1


@pytest.mark.parametrize("load", [load_file, lambda file: load_module(str(file))], ids=["--load", "target"])
def test_a_file_is_read_as_it_stands(
    load: Callable[[Path], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python takes the bytecode of a file's older text if both texts are of one second and equally long."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = tmp_path / "edited.py"
    for slope in (1, 2):
        file.write_text(f"SLOPE = {slope}\n")
        os.utime(file, (0, 0))
        assert vars(load(file))["SLOPE"] == slope


def test_equal_options_give_one_object_and_others_another() -> None:
    """So that what is compiled for it is shared; a number and a text that mean the same are one option."""
    entry = OptimizerEntry(
        "t", "", lambda a=1.0, b="x", c=None: replace(mt.get_optimizer("sgd"), name=f"{a!r} {b} {c}")
    )
    first = entry.make({"a": 2.0})
    assert entry.make({"a": "2.0"}) is entry.make({"b": "x", "a": 2.0}) is first
    assert mt.get_problem("ratio:d=3") is mt.list_problems()["ratio"].make({"d": 3})
    assert entry.make({"a": 0.0}).name == "0.0 x None"
    for other in ({"a": 1.0}, {"a": 2}, {"a": True}, {"a": -0.0}, {"a": 2.0, "b": "y"}, {"a": 2.0, "c": [1]}):
        made = entry.make(other)
        assert made is not first
        assert made.name == f"{other['a']!r} {other.get('b', 'x')} {other.get('c')}"
