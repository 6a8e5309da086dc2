"""The bound explorer: one page with the right sides of theorems as live functions, which needs no network.

The functions come from `live_bound`, what computes and draws with them from the files in `browser`, and nothing else is
in the page.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from importlib.resources import files
from typing import Any, NamedTuple

from madatheory.errors import UserError
from madatheory.hparams import Parameter
from madatheory.report.javascript import literal
from madatheory.report.live_bound import WHOLE, LiveBound, ends, live_bound
from madatheory.theory.theorem import Theorem

START = ("adagrad-rate", "avgrad-rate", "amsgrad-rate", "adam-rate")
"""What is shown where nothing is named: one plain rate of each method."""


class Variable(NamedTuple):
    """A quantity that can be moved: the ends of its slider, its first value, and its scale.

    log is for what is positive, decay for what is near 1 when it matters, 1 - value being logarithmic.
    """

    low: float
    high: float
    value: float
    scale: str


VARIABLES: Mapping[str, Variable] = {
    "T": Variable(1, 1e7, 1e4, "log"),
    "alpha": Variable(1e-5, 1e2, 0.1, "log"),
    "beta1": Variable(0, 1 - 1e-4, 0, "decay"),
    "beta2": Variable(0, 1 - 1e-6, 0.9, "decay"),
    "eps": Variable(1e-10, 1e2, 0.1, "log"),
    "d": Variable(1, 1e6, 1, "log"),
    "L": Variable(1e-3, 1e3, 1, "log"),
    "G": Variable(1e-3, 1e3, 1, "log"),
    "D0": Variable(1e-3, 1e3, 1, "log"),
    "beta3": Variable(0, 1 - 1e-4, 0, "decay"),
    "rho": Variable(0, 1, 0.5, "linear"),
    "c": Variable(0, 1, 1, "linear"),
    "gamma": Variable(0, 1, 1, "linear"),
    "W": Variable(1e-4, 1e2, 1, "log"),
    "D": Variable(1e-3, 1e3, 1, "log"),
    "S": Variable(1e-3, 1e3, 1, "log"),
    "sigma": Variable(1e-3, 1e3, 1, "log"),
}
"""In the order in which they are listed; what is not among them gets its range from its declaration."""
SEARCHED: Mapping[str, Variable] = {
    "alpha": Variable(1e-8, 1e8, 1, "log"),
    "beta2": Variable(0, 1 - 1e-9, 0, "decay"),
}
"""Where least values are sought."""


class LeftOut(NamedTuple):
    """A theorem that the page cannot show, and why."""

    name: str
    why: str


class Explorer(NamedTuple):
    """The page's text, the theorems in it, and those that could not be."""

    page: str
    shown: tuple[LiveBound, ...]
    left_out: tuple[LeftOut, ...]


def explorer(theorems: Iterable[Theorem], start: Sequence[str] = (), own: Sequence[str] = ()) -> Explorer:
    """A page of the given theorems that first shows those named in `start`, or else the user's `own` beside `START`.

    A theorem whose right side is no formula that JavaScript can compute is left out with the reason; `UserError` where
    it is one of `start`, all of `own` are, or nothing is left.
    """
    shown: list[LiveBound] = []
    left_out: list[LeftOut] = []
    for theorem in theorems:
        try:
            shown.append(live_bound(theorem))
        except UserError as error:
            if theorem.name in start:
                raise
            left_out.append(LeftOut(theorem.name, str(error)))
    lost = [one.why for one in left_out if not own or one.name in own]
    if not shown or (own and len(lost) == len(own)):
        raise UserError("; ".join(lost) or "no theorem is given: name one")
    names = [live.theorem.name for live in shown]
    chosen = [name for name in start or (*own, *START) if name in names] or names[:4]
    script = "\n".join(
        (
            theorems_script(shown),
            f"const VARIABLES = {literal(_variables(shown, chosen))};",
            f"const BEST = {literal({name: one._asdict() for name, one in SEARCHED.items()})};",
            f"const START = {literal(chosen)};",
            f"const LEFT_OUT = {literal([one._asdict() for one in left_out])};",
        )
    )
    parts = {
        "style": asset("explorer.css"),
        "numbers": asset("numbers.js"),
        "plot": asset("plot.js"),
        "theorems": script,
        "page": asset("page.js"),
        "footer": html.escape(
            f"madatheory {version('madatheory')}, {len(shown)} theorems. Written by madatheory explore."
        ),
    }
    return Explorer(_filled(asset("explorer.html"), parts), tuple(shown), tuple(left_out))


