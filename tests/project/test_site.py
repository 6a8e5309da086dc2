"""The site, built once: strict builder, whole links, every public name, every statement; and no error in a browser."""

import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
import tomllib
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from devtools import Browser, browser

import madatheory
from madatheory.errors import UserError

ROOT = Path(madatheory.__file__).parents[1]
# what the issue of a page's absence would be: names of files without their ending
PAGES = (
    "index check-my-optimizer check-my-bound train-with-mada docs/training figures/README docs/theory statements/index "
    "explorer docs/explorer docs/conformance reference/index docs/performance docs/worst docs/report CONTRIBUTING"
)
pytestmark = pytest.mark.needs("sphinx")


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site; --site names one that `make docs` has built from this code."""
    given = request.config.getoption("site")
    if given and (Path(given) / "index.html").exists():
        return Path(given)
    folder = tmp_path_factory.mktemp("built") / "site"
    command = [sys.executable, "-m", "website", "--out", str(folder)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")  # a warning of the builder is status 1
    return folder


class Page(HTMLParser):
    """The anchors of a page, where its links and pictures go, and its text."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.formulas = 0
        self.text: list[str] = []
        self._skipped = 0
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := given.get(name))}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        if tag in ("img", "script", "source", "iframe") and given.get("src"):
            self.loads.append(given["src"] or "")
        if tag == "link" and given.get("rel") in ("stylesheet", "icon"):
            self.loads.append(given["href"] or "")
        self.formulas += tag == "math"
        self._skipped += tag in ("script", "style", "pre", "code")

    def handle_endtag(self, tag: str) -> None:
        self._skipped -= tag in ("script", "style", "pre", "code")

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.text.append(data)


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    """Every page by its path."""
    return {file.relative_to(site).as_posix(): Page(file) for file in sorted(site.rglob("*.html"))}


def broken(pages: dict[str, Page], site: Path) -> Iterator[str]:
    """Links of the pages that go nowhere, and what they load from elsewhere."""
    for name, page in pages.items():
        for address in page.links + page.loads:
            where = urlsplit(address)
            if where.scheme or where.netloc:
                if address in page.loads and where.scheme != "data":
                    yield f"{name} loads {address}"
                continue
            target = (site / name).parent / unquote(where.path) if where.path else site / name
            if not target.is_file():
                yield f"{name}: {address}"
            elif where.fragment and target.suffix == ".html":
                there = pages[target.resolve().relative_to(site.resolve()).as_posix()]
                if unquote(where.fragment) not in there.anchors:
                    yield f"{name}: {address}, which has no such place"


def test_every_link_and_anchor_is_there(pages: dict[str, Page], site: Path) -> None:
    assert list(broken(pages, site)) == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<a href="b.html#here">1</a><a href="b.html#away">2</a><a href="c.html">3</a><img src="https://a.b/c.png">'
    )
    (tmp_path / "b.html").write_text('<p id="here">')
    found = list(broken({name: Page(tmp_path / name) for name in ("a.html", "b.html")}, tmp_path))
    assert found == [
        "a.html: b.html#away, which has no such place",
        "a.html: c.html",
        "a.html loads https://a.b/c.png",
    ]


def test_every_page_that_readers_come_for_is_there(pages: dict[str, Page]) -> None:
    assert [name for name in PAGES.split() if f"{name}.html" not in pages] == []
    reached, todo = {"index.html"}, ["index.html"]
    while todo:
        name = todo.pop()
        for address in pages[name].links:
            path = urlsplit(address).path
            if path.endswith(".html") and not urlsplit(address).scheme:
                target = str((Path("/") / name).parent.joinpath(path).resolve())[1:]
                if target not in reached:
                    reached.add(target)
                    todo.append(target)
    assert set(pages) - reached <= {"genindex.html", "search.html", "py-modindex.html"}


