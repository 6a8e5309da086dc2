"""`check`: every applicable identity on one optimizer."""

import copy
import random
import re
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from madatheory.defaults import PROFILE, SECONDS
from madatheory.deprecated import renamed
from madatheory.errors import UserError, unknown
from madatheory.identities.examples import examples_of, search
from madatheory.identities.identity import ByConvention, Identity, NotApplicable, Violation, identities
from madatheory.identities.methods import method_of
from madatheory.identities.recognition.traits import detect, lacking
from madatheory.identities.report.counterexample import alike, cause, first_wrong, shortest
from madatheory.identities.report.example import law, program
from madatheory.identities.report.outcome import LEFT_OUT, PROFILES, IdentityOutcome, Report, Request, base_settings
from madatheory.identities.rollout import Memory, Runs
from madatheory.identities.targets.lookup import OptimizerLike
from madatheory.identities.targets.matrices import checkable
from madatheory.identities.targets.target import Misbehaved, Target, Unsettable, Unusable
from madatheory.limits import TimedOut, limited

REFUSALS = (NotImplementedError, ValueError, UserError)
"""What an optimizer raises to say that it does not take a setting, a shape or a dtype; anything else is a crash."""
_SAYS_SO = re.compile(r"(?i)\b(not support|unsupported|only supports)")


