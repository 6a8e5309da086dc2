"""The other end of a contender's process: start it, ask it, notice when it is missing, silent or dead."""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.task import Workload
from madatheory import processes

PREPARE_SECONDS, RUN_SECONDS = 180.0, 120.0
ROOT = Path(__file__).resolve().parents[1]


def environment(**more: str) -> dict[str, str]:
    """Of a child, which finds this folder wherever it runs."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, **more}


class Unavailable(Exception):
    """The contender cannot be measured here; the message is what the table shows."""


class Failed(Exception):
    """The contender died, hung or raised: a defect, unlike `Unavailable`."""


def answer(module: str, *arguments: str, seconds: float) -> Any:
    """The JSON that `python -m benchmarks.MODULE ARGUMENTS` prints last; `Failed` with the reason if none."""
    command = processes.command(f"benchmarks.{module}", *arguments)
    what = " ".join([module, *arguments[:1]])
    try:
        with processes.lifeline() as alive, processes.shielded():
            ran = subprocess.run(
                command,
                stdin=alive,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
                env=environment(),
            )
    except subprocess.TimeoutExpired:
        raise Failed(f"{what}: no answer within {seconds:g} s") from None
    if ran.returncode:
        raise Failed(f"{what}: {(ran.stderr.strip().splitlines() or ['no message'])[-1]}")
    return json.loads(ran.stdout.splitlines()[-1])


class Contender:
    """A contender in its own process, to be used as a context manager.

    `threads` cores are allowed to it. `ask` raises `Unavailable` when the contender or the task is not on offer and
    `Failed` when the process dies, hangs for longer than `seconds`, or answers with an error.
    """

    def __init__(self, name: str, threads: int) -> None:
        self.name, self.threads = name, threads
        self.reason: str | None = None
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed in `close`
        with processes.shielded():
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.serve", name, str(threads)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                text=True,
                env=environment(PYTHONWARNINGS="ignore"),
            )
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._greeted, self._dead = False, ""

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _next(self, seconds: float) -> dict[str, Any]:
        if not self._dead:
            try:
                line = self._lines.get(timeout=seconds)
            except queue.Empty:
                self._process.kill()
                self._dead = f"{self.name}: no answer within {seconds:g} s"
            else:
                if line is not None:
                    return json.loads(line)
                self._log.seek(0)
                last = self._log.read().strip().splitlines()[-1:] or ["no message"]
                self._dead = f"{self.name}: the process ended: {last[0]}"
        raise Failed(self._dead)

    def _ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        if self.reason is None and not self._greeted:
            greeting = self._next(PREPARE_SECONDS)
            self._greeted = True
            if "missing" in greeting:
                self.reason = f"not measured: {greeting['missing']} is missing; install madatheory[bench]"
        if self.reason is not None:
            raise Unavailable(self.reason)
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # if so, the answer is the end of its output, and says why
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        got = self._next(seconds)
        if "not_offered" in got:
            raise Unavailable(got["not_offered"])
        if "failed" in got:
            raise Failed(f"{self.name}: {got['failed']}")
        return got

    def prepare(self, task: Workload) -> dict[str, Any]:
        """Compile; the answer has `seconds` and `note`."""
        return self._ask({"do": "prepare", "task": task.as_dict()}, PREPARE_SECONDS)

    def run(self, seed: int) -> dict[str, Any]:
        """One repetition of what was prepared."""
        return self._ask({"do": "run", "seed": seed}, RUN_SECONDS)

    def close(self) -> None:
        """End the process."""
        if self._process.poll() is None:
            processes.stop(self._process.pid)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()

    def __enter__(self) -> "Contender":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Pool:
    """Contenders that stay alive between measurements, started when first asked for."""

    def __init__(self) -> None:
        self._alive: dict[tuple[str, int], Contender] = {}

    def get(self, name: str, threads: int) -> Contender:
        """The contender `name` on `threads` cores."""
        key = (name, threads)
        if key not in self._alive:
            self._alive[key] = Contender(name, threads)
        return self._alive[key]

    def __enter__(self) -> "Pool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for contender in self._alive.values():
            contender.close()