def _filled(text: str, parts: Mapping[str, str]) -> str:
    for name, part in parts.items():
        head, mark, tail = text.partition("{{" + name + "}}")
        assert mark, f"explorer.html has no place for {name}"
        text = f"{head}{part}{tail}"
    return text


def asset(name: str) -> str:
    """A file of `browser`."""
    return (files("madatheory.report") / "browser" / name).read_text(encoding="utf-8")


def theorems_script(shown: Iterable[LiveBound]) -> str:
    """`const THEOREMS = [..]`: what is said of each theorem, with its functions."""
    live = list(shown)
    return "const THEOREMS = [\n" + ",\n".join(map(_theorem, live, _left_sides(live))) + "\n];"


def _theorem(live: LiveBound, left: str) -> str:
    theorem = live.theorem
    settings = {name: value if isinstance(value, int | float) else value[0] for name, value in theorem.settings.items()}
    fields: dict[str, Any] = {
        "name": theorem.name,
        "label": theorem.label,
        "statement": theorem.statement,
        "source": theorem.source,
        "method": live.method,
        "left": left,
        "inputs": live.inputs,
        "admitted": {name: ends(live.admitted[name]) for name in live.inputs},
        "settings": settings,
        "assumed": live.assumed,
        "undecided": [one._asdict() for one in live.undecided],
        "measured": live.measured,
    }
    conditions = ",\n".join(f"{{name: {literal(c.name)}, fails: {c.fails.code}}}" for c in live.conditions)
    ceiling = "null" if live.ceiling is None else live.ceiling.code
    written = "".join(f"{name}: {literal(value)},\n" for name, value in fields.items())
    return f"{{{written}bound: {live.bound.code},\nceiling: {ceiling},\nconditions: [{conditions}]}}"


_KINDS = {"expectation": "in expectation", "every-path": "on every path", "probability": "with high probability"}


def _left_sides(shown: Sequence[LiveBound]) -> list[str]:
    """What each bounds, in words; only right sides of the same are compared.

    The formula of the statistic is given where it is all that is bounded, for all theorems of that left side.
    """
    names = [f"{live.theorem.left.name}, {_KINDS[live.theorem.kind]}" for live in shown]
    formulas = [live.left_formula for live in shown]
    partly = {name for name, formula in zip(names, formulas, strict=True) if formula is None}
    return [name if name in partly else f"{name}: {formula}" for name, formula in zip(names, formulas, strict=True)]


def _variables(shown: Sequence[LiveBound], chosen: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The quantities that the theorems read; hyper-parameters begin where the first one shown has them."""
    read: dict[str, Parameter] = {}
    for live in sorted(shown, key=lambda live: live.theorem.name not in chosen):
        for name in live.inputs:
            read.setdefault(name, live.admitted[name])
    first = next(live.theorem.settings for live in shown if live.theorem.name == chosen[0])
    found = {}
    for name in [*(name for name in VARIABLES if name in read), *(name for name in read if name not in VARIABLES)]:
        variable = VARIABLES.get(name) or _declared(name, read[name])
        value = first.get(name, variable.value)
        value = value if isinstance(value, int | float) else value[0]
        found[name] = {
            **variable._replace(value=value)._asdict(),
            "whole": name in WHOLE,
            "meaning": read[name].meaning or "hyper-parameter",
        }
    return found


def _declared(name: str, parameter: Parameter) -> Variable:
    """Of a user's own hyper-parameter: its range where that is bounded, else some decades about its default."""
    low, high, open_low, open_high = ends(parameter)
    if low is not None and high is not None:
        inset = 1e-3 * (high - low)
        return Variable(low + inset * open_low, high - inset * open_high, parameter.default, "linear")
    if parameter.default > 0 and (low is None or low >= 0):
        return Variable(parameter.default * 1e-4, parameter.default * 1e4, parameter.default, "log")
    size = 10 * max(1.0, abs(parameter.default))
    return Variable(-size if low is None else low, size if high is None else high, parameter.default, "linear")
