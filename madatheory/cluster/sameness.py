"""What a client and its workers must have in common, so that a number does not depend on where it was computed."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from madatheory.engine.flags import enable_native_loop
from madatheory.errors import UserError
from madatheory.sources import PACKAGE
from madatheory.store.cache_key import environment
from madatheory.xla import processor

PROCESSOR = "kind of processor"
"""May differ between workers: results are then equal up to rounding, as between any two machines."""


class Differs(UserError):
    """A worker has other versions, other code or other settings than the client."""


@cache
def sameness() -> dict[str, str]:
    """Versions, settings of XLA and the package's code in this process. Sets the engine's flags, so call it early."""
    enable_native_loop()  # XLA reads them when its CPU backend starts
    code = hashlib.sha256()
    for file in sorted(PACKAGE.rglob("*.py")):
        code.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return {
        "madatheory": _version("madatheory"),
        "code of madatheory": code.hexdigest()[:12],
        **{name: str(value) for name, value in environment().items()},
        **{name: _version(name) for name in ("scipy", "xarray", "cloudpickle", "distributed")},
        PROCESSOR: hashlib.sha256(processor().encode()).hexdigest()[:12],
    }


def compare(worker: str, theirs: Mapping[str, str], ours: Mapping[str, str]) -> None:
    """`Differs`, naming what, unless a worker has what the client has; the number of a version that is built alike
    from one commit may differ, for its code is compared."""
    names = [name for name in ours if name not in (PROCESSOR, "madatheory") and theirs.get(name) != ours[name]]
    if names:
        shown = "; ".join(f"{name} {theirs.get(name)} there, {ours[name]} here" for name in names)
        versions = f"madatheory {theirs.get('madatheory')} there, {ours['madatheory']} here; "
        raise Differs(
            f"worker {worker} differs: {versions if 'code of madatheory' in names else ''}{shown}: results would not "
            "be those of one machine; install the same versions on all workers and start them anew"
        )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # run from a source tree
        return "not installed"
