"""The theorems and lemmas that there are: one file in `theorems` or `lemmas` adds one."""

from functools import cache

from madatheory.entry import discover, named
from madatheory.errors import UserError
from madatheory.structure import conform, kind, several
from madatheory.theory.lemma import Lemma
from madatheory.theory.theorem import Theorem


@cache
def list_theorems() -> dict[str, Theorem]:
    """The theorems of the package, by name."""
    return discover("madatheory.theory.theorems", Theorem)


@cache
def list_lemmas() -> dict[str, Lemma]:
    """The lemmas of the package, by name."""
    return discover("madatheory.theory.lemmas", Lemma)


def get_theorem(name: str) -> Theorem:
    """The package's theorem called `name`, or labelled so where only one is."""
    found = named("theorem", name, list_theorems())
    if len(found) > 1:
        raise UserError(f"theorem {name!r}: several have this label; give one of {', '.join(t.name for t in found)}")
    return found[0]


def examined(theorem: object) -> Theorem:
    """`theorem`, or `UserError` unless it is one whose parts are what they should be."""
    if not isinstance(theorem, Theorem):
        raise UserError(f"theorem {kind(theorem)}: give a Theorem, or the name of one of the package's")
    conform(theorem, f"theorem {theorem.name!r:.60}")
    theorem.optimizer()
    return theorem


def theorems_of(given: object) -> list[Theorem]:
    """The theorems that are meant by one or several objects, names or labels; what is named twice comes once."""
    found: list[Theorem] = []
    for one in several("theorems", given, str | Theorem):
        if isinstance(one, str):
            named_so = named("theorem", one, list_theorems())
            found += [theorem for theorem in named_so if not any(theorem is other for other in found)]
        else:
            found.append(examined(one))
    return found
