"""`identify`: which reference recurrence, with which conventions, a black box follows."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from madatheory.defaults import SEARCH
from madatheory.errors import UserError
from madatheory.identities.recognition.candidate import SEQUENCES, Candidate, Observation, candidates, distances, forms
from madatheory.identities.recognition.conventions import COMPLEX, DECAY, FAMILIES, RATE, STEP_SIZE, decay_of
from madatheory.identities.recognition.family import Switch
from madatheory.identities.recognition.identification import Deviation, Identification, IdentifiedConvention
from madatheory.identities.recognition.matching import FAR, PRECISIONS, matching, on_matrices
from madatheory.identities.recognition.observations import Observations
from madatheory.identities.targets.lookup import OptimizerLike, find
from madatheory.limits import TimedOut, limited

NEAREST = 3
OWN, MATRICES = "the method's own", "matrices"
UNUSUAL = 1.5


def identify(target: OptimizerLike, *, limit: float = SEARCH) -> Identification:
    """Match a black box against all references with all their switches.

    `target` is whatever `find` takes: a `Target`, a factory, a name such as "optax:adam". The recurrences are compared
    update by update, element by element, with a run at the target's own defaults and one at `VISIBLE` settings (as far
    as it has them), on eight aimed sequences of 12 gradients; then with weight decay, then with complex numbers. A
    difference counts if rounding cannot explain it (`Candidate.tolerance`). Hyper-parameters that can be neither read
    nor set are estimated. What refuses vectors is run on matrices. `limit` is in seconds, after which the outcome is a
    problem. Never raises for what the optimizer does; `UserError` on a name that means nothing.
    """
    if not (isinstance(limit, int | float) and 0 < limit < math.inf):
        raise UserError(f"limit = {limit!r}: give the seconds that the search may take, such as {SEARCH:g}")
    target = find(target)
    try:
        with limited(limit):
            observations = Observations(target)
            if not observations.plain:
                return Identification(target.name, target.framework, problem=observations.problem)
            matches, dtype = matching(observations)
            return _followed(observations, matches, dtype) if matches else _unmatched(observations)
    except TimedOut:
        problem = f"nothing was found within {limit:g} s; a factory with arguments for its settings is told faster"
        return Identification(target.name, target.framework, problem=problem)


def _followed(observations: Observations, matches: list[Candidate], dtype: DTypeLike) -> Identification:
    shown = list(observations.plain)
    if observations.plain[0].x0.ndim == 1:
        shown += observations.on_matrices()
    decayed = observations.decayed() if "weight_decay" in observations.target.settable else None
    if decayed is not None and matches[0].family.whole:
        shown.append(decayed)
    for run in shown:  # what vectors without decay cannot tell apart
        matches = [c for c in matches if c.agrees(run, dtype)] or matches
    best, target = matches[0], observations.target
    same = [candidate for candidate in matches if candidate.family is best.family]
    rows, parts = [], []
    for i, switch in enumerate(best.family.switches):
        fit = [label for label in switch.options if any(c.labels[i] == label for c in same)]
        options = tuple(label for label in fit if switch.unless.get(label) not in fit)
        rows.append(IdentifiedConvention(switch.name, options, _why(switch, options, observations)))
        for label in switch.options:
            if label not in fit:
                other = best.with_label(i, label)
                parts.append(_deviation(f"{switch.name}: {label}", other, shown, dtype))
    rows += [IdentifiedConvention(name, (), why) for name, why in best.family.untold.items()]
    rows.append(IdentifiedConvention("step size", (best.step_size,)))
    runs = list(observations.plain)
    if observations.plain[0].x0.ndim == 1:
        rows.append(_on_matrices(observations, best))
    if best.extra:
        alike = [c.extra for c in same if c.labels == best.labels]
        options = tuple(label for label, arguments in DECAY.options.items() if arguments in alike)
        rows.append(
            IdentifiedConvention("weight decay", options, "" if len(options) == 1 else "each with its own coefficient")
        )
    else:
        rows.append(_with_extra(observations, best, decay_of(best), dtype, runs, parts))
    if best.family.buffered:
        rows += _buffer(observations, best, dtype, runs, parts)
    rows.append(_with_extra(observations, best, COMPLEX, dtype, runs, parts))
    others = sorted({c.family.name for c in matches} - {best.family.name})
    nearest = [
        c for c in _nearest(observations, (best.step_size,), False) if c.family.name not in (best.family.name, *others)
    ]
    notes = list(dict.fromkeys(observations.notes))
    if np.dtype(dtype) != observations.dtype:
        worst = max(float(np.nanmax(np.abs(np.asarray(best.updates(run)) - run.updates))) for run in observations.plain)
        kind = np.dtype(dtype)
        notes.append(f"only up to the rounding of {kind} (largest difference {worst:.1e}): part of it is {kind}")
    return Identification(
        target.name,
        target.framework,
        best.family.name,
        best.family.source,
        tuple(rows),
        dict(best.known),
        str(np.dtype(dtype)),
        tuple(others),
        tuple(parts),
        tuple(_deviation(c.describe(), c, observations.plain, dtype) for c in nearest[:NEAREST]),
        tuple(map(_told, runs)),
        tuple(notes),
    )


def _on_matrices(observations: Observations, best: Candidate) -> IdentifiedConvention:
    """What a tall and a wide matrix follow."""
    runs = observations.on_matrices()
    if not runs:
        return IdentifiedConvention(MATRICES, (), "refused")
    if any(all(best.agrees(run, dtype) for run in runs) for dtype in PRECISIONS):
        return IdentifiedConvention(MATRICES, ("the same method" if best.family.whole else "entry by entry",))
    others, dtype = on_matrices(runs)
    if not others:
        return IdentifiedConvention(MATRICES, (), "NONE of the references", False)
    how = f"to the rounding of {np.dtype(dtype)}" if np.dtype(dtype) != np.float64 else ""
    return IdentifiedConvention(MATRICES, tuple(dict.fromkeys(other.describe() for other in others)), how)


def _with_extra(
    observations: Observations,
    best: Candidate,
    switch: Switch,
    dtype: DTypeLike,
    runs: list[Observation],
    parts: list[Deviation],
) -> IdentifiedConvention:
    """The form of the weight decay, or what is done with complex numbers; appends the run and the deviations."""
    decay = switch.name == DECAY.name
    if best.family.plain or (best.family.whole and not decay):
        return IdentifiedConvention(switch.name, (), "not compared: the reference has none")
    if decay and "weight_decay" not in observations.target.settable:
        return IdentifiedConvention(switch.name, (), "none: it is no setting, and nothing decays")
    if not decay and "complex" not in observations.target.abilities:
        return IdentifiedConvention(switch.name, (), f"{observations.target.framework} has none here")
    run = observations.decayed() if decay else observations.complex()
    if run is None:
        return IdentifiedConvention(switch.name, (), observations.notes.pop())
    runs.append(run)
    every = {OWN: best} if best.family.whole else forms(best, switch)
    options = tuple(label for label, candidate in every.items() if candidate.agrees(run, dtype))
    for label, candidate in every.items():
        if label not in options:
            parts.append(_deviation(f"{switch.name}: {label}", candidate, [run], dtype))
    if not options:
        near = min(every, key=lambda label: every[label].distance(run))
        return IdentifiedConvention(switch.name, (), f"NONE of the known forms; nearest: {near}", False)
    return IdentifiedConvention(switch.name, options, _why(switch, options, observations))


def _buffer(
    observations: Observations, best: Candidate, dtype: DTypeLike, runs: list[Observation], parts: list[Deviation]
) -> list[IdentifiedConvention]:
    """What the momentum buffer holds, where a step size that changes shows it; appends the run and the deviations."""
    run = observations.scheduled()
    if run is None:
        return []
    every = forms(best, RATE)
    options = tuple(label for label, candidate in every.items() if candidate.agrees(run, dtype))
    if len(options) == len(every):
        return []
    runs.append(run)
    parts += [
        _deviation(f"{RATE.name}: {label}", every[label], [run], dtype) for label in every if label not in options
    ]
    if not options:
        near = min(every, key=lambda label: every[label].distance(run))
        return [IdentifiedConvention(RATE.name, (), f"NONE of the known forms; nearest: {near}", False)]
    return [IdentifiedConvention(RATE.name, options)]


def _why(switch: Switch, options: Sequence[str], observations: Observations) -> str:
    """A note to the only option, or why several cannot be told apart."""
    if len(options) == 1:
        return switch.notes.get(options[0], "")
    if switch.name == "eps" and len({label.split()[0] for label in options}) > 1:
        return "eps is too small to show, and cannot be set to another value"
    return f"the same numbers: {switch.equal}" if switch.equal else "the same numbers in every run"


def _deviation(what: str, candidate: Candidate, runs: Sequence[Observation], dtype: DTypeLike) -> Deviation:
    for run in runs:
        if candidate.updates(run) is None:
            continue
        place = candidate.parts(run, dtype)
        if place is not None:
            return Deviation(what, place, candidate.distance(run))
    return Deviation(what, None, 0.0)


def _nearest(observations: Observations, step_sizes: Sequence[str], estimate: bool) -> list[Candidate]:
    """The nearest candidate of each family, nearest first; each unusual switch must bring it nearer by a third.

    What would have to be estimated, and so fits more than it should, only where fewer than `NEAREST` others exist.
    """
    run = observations.plain[0]

    def ranked(every: Sequence[Candidate]) -> list[Candidate]:
        apart = np.mean([distances(every, run) for run in observations.plain], axis=0)
        ranks = [far * UNUSUAL ** one.unusual() for far, one in zip(apart, every, strict=True)]
        return [every[i] for i in np.argsort(ranks, kind="stable")]

    fitting = [family for family in FAMILIES if run.x0.ndim == 2 or not family.matrices]
    known = [family for family in fitting if not next(candidates(family)).unknown(run.values)]
    found = [ranked([c for size in step_sizes for c in candidates(family, size)])[0] for family in known]
    if estimate and len(known) < NEAREST:
        for family in fitting:
            every = [c for size in step_sizes if (c := observations.estimate(family, size)) is not None]
            if every and family not in known and not family.fitted:
                found.append(ranked(every)[0])
    return ranked(found)


def _unmatched(observations: Observations) -> Identification:
    every = _nearest(observations, STEP_SIZE, True)
    near = [candidate for candidate in every if candidate.distance(observations.plain[0]) < FAR][:NEAREST]
    hidden = sorted({name for candidate in near for name in candidate.known})
    if hidden:
        observations.notes.append(
            f"{', '.join(hidden)} can be neither read nor set here, and the estimates may have missed: a factory with "
            "arguments of these names tells more"
        )
    observations.notes += _to_change(observations.plain[0], every)
    if not near and every:
        closest, apart = every[0], every[0].distance(observations.plain[0])
        observations.notes.append(
            f"none is near: {closest.family.name}, the nearest, is apart by {apart:.2g} "
            f"(mean of |a-b|/(|a|+|b|)), where {FAR:g} is what conventions of one method can do"
        )
    return Identification(
        observations.target.name,
        observations.target.framework,
        nearest=tuple(_deviation(c.describe(), c, observations.plain, observations.dtype) for c in near),
        runs=tuple(map(_told, observations.plain)),
        notes=tuple(dict.fromkeys(observations.notes)),
    )


def _to_change(run: Observation, every: Sequence[Candidate]) -> list[str]:
    """What would turn a reference into the target, where that is its step size: the updates are multiples of its."""
    for candidate in every:
        for other in candidates(candidate.family):
            mine = other.updates(run)
            if mine is None:
                continue
            with np.errstate(all="ignore"):
                flat, theirs = mine.reshape(len(mine), -1), run.updates.reshape(len(mine), -1)
                factors = np.sum(flat * theirs, axis=1) / np.sum(flat * flat, axis=1)
            if not np.allclose(factors[:, None] * flat, theirs, rtol=1e-7, atol=0):
                continue
            constant = np.allclose(factors, factors[0], rtol=1e-6)
            words = f"{factors[0]:.6g}" if constant else ", ".join(f"{factor:.4g}" for factor in factors) + " in turn"
            return [f"its updates are those of {other.describe()} times {words}: the step size is another"]
    return []


def _told(run: Observation) -> str:
    settings = ", ".join(
        f"{name} = {' '.join(map('{:g}'.format, np.atleast_1d(value)))}" for name, value in run.settings.items()
    )
    what = f"{len(SEQUENCES)} sequences" if run.x0.ndim == 1 else " x ".join(map(str, run.x0.shape))
    return f"{run.name!r}: {settings or 'nothing set'}; {len(run.g)} steps, {what}"
