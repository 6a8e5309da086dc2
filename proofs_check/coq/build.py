"""Builds the Coq files in a cache folder, two at a time; what is built stays built until its text changes."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from madatheory.errors import Missing
from madatheory.files import write
from proofs_check.coq import sources


def _root() -> Path:
    """`.madatheory/coq` here, or a folder of this user's own where nothing can be written here."""
    if os.access(".", os.W_OK):
        return Path(".madatheory") / "coq"
    return Path(tempfile.gettempdir()) / f"madatheory-coq-{os.getuid()}"


ROOT = _root()
CHECK = "Check"
# what the real numbers of Coq's standard library rest on
CLASSICAL_REALS = frozenset(
    {
        "ClassicalDedekindReals.sig_not_dec",
        "ClassicalDedekindReals.sig_forall_dec",
        "FunctionalExtensionality.functional_extensionality_dep",
        "Classical_Prop.classic",
    }
)
# Coq then says of every proof in a section which of the section's hypotheses it uses, which `mutants` needs
_OPTIONS = ("-q", "-noglob", "-set", "Suggest Proof Using")
_SECONDS = 300
_AT_ONCE = 2


class DoesNotCheck(Exception):
    """Coq refuses a file."""


@cache
def coqc() -> str:
    """The compiler; `Missing` where it is not installed."""
    found = shutil.which("coqc")
    if not found:
        raise Missing("coqc is not installed: apt-get install coq (8.16 or later)")
    return found


@cache
def _version() -> str:
    return subprocess.run([coqc(), "--version"], capture_output=True, text=True, check=True).stdout


@cache
def keys() -> Mapping[str, str]:
    """Per file what its object depends on: the compiler and its options, its text, and the keys of its imports."""
    found: dict[str, str] = {}
    for name, text in sources.modules().items():
        parts = [_version(), *_OPTIONS, text, *(found[other] for other in sources.imports(text))]
        found[name] = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]
    return found


def compile_file(source: Path, objects: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """One run of coqc on `source` against built `objects`; the object and Coq's caches go to the folder `out`."""
    paths = ["-Q", str(objects.resolve()), "Mada", "-Q", ".", "Mada"]  # the second gives the new object its full name
    command = [coqc(), *_OPTIONS, *paths, "-o", f"{source.stem}.vo", str(source.resolve())]
    return subprocess.run(command, cwd=out, capture_output=True, text=True, timeout=_SECONDS, check=False)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One builder at a time; another process waits and then finds everything built."""
    import fcntl

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def built() -> Path:
    """The folder with the objects of all files, built where needed; `DoesNotCheck` with Coq's message, or `Missing`.

    Every object is kept as soon as it is there, so that a run that was stopped loses the files under way at most.
    """
    coqc()
    folder, refusal = _built_or_refused()
    if refusal:
        raise DoesNotCheck(refusal)
    return folder


@cache
def _built_or_refused() -> tuple[Path, str]:
    folder = ROOT / hashlib.sha256("".join(keys().values()).encode()).hexdigest()[:20]
    with _locked(ROOT):
        if not (folder / "complete").exists():
            folder.mkdir(exist_ok=True)
            try:
                _build(folder)
            except DoesNotCheck as error:
                return folder, str(error)
            (folder / "complete").touch()
            _forget(folder)
    return folder, ""


def _build(folder: Path) -> None:
    texts, done = sources.modules(), set[str]()
    waiting, running = list(texts), dict[Future[None], str]()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while waiting or running:
            ready = [name for name in waiting if done.issuperset(sources.imports(texts[name]))]
            for name in ready:
                waiting.remove(name)
                running[pool.submit(_object, name, folder)] = name
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                try:
                    future.result()
                except Exception:
                    for other in running:
                        other.cancel()
                    raise
                done.add(running.pop(future))


def _object(name: str, folder: Path) -> None:
    """Links the object of one file into `folder`, from the store or from a run of coqc."""
    store = ROOT / "objects" / keys()[name]
    if not (store / f"{name}.vo").exists():
        with tempfile.TemporaryDirectory(dir=ROOT) as scratch:
            ran = compile_file(sources.FOLDER / f"{name}.v", folder, Path(scratch))
            if ran.returncode:
                raise DoesNotCheck(f"{name}.v: {' '.join((ran.stderr or ran.stdout).split())[:400]}")
            write(store / "said", ran.stdout)
            write(store / f"{name}.vo", Path(scratch, f"{name}.vo").read_bytes())
    target = folder / f"{name}.vo"
    target.unlink(missing_ok=True)
    os.link(store / target.name, target)


def said(name: str) -> str:
    """What Coq printed when it checked a file that is built."""
    return (ROOT / "objects" / keys()[name] / "said").read_text(encoding="utf-8")


def _forget(folder: Path) -> None:
    """Removes objects that the files of today do not need."""
    for old in ROOT.iterdir():
        if old.is_dir() and old not in (folder, ROOT / "objects", ROOT / "mutants"):
            shutil.rmtree(old, ignore_errors=True)
    for old in (ROOT / "objects").iterdir():
        if old.name not in keys().values():
            shutil.rmtree(old, ignore_errors=True)


@cache
def axioms() -> frozenset[str]:
    """What `Print Assumptions` of all theorems names; `DoesNotCheck` for more than the classical reals."""
    built()
    told = said(CHECK)
    if "Axioms:" not in told:
        raise DoesNotCheck(f"Check.v prints no assumptions: {told[:200]}")
    found = frozenset(re.findall(r"^([A-Za-z_][\w.']*)\s*:", told[told.index("Axioms:") + 7 :], flags=re.MULTILINE))
    if not found or not found <= CLASSICAL_REALS:
        raise DoesNotCheck(f"the theorems rest on {', '.join(sorted(found - CLASSICAL_REALS)) or 'nothing readable'}")
    return found


def check_source() -> str:
    """The text of Check.v: one `Print Assumptions` of every `Theorem` of every other file."""
    texts = {name: text for name, text in sources.modules().items() if name != CHECK}
    named = [f"@{module}.{s.name}" for module, text in texts.items() for s in sources.theorems(text)]
    needed = [module for module, text in texts.items() if sources.theorems(text)]
    lines = ["(* Generated by `python -m proofs_check.coq`: what all theorems together assume. *)"]
    lines += _filled("From Mada Require Import", needed, " ", ".")
    lines += ["Definition all_theorems :=", *_filled("  (", named, ", ", ").")]
    return "\n".join([*lines, "Print Assumptions all_theorems.", ""])


def _filled(start: str, words: list[str], between: str, end: str) -> list[str]:
    """The words in lines of at most 120 columns; imports begin every line anew, with a full stop."""
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > 100:
            lines.append(line)
            line = ""
        line += (between if line else "") + word
    lines.append(line)
    if end == ".":
        return [f"{start} {line}." for line in lines]
    return [start + (between.strip() + "\n   ").join(lines) + end]
