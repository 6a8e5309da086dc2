"""The store: finished chunks of computations, found again by what they compute.

A simulation is cut into chunks over its trajectories, whose numbers do not depend on the cut. Every finished chunk is a
file of its own, so an interrupted run goes on where it was, and a run with more trajectories uses those it has. Several
processes may use one store: files appear whole, under names that contain their checksum, and are never changed.
"""

import contextlib
import math
import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import xarray as xr

from madatheory.defaults import SEED, SIMULATED
from madatheory.deprecated import renamed
from madatheory.engine.arguments import trajectory_indices
from madatheory.engine.backend.blocks import Progress
from madatheory.engine.simulate import RunPlan, prepare, warn_if_not_finite
from madatheory.engine.statistic import Statistic, mean_squared_gradient
from madatheory.errors import UserError
from madatheory.hparams import Settings
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem
from madatheory.store.cache_key import CacheKey, cache_key_of, canonical, code_of, digest, environment, merged
from madatheory.store.checkpoint import Checkpoint, Tell, checkpoint, in_turns, no_tell
from madatheory.store.checkpoint import discard as discard_states
from madatheory.store.configuration import configuration_of
from madatheory.store.executor import Executor, NotSent
from madatheory.store.files import (
    Report,
    chunks,
    joined,
    marked,
    netcdf,
    parse,
    read,
    unmarked,
    warn,
    write,
)
from madatheory.store.folder import FIGURES, REJECTED, StoredRun, claim, discard, entries, remove, remove_programs
from madatheory.store.reads import watched
from madatheory.store.remote import Remote, is_url

_SPAN = re.compile(r"(?P<first>\d{10})-(?P<last>\d{10})")
_LEAST = 256  # trajectories: fewer would leave threads idle
_UPDATES_PER_SECOND = 2e7  # a low guess, for the size of the first chunk
_UPDATES_OF_A_CORE = 1e8  # a usual one, for chunks of an executor, which are all sent at once


# by identity: what functions of the user were seen to read; compiled once, they do not read again in this process
_SEEN_READING: dict[str, str] = {}


T = TypeVar("T")


class _Work(NamedTuple):
    """A simulation and where it is kept."""

    name: str
    plan: RunPlan
    configuration: str
    folder: Path
    identity: CacheKey
    check: Callable[[], None]
    """`UserError` if the results are malformed or too large; traces the loop, and so is asked only before it runs."""


class _Place(NamedTuple):
    """Where a result is kept, and what it is made from."""

    folder: Path
    configuration: str
    identity: CacheKey


def even_share(count: int, slots: int, most: float) -> int:
    """Of `count` trajectories for one chunk, about `most`, so that all slots end together."""
    rounds = math.ceil(count / (slots * max(1.0, most)))
    return math.ceil(count / (slots * rounds))


