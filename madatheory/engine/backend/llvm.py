"""Which options the LLVM inside a version of jaxlib takes: tried in a process of its own, which an unknown one ends.

What is found is kept in the user's cache folder, one small file per version of jaxlib and kind of processor, so that a
machine pays once. Where nothing can be kept, nothing is tried and the options are left out.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from madatheory import processes
from madatheory.errors import UserError
from madatheory.files import write

EXTRA = "--xla_backend_extra_options"
_SECONDS = 120


def taken(options: Sequence[str], jaxlib: str) -> tuple[str, ...]:
    """Those of `options` with which the installed jaxlib, of this version, is known to compile; never raises."""
    try:
        file = _folder() / f"llvm-{jaxlib}-{platform.system()}-{platform.machine()}.json"
        known = _read(file)
        if not all(option in known for option in options):
            write(file, json.dumps(known))
            known |= _tried(tuple(options))
            write(file, json.dumps(known))
    except (OSError, UserError, subprocess.TimeoutExpired):
        return ()
    return tuple(option for option in options if known[option])


def _folder() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "madatheory"
    if not folder.is_absolute():
        raise FileNotFoundError(f"{folder} is no place of the user's own")
    return folder


def _read(file: Path) -> dict[str, bool]:
    """Option -> whether it is taken; empty if the file cannot be made sense of."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    sound = isinstance(found, dict) and all(isinstance(value, bool) for value in found.values())
    return found if sound else {}


def _tried(options: tuple[str, ...]) -> dict[str, bool]:
    """Each option with whether a process compiles with it: all at once first, one by one if that process ends.

    `OSError` if a process fails without options too: then its end says nothing about them.
    """
    if _compiles(options):
        return dict.fromkeys(options, True)
    if not _compiles(()):
        raise ChildProcessError("JAX does not compile in a process of its own")
    return {option: len(options) > 1 and _compiles((option,)) for option in options}


def _compiles(options: tuple[str, ...]) -> bool:
    """Whether a fresh interpreter compiles a program with these options; `OSError` if there is none or it is killed."""
    if not sys.executable:
        raise FileNotFoundError("this Python does not know its own interpreter")
    flags = f"{EXTRA}={','.join(options)}" if options else ""
    environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    command = processes.command("madatheory.engine.backend.llvm")
    with processes.lifeline() as alive, processes.shielded():
        status = subprocess.run(
            command, env=environment, stdin=alive, capture_output=True, timeout=_SECONDS, check=False
        ).returncode
    if status < 0:
        raise InterruptedError(f"ended by signal {-status}")
    return status == 0


def _compile() -> None:
    import jax

    jax.jit(lambda x: x + 1).lower(jax.ShapeDtypeStruct((), "float32")).compile()


if __name__ == "__main__":
    _compile()
