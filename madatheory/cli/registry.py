"""Everything a command can name: the package's catalogues and what `--load` brought."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from madatheory.blame import Blamed
from madatheory.entry import Entry, checked, collect, line_where, load_file, named
from madatheory.errors import UserError
from madatheory.structure import conform

if TYPE_CHECKING:
    from madatheory.figures.figure import Figure
    from madatheory.theory.lemma import Lemma
    from madatheory.theory.theorem import Theorem

KINDS = ("optimizers", "problems", "theorems", "lemmas", "figures")


@dataclass(frozen=True)
class Registry:
    """Entries by kind and name. `own` are the user's; the package's are looked up when they are needed."""

    own: Mapping[str, Mapping[str, Any]]

    @cached_property
    def _all(self) -> dict[str, dict[str, Any]]:
        return {}

    def all(self, kind: str) -> dict[str, Any]:
        """All entries of `kind`, the package's first; statements by their labels."""
        if kind not in self._all:
            entries = {**_package(kind), **self.own[kind]}
            if kind in ("theorems", "lemmas"):
                entries = dict(sorted(entries.items(), key=lambda item: _label_order(item[1].label)))
            self._all[kind] = entries
        return self._all[kind]

    def choose(self, kind: str, names: Sequence[str] | None) -> list[Any]:
        """The named ones, statements also by label; with none named the user's own, and without these all."""
        if not names:
            return list((self.own[kind] or self.all(kind)).values())
        found = {}
        for name in names:
            found |= {entry.name: entry for entry in named(kind.removesuffix("s"), name, self.all(kind))}
        return list(found.values())


def _label_order(label: str) -> list[tuple[int, str]]:
    """T2 before T10."""
    return [(int(part or 0), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", label)]


def _package(kind: str) -> dict[str, Any]:
    import madatheory

    return getattr(madatheory, f"list_{kind}")()


def registry(files: Sequence[str] | None) -> Registry:
    """The catalogues with the user's files read; a file that brings nothing, or a name that is taken, is refused."""
    own: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    for file in files or ():
        module = load_file(file)
        count = 0
        for kind, cls in _classes().items():
            packaged = {id(entry) for entry in _package(kind).values()}  # what a file merely imports is not its own
            for entry in collect(module, cls):
                if id(entry) not in packaged:
                    count += 1
                    try:
                        _examine(entry, kind, {**_package(kind), **own[kind]})
                    except Blamed:
                        raise
                    except UserError as error:
                        raise UserError(f"{file}{line_where(module, entry)}, {error}") from None
                    own[kind][entry.name] = entry
        if not count:
            names = ", ".join(cls.__name__ for cls in _classes().values())
            raise UserError(f"--load {file}: defines nothing to load; it needs a module-level {names}")
    return Registry(own)


def _examine(entry: "Entry | Theorem | Lemma | Figure", kind: str, known: Mapping[str, Any]) -> None:
    """`UserError` if a part of `entry` is not what it should be, or its name is taken."""
    one = kind.removesuffix("s")
    conform(entry, f"{one} {entry.name!r:.60}")
    checked([entry], one, known)
    if kind == "theorems":
        from madatheory.theory.catalogue import examined

        examined(entry)
    if isinstance(entry, Entry):
        _ = entry.options


def _classes() -> dict[str, type]:
    from madatheory.figures.figure import Figure
    from madatheory.optimizers.catalogue import OptimizerEntry
    from madatheory.problems.catalogue import ProblemEntry
    from madatheory.theory.lemma import Lemma
    from madatheory.theory.theorem import Theorem

    return dict(zip(KINDS, (OptimizerEntry, ProblemEntry, Theorem, Lemma, Figure), strict=True))
