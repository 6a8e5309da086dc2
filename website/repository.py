"""The repository's own pages as pages of the site: links go where the pages are, sections of the README get pages."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from madatheory.errors import UserError

README: Mapping[str, str] = {
    "Your own bound": "check-my-bound",
    "Train with MADA": "train-with-mada",
    "Is my optimizer right?": "check-my-optimizer",
    "The pictures": "",  # the gallery has them all
    "Install": "use",
    "Commands": "use",
    "In Python": "use",
    "What a verdict means": "check-my-bound",
    "What is proved": "what-is-proved",
}
"""Section of README.md -> page; what comes before the first is the front page."""
TITLES = {
    "check-my-bound": "Check my bound",
    "train-with-mada": "Train with MADA",
    "check-my-optimizer": "Check my optimizer",
    "use": "Install and use",
    "what-is-proved": "What is proved",
}
FURTHER = {
    "check-my-bound": ("docs/report", "docs/worst", "docs/explorer", "CONTRIBUTING"),
    "train-with-mada": ("docs/training",),
    "check-my-optimizer": ("docs/identities", "docs/compare", "docs/conformance", "docs/report"),
    "use": (),
    "what-is-proved": ("docs/theory", "statements/index", "proofs_check/coq/README"),
}
"""Where a page of the README goes on."""
_LINK = re.compile(r"(\[[^][]*\]\(|\]\(|<img src=\")([^)\"\s]+)(?=[)\"])")
_FIGURE = re.compile(r"^## (.+)\n\n!\[.*\]\(([a-z0-9-]+)\.svg\)$", re.M)
_ANCHOR = re.compile(r'^<a id="([a-z0-9-]+)"></a>$', re.M)
_TITLED = re.compile(r'^```([a-z]+) title="([^"]+)"\n(.*?)^```$', re.M | re.S)


def sources(root: Path) -> list[str]:
    """The pages that are taken as they are."""
    found = [
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "figures/README.md",
        "benchmarks/RESULTS.md",
        "proofs_check/coq/README.md",
    ]
    return [*found, *(p.relative_to(root).as_posix() for p in sorted((root / "docs").rglob("*.md")))]


def slug(title: str) -> str:
    """The anchor of a heading, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _gallery(text: str) -> str:
    """The page of the figures with small pictures of all before the first."""
    small = [f"[![{title}]({name}.svg) {title}](#figure-{name})\n" for title, name in _FIGURE.findall(text)]
    placed = _FIGURE.sub(lambda found: f"(figure-{found[2]})=\n\n{found[0]}", text)
    first, rest = placed.split("(figure-", 1)
    return "\n".join([first, "::::{container} gallery", *small, "::::", "", f"(figure-{rest}"])


class Repository:
    """Texts of pages, ready for the site, and the other files that they point to."""

    def __init__(self, root: Path, statements: Mapping[str, str]) -> None:
        self.root = root
        self.statements = statements
        self.files: set[str] = set()
        self.sources = sources(root)
        self.anchors = {name: self._anchors(name) for name in self.sources}

    def _anchors(self, name: str) -> set[str]:
        return set(_ANCHOR.findall((self.root / name).read_text(encoding="utf-8")))

    def pages(self) -> Iterator[tuple[str, str]]:
        """(name without ending, text) of every page."""
        yield from self._readme()
        for name in self.sources:
            text = (self.root / name).read_text(encoding="utf-8")
            yield name.removesuffix(".md"), self.page(name, _gallery(text) if name == "figures/README.md" else text)

    def _readme(self) -> Iterator[tuple[str, str]]:
        front, *sections = re.split(r"^## (?=\S)", (self.root / "README.md").read_text(encoding="utf-8"), flags=re.M)
        yield "front", self.page("README.md", front)
        texts: dict[str, list[str]] = {page: [] for page in TITLES}
        for section in sections:
            title, _, body = section.partition("\n")
            if title not in README:
                raise UserError(
                    f"README.md has a section {title!r}, of which website/repository.py does not say the page"
                )
            if page := README[title]:
                heading = f"# {TITLES[page]}" if not texts[page] else f"## {title}"
                texts[page].append(f"{heading}\n{body}")
        for page, parts in texts.items():
            go_on = "".join(f"- [](/{name}.md)\n" for name in FURTHER[page])
            further = f"\n## Further\n\n{go_on}" if go_on else ""
            yield page, self.page("README.md", "\n".join(parts)) + further

    def page(self, name: str, text: str) -> str:
        """The text of the repository's page `name`, for the site."""
        text = _TITLED.sub(r"`````{code-block} \1\n:caption: \2\n\n\3`````", text)
        parts = re.split(r"(^`{3,}.*?^`{3,}$)", text, flags=re.M | re.S)
        return "".join(part if part.startswith("```") else self._prose(name, part) for part in parts)

    def _prose(self, name: str, text: str) -> str:
        text = _ANCHOR.sub(r"(\1)=", text)
        text = _LINK.sub(lambda found: self._link(name, found[1], found[2]), text)
        if name == "docs/theory.md":
            text = re.sub(r"^\| (\S+) \| ([a-z0-9-]+) \|", self._row, text, flags=re.M)
            text = re.sub(r"`([a-z0-9-]+)`", self._named, text)
        elif name == "proofs_check/coq/README.md":
            text = re.sub(r"`(\w+)\.v`", self._coq, text)
        return text

    def _coq(self, found: re.Match[str]) -> str:
        there = (self.root / "proofs_check" / "coq" / f"{found[1]}.v").exists()
        return f"[{found[0]}]({found[1]}.md)" if there else found[0]

    def _link(self, name: str, before: str, target: str) -> str:
        """A link of page `name`; one whose text is its path, or `below`, is called as the page is that it goes to."""
        goes = self._target(name, target)
        plain = "#" not in goes and goes.endswith(".md") and before in (f"[{target}](", "[below](", "[figures/](")
        return ("[](" if plain else before) + goes

    def _row(self, found: re.Match[str]) -> str:
        known = found[2] in self.statements
        return f"| {found[1]} | [{found[2]}](../statements/{found[2]}.md) |" if known else found[0]

    def _named(self, found: re.Match[str]) -> str:
        return f"[{found[0]}](../statements/{found[1]}.md)" if found[1] in self.statements else found[0]

    def _target(self, name: str, target: str) -> str:
        """Where a link of the repository's page `name` goes on the site."""
        if re.match(r"[a-z]+:", target):
            return target
        path, _, anchor = target.partition("#")
        if not path:
            return self._of_readme(anchor) if name == "README.md" else target
        place = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        if (self.root / place).is_dir():
            place += "/README.md"
        if place == "README.md":
            return self._of_readme(anchor) if anchor else "/index.md"
        if not (self.root / place).is_file():
            raise UserError(f"{name} links to {target}, which is not there")
        if place not in self.sources:
            self.files.add(place)
            return f"/{place}"
        if anchor in self.anchors[place]:
            return f"#{anchor}"
        return f"/{place}" + (f"#{anchor}" if anchor else "")

    def _of_readme(self, anchor: str) -> str:
        for title, page in README.items():
            if slug(title) == anchor:
                return f"{page or 'figures/README'}.md"
        raise UserError(f"README.md has no section #{anchor}")
