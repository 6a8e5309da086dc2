"""Figures that are drawn once for all tests of a file, with what the store has."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from madatheory.figures.catalogue import list_figures
from madatheory.figures.figure import Run
from madatheory.figures.render import render
from madatheory.store.store import Store


@pytest.fixture(scope="module")
def rendered(
    store_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[Path, dict[str, Any]]]:
    """A figure in the smoke profile: its folder and its json record."""
    folder, known = tmp_path_factory.mktemp("figures"), {}
    store = Store(store_folder)
    run = Run("smoke", 0, store.simulate, store.cached)

    def get(name: str) -> tuple[Path, dict[str, Any]]:
        if name not in known:
            render(list_figures()[name], run, folder, {})
            known[name] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        return folder, known[name]

    return get
