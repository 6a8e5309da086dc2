"""The problems that there are: one file in `instances` adds one."""

from dataclasses import dataclass
from functools import cache

from madatheory.entry import Entry, discover, parse
from madatheory.problems.problem import Problem


@dataclass(frozen=True)
class ProblemEntry(Entry):
    """An entry whose `build` returns a `Problem`; `name` is what commands take, `summary` one line for lists."""

    @property
    def makes(self) -> type:
        """`Problem`."""
        return Problem


@cache
def list_problems() -> dict[str, ProblemEntry]:
    """The problems of the package, by name."""
    return discover("madatheory.problems.instances", ProblemEntry)


def get_problem(spec: str) -> Problem:
    """The package's problem written as `name[:option=value,...]`, e.g. "ratio:d=3,noise=rademacher".

    The same text gives the same object.
    """
    return parse(spec, list_problems(), "problem")
