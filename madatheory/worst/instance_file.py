"""Instances as files that anyone can run again, and the gallery: the worst instance found for each theorem.

A file holds one `WorstInstance`, a problem together with the theorem, the number of steps and the hyper-parameters at
which it was found. The files of the folder `gallery` are written by `madatheory worst --out`; none is typed by hand.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from madatheory.entry import discover
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.piecewise import Piecewise, piecewise
from madatheory.problems.problem import Problem
from madatheory.store.cache_key import fingerprint
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.theorem import Setting, Theorem

if TYPE_CHECKING:  # searching imports much that a file of an instance does not need
    from madatheory.worst.search import WorstFound


@dataclass(frozen=True)
class WorstInstance(ProblemEntry):
    """A problem of the package with the theorem, steps and settings at which its left/right is at least `ratio`.

    `build` makes the problem, `name` is what commands take, `summary` one line for lists.
    """

    theorem: str = ""
    steps: int = 1
    settings: Mapping[str, float] = field(default_factory=dict, hash=False)
    ratio: float = 0.0

    def about(self, theorem: Theorem, methods: "Methods | None" = None) -> bool:
        """Whether `theorem` says something about it: it is about the same method, and all its conditions hold.

        Who asks for many pairs gives one `methods` for all.
        """
        methods = methods or Methods()
        (method, computes), found_for = methods.of(theorem), list_theorems().get(self.theorem)
        if set(self.settings) != set(method.parameters):
            return False
        if found_for is not None and methods.of(found_for)[1] != computes:
            return False
        return not theorem.reasons(Setting(self.make(), method, self.settings, self.steps))


class Methods:
    """The methods that theorems are about, each looked at once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Theorem, Optimizer, str]] = {}

    def of(self, theorem: Theorem) -> tuple[Optimizer, str]:
        """The method, and a text that is equal for methods that compute the same."""
        if id(theorem) not in self._known:
            method = theorem.optimizer()
            self._known[id(theorem)] = theorem, method, fingerprint(method)  # kept alive, so that its id is its own
        return self._known[id(theorem)][1:]


def worst_instance(
    name: str,
    *,
    theorem: str,
    steps: int,
    settings: Mapping[str, float],
    knots: Sequence[float],
    slopes: Sequence[float],
    start: float,
    L: float,
    G: float,
    D0: float,
    ratio: float,
    scales: Sequence[float] = (),
    atoms: Sequence[tuple[float, float]] = (),
) -> WorstInstance:
    """The entry of an instance file; `UserError` if L, G or D0 are below what the function has.

    F' goes through (knots, slopes) and is constant outside, from `start`; `scales` and `atoms` are the noise's.
    """
    summary = f"worst instance found for {theorem} at T = {steps}"
    shape = Piecewise(tuple(knots), tuple(slopes), start, tuple(scales), tuple(atoms))

    def build() -> Problem:
        return piecewise(name, summary, shape, L=L, G=G, D0=D0)

    build()
    return WorstInstance(name, summary, build, theorem, steps, dict(settings), ratio)


_FILE = '''"""Worst instance found for {label} at T = {steps}: left/right = {ratio:.9f}, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by {searched}.
That there is no worse, nobody says.

madatheory verify --load {file}
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "{name}",
    theorem="{theorem}",
    steps={steps},
    settings={settings},
    knots={knots},
    slopes={slopes},
    start={start!r},{noise}
    L={L!r},
    G={G!r},
    D0={D0!r},
    ratio={lower!r},
)
'''


def entry_of(found: "WorstFound") -> WorstInstance:
    """What its file defines."""
    i, shape = found.instance, found.instance.shape
    return worst_instance(
        name_of(found),
        theorem=i.theorem.name,
        steps=i.steps,
        settings=i.hyper,
        knots=shape.knots,
        slopes=shape.slopes,
        start=shape.start,
        L=i.L,
        G=i.G,
        D0=i.D0,
        ratio=found.ratio,
        scales=shape.scales,
        atoms=shape.atoms,
    )


def name_of(found: "WorstFound") -> str:
    """The name of its problem."""
    return f"worst-{found.instance.theorem.name}-{found.instance.steps}"


def written(found: "WorstFound", file: str) -> str:
    """The Python file that defines `found`; `file` is what it will be called."""
    i, shape = found.instance, found.instance.shape
    noise = f"\n    scales={_tuple(shape.scales)},\n    atoms={shape.atoms!r}," if shape.atoms else ""
    settings = "".join(f'\n        "{name}": {value!r},' for name, value in i.hyper.items())
    return _FILE.format(
        label=i.theorem.label,
        theorem=i.theorem.name,
        steps=i.steps,
        ratio=found.ratio,
        searched=found.searched,
        file=file,
        name=name_of(found),
        settings="{" + settings + "\n    }",
        knots=_tuple(shape.knots),
        slopes=_tuple(shape.slopes),
        start=shape.start,
        noise=noise,
        L=i.L,
        G=i.G,
        D0=i.D0,
        lower=found.ratio,
    )


def _tuple(values: Iterable[float]) -> str:
    """A tuple, one number a line, as the formatter writes long ones."""
    return "(" + "".join(f"\n        {value!r}," for value in values) + "\n    )"


@cache
def list_worst() -> dict[str, WorstInstance]:
    """The gallery: the worst instance found for each theorem of the package, by name."""
    return discover("madatheory.worst.gallery", WorstInstance)


def worst_of(theorem: str) -> WorstInstance | None:
    """The instance of the gallery that was found for a theorem, of several the one with the largest ratio."""
    found = [entry for entry in list_worst().values() if entry.theorem == theorem]
    return max(found, key=lambda entry: entry.ratio, default=None)
