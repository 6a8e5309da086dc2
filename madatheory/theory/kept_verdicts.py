"""Verdicts as a Dataset for the store, and back: whoever asks the same again waits for no audit and reads no run."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import xarray as xr

from madatheory.theory.verdict import Comparison, Verdict

_TEXT = "verdicts"


class Keeper(Protocol):
    """What `verify` asks of a store: see `madatheory.store.Store.find`."""

    def find(self, name: str, configuration: Mapping[str, Any], made_by: Callable[..., Any]) -> xr.Dataset | None:
        """What was kept for this configuration and this code."""

    def keep(self, name: str, configuration: Mapping[str, Any], made_by: Callable[..., Any], found: xr.Dataset) -> None:
        """Keep it."""


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
