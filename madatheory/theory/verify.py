"""Every theorem on every problem: one simulation per method and setting, shared by all theorems about it."""

import itertools
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from madatheory.defaults import CONFIDENCE, SEED, STEPS, TRAJECTORIES
from madatheory.deprecated import renamed
from madatheory.engine.arguments import MAX_STEPS, check_steps, problems_of, record_times
from madatheory.engine.noise_tree import enumerate_tree
from madatheory.engine.simulate import simulate
from madatheory.engine.statistic import iterate
from madatheory.errors import LostWork, UserError, unknown
from madatheory.hparams import Grid, Settings, check_mapping, hypers, override, whole
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.audit.declared import check_declared
from madatheory.problems.audit.promises import broken_at_samples, broken_at_visited
from madatheory.problems.problem import Problem
from madatheory.sources import version_of
from madatheory.statistics.confidence import check_confidence
from madatheory.store.cache_key import fingerprint
from madatheory.theory.catalogue import theorems_of
from madatheory.theory.evaluate import failure_probability, largest, right_side
from madatheory.theory.kept_verdicts import Keeper, kept_verdicts
from madatheory.theory.theorem import Setting, Theorem
from madatheory.theory.verdict import Verdict, comparisons_per_setting, deterministic, judge, statistics_of

Simulate = Callable[..., xr.Dataset]
EXACT_STEPS, EXACT_HISTORIES = 10, 2**16
AUDIT = 0.01
"""Share of the failure probability, on top of the verdicts', with which honest problems are called broken."""
MOST_ITERATES = 2**24
"""Coordinates of iterates that a simulation may keep for the audit; where they would be more it keeps none."""


class SharedRun(NamedTuple):
    """One simulation: theorems about the same method at the same hyper-parameters, on one problem."""

    problem: Problem
    optimizer: Optimizer
    grid: Grid
    theorems: tuple[Theorem, ...]


def shared_runs(
    theorems: Sequence[Theorem], problems: Sequence[Problem], settings: Settings | None = None
) -> list[SharedRun]:
    """Group theorems that can share a simulation: their methods compute the same, at the same hyper-parameters.

    These are the theorems' own, overridden by those of `settings` that the method has.
    """
    grouped: dict[Any, SharedRun] = {}
    same: dict[str, Optimizer] = {}  # one object per method, so that the engine compiles it once
    methods = [same.setdefault(fingerprint(m), m) for m in [theorem.method() for theorem in theorems]]
    grids = [m.grid(override(t.settings, settings, m.parameters)) for t, m in zip(theorems, methods, strict=True)]
    for problem in problems:
        for theorem, optimizer, grid in zip(theorems, methods, grids, strict=True):
            key = (id(problem), id(optimizer), repr(grid))
            job = grouped.get(key, SharedRun(problem, optimizer, grid, ()))
            grouped[key] = job._replace(theorems=(*job.theorems, theorem))
    return list(grouped.values())


def _refuse_unknown(settings: Settings | None, theorems: Sequence[Theorem]) -> None:
    """`UserError` for a hyper-parameter that no theorem's method has."""
    check_mapping(settings, "a mapping of hyper-parameters, for example {'beta2': [0.9, 0.99]}")
    known = {name for theorem in theorems for name in theorem.method().parameters}
    for name in settings or ():
        if name not in known:
            raise unknown("hyper-parameter", str(name), known)


def _refuse_repeated(kind: str, names: Sequence[str]) -> None:
    """Verdicts are told apart by names."""
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"two {kind}s are called {name!r}: give each once, and a name of its own")


def _check_formulas(theorem: Theorem, setting: Setting, times: np.ndarray) -> None:
    """Evaluate before any long work what needs no measurement; `UserError` where it is no number."""
    times = times[-1:] if theorem.at == "final" else times
    right_side(theorem, setting, times)
    if theorem.kind == "probability":
        failure_probability(theorem, setting)
    sampled = not (deterministic(setting.problem) or exact(setting.problem, setting.steps))
    for level in theorem.measured:
        if level.highest is not None or (theorem.kind == "expectation" and sampled):
            largest(theorem, level, setting, times)


