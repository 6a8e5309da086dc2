"""What a side follows, as a reference with its conventions and coefficients, and how two such accounts differ."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from madatheory.identities.recognition.candidate import Candidate, Observation, forms
from madatheory.identities.recognition.conventions import DECAY, RATE
from madatheory.identities.recognition.matching import matching
from madatheory.identities.recognition.observations import Observations
from madatheory.identities.targets.target import SETTINGS
from madatheory.identities.tolerance import unit

METHOD, FORM, STEP = "method", "form of weight decay", "step size over time"
UNKNOWN, OWN = "none of the known forms", "the method's own"
PAIRS = 64
"""Pairs of accounts that are tried, those that differ in least first."""
_ABSENT: Mapping[str, float] = {"weight_decay": 0.0, "momentum": 0.0, "eps_root": 0.0, "beta1": 0.0}
"""What a coefficient is where a side has none."""


class ExplainedDifference(NamedTuple):
    """Of one thing, what A and what B does; `kind` is "method", "convention" or "setting"."""

    name: str
    a: str
    b: str
    kind: str


class Observed(NamedTuple):
    """One tensor of one case on both sides."""

    a: Observation
    b: Observation


@dataclass(frozen=True)
class Account:
    """A reference that reproduces every run of a side.

    `form` is that of its weight decay, `rate` says what its momentum buffer holds; "" if that cannot be seen.
    """

    candidate: Candidate
    form: str = ""
    rate: str = ""

    def conventions(self) -> dict[str, str]:
        """Name -> label, the method itself among them; "form of" tells a convention from a coefficient."""
        choice = {_form_of(name): label for name, label in self.candidate.choice().items()}
        found = {METHOD: self.candidate.family.name, **choice, STEP: self.candidate.step_size}
        return {**found, **{name: label for name, label in ((FORM, self.form), (RATE.name, self.rate)) if label}}

    def coefficients(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Neutral name -> value, of those that the method uses, where known."""
        known, family = {**values, **self.candidate.known}, self.candidate.family
        names = [next((n for n in names if n in known), None) for names in family.hyper.values()]
        names += [*family.fitted, *([] if family.plain else ["weight_decay"])]
        return {name: known[name] for name in names if name is not None and name in known}


def _form_of(switch: str) -> str:
    return f"form of {switch}" if switch in SETTINGS else switch


def accounts_of(
    observations: Observations, changing: Observation | None = None, estimate: bool = True
) -> tuple[list[Account], Any]:
    """Every account of a target, and the dtype to whose rounding they hold.

    `changing` is a run of it with momentum in which the step size changes; `estimate`: coefficients may be estimated.
    """
    if not observations.plain:
        return [], np.float64
    matches, dtype = matching(observations, estimate)
    decayed = observations.decayed() if matches and "weight_decay" in observations.target.settable else None
    found: list[Account] = []
    for candidate in matches:
        if candidate.extra:
            labels = [label for label, arguments in DECAY.options.items() if arguments == candidate.extra]
            found.append(Account(candidate, labels[0]))
        elif decayed is None or candidate.family.plain:
            found.append(Account(candidate))
        elif candidate.family.whole:  # its decay is part of it
            found += [Account(candidate, OWN)] if candidate.agrees(decayed, dtype) else []
        else:
            every = forms(candidate, DECAY)
            agreeing = [Account(c, label) for label, c in every.items() if c.agrees(decayed, dtype)]
            found += agreeing or [Account(candidate, UNKNOWN)]
    if changing is not None:
        found = [told for account in found for told in _with_rate(account, changing, dtype)]
    return found, dtype


def _with_rate(account: Account, changing: Observation, dtype: Any) -> list[Account]:
    """With what the momentum buffer holds, where that shows."""
    if not account.candidate.family.buffered:
        return [account]
    every = forms(account.candidate, RATE)
    return [
        replace(account, candidate=candidate, rate=label)
        for label, candidate in every.items()
        if candidate.agrees(changing, dtype)
    ] or [account]


