"""The one place where the package writes files: whole or not at all, and every failure is one message.

A regular file is written under a temporary name in its folder, flushed to the disk and renamed, so that whoever reads
it, and whoever is killed, sees the old content or the new. What is no regular file is never replaced: a device or
/dev/stdout is written to, a symbolic link leads to its target, and folders, pipes and sockets are refused.
"""

import contextlib
import errno
import io
import os
import platform
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from madatheory.errors import UserError

ROOM = 2**20
"""Bytes that must be free before work whose result goes to a disk is begun."""
Content = str | bytes | Callable[[BinaryIO], object]
"""What is written: text (as UTF-8), bytes, or a function that writes into the stream it is given (in memory)."""

_TEMPORARY = re.compile(r"\.(?P<host>.*)\.(?P<pid>\d+)\.[0-9a-f]{8}\.tmp")
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")
_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2}
_FULL = (1, 7)  # Linux: the device /dev/full, on which every write fails
_NO_FILE = {stat.S_ISFIFO: "a named pipe", stat.S_ISSOCK: "a socket", stat.S_ISBLK: "a disk"}
_REMEDIES = {
    errno.ENOSPC: "make room, or name a place on another disk",
    errno.EDQUOT: "make room, or name a place on another disk",
    errno.ENAMETOOLONG: "give a shorter name",
}


def write(path: str | Path, content: Content) -> None:
    """Write `content` to `path`, whose folder is made if need be; `UserError` with the system's reason and a remedy."""
    data = _bytes(content)
    try:
        descriptor = _descriptor(path)
        if descriptor is not None:
            if descriptor == 1 and sys.stdout is not None:
                sys.stdout.flush()  # what was printed before stands before
            _pour(descriptor, data)
            return
        found = _found(path)
        if found is not None and stat.S_ISCHR(found.st_mode):
            device = os.open(path, os.O_WRONLY)
            try:
                _pour(device, data)
            finally:
                os.close(device)
            return
        file, mode = Path(os.path.realpath(path)), None if found is None else stat.S_IMODE(found.st_mode)
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            _replace(file, data, mode)
        except FileNotFoundError:  # the folder was removed meanwhile
            file.parent.mkdir(parents=True, exist_ok=True)
            _replace(file, data, mode)
    except (OSError, ValueError) as error:
        raise _refusal(path, error) from error


def append(path: Path, text: str) -> None:
    """Add lines to a file that is written as results come; `UserError` if it cannot be done."""
    try:
        with path.open("ab", buffering=0) as stream:
            _pour(stream.fileno(), text.encode())
    except OSError as error:
        raise _refusal(path, error) from error


def check_output(path: str | Path) -> Path:
    """The path of an output file, refused before any work if `write` could not write it."""
    if not os.fspath(path):
        raise UserError("the name of an output file is empty; give one")
    try:
        descriptor = _descriptor(path)
        if descriptor is not None:
            os.write(descriptor, b"")
            return Path(path)
        found = _found(path)
        if found is not None and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if found is None or stat.S_ISREG(found.st_mode):
            check_folder(Path(os.path.realpath(path)).parent)
        elif sys.platform == "linux" and (os.major(found.st_rdev), os.minor(found.st_rdev)) == _FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except (OSError, ValueError) as error:
        raise _refusal(path, error) from error
    return Path(path)


def check_folder(path: str | Path, room: int = ROOM) -> Path:
    """The path of a folder, made if need be; `UserError` unless files can be made there and `room` bytes are free.

    What killed processes of this machine left half written there is removed.
    """
    if not os.fspath(path):
        raise UserError("the name of a folder is empty; give one")
    folder = Path(path)
    try:
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "it is no folder")
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.iterdir():
            if abandoned(file):
                file.unlink(missing_ok=True)
        space = shutil.disk_usage(folder)
        if space.total and space.free < room:  # some file systems do not say
            raise UserError(
                f"{folder}: {space.free / 2**20:.1f} MiB are free there, {room / 2**20:.1f} MiB are needed; "
                f"{_REMEDIES[errno.ENOSPC]}"
            )
        _replace(_temporary(folder), bytes(512), None, keep=False)
    except (OSError, ValueError) as error:
        raise _refusal(path, error) from error
    return folder


def is_temporary(path: Path) -> bool:
    """Whether `path` is a file that `write` has not finished."""
    return _TEMPORARY.fullmatch(path.name) is not None


def abandoned(path: Path) -> bool:
    """Whether `path` is a temporary file of a process of this machine that is gone."""
    name = _TEMPORARY.fullmatch(path.name)
    return name is not None and name["host"] == platform.node() and not _runs(int(name["pid"]))


def _runs(pid: int) -> bool:
    try:
        import psutil
    except ImportError:
        return True  # nobody knows, so its files are left alone
    return psutil.pid_exists(pid)


def _bytes(content: Content) -> bytes:
    if isinstance(content, str):
        return content.encode("utf-8")
    if isinstance(content, bytes):
        return content
    memory = io.BytesIO()
    content(memory)
    return memory.getvalue()


def _descriptor(path: str | Path) -> int | None:
    """The open descriptor of this process that a path such as /dev/stdout or /dev/fd/3 names."""
    name = os.fspath(path)
    numbered = _DESCRIPTOR.fullmatch(name)
    return int(numbered[1]) if numbered else _STREAMS.get(name)


def _found(path: str | Path) -> os.stat_result | None:
    """What is at `path` or where it leads to, None for nothing; `UserError` for what no file can be written to."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found.st_mode):
        raise UserError(f"{path} is a folder; give the name of a file")
    for is_kind, kind in _NO_FILE.items():
        if is_kind(found.st_mode):
            raise UserError(f"{path} is {kind}; give the name of a file, or /dev/stdout")
    return found


def _pour(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _replace(file: Path, data: bytes, mode: int | None, keep: bool = True) -> None:
    """Put `data` in the place of `file`, with the permissions `mode`; without `keep` only try whether it could be."""
    temporary = _temporary(file.parent)
    try:
        with temporary.open("xb", buffering=0) as stream:
            _pour(stream.fileno(), data)
            os.fsync(stream.fileno())
        if not keep:
            return
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(file)
        with contextlib.suppress(OSError):  # some systems cannot flush a folder
            folder = os.open(file.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _temporary(folder: Path) -> Path:
    return folder / f".{platform.node()[:64] or 'host'}.{os.getpid()}.{secrets.token_hex(4)}.tmp"


def _refusal(path: str | Path, error: OSError | ValueError) -> UserError:
    """One message; only the system's own reasons are words for a user, a `ValueError` is a zero byte in a name."""
    reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    remedy = _REMEDIES.get(error.errno or 0, "") if isinstance(error, OSError) else ""
    return UserError(f"cannot write to {path}: {reason}; {remedy or 'name another place'}")
