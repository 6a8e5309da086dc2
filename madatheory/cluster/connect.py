"""A Dask cluster as the store's executor: connecting, sending chunks, and going on when something dies."""

import contextlib
import hashlib
import logging
import threading
import time
import warnings
from asyncio import CancelledError
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import xarray as xr

from madatheory.cluster.pickling import dumps
from madatheory.cluster.sameness import PROCESSOR, compare, sameness
from madatheory.cluster.work import called, chunk, parts_of
from madatheory.engine.simulate import RunPlan
from madatheory.errors import LostWork, UserError, needs
from madatheory.hparams import whole
from madatheory.store.executor import Compute

with needs("--cluster"):
    import dask.config
    import distributed
    from distributed.client import FutureCancelledError
    from distributed.scheduler import KilledWorker

DEATHS = 2
"""Workers of `local:N` that may die on a chunk before it is computed alone, and as many then before it is given up; of
a scheduler elsewhere see docs/cluster.md."""
PATIENCE = 60.0
"""Seconds for a scheduler that is started again, and for the first or a new worker."""
ANSWER = 10.0
"""Seconds for a scheduler to answer at first."""
_LEAST_LOOK, _MOST_LOOK = 0.005, 0.25


@contextmanager
def cluster(address: str, *, report: Callable[[str], None] = print) -> Iterator["Cluster"]:
    """The cluster at a scheduler's address (tcp://host:8786), or `local:N` processes of this machine, until the end.

    `report` gets a line about what is no error. `UserError` if there is no scheduler, no worker, or a worker that has
    not what the client has.
    """
    number = address.removeprefix("local:")
    count = 0
    if address.startswith("local:"):
        count = whole("--cluster local:N", int(number) if number.isdecimal() else number, 1, 1024)
    elif "://" not in address:
        raise UserError(f"--cluster {address}: give a scheduler's address, tcp://HOST:8786, or local:N")
    ours = sameness()
    with contextlib.ExitStack() as stack:
        if count:
            address = stack.enter_context(_local(count))
        connected = Cluster(address, ours, report)
        stack.callback(connected.close)
        connected.examine()
        yield connected


@contextmanager
def _local(count: int) -> Iterator[str]:
    """A scheduler in this process and so many workers in processes of their own, one thread each."""
    settings = {
        "distributed.scheduler.allowed-failures": DEATHS - 1,
        "distributed.worker.memory.terminate": False,
        "distributed.deploy.lost-worker-timeout": "1h",  # of Dask's 15 s a busy machine starts no worker again
        "distributed.admin.tick.limit": "1h",  # compiling holds the interpreter for seconds, which is no fault
    }
    with dask.config.set(settings), contextlib.ExitStack() as stack:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a disk is slow, which is nobody's mistake
            try:
                made = distributed.LocalCluster(
                    n_workers=count,
                    threads_per_worker=1,
                    memory_limit=None,
                    dashboard_address=None,  # type: ignore[arg-type]
                    silence_logs=logging.CRITICAL,
                )
            except RuntimeError as error:
                raise UserError(
                    f"--cluster local:{count}: a worker process ended while it was started ({error}); is there memory "
                    f"for {count}? Give fewer, or run the same command again"
                ) from error
            local = stack.enter_context(made)
        yield str(local.scheduler_address)  # pyright: ignore[reportAttributeAccessIssue]  # a class that may be awaited


