"""One name for one thing: words that the project has given up come back neither in public names nor in messages."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [path for package in ("madatheory", "proofs_check") for path in (ROOT / package).rglob("*.py")]

GIVEN_UP = {
    "partner": "second-moment reference",
    "lanes": "trajectories, batch",
    "fold": "streaming metric, statistic",
    "way": "execution mode",
    "pieces": "chunks",
    "kappa": "hyper learning rate",
    "mu": "hyper momentum",
    "BOXES": "bounds",
    "stretch": "inverse square",
    "recipe": "configuration",
    "seeds": "trajectories",
}
"""Word -> what it is called now."""
MEANT = {
    ("identities/laws/equivalences.py", "seeds"): "the law about a random optimizer's seeds",
    ("identities/laws/hypergradients.py", "seeds"): "the law about a random optimizer's seeds",
    ("balls/suprema.py", "BOXES"): "of ball arithmetic",
    ("references/mada.py", "kappa"): "a reference is typed from the paper's formulas, in its symbols",
    ("references/mada.py", "mu"): "a reference is typed from the paper's formulas, in its symbols",
}
"""Where a word means something else."""
ANY = re.compile(rf"\b({'|'.join(GIVEN_UP)}|lane|piece)\b")
"""What a text must have in it to be looked at: most have nothing, and parsing takes long."""
MESSAGES = re.compile(r"(?<![\w-])(partner|lanes?|kappa|stretch|recipe|pieces?)(?![\w-])")


def public_names(tree: ast.AST, public: bool = True) -> Iterator[tuple[int, str]]:
    """Line and name of every public class, function, field, constant and argument."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            shown = public and not node.name.startswith("_")
            if shown:
                yield node.lineno, node.name
            if shown and not isinstance(node, ast.ClassDef):
                a = node.args
                yield from ((node.lineno, one.arg) for one in (*a.posonlyargs, *a.args, *a.kwonlyargs))
            if isinstance(node, ast.ClassDef):
                yield from public_names(node, shown)
        elif public and isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((node.lineno, one.id) for one in targets if isinstance(one, ast.Name))


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and value of every text of several words that is no docstring."""
    first = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body:
            begin = node.body[0]
            first |= {id(begin.value)} if isinstance(begin, ast.Expr) else set()
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and " " in node.value
            and id(node) not in first
        ):
            yield node.lineno, node.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_word_that_was_given_up(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if not ANY.search(text):
        return
    tree, place = ast.parse(text), path.relative_to(ROOT).as_posix().split("/", 1)[1]
    found = [
        f"line {line}: {name} (say {GIVEN_UP[name]})"
        for line, name in public_names(tree)
        if name in GIVEN_UP and (place, name) not in MEANT
    ]
    found += [f"line {line}: {text!r}" for line, text in texts(tree) if MESSAGES.search(text)]
    assert found == []


def test_the_search_finds_them() -> None:
    tree = ast.parse("class A:\n    partner: int\ndef f(kappa): 'a recipe'; return g('two lanes of it')\n_fold = 1")
    assert [name for _, name in public_names(tree) if name in GIVEN_UP] == ["partner", "kappa"]
    assert [text for _, text in texts(tree) if MESSAGES.search(text)] == ["two lanes of it"]
