"""Code in processes of its own that share their imports: forks of one interpreter that has done these."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_HEAD = """
import json, os, sys, tempfile
codes, folder, environment = json.load(sys.stdin)
"""
_TAIL = """
threads = "/proc/self/task"  # of C code too; where there is none, nobody can tell
assert not os.path.isdir(threads) or len(os.listdir(threads)) == 1, "a thread would not be in the forks"
found = []
for code in codes:
    streams = [tempfile.TemporaryFile() for _ in range(2)]
    if not (pid := os.fork()):
        for number, stream in enumerate(streams, 1):
            os.dup2(stream.fileno(), number)
        os.chdir(folder)
        os.environ |= environment
        exec(code)
        sys.exit()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    found.append([status, *(os.pread(stream.fileno(), 1 << 20, 0).decode() for stream in streams)])
json.dump(found, sys.stdout)
"""


def command(line: str) -> str:
    """The code that runs the package's command with these arguments."""
    return f"sys.argv[1:] = {line.split()!r}\nfrom madatheory.__main__ import main\nmain()"


def forked(
    codes: Sequence[str], folder: Path, *, first: str = "", environment: Mapping[str, str] | None = None
) -> list[subprocess.CompletedProcess[str]]:
    """What processes did, one for each code: they begin in `folder`, after the imports of `first`."""
    ran = subprocess.run(
        [sys.executable, "-c", _HEAD + first + _TAIL],
        input=json.dumps([codes, str(folder), dict(environment or {})]),
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # NumPy would start threads when it is imported
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    answers = zip(codes, json.loads(ran.stdout), strict=True)
    return [subprocess.CompletedProcess([code], *answer) for code, answer in answers]
