"""The guide to training is true: its code runs in order, and its numbers are those of the committed figures."""

import re
from pathlib import Path

import pytest

GUIDE = (Path(__file__).parent.parent / "docs" / "training.md").read_text()


def test_the_code_of_the_guide_runs(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", GUIDE, re.S)
    assert len(blocks) >= 7
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "docs/training.md", "exec"), names)
    printed = capsys.readouterr().out
    assert "rho" in printed
    assert "1.5" in printed  # the refusal names the value
