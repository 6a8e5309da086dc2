"""Versions, and the variables that JAX and XLA read: what they refuse there is one message, not a traceback."""

import gc
import os
import re
import subprocess
import sys
from functools import cache
from importlib.metadata import version

from madatheory.cli.console import note
from madatheory.engine.flags import KERNEL_LOOP, enable_native_loop
from madatheory.errors import UserError
from madatheory.xla import QUICK

UNUSED = ("JAX_DEBUG_NANS", "JAX_DEBUG_INFS", "JAX_DISABLE_JIT", "JAX_NUMPY_RANK_PROMOTION")
"""Under these JAX refuses what commands do on purpose: values that are not finite are shown as such by the commands."""
NUMERICAL = ("madatheory", "jax", "jaxlib", "numpy", "scipy")
_NONE = ("", "0", "n", "no", "f", "false", "off", "allow")
_TRIAL = "import jax; jax.jit(lambda x: x + 1)(1.0)"
_SECONDS = 120
_REASON = re.compile(r"unknown|could|invalid|fail|error", re.IGNORECASE)


def versions() -> dict[str, str]:
    """Versions of what makes the numbers."""
    return {name: version(name) for name in NUMERICAL}


def prepare(*, native_loop: bool) -> None:
    """Before the first computation: leave out what is no use, refuse what is wrong, and set our own flags if wanted."""
    gc.set_threshold(10_000, 20, 100)  # traces are many small objects: with Python's own numbers a tenth of all time
    for name in UNUSED:
        value = os.environ.pop(name, "")
        if value.lower() not in _NONE:
            note(f"{name}={value} is left out: under it JAX refuses what this command does on purpose")
    flags = os.environ.get("XLA_FLAGS", "")
    if flags.strip() and KERNEL_LOOP not in flags:
        refuse_flags(flags)
    if native_loop:
        enable_native_loop()  # XLA reads the flag when its CPU backend starts
    # the package sets QUICK itself, which JAX is known to take: starting it would cost a second
    given = {name: value for name, value in os.environ.items() if name.startswith("JAX_")}
    if given.get(QUICK) == "true":
        del given[QUICK]
    if given:
        try:
            import jax

            jax.devices()
        except (RuntimeError, ValueError) as error:
            words = ", ".join(f"{name}={value}" for name, value in given.items())
            reason = " ".join(str(error).split())
            raise UserError(f"JAX does not start with {words}: {reason}; unset or mend the variable") from error


@cache
def refuse_flags(flags: str) -> None:
    """`UserError` that names the flag if XLA, which would end the process, does not take these; a few seconds."""
    if _said(flags) is None:
        return
    for flag in flags.split():
        said = _said(flag)
        if said is not None:
            raise UserError(f"XLA_FLAGS: XLA refuses {flag} ({said}); unset or mend it")
    raise UserError(f"XLA_FLAGS={flags}: XLA refuses these together ({_said(flags)}); unset or mend them")


def _said(flags: str) -> str | None:
    """What XLA says in a process of its own before it ends it; None if it takes the flags."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    environment = {**others, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", _TRIAL]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer in {_SECONDS} s"
    if ran.returncode == 0:
        return None
    lines = [re.sub(r"^[A-Z]\d{4} .*?\] ", "", line) for line in ran.stderr.splitlines() if line[:1].strip()]
    return next(filter(_REASON.search, lines), f"it ends with status {ran.returncode}")[:200]
