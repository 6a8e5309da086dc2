"""`check`: every applicable identity on one optimizer."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase
from hypothesis.errors import HypothesisException

from madatheory.errors import UserError, unknown
from madatheory.identities.identity import Identity, NotApplicable, Violation, identities
from madatheory.identities.runs import Runs
from madatheory.identities.target import Misbehaved, Target, Unsettable, Unusable
from madatheory.identities.traits import Trait, detect, lacking

PROFILES: Mapping[str, int] = {"quick": 5, "default": 15, "thorough": 200}
"""Examples per identity."""
BASE: Mapping[str, Any] = {"lr": 0.125, "weight_decay": 0.0}
"""Settings of every run unless an identity says otherwise: a dyadic step size, and decay only where it is tested."""
LIMIT = 20.0
STATUSES = ("pass", "FAIL", "by design", "n.a.", "error")


class TimedOut(Exception):
    """An identity took longer than its limit."""


@dataclass(frozen=True)
class Outcome:
    """What came of one identity: `status` is one of `STATUSES`, `detail` why, `snippet` a program that shows it."""

    code: str
    name: str
    status: str
    detail: str = ""
    statement: str = ""
    snippet: str = ""
    got: str = ""
    expected: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Report:
    """All outcomes for one target, the traits and how they are known."""

    target: str
    framework: str
    traits: Mapping[str, Trait]
    outcomes: tuple[Outcome, ...]
    problem: str = ""  # why nothing could be tested
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def failures(self) -> list[Outcome]:
        """What does not hold and was not declared, time limits included."""
        return [o for o in self.outcomes if o.status in ("FAIL", "error")]

    @property
    def ok(self) -> bool:
        """Something was tested and nothing failed."""
        return not self.problem and not self.failures and any(o.status == "pass" for o in self.outcomes)

    def as_dict(self) -> dict[str, Any]:
        """For a JSON file."""
        return json.loads(json.dumps(asdict(self), default=str))


def check(
    make_optimizer: Any,
    *,
    traits: Mapping[str, bool] | None = None,
    settings: Mapping[str, Any] | None = None,
    by_design: Mapping[str, str] | None = None,
    only: str | None = None,
    profile: str = "default",
    seed: int | None = None,
    limit: float = LIMIT,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Test an optimizer against every identity that applies to it.

    `make_optimizer` is a `Target`, an optax factory, a torch optimizer class, a function that returns (init, update),
    or a name such as "optax:adam" (see `madatheory.identities.lookup.find`). `traits` declares what would otherwise be
    detected, `settings` fixes hyper-parameters by their neutral names, `by_design` maps codes of identities that the
    optimizer breaks on purpose to the reason; a declared failure that does not fail is an error. `only` is a comma
    separated list of codes or groups. Deterministic unless `seed` is given. `limit` is in seconds per identity.
    """
    from madatheory.identities.lookup import find

    if profile not in PROFILES:
        raise unknown("profile", profile, PROFILES)
    chosen = select(only)
    by_design = dict(by_design or {})
    for code in by_design:
        if code not in identities():
            raise unknown("identity", code, identities())
    target = find(make_optimizer)
    plain = {name: value for name, value in BASE.items() if name in target.settable}
    base = {**plain, **(settings or {})}
    try:
        with _limited(limit):
            found = detect(target, base, traits)
    except (Unusable, Misbehaved, Unsettable) as error:
        return Report(target.name, target.framework, {}, (), str(error), base)
    except TimedOut:
        return Report(target.name, target.framework, {}, (), f"nothing came back within {limit:g} s", base)
    outcomes = []
    for item in chosen:
        if progress is not None:
            progress(f"{target.name}: {item.code} {item.name}")
        outcomes.append(_judged(_outcome(item, target, found, base, PROFILES[profile], seed, limit), by_design))
    return Report(target.name, target.framework, found, tuple(outcomes), "", base)


def select(only: str | None) -> list[Identity]:
    """The identities that a comma separated list of codes and groups names; all for None."""
    every = identities()
    if only is None:
        return list(every.values())
    wanted = [part.strip() for part in only.split(",") if part.strip()]
    groups = {item.group for item in every.values()}
    for part in wanted:
        if part not in every and part not in groups:
            raise unknown("identity", part, [*every, *sorted(groups)])
    return [item for item in every.values() if item.code in wanted or item.group in wanted]


def _judged(outcome: Outcome, by_design: Mapping[str, str]) -> Outcome:
    if outcome.code not in by_design:
        return outcome
    change: dict[str, Any] = {}
    if outcome.status == "FAIL":
        change = {"status": "by design", "detail": f"{by_design[outcome.code]} ({outcome.detail})"}
    elif outcome.status == "pass":
        change = {"status": "error", "detail": f"declared to fail ({by_design[outcome.code]}), but it holds"}
    return Outcome(**{**asdict(outcome), **change})


def _outcome(
    item: Identity,
    target: Target,
    traits: Mapping[str, Trait],
    base: Mapping[str, Any],
    examples: int,
    seed: int | None,
    limit: float,
) -> Outcome:
    reason = lacking(item.needs, target, traits)
    began = time.perf_counter()

    def outcome(status: str, detail: str = "", **more: str) -> Outcome:
        seconds = time.perf_counter() - began
        return Outcome(item.code, item.name, status, detail, item.statement, seconds=seconds, **more)

    if reason:
        return outcome("n.a.", reason)
    runs = Runs(target, {name: trait.present for name, trait in traits.items()}, base)
    try:
        with _limited(limit), np.errstate(all="ignore"):
            _run(item, runs, examples, seed)
    except NotApplicable as error:
        return outcome("n.a.", str(error))
    except Unsettable as error:
        return outcome("n.a.", str(error))
    except TimedOut:
        return outcome("error", f"no answer within {limit:g} s", snippet=runs.snippet())
    except Violation as error:
        return outcome(
            "FAIL", str(error), snippet=runs.snippet(), got=_short(error.got), expected=_short(error.expected)
        )
    except (Misbehaved, Unusable) as error:
        return outcome("FAIL", str(error), snippet=runs.snippet())
    except UserError:
        raise
    except HypothesisException as error:
        return outcome("error", f"hypothesis: {error}", snippet=runs.snippet())
    except Exception as error:  # whatever the optimizer raises is a finding
        return outcome("FAIL", f"raised {type(error).__name__}: {error}", snippet=runs.snippet())
    return outcome("pass")


def _run(item: Identity, runs: Runs, examples: int, seed: int | None) -> None:
    def once(case: Any) -> None:
        runs.log.clear()
        item.test(runs, case)

    if not item.examples:
        return once(None)
    test = hypothesis.given(item.cases())(once)
    if seed is not None:
        test = hypothesis.seed(seed)(test)
    hypothesis.settings(
        max_examples=max(1, round(examples * item.examples)),
        derandomize=seed is None,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list[Any](HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
    )(test)()
    return None


def _short(value: Any, most: int = 400) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= most else f"{text[:most]} .."


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise `TimedOut` after so long; only where signals reach Python (the main thread, not on Windows)."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: Any) -> None:
        raise TimedOut

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
