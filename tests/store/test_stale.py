"""What a stored result cannot know is not kept: files, the environment, modules that a function takes when it runs."""

import functools
import importlib
import operator
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import madatheory as mt
from madatheory.entry import Entry, load_file
from madatheory.optimizers.family import member
from madatheory.problems.problem import Problem
from madatheory.sources import closure_of_imports
from madatheory.store import Store, StoreWarning, canonical, describe
from madatheory.store.cache_key import cache_key_of, code_of
from madatheory.store.outside import outside

SGD = member("sgd-t", "", free=("alpha",), schedule="constant", alpha=0.1)

FILE = """
import datetime, functools, importlib, json, os, random, time
import numpy as np
from dataclasses import replace
from os import environ as surroundings
from pathlib import Path
from madatheory.problems.catalogue import ProblemEntry, list_problems

DATA = {data!r}
opening = functools.partial(open, DATA)

@functools.cache
def kept():
    return float(Path(DATA).read_text())

class Slope:
    def __call__(self):
        return float(np.loadtxt(DATA))

def content():
    with open(DATA) as file:
        return float(file.read())

class Held:
    __slots__ = ("value",)
    def slope(self):
        with open(DATA) as file:
            return float(file.read())

asked, held = Slope(), Held()

def slope():
{body}

def build():
    return replace(list_problems()["ratio"].make({{"d": 2}}), name="mine", gradient=lambda x: slope() * x)
mine = ProblemEntry("mine", "a user's problem", build)
"""
TAKES = {
    "json.load(open(DATA))": "slope (mine.py, line 32) uses json.load",
    "np.load(DATA)": "uses np.load",
    "float(Path(DATA).read_text())": "read_text",
    "float(os.environ['SLOPE'])": "uses os.environ",
    "float(os.getenv('SLOPE'))": "uses os.getenv",
    "float(surroundings['SLOPE'])": "uses surroundings",
    "importlib.import_module('helper').SLOPE": "uses importlib.import_module",
    "__import__('helper').SLOPE": "uses __import__",
    "time.time()": "uses time.time",
    "datetime.datetime.now().year": "uses datetime.datetime.now",
    "random.random()": "uses random.random",
    "np.random.normal()": "uses np.random.normal",
    "eval('2')": "uses eval",
    "kept()": "kept (mine.py",
    "asked()": "Slope.__call__ (mine.py",
    "held.slope()": "Held.slope (mine.py",
    "float(opening().read())": "a function is given open",
    "(lambda: float(open(DATA).read()))()": "uses open",
}


def problem(folder: Path, body: str) -> Problem:
    (folder / "data").write_text("2.0")
    text = FILE.format(data=str(folder / "data"), body="\n".join(f"    {line}" for line in body.splitlines()))
    (folder / "mine.py").write_text(text)
    return load_file(folder / "mine.py").mine.make()


@pytest.mark.parametrize("expression", TAKES)
def test_what_a_function_takes_from_outside_is_said_and_its_result_not_kept(tmp_path: Path, expression: str) -> None:
    made = problem(tmp_path, f"return {expression}")
    words = TAKES[expression]
    found = cache_key_of(made.gradient)
    assert any(words in said for said in found.outside), found.outside
    lines: list[str] = []
    store = Store(tmp_path / "kept", report=lines.append)
    for _ in range(2):
        store._refuse("a run", next(iter(found.outside)))
    assert len(lines) == 1
    assert not store._may_keep(found)


def test_ordinary_functions_take_nothing_from_outside() -> None:
    def step(time: Any, state: Any, open: float, random: float) -> Any:
        table = np.linspace(0, 1, int(open))
        key = np.random.default_rng(0).normal() + time.now + random
        return jnp.sin(state.x) + jnp.asarray(table).sum() * key + state.read(time)

    assert outside(step) == []
    for kind in (mt.list_problems(), mt.list_optimizers(), mt.list_theorems(), mt.list_figures()):
        for name, entry in kind.items():
            made = entry.make() if isinstance(entry, Entry) else entry
            found = cache_key_of(made)
            assert (found.outside, found.users) == ({}, False), name


def test_a_run_that_reads_is_computed_anew_with_one_warning(tmp_path: Path) -> None:
    made = problem(tmp_path, "return content()")
    for _ in range(2):
        store = Store(tmp_path / "kept", chunk_seconds=1e-4)
        words = r"sgd-t on mine: not kept .* content \(mine.py, line 20\) uses open"
        with pytest.warns(StoreWarning, match=words) as told:
            first = store.simulate(made, SGD, 3, num_trajectories=2)
        assert len(told) == 1
        assert store.simulate(made, SGD, 3, num_trajectories=2).equals(first)  # and it is not said again
        assert (store.computed, store.reused) == (2, 0)
    assert not list((tmp_path / "kept").glob("*/*.nc"))


def test_a_file_that_is_opened_in_fact_is_noticed(tmp_path: Path) -> None:
    """`linecache.getline` is not known to read; and a compiled run does not read again."""
    made = problem(tmp_path, "import linecache\nreturn float(linecache.getline(DATA, 1))")
    assert cache_key_of(made.gradient).outside == {}
    store = Store(tmp_path / "kept")
    with pytest.warns(StoreWarning, match=rf"it reads {tmp_path}/data while it runs") as told:
        store.simulate(made, SGD, 3, num_trajectories=2)
    assert len(told) == 1
    store.simulate(made, SGD, 3, num_trajectories=2, seed=1)
    with pytest.warns(StoreWarning, match="it reads"):
        Store(tmp_path / "kept").simulate(made, SGD, 3, num_trajectories=2, seed=2)
    assert not list((tmp_path / "kept").glob("*/*.nc"))


