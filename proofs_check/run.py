"""Asks every method about every statement, in several processes, and gives what they answer as it comes."""

import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed

from madatheory import processes
from madatheory.errors import Missing, UserError, unknown
from proofs_check.evidence import Check, Evidence, Finding
from proofs_check.methods import METHODS, method
from proofs_check.statements import Statement, statements

Answer = tuple[Finding | None, float, str, bool]  # finding, seconds, problem, missing
Report = Callable[[float, float, str], None]


def select(
    names: Sequence[str] = (), methods: Sequence[str] = (), own: Sequence[Statement] = ()
) -> tuple[list[Statement], list[str]]:
    """Rows by name or label, and methods; `UserError` names what is unknown.

    Without a name: the user's `own` rows, all if there are none. Without a method: all.
    """
    rows = {**statements(), **{row.name: row for row in own}}
    chosen = [] if names else list(own)
    for name in names:
        found = [row for row in rows.values() if name in (row.name, row.label)]
        if not found:
            raise unknown("statement", name, [*rows, *{row.label for row in rows.values()}])
        chosen += found
    for name in methods:
        if name not in METHODS:
            raise unknown("method", name, METHODS)
    return list(dict.fromkeys(chosen)) or list(rows.values()), list(dict.fromkeys(methods)) or list(METHODS)


def questions(rows: Sequence[Statement], methods: Sequence[str]) -> dict[str, list[Check]]:
    """The checks of every method about these statements; `UserError` for one about no statement."""
    wanted = {row.name for row in rows}
    found = {}
    for name in methods:
        checks, keys = list(method(name).checks()), set()
        for check in checks:
            if check.statement not in statements():
                raise UserError(f"proofs_check.{name} has a check of {check.statement!r}, which is no statement")
            if key_of(check) in keys:
                raise UserError(f"proofs_check.{name} has two checks {key_of(check)}: name their parts")
            keys.add(key_of(check))
        found[name] = [check for check in checks if check.statement in wanted]
    return found


def key_of(check: Check) -> tuple[str, str, bool]:
    """What tells a check from the others of its method, also in another process."""
    return check.statement, check.part, check.false


def answer(check: Check) -> Answer:
    """The finding of a check; whatever it raises is a problem, and a missing tool one of its own kind."""
    began = time.perf_counter()
    finding, problem, missing = None, "", False
    try:
        finding = check.decide()
    except Missing as error:
        problem, missing = str(error), True
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        problem = f"{type(error).__name__}: {error} ({os.path.basename(where.filename)}:{where.lineno})"
    return finding, time.perf_counter() - began, problem, missing


def _answers(name: str, keys: Sequence[tuple[str, str, bool]]) -> list[Answer]:
    checks = {key_of(check): check for check in method(name).checks()}
    return [answer(checks[key]) for key in keys]


def evidence(
    rows: Sequence[Statement], methods: Sequence[str], workers: int | None = None, report: Report | None = None
) -> Iterator[Evidence]:
    """Every check about `rows` decided, in the order in which they end. `workers` 0: in this process."""
    asked = questions(rows, methods)
    total = sum(map(len, asked.values()))
    for done, (name, check, (finding, seconds, problem, missing)) in enumerate(_decided(asked, workers), 1):
        if report is not None:
            report(done, total, f"{name}: {check.statement}")
        yield Evidence(name, check, finding, seconds, problem, missing)


def _decided(asked: Mapping[str, list[Check]], workers: int | None) -> Iterator[tuple[str, Check, Answer]]:
    if workers == 0:
        for name, checks in asked.items():
            for check in checks:
                yield name, check, answer(check)
        return
    count = workers or min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2)
    context, others = multiprocessing.get_context("spawn"), set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=processes.end_with_parent)
    try:
        waiting: dict[Future[list[Answer]], tuple[str, list[Check]]] = {}
        # the longest first: a proof checker builds all its files for its first question
        for name in sorted(asked, key=lambda name: getattr(method(name), "SECONDS", 0), reverse=True):
            groups = [asked[name]] if getattr(method(name), "TOGETHER", False) else [[check] for check in asked[name]]
            for group in filter(None, groups):
                with processes.shielded():
                    future = pool.submit(_answers, name, [key_of(check) for check in group])
                waiting[future] = (name, group)
        for future in as_completed(waiting):
            name, group = waiting[future]
            for check, found in zip(group, future.result(), strict=True):
                yield name, check, found
    except BaseException:  # also of whoever asks; no answer is waited for, and no proof checker goes on
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in set(multiprocessing.active_children()) - others:
            processes.stop(worker.pid)
        raise
    pool.shutdown()
