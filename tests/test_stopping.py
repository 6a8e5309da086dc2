"""A command that is told to stop does so: soon, in one line, with its status, and with all that it started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

import madatheory

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and sessions are those of POSIX")
LIMIT = 5.0  # seconds; on a machine with nothing else to do it takes less than one
NOTES = Path(madatheory.__file__).parent / "identities" / "report" / "conformance_notes.toml"
LONG = "simulate ratio:d=2 avgrad --steps 20000 --trajectories 20000000"

Ready = Callable[[psutil.Process], bool]


class Case(NamedTuple):
    """Arguments of Python, when to send which signals, and the status that must come."""

    arguments: Sequence[str]
    ready: Ready
    signals: Sequence[signal.Signals] = (signal.SIGINT,)
    status: int = 130


def command(line: str) -> list[str]:
    return ["-m", "madatheory", *line.split()]


def after(seconds: float) -> Ready:
    """Once the process has computed for so long; a clock would tell little on a busy machine."""
    return lambda process: sum(process.cpu_times()[:2]) >= seconds


def with_children(number: int, seconds: float) -> Ready:
    """Once so many children have computed for so long."""

    def ready(process: psutil.Process) -> bool:
        return sum(sum(child.cpu_times()[:2]) >= seconds for child in process.children()) >= number

    return ready


def session(pid: int) -> list[str]:
    """What is left of everything that the process started."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == pid and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except (OSError, psutil.Error):
            continue
    return found


def check(cases: Mapping[str, Case], folder: Path) -> None:
    """Run all cases side by side, each in a session of its own, as a terminal would."""
    running: dict[str, subprocess.Popen[bytes]] = {}
    sent: dict[str, float] = {}
    seconds: dict[str, float] = {}
    try:
        for name, case in cases.items():
            (folder / name).mkdir()
            with (folder / name / "err").open("w") as err:
                running[name] = subprocess.Popen(
                    [sys.executable, *case.arguments],
                    cwd=folder / name,
                    stdout=subprocess.DEVNULL,
                    stderr=err,
                    start_new_session=True,
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                )
        deadline = time.monotonic() + 120
        while len(seconds) < len(cases) and time.monotonic() < deadline:
            time.sleep(0.02)
            for name, process in running.items():
                if process.poll() is not None:
                    seconds.setdefault(name, time.monotonic() - sent.get(name, 0.0))
                elif name not in sent and cases[name].ready(psutil.Process(process.pid)):
                    sent[name] = time.monotonic()
                    for number in cases[name].signals:
                        # a terminal sends it to the whole group
                        (os.kill if number == signal.SIGKILL else os.killpg)(process.pid, number)
                        time.sleep(0.03)
        for name, case in cases.items():
            said = (folder / name / "err").read_text()
            assert name in sent, f"{name} ended before it was told to: {said}"
            assert seconds.get(name, LIMIT) < LIMIT, name
            assert running[name].returncode == case.status, (name, running[name].returncode, said)
            assert "Traceback" not in said, (name, said)
            if case.status > 0:
                word = "interrupted" if case.status == 130 else "terminated"
                last = said.splitlines()[-1]
                assert last.startswith(f"error: {word}; "), (name, said)
                assert said.count("error:") == 1, (name, said)
            end = time.monotonic() + LIMIT
            while (left := session(running[name].pid)) and time.monotonic() < end:
                time.sleep(0.05)
            assert not left, (name, left)
    finally:
        for process in running.values():
            if process.poll() is None or session(process.pid):
                for member in psutil.process_iter():
                    try:
                        if os.getsid(member.pid) == process.pid:
                            member.kill()
                    except (OSError, psutil.Error):
                        continue
            process.wait()


