"""Every program of docs/reports still fails, and by its assert: what is sent upstream is so in the version it names."""

import re
import warnings
from pathlib import Path

import pytest

import madatheory
from madatheory.sources import version_of

FOLDER = Path(madatheory.__file__).parents[1] / "docs" / "reports"
SECTION = re.compile(r"^## (.*?)\n(.*?)(?=^## |\Z)", re.M | re.S)


@pytest.mark.parametrize(
    "library",
    [
        "optax",
        *(
            pytest.param(name, marks=pytest.mark.needs(*{"torch", name}))
            for name in ("torch", "pytorch_optimizer", "heavyball")
        ),
    ],
)
def test_every_report_shows_what_it_says(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = (FOLDER / f"{library}.md").read_text()
    version = text.splitlines()[0].removeprefix(f"# {library} ")
    if (version_of(library) or "").partition("+")[0] != version:
        pytest.skip(f"the reports are about {library} {version}")
    sections = SECTION.findall(text)
    assert len(sections) == text.count("\n## ")
    for title, body in sections:
        (program,) = re.findall(r"```python\n(.*?)```", body, re.S)
        with warnings.catch_warnings(action="ignore"), pytest.raises(AssertionError):
            exec(program, {"__name__": title})
        assert "got" in capsys.readouterr().out, title


def test_the_index_names_every_file() -> None:
    index = (FOLDER / "README.md").read_text()
    for file in FOLDER.glob("*.md"):
        if file.name != "README.md":
            title = file.read_text().splitlines()[0].removeprefix("# ")
            assert f"| [{file.name}]({file.name}) | {title} |" in index
