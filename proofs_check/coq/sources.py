"""The Coq files as text: their sentences, imports and theorems, and what must not occur in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
# what would let a statement pass without a proof, or hide a statement; `Local Axiom` and the like contain them too
FORBIDDEN = (
    "Admitted",
    "admit",
    "give_up",
    "Abort",
    "Axiom",
    "Axioms",
    "Parameter",
    "Parameters",
    "Conjecture",
    "Conjectures",
    "Context",
    "Unset",
    "bypass_check",
    "Declare ML Module",
    "Redirect",
    "Load",
)
_START = re.compile(r"(?:Local |Global |#\[[^\]]*\] ?)?(\w+)")
_STATING = ("Theorem", "Lemma", "Corollary", "Fact", "Proposition", "Remark", "Example")


@dataclass(frozen=True)
class Sentence:
    """A command of a file: `kind` is its first word (Theorem, Definition, ...), `section` the sections it stands in."""

    kind: str
    text: str
    section: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name that a definition, a record or a theorem gives."""
        found = re.match(r"(?:Local |Global )?\w+\s+([\w']+)", self.text)
        return found.group(1) if found else ""


def without_comments(text: str) -> str:
    """The text with every comment, nested ones too, replaced by a space."""
    kept, depth, start = [], 0, 0
    for found in re.finditer(r"\(\*|\*\)", text):
        if depth == 0:
            kept.append(text[start : found.start()])
        depth += 1 if found.group() == "(*" else -1
        start = found.end()
    return " ".join([*kept, text[start:]])


@cache
def modules(folder: Path = FOLDER) -> Mapping[str, str]:
    """Name of every Coq file and its text, each after those that it imports."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.v"))}
    order: dict[str, str] = {}

    def add(name: str) -> None:
        if name not in order:
            for other in imports(texts[name]):
                add(other)
            order[name] = texts[name]

    for name in texts:
        add(name)
    return order


def imports(text: str) -> list[str]:
    """The modules of this folder that a file imports: `From Mada Require Import A B.`"""
    lines = re.findall(r"^From Mada Require Import (.*)\.\s*$", text, flags=re.MULTILINE)
    return [name for line in lines for name in line.split()]


def sentences(text: str) -> list[Sentence]:
    """The commands of a file, without its proofs."""
    found, sections, proving = [], [], False
    for part in re.split(r"\.(?:\s+|$)", without_comments(text)):
        words = " ".join(part.split())
        start = _START.match(words)
        if not start:
            continue
        kind = start.group(1)
        if proving:
            proving = kind not in ("Qed", "Defined")
        elif kind == "Proof":
            proving = True
        elif kind == "Section":
            sections.append(words.split()[1])
        elif kind == "End":
            sections.pop()
        else:
            found.append(Sentence(kind, words, tuple(sections)))
    return found


def theorems(text: str) -> list[Sentence]:
    """The sentences `Theorem ..`: what a file is about. Its lemmas are steps."""
    return [s for s in sentences(text) if s.kind == "Theorem"]


def stated(text: str) -> list[Sentence]:
    """Theorems and lemmas."""
    return [s for s in sentences(text) if s.kind in _STATING]


def suspicious(text: str) -> list[str]:
    """The forbidden words that occur outside comments."""
    words = without_comments(text)
    return [word for word in FORBIDDEN if re.search(rf"(?<![\w']){word}(?![\w'])", words)]
