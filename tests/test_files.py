"""Writing: whole or not at all, never over a device, through one function, and one message when it cannot be done."""

import ast
import errno
import io
import os
import platform
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import madatheory
from madatheory.cli.console import BROKEN_PIPE, lasting_streams
from madatheory.errors import UserError
from madatheory.files import append, check_folder, check_output, write

LONG = "n" * 300


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]


def test_text_bytes_and_functions_are_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    for content in ("∑ä", "∑ä".encode(), lambda stream: stream.write("∑ä".encode())):
        write(path, content)
        assert path.read_bytes() == "∑ä".encode()
        path.write_text("old")
    append(path, "er\n")
    assert path.read_text() == "older\n"
    assert left_over(path.parent) == []


def test_a_link_leads_to_its_target_and_permissions_stay(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    write(link, "first")  # the target is not there yet
    target.chmod(0o600)
    write(check_output(link), "second")
    assert link.is_symlink()
    assert target.read_text() == "second"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    for use in (check_output, lambda path: write(path, "x")):
        with pytest.raises(UserError, match=r"cannot write to .*circle: Too many levels"):
            use(circle)


@pytest.fixture
def node(tmp_path: Path) -> Callable[[int], Path]:
    """A device of our own: a mistake must not cost the machine its /dev/null."""

    def make(minor: int) -> Path:
        path = tmp_path / f"device{minor}"
        try:
            os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
            path.read_bytes() if minor == 3 else None
        except (OSError, AttributeError):
            pytest.skip("devices cannot be made here")
        return path

    return make


@pytest.mark.skipif(sys.platform != "linux", reason="device numbers of Linux")
def test_a_device_is_written_to_and_never_replaced(node: Callable[[int], Path]) -> None:
    null, full = node(3), node(7)
    write(check_output(null), "gone")
    with pytest.raises(UserError, match=r"cannot write to .*device7: No space left on device; make room"):
        check_output(full)
    with pytest.raises(UserError, match="No space left on device"):
        write(full, "x")
    assert all(stat.S_ISCHR(path.stat().st_mode) for path in (null, full))


def test_what_no_file_can_be_written_to_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(tmp_path)  # the name of a socket must be short
        listening.bind("socket")
        os.chdir(here)
        (tmp_path / "file").write_text("old")
        cases = {
            tmp_path / "pipe": "is a named pipe; give the name of a file",
            tmp_path / "socket": "is a socket",
            tmp_path: "is a folder; give the name of a file",
            tmp_path / LONG: "File name too long; give a shorter name",
            tmp_path / LONG / "x": "File name too long; give a shorter name",
            tmp_path / "file" / "x": "cannot write to",
            tmp_path / "a\0b": "null byte",
        }
        for path, words in cases.items():
            for use in (check_output, lambda path: write(path, "x")):
                with pytest.raises(UserError, match=words):
                    use(path)
    with pytest.raises(UserError, match="name of an output file is empty"):
        check_output("")
    for path, words in {"": "is empty", tmp_path / "pipe": "it is no folder", tmp_path / LONG: "too long"}.items():
        with pytest.raises(UserError, match=words):
            check_folder(path)


def test_open_descriptors_are_written_to(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    print("before")
    write(check_output("/dev/stdout"), "{}\n")
    assert capfd.readouterr().out == "before\n{}\n"
    with (tmp_path / "log").open("w") as log:  # a shell's > log: its file must stay the one that is open
        log.write("a")
        log.flush()
        write(check_output(f"/dev/fd/{log.fileno()}"), "b")
        log.write("c")
    assert (tmp_path / "log").read_text() == "abc"
    with pytest.raises(UserError, match="cannot write to /dev/fd/999: Bad file descriptor"):
        check_output("/dev/fd/999")


def fail_after(count: int, monkeypatch: pytest.MonkeyPatch, number: int = errno.ENOSPC) -> None:
    """Every write fails once `count` bytes have been written."""
    left, genuine = [count], os.write

    def limited(descriptor: int, data: Any) -> int:
        if left[0] <= 0:
            raise OSError(number, os.strerror(number))
        left[0] -= (written := genuine(descriptor, data[: left[0]]))
        return written

    monkeypatch.setattr(os, "write", limited)


@pytest.mark.parametrize("fails", ["write", "fsync"])
def test_a_full_disk_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    path = tmp_path / "file"
    write(path, "old")

    def refuse(descriptor: int) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    fail_after(100, monkeypatch) if fails == "write" else monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(UserError, match=r"cannot write to .*file: .*; make room, or name a place on another disk"):
        write(path, bytes(1000))
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert left_over(tmp_path) == []


def test_space_is_checked_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9 - 2**19, 2**19))
    with pytest.raises(UserError, match=r"0\.5 MiB are free there, 1\.0 MiB are needed; make room"):
        check_output(tmp_path / "file")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(0, 0, 0))  # it does not say
    check_output(tmp_path / "file")
    fail_after(0, monkeypatch, errno.EDQUOT)  # a quota is met by trying only
    with pytest.raises(UserError, match="make room"):
        check_output(tmp_path / "file")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_small_disk(small_disk: Path) -> None:
    with pytest.raises(UserError, match="MiB are free there"):
        check_output(small_disk / "file")
    write(small_disk / "file", "old")
    with pytest.raises(UserError, match="No space left on device; make room"):
        write(small_disk / "file", bytes(10**5))
    assert [(path.name, path.read_text()) for path in small_disk.iterdir()] == [("file", "old")]


