"""`madatheory list`: what there is, with options, hyper-parameters, constants and statements."""

from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from madatheory.cli.console import OUT
from madatheory.cli.options import Load
from madatheory.cli.registry import KINDS, Registry, registry
from madatheory.errors import unknown

if TYPE_CHECKING:
    from madatheory.entry import Entry
    from madatheory.figures.figure import Figure
    from madatheory.optimizers.catalogue import OptimizerEntry
    from madatheory.problems.catalogue import ProblemEntry
    from madatheory.theory.lemma import Lemma
    from madatheory.theory.theorem import Theorem


def list_entries(
    kind: Annotated[str | None, typer.Argument(metavar="KIND", help=", ".join(KINDS))] = None,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="One entry, in full.")] = None,
    load: Load = None,
) -> None:
    """Show optimizers, problems, theorems, lemmas and figures.

    Without a kind: every name, one line each. With a kind: options, hyper-parameters, constants or the statement.

    \b
    madatheory list
    madatheory list optimizers
    madatheory list theorems avgrad-rate
    """
    if kind is not None and kind not in KINDS:
        raise unknown("kind", kind, KINDS)
    entries = registry(load)
    if kind is None:
        for each in KINDS:
            _overview(each, entries.all(each).values())
    else:
        _details(kind, entries, [name] if name else None)


def _overview(kind: str, entries: Iterable[Any]) -> None:
    table = Table(title=kind, title_justify="left", title_style="bold", box=None, show_header=False)
    table.add_column(no_wrap=True, style="cyan")
    table.add_column()
    for entry in entries:
        table.add_row(entry.name, Text(_ONE_LINE[kind](entry)))
    OUT.print(table)
    OUT.print()


_ONE_LINE: dict[str, Callable[[Any], str]] = {
    "optimizers": lambda e: e.summary,
    "problems": lambda e: e.summary,
    "theorems": lambda e: f"{e.label}: {e.method().name}, {_KIND[e.kind]} ({e.origin})",
    "lemmas": lambda e: f"{e.label}: {e.statement}",
    "figures": lambda e: e.title,
}
_KIND = {"expectation": "in expectation", "every-path": "on every path", "probability": "with high probability"}


def _details(kind: str, entries: Registry, names: list[str] | None) -> None:
    chosen = entries.choose(kind, names) if names else list(entries.all(kind).values())
    for entry in chosen:
        OUT.print(Text(entry.name, "bold cyan"))
        OUT.print(Padding(_DETAILS[kind](entry, bool(names)), (0, 0, 1, 2)))
    hint = {
        "optimizers": "Write an optimizer as name:option=value, e.g. avgrad:form=practical",
        "problems": "Write a problem as name:option=value, e.g. ratio:d=3,noise=rademacher",
        "theorems": "More about one: madatheory list theorems NAME",
        "figures": "Draw one: madatheory figures NAME",
    }.get(kind)
    if hint and not names:
        OUT.print(Text(hint, "italic"))


def _options(entry: "Entry") -> str:
    return ", ".join(f"{name}={value}" for name, value in entry.options.items()) or "none"


def _lines(*pairs: tuple[str, str]) -> Text:
    text = Text()
    for label, value in pairs:
        if value:
            text.append("\n" if text else "").append(f"{label} " if label else "", "dim").append(value)
    return text


def _first_paragraph(function: Callable[..., Any]) -> str:
    return " ".join((function.__doc__ or "").split("\n\n")[0].split())


def _optimizer(entry: "OptimizerEntry", full: bool) -> Text:
    built = entry.make()
    ranges = ((name, p.default, p.meaning if full else "") for name, p in built.parameters.items())
    hyper = ", ".join(f"{name}={value:g}" + (f" ({meaning})" if meaning else "") for name, value, meaning in ranges)
    return _lines(
        ("", entry.summary),
        ("step", _first_paragraph(entry.build)),
        ("hyper-parameters", hyper),
        ("options", _options(entry)),
        ("source", built.source),
    )


def _problem(entry: "ProblemEntry", full: bool) -> Text:
    built = entry.make()
    lines = [("", entry.summary)]
    if built.summary != entry.summary:
        lines.append(("", built.summary))
    if built.constants is not None:
        marks = {"exact": "=", "upper": "<=", "lower": ">="}
        constants = [(name, c) for name, c in built.constants._asdict().items() if c is not None]
        lines.append(("certified", ", ".join(f"{name} {marks[c.side]} {c.value:.6g}" for name, c in constants)))
        if full:
            lines += [(name, f"{c.derivation}; checked by {c.check}") for name, c in constants]
    lines += [(f"{assumption} fails:", reason) for assumption, reason in built.not_covered.items()]
    lines.append(("options", _options(entry)))
    return _lines(*lines)


def _theorem(theorem: "Theorem", full: bool) -> Text:
    lines = [("", f"{theorem.label}, {_KIND[theorem.kind]}"), ("", theorem.statement), ("source", theorem.source)]
    if full:
        lines.append(("needs", "; ".join(condition.name for condition in theorem.conditions)))
        lines.append(("checked at", ", ".join(f"{name} = {value}" for name, value in theorem.settings.items())))
        lines.append(("bounds", theorem.chain[0].name))
        lines += [("  <=", f"{level.name}  [{level.by}]" if level.by else level.name) for level in theorem.chain[1:]]
        lines += [remark.load()(theorem.name) for remark in entry_points(group="madatheory.remarks")]
    return _lines(*lines)


def _lemma(lemma: "Lemma", full: bool) -> Text:
    return _lines(("", lemma.label), ("", lemma.statement), ("source", getattr(lemma, "source", "")))


def _figure(figure: "Figure", full: bool) -> Text:
    return _lines(("", figure.title))


_DETAILS: dict[str, Callable[[Any, bool], Text]] = {
    "optimizers": _optimizer,
    "problems": _problem,
    "theorems": _theorem,
    "lemmas": _lemma,
    "figures": _figure,
}
