"""Everything a command can name: the package's catalogues and what `--load` brought."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from madatheory import catalogue
from madatheory.errors import UserError, unknown

KINDS = ("optimizers", "problems", "theorems", "lemmas", "figures")


@dataclass(frozen=True)
class Shelf:
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
        """The named ones; with none named the user's own, and if there are none either, all."""
        if not names:
            return list((self.own[kind] or self.all(kind)).values())
        found = {}
        for name in names:
            if name not in self.all(kind):
                raise unknown(kind.removesuffix("s"), name, self.all(kind))
            found[name] = self.all(kind)[name]
        return list(found.values())


def _label_order(label: str) -> list[tuple[int, str]]:
    """T2 before T10."""
    return [(int(part or 0), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", label)]


def _package(kind: str) -> dict[str, Any]:
    return getattr(catalogue, kind)()


def shelf(files: Sequence[str] | None) -> Shelf:
    """The catalogues with the user's files read; a file that brings nothing, or a name that is taken, is refused."""
    own: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    for file in files or ():
        module = catalogue.load_file(file)
        count = 0
        for kind, cls in _classes().items():
            # what a file merely imports from the package is not its own
            known = _package(kind)
            found = [e for e in catalogue.collect(module, cls) if known.get(e.name) is not e]
            count += len(found)
            try:
                named = catalogue.checked(found, kind.removesuffix("s"), {**known, **own[kind]})
            except UserError as error:
                raise UserError(f"--load {file}: {error}") from None
            own[kind].update({e.name: named[e.name] for e in found})
        if not count:
            names = ", ".join(cls.__name__ for cls in _classes().values())
            raise UserError(f"--load {file}: defines nothing to load; it needs a module-level {names}")
    return Shelf(own)


def _classes() -> dict[str, type]:
    from madatheory.bounds.lemma import Lemma
    from madatheory.bounds.theorem import Theorem
    from madatheory.figures.figure import Figure

    return dict(zip(KINDS, (catalogue.OptimizerEntry, catalogue.ProblemEntry, Theorem, Lemma, Figure), strict=True))
