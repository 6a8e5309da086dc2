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
from madatheory.identities.check import select
from madatheory.identities.examples import examples_of, search
from madatheory.identities.identity import identities
from madatheory.identities.report.outcome import LEFT_OUT, PROFILES
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
    again = examples_of(identities()["S1"], 15, seed=1)
    assert [case.g.tolist() for case in again] != [case.g.tolist() for case in first]
    assert examples_of(identities()["D1"], 15) == (None,)


def test_a_search_meets_the_same_examples_again() -> None:
    met: list[Any] = []
    search(identities()["S1"], met.append, 15)
    drawn = examples_of(identities()["S1"], 15)
    assert [case.g.tolist() for case in met] == [case.g.tolist() for case in drawn]


def test_an_optimizer_that_writes_into_its_gradients_spoils_no_example_of_others() -> None:
    def make(lr: float = 0.1) -> Any:
        def update(g: Any, state: Any, x: Any) -> Any:
            step = x - lr * g
            g *= 0
            return step, state

        return lambda x: 0, update

    before = [case.g.copy() for case in examples_of(identities()["S1"], 15)]
    check(make, only="S1,S9,K3")
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
    other(X0, G)[:] = 7  # nobody else sees that
    assert np.array_equal(one.many([X0], [[g] for g in G])[-1][0], path[-1])
    counts = []
    for more in (
        {"x0": 2 * X0},
        {"gradients": 2 * G},
        {"lr": 0.2},
        {"x0": X0.astype(np.float32)},
        {"gradients": G.T.copy().T},
    ):
        counts.append(count["start"])
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
    def make(lr: float = 0.1) -> Any:
        return lambda x: 0, lambda g, state, x: (x - lr * g * (1 + random.random() + np.random.random()), state)  # noqa: NPY002

    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    kept = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    reports = [check(make, only="K1,F1") for _ in range(2)]
    assert (random.getstate(), np.random.get_state()[1].tolist()) == kept  # noqa: NPY002
    assert [[(o.status, o.detail) for o in report.outcomes] for report in reports[:1]] == [
        [(o.status, o.detail) for o in report.outcomes] for report in reports[1:]
    ]
    assert "FAIL" in {o.status for o in reports[0].outcomes}


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
