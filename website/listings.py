"""Source files as pages, with a place for every theorem and object that other pages point to."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

COQ = "proofs_check/coq"


def coq_target(module: str, theorem: str) -> str:
    """The place of a theorem of MODULE.v."""
    return f"coq-{module}-{theorem}".lower()


def object_target(name: str) -> str:
    """The place of a theorem or lemma object."""
    return f"object-{name}"


def pages(root: Path, homes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(name without ending, text) of every Coq file, and of every file that defines one of the objects in `homes`."""
    for file in sorted((root / COQ).glob("*.v")):
        text = file.read_text(encoding="utf-8")
        places = {coq_target(file.stem, name): line for name, line in _coq_theorems(text).items()}
        yield f"{COQ}/{file.stem}", _page(f"{COQ}/{file.name}", text, places, "coq")
    for module in sorted(set(homes.values())):
        path = module.replace(".", "/")
        text = (root / f"{path}.py").read_text(encoding="utf-8")
        names = [name for name, home in homes.items() if home == module]
        yield path, _page(f"{path}.py", text, {object_target(name): _line(text, name) for name in names}, "python")


def _coq_theorems(text: str) -> dict[str, int]:
    """Name of what a Coq file states and the number of its line, from 0."""
    stated = re.compile(r"^\s*(?:Theorem|Lemma|Corollary|Example|Fact)\s+([\w']+)")
    return {found[1]: number for number, line in enumerate(text.splitlines()) if (found := stated.match(line))}


def excerpt(file: Path, theorem: str) -> str:
    """What a theorem of a Coq file states, without its proof."""
    lines = file.read_text(encoding="utf-8").splitlines()
    start = _coq_theorems("\n".join(lines))[theorem]
    end = next(
        i for i in range(start, len(lines)) if re.match(r"\s*Proof\b", lines[i]) or lines[i].rstrip().endswith(".")
    )
    return "\n".join(lines[start : end + 1]).split("Proof.")[0].rstrip()


def _line(text: str, name: str) -> int:
    """The first line of the statement that says the name of an object, or else of the file."""
    lines = text.splitlines()
    said = next((number for number, line in enumerate(lines) if f'"{name}"' in line), 0)
    return next((number for number in range(said, 0, -1) if re.match(r"\w", lines[number])), 0)


def _page(title: str, text: str, places: Mapping[str, int], language: str) -> str:
    lines = text.splitlines()
    starts = sorted({0, *places.values()})
    parts = ["---", "orphan: true", "---", f"# {title}", ""]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        parts += [f"({target})=" for target, line in places.items() if line == start]
        start = next((number for number in range(start, end) if lines[number].strip()), end)
        if start < end:
            parts += [
                f"`````{{code-block}} {language}",
                f":lineno-start: {start + 1}",
                "",
                *lines[start:end],
                "`````",
                "",
            ]
    return "\n".join(parts) + "\n"
