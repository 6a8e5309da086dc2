"""Verdicts are found again when the same is asked, with every digit, and only then."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import madatheory as mt
from madatheory import Level, Theorem, Verdict, conditions, terms
from madatheory.errors import LostWork
from madatheory.store import Store
from madatheory.store.files import netcdf, parse
from madatheory.theory.kept_verdicts import as_dataset, from_dataset
from madatheory.theory.verdict import Comparison
from madatheory.theory.verify import verify

ASKED: dict[str, Any] = {"steps": 20, "num_trajectories": 4000, "seed": 3, "confidence": 0.99, "save_at": 7}
"""With one more time asked for, as many others are recorded, so that as much is claimed."""


def never(*_: Any, **__: Any) -> xr.Dataset:
    raise AssertionError("this was to be found in the store")


def same(one: list[Verdict], other: list[Verdict]) -> bool:
    """In every field and every bit, types of numbers included."""
    return list(map(_bits, one)) == list(map(_bits, other))


def _bits(verdict: Verdict) -> list[Any]:
    fields = vars(verdict) | {"comparisons": None, "hyper": [(k, v, type(v)) for k, v in verdict.hyper.items()]}
    arrays = [
        (v.dtype, v.shape, v.tobytes()) if isinstance(v, np.ndarray) else v
        for comparison in verdict.comparisons
        for v in vars(comparison).values()
    ]
    return [repr(fields), *arrays]


def test_a_verdict_of_every_kind_is_read_back_as_it_was() -> None:
    everything = verify(list(mt.list_theorems().values()), "ratio:d=2", **ASKED)
    odd = np.array([np.inf, -np.inf, np.nan, -0.0, 0.1, 5e-324])
    strange = Comparison("é", np.arange(6), odd, odd, odd, odd.astype(np.float32), "holds", "")
    everything.append(replace(everything[0], comparisons=(strange,), hyper={"alpha": 0.1, "n": 3}))
    assert {"holds", "not applicable"} <= {verdict.outcome for verdict in everything}
    assert same(from_dataset(parse(netcdf(as_dataset(everything)))), everything)


def test_the_same_question_waits_for_no_run_and_no_audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    question: tuple[Any, ...] = (["T5", "T2"], ["ratio:d=2", "ratio:d=3,noise=rademacher"])
    told: list[tuple[float, int, str]] = []
    store = Store(tmp_path)
    first = verify(*question, **ASKED, run=store.simulate, keeper=store)
    for name in ("broken_at_samples", "broken_at_visited", "check_declared", "_check_formulas", "judge"):
        monkeypatch.setattr(f"madatheory.theory.verify.{name}", never)
    again = verify(*question, **ASKED, run=never, keeper=Store(tmp_path), progress=lambda *at: told.append(at))
    assert same(again, first)
    assert told[-1][0] == told[-1][1] == max(done for done, _, _ in told)


ANOTHER: dict[str, dict[str, Any]] = {
    "theorems": {"theorems": ["T5", "T2"]},
    "problem": {"problems": ["ratio:d=2,noise=rademacher"]},
    "more problems": {"problems": ["ratio:d=2", "ratio:d=3"]},  # a larger union bound
    **{name: {name: value + 1} for name, value in ASKED.items() if name != "confidence"},
    "confidence": {"confidence": 0.98},
    "settings": {"settings": {"beta2": (0.9,)}},
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the verdict on T5 and ratio:d=2."""
    store = Store(tmp_path_factory.mktemp("kept"))
    verify("T5", "ratio:d=2", **ASKED, run=store.simulate, keeper=store)
    return store.root


@pytest.mark.parametrize("change", ["", *ANOTHER])
def test_another_question_finds_nothing(kept: Path, change: str) -> None:
    asked: list[bool] = []

    class Looks:
        """Sees what is found, and keeps nothing."""

        def find(self, name: str, configuration: Any, made_by: Any) -> xr.Dataset | None:
            found = Store(kept).find(name, configuration, made_by)
            asked.append(found is not None)
            return found

        def keep(self, name: str, configuration: Any, made_by: Any, found: xr.Dataset) -> None:
            """Not needed."""

    given = {"theorems": "T5", "problems": "ratio:d=2", **ASKED, **ANOTHER.get(change, {})}
    verify(given.pop("theorems"), given.pop("problems"), **given, keeper=Looks())
    assert set(asked) == {not change}


@pytest.mark.parametrize("file", ["problems.audit.promises", "theory.theorems.avgrad_rate", "problems.instances.ratio"])
def test_other_code_finds_nothing(kept: Path, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from madatheory.store import cache_key

    real = cache_key.closure_of_imports

    def edited(files: Any) -> dict[str, str]:
        return {name: hashed + "!" * (name == f"madatheory.{file}") for name, hashed in real(files).items()}

    def ask(run: Callable[..., Any]) -> list[Verdict]:
        return verify("T5", "ratio:d=2", **ASKED, run=run, keeper=Store(kept))

    assert ask(never)[0].outcome == "holds"
    monkeypatch.setattr(cache_key, "closure_of_imports", edited)
    with pytest.raises(AssertionError, match="was to be found"):
        ask(never)


def test_what_a_user_wrote_or_what_was_given_up_is_judged_anew(tmp_path: Path) -> None:
    def right(measured: Any, q: Any, xp: Any) -> Any:
        return 1e6 * q.G

    own = Theorem(
        name="own",
        label="own",
        statement="a bound that holds",
        source="a test",
        origin="new",
        method=mt.list_theorems()["avgrad-rate"].method,
        conditions=conditions.STOCHASTIC_SMOOTH,
        chain=(terms.AVERAGE, Level("1e6 G", "a test", right)),
        settings={},
    )
    store = Store(tmp_path)
    users = replace(mt.get_problem("ratio:d=2"), value=lambda x: mt.get_problem("ratio:d=2").value(x))
    for theorem, problem in ((own, "ratio:d=2"), ("T5", users)):
        first = verify(theorem, problem, **ASKED, run=store.simulate, keeper=store)
        assert {verdict.outcome for verdict in first} == {"holds"}

    def lost(*_: Any, **__: Any) -> xr.Dataset:
        raise LostWork("its workers died")

    given_up = verify("T5", "ratio:d=2", **ASKED, run=lost, keeper=store)
    assert {verdict.outcome for verdict in given_up} == {"inconclusive"}
    assert not list(tmp_path.glob("verdicts-*"))
