"""The drawing of the package is true: a module imports only from layers above its own, and importing has no effects."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

import madatheory

parsed = cache(ast.parse)  # several tests read the same files
ROOT = Path(madatheory.__file__).parents[1]
PACKAGE = ROOT / "madatheory"
# first what everything may import; units of one row do not know each other
PACKAGE_LAYERS = (
    {"defaults", "errors", "limits", "processes", "stopping"},
    {"blame", "deprecated", "structure"},
    {"arithmetic", "entry", "files", "hparams", "jaxprs", "sources", "statistics", "xla"},
    {"numpy_programs"},
    {"optimizers", "problems", "references"},
    {"engine", "identities", "training"},
    {"pytest_plugin", "store", "torch"},
    {"cluster"},
    {"theory"},
    {"studies", "worst"},
    {"report"},
    {"figures"},
    {"cli"},
    {"__main__"},
)
# what stands beside the package may import it and not the other way round
DRAWINGS: dict[str, Sequence[set[str]]] = {
    "madatheory": PACKAGE_LAYERS,
    "proofs_check": (
        {"evidence", "open_loop"},
        {"statements", "tenth"},
        {"balls", "coq", "falsify", "symbolic"},
        {"bridge", "smt"},
        {"methods"},
        {"run", "table"},
        {"own", "page"},
        {"command", "recorded"},
        {"__main__"},
    ),
    "website": (
        {"conf", "docstrings", "mathematics", "repository"},
        {"listings", "reference"},
        {"statements"},
        {"build"},
        {"__main__"},
    ),
    "benchmarks": (
        {"task"},
        {"contenders", "process", "reference", "serve"},
        {"commands", "measure", "probes", "versions"},
        {"check", "costs", "gpu", "profiling"},
        {"goals"},
        {"properties", "sweep"},
        {"picture", "run"},
        {"report"},
        {"command"},
        {"__main__", "check_time", "cluster_cost", "phases", "training_cost", "worst_cases"},
    ),
}


def place_of(file: Path) -> tuple[str, str]:
    """The package of a file, and its unit there."""
    package, unit = file.relative_to(ROOT).parts[:2]
    return package, unit.removesuffix(".py")


def imports(source: str) -> Iterator[tuple[str, str]]:
    """(package, unit) of what is imported, at the top or inside a function."""
    for node in ast.walk(parsed(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "write imports in full"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            head, _, tail = name.partition(".")
            if head in DRAWINGS and (tail or head != "madatheory"):
                yield head, tail.split(".")[0]


def violations(package: str, unit: str, source: str) -> list[str]:
    """Imports of a module of `unit` that the drawings forbid."""
    rank = {name: row for row, names in enumerate(DRAWINGS[package]) for name in names}

    def allowed(head: str, other: str) -> bool:
        if head != package:
            return head == "madatheory" or (package, head) == ("website", "proofs_check")
        return other == unit or (other in rank and rank[other] < rank[unit])

    return [f"{unit} imports {head}.{other}" for head, other in imports(source) if not allowed(head, other)]


def modules() -> list[Path]:
    files = [file for package in DRAWINGS for file in sorted((ROOT / package).rglob("*.py"))]
    return [file for file in files if file.relative_to(ROOT).parts[1] != "__init__.py"]


@pytest.mark.parametrize("package", DRAWINGS)
def test_every_unit_is_in_the_drawing(package: str) -> None:
    drawn = [name for row in DRAWINGS[package] for name in row]
    places = {place_of(file) for file in modules()}
    assert sorted(unit for where, unit in places if where == package) == sorted(drawn)


@pytest.mark.parametrize("file", modules(), ids=lambda f: str(f.relative_to(ROOT)))
def test_imports_only_from_layers_above(file: Path) -> None:
    assert violations(*place_of(file), file.read_text()) == []


@pytest.mark.parametrize(
    ("unit", "line"),
    [
        ("engine", "from madatheory.theory.theorem import Theorem"),
        ("optimizers", "import madatheory.problems.problem"),
        ("references", "from madatheory.optimizers.family import member"),
        ("entry", "def f():\n    from madatheory.theory.theorem import Theorem"),
        ("theory", "def f():\n    from madatheory.figures import render"),
        ("errors", "from madatheory import entry"),
        ("cli", "def f():\n    from proofs_check.run import select"),
        ("cli", "import benchmarks"),
    ],
)
def test_a_wrong_import_is_seen(unit: str, line: str) -> None:
    assert violations("madatheory", unit, line)


def test_a_wrong_import_beside_the_package_is_seen() -> None:
    assert violations("proofs_check", "coq", "from proofs_check import bridge")
    assert violations("benchmarks", "run", "from proofs_check import run")
    assert not violations("proofs_check", "coq", "from madatheory.cli.console import OUT")


def at_the_top(file: Path) -> set[str]:
    """Modules that a module of the package imports when it is imported."""
    found = set()
    for node in parsed(file.read_text()).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("madatheory"):
            found.add(str(node.module))
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_no_module_imports_itself_in_a_circle() -> None:
    names = {
        ".".join(f.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): f for f in modules()
    }
    graph = {name: (at_the_top(file) & set(names)) - {name} for name, file in names.items()}
    with pytest.raises(CycleError):
        TopologicalSorter({**graph, "madatheory.errors": {"madatheory.cli"}}).prepare()
    TopologicalSorter(graph).prepare()


def test_an_identity_is_written_with_what_the_suite_exports() -> None:
    """What one idea alone needs, derivatives and recurrences, has a door of its own."""
    doors = (
        "madatheory.identities",
        "madatheory.identities.derivatives",
        "madatheory.identities.recognition.recurrences",
    )
    for file in (PACKAGE / "identities" / "laws").glob("*.py"):
        for node in parsed(file.read_text()).body:
            module = str(node.module) if isinstance(node, ast.ImportFrom) else ""
            suite = module.startswith("madatheory.identities") and not module.startswith("madatheory.identities.laws")
            assert not suite or module in doors, f"{file.name}: {module}"


EFFECTS = """
import json, os, pkgutil, sys
import jax, optax, scipy.stats, sklearn.datasets, xarray, matplotlib.figure  # what these do is not ours
import numpy as np
environment, random = dict(os.environ), np.random.get_state()[1].tolist()
import madatheory