class Cluster:
    """The executor of a store (`madatheory.store.executor`) on the workers of one scheduler."""

    def __init__(self, address: str, ours: Mapping[str, str], report: Callable[[str], None]) -> None:
        self.address = address
        self._ours = dict(ours)
        self._report = report
        self._lock = threading.Lock()
        self.lost: list[str] = []
        """What was given up, in words."""
        self._asked, self._known = float("-inf"), dict[str, Any]()
        self._client = self._connected(ANSWER)

    @property
    def slots(self) -> int:
        """Threads of all workers."""
        return max(1, sum(worker["nthreads"] for worker in self._workers().values()))

    @property
    def workers(self) -> int:
        """How many there are now."""
        return len(self._workers())

    def shown(self, report: Callable[[float, float, str], None]) -> Callable[[float, float, str], None]:
        """A report of progress that also says how many workers there are."""
        return lambda done, total, what: report(done, total, f"{what} [{self.workers} workers]".strip())

    def examine(self) -> None:
        """`UserError` unless there is a worker within `PATIENCE` and all have what this process has."""
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise UserError(
                f"--cluster {self.address}: it has no worker; start some, or wait until they run"
            ) from error

        def ask() -> dict[str, str]:  # sent as code: a worker without the package can say so
            try:
                from madatheory.cluster.sameness import sameness
            except ImportError as error:
                return {"missing": str(error)}
            return sameness()

        self._asked = float("-inf")
        processors = set()
        answers: Any = self._client.run(ask, on_error="return")
        for worker, theirs in answers.items():
            if isinstance(theirs, OSError):  # it died before it answered; each task compares again
                continue
            if isinstance(theirs, Exception):
                raise theirs
            if "missing" in theirs:
                raise UserError(
                    f"worker {worker} has not this madatheory ({theirs['missing']}): install the same version there, "
                    "pip install 'madatheory[sim,cluster]', and start it anew"
                )
            compare(worker, theirs, self._ours)
            processors.add(theirs[PROCESSOR])
        if processors - {self._ours[PROCESSOR]}:
            self._report("workers have another kind of processor: the last digits of results may not be those of here")

    def chunks(
        self,
        key: str,
        name: str,
        plan: RunPlan,
        spans: Sequence[range],
        done: Callable[[range, xr.Dataset], None],
        alive: Callable[[], None],
    ) -> None:
        """See `Executor`. `LostWork` names the chunks on which workers died, after all others have been kept."""
        what, how = dumps(name, plan[:3]), dumps(name, plan[3:])  # runs of one method share what a worker compiles
        tasks = {
            f"{key}-{span.start:010d}-{span.stop - 1:010d}": (
                span,
                (chunk, what, how, span.start, span.stop, self._ours),
            )
            for span in spans
        }
        lost = self._compute({key: task for key, (_, task) in tasks.items()}, lambda k, v: done(tasks[k][0], v), alive)
        if lost:
            which = ", ".join(f"trajectories {tasks[k][0].start} to {tasks[k][0].stop - 1}" for k, _ in lost)
            raise self._given_up(
                f"{name}, {which}: {lost[0][1]} workers that computed this chunk died one after the other; all "
                "else is kept. Give workers more memory, or see their logs; the same command then computes the rest"
            )

    def calls(
        self,
        computations: Mapping[str, tuple[str, Compute]],
        done: Callable[[str, Any], None],
        alive: Callable[[], None],
    ) -> None:
        """See `Executor`. `LostWork` names what was given up."""
        tasks, keys = dict[str, tuple[Any, ...]](), dict[str, str]()
        for key, (name, compute) in computations.items():
            kept, own = parts_of(compute)
            data = [dumps(name, part) for part in (*kept, own)]
            keyed = f"{key}-{hashlib.sha256(b''.join(data)).hexdigest()[:16]}"  # others may use the same workers
            tasks[keyed], keys[keyed] = (called, data[:-1], data[-1], self._ours), key
        lost = self._compute(tasks, lambda keyed, value: done(keys[keyed], value), alive)
        if lost:
            names = ", ".join(computations[keys[keyed]][0] for keyed, _ in lost)
            raise self._given_up(
                f"{names}: {lost[0][1]} workers that computed it died one after the other; all else is kept. Give "
                "workers more memory, or see their logs"
            )

    def call(self, key: str, name: str, compute: Compute, alive: Callable[[], None] = lambda: None) -> Any:
        """`compute()` on a worker."""
        found: list[Any] = []
        self.calls({key: (name, compute)}, lambda _, value: found.append(value), alive)
        return found[0]

    def _given_up(self, why: str) -> LostWork:
        self.lost.append(why)
        return LostWork(why)

    def close(self) -> None:
        """Leave the cluster, which goes on if it is not ours."""
        with contextlib.suppress(Exception):
            self._client.close(timeout=5)

    def _compute(
        self, tasks: Mapping[str, tuple[Any, ...]], done: Callable[[str, Any], None], alive: Callable[[], None]
    ) -> list[tuple[str, int]]:
        """Compute all tasks (function, *arguments); the keys of those that were given up, and after how many deaths.

        A death is counted against all that the worker had, so what is suspected is computed again when all else is
        there, one at a time.
        """
        client, pending, suspected, tried = self._client, dict[str, Any](), list[str](), set[str]()
        waiting, lost, look, alone = dict(tasks), list[tuple[str, int]](), _LEAST_LOOK, time.monotonic()
        try:
            while waiting or pending or suspected:
                if not waiting and not pending:
                    tried.add(key := suspected.pop())
                    waiting[key] = tasks[key]
                if client.status != "running":  # with the scheduler went what it knew
                    waiting |= {key: tasks[key] for key in pending}
                    pending.clear()
                    client = self._again(client)
                while waiting:
                    key, task = waiting.popitem()
                    pending[key] = client.submit(*task, key=f"{key}-alone" if key in tried else key)
                ended = {key: pending.pop(key) for key in [k for k, f in pending.items() if f.status != "pending"]}
                for key, found in _results(client, ended).items():
                    if isinstance(found, KilledWorker) and key not in tried:
                        suspected.append(key)
                    elif isinstance(found, KilledWorker):
                        lost.append((key, found.allowed_failures + 1))
                    elif isinstance(found, BaseException):
                        raise _explained(found)
                    elif found is None:
                        waiting[key] = tasks[key]
                    else:
                        done(key, found)
                if ended or self.workers:
                    alone = time.monotonic()
                elif time.monotonic() - alone > PATIENCE:
                    raise UserError(
                        f"--cluster {self.address}: all workers have left; what was computed is kept, and the same "
                        "command goes on from it"
                    )
                alive()
                look = _LEAST_LOOK if ended else min(_MOST_LOOK, 1.5 * look)
                time.sleep(look)
        finally:
            if pending:
                with contextlib.suppress(Exception):
                    client.cancel(list(pending.values()))
        return lost

    def _workers(self) -> Mapping[str, Any]:
        """The scheduler is asked once a second."""
        if time.monotonic() - self._asked > 1.0:
            self._asked = time.monotonic()
            self._known = self._client.scheduler_info(n_workers=-1)["workers"]
        return self._known

    def _connected(self, seconds: float) -> "distributed.Client":
        try:
            return distributed.Client(self.address, timeout=seconds, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise UserError(
                f"--cluster {self.address}: no scheduler answers there ({type(error).__name__}); start one with `dask "
                "scheduler` and name its address, or give local:N"
            ) from error

    def _again(self, before: "distributed.Client") -> "distributed.Client":
        """The client when it has its scheduler again, made anew if need be; `UserError` after `PATIENCE` without."""
        with self._lock:
            if self._client is not before:
                return self._client
            self._report(f"the scheduler at {self.address} has gone; waiting for it")
            until = time.monotonic() + PATIENCE
            while before.status != "running":
                if before.status == "closed":  # a client that has given up
                    with contextlib.suppress(UserError):
                        self._client = before = self._connected(5.0)
                        break
                if time.monotonic() > until:
                    raise UserError(
                        f"--cluster {self.address}: the scheduler has gone and none answers there; what was computed "
                        "is kept, and the same command goes on from it"
                    )
                time.sleep(_MOST_LOOK)
        return self._client


def _results(client: "distributed.Client", ended: Mapping[str, Any]) -> dict[str, Any]:
    """What tasks returned or raised, all that is there in one message; None where it was lost."""
    whole = {key: future for key, future in ended.items() if future.status == "finished"}
    try:
        found: Any = client.gather(whole)
    except Exception:  # of one of them; which says only asking for each
        found = {}
    return {key: found[key] if key in found else _result(future) for key, future in ended.items()}


def _result(future: "distributed.Future") -> Any:
    """What a task returned or raised; None where that was lost with a worker or a scheduler."""
    if future.status == "error":
        return future.exception()
    if future.status != "finished":
        return None
    try:
        return future.result(timeout=PATIENCE)
    except (OSError, TimeoutError, CancelledError, FutureCancelledError):
        return None


def _explained(error: BaseException) -> BaseException:
    """What a task raised; where a worker that came later lacks the package, in words."""
    if isinstance(error, ModuleNotFoundError):
        return UserError(f"a worker has not what the client has ({error}): install the same versions on all workers")
    return error
