"""pytest: one test per identity, with `pytest --madatheory mymodule:make`, or in a class made by `suite`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from madatheory.errors import UserError
from madatheory.identities.check import judged, opened, prepared, select
from madatheory.identities.identity import identities
from madatheory.identities.report.outcome import IdentityOutcome, Report, Request, check_codes
from madatheory.identities.report.tables import failure
from madatheory.identities.rollout import Memory
from madatheory.identities.targets.lookup import OptimizerLike
from madatheory.identities.targets.target import Target


def items_of(session: pytest.Session, config: pytest.Config, spec: str, specs: list[str]) -> list[pytest.Item]:
    """One item per identity for the target `spec`, one of `specs`; `UserError` on bad options."""
    option: Any = config.getoption
    file, only = option("--madatheory-xfail"), option("--madatheory-only")
    request = Request(
        traits=_declared(option("--madatheory-trait")),
        xfail=read_xfail(file, specs).get(spec, {}) if file else {},
        only=only,
        profile=option("--madatheory-profile"),
        seed=option("--madatheory-seed"),
        limit=option("--madatheory-limit"),
    )
    chosen = select(only, request.profile)
    tested = _Tested(lambda: prepared(spec, request.profile), request)
    return [
        IdentityItem.from_parent(
            session,
            name=f"{spec}::{item.code}",
            nodeid=f"madatheory::{spec}::{item.code}",
            tested=tested,
            code=item.code,
        )
        for item in chosen
    ]


class IdentityItem(pytest.Item):
    """The test of one identity on one target."""

    def __init__(self, *, tested: "_Tested", code: str, **more: Any) -> None:
        super().__init__(**more)
        self._tested, self._code = tested, code

    def runtest(self) -> None:
        """Judge the identity."""
        self._tested.test(self._code)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where pytest says that this test stands."""
        return self.path, None, f"{self.name} {identities()[self._code].name}"


class _Tested:
    """A target that is built, and its traits detected, when its first test runs."""

    def __init__(self, make: Callable[[], Target], request: Request) -> None:
        self._make, self._request = make, request
        self._opened: tuple[Target, Report] | None = None
        self._memory = Memory()

    def test(self, code: str) -> None:
        """Pass, skip, xfail or fail, each with its reason and without a traceback."""
        if self._opened is None:
            try:
                target = self._make()
            except UserError as error:
                pytest.fail(str(error), pytrace=False)
            self._opened = target, opened(target, self._request)
        target, report = self._opened
        if report.problem:
            pytest.fail(f"{target.name} cannot be tested: {report.problem}", pytrace=False)
        _say(judged(identities()[code], target, report, self._request, self._memory), target.name)


def _say(outcome: IdentityOutcome, target: str) -> None:
    if outcome.status == "n.a.":
        pytest.skip(f"does not apply: {outcome.detail}")
    if outcome.status == "xfail":
        pytest.xfail(outcome.detail)
    if outcome.status == "convention":
        pytest.skip(f"no mistake, a convention or a limit of the number format: {outcome.detail}")
    if outcome.status != "pass":
        pytest.fail(failure(outcome, target), pytrace=False)


def suite(
    make_optimizer: OptimizerLike,
    *,
    traits: Mapping[str, bool] | None = None,
    settings: Mapping[str, Any] | None = None,
    xfail: Mapping[str, str] | str | Path | None = None,
    only: str | None = None,
    profile: str = "default",
    seed: int | None = None,
    limit: float = 20.0,
) -> type:
    """A class with one test per identity: `TestMine = suite(make_optimizer)` in a test file.

    Arguments are those of `check`; `xfail` maps codes of identities that are known to fail to reasons, or is a file of
    lines `CODE reason`. An entry that does not fail is a failure. `UserError` on bad input, an unknown code included.
    """
    known = read_xfail(xfail, [""])[""] if isinstance(xfail, str | Path) else dict(xfail or {})
    request = Request(traits or {}, settings or {}, known, only, profile, seed, limit)
    chosen = select(only, profile)
    tested = _Tested(lambda: prepared(make_optimizer, profile), request)

    def method(code: str, statement: str) -> Callable[[Any], None]:
        def test(self: object) -> None:
            tested.test(code)

        test.__doc__ = statement
        return test

    methods = {f"test_{item.code}_{_word(item.name)}": method(item.code, item.statement) for item in chosen}
    return type("TestIdentities", (), methods)


def read_xfail(file: str | Path, targets: list[str]) -> dict[str, dict[str, str]]:
    """Per target the identities known to fail and why, from lines `CODE reason`; # starts a comment.

    Lines after a line `[TARGET]` are for that target, lines before the first are for all. `UserError` names the line
    that has no reason, repeats a code, or is for a target that is not tested.
    """
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    found: dict[str, dict[str, str]] = {target: {} for target in targets}
    now = list(targets)
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if text.startswith("[") and text.endswith("]"):
            now = [text[1:-1].strip()]
            if now[0] not in found:
                raise UserError(f"{file}, line {number}: {now[0]!r} is not tested; tested: {', '.join(targets)}")
        elif text:
            code, _, reason = text.partition(" ")
            if not reason.strip():
                raise UserError(f"{file}, line {number}: write `CODE reason`, not {text!r}")
            try:
                check_codes([code])
            except UserError as error:
                raise UserError(f"{file}, line {number}: {error}") from None
            for target in now:
                if code in found[target]:
                    raise UserError(f"{file}, line {number}: {code} is given twice")
                found[target][code] = reason.strip()
    return found


def _declared(given: list[str]) -> dict[str, bool]:
    found = {}
    for text in given:
        name, _, value = (part.strip() for part in text.partition("="))
        if value not in ("yes", "no"):
            raise UserError(f"--madatheory-trait {text!r}: write name=yes or name=no")
        found[name] = value == "yes"
    return found


def _word(name: str) -> str:
    return "_".join("".join(c if c.isalnum() else " " for c in name).split())