def test_what_killed_processes_left_is_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    kept = [f".{platform.node()}.{os.getpid()}.00000000.tmp", f".elsewhere.{ended.pid}.00000000.tmp", "mine.tmp"]
    for name in (*kept, f".{platform.node()}.{ended.pid}.00000000.tmp"):
        (tmp_path / name).touch()
    check_folder(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


WRITERS = {"write_text", "write_bytes", "savefig", "to_netcdf", "touch", "fdopen", "NamedTemporaryFile"}
ELSEWHERE = {
    ("madatheory/files.py", "open"),
    ("benchmarks/serve.py", "fdopen"),  # the pipe to the parent
    ("madatheory/identities/runner/isolated.py", "NamedTemporaryFile"),  # the log of a child, removed with it
    ("madatheory/identities/runner/isolated.py", "open"),  # the same log in the child
    ("madatheory/stopping.py", "open"),  # /dev/null
    ("proofs_check/coq/build.py", "open"),  # a lock, which is empty
    ("proofs_check/coq/build.py", "touch"),  # a mark that all is built, likewise
    ("proofs_check/coq/mutants.py", "write_text"),  # in a temporary folder
}


def writers(source: str) -> set[str]:
    """Calls of a module that write files, or read text in the encoding of the locale."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        modes = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if name in WRITERS or (name == "open" and (not modes or set("".join(modes)) & set("wax+"))):
            found.add(name)
        if name == "read_text" and not (node.args or any(keyword.arg == "encoding" for keyword in node.keywords)):
            found.add("read_text in the locale's encoding")
    return found


def test_every_write_goes_through_one_function() -> None:
    root = Path(madatheory.__file__).parent.parent
    modules = [*root.glob("madatheory/**/*.py"), *root.glob("proofs_check/**/*.py"), *root.glob("benchmarks/**/*.py")]
    found = {(str(m.relative_to(root)), name) for m in modules for name in writers(m.read_text(encoding="utf-8"))}
    assert found - ELSEWHERE == set()
    assert writers("Path('x').open('w')\nopen('x', 'ab')\nf.savefig('x')\np.read_text()") == {
        "open",
        "savefig",
        "read_text in the locale's encoding",
    }


def through(descriptor: int, monkeypatch: pytest.MonkeyPatch, text: str = "some text\n" * 3) -> int | None:
    """The status of a command that prints to `descriptor`."""
    with monkeypatch.context() as patch, open(descriptor, "wb", closefd=False) as stream:
        patch.setattr(sys, "stdout", io.TextIOWrapper(stream, encoding="ascii"))
        try:
            with lasting_streams():
                for _ in range(3):
                    print(text, "∑", flush=True)
        except SystemExit as stop:
            return int(str(stop.code))
        finally:
            sys.stdout.detach()  # type: ignore[attr-defined]
    return None


def test_stdout_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    reading, writing = os.pipe()
    assert through(writing, monkeypatch, "well") is None
    assert os.read(reading, 100) == b"well ?\n" * 3
    os.close(reading)
    assert through(writing, monkeypatch) == BROKEN_PIPE
    os.close(writing)
    assert capsys.readouterr().err == ""
    if Path("/dev/full").exists():
        full = os.open("/dev/full", os.O_WRONLY)
        assert through(full, monkeypatch) == 2
        os.close(full)
        assert capsys.readouterr().err.count("cannot write to stdout: No space left on device") == 1


def test_the_command_outlives_its_streams(tmp_path: Path) -> None:
    """A broken pipe, a closed stdout and stderr, and a width of 0, as shells give them; a folder that is gone."""
    script = """
    "$@" --version | true; echo ${PIPESTATUS[0]}
    "$@" --version >&- 2>&-; echo $?
    "$@" nonsense 2>/dev/full; echo $?
    COLUMNS=0 "$@" store --help | grep -c clear
    COLUMNS=0 "$1" -c "from madatheory.cli.console import OUT; OUT.print('1234')"
    mkdir gone; cd gone; rmdir ../gone; "$@" list; echo $?
    """
    command = ["bash", "-c", script, "bash", sys.executable, "-m", "madatheory"]
    environment = {**os.environ, "PYTHONPATH": str(Path(madatheory.__file__).parent.parent)}
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment, check=False)
    assert ran.stdout.split()[1:3] == ["0", "2"]
    assert ran.stdout.split()[0] in ("0", str(BROKEN_PIPE))  # `true` may leave before or after
    assert int(ran.stdout.split()[3]) > 0
    assert ran.stdout.split()[4:] == ["1234", "2"]
    assert ran.stderr == "error: the working folder cannot be used: No such file or directory; change to another one\n"