class Store:
    """A folder of finished chunks.

    `chunk_seconds` is about how long one chunk takes to compute, so what an interruption can lose; a computation that
    takes a `Checkpoint` keeps its state every `checkpoint_seconds`. With `force` nothing that was there before this
    object is used. `report` gets a line for every file that is not trusted (by default a `StoreWarning`). Several
    threads may use one object. With an `executor` chunks are computed there. `root` may be a URL that fsspec knows
    (s3://bucket/folder): what is needed is fetched from there. `UserError` if the folder cannot be written or is no
    store but holds other files.
    """

    @renamed(piece_seconds="chunk_seconds")
    def __init__(
        self,
        root: str | Path,
        *,
        force: bool = False,
        chunk_seconds: float = 5.0,
        checkpoint_seconds: float = 20.0,
        report: Report = warn,
        executor: Executor | None = None,
    ) -> None:
        self.remote = Remote(str(root)) if is_url(root) else None
        self.root = Path(root) if self.remote is None else self.remote.folder
        self.force = force
        self.chunk_seconds = chunk_seconds
        self.checkpoint_seconds = checkpoint_seconds
        self.report = report
        self.computed = 0  # chunks computed by this object
        self.reused = 0  # chunks found
        self._fresh: set[Path] = set()
        self._refused: set[str] = set()
        self._lock = threading.Lock()
        self._executor = executor
        if self.remote is None:
            claim(root)

    @renamed(seeds="num_trajectories", record="save_at")
    def simulate(
        self,
        problem: Problem,
        optimizer: Optimizer,
        steps: int,
        *,
        num_trajectories: int | range = SIMULATED,
        seed: int = SEED,
        settings: Settings | None = None,
        statistics: Sequence[Statistic] = (mean_squared_gradient,),
        save_at: str | int | Sequence[int] = "final",
        start: Sequence[float] | None = None,
        dtype: str = "float64",
        generator: str = "threefry2x32-20",
        workers: int | None = None,
        progress: Progress | None = None,
    ) -> xr.Dataset:
        """`madatheory.engine.simulate.simulate`, with finished chunks kept and found again."""
        chosen = trajectory_indices(num_trajectories)
        plan = prepare(
            problem,
            optimizer,
            steps,
            seed=seed,
            settings=settings,
            statistics=statistics,
            save_at=save_at,
            start=start,
            dtype=dtype,
            generator=generator,
        )
        spans = range(chosen[0], chosen[-1] + 1)
        name = f"{plan.optimizer.name} on {plan.problem.name}"
        try:
            configuration, identity = configuration_of(plan)
        except UserError as error:
            self._refuse(name, str(error))
            plan.check_memory(len(chosen))
            dataset = plan.trajectories(spans, workers=workers, progress=progress)
        else:
            text = canonical(configuration)
            check = partial(self._watched, name, identity, partial(plan.check_memory, len(chosen)))
            if identity.users:
                check()  # it runs the user's functions, and what they read decides whether something may be found
            work = _Work(name, plan, text, self._folder(name, text), identity, check)
            dataset = self._run(work, spans, workers, progress)
        if chosen.step > 1:
            dataset = dataset.sel(seed=list(chosen))
        warn_if_not_finite(dataset)
        return dataset

    def cached(
        self,
        name: str,
        configuration: Mapping[str, Any],
        compute: Callable[..., xr.Dataset],
        *,
        resumable: bool = False,
        tell: Tell = no_tell,
    ) -> xr.Dataset:
        """The Dataset of `compute()`, computed once per configuration; of `compute(checkpoint)` where it is resumable.

        `configuration` must hold everything that the result depends on besides code; the code is that of the file where
        `compute` is written and of what this file imports.
        """
        try:
            folder, text, identity = self._place(name, configuration, compute)
        except UserError as error:
            self._refuse(name, str(error))
            return parse(netcdf(compute(*[Checkpoint(tell=tell)] * resumable)))
        known = self._found(name, folder, identity)
        found = self._whole(known, text)
        if found is not None:
            return found

        def kept(result: xr.Dataset, label: str) -> bytes:
            result = marked(result, label, text)
            return self._keep(result, folder) if self._may_keep(identity) else netcdf(result)

        def now() -> list[tuple[str, Path]]:
            return chunks(folder, self.report)

        last = None
        if resumable:
            last = checkpoint(
                known,
                lambda path: read(path, text, self.report),
                kept,
                now,
                self.checkpoint_seconds,
                self._remove,
                tell,
            )
        if self._executor is not None:
            compute = partial(_away, partial(self._executor.call, folder.name, name), compute, last)
        elif last is not None:
            compute = partial(compute, last)
        # as it reads back, so that the first call and later ones return the same types
        result = parse(kept(self._watched(name, identity, compute), "whole"))
        discard_states(now() if resumable else (), remove=self._remove)
        self._count(computed=1)
        return unmarked(result)

    def find(self, name: str, configuration: Mapping[str, Any], made_by: Callable[..., Any]) -> xr.Dataset | None:
        """What `keep` has kept for this configuration; the code that counts is that of `made_by`, as in `cached`.

        Nothing is found, or kept, where a function of the user is involved: it may read what no key can know.
        """
        place = self._sure_place(name, configuration, made_by)
        return None if place is None else self._whole(self._chunks(place.folder), place.configuration)

    def keep(self, name: str, configuration: Mapping[str, Any], made_by: Callable[..., Any], found: xr.Dataset) -> None:
        """Keep a result that was made elsewhere, for `find`."""
        place = self._sure_place(name, configuration, made_by)
        if place is not None:
            self._keep(marked(found, "whole", place.configuration), place.folder)

    def entries(self) -> list[StoredRun]:
        """What the store holds, one entry per computation."""
        if self.remote is not None:
            self.remote.fetch_all()
        return entries(self.root)

    def clear(self) -> int:
        """Remove everything that the store holds, and nothing else; returns the number of bytes freed."""
        freed = sum(remove(path) for path in (*(entry.path for entry in self.entries()), self.root / FIGURES))
        if self.remote is not None:
            self.remote.clear()
        return freed + remove_programs(self.root)

    def prune(self, days: float = 30.0) -> int:
        """Remove what was put aside, and computations not used for `days` days; returns the number of bytes freed."""
        if self.remote is not None:
            raise UserError(f"{self.remote.url}: when a run was last used is not known of a URL; clear it without days")
        freed = 0
        for entry in self.entries():
            if time.time() - entry.path.stat().st_mtime > days * 86400:
                freed += remove(entry.path)
                continue
            freed += sum(discard(file) for file in entry.path.glob(f"*{REJECTED}") if file.is_file())
        return freed

    def _count(self, computed: int = 0, reused: int = 0) -> None:
        with self._lock:
            self.computed += computed
            self.reused += reused

    def _folder(self, name: str, configuration: str) -> Path:
        readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "run"
        return self.root / f"{readable}-{digest(configuration)[:20]}"

    def _place(self, name: str, configuration: Mapping[str, Any], made_by: Callable[..., Any]) -> "_Place":
        """Where a result that is no simulation is kept; `UserError` if it cannot be identified."""
        identity = merged([cache_key_of(configuration), code_of(made_by)])
        text = canonical(
            {
                "kind": "cached",
                "name": name,
                "identity": identity.data,
                "sources": identity.sources,
                "environment": environment(),
            }
        )
        return _Place(self._folder(name, text), text, identity)

    def _sure_place(self, name: str, configuration: Mapping[str, Any], made_by: Callable[..., Any]) -> "_Place | None":
        """`_place` of what the package's functions alone make."""
        try:
            place = self._place(name, configuration, made_by)
        except UserError:
            return None
        return None if place.identity.users or place.identity.outside else place

    def _whole(self, known: Sequence[tuple[str, Path]], configuration: str) -> xr.Dataset | None:
        """The finished result among the files of a folder."""
        for label, path in known:
            if label == "whole" and (found := read(path, configuration, self.report)) is not None:
                self._count(reused=1)
                return unmarked(found)
        return None

    def _refuse(self, name: str, why: str) -> None:
        """Say once that something is not kept."""
        with self._lock:
            known = why in self._refused
            self._refused.add(why)
        if not known:
            self.report(f"{name}: not kept in the store, every run computes it anew: {why}")

    def _watched(self, name: str, identity: CacheKey, compute: Callable[[], T]) -> T:
        """`compute()`; what functions of the user read meanwhile makes that this is not kept."""
        if not identity.users or identity.outside:
            return compute()
        with watched(self.root) as reads:
            found = compute()
        if reads:
            _SEEN_READING[digest(canonical(identity.data))] = f"it reads {reads.in_words()} while it runs"
            self._refuse(name, _SEEN_READING[digest(canonical(identity.data))])
        return found

    def _may_keep(self, identity: CacheKey) -> bool:
        return not identity.outside and not (identity.users and digest(canonical(identity.data)) in _SEEN_READING)

    def _found(self, name: str, folder: Path, identity: CacheKey) -> list[tuple[str, Path]]:
        """The chunks of a computation; none, and the reason is said, if it takes something from outside."""
        if self._may_keep(identity):
            return self._chunks(folder)
        seen = _SEEN_READING.get(digest(canonical(identity.data)))
        for why in identity.outside or ([seen] if seen else []):
            self._refuse(name, why)
        return []

    def _chunks(self, folder: Path) -> list[tuple[str, Path]]:
        with self._lock:
            if self.remote is not None:
                self.remote.fetch(folder)
            found = chunks(folder, self.report)
            if self.force and folder not in self._fresh:
                for _, path in found:
                    self._remove(path)
                found = []
            self._fresh.add(folder)
        with contextlib.suppress(OSError):
            os.utime(folder)  # when it was last of use, for `prune`
        return found

    def _keep(self, chunk: xr.Dataset, folder: Path) -> bytes:
        if not self.root.is_dir():
            self.report(f"{self.root} was removed meanwhile; it is made anew, and what it held is computed again")
            claim(self.root)
        file, data = write(chunk, folder)
        if self.remote is not None:
            self.remote.send(file)
        return data

    def _remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        if self.remote is not None:
            self.remote.remove(path)

    def _run(
        self,
        work: "_Work",
        trajectories: range,
        workers: int | None,
        progress: Progress | None,
    ) -> xr.Dataset:
        name, plan, configuration, folder, identity, check = work
        names = [(_SPAN.fullmatch(label), path) for label, path in self._found(name, folder, identity)]
        spans = [(int(span["first"]), int(span["last"]), path) for span, path in names if span]
        missing: list[range] = []  # chunks for the executor
        per_seed = plan.grid.points * int(plan.times[-1]) * plan.problem.dimension
        least = max(1, _LEAST // plan.grid.points)
        size = max(least, round(self.chunk_seconds * _UPDATES_PER_SECOND / per_seed))
        if self._executor is not None:
            size = even_share(
                len(trajectories), self._executor.slots, self.chunk_seconds * _UPDATES_OF_A_CORE / per_seed
            )
            size = max(least, size)
        parts: list[xr.Dataset] = []
        position = trajectories.start
        while position < trajectories.stop:
            before = (position - trajectories.start) * per_seed
            part = None
            covering = [span for span in spans if span[0] <= position <= span[1]]
            if covering:
                span = max(covering, key=lambda s: s[1])
                part = read(span[2], configuration, self.report)
                if part is None:
                    spans.remove(span)
                    continue
                self._count(reused=1)
                end = min(span[1] + 1, trajectories.stop)
            else:
                following = [span[0] for span in spans if span[0] > position]
                end = min([position + size, trajectories.stop, *following])
                if self._executor is not None:
                    missing.append(range(position, end))
                    position = end
                    continue
                check()
                tell = None if progress is None else _shifted(progress, before, len(trajectories) * per_seed)
                began = time.perf_counter()
                compute = partial(plan.trajectories, range(position, end), workers=workers, progress=tell)
                part = self._watched(name, identity, compute)
                seconds = time.perf_counter() - began
                part = marked(part, f"{position:010d}-{end - 1:010d}", configuration)
                if self._may_keep(identity):
                    self._keep(part, folder)
                self._count(computed=1)
                size = max(least, int((end - position) * min(8.0, self.chunk_seconds / max(seconds, 1e-3))))
            parts.append(unmarked(part).sel(seed=slice(position, end - 1)))
            position = end
            if progress is not None:
                progress((position - trajectories.start) * per_seed, len(trajectories) * per_seed)
        if missing and self._executor is not None:
            check()
            parts += self._elsewhere(self._executor, work, missing, progress)
            parts.sort(key=lambda part: int(part.seed[0]))
        return joined(parts)

    def _elsewhere(
        self, executor: Executor, work: "_Work", missing: list[range], progress: Progress | None
    ) -> list[xr.Dataset]:
        """The missing chunks from an executor, each kept as soon as it comes."""
        parts: list[xr.Dataset] = []
        total = sum(map(len, missing))

        def done(span: range, part: xr.Dataset) -> None:
            part = marked(part, f"{span[0]:010d}-{span[-1]:010d}", work.configuration)
            if self._may_keep(work.identity):
                self._keep(part, work.folder)
            self._count(computed=1)
            parts.append(unmarked(part))

        def alive() -> None:
            if progress is not None:
                progress(sum(part.sizes["seed"] for part in parts), total)

        executor.chunks(work.folder.name, work.name, work.plan, missing, done, alive)
        return parts


def _away(call: Callable[..., Any], compute: Callable[..., xr.Dataset], last: Checkpoint | None) -> xr.Dataset:
    """The result from a worker; what cannot be sent, such as a function that holds a store, is computed here."""
    try:
        return call(compute) if last is None else in_turns(call, compute, last)
    except NotSent:
        return compute() if last is None else compute(last)


def _shifted(progress: Progress, before: int, total: int) -> Progress:
    return lambda done, of: progress(before + done, total)
