"""Checks in processes of their own: a target that hangs in C code or ends its process costs one cell, not the run.

Every target gets a fresh interpreter, so that no target sees what another left behind. Results are written as they
come, one JSON line each, and a later call with the same request goes on from them.

With `elsewhere` each target is a task for workers of a cluster, and has its process there.

No library of pools does this: concurrent.futures and loky set no limits and give a whole pool up when a process dies;
pebble limits a task, but a task answers once, where a target here is built once, answers for each identity in turn with
its limit set anew, and leaves the name of the identity at which it died. The package does not depend on one for less.
"""

import faulthandler
import gc
import hashlib
import json
import multiprocessing
import os
import re
import signal
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple

from madatheory import processes
from madatheory.errors import UserError
from madatheory.files import append, check_output, write
from madatheory.identities.check import judged, opened, prepared, select
from madatheory.identities.identity import identities
from madatheory.identities.report.outcome import IdentityOutcome, Report, Request, report_from
from madatheory.identities.rollout import Memory
from madatheory.limits import PATIENCE, TimedOut, limited
from madatheory.sources import PACKAGE, closure_of_imports, source_of, version_of
from madatheory.xla import enable_quick_compilation

START = 60.0
"""Seconds of processor time for importing and building a target, before its traits are detected."""
GRACE = 10.0
"""Seconds beyond its limit after which a process is stopped from outside."""
Progress = Callable[[int, int, str], None]
"""progress(identities done, identities in all, what)"""
Elsewhere = Callable[
    [Mapping[str, tuple[str, Callable[[], Any]]], Callable[[str, Any], None], Callable[[], None]], None
]
"""`calls` of an executor, which see (`madatheory.store.executor`)."""


def check_all(
    specs: Sequence[str],
    request: Request | None = None,
    *,
    workers: int = 1,
    out: Path | None = None,
    progress: Progress | None = None,
    start: float = START,
    grace: float = GRACE,
    elsewhere: Elsewhere | None = None,
    flags: str | None = None,
) -> list[Report]:
    """One report per name of a target, in their order.

    `out` is a folder for the results as they come; a target that was finished there with the same request is not run
    again. A target that cannot be found gives an unusable report. `start` is the processor time for importing
    and building a target, `grace` how long a process may go on after its time. With `elsewhere` targets are tasks there
    instead of `workers` processes here, with these `flags` of XLA. Raises `UserError` on a bad request, and where a
    worker has other versions of what a target needs.
    """
    request = request or Request()
    codes = [item.code for item in select(request.only, request.profile)]
    if not 1 <= workers <= 1024:
        raise UserError(f"workers = {workers}: give 1 to 1024")
    jobs = [_Job(spec, request, codes, _Lines(out, spec, request)) for spec in dict.fromkeys(specs)]

    def tell(what: str) -> None:
        if progress is not None:
            done = sum(len(codes) if job.finished else len(job.outcomes) for job in jobs)
            progress(done, len(codes) * len(jobs), what)

    if elsewhere is None:
        _work(jobs, workers, _Settings(start, grace), tell)
    else:
        _send([job for job in jobs if not job.finished], elsewhere, _Settings(start, grace, flags), tell)
    found = {job.spec: job.report() for job in jobs}
    return [found[spec] for spec in specs]


class _Settings(NamedTuple):
    """Of the processes: times as of `check_all`, and the flags of XLA, None for those of the environment."""

    start: float
    grace: float
    flags: str | None = None


def _work(jobs: Sequence["_Job"], workers: int, settings: _Settings, tell: Callable[[str], None]) -> None:
    """Finish the jobs by processes of this machine."""
    waiting, running = [job for job in jobs if not job.finished], list[_Child]()
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                running.append(_Child(waiting.pop(0), settings))
            wait([child.connection for child in running], timeout=0.2)
            for child in list(running):
                child.listen()
                if child.over:
                    running.remove(child)
                    if not child.job.finished:
                        waiting.insert(0, child.job)
            tell(", ".join(child.what for child in running))
    finally:
        for child in running:
            child.stop()


def _send(jobs: Sequence["_Job"], elsewhere: Elsewhere, settings: _Settings, tell: Callable[[str], None]) -> None:
    """Finish the jobs by workers; what a worker found of a target is kept when it comes."""
    by_name = {f"check-{job.spec}": job for job in jobs}

    def done(key: str, records: Sequence[Mapping[str, Any]]) -> None:
        for record in records:
            by_name[key].take(record)

    def task(job: _Job) -> tuple[str, Callable[[], Any]]:
        return job.spec, partial(
            _sent, job.spec, job.request, job.codes, job.lines.read(), settings, _versions(job.spec)
        )

    if jobs:
        elsewhere({key: task(job) for key, job in by_name.items()}, done, lambda: tell("targets"))