SMALL: dict[str, str] = {
    # what the main thread may do with the exception, or never see
    "swallowed": """
def work():
    ready()
    while True:
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            pass
""",
    "another error": """
def work():
    try:
        ready()
        time.sleep(60)
    except KeyboardInterrupt:
        raise RuntimeError("a library's own words for it")
""",
    "a thread is waited for": """
def work():
    from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(time.sleep, 60)
        ready()
        future.result()
""",
    "in a module that is imported": """
def work():
    import pathlib
    pathlib.Path("slow.py").write_text("import time; open('ready', 'w').close(); time.sleep(60)")
    import sys
    sys.path.insert(0, "")
    import slow
""",
    "children and theirs": """
def work():
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context
    from subprocess import run
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=processes.end_with_parent) as pool:
        with processes.shielded():
            future = pool.submit(run, ["sh", "-c", "touch ready; sleep 60; :"])
        future.result()
""",
    "before there is anything to unwind": """
def work():
    ready()
    time.sleep(60)
work.early = True
""",
}
_HEAD = """
import time
from madatheory import processes, stopping
def ready():
    open("ready", "w").close()
"""
_TAIL = """
def command():
    if hasattr(work, "early"):
        return work()
    with stopping.unwinding():
        work()
if __name__ == "__main__":
    stopping.run(command)
"""


def small(folder: Path) -> dict[str, Case]:
    """The programs, each to be interrupted when it says that it is ready; no JAX is imported."""
    found = {}
    for name, text in SMALL.items():
        for how, signals, status in (
            ("once", (signal.SIGINT,), 130),
            ("twice", (signal.SIGINT, signal.SIGINT), 130),
            ("killed", (signal.SIGKILL,), -9),
        ):
            label = f"{name}, {how}"
            if how == "killed" and "children" not in name:
                continue
            file = folder / f"{label}.py"
            file.write_text(f"{_HEAD}{text}{_TAIL}")
            found[label] = Case([str(file)], lambda _, at=folder / label / "ready": at.exists(), signals, status)
    label = "SIGTERM"
    (folder / "terminated.py").write_text(f"{_HEAD}{SMALL['swallowed']}{_TAIL}")
    found[label] = Case(
        [str(folder / "terminated.py")], lambda _: (folder / label / "ready").exists(), (signal.SIGTERM,), 143
    )
    return found


def test_whatever_a_program_does_with_the_signal_it_ends(tmp_path):
    check(small(tmp_path), tmp_path)


def test_commands_end_soon_and_leave_no_process(tmp_path):
    """While importing, while compiling, with children at work, told in each way; six processes at once."""
    made = tmp_path / "made"
    (tmp_path / "hangs.py").write_text(
        f"import pathlib, time\n\n\ndef make(**hyper):\n    pathlib.Path({str(made)!r}).touch()\n    time.sleep(600)\n"
    )
    check(
        {
            "importing": Case(command(LONG), after(0.3)),
            "compiling": Case(command(LONG), after(2.0), (signal.SIGINT, signal.SIGINT)),
            "check": Case(command("check optax:adam --workers 1"), with_children(1, 1.0)),
            "check killed": Case(
                command(f"check {tmp_path / 'hangs.py'}:make --workers 1"),
                lambda _: made.exists(),
                (signal.SIGKILL,),
                -9,
            ),
            "prove": Case(
                command("prove T5 --method symbolic --workers 1"), with_children(1, 1.0), (signal.SIGTERM,), 143
            ),
            "bench": Case(command("bench A --quick"), with_children(1, 0.5)),
        },
        tmp_path,
    )


@pytest.mark.slow  # thirty processes that import JAX
@pytest.mark.parametrize("seconds", [0.2, 0.5, 1.0, 1.5, 4.0])
def test_more_commands_at_more_moments(seconds, tmp_path):
    lines = {
        "simulate": LONG,
        "verify": "verify --steps 100000 --trajectories 4096",
        "figures": "figures training-problems --out pictures",
        "worst": "worst avgrad-rate --steps 2000 --seconds 600",
        "conformance": f"conformance optax --page p.md --notes {NOTES}",
        "prove": "prove --workers 2",
        "bench": "bench --quick",
    }
    waits = ("conformance", "prove", "bench")  # what these compute, others do
    told = {name: with_children(1, seconds) if name in waits else after(seconds) for name in lines}
    check({name: Case(command(line), told[name]) for name, line in lines.items()}, tmp_path)


def test_the_status_names_the_signal_and_the_line_is_said_once(monkeypatch):
    from madatheory import stopping

    monkeypatch.setattr(stopping, "_stop", stopping._Stop())
    assert stopping.status() == 130
    assert stopping.message("kept") == stopping.message("kept") == "interrupted; kept"  # no signal: nothing was said
    stopping._stop.number = signal.SIGTERM
    assert stopping.status() == 143
    assert stopping.message() == f"terminated; {stopping.KEPT}"
    assert stopping.message() == ""