def modules(package):
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if module.name in ("madatheory.torch", "madatheory.cluster"):  # PyTorch's and Dask's; nothing else imports them
            continue
        if not module.name.endswith("__main__"):
            __import__(module.name)
            if module.ispkg:
                modules(sys.modules[module.name])

modules(madatheory)
from jax._src import xla_bridge
from madatheory.cli import options
with options.workers(None) as none:  # on one machine
    options.open_store(sys.argv[1], executor=none)
unwanted = ("torch", "matplotlib.pyplot", "distributed", "fsspec", "dask.array", "madatheory.cluster")
print(json.dumps({
    "modules": [n for n in unwanted if n in sys.modules],  # xarray imports `dask` itself, which starts nothing
    "environment": {k: v for k, v in os.environ.items() if environment.get(k) != v},
    "random state": np.random.get_state()[1].tolist() != random,
    "backend": xla_bridge.backends_are_initialized(),
    "x64": jax.config.jax_enable_x64,
}))
"""


def run_python(code: str, *arguments: str) -> str:
    """What a fresh interpreter without the XLA flag prints."""
    environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment, check=True
    )
    return ran.stdout


def test_importing_everything_has_no_effects(tmp_path: Path) -> None:
    assert json.loads(run_python(EFFECTS, str(tmp_path))) == {
        "modules": [],
        "environment": {},
        "random state": False,
        "backend": False,
        "x64": False,
    }


@pytest.mark.parametrize("first", ["import madatheory", "from madatheory.cli import app"])
def test_the_first_import_does_not_wait_for_the_numerical_libraries(first: str) -> None:
    heavy = ("jax", "xarray", "scipy", "matplotlib")
    assert run_python(f"import sys; {first}; print([n for n in {heavy} if n in sys.modules])").strip() == "[]"


def test_who_names_identities_does_not_wait_for_what_draws_examples() -> None:
    heavy = ("hypothesis", "jax", "scipy")
    named = "from madatheory.identities.check import select; select(None, 'quick')"
    assert run_python(f"import sys; {named}; print([n for n in {heavy} if n in sys.modules])").strip() == "[]"


def test_the_public_names_are_those_that_type_checkers_see() -> None:
    tree = parsed((PACKAGE / "__init__.pyi").read_text())
    seen = {
        str(alias.asname): f"madatheory.{node.module}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert {*seen, "__version__"} <= {*dir(madatheory), "__version__"}
    for name, home in seen.items():
        public = getattr(madatheory, name)
        assert public is (getattr(import_module(home), name, None) or import_module(f"{home}.{name}"))
        assert public.__doc__
    with pytest.raises(AttributeError, match="nothing_here"):
        getattr(madatheory, "nothing_here")  # noqa: B009


def test_no_two_public_names_differ_by_case_alone() -> None:
    names = [name.lower() for name in dir(madatheory) if not name.startswith("_")]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(("old", "new"), vars(madatheory)["_RENAMED"].items())
def test_names_of_the_last_release_say_what_they_are_called_now(old: str, new: str) -> None:
    with pytest.warns(DeprecationWarning, match=f"madatheory.{old} is now called madatheory.{new}"):
        assert getattr(madatheory, old) is getattr(madatheory, new)


def test_no_two_public_classes_share_a_name() -> None:
    places: dict[str, list[str]] = {}
    for file in (file for name in DRAWINGS for file in (ROOT / name).rglob("*.py")):
        for node in parsed(file.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(str(file.relative_to(ROOT)))
    assert len(places) > 200
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
