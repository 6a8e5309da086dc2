"""Verdicts as a Dataset for the store, and back: whoever asks the same again waits for no audit and reads no run."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import xarray as xr

from madatheory.errors import UserError
from madatheory.problems.problem import Problem
from madatheory.store.cache_key import cache_key_of, canonical, digest
from madatheory.theory.theorem import Theorem
from madatheory.theory.verdict import Comparison, Verdict

_TEXT = "verdicts"


class Keeper(Protocol):
    """What `verify` asks of a store: see `madatheory.store.Store.find`."""

    def find(self, name: str, configuration: Mapping[str, Any], made_by: Callable[..., Any]) -> xr.Dataset | None:
        """What was kept for this configuration and this code."""

    def keep(self, name: str, configuration: Mapping[str, Any], made_by: Callable[..., Any], found: xr.Dataset) -> None:
        """Keep it."""


class KeptVerdicts(NamedTuple):
    """The verdicts of earlier runs: found where, beside the problem, all that was `asked` and the code are the same."""

    keeper: Keeper
    asked: Mapping[str, Any]
    made_by: Callable[..., Any]

    def find(self, problem: Problem) -> list[Verdict] | None:
        """The verdicts on a problem; None where there are none."""
        found = self.keeper.find(*self._place(problem))
        return None if found is None else from_dataset(found)

    def keep(self, problem: Problem, verdicts: Sequence[Verdict]) -> None:
        """Keep them."""
        self.keeper.keep(*self._place(problem), as_dataset(verdicts))

    def _place(self, problem: Problem) -> tuple[str, Mapping[str, Any], Callable[..., Any]]:
        return f"verdicts on {problem.name}", {**self.asked, "problem": problem}, self.made_by


def kept_verdicts(
    keeper: Keeper, theorems: Sequence[Theorem], asked: Mapping[str, Any], made_by: Callable[..., Any]
) -> KeptVerdicts | None:
    """None where a theorem is a user's, which may read what no key can know. Theorems are described once, problems one
    by one."""
    try:
        key = cache_key_of(theorems)
    except UserError:
        return None
    if key.users or key.outside:
        return None
    return KeptVerdicts(keeper, {**asked, "theorems": digest(canonical([key.data, key.sources]))}, made_by)


def as_dataset(verdicts: Sequence[Verdict]) -> xr.Dataset:
    """All fields, with every digit, as the bytes of a JSON text."""
    text = json.dumps([_plain(verdict) for verdict in verdicts])
    return xr.Dataset({_TEXT: ("byte", np.frombuffer(text.encode(), np.uint8))})


def from_dataset(kept: xr.Dataset) -> list[Verdict]:
    """The verdicts that `as_dataset` was given."""
    found = []
    for fields in json.loads(kept[_TEXT].values.tobytes()):
        comparisons = tuple(_comparison(each) for each in fields.pop("comparisons"))
        found.append(Verdict(**fields, comparisons=comparisons))
    return found


def _plain(verdict: Verdict) -> dict[str, Any]:
    comparisons = [
        {key: [str(v.dtype), v.tolist()] if isinstance(v, np.ndarray) else v for key, v in vars(comparison).items()}
        for comparison in verdict.comparisons
    ]
    return {**vars(verdict), "hyper": dict(verdict.hyper), "comparisons": comparisons}


def _comparison(fields: Mapping[str, Any]) -> Comparison:
    made: dict[str, Any] = {key: np.array(v[1], v[0]) if isinstance(v, list) else v for key, v in fields.items()}
    return Comparison(**made)