def _ended(run: "Future[xr.Dataset]") -> xr.Dataset | LostWork:
    """What a simulation gave, or why it was given up."""
    try:
        return run.result()
    except LostWork as error:
        return error


class _Stopped(Exception):
    """Ends the jobs that run beside one that failed, or was interrupted."""


def exact(problem: Problem, steps: int) -> bool:
    """Whether a run has at most `EXACT_STEPS` steps and its noise tree at most `EXACT_HISTORIES` histories."""
    atoms = problem.oracle.atoms
    return (
        steps <= EXACT_STEPS
        and atoms is not None
        and len(atoms.values) ** (problem.oracle.entries * steps) <= EXACT_HISTORIES
    )


def _applicable(job: SharedRun, steps: int) -> list[Theorem]:
    """The theorems of a job that apply at one of its settings."""
    points = list(hypers(job.grid))
    return [
        theorem
        for theorem in job.theorems
        if any(not theorem.reasons(Setting(job.problem, job.optimizer, hyper, steps)) for hyper in points)
    ]


@renamed(seeds="num_trajectories", records="save_at")
def verify(
    theorems: Theorem | str | Sequence[Theorem | str],
    problems: Problem | str | Sequence[Problem | str],
    *,
    steps: int = STEPS,
    num_trajectories: int = TRAJECTORIES,
    seed: int = SEED,
    confidence: float = CONFIDENCE,
    save_at: int = 6,
    settings: Settings | None = None,
    run: Simulate = simulate,
    keeper: Keeper | None = None,
    at_once: int | None = None,
    progress: Callable[[float, int, str], None] | None = None,
) -> list[Verdict]:
    """Verdicts for every theorem on every problem, all of them right together with probability `confidence`.

    Both may be given by name ("avgrad-rate", "ratio:d=3"), theorems also by label ("T5"), one or a list of any mixture.
    Up to `EXACT_STEPS` steps, where the noise has finitely many values and the tree of its histories is small, the
    expectations are exact. `settings` overrides the theorems' default hyper-parameters (sequences become grids); `run`
    is `simulate` or a store's cached form of it, and `at_once` says how many are run at a time (without: one per core);
    where it raises `LostWork` the verdict is "inconclusive" and the rest goes on. Sides are compared at `save_at`
    geometrically spaced steps. Theorems that do not apply get the reason and cost nothing. `progress` is called with
    (simulations done, of how many, which), from several threads. With a store as `keeper` verdicts on the package's
    problems by its theorems are kept, and found when the same is asked again.

    What a problem promises (constants, unbiased gradients, their second moment, the noise's law) is checked at sampled
    points and at those that the runs came to; where a promise is broken every theorem that applies is "violated". An
    honest problem is called broken with probability at most (1 - `confidence`)/100. Malformed problems: `UserError`.
    """
    theorems, problems = theorems_of(theorems), problems_of(problems)
    steps, seed = check_steps(steps), whole("seed", seed, 0, 2**32 - 1)
    num_trajectories = whole("num_trajectories", num_trajectories, 0, 2**32)
    save_at = whole("save_at (number of times)", save_at, 1, MAX_STEPS)
    check_confidence(confidence)
    if num_trajectories < 2:
        raise UserError(f"num_trajectories = {num_trajectories}: a confidence statement needs at least 2")
    if not theorems or not problems:
        raise UserError("nothing to verify: give at least one theorem and one problem")
    _refuse_repeated("theorem", [theorem.name for theorem in theorems])
    _refuse_repeated("problem", [problem.name for problem in problems])
    _refuse_unknown(settings, theorems)
    work = shared_runs(theorems, problems, settings)
    times = record_times(steps, save_at)
    plan = [
        (theorem, Setting(job.problem, job.optimizer, hyper, steps))
        for job in work
        for theorem, hyper in itertools.product(job.theorems, hypers(job.grid))
    ]
    plan = [(theorem, setting) for theorem, setting in plan if not theorem.reasons(setting)]
    claims = sum(comparisons_per_setting(theorem, len(times)) for theorem, _ in plan)
    verdicts, nothing = list[Verdict](), xr.Dataset()
    applicable = {id(job): _applicable(job, steps) for job in work}
    needed: dict[Any, list[Theorem]] = {}  # jobs that differ in settings alone measure the same and share a compilation
    for job in work:
        needed.setdefault((id(job.problem), id(job.optimizer)), []).extend(applicable[id(job)])
    audited = {id(job.problem): job.problem for job in work if applicable[id(job)]}
    audit = (AUDIT * (1 - confidence) / (2 * max(len(audited), 1)), seed)  # before and after the runs
    asked = {
        "settings": settings,
        "times": times,
        "numbers": [steps, num_trajectories, seed, confidence, claims, *audit],
        "scipy": version_of("scipy"),
    }
    kept = None if keeper is None else kept_verdicts(keeper, theorems, asked, made_by=verify)
    earlier = {key: kept.find(problem) for key, problem in audited.items()} if kept else {}
    known = {key: found for key, found in earlier.items() if found is not None}
    for problem in audited.values():
        if id(problem) not in known:
            check_declared(problem)
    for theorem, setting in plan:
        if id(setting.problem) not in known:
            _check_formulas(theorem, setting, times)
    for group in needed.values():
        statistics_of(group, iterate)  # refuses one name for two that differ
    share = [0.0] * len(work)  # of each job that is done
    stop = threading.Event()

    def measured(number: int) -> xr.Dataset:
        job = work[number]

        def within(done: int, total: int) -> None:
            if stop.is_set():
                raise _Stopped
            share[number] = done / max(total, 1)
            if progress is not None:
                progress(sum(share), len(work), f"{job.optimizer.name} on {job.problem.name}")

        within(0, 1)
        if id(job.problem) in known:
            within(1, 1)
            return nothing
        if not applicable[id(job)] or before[id(job.problem)].result():
            return nothing
        iterates = num_trajectories * len(times) * job.problem.dimension * job.grid.points
        audited_too = (iterate,) if iterates <= MOST_ITERATES else ()
        measure = {
            "settings": job.grid,
            "statistics": statistics_of(needed[id(job.problem), id(job.optimizer)], *audited_too),
            "save_at": times,
        }
        if exact(job.problem, steps):
            return enumerate_tree(job.problem, job.optimizer, steps, **measure)
        return run(
            job.problem, job.optimizer, steps, num_trajectories=num_trajectories, seed=seed, progress=within, **measure
        )

    # most of a small job is compilation, which runs on one core: so several jobs at a time
    with ThreadPoolExecutor(at_once or os.cpu_count() or 1) as pool:
        before = {
            key: pool.submit(broken_at_samples, problem, *audit) for key, problem in audited.items() if key not in known
        }
        futures = [pool.submit(measured, number) for number in range(len(work))]
        try:
            for key, numbers in itertools.groupby(range(len(work)), key=lambda number: id(work[number].problem)):
                ended = {number: _ended(futures[number]) for number in numbers}
                if key in known:
                    verdicts += known[key]
                    continue
                made_here = len(verdicts)
                runs = {number: data for number, data in ended.items() if isinstance(data, xr.Dataset)}
                broken = []
                if key in audited:
                    broken = before[key].result() or broken_at_visited(audited[key], list(runs.values()), *audit)
                for number, data in ended.items():
                    share[number] = 1.0
                    job = work[number]
                    for theorem, hyper in itertools.product(job.theorems, hypers(job.grid)):
                        if isinstance(data, LostWork):
                            about = (theorem.name, theorem.label, job.problem.name, job.optimizer.name, hyper)
                            verdicts.append(Verdict(*about, "inconclusive", str(data), confidence, 0, steps))
                            continue
                        at = {str(name): hyper[str(name)] for name in data.dims if name in hyper}
                        found = data.sel(at) if at else data
                        about = (theorem, job.problem, job.optimizer, hyper, found)
                        limits = {"steps": steps, "confidence": confidence, "claims": claims}
                        verdicts.append(judge(*about, **limits, broken="; ".join(broken)))
                if kept and key in audited and len(runs) == len(ended):  # no work was lost
                    kept.keep(audited[key], verdicts[made_here:])
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if progress is not None:
        progress(len(work), len(work), "")
    return verdicts
