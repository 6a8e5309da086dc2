"""The command line as a user types it: results, exit status, and one clear message for every mistake."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
import xarray as xr
from forked import command, forked
from typer.testing import CliRunner, Result

import madatheory as mt
from madatheory.cli import app

Run = Callable[..., Result]


def as_typed(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "madatheory", *line.split()],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


@pytest.mark.parametrize("command", ["list", "verify", "explore", "simulate", "figures", "store list", "store clear"])
def test_help_teaches_by_example(run: Run, command: str) -> None:
    result = run(f"{command} --help")
    assert result.exit_code == 0
    assert f"madatheory {command}" in result.output.replace("Usage: madatheory " + command, "")


def test_version_and_help(tmp_path: Path) -> None:
    began = time.monotonic()
    result = as_typed("--version", tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"madatheory {version('madatheory')}\n"
    assert time.monotonic() - began < 10  # about half a second; other tests run beside this one
    assert "madatheory verify" in as_typed("--help", tmp_path).stdout


def test_list_shows_every_name(run: Run) -> None:
    text = run("list").output
    for kind in ("optimizers", "problems", "theorems", "lemmas", "figures"):
        assert kind in text
        for name in getattr(mt, f"list_{kind}")():
            assert name in text


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("list optimizers", ["avgrad", "beta2=0.99", "form=theory", "vbar_t"]),
        ("list problems", ["ratio", "x^2/(1+x^2)", "L = 2", "rosenbrock", "A2 fails", "noise=uniform"]),
        ("list theorems", ["avgrad-rate", "T5, in expectation", "K2"]),
        ("list theorems avgrad-rate", ["needs A1", "alpha = ", "<= descent", "L4: smoothness"]),
        ("list lemmas", ["L1"]),
    ],
)
def test_list_in_detail(run: Run, line: str, words: list[str]) -> None:
    result = run(line)
    assert result.exit_code == 0
    text = " ".join(result.output.split())
    assert [word for word in words if word not in text] == []


def test_what_is_printed_fits_80_columns(run: Run) -> None:
    lines = run("list").output.splitlines() + run("list theorems").output.splitlines()
    assert [line for line in lines if len(line) > 80] == []


def test_a_plain_terminal_gets_plain_signs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    line = "verify --theorem T5 --problem quadratic"  # not applicable, so nothing is simulated
    plain, rich = (CliRunner(charset=charset).invoke(app, line.split()) for charset in ("ascii", "utf-8"))
    assert plain.exit_code == rich.exit_code == 2
    assert "+ holds" in plain.stdout
    assert plain.stdout.isascii()
    assert "✓ holds" in rich.stdout


WRONG = [
    ("list optimisers", "unknown kind 'optimisers'; did you mean 'optimizers'"),
    ("list problems rato", "unknown problem 'rato'; did you mean 'ratio'"),
    ("simulate rato avgrad", "unknown problem 'rato'; did you mean 'ratio'"),
    ("simulate ratio avgrat", "unknown optimizer 'avgrat'; did you mean 'avgrad'"),
    ("simulate ratio:dim=3 avgrad", "unknown option of ratio 'dim'"),
    ("simulate ratio:noise=rademacer avgrad", "unknown noise 'rademacer'; did you mean 'rademacher'"),
    ("simulate ratio avgrad:form=pratical", "unknown form of avgrad 'pratical'; did you mean 'practical'"),
    ("simulate ratio avgrad --set betta2=0.9", "unknown hyper-parameter of avgrad 'betta2'; did you mean 'beta2'"),
    ("simulate ratio:d=0 avgrad", "dimension d = 0 is out of range: give 1 or more"),
    ("simulate ratio:d=2.5 avgrad", "d = '2.5' is not a int"),
    ("simulate ratio:start=nan avgrad", "start = nan is out of range"),
    ("simulate ratio:start=inf avgrad", "start = inf is out of range"),
    ("simulate ratio avgrad --set beta2=1", "beta2 = 1 is out of range"),
    ("simulate ratio avgrad --set beta2=0.9,1", "beta2 = 1 is out of range"),
    ("simulate ratio avgrad --set eps=0", "eps = 0 is out of range"),
    ("simulate ratio avgrad --set eps=-1", "eps = -1 is out of range"),
    ("simulate ratio avgrad --set alpha=nan", "alpha = nan is out of range"),
    ("simulate ratio avgrad --set beta2=0.9,0.9", "repeats a value"),
    ("simulate ratio avgrad --set beta2=0.9 --set beta2=0.99", "--set beta2 is given twice"),
    ("simulate ratio avgrad --set beta2", "write --set name=value"),
    ("simulate ratio avgrad --set beta2=high", "values must be numbers"),
    ("simulate ratio avgrad --set beta2=0.9,", "values must be numbers"),
    ("simulate ratio avgrad --steps 0", "steps = 0 is out of range: give 1 to"),
    ("simulate ratio avgrad --steps -5", "steps = -5 is out of range"),
    ("simulate ratio avgrad --trajectories 0", "num_trajectories = 0"),
    ("simulate ratio avgrad --seed -1", "seed = -1 is out of range"),
    ("simulate ratio avgrad --save-at 0", "save_at (number of times) = 0 is out of range"),
    ("simulate ratio avgrad --trajectories 4000000000 --save-at 1000", "GiB are free"),
    ("verify --theorem avgrad-rat", "unknown theorem 'avgrad-rat'; did you mean 'avgrad-rate'"),
    ("verify --problem rato", "unknown problem 'rato'; did you mean 'ratio'"),
    ("verify --theorem T5 --set bta2=0.9", "unknown hyper-parameter 'bta2'; did you mean 'beta2'"),
    (
        "verify --theorem T5 --problem ratio --trajectories 1",
        "num_trajectories = 1: a confidence statement needs at least 2",
    ),
    ("verify --theorem T5 --problem ratio --steps 0", "steps = 0 is out of range"),
    ("verify --theorem T5 --problem ratio --confidence 1.5", "confidence"),
    ("verify --theorem T5 --problem ratio --confidence 1", "confidence"),
    ("verify --load none.py", "--load none.py: no such file"),
    ("figures --profile smok", "unknown profile 'smok'; did you mean 'smoke'"),
    ("figures convergence-rato", "unknown figure 'convergence-rato'; did you mean 'convergence-ratio'"),
    ("simulate ratio avgrad --out blocked/run.nc", "cannot write to blocked"),
    ("simulate ratio avgrad --out .", "is a folder"),
    ("simulate ratio avgrad --store blocked/store", "cannot write to blocked/store"),
    ("verify --theorem T5 --problem ratio --json blocked/v.json", "cannot write to blocked"),
    ("figures --profile smoke --out blocked/figures", "cannot write to blocked/figures"),
    ("store list", "there is no such folder"),
    ("bench A --json blocked/r.json", "cannot write to blocked/r.json"),
    ("bench A --json .", "is a folder"),
    ("bench A --out blocked", "cannot write to blocked"),
    ("identify optax:adam --json blocked/i.json", "cannot write to blocked"),
    ("compare optax:adam optax:adam --json blocked/c.json", "cannot write to blocked"),
    ("prove L1 --json blocked/p.json", "cannot write to blocked"),
    ("prove --page .", "--page .: no text file"),
    ("conformance --page .", "is a folder"),
    (f"simulate ratio avgrad --out {'n' * 300}", "File name too long; give a shorter name"),
    (f"verify --theorem T5 --problem ratio --json {'n' * 300}", "File name too long; give a shorter name"),
    (f"figures --profile smoke --out {'n' * 300}", "File name too long; give a shorter name"),
    (f"simulate ratio avgrad --store {'n' * 300}", "File name too long; give a shorter name"),
    (f"bench A --json {'n' * 300}", "File name too long; give a shorter name"),
    ("simulate ratio avgrad --out=", "--out is empty: give a value, or leave it out"),
    ("simulate ratio avgrad --store=", "--store is empty"),
    ("check optax:adam --json=", "--json is empty"),
    ("figures --out=", "--out is empty"),
]


@pytest.mark.parametrize(("line", "message"), WRONG, ids=[line for line, _ in WRONG])
def test_a_mistake_gets_one_clear_message(run: Run, line: str, message: str) -> None:
    Path("blocked").write_text("a file where a folder should be")
    result = run(line)
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


USER_FILES = [
    ("x = 1\n", "defines nothing to load"),
    ("x = 1/0\n", "mine.py, line 1: ZeroDivisionError"),
    ("def f(:\n", "mine.py, line 1: SyntaxError"),
    ("import sys\nsys.exit(3)\n", "mine.py, line 2: SystemExit: 3"),
    (
        "from madatheory import ProblemEntry\np = ProblemEntry('ratio', '', lambda: 1)\n",
        "problem name 'ratio' is taken",
    ),
    ("from madatheory import ProblemEntry\np = ProblemEntry('My', '', lambda: 1)\n", "use lower-case letters"),
]


@pytest.mark.parametrize(("text", "message"), USER_FILES, ids=[message for _, message in USER_FILES])
def test_a_user_file_that_fails(run: Run, text: str, message: str) -> None:
    Path("mine.py").write_text(text)
    result = run("verify --load mine.py")
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_what_cannot_be_parsed(tmp_path: Path) -> None:
    lines = ["nonsense", "simulate ratio", "verify --nonsense", "simulate ratio avgrad --steps x"]
    results = forked([command(line) for line in lines], tmp_path, first="import madatheory.cli, typer.rich_utils")
    assert [result.returncode for result in results] == [2] * len(lines)
    for result in results:
        assert "Traceback" not in result.stderr
        assert "Usage: madatheory" in result.stderr


def test_simulate_prints_a_grid_and_writes_netcdf(run: Run) -> None:
    result = run(
        "simulate ratio:d=2 adam-avgrad --set rho=0,1 --steps 20 --trajectories 5 --save-at 3 --out deep/run.nc"
    )
    assert result.exit_code == 0, result.output
    assert "adam-avgrad on ratio:d=2, T = 20, 5 trajectories" in result.output
    data = xr.load_dataset("deep/run.nc", engine="h5netcdf")
    assert dict(data.sizes) == {"rho": 2, "seed": 5, "t": 3}
    assert data.attrs["madatheory"]
    last = data["mean_squared_gradient"].isel(t=-1).mean("seed").values
    rows = [line.split() for line in result.output.splitlines() if re.match(r"\s+[01]\s", line)]
    assert [row[1] for row in rows] == [f"{value:.4g}" for value in last]


def test_a_run_is_kept_and_a_damaged_one_computed_again(run: Run) -> None:
    line = "simulate ratio:d=2 avgrad --steps 20 --trajectories 5"
    first = run(line)
    assert run("store list").output.count("avgrad-on-ratio") == 1
    chunks = list(Path(".madatheory").rglob("*.nc"))
    assert len(chunks) == 1
    before = chunks[0].stat().st_mtime_ns
    again = run(line)
    assert (again.stdout, again.stderr) == (first.stdout, "")
    assert chunks[0].stat().st_mtime_ns == before

    chunks[0].write_bytes(chunks[0].read_bytes()[:-7])
    again = run(line)
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert "warning:" in again.stderr
    assert "damaged" in again.stderr

    assert run(f"{line} --seed 1").stdout != first.stdout
    assert run("store list").output.count("avgrad-on-ratio") == 2
    assert "freed" in run("store clear").output
    assert "0 computations" in run("store list").output


def test_ctrl_c_keeps_what_is_finished(tmp_path: Path) -> None:
    line = "simulate ratio:d=2 avgrad --steps 2000 --trajectories 20000000"
    process = subprocess.Popen(
        [sys.executable, "-m", "madatheory", *line.split()],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob(".madatheory/*/*.nc")) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted; finished chunks are kept" in err
    assert "Traceback" not in err
    assert out == ""
    assert list(tmp_path.glob(".madatheory/*/*.nc"))


def test_progress_is_plain_and_on_stderr(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from madatheory.cli import console

    now = [0.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    with console.progress("job") as report:
        for second in range(30):
            now[0] = second
            report(second, 30, "part")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == ["job: 7 % part", "job: 40 % part", "job: 73 % part"]
