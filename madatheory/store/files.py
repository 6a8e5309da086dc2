"""Files that can be trusted: written whole or not at all, with their SHA-256 in their name, and checked when read.

The bytes of a file are hashed before the NetCDF library sees them, so a truncated or altered file is never parsed; then
the configuration inside is compared.
"""

import contextlib
import hashlib
import io
import os
import platform
import threading
import warnings
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import h5netcdf
import h5py
import numpy as np
import xarray as xr
from xarray.backends import H5NetCDFStore

from madatheory import files
from madatheory.errors import UserError
from madatheory.store.cache_key import canonical, digest, environment
from madatheory.store.folder import CHUNK, REJECTED

CONFIGURATION, LABEL = "configuration", "piece"
_OF_FORMAT = {"CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST", "DIMENSION_LABELS", "_Netcdf4Dimid"}
_OF_FORMAT |= {"_Netcdf4Coordinates", "_NCProperties", "_nc3_strict"}
_ONLY_DIMENSION = b"This is a netCDF dimension but not a netCDF variable"
_RENAMED = "_nc4_non_coord_"
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


def save_run(dataset: xr.Dataset, path: str | Path, configuration: Mapping[str, object] | None = None) -> None:
    """Write a Dataset as NetCDF with provenance attributes, replacing `path` only when everything is on the disk."""
    files.check_output(path)
    extra = {CONFIGURATION: stamp(canonical(dict(configuration)))} if configuration is not None else {}
    files.write(path, netcdf(dataset.assign_attrs({**provenance(), **extra})))


def stamp(configuration: str) -> str:
    """The configuration as an attribute: NetCDF attributes end at 64 KiB, so a longer text is replaced by its hash."""
    return configuration if len(configuration) < 30_000 else f"sha256 {digest(configuration)}"


def marked(dataset: xr.Dataset, label: str, configuration: str) -> xr.Dataset:
    """A chunk with the attributes that say what it is and where it comes from."""
    return dataset.assign_attrs({**provenance(), CONFIGURATION: stamp(configuration), LABEL: label})


def write(chunk: xr.Dataset, folder: Path) -> tuple[Path, bytes]:
    """Keep a marked chunk; returns the file and its bytes."""
    data = netcdf(chunk)
    file = folder / f"{chunk.attrs[LABEL]}.{hashlib.sha256(data).hexdigest()}.nc"
    files.write(file, data)
    return file, data


def netcdf(dataset: xr.Dataset) -> bytes:
    """The bytes of a NetCDF file. It is made in memory: on a full disk the HDF5 library ends the process."""
    memory = io.BytesIO()
    plain = {variable: {"_FillValue": None} for variable in dataset.variables}
    with _HDF5, h5netcdf.File(memory, "w") as file:
        dataset.dump_to_store(H5NetCDFStore(file), encoding=plain)
    return memory.getvalue()


def parse(data: bytes) -> xr.Dataset:
    """The Dataset in the bytes of a file."""
    with _HDF5:
        with h5py.File(io.BytesIO(data), "r") as file:
            dataset = _plain(file)
        if dataset is None:
            dataset = xr.load_dataset(io.BytesIO(data), engine="h5netcdf").drop_encoding()
    dataset.attrs = {k: v.item() if isinstance(v, np.generic) else v for k, v in dataset.attrs.items()}
    return dataset


def _plain(file: h5py.File) -> xr.Dataset | None:
    """The Dataset in a file of numbers with formulas, as runs are; None if it holds anything else.

    xarray reads every file and takes four times as long: half of all that a command takes that finds all its runs.
    """
    variables: dict[str, Any] = {}
    coordinates = set[str]()
    for name, item in file.items():
        if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "fiu" or name.startswith(_RENAMED):
            return None
        if item.attrs.get("NAME", b"").startswith(_ONLY_DIMENSION):
            continue
        scale = item.attrs.get("CLASS") == b"DIMENSION_SCALE"
        if scale and item.ndim != 1:
            return None
        known: dict[str, Any] = {key: item.attrs[key] for key in item.attrs if key not in _OF_FORMAT}
        listed = known.pop("coordinates", "")
        if known.keys() - {"formula"} or not all(isinstance(text, str) for text in (listed, *known.values())):
            return None
        coordinates |= set(listed.split())
        dims = (name,) if scale else tuple(str(dim[0].name).rpartition("/")[2] for dim in item.dims)
        variables[name] = (dims, item[()], known)
    attributes = {key: file.attrs[key] for key in file.attrs if key not in _OF_FORMAT}
    numbers = {key: value[0] for key, value in attributes.items() if isinstance(value, np.ndarray) and value.size == 1}
    attributes |= numbers
    if "coordinates" in attributes or not all(isinstance(v, str | np.number) for v in attributes.values()):
        return None
    given = {name: variable for name, variable in variables.items() if name in coordinates}
    return xr.Dataset({name: v for name, v in variables.items() if name not in given}, given, attributes)


def read(path: Path, configuration: str, report: Report) -> xr.Dataset | None:
    """The chunk in `path`, or None: then the reason was reported and the file put aside as `*.rejected`."""
    name = CHUNK.fullmatch(path.name)
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


def chunks(folder: Path, report: Report) -> list[tuple[str, Path]]:
    """Labels and paths of the files of a folder, in order; a file that does not belong there is reported and left."""
    found = []
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(f"{folder} is in the way of the store: {error.strerror}; remove it") from error
    for path in paths:
        name = CHUNK.fullmatch(path.name)
        if name is not None and path.is_file():
            found.append((name["label"], path))
        elif files.abandoned(path):
            path.unlink(missing_ok=True)
        elif path.suffix != REJECTED and not files.is_temporary(path):
            report(f"{path}: foreign: not a file of the store; ignored")
    return found


def unmarked(dataset: xr.Dataset) -> xr.Dataset:
    """A chunk as the user gets it."""
    plain = dataset.copy(deep=False)
    plain.attrs.pop(LABEL, None)
    return plain


def joined(parts: list[xr.Dataset]) -> xr.Dataset:
    """Chunks one after the other; where their attributes differ, all are named."""
    if len(parts) == 1:
        return parts[0]
    joined = xr.concat(
        parts, "seed", data_vars="minimal", coords="minimal", compat="override", join="exact", combine_attrs="override"
    )
    differing = {
        name: " | ".join(sorted({str(part.attrs.get(name)) for part in parts}))
        for name, value in parts[0].attrs.items()
        if name != CONFIGURATION and any(str(part.attrs.get(name)) != str(value) for part in parts)
    }
    return joined.assign_attrs(differing)