def test_a_cached_computation_that_reads_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("2.0")

    def compute() -> Any:
        import linecache

        import xarray as xr

        return xr.Dataset({"y": float(linecache.getline(str(tmp_path / "data"), 1))})

    store = Store(tmp_path / "kept")
    with pytest.warns(StoreWarning, match="n: not kept in the store, every run computes it anew: it reads"):
        store.cached("n", {}, compute)
    linecache = importlib.import_module("linecache")
    linecache.clearcache()
    (tmp_path / "data").write_text("3.0")
    assert float(store.cached("n", {}, compute).y) == 3.0
    with pytest.warns(StoreWarning, match="cannot tell one"):
        store.cached("n", {"lock": __import__("threading").Lock()}, compute)


# ---- values and code that are part of the identity


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., types.ModuleType]]:
    """Write files and import the first; all are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def load(**texts: str) -> types.ModuleType:
        for name, text in texts.items():
            file = tmp_path / (name.replace("__in__", "/") + ".py")
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        importlib.invalidate_caches()
        return importlib.import_module(next(iter(texts)))

    yield load
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_a_value_of_a_users_module_is_part_of_the_identity(modules: Callable[..., types.ModuleType]) -> None:
    mine = modules(mine="import helper\ndef f(x): return helper.TABLE[0] * x", helper="TABLE = [1.0]")
    before = canonical(describe(mine.f))
    assert canonical(describe(mine.f)) == before
    mine.helper.TABLE[0] = 2.0  # read from a file when the module was imported, say
    assert canonical(describe(mine.f)) != before


def test_what_a_function_of_a_users_module_takes_is_found(modules: Callable[..., types.ModuleType]) -> None:
    mine = modules(
        mine="import helper\ndef f(x): return helper.g() * x", helper="import os\ndef g(): return os.environ"
    )
    assert any("g (helper.py, line 2) uses os.environ" in said for said in cache_key_of(mine.f).outside)
    late = modules(late="def f(x):\n    import unloaded\n    return unloaded.g() * x", unloaded="def g(): return 1")
    assert any("import unloaded" in said for said in cache_key_of(late.f).outside)
    assert any("unloaded" in name for name in closure_of_imports([Path(str(late.__file__))]))


def test_files_are_found_through_packages_and_relative_imports(modules: Callable[..., types.ModuleType]) -> None:
    parts = {
        "pack__in____init__": "from . import first",
        "pack__in__first": "from .second import f\nfrom . import fourth",
        "pack__in__second": "import pack.third\ndef f(): return 1",
        "pack__in__third": "",
        "pack__in__fourth": "",
        "pack__in__unused": "",
    }
    mine = modules(mine="import importlib\n", **parts)
    start = Path(str(mine.__file__)).parent / "pack" / "second.py"
    names = " ".join(closure_of_imports([start]))
    assert all(f"{part}.py" in names for part in ("__init__", "first", "second", "third", "fourth"))
    assert "unused" not in names
    assert "library numpy" in closure_of_imports([Path(__file__)])


def test_attributes_slots_subclasses_and_bound_functions_are_told_apart() -> None:
    class Slotted:
        __slots__ = ("x",)

    class Table(dict):
        def __missing__(self, key: str) -> float:
            return 1.0

    class Other(dict):
        pass

    class Rate(float):
        def __mul__(self, other: float) -> float:
            return 0.0

    def with_attribute(value: float) -> Any:
        def f(x: float) -> float:
            return f.scale * x  # type: ignore[attr-defined]

        f.scale = value  # type: ignore[attr-defined]
        return f

    def slotted(value: float) -> Any:
        made = Slotted()
        made.x = value
        return made

    def referring(value: float) -> Any:
        return types.SimpleNamespace(call=operator.mul, value=value)

    makers = (with_attribute, slotted, referring, lambda v: {"a": v}.get, lambda v: Table(a=v), lambda v: Rate(v))
    for made in (*makers, lambda v: functools.partial(max, v)):
        assert canonical(describe(made(1.0))) == canonical(describe(made(1.0)))
        assert canonical(describe(made(1.0))) != canonical(describe(made(2.0))), made
    assert canonical(describe(Table(a=1.0))) != canonical(describe(Other(a=1.0)))
    assert canonical(describe(Rate(1.0))) != canonical(describe(1.0))


def test_a_function_to_which_a_librarys_object_refers_is_part_of_its_identity(
    modules: Callable[..., types.ModuleType],
) -> None:
    mine = modules(mine="def f(x): return 2 * x")
    held = types.SimpleNamespace(call=mine.f)
    before = canonical(describe(held))
    mine.f.__code__ = (lambda x: 3 * x).__code__
    assert canonical(describe(held)) != before


def test_the_code_of_a_users_computation_has_the_globals_that_it_names(
    modules: Callable[..., types.ModuleType], tmp_path: Path
) -> None:
    mine = modules(mine="SCALE = 2.0\nstore = None\ndef f(): return SCALE, store")
    vars(mine)["store"] = Store(tmp_path / "kept")  # enters no number, and cannot be described
    before = canonical(code_of(mine.f).data)
    assert canonical(code_of(mine.f).data) == before
    vars(mine)["SCALE"] = 3.0
    assert canonical(code_of(mine.f).data) != before