def public_names() -> set[str]:
    """What the package offers, found by importing it; of PyTorch's part, which may not be here, by reading its stub."""
    names = {f"madatheory.{name}" for name in vars(madatheory)["__all__"]}
    for name in ("conditions", "terms"):
        module = importlib.import_module(f"madatheory.theory.{name}")
        own = (key for key, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__)
        names |= {f"madatheory.{name}.{key}" for key in own if not key.startswith("_")}
    for name in vars(madatheory)["__all__"]:
        value = getattr(madatheory, name)
        if inspect.isclass(value):
            own = (key for key, one in vars(value).items() if inspect.isfunction(one) or isinstance(one, property))
            fields = vars(value).get("__dataclass_fields__", {})
            names |= {f"madatheory.{name}.{key}" for key in own if not key.startswith("_") and key not in fields}
    for node in ast.parse((ROOT / "madatheory/torch/__init__.py").read_text()).body:
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("madatheory.torch."):
            names |= {f"madatheory.torch.{alias.asname}" for alias in node.names}
    return names


def test_every_public_name_is_in_the_reference(site: Path, pages: dict[str, Page]) -> None:
    inventory = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    listed = {
        line.split()[0]: line.split() for line in zlib.decompress(inventory).decode().splitlines() if " py:" in line
    }
    assert {"madatheory.check", "madatheory.torch.MADA", "madatheory.Store.simulate"} <= public_names()
    assert public_names() - set(listed) == set()
    for name in public_names():
        page, _, anchor = listed[name][3].replace("$", name).partition("#")
        assert anchor in pages[page].anchors, name


def test_every_field_of_a_public_class_is_named_in_its_docstring() -> None:
    missing = []
    for name in vars(madatheory)["__all__"]:
        value = getattr(madatheory, name)
        if inspect.isclass(value):
            fields = [*vars(value).get("__dataclass_fields__", ()), *getattr(value, "_fields", ())]
            named = set(re.findall(r"\w+", value.__doc__ or ""))
            missing += [f"{name}.{field}" for field in fields if not field.startswith("_") and field not in named]
    assert missing == []


def test_a_public_name_without_docstring_is_refused(tmp_path: Path) -> None:
    from website.docstrings import documented

    (tmp_path / "a.py").write_text(
        '"""A."""\n\n\ndef said():\n    """Says."""\n\n\ndef mute():\n    return 1\n\n\nNUMBER = 1\n'
    )
    assert documented(tmp_path, "a", "said").text == "Says."
    for name in ("mute", "NUMBER"):
        with pytest.raises(UserError, match=rf"a\.{name} is public and has no docstring"):
            documented(tmp_path, "a", name)
    with pytest.raises(UserError, match="a does not define gone"):
        documented(tmp_path, "a", "gone")


def test_every_statement_leads_to_its_object_its_proof_and_its_report(site: Path, pages: dict[str, Page]) -> None:
    from proofs_check.coq.claims import CLAIMS
    from proofs_check.statements import statements

    theory = pages["docs/theory.html"]
    for statement in statements().values():
        name = f"statements/{statement.name}.html"
        page, written = pages[name], (site / name).read_text(encoding="utf-8")
        assert f"../{name}" in theory.links, statement.name
        shown = "".join(page.text)
        if statement.kind == "theorem":
            assert page.formulas >= 2, statement.name
            assert f"madatheory report {statement.name}" in re.sub(r"<[^>]*>", "", written)
            assert any("get_theorem" in link for link in page.links)
        if statement.name in madatheory.list_theorems() or statement.name in madatheory.list_lemmas():
            assert any(link.endswith(f"#object-{statement.name}") for link in page.links), statement.name
        for claim in (claim for claim in CLAIMS if claim.statement == statement.name):
            target = f"../proofs_check/coq/{claim.module}.html#coq-{claim.module}-{claim.theorem}".lower()
            places = {link.lower().replace("_", "-") for link in page.links}
            assert target.replace("_", "-") in places, claim.name
        assert statement.label in shown


def test_formulas_are_set_in_mathematics(pages: dict[str, Page]) -> None:
    theory = pages["docs/theory.html"]
    source = (ROOT / "docs/theory.md").read_text(encoding="utf-8")
    outside = re.sub(r"^ *```.*?^ *```", "", source, flags=re.M | re.S)
    assert theory.formulas == len(re.findall(r"^ *```math", source, re.M)) + len(re.findall(r"\$[^$]+\$", outside))
    text = "".join(theory.text)
    assert "\\" not in text
    assert "$" not in text