def _sent(
    spec: str,
    request: Request,
    codes: Sequence[str],
    known: Sequence[Mapping[str, Any]],
    settings: _Settings,
    versions: Mapping[str, str],
) -> list[Mapping[str, Any]]:
    """What a worker finds of a target beside what is known."""
    for name, here in _versions(spec).items():
        if here != versions[name]:
            raise UserError(
                f"{spec}: a worker has {name} {here}, and {versions[name]} is here: install the same on all workers"
            )
    lines = _Held(known)
    _work([_Job(spec, request, codes, lines)], 1, settings, lambda what: None)
    return lines.new


@dataclass
class _Job:
    """What is left to do for one target."""

    spec: str
    request: Request
    codes: Sequence[str]
    lines: "_Lines | _Held"
    opened: Report | None = None
    outcomes: dict[str, IdentityOutcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for record in self.lines.read():
            self._take(record)

    def take(self, record: Mapping[str, Any]) -> None:
        """Keep a result, and write it down."""
        self.lines.write(record)
        self._take(record)

    def _take(self, record: Mapping[str, Any]) -> None:
        if "report" in record:
            self.opened = report_from(record["report"])
        else:
            self.outcomes[record["outcome"]["code"]] = IdentityOutcome(**record["outcome"])

    @property
    def left(self) -> list[str]:
        return [code for code in self.codes if code not in self.outcomes]

    @property
    def finished(self) -> bool:
        return self.opened is not None and bool(self.opened.problem or not self.left)

    def report(self) -> Report:
        assert self.opened is not None
        return replace(self.opened, outcomes=tuple(self.outcomes[c] for c in self.codes if c in self.outcomes))

    def lost(self, doing: str, why: str) -> None:
        """The process is gone; what it was doing is the finding."""
        if self.opened is not None and not doing:
            doing = self.left[0]
        if doing:
            item = identities()[doing]
            outcome = IdentityOutcome(item.code, item.name, "error", why, item.statement)
            if doing in self.request.xfail:
                reason = self.request.xfail[doing]
                outcome = replace(outcome, status="xfail", detail=f"{reason} ({why})")
            self.take({"outcome": asdict(outcome)})
        else:
            self.take({"report": Report(self.spec, "", {}, (), f"{why} before the first identity").as_dict()})


class _Child:
    """A process that works on one target."""

    def __init__(self, job: _Job, settings: _Settings) -> None:
        self.job = job
        self._start, self._grace, flags = settings
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self.connection: Connection = ours  # type: ignore[assignment]
        self._log = tempfile.NamedTemporaryFile(prefix="madatheory-", suffix=".log")  # noqa: SIM115
        arguments = (theirs, job.spec, job.request, job.left, job.opened, self._start, flags, self._log.name)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        with processes.shielded():
            self._process.start()
        theirs.close()
        self._doing, self.over = "", False
        self._due = time.monotonic() + PATIENCE * (self._start + job.request.limit) + self._grace

    @property
    def what(self) -> str:
        return f"{self.job.spec} {self._doing}".rstrip()

    def listen(self) -> None:
        """Take what the process has sent; stop it when it is overdue."""
        try:
            while self.connection.poll():
                record = self.connection.recv()
                if "begin" in record:
                    self._doing = record["begin"]
                    self._due = time.monotonic() + PATIENCE * self.job.request.limit + self._grace
                elif "end" in record:
                    return self.stop()
                else:
                    self._doing = ""
                    self._due = time.monotonic() + PATIENCE * self.job.request.limit + self._grace
                    self.job.take(record)
        except (EOFError, OSError):
            self._process.join(5)
            self.job.lost(self._doing, f"the process died ({self._death()})")
            return self.stop()
        if time.monotonic() > self._due:
            limit = self.job.request.limit if self._doing or self.job.opened else self._start
            self.job.lost(self._doing, f"no answer within {limit:g} s; its process was stopped")
            self.stop()
        return None

    def stop(self) -> None:
        if self._process.is_alive():
            processes.stop(self._process.pid)
        self._process.kill()
        self._process.join()
        self.connection.close()
        self._log.close()
        self.over = True

    def _death(self) -> str:
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"signal {signal.Signals(-code).name}"
        last = [line for line in Path(self._log.name).read_text("utf-8", errors="replace").splitlines() if line.strip()]
        return f"exit status {code}" + (f": {last[-1].strip()[:200]}" if last and code else "")


def _serve(
    connection: Connection,
    spec: str,
    request: Request,
    codes: Sequence[str],
    before: Report | None,
    start: float,
    flags: str | None,
    log: str,
) -> None:
    """The whole life of a child: what the target prints goes to `log`, results to `connection`."""
    processes.end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; it stops its children
    sink = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    faulthandler.enable()
    if flags is not None:
        os.environ["XLA_FLAGS"] = flags
    enable_quick_compilation()
    gc.disable()
    try:
        with limited(start, processor=True):
            target = prepared(spec, request.profile)
    except (UserError, TimedOut) as error:
        why = str(error) or f"importing and building it takes more than {start:g} s, or waits"
        connection.send({"report": Report(spec, "", {}, (), why, unusable=isinstance(error, UserError)).as_dict()})
        connection.send({"end": True})
        return
    gc.freeze()  # what is imported stays, and is not searched for garbage again and again
    gc.set_threshold(10_000, 20, 100)
    gc.enable()
    report = before or opened(target, request)
    if before is None:
        connection.send({"report": report.as_dict()})
    memory = Memory()
    for code in codes if not report.problem else ():
        connection.send({"begin": code})
        connection.send({"outcome": asdict(judged(identities()[code], target, report, request, memory))})
    connection.send({"end": True})


class _Lines:
    """The results of one target in a file, if there is a folder for it; others' requests are not taken for ours."""

    def __init__(self, folder: Path | None, spec: str, request: Request) -> None:
        self._file: Path | None = None
        if folder is None:
            return
        self._key = {"target": spec, "request": asdict(request), "code": _fingerprint(spec)}
        name = f"{re.sub('[^A-Za-z0-9]+', '-', spec).strip('-')[:100]}-{zlib.crc32(spec.encode()):08x}.jsonl"
        self._file = check_output(folder / name)
        try:
            known = self._records() if self._file.exists() else []
        except OSError as error:
            raise UserError(f"cannot read {self._file}: {error.strerror}; name another folder") from None
        kept = known if known[:1] == [self._key] else [self._key]
        write(self._file, "".join(json.dumps(record) + "\n" for record in kept))

    def _records(self) -> list[Any]:
        """The lines that were written to their end."""
        assert self._file is not None
        found = []
        for line in self._file.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]:
            try:
                found.append(json.loads(line))
            except ValueError:
                break
        return found

    def read(self) -> list[Any]:
        return [] if self._file is None else self._records()[1:]

    def write(self, record: Mapping[str, Any]) -> None:
        if self._file is not None:
            append(self._file, json.dumps(record) + "\n")


