"""Files that can be trusted: written whole or not at all, with their SHA-256 in their name, and checked when read.

A file is written under a temporary name in its folder, flushed to the disk, and renamed. Its bytes are hashed before
the NetCDF library sees them, so a truncated or altered file is never parsed; then the configuration inside is compared.
"""

import contextlib
import hashlib
import io
import os
import platform
import re
import secrets
import threading
import warnings
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path

import numpy as np
import psutil
import xarray as xr

from madatheory.errors import UserError
from madatheory.store.identity import canonical, digest, environment

CONFIGURATION, LABEL = "configuration", "piece"
_NAME = re.compile(r"(?P<label>[a-z0-9-]+)\.(?P<hash>[0-9a-f]{64})\.nc")
_TEMPORARY = re.compile(r"\.(?P<host>.*)\.(?P<pid>\d+)\.[0-9a-f]{8}\.tmp")
REJECTED = ".rejected"
_HDF5 = threading.Lock()  # the library is not made for several threads
Report = Callable[[str], None]


class StoreWarning(UserWarning):
    """A stored file was not trusted; it was put aside and its content is computed again."""


def warn(message: str) -> None:
    """Report through Python's warnings."""
    warnings.warn(message, StoreWarning, stacklevel=2)


def provenance() -> dict[str, str]:
    """Versions, platform and device, as text for a file's attributes."""
    try:
        version = metadata.version("madatheory")
    except metadata.PackageNotFoundError:  # run from a source tree
        version = "not installed"
    return {
        "madatheory": version,
        **{name: str(value) for name, value in environment().items()},
        "python": platform.python_version(),
        "xarray": metadata.version("xarray"),
        "machine": f"{platform.system()} {platform.machine()}",
    }


def writable_folder(folder: Path) -> None:
    """Create `folder` if need be; `UserError` unless a file can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = _temporary(folder)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror or error}; give another folder") from error


def check_output(path: str | Path) -> Path:
    """The path of an output file, refused before any work if it cannot be written."""
    file = Path(path)
    if file.is_dir():
        raise UserError(f"{file} is a folder; give the name of a file")
    writable_folder(file.parent)
    return file


def save_run(dataset: xr.Dataset, path: str | Path, configuration: Mapping[str, object] | None = None) -> None:
    """Write a Dataset as NetCDF with provenance attributes, replacing `path` only when everything is on the disk."""
    file = check_output(path)
    extra = {CONFIGURATION: stamp(canonical(dict(configuration)))} if configuration is not None else {}
    _publish(dataset.assign_attrs({**provenance(), **extra}), file.parent, lambda data: file.name)


def stamp(configuration: str) -> str:
    """The configuration as an attribute: NetCDF attributes end at 64 KiB, so a longer text is replaced by its hash."""
    return configuration if len(configuration) < 30_000 else f"sha256 {digest(configuration)}"


def marked(dataset: xr.Dataset, label: str, configuration: str) -> xr.Dataset:
    """A piece with the attributes that say what it is and where it comes from."""
    return dataset.assign_attrs({**provenance(), CONFIGURATION: stamp(configuration), LABEL: label})


def write(piece: xr.Dataset, folder: Path) -> bytes:
    """Keep a marked piece; returns the bytes of the file."""
    return _publish(piece, folder, lambda data: f"{piece.attrs[LABEL]}.{hashlib.sha256(data).hexdigest()}.nc")


def _publish(dataset: xr.Dataset, folder: Path, name: Callable[[bytes], str]) -> bytes:
    temporary = _temporary(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        plain = {variable: {"_FillValue": None} for variable in dataset.variables}
        with _HDF5:
            dataset.to_netcdf(temporary, engine="h5netcdf", encoding=plain)
        with temporary.open("rb") as file:
            data = file.read()
            os.fsync(file.fileno())
        os.replace(temporary, folder / name(data))
        with contextlib.suppress(OSError):  # some systems cannot flush a folder
            entry = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(entry)
            finally:
                os.close(entry)
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror or error}; what was finished is kept") from error
    finally:
        temporary.unlink(missing_ok=True)
    return data


def _temporary(folder: Path) -> Path:
    return folder / f".{platform.node() or 'host'}.{os.getpid()}.{secrets.token_hex(4)}.tmp"


def parse(data: bytes) -> xr.Dataset:
    """The Dataset in the bytes of a file."""
    with _HDF5:
        dataset = xr.load_dataset(io.BytesIO(data), engine="h5netcdf").drop_encoding()
    dataset.attrs = {k: v.item() if isinstance(v, np.generic) else v for k, v in dataset.attrs.items()}
    return dataset


def read(path: Path, configuration: str, report: Report) -> xr.Dataset | None:
    """The piece in `path`, or None: then the reason was reported and the file put aside as `*.rejected`."""
    name = _NAME.fullmatch(path.name)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None  # another process put it aside
    except OSError as error:
        report(f"{path}: cannot be read ({error.strerror or error}); computed again")
        return None
    reason, dataset = "", None
    if name is None or hashlib.sha256(data).hexdigest() != name["hash"]:
        reason = "damaged: its bytes do not have the checksum in its name"
    else:
        try:
            dataset = parse(data)
        except Exception as error:
            reason = f"damaged: not readable as NetCDF ({type(error).__name__})"
        else:
            if dataset.attrs.get(CONFIGURATION) != stamp(configuration) or dataset.attrs.get(LABEL) != name["label"]:
                reason = "foreign: it holds another computation than its place says"
    if not reason:
        return dataset
    with contextlib.suppress(OSError):
        os.replace(path, path.with_name(path.name + REJECTED))
    report(f"{path}: {reason}; put aside and computed again")
    return None


def pieces(folder: Path, report: Report) -> list[tuple[str, Path]]:
    """Labels and paths of the files of a folder, in order; a file that does not belong there is reported and left."""
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        name = _NAME.fullmatch(path.name)
        if name is not None:
            found.append((name["label"], path))
        elif _abandoned(path):
            path.unlink(missing_ok=True)
        elif path.suffix != REJECTED and not _TEMPORARY.fullmatch(path.name):
            report(f"{path}: foreign: not a file of the store; ignored")
    return found


def _abandoned(path: Path) -> bool:
    """Whether `path` is a temporary file of a process of this machine that is gone."""
    name = _TEMPORARY.fullmatch(path.name)
    return name is not None and name["host"] == platform.node() and not psutil.pid_exists(int(name["pid"]))