def test_a_formula_that_is_none_is_refused() -> None:
    from website.mathematics import Translator

    with Translator() as translator:
        assert "<mfrac>" in translator.mathml(r"\frac{1}{2}")
        assert "<mi>𝔼</mi>" in translator.mathml(r"\mathbb E")
        assert "ln</mi><mo>\u2061</mo><mspace" in translator.mathml(r"\ln T")
        with pytest.raises(ValueError, match="nonsense"):
            translator.mathml(r"\nonsense{1}")


def test_what_is_no_site_is_not_overwritten(tmp_path: Path) -> None:
    from website.build import build

    (tmp_path / "thesis.html").write_text("years of work")
    with pytest.raises(UserError, match="holds other files than a site"):
        build(tmp_path)
    assert (tmp_path / "thesis.html").read_text() == "years of work"


def test_the_gallery_has_every_figure_with_its_claims(pages: dict[str, Page]) -> None:
    page = pages["figures/README.html"]
    text = " ".join("".join(page.text).split())
    for file in sorted((ROOT / "figures").glob("*.json")):
        record = json.loads(file.read_text(encoding="utf-8"))
        assert f"figure-{file.stem}" in page.anchors
        assert record["title"] in text
        assert text.count(record["claims"][0]["text"][:40]) >= 1
        assert any(source.endswith(f"{file.stem}.svg") for source in page.loads)


def test_the_workflow_builds_what_is_published() -> None:
    import yaml  # the builder brings it

    flow = yaml.safe_load((ROOT / ".github/workflows/docs.yml").read_text())
    build, publish = flow["jobs"]["build"]["steps"], flow["jobs"]["publish"]
    assert any(str(step.get("run", "")).startswith("make docs") for step in build)
    assert any(step.get("with", {}).get("path") == "site" for step in build)
    assert publish["needs"] == "build"
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert "docs" in extras


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all pages."""
    with browser(tmp_path_factory.mktemp("chromium")) as one:
        yield one


@pytest.mark.needs("chromium")
def test_no_page_has_an_error_in_a_browser_or_loads_from_a_network(
    site: Path, pages: dict[str, Page], opened: Browser
) -> None:
    opened.size(390, 800)
    wrong = {}
    for name in [*(name for name in pages if name != "docs/theory.html"), "docs/theory.html"]:
        said = opened.open((site / name).as_uri())
        wide = opened.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if said.errors or said.outside or wide > 0:
            wrong[name] = (said, wide)
    assert wrong == {}
    assert opened.evaluate("document.fonts.load('16px \"STIX Two Math\"', '∑').then(fonts => fonts.length)") == 1


@pytest.mark.needs("chromium")
def test_errors_and_loads_are_seen(tmp_path: Path, opened: Browser) -> None:
    (tmp_path / "a.html").write_text(
        "<script>console.error('one'); missing()</script><img src='http://127.0.0.1:9/x.png'>"
    )
    said = opened.open((tmp_path / "a.html").as_uri())
    assert any("one" in error for error in said.errors)
    assert any("missing is not defined" in error for error in said.errors)
    assert said.outside == ["http://127.0.0.1:9/x.png"]


@pytest.mark.needs("chromium")
def test_the_search_works_without_a_network(site: Path, opened: Browser) -> None:
    for words, wanted in (("decoupling", "docs/theory.html"), ("worst_case", "reference/worst.html")):
        assert opened.open(f"{(site / 'search.html').as_uri()}?q={words}") == ([], [])
        script = """new Promise(done => { const look = n => {
            const found = [...document.querySelectorAll('#search-results li a')].map(a => a.getAttribute('href'));
            const there = found.some(address => address.startsWith("WANTED"));
            there || n > 200 ? done(found) : setTimeout(look, 50, n + 1) }; look(0) })"""
        found = opened.evaluate(script.replace("WANTED", wanted))
        assert any(str(address).startswith(wanted) for address in found), (words, found)
