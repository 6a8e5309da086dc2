"""Which references agree with all that was seen of a target."""

from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import DTypeLike

from madatheory.identities.recognition.candidate import Candidate, Observation, candidates
from madatheory.identities.recognition.conventions import FAMILIES, STEP_SIZE
from madatheory.identities.recognition.fit import USUAL
from madatheory.identities.recognition.observations import Observations

FAMILIES_TRIED = 3
FITS = 1e-7
FAR = 0.3
"""A method whose updates, with everything estimated, are further off is not it: its switches change less than that."""
PRECISIONS: Sequence[Any] = (np.float64, np.float32)
COARSE: Sequence[Any] = (*PRECISIONS, ml_dtypes.bfloat16)
"""Of methods for matrices, which orthogonalize in bfloat16."""


def matching(observations: Observations, estimate: bool = True) -> tuple[list[Candidate], Any]:
    """Every candidate that agrees with all plain runs, the simplest first, and the dtype to whose rounding it does.

    Where none agrees as it stands, and if `estimate`, those whose hyper-parameters, estimated from the first run, make
    them agree.
    """
    if observations.plain[0].x0.ndim == 2:
        return on_matrices(observations.plain)
    precisions = PRECISIONS if observations.dtype == np.float64 else (observations.dtype,)
    for find_matches in (_matches, _estimated)[: 1 + estimate]:  # the latter takes longer, and explains too much
        for dtype in precisions:
            matches = find_matches(observations, dtype)
            if matches:
                return matches, dtype
    return [], precisions[0]


def on_matrices(runs: Sequence[Observation]) -> tuple[list[Candidate], Any]:
    """The same for runs on matrices; nothing is estimated."""
    for dtype in COARSE:
        matches = _agree(runs, dtype)
        if matches:
            return matches, dtype
    return [], COARSE[0]


def _matches(observations: Observations, dtype: DTypeLike) -> list[Candidate]:
    """Every candidate without anything to estimate that agrees with all plain runs."""
    return _agree(observations.plain, dtype)


def _agree(runs: Sequence[Observation], dtype: DTypeLike) -> list[Candidate]:
    values, matrices = runs[0].values, runs[0].x0.ndim == 2
    for step_size in STEP_SIZE:
        found = [
            candidate
            for family in FAMILIES
            if (matrices or not family.matrices) and not next(candidates(family)).unknown(values)
            for candidate in candidates(family, step_size)
            if all(candidate.agrees(run, dtype) for run in runs)
        ]
        if found:
            return found
    return []


def _estimated(observations: Observations, dtype: DTypeLike) -> list[Candidate]:
    """Those of one family whose hyper-parameters, estimated on the first run, make them agree with all runs.

    The first family with the first options that fits; else what the nearest families become with other options.
    """
    firsts: list[Candidate] = []
    for step_size in STEP_SIZE:
        for family in (family for family in FAMILIES if not family.matrices):
            first = observations.estimate(family, step_size)
            if first is None:
                continue
            if first.distance(observations.plain[0]) < FITS:
                found = _agreeing(observations, first, dtype)
                if found:
                    return found
            firsts.append(first)
    near = [first for first in firsts if first.distance(observations.plain[0]) < FAR]
    for first in sorted(near, key=lambda c: c.distance(observations.plain[0]))[:FAMILIES_TRIED]:
        found = _agreeing(observations, first, dtype)
        if found:
            return found
    return []


def _agreeing(observations: Observations, first: Candidate, dtype: DTypeLike) -> list[Candidate]:
    """Around `first`; of equal ones first that with the values that authors write."""
    found = [
        trial for trial in observations.explored(first) if all(trial.agrees(run, dtype) for run in observations.plain)
    ]
    return sorted(found, key=lambda c: -sum(value in USUAL[name] for name, value in c.known.items()))