@renamed(by_design="xfail")
def check(
    make_optimizer: OptimizerLike,
    *,
    traits: Mapping[str, bool] | None = None,
    settings: Mapping[str, Any] | None = None,
    xfail: Mapping[str, str] | None = None,
    only: str | None = None,
    profile: str = PROFILE,
    seed: int | None = None,
    limit: float = SECONDS,
    method: str = "",
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Test an optimizer against every identity that applies to it.

    `make_optimizer` is a `Target`, an optax factory, a torch or keras optimizer class, a function that returns
    (init, update), or a name such as "optax:adam" (see `identities.targets.lookup.find`). `traits` declares what
    would otherwise be detected, `settings` fixes hyper-parameters by their neutral names, `xfail` maps codes of
    identities that are expected to fail to the reason; one that does not fail is an error. `only` is a comma
    separated list of codes or groups. `profile` "quick" tries fewer examples, and no identity of `LEFT_OUT` that
    `only` does not name; "thorough" tries more examples. Deterministic; another `seed` gives other examples.
    `limit` is in seconds of processor time per identity. `method` is the method that the optimizer is meant to be,
    such as "adam"; without, its name says so if it is a published one's. Raises `UserError` on bad input; whatever
    the optimizer does wrong is in the report.
    """
    request = Request(traits or {}, settings or {}, xfail or {}, only, profile, seed, limit, method)
    chosen = select(only, profile)
    target = prepared(make_optimizer, profile)
    report = opened(target, request)
    if report.problem:
        return report
    outcomes, memory = [], Memory()
    for item in chosen:
        if progress is not None:
            progress(f"{target.name}: {item.code} {item.name}")
        outcomes.append(judged(item, target, report, request, memory))
    return replace(report, outcomes=tuple(outcomes))


def prepared(make_optimizer: OptimizerLike, profile: str) -> Target:
    """The target of a check; in the profile "quick" stepped without a compiler where it can be."""
    target = checkable(make_optimizer)
    if profile == "quick" and "numpy" in target.modes:
        return replace(target, start=target.modes["numpy"])
    return target


def select(only: str | None, profile: str = PROFILE) -> list[Identity]:
    """The identities that a comma separated list of codes and groups names; for None all that the profile tries."""
    every = identities()
    if only is None:
        return [item for item in every.values() if item.code not in LEFT_OUT.get(profile, "").split()]
    wanted = [part.strip() for part in only.split(",") if part.strip()]
    groups = {item.group for item in every.values()}
    for part in wanted:
        if part not in every and part not in groups:
            raise unknown("identity", part, [*every, *sorted(groups)])
    if not wanted:
        raise UserError(f"{only!r} names no identity: give codes or groups, such as S,K3")
    return [item for item in every.values() if item.code in wanted or item.group in wanted]


def opened(target: Target, request: Request) -> Report:
    """The report of a target before the first identity: its traits, or the problem that ends everything."""
    base = {**base_settings(target), **request.settings}

    def stop(problem: str, unusable: bool = False) -> Report:
        return Report(target.name, target.framework, {}, (), problem, base, unusable)

    for name in request.settings:
        if name not in target.settable:
            return stop(f"it has no setting {name!r}; it has {', '.join(sorted(target.settable)) or 'none'}", True)
    try:
        with limited(request.limit, processor=True), _calm():
            found = detect(target, base, request.traits)
    except TimedOut:
        return stop(f"nothing came back within {request.limit:g} s")
    except UserError as error:  # Unusable and Unsettable among them
        return stop(str(error), True)
    except (Exception, SystemExit) as error:  # whatever else the optimizer raises is a finding
        what = str(error) if isinstance(error, Misbehaved) else f"raised {type(error).__name__}: {error}"
        if isinstance(error, ImportError):
            return stop(f"it needs another package: {error}", True)
        beyond = not_from_gradients(error)
        return stop(f"it cannot be driven by gradients alone: {what}" if beyond else what, beyond or refused(error))
    return Report(target.name, target.framework, found, (), "", base)


def not_from_gradients(error: BaseException) -> bool:
    """Whether a step failed because it wants more than gradients: a closure, a loss, or another argument."""
    text = str(error).lower()
    return "closure" in text or ("missing" in text and "required" in text and "argument" in text)


def judged(
    item: Identity, target: Target, report: Report, request: Request, memory: Memory | None = None
) -> IdentityOutcome:
    """What comes of one identity, declared failures taken into account; `memory` are runs that others share with it."""
    outcome = _outcome(item, target, report, request, memory)
    reason = request.xfail.get(item.code)
    if reason is None:
        return _as_known(outcome, target.name)
    if outcome.fails or outcome.status == "convention":
        return replace(outcome, status="xfail", detail=f"{reason} ({outcome.detail})")
    what = "holds" if outcome.status == "pass" else f"does not apply ({outcome.detail})"
    return replace(outcome, status="error", detail=f"declared to fail ({reason}), but it {what}")


def _as_known(outcome: IdentityOutcome, target: str) -> IdentityOutcome:
    """A failure of a library's optimizer that was judged a convention, or by design, is one; a mistake stays."""
    from madatheory.identities.report.conformance import judgement

    note = judgement(target, outcome.code) if outcome.status == "FAIL" else None
    if note is None:
        return outcome
    if note.verdict == "mistake":
        return replace(outcome, detail=f"{outcome.detail}\nknown as a mistake: {note.why}")
    return replace(outcome, status="convention", detail=f"{note.why} ({outcome.detail})")


def _outcome(
    item: Identity, target: Target, report: Report, request: Request, memory: Memory | None
) -> IdentityOutcome:
    from hypothesis.errors import HypothesisException

    began = time.perf_counter()

    def outcome(status: str, detail: str = "", **more: str) -> IdentityOutcome:
        seconds = time.perf_counter() - began
        return IdentityOutcome(item.code, item.name, status, detail, item.statement, seconds=seconds, **more)

    reason = lacking(item.needs, target, report.traits)
    if reason:
        return outcome("n.a.", reason)
    present = {name: trait.present for name, trait in report.traits.items()}
    declared = frozenset(name for name, value in request.traits.items() if value)
    runs = Runs(target, present, report.settings, method_of(target, request.method), declared, memory)
    tried = _Tried(item, runs)
    try:
        with limited(request.limit, processor=True), _calm():
            tried.run(PROFILES[request.profile], request.seed or 0)
    except TimedOut:
        if tried.failed is None:
            return outcome("error", f"no answer within {request.limit:g} s", snippet=runs.snippet())
    except HypothesisException as raised:
        if tried.failed is None:
            return outcome("error", f"hypothesis: {raised}", snippet=runs.snippet())
        again = "; the same example passed when it was tried again"
        return outcome("FAIL", tried.why() + again, snippet=law(item, runs, tried.case), **tried.numbers())
    except _Stop as raised:
        if tried.failed is None:
            return outcome("n.a.", str(raised))
    except (Exception, SystemExit) as raised:
        if tried.failed is None:  # not from the identity: its examples could not be made
            return outcome("error", f"raised {type(raised).__name__}: {raised}")
    if tried.failed is None:
        if tried.convention is None:
            return outcome("pass")
        written, begins = law(item, runs, tried.case), cause(tried.convention)
        return outcome("convention", f"{tried.convention}", snippet=written, cause=begins, **_numbers(tried.convention))
    with _calm():
        snippet = tried.shown(request.limit / 2)  # and as long for the mistake: no more than the search for a failure
        begins = cause(tried.failed)
        why = tried.likely(begins, request.limit / 2)
    return outcome("FAIL", tried.why(), snippet=snippet, cause=begins, likely=why, **tried.numbers())


class _Stop(BaseException):
    """The identity says nothing about this target; passes through hypothesis, which would look for more of it."""


class _Tried:
    """An identity on its examples; `failed` is the last error, `case` the smallest example up to now."""

    def __init__(self, item: Identity, runs: Runs) -> None:
        self.item, self.runs = item, runs
        self.failed: BaseException | None = None
        self.convention: ByConvention | None = None
        self.case: object = None

    def once(self, case: object) -> None:
        from hypothesis.errors import HypothesisException

        self.runs.forget()
        try:
            self.item.test(self.runs, copy.deepcopy(case))  # what an optimizer writes into must not be shown
        except HypothesisException:
            raise
        except (Exception, SystemExit) as error:  # whatever the optimizer raises is a finding
            if isinstance(error, NotApplicable | Unsettable) or refused(error):
                raise _Stop(str(error)) from error
            if isinstance(error, ByConvention) or (self.item.convention and isinstance(error, Violation)):
                return self._keep(error, case)
            self.failed, self.case = error, case
            raise

    def _keep(self, error: Violation, case: object) -> None:
        """The first convention found; the other examples are still tried, for a mistake behind it."""
        if self.convention is None:
            why = f"{error} ({self.item.convention})" if self.item.convention else str(error)
            self.convention = ByConvention(why, error.got, error.expected)
            self.case = case

    def run(self, examples: int, seed: int) -> None:
        """Try the examples; of one that fails the smallest like it is searched."""
        for case in examples_of(self.item, examples, seed):
            try:
                self.once(case)
            except (Exception, SystemExit):
                if self.failed is not None and self.item.examples:
                    from hypothesis.errors import Flaky

                    search(self.item, self.once, examples, seed)
                    raise Flaky("it passed when it was tried again") from None
                raise

    def shown(self, limit: float) -> str:
        """A program of the failure, cut down to what matters; `limit` is in seconds."""
        try:
            with limited(limit, processor=True):
                self.case = shortest(self.case, self._fails)
                self._fails(self.case)
                assert self.failed is not None
                return program(self.item, self.runs, self.case, self.failed)
        except (TimedOut, Exception, SystemExit):  # what is cut off may be what the optimizer asks for
            return law(self.item, self.runs, self.case)

    def _fails(self, case: object) -> bool:
        """Whether it fails in the same way on another example, which then is what failed."""
        self.runs.forget()
        try:
            self.item.test(self.runs, copy.deepcopy(case))
        except (Exception, SystemExit) as error:
            assert self.failed is not None
            if not alike(error, self.failed):
                return False
            self.failed = error
            return True
        return False

    def likely(self, begins: str, limit: float) -> str:
        """The mistake in words, if one is known that explains it; `limit` is in seconds."""
        from madatheory.identities.report.diagnosis import likely

        try:
            with limited(limit, processor=True):
                return likely(self.item, self.runs, begins)
        except TimedOut:
            return ""

    def why(self) -> str:
        """The last error in words."""
        if isinstance(self.failed, Violation | Misbehaved | Unusable):
            return str(self.failed)
        return f"raised {type(self.failed).__name__}: {self.failed}"

    def numbers(self) -> dict[str, str]:
        """What was got and expected, shortened."""
        return _numbers(self.failed)


def _numbers(error: BaseException | None) -> dict[str, str]:
    """Of paths, the last two steps up to the first wrong one."""
    both = {key: getattr(error, key, None) for key in ("got", "expected")}
    wrong = first_wrong(**both, tolerance=getattr(error, "tolerance", 0.0))
    if wrong is not None:
        last = slice(max(wrong - 1, 0), wrong + 1)
        both = {key: value[last] if isinstance(value, np.ndarray) else value for key, value in both.items()}
    return {key: _short(value) for key, value in both.items()}


def refused(error: BaseException) -> bool:
    """Whether the optimizer says itself that it does not take what it was given."""
    if isinstance(error, Unusable):
        return error.__cause__ is None or isinstance(error.__cause__, REFUSALS)
    if isinstance(error, Violation):
        return False
    cause = error.__cause__ if isinstance(error, Misbehaved) else error
    return isinstance(cause, NotImplementedError | UserError) or bool(_SAYS_SO.search(str(cause)))


@contextmanager
def _calm() -> Iterator[None]:
    """No warnings: a sign of deprecation breaks no identity, also where warnings are errors.

    Global random numbers begin anew, and go on afterwards as if nothing had drawn any.
    """
    kept = random.getstate(), np.random.get_state()  # noqa: NPY002 what an optimizer under test may use
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])  # noqa: NPY002


def _short(value: object, most: int = 400) -> str:
    with np.printoptions(precision=17):
        text = "" if value is None else str(value)
    return text if len(text) <= most else f"{text[:most]} .."