def holding(known: Sequence[Account], runs: Sequence[Observation], dtype: Any) -> tuple[list[Account], Any]:
    """Those that reproduce these runs of their side too, and the dtype to whose rounding they do.

    A step size that is kept in float32 shows only at values that float32 does not have.
    """
    for kind in dict.fromkeys((dtype, max((dtype, np.float32), key=unit))):
        found = [account for account in known if all(account.candidate.agrees(run, kind) for run in runs)]
        if found:
            return found, kind
    return [], dtype


def least(
    first: Sequence[Account], second: Sequence[Account], runs: Sequence[Observed], dtype: Any
) -> list[ExplainedDifference] | None:
    """The fewest differences which, taken over from B, turn an account of A into one that reproduces all runs of B.

    Both hold on the runs of their own side, so that all differences together always do; None without accounts.
    """
    pairs = [(a, b, _differing(a, b, runs[0])) for a in first for b in second] if runs else []
    pairs = sorted(pairs, key=lambda pair: len(pair[2]))[:PAIRS]
    best: list[ExplainedDifference] | None = None
    for a, b, names in pairs:
        for size in range(1, len(names) + 1 if best is None else len(best)):
            chosen = next((n for n in itertools.combinations(names, size) if _reproduces(a, b, n, runs, dtype)), None)
            if chosen is not None:
                best = [_in_words(name, a, b, runs[0]) for name in chosen]
                break
    return best


def _differing(a: Account, b: Account, at: Observed) -> list[str]:
    """Names of what differs, conventions first."""
    mine, theirs = a.conventions(), b.conventions()
    shared = [name for name in mine if name in theirs and mine[name] != theirs[name]]
    first, second = a.coefficients(at.a.values), b.coefficients(at.b.values)
    numbers = [name for name in {**first, **second} if not _equal(_value(first, name), _value(second, name))]
    return shared + numbers


def _value(values: Mapping[str, Any], name: str) -> Any:
    return values.get(name, _ABSENT.get(name))


