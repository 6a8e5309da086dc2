"""XLA's undocumented options: which of them the XLA of this process takes, for they come and go; how it compiles many
small programs quickly, and how commands keep what it has compiled."""

import hashlib
import os
import platform
import tempfile
import threading
import warnings
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

TESTED = frozenset({"0.10.0", "0.10.1", "0.10.2", "0.11.0", "0.11.1", "0.11.2", "0.12.0", "0.12.0.1"})
"""Versions of jaxlib whose XLA is known to take the options that the environment is given: others end the process."""
QUICK = "JAX_DISABLE_MOST_OPTIMIZATIONS"
QUICKLY: Mapping[str, Any] = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": 1,
}
"""For programs that run a few steps: no passes that only long runs pay for; XLA's older emitters of code, whose newer
ones take as long as all the rest; no threads for the parts of a program, which take more of each core."""


def enable_quick_compilation() -> None:
    """Compile everything `QUICKLY` in this process and its children. Call before JAX is imported; what is set stays."""
    os.environ.setdefault(QUICK, "true")  # the first two
    flags, jaxlib = os.environ.get("XLA_FLAGS", "").split(), version("jaxlib")
    quick = ["--xla_cpu_parallel_codegen_split_count=1"] * (jaxlib in TESTED)
    quick += ["--xla_cpu_use_fusion_emitters=false"] * jaxlib.startswith("0.10.")
    known = {flag.partition("=")[0] for flag in flags}
    os.environ["XLA_FLAGS"] = " ".join([*flags, *(flag for flag in quick if flag.partition("=")[0] not in known)])


_LOCK = threading.Lock()


def accepted(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `options` that `compiler_options` of `jax.jit` may have here, each found out once per process.

    The options must be such that results are as right without them.
    """
    import jax

    with _LOCK:
        taken = _taken(jax.default_backend(), tuple(options.items()))
    return dict(taken)


@lru_cache
def _taken(backend: str, options: tuple[tuple[str, Any], ...]) -> tuple[tuple[str, Any], ...]:
    """All if a program without operations compiles with them, else those that are taken alone."""
    import jax

    try:
        jax.jit(lambda: ()).lower().compile(compiler_options=dict(options))
    except jax.errors.JaxRuntimeError:
        return sum((_taken(backend, (option,)) for option in options), ()) if len(options) > 1 else ()
    return options


_MOST_BYTES = 2**28
"""Of the kept programs; a whole `madatheory verify` makes a tenth of it."""


def keep_programs(folder: Path) -> bool:
    """Let JAX keep in `folder` what this process compiles, and find there what others did; whether it does now.

    For commands, before they compile: it is a setting of the whole process. Never raises and never warns: without it
    all is as right, and compiled anew. Programs are code, so only a folder is taken that nobody else may write. They
    are kept apart by processor and version, because only the same ones compute the same bits.
    """
    import jax
    from jax.experimental.compilation_cache import compilation_cache

    own, wanted = (getattr(jax.config, f"jax_{name}") for name in ("compilation_cache_dir", "enable_compilation_cache"))
    if jax.default_backend() != "cpu" or own or not wanted:  # what the user has set stays
        return False
    folder = folder.absolute()
    place = folder / f"{version('jaxlib')}-{hashlib.sha256(processor().encode()).hexdigest()[:12]}"
    try:
        for part in (folder, place):
            part.mkdir(mode=0o700, exist_ok=True)
            if hasattr(os, "getuid") and (part.stat().st_uid != os.getuid() or part.stat().st_mode & 0o022):
                return False
        _make_room(folder)
        if not os.access(place, os.W_OK):
            return False
    except OSError:
        return False
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    jax.config.update("jax_compilation_cache_dir", str(place))
    # a file that another process has not finished, or a full disk: the program is compiled, and that is all
    warnings.filterwarnings("ignore", ".*persistent compilation cache", UserWarning)
    if _said_of_kept():
        jax.config.update("jax_compilation_cache_dir", None)
        compilation_cache.reset_cache()
        return False
    return True


def processor() -> str:
    """What this processor can do, as far as the system says."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())


def _make_room(folder: Path) -> None:
    """Remove what was written first, until half of what may be kept is left: JAX's own limit reads all at each write.

    What a running process misses it compiles.
    """
    files = sorted((file.stat().st_mtime, file.stat().st_size, file) for file in folder.glob("*/*-cache"))
    left = sum(size for _, size, _ in files)
    if left > _MOST_BYTES:
        for _, size, file in files:
            file.unlink(missing_ok=True)
            left -= size
            if left <= _MOST_BYTES // 2:
                return


def _said_of_kept() -> str:
    """What XLA says on stderr when it finds a small program again: on some processors it refuses every one, aloud."""
    import jax

    def compiled() -> None:
        jax.jit(lambda x: x * x + 1).lower(jax.ShapeDtypeStruct((8,), "float32")).compile()

    compiled()
    with tempfile.TemporaryFile() as said:
        stderr = os.dup(2)
        try:
            os.dup2(said.fileno(), 2)
            compiled()
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
        said.seek(0)
        return said.read().decode(errors="replace")
