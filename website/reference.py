"""The reference of the public names, from their docstrings: a page for each part of the package."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from website.docstrings import Documented, documented, exported

FOLDER = "reference"
_TITLES = {
    "identities": "Checking optimizers",
    "theory": "Theorems and verdicts",
    "worst": "Worst cases",
    "training": "Training with MADA",
    "torch": "MADA in PyTorch",
    "optimizers": "Optimizers",
    "problems": "Problems",
    "engine": "Simulation",
    "store": "The store",
    "figures": "Figures",
    "studies": "Comparisons in training",
    "hparams": "Hyper-parameters",
    "errors": "Errors",
}
_ALIGNED = re.compile(r"^\s*\S.*\S\s{2,}\S|^\s{2,}\S", re.M)


def public(root: Path) -> dict[str, list[Documented]]:
    """Every public name by the part of the package that defines it; `UserError` for one that says nothing of itself."""
    found: dict[str, list[Documented]] = {part: [] for part in _TITLES}
    for name, module in exported(root / "madatheory" / "__init__.pyi"):
        found[module.split(".")[1] if "." in module else name].append(documented(root, module, name))
    for name, module in exported(root / "madatheory" / "torch" / "__init__.py"):
        if module.startswith("madatheory.torch"):
            found["torch"].append(documented(root, module, name))
    return found


def pages(root: Path) -> Iterator[tuple[str, str]]:
    """(name without ending, text) of the index and of every part."""
    parts = public(root)
    roles = dict(_roles(parts))
    names = "\n".join(f"{part}" for part in parts)
    lines = [
        "# Reference",
        "",
        "Everything that `import madatheory` offers, and `madatheory.torch`, from its docstring.",
        "",
    ]
    for part, entries in parts.items():
        listed = ", ".join(roles[f"{_package(part)}.{entry.name}"] for entry in entries)
        lines += [f"- [{_TITLES[part]}]({part}.md): {listed}"]
    lines += ["", "```{toctree}", ":hidden:", "", names, "```", ""]
    yield f"{FOLDER}/index", "\n".join(lines)
    for part, entries in parts.items():
        text = [f"# {_TITLES[part]}", "", f"```{{py:currentmodule}} {_package(part)}", "```", ""]
        for entry in sorted(entries, key=lambda entry: (entry.kind == "module", entry.name.lower())):
            text += _entry(entry, _package(part), roles)
        yield f"{FOLDER}/{part}", "\n".join(text) + "\n"


def _package(part: str) -> str:
    return "madatheory.torch" if part == "torch" else "madatheory"


def _roles(parts: Mapping[str, list[Documented]]) -> Iterator[tuple[str, str]]:
    """The full name of everything that a text may link to, and the link."""
    for part, entries in parts.items():
        for entry in entries:
            full = f"{_package(part)}.{entry.name}"
            yield full, _role(entry, full)
            if entry.kind in ("class", "module"):
                for one in entry.members:
                    yield f"{full}.{one.name}", _role(one, f"{full}.{one.name}")


def _role(entry: Documented, full: str) -> str:
    role = {"function": "func", "class": "class", "exception": "exc", "module": "mod", "method": "meth"}
    return f"{{py:{role.get(entry.kind, 'obj')}}}`~{full}`"


def _entry(entry: Documented, package: str, roles: Mapping[str, str]) -> list[str]:
    if entry.kind == "module":
        full = f"{package}.{entry.name}"
        lines = [f"## {full}", "", f"```{{py:module}} {full}", "```", "", *prose(entry.text, roles), ""]
        lines += [line for one in entry.members for line in _entry(one, full, roles)]
        return [*lines, f"```{{py:currentmodule}} {package}", "```", ""]
    return [*_directive(entry, roles, 6), ""]


def _directive(entry: Documented, roles: Mapping[str, str], fence: int) -> list[str]:
    mark = ":" * fence
    options = []
    signature = "" if entry.kind in ("data", "property") else entry.signature
    if entry.kind in ("data", "property") and entry.signature:
        options = [f":type: {entry.signature.removeprefix(': ')}"]
    lines = [f"{mark}{{py:{entry.kind}}} {entry.name}{signature}", *options, "", *prose(entry.text, roles), ""]
    if entry.fields:
        lines += ["| field | type | default |", "|---|---|---|"]
        lines += [f"| `{name}` | {_code(kind)} | {_code(default)} |" for name, kind, default in entry.fields]
        lines += [""]
    for one in entry.members if entry.kind in ("class", "exception") else ():
        lines += _directive(one, roles, fence - 1)
    return [*lines, mark]


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""


def prose(text: str, roles: Mapping[str, str]) -> Iterator[str]:
    """A docstring as Markdown: paragraphs with links to public names, tables of what is aligned in two columns."""
    for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
        if not _ALIGNED.search(paragraph):
            yield from (_inline(paragraph, roles), "")
        elif rows := _columns(_without_margin(paragraph)):
            cells = [(f"`{name}`", _inline(meaning, roles)) for name, meaning in rows]
            yield from ("| | |", "|---|---|", *(f"| {name} | {meaning} |" for name, meaning in cells), "")
        else:
            yield from ("```text", *_without_margin(paragraph), "```", "")


def _inline(text: str, roles: Mapping[str, str]) -> str:
    parts = re.split(r"`([^`]+)`", text)
    return "".join(_linked(part, roles) if i % 2 else _escaped(part) for i, part in enumerate(parts))


def _columns(lines: list[str]) -> list[tuple[str, str]] | None:
    """Rows of a name and its meaning, which may go on over several lines; None where lines are aligned otherwise."""
    rows: list[tuple[str, str]] = []
    first = re.match(r"\S.*?\s{2,}(?=\S)", lines[0])
    if first is None:
        return None
    start = first.end()
    for line in lines:
        name, meaning = line[:start].rstrip(), line[start:]
        if name and line[start - 1 : start] == " " and not meaning.startswith(" "):
            rows.append((name, meaning))
        elif rows and not line[: min(start, len(line))].strip():
            rows[-1] = (rows[-1][0], f"{rows[-1][1]} {line.strip()}")
        else:
            return None
    return rows


def _without_margin(paragraph: str) -> list[str]:
    lines = paragraph.splitlines()
    margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return [line[margin:] for line in lines]


def _linked(code: str, roles: Mapping[str, str]) -> str:
    name = code.removesuffix("()")
    full = name if name.startswith("madatheory.") else f"madatheory.{name}"
    return roles.get(full) or f"`{code}`"


def _escaped(text: str) -> str:
    return re.sub(r"([\\*_$<\[\]{}|#~^])", r"\\\1", text)
