"""The store: finished pieces of computations, found again by what they compute.

A simulation is cut into pieces over its trajectories, whose numbers do not depend on the cut. Every finished piece is a
file of its own, so an interrupted run goes on where it was, and a run with more trajectories uses those it has. Several
processes may use one store: files appear whole, under names that contain their checksum, and are never changed.
"""

import contextlib
import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import xarray as xr

from madatheory.engine.grid import trajectory_indices
from madatheory.engine.simulate import Plan, Progress, prepare, warn_if_not_finite
from madatheory.engine.statistic import Statistic, mean_squared_gradient
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem
from madatheory.store.files import (
    CONFIGURATION,
    LABEL,
    Report,
    marked,
    parse,
    pieces,
    read,
    warn,
    write,
)
from madatheory.store.folder import FIGURES, REJECTED, Entry, claim, discard, entries, remove
from madatheory.store.identity import canonical, closure_of_imports, code_of, describe, digest, environment

_ENGINE = Path(__file__).resolve().parent.parent / "engine"
_SPAN = re.compile(r"(?P<first>\d{10})-(?P<last>\d{10})")
_LEAST = 256  # trajectories: fewer would leave threads idle
_UPDATES_PER_SECOND = 2e7  # a low guess, for the size of the first piece


class Store:
    """A folder of finished pieces.

    `piece_seconds` is about how long one piece takes to compute, so what an interruption can lose. With `force` nothing
    that was there before this object is used. `report` gets a line for every file that is not trusted (by default a
    `StoreWarning`). Several threads may use one object. `UserError` if the folder cannot be written or is no store but
    holds other files.
    """

    def __init__(
        self, root: str | Path, *, force: bool = False, piece_seconds: float = 5.0, report: Report = warn
    ) -> None:
        self.root = Path(root)
        self.force = force
        self.piece_seconds = piece_seconds
        self.report = report
        self.computed = 0  # pieces computed by this object
        self.reused = 0  # pieces found
        self._fresh: set[Path] = set()
        self._lock = threading.Lock()
        claim(root)

    def simulate(
        self,
        problem: Problem,
        optimizer: Optimizer,
        steps: int,
        *,
        seeds: int | range = 64,
        seed: int = 0,
        settings: Mapping[str, float | Sequence[float]] | None = None,
        statistics: Sequence[Statistic] = (mean_squared_gradient,),
        record: str | int | Sequence[int] = "final",
        start: Sequence[float] | None = None,
        dtype: str = "float64",
        generator: str = "threefry2x32-20",
        workers: int | None = None,
        progress: Progress | None = None,
    ) -> xr.Dataset:
        """`madatheory.engine.simulate.simulate`, with finished pieces kept and found again."""
        chosen = trajectory_indices(seeds)
        plan = prepare(
            problem,
            optimizer,
            steps,
            seed=seed,
            settings=settings,
            statistics=statistics,
            record=record,
            start=start,
            dtype=dtype,
            generator=generator,
        )
        plan.check_memory(len(chosen))
        configuration = canonical(configuration_of(plan))
        folder = self._folder(f"{optimizer.name}-on-{problem.name}", configuration)
        dataset = self._run(plan, range(chosen[0], chosen[-1] + 1), folder, configuration, workers, progress)
        if chosen.step > 1:
            dataset = dataset.sel(seed=list(chosen))
        warn_if_not_finite(dataset)
        return dataset

    def cached(self, name: str, configuration: Mapping[str, Any], compute: Callable[[], xr.Dataset]) -> xr.Dataset:
        """The Dataset of `compute()`, computed once per configuration.

        `configuration` must hold everything that the result depends on besides code; the code is that of the file where
        `compute` is written and of what this file imports.
        """
        data, sources = describe(configuration)
        code, more = code_of(compute)
        text = canonical(
            {
                "kind": "cached",
                "name": name,
                "configuration": data,
                "code": code,
                "sources": {**sources, **more},
                "environment": environment(),
            }
        )
        folder = self._folder(name, text)
        for label, path in self._pieces(folder):
            if label == "whole" and (found := read(path, text, self.report)) is not None:
                self._count(reused=1)
                return _unmarked(found)
        # as it reads back, so that the first call and later ones return the same types
        result = parse(self._keep(marked(compute(), "whole", text), folder))
        self._count(computed=1)
        return _unmarked(result)

    def entries(self) -> list[Entry]:
        """What the store holds, one entry per computation."""
        return entries(self.root)

    def clear(self) -> int:
        """Remove everything that the store holds, and nothing else; returns the number of bytes freed."""
        return sum(remove(path) for path in (*(entry.path for entry in self.entries()), self.root / FIGURES))

    def prune(self, days: float = 30.0) -> int:
        """Remove what was put aside, and computations not used for `days` days; returns the number of bytes freed."""
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

    def _pieces(self, folder: Path) -> list[tuple[str, Path]]:
        with self._lock:
            found = pieces(folder, self.report)
            if self.force and folder not in self._fresh:
                for _, path in found:
                    path.unlink(missing_ok=True)
                found = []
            self._fresh.add(folder)
        with contextlib.suppress(OSError):
            os.utime(folder)  # when it was last of use, for `prune`
        return found

    def _keep(self, piece: xr.Dataset, folder: Path) -> bytes:
        if not self.root.is_dir():
            self.report(f"{self.root} was removed meanwhile; it is made anew, and what it held is computed again")
            claim(self.root)
        return write(piece, folder)

    def _run(
        self,
        plan: Plan,
        seeds: range,
        folder: Path,
        configuration: str,
        workers: int | None,
        progress: Progress | None,
    ) -> xr.Dataset:
        names = [(_SPAN.fullmatch(label), path) for label, path in self._pieces(folder)]
        spans = [(int(name["first"]), int(name["last"]), path) for name, path in names if name]
        per_seed = plan.grid.points * int(plan.times[-1]) * plan.problem.dimension
        least = max(1, _LEAST // plan.grid.points)
        size = max(least, round(self.piece_seconds * _UPDATES_PER_SECOND / per_seed))
        parts: list[xr.Dataset] = []
        position = seeds.start
        while position < seeds.stop:
            before = (position - seeds.start) * per_seed
            part = None
            covering = [span for span in spans if span[0] <= position <= span[1]]
            if covering:
                span = max(covering, key=lambda s: s[1])
                part = read(span[2], configuration, self.report)
                if part is None:
                    spans.remove(span)
                    continue
                self._count(reused=1)
                end = min(span[1] + 1, seeds.stop)
            else:
                following = [span[0] for span in spans if span[0] > position]
                end = min([position + size, seeds.stop, *following])
                tell = None if progress is None else _shifted(progress, before, len(seeds) * per_seed)
                began = time.perf_counter()
                part = plan.trajectories(range(position, end), workers=workers, progress=tell)
                seconds = time.perf_counter() - began
                part = marked(part, f"{position:010d}-{end - 1:010d}", configuration)
                self._keep(part, folder)
                self._count(computed=1)
                size = max(least, int((end - position) * min(8.0, self.piece_seconds / max(seconds, 1e-3))))
            parts.append(_unmarked(part).sel(seed=slice(position, end - 1)))
            position = end
            if progress is not None:
                progress((position - seeds.start) * per_seed, len(seeds) * per_seed)
        return _joined(parts)


def configuration_of(plan: Plan) -> dict[str, Any]:
    """Everything but the trajectories that the numbers of a run depend on, as plain data."""
    problem, optimizer = plan.problem, plan.optimizer
    sources = closure_of_imports([_ENGINE / "simulate.py"])
    identified: dict[str, str] = {}
    parts = {
        "problem": replace(problem, summary=""),
        "optimizer": [optimizer.init, optimizer.step, optimizer.observe, optimizer.traits],
        "statistics": plan.statistics,
    }
    for name, part in parts.items():
        data, more = describe(part)
        identified[name] = digest(canonical(data))
        sources |= more
    return {
        "kind": "simulate",
        "problem": {"name": problem.name, "parameters": describe(dict(problem.parameters))[0], "d": problem.dimension},
        "optimizer": {"name": optimizer.name, "traits": describe(dict(optimizer.traits))[0]},
        "statistics": [[s.name, s.formula] for s in plan.statistics],
        "grid": {"axes": plan.grid.axes, "fixed": plan.grid.fixed, "order": list(plan.grid.axes)},
        "steps": plan.steps,
        "times": [int(t) for t in plan.times],
        "start": [float(x) for x in plan.start],
        "seed": plan.seed,
        "dtype": plan.dtype,
        "generator": plan.generator,
        "objects": identified,
        "sources": sources,
        "environment": environment(),
    }


def _shifted(progress: Progress, before: int, total: int) -> Progress:
    return lambda done, of: progress(before + done, total)


def _unmarked(dataset: xr.Dataset) -> xr.Dataset:
    plain = dataset.copy(deep=False)
    plain.attrs.pop(LABEL, None)
    return plain


def _joined(parts: list[xr.Dataset]) -> xr.Dataset:
    if len(parts) == 1:
        return parts[0]
    joined = xr.concat(
        parts, "seed", data_vars="minimal", coords="minimal", compat="override", join="exact", combine_attrs="override"
    )
    differing = {
        name: " | ".join(sorted({str(part.attrs.get(name)) for part in parts}))
        for name, value in parts[0].attrs.items()
        if name != CONFIGURATION and any(str(part.attrs.get(name)) != str(value) for part in parts)
    }
    return joined.assign_attrs(differing)
