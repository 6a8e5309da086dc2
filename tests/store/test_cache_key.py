"""What identifies a computation: whatever changes the numbers, and nothing that two share by chance."""

import enum
import functools
from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from store_cases import ADAM, AVGRAD, RATIO

import madatheory as mt
from madatheory import sources
from madatheory.engine.statistic import final_value, total
from madatheory.entry import load_file
from madatheory.store import canonical, describe

CHANGES = {
    "steps": lambda s: s.simulate(RATIO, AVGRAD, 31, num_trajectories=5),
    "seed": lambda s: s.simulate(RATIO, AVGRAD, 30, num_trajectories=5, seed=1),
    "setting": lambda s: s.simulate(RATIO, AVGRAD, 30, num_trajectories=5, settings={"beta2": 0.9}),
    "grid of one": lambda s: s.simulate(RATIO, AVGRAD, 30, num_trajectories=5, settings={"beta2": (0.99,)}),
    "start": lambda s: s.simulate(RATIO, AVGRAD, 30, num_trajectories=5, start=(1.0, 2.0)),
    "dtype": lambda s: s.simulate(RATIO, AVGRAD, 30, num_trajectories=5, dtype="float32"),
    "generator": lambda s: s.simulate(RATIO, AVGRAD, 30, num_trajectories=5, generator="hash"),
    "record": lambda s: s.simulate(RATIO, AVGRAD, 30, num_trajectories=5, save_at=2),
    "statistic": lambda s: s.simulate(RATIO, AVGRAD, 30, num_trajectories=5, statistics=(final_value,)),
    "optimizer": lambda s: s.simulate(RATIO, replace(ADAM, name="avgrad-t"), 30, num_trajectories=5),
    "observe": lambda s: s.simulate(RATIO, replace(AVGRAD, observe=lambda state, x: state), 30, num_trajectories=5),
    "noise scale": lambda s: s.simulate(
        mt.list_problems()["ratio"].make({"d": 2, "scale": 0.5}), AVGRAD, 30, num_trajectories=5
    ),
    "same names, other function": lambda s: s.simulate(
        replace(RATIO, gradient=lambda x: 2 * x), AVGRAD, 30, num_trajectories=5
    ),
}


@pytest.mark.usefixtures("instant")
@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_the_numbers_is_computed_anew(store, change):
    store.simulate(RATIO, AVGRAD, 30, num_trajectories=5)
    assert (store.computed, store.reused) == (1, 0)
    CHANGES[change](store)
    assert (store.computed, store.reused) == (2, 0)
    store.simulate(mt.list_problems()["ratio"].make({"d": 2}), AVGRAD, 30, num_trajectories=5, workers=1)
    assert (store.computed, store.reused) == (2, 1)


USER_FILE = """
import jax.numpy as jnp
import numpy as np
from dataclasses import replace
from madatheory.problems.catalogue import ProblemEntry, list_problems
SLOPE = {slope}
def tilt(x):
    return SLOPE * x
def build():
    return replace(list_problems()["ratio"].make({{"d": 2}}), name="mine", gradient=lambda x: tilt(x))
mine = ProblemEntry("mine", "a user's problem", build)
"""


@pytest.mark.usefixtures("instant")
def test_an_edited_user_file_is_computed_anew(store, tmp_path):
    file = tmp_path / "mine.py"
    counts = []
    for slope in (1.0, 2.0, 1.0):
        file.write_text(USER_FILE.format(slope=slope))
        problem = load_file(file).mine.make()
        store.simulate(problem, AVGRAD, 10, num_trajectories=3)
        counts.append((store.computed, store.reused))
    assert counts == [(1, 0), (2, 0), (2, 1)]


def test_closures_that_differ_only_in_a_captured_value_differ():
    def term(scale: float) -> object:
        return total("s", "the same name", lambda e: jnp.sum(e.g, axis=0) * scale)

    assert describe(term(2.0)) == describe(term(2.0))
    assert describe(term(2.0)) != describe(term(3.0))
    assert describe(np.arange(20.0)) != describe(np.arange(20.0) + 1e-16 * 3)
    assert describe((1, 2)) != describe((1, 3))


def test_classes_made_by_one_function_differ_by_whatever_they_hold():
    def made(kind: str, value: float) -> object:
        class Held:
            if kind == "attribute":
                scale = value
            elif kind == "property":
                scale = property(lambda self: value)
            elif kind == "cached":
                scale = functools.cached_property(lambda self: value)
            elif kind == "static":
                scale = staticmethod(lambda: value)

        return Held()

    for kind in ("attribute", "property", "cached", "static"):
        assert describe(made(kind, 2.0)) == describe(made(kind, 2.0))
        assert describe(made(kind, 2.0)) != describe(made(kind, 3.0)), kind


def test_wrappers_differ_by_what_they_hold_besides_the_wrapped_function():
    def f(x: float) -> float:
        return x

    class Scaled:
        def __init__(self, factor: float) -> None:
            self.__wrapped__ = f
            self.factor = factor

    def ruled(factor: float) -> object:
        g = jax.custom_jvp(f)
        g.defjvp(lambda at, along: (at[0], factor * along[0]))
        return g

    for made in (Scaled, ruled):
        assert describe(made(2.0)) == describe(made(2.0))
        assert describe(made(2.0)) != describe(made(3.0)), made


def test_classes_with_what_python_writes_are_identified():
    class Plain:
        __slots__ = ("x",)

    class Pair(NamedTuple):
        first: float = 1.0

    class Sign(enum.Enum):
        UP = 1.0

    assert len({canonical(describe(kind)) for kind in (Plain, Pair, Sign, Sign.UP)}) == 4


def test_every_catalogue_entry_is_identified_and_none_collide():
    found = {}
    for name, entry in [*mt.list_problems().items(), *mt.list_optimizers().items()]:
        made = entry.make()
        parts = (made.init, made.step, made.traits) if hasattr(made, "init") else replace(made, name="", summary="")
        data, sources = describe(parts)
        found[name] = canonical(data)
        assert sources, name
    assert len(set(found.values())) == len(found)


@pytest.mark.usefixtures("instant")
def test_a_package_file_changed_under_the_process_is_never_shared(store, monkeypatch):
    store.simulate(RATIO, AVGRAD, 10, num_trajectories=3)
    monkeypatch.setattr(sources, "_LOADED", 0.0)
    store.simulate(RATIO, AVGRAD, 10, num_trajectories=3)
    monkeypatch.setattr(sources, "_PROCESS", "another")
    store.simulate(RATIO, AVGRAD, 10, num_trajectories=3)
    assert (store.computed, store.reused) == (3, 0)


def test_what_a_package_file_imports_is_looked_at_again_once_it_was_edited(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "PACKAGE", tmp_path)
    monkeypatch.setattr(sources, "_LOADED", float("inf"))  # no file counts as changed under the process
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    first.write_text("from madatheory.second import number\n", encoding="utf-8")
    second.write_text("number = 1\n", encoding="utf-8")
    before = sources.closure_of_imports([first])
    before["added by a caller"] = ""
    again = sources.closure_of_imports([first])
    assert list(again) == ["madatheory.first", "madatheory.second"]
    second.write_text("number = 1000\n", encoding="utf-8")
    edited = sources.closure_of_imports([first])
    assert [again[name] == edited[name] for name in again] == [True, False]
    second.unlink()
    assert list(sources.closure_of_imports([first])) == ["madatheory.first"]
