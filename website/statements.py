"""A page for every statement: what it says in mathematics, what it assumes, what is proved by which method, sources.

All of it is at hand without a run; what is measured is in the report, whose command the page gives.
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from madatheory.report.document import Block, DataTable, Folded, Prose
from madatheory.report.layout import blocks_html
from madatheory.report.mathematics import level, right_side, symbols_of, typeset
from madatheory.theory.catalogue import get_theorem, list_lemmas, list_theorems
from madatheory.theory.lemma import Lemma
from madatheory.theory.theorem import Theorem
from proofs_check.coq.claims import CLAIMS, CoqClaim
from proofs_check.methods import METHODS
from proofs_check.recorded import table
from proofs_check.statements import Statement, statements
from website.listings import coq_target, excerpt, object_target

FOLDER = "statements"
_KINDS = {
    "lemma": "Lemmas",
    "theorem": "Theorems",
    "constant": "Constants",
    "refutation": "Statements that are refuted",
}
_SAID = {
    "expectation": "in expectation",
    "every-path": "on every path",
    "probability": "with high probability, at all T at once",
}


def pages(root: Path) -> Iterator[tuple[str, str]]:
    """(name without ending, text) of the index and of every statement."""
    homes = modules()
    yield f"{FOLDER}/index", _index()
    for statement in statements().values():
        yield f"{FOLDER}/{statement.name}", _page(statement, homes, root)


def modules() -> Mapping[str, str]:
    """Name of every theorem and lemma object, and the module that defines it."""
    found: dict[str, str] = {}
    for folder in ("theorems", "lemmas"):
        package = import_module(f"madatheory.theory.{folder}")
        for one in iter_modules(package.__path__, f"{package.__name__}."):
            for value in vars(import_module(one.name)).values():
                several = value if isinstance(value, tuple | list) else (value,)
                found |= {entry.name: one.name for entry in several if isinstance(entry, Theorem | Lemma)}
    return found


def _index() -> str:
    lines = [
        "# Every statement",
        "",
        "Each has a page with its formula, its assumptions, its status by every method, its theorem in Coq and its "
        "object. The proofs on paper are in [the theory](../docs/theory.md).",
    ]
    for kind, title in _KINDS.items():
        lines += ["", f"## {title}", "", "| label | statement | status | it says |", "|---|---|---|---|"]
        for one in statements().values():
            if one.kind == kind:
                status = table()[one.name]["status"]
                lines.append(f"| {one.label} | [{one.name}]({one.name}.md) | {status} | {_cell(one.words)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """A sentence for a cell of a table of Markdown, as HTML."""
    return f"<span>{typeset(text)}</span>".replace("|", "&#124;").replace("$", "&#36;").replace("*", "&#42;")


def _page(statement: Statement, homes: Mapping[str, str], root: Path) -> str:
    theorem = list_theorems().get(statement.name)
    lemma = list_lemmas().get(statement.name)
    row = table()[statement.name]
    parts = [
        "---",
        "orphan: true",
        "---",
        f"# {statement.label}: {statement.name}",
        "",
        _html_paragraph(statement.words),
    ]
    parts += _bullets(statement, theorem, lemma, row)
    if theorem is not None:
        parts += ["## In mathematics", "", _raw(_formulas(theorem)), "## Assumptions", ""]
        parts += [_raw("<ul>" + "".join(f"<li>{typeset(c.name)}</li>" for c in theorem.conditions) + "</ul>")]
    if lemma is not None and lemma.false_variants:
        parts += ["## What is false", "", "Variants of it that the methods must refute:", ""]
        parts += [_raw("<ul>" + "".join(f"<li>{typeset(v.statement)}</li>" for v in lemma.false_variants) + "</ul>")]
    parts += ["## What is proved", "", _raw(blocks_html([_proved(row)]))]
    claims = [claim for claim in CLAIMS if claim.statement == statement.name]
    if claims:
        parts += ["## In Coq", "", *(_coq(claim, root) for claim in claims)]
    parts += ["## The object, and what is measured", "", *_object(statement, theorem, homes)]
    return "\n".join(parts) + "\n"


def _html_paragraph(words: str) -> str:
    return _raw(f'<p class="statement">{typeset(words)}</p>')


def _raw(html: str) -> str:
    return f"`````{{raw}} html\n{html}\n`````\n"


def _bullets(statement: Statement, theorem: Theorem | None, lemma: Lemma | None, row: Mapping[str, str]) -> list[str]:
    source = next((entry.source for entry in (theorem, lemma) if entry is not None), "")
    origin = source if source.startswith(statement.origin) else ": ".join(filter(None, (statement.origin, source)))
    lines = [f"- **{statement.kind}**, {_escaped(origin)}"]
    if theorem is not None:
        lines.append(f"- **holds** {_SAID[theorem.kind]}{', at the last step' if theorem.at == 'final' else ''}")
    lines.append(f"- **status**: {row['status']}")
    if row["1/10 refuted by"] != "n.a.":
        lines.append(f"- **a tenth of its right side** is refuted by: {row['1/10 refuted by']}")
    if row["worst found"] != "n.a.":
        lines.append(f"- **worst instance found**: left/right {row['worst found']} ([the gallery](../docs/worst.md))")
    return [*lines, ""]


def _escaped(text: str) -> str:
    for sign in "\\*_`$<[|":
        text = text.replace(sign, f"\\{sign}")
    return text


def _formulas(theorem: Theorem) -> str:
    symbols = DataTable(
        ("symbol", "in code", "what it is"),
        tuple((name, name, meaning) for name, _, meaning in symbols_of(theorem)),
        mathematics=("symbol", "what it is"),
    )
    steps: list[Block] = []
    for one in theorem.chain:
        by = f"by {one.by}" if one.by else "the left side, as it is measured"
        steps += [Prose(f"{one.name}: {by}"), level(theorem, one)]
    title = f"The proof, level by level: {len(theorem.chain)} quantities, each at most the next"
    return blocks_html([right_side(theorem), symbols, Folded(title, tuple(steps))])


def _proved(row: Mapping[str, str]) -> DataTable:
    return DataTable(
        ("method", "what it is", "found"),
        tuple((name, what, row[name]) for name, what in METHODS.items()),
        "As make prove last recorded it. PROVED means for all values, PROVED (box) for those of a stated box, "
        "SUPPORTED that no sample refuted it, "
        "a number of steps that these steps of the proof are proved; n.a. that the method has nothing to say here.",
    )


def _coq(claim: CoqClaim, root: Path) -> str:
    scope = "; ".join(filter(None, (claim.part, claim.box)))
    where = f"[`{claim.module}.v`, {claim.theorem}](#{coq_target(claim.module, claim.theorem)})"
    text = excerpt(root / "proofs_check" / "coq" / f"{claim.module}.v", claim.theorem)
    return f"{where}{': ' + _escaped(scope) if scope else ''}\n\n`````coq\n{text}\n`````\n"


def _object(statement: Statement, theorem: Theorem | None, homes: Mapping[str, str]) -> Sequence[str]:
    name, lines = statement.name, []
    if name in homes:
        getter = "get_theorem" if theorem is not None else "list_lemmas"
        get = f"`get_theorem({name!r})`" if theorem is not None else f"`list_lemmas()[{name!r}]`"
        target = object_target(name)
        module = homes[name].replace(".", "/") + ".py"
        lines += [f"The object is {get} ({{py:func}}`~madatheory.{getter}`), defined in [`{module}`](#{target}).", ""]
    else:
        lines += ["It has no object: the methods above ask it of the package's functions.", ""]
    commands = [f"madatheory prove {name} --verbose"]
    if theorem is not None and get_theorem(name) is theorem:
        lines += [
            "This page is made from what is at hand without a run. The report adds what is measured, on every problem: "
            "verdicts, the left side under the bound, the slack of every link, fitted rates, the worst instance.",
            "",
        ]
        commands = [f"madatheory report {name} --out {name}.html", f"madatheory verify --theorem {name}", *commands]
    return [*lines, "```sh", *commands, "```", ""]