class _Held:
    """The results of one target in a list."""

    def __init__(self, known: Sequence[Mapping[str, Any]]) -> None:
        self._known, self.new = known, list[Mapping[str, Any]]()

    def read(self) -> Sequence[Mapping[str, Any]]:
        return self._known

    def write(self, record: Mapping[str, Any]) -> None:
        self.new.append(record)


def _versions(spec: str) -> dict[str, str]:
    """Of what a target is judged with, and of the distribution that it comes from."""
    place = spec.rpartition(":")[0]
    return {name: version_of(name) for name in ("numpy", "hypothesis", "jax", "optax", "torch", "keras", place)}


def _fingerprint(spec: str) -> str:
    """Digest of what the result depends on: code of this package, libraries, and the target's files with their imports.

    Of a target's package that no installed distribution brings all files count: it may import them by name.
    """
    place = spec.rpartition(":")[0]
    named = Path(place) if place.endswith(".py") else None
    source = named if named and named.is_file() else source_of(place) if place and not named else None
    files = [source] if source is not None else []
    top = source_of(place.partition(".")[0]) if source is not None and not named else None
    if top is not None and top.name == "__init__.py" and top.parent != PACKAGE:
        files += top.parent.rglob("*.py")
    found = json.dumps([_ours(), closure_of_imports(files), _versions(spec)], sort_keys=True)
    return hashlib.sha256(found.encode()).hexdigest()[:16]


@cache
def _ours() -> dict[str, str]:
    return closure_of_imports(file for part in ("identities", "optimizers") for file in (PACKAGE / part).rglob("*.py"))
