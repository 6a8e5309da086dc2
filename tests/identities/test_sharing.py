"""What identities share: examples, runs, and what a profile leaves out. What differs is run, and drawn, on its own."""

import os
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from planted_optimizers import RIGHT, made

from madatheory.identities import Runs, check, find
from madatheory.identities.check import judged, opened, select
from madatheory.identities.examples import examples_of, search
from madatheory.identities.identity import identities
from madatheory.identities.report.outcome import LEFT_OUT, PROFILES, Request
from madatheory.identities.targets.target import Target
from madatheory.xla import QUICK, enable_quick_compilation

X0, G = np.ones(3), np.ones((4, 3))


def counted(target: Target) -> tuple[Target, Counter[str]]:
    """The target, and how often it was started."""
    count: Counter[str] = Counter()

    def start(*given: Any) -> Any:
        count["start"] += 1
        return target.start(*given)

    return replace(target, start=start), count


def test_examples_are_shared_by_all_who_ask_for_the_same() -> None:
    first, other, fewer = (examples_of(identities()[code], 15) for code in ("S1", "S2", "K1"))
    assert len(first) == 15
    assert all(a is b for a, b in zip(first, other, strict=True))
    assert all(a is b for a, b in zip(first, fewer, strict=False))
    assert len(fewer) == 6
    for one, another in (("S7", "S8"), ("S9b", "K4")):  # the same function; functions that make the same strategy
        assert examples_of(identities()[one], 15)[0] is examples_of(identities()[another], 15)[0]
    again = examples_of(identities()["S1"], 15, seed=1)
    assert [case.g.tolist() for case in again] != [case.g.tolist() for case in first]
    assert examples_of(identities()["D1"], 15) == (None,)


def test_a_search_meets_the_same_examples_again() -> None:
    met: list[Any] = []
    search(identities()["S1"], met.append, 15)
    drawn = examples_of(identities()["S1"], 15)
    assert [case.g.tolist() for case in met] == [case.g.tolist() for case in drawn]


def test_what_writes_into_an_example_spoils_it_for_nobody_else() -> None:
    def writes(run: Runs, case: Any) -> None:
        case.g[:] = 7

    before = [case.g.copy() for case in examples_of(identities()["S1"], 15)]
    target, item = find(made(RIGHT, "sgd")), replace(identities()["S1"], test=writes)
    assert judged(item, target, opened(target, Request()), Request()).status == "pass"
    assert all(np.array_equal(case.g, g) for case, g in zip(examples_of(identities()["S1"], 15), before, strict=True))


def test_a_run_is_made_once_for_all_but_twice_where_one_example_asks_twice() -> None:
    target, count = counted(find(made(RIGHT, "sgd")))
    memory: dict[Any, Any] = {}
    one = Runs(target, {"deterministic": True}, {"lr": 0.1}, memory=memory)
    other = Runs(target, {"deterministic": True}, {"lr": 0.1}, memory=memory)
    path = one(X0, G)
    assert np.array_equal(other(X0, G), path)
    assert count["start"] == 1
    other(X0, G)  # what determinism is about
    assert count["start"] == 2
    other.forget()
    other.many([X0], [[g] for g in G])[-1][0][:] = 7  # nobody else sees that
    one.forget()
    assert np.array_equal(one(X0, G), path)
    counts = []
    for more in (
        {"x0": 2 * X0},
        {"gradients": 2 * G},
        {"lr": 0.2},
        {"x0": X0.astype(np.float32)},
        {"gradients": G.T.copy().T},
    ):
        counts.append(count["start"])
        other.forget()
        other(**{"x0": X0, "gradients": G, **more})
    assert np.diff([*counts, count["start"]]).tolist() == [1] * 5


def test_what_is_not_deterministic_is_run_every_time() -> None:
    target, count = counted(find(made(RIGHT, "sgd")))
    for traits in ({"deterministic": False}, {}):
        runs = Runs(target, traits, {"lr": 0.1}, memory={})
        for _ in range(3):
            runs(X0, G)
            runs.forget()
    assert count["start"] == 6


def test_global_random_numbers_begin_anew_and_go_on_afterwards() -> None:
    drawn: list[tuple[float, float]] = []

    def make(lr: float = 0.1) -> Any:
        def update(g: Any, state: Any, x: Any) -> Any:
            drawn.append((random.random(), np.random.random()))  # noqa: NPY002
            return x - lr * g * sum(drawn[-1]), state

        return lambda x: 0, update

    def numbers() -> list[float]:
        return [random.random(), np.random.random()]  # noqa: NPY002

    first = []
    for seed in (5, 6):
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        expected = numbers()
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        drawn.clear()
        assert check(make, only="K1").failures
        assert numbers() == expected
        first.append(drawn[0])
    assert first[0] == first[1]


def test_a_profile_leaves_out_what_it_says_unless_it_is_named() -> None:
    for profile, codes in LEFT_OUT.items():
        assert profile in PROFILES
        assert set(codes.split()) <= set(identities())
        tried = {item.code for item in select(None, profile)}
        assert tried == set(identities()) - set(codes.split())
    assert [item.code for item in select("K6", "quick")] == ["K6"]
    assert len(select(None)) == len(identities())


def test_quick_compilation_leaves_what_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(QUICK, "false")
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_parallel_codegen_split_count=3 --other=1")
    for _ in range(2):
        enable_quick_compilation()
        assert os.environ[QUICK] == "false"
        flags = os.environ["XLA_FLAGS"].split()
        assert flags[:2] == ["--xla_cpu_parallel_codegen_split_count=3", "--other=1"]
        assert len({flag.partition("=")[0] for flag in flags}) == len(flags)
