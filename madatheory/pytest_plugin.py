"""The pytest plugin of the package: its options, and nothing else until one of them is given.

pytest loads this module at every start in an environment where the package is installed.
"""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of this plugin."""
    group = parser.getgroup("madatheory", "identities of optimizers (madatheory)")
    group.addoption(
        "--madatheory",
        action="append",
        default=[],
        metavar="TARGET",
        help="add one test per identity of this optimizer: optax:adam, torch.optim:Adam, mymodule:make, file.py:make",
    )
    group.addoption(
        "--madatheory-xfail",
        metavar="FILE",
        help="identities known to fail, lines `CODE reason`, for one target after a line [TARGET]",
    )
    group.addoption("--madatheory-only", metavar="CODES", help="codes or groups of identities: S,K3")
    group.addoption("--madatheory-profile", default="default", metavar="NAME", help="quick, default or thorough")
    group.addoption("--madatheory-seed", type=int, metavar="N", help="other examples than those of every ordinary run")
    group.addoption("--madatheory-limit", type=float, default=20.0, metavar="SECONDS", help="time for one identity")
    group.addoption(
        "--madatheory-trait", action="append", default=[], metavar="NAME=yes|no", help="declare a trait; repeat"
    )


@pytest.hookimpl(tryfirst=True)  # so that -k and -m choose among these tests, too
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the tests of every target of `--madatheory`."""
    specs: list[str] = list(dict.fromkeys(config.getoption("--madatheory") or ()))
    if not specs:
        if config.getoption("--madatheory-xfail"):
            raise pytest.UsageError("--madatheory-xfail needs a target: --madatheory mymodule:make")
        return
    from madatheory.errors import UserError
    from madatheory.identities.runner.plugin import items_of

    try:
        for spec in specs:
            added = items_of(session, config, spec, specs)
            report = pytest.CollectReport(f"madatheory::{spec}", "passed", None, [*added])
            session.ihook.pytest_collectreport(report=report)  # they are counted as collected
            items += added
    except UserError as error:
        raise pytest.UsageError(str(error)) from None
