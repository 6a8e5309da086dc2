"""The pictures in figures/: complete, every claim held, and regenerating gives the same numbers."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from madatheory.catalogue import figures
from madatheory.engine.simulate import simulate
from madatheory.figures.figure import Run
from madatheory.figures.render import plain

FOLDER = Path(__file__).parent.parent / "figures"
QUICK = ("interior-rho-exact",)  # seconds in the default profile; the others are compared by `make figures` itself


def same(a: Any, b: Any) -> bool:
    """Equal structure, and numbers equal to four digits."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, int | float) and isinstance(b, int | float):
        return math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-12)
    return a == b


def test_same_sees_the_fourth_digit() -> None:
    assert same({"a": [1.0, "x", None]}, {"a": [1.00001, "x", None]})
    assert not same({"a": [1.0]}, {"a": [1.001]})
    assert not same({"a": [1.0]}, {"a": [None]})


@pytest.mark.parametrize("name", list(figures()))
def test_every_figure_is_committed_and_its_claims_held(name: str) -> None:
    record = json.loads((FOLDER / f"{name}.json").read_text())
    assert record["profile"] == "default"
    assert record["claims"]
    assert all(claim["holds"] for claim in record["claims"])
    assert (FOLDER / f"{name}.svg").stat().st_size > 1000
    assert (FOLDER / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert f"({name}.svg)" in (FOLDER / "README.md").read_text()


@pytest.mark.parametrize("name", list(figures()))
def test_the_claims_follow_from_the_committed_numbers(name: str) -> None:
    record, figure = json.loads((FOLDER / f"{name}.json").read_text()), figures()[name]
    assert [claim.text for claim in figure.claims(record["numbers"])] == [c["text"] for c in record["claims"]]
    assert all(claim.holds for claim in figure.claims(record["numbers"]))
    assert figure.caption(record["numbers"]) == record["caption"]


@pytest.mark.parametrize("name", QUICK)
def test_regenerating_gives_the_committed_numbers(name: str) -> None:
    record = json.loads((FOLDER / f"{name}.json").read_text())
    run = Run("default", record["seed"], simulate, lambda name, config, compute: compute())
    assert same(plain(figures()[name].compute(run)), record["numbers"])