def _equal(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    return bool(np.allclose(a, b, rtol=1e-7, atol=0))


def _reproduces(a: Account, b: Account, names: Sequence[str], runs: Sequence[Observed], dtype: Any) -> bool:
    """Whether A with these of B's conventions and coefficients takes B's steps."""
    mixed = _mixed(a.candidate, b.candidate, names)
    for run in runs:
        mine, theirs = ({**o.values, **c.candidate.known} for o, c in ((run.a, a), (run.b, b)))
        kept = b.coefficients(theirs) if METHOD in names else mine  # another method leaves what it has no use for
        values = {name: value for name, value in mine.items() if name not in names and name in kept}
        values |= {name: theirs[name] for name in names if name in theirs}
        if not mixed.agrees(replace(run.b, values=values), dtype):
            return False
    return True


def _mixed(a: Candidate, b: Candidate, names: Sequence[str]) -> Candidate:
    base = b if METHOD in names else a
    mine, theirs = a.choice(), b.choice()
    labels = []
    for switch, label in base.choice().items():
        other = theirs if _form_of(switch) in names else mine
        possible = next(s for s in base.family.switches if s.name == switch).options
        labels.append(other[switch] if other.get(switch) in possible else label)
    step_size = b.step_size if STEP in names else a.step_size
    extra = dict(a.extra)
    for name, argument in ((FORM, "decay"), (RATE.name, "rate")):
        if name in names and argument in b.extra:
            extra[argument] = b.extra[argument]
    if not base.family.buffered:
        extra.pop("rate", None)
    if base.family.whole:
        extra = {}
    return Candidate(base.family, tuple(labels), step_size, {}, {**b.extra, **extra} if METHOD in names else extra)


def _in_words(name: str, a: Account, b: Account, at: Observed) -> ExplainedDifference:
    mine, theirs = a.conventions(), b.conventions()
    if name in mine and name in theirs:
        return ExplainedDifference(name, mine[name], theirs[name], METHOD if name == METHOD else "convention")

    def told(account: Account, observation: Observation) -> str:
        value = _value(account.coefficients(observation.values), name)
        estimated = " (estimated)" if name in account.candidate.known else ""
        return "none" if value is None else f"{value:.6g}{estimated}"

    return ExplainedDifference(name, told(a, at.a), told(b, at.b), "setting")


def deviations(
    known: Sequence[Account], runs: Sequence[Observed], dtype: Any, forward: bool
) -> Iterator[list[ExplainedDifference]]:
    """Single changes of the accounts of one side that reproduce the runs of the other, which has no account.

    `forward`: the accounts are A's and the runs to be reproduced B's. Beside the conventions known to `identify` these
    are changes of a coefficient that people make when they port a formula.
    """
    for account in known:
        for name, mine, other, candidate, change in _changes(account):
            good = True
            for run in runs:
                own, target = (run.a, run.b) if forward else (run.b, run.a)
                values = change({**own.values, **account.candidate.known})
                if values is None or not candidate.agrees(replace(target, values=values), dtype):
                    good = False
                    break
            if good and runs:
                pair = (mine, other) if forward else (other, mine)
                yield [ExplainedDifference(name, *pair, "convention")]


def _changes(account: Account) -> Iterator[tuple[str, str, str, Candidate, Any]]:
    bare = replace(account.candidate, known={})
    for other in bare.neighbours():
        ((name, label),) = set(other.choice().items()) - set(bare.choice().items())
        yield _form_of(name), bare.choice()[name], label, other, lambda values: values
    if account.form and not account.candidate.family.whole:
        for label, arguments in DECAY.options.items():
            if label != account.form:
                yield FORM, account.form, label, replace(bare, extra={**bare.extra, **arguments}), lambda values: values
    for name, mine, other, change in COEFFICIENTS:
        yield name, mine, other, bare, change


def _changed(needed: Sequence[str], change: Any) -> Any:
    def changed(values: Mapping[str, Any]) -> dict[str, Any] | None:
        if any(name not in values for name in needed):
            return None
        return {**values, **change(values)}

    return changed


COEFFICIENTS: Sequence[tuple[str, str, str, Any]] = (
    (
        "eps",
        "beside the root",
        "times lr (the step size divides the root, and eps is added to that)",
        _changed(("eps", "lr"), lambda v: {"eps": v["eps"] * np.asarray(v["lr"]).flat[0]}),
    ),
    ("lr", "lr", "lr^2", _changed(("lr",), lambda v: {"lr": np.square(v["lr"])})),
    ("eps", "eps", "eps^2", _changed(("eps",), lambda v: {"eps": v["eps"] ** 2})),
    ("eps", "eps", "sqrt(eps)", _changed(("eps",), lambda v: {"eps": v["eps"] ** 0.5})),
    ("eps", "eps", "none", _changed(("eps",), lambda v: {"eps": 0.0})),
    (
        "betas",
        "beta1 of the gradient, beta2 of its square",
        "the other way round",
        _changed(("beta1", "beta2"), lambda v: {"beta1": v["beta2"], "beta2": v["beta1"]}),
    ),
    (
        "betas",
        "decays",
        "weights of what is new (1 - beta)",
        _changed(("beta1", "beta2"), lambda v: {"beta1": 1 - v["beta1"], "beta2": 1 - v["beta2"]}),
    ),
    (
        "weight decay",
        "lambda",
        "2 lambda",
        _changed(("weight_decay",), lambda v: {"weight_decay": 2 * v["weight_decay"]}),
    ),
    (
        "weight decay",
        "lambda",
        "lambda/2",
        _changed(("weight_decay",), lambda v: {"weight_decay": v["weight_decay"] / 2}),
    ),
)
"""What is often done to a coefficient when a formula is typed again: name, one side, the other, the change."""
