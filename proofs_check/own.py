"""A user's theorems and lemmas as rows: OPEN until a method that runs a formula of the package decides.

Nothing proves them: trees search for a counterexample of a theorem, draws and climbs for one of a lemma.
"""

import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from madatheory.errors import UserError
from madatheory.problems.catalogue import ProblemEntry
from madatheory.theory.lemma import Lemma
from madatheory.theory.theorem import Theorem
from proofs_check import bridge, falsify
from proofs_check.evidence import Check, Evidence
from proofs_check.run import Report
from proofs_check.statements import Statement, row_of, statements


@dataclass(frozen=True)
class Own:
    """What the user's files bring: statements, and problems to try theorems on besides the package's."""

    theorems: Sequence[Theorem] = ()
    lemmas: Sequence[Lemma] = ()
    problems: Sequence[ProblemEntry] = ()

    def rows(self) -> list[Statement]:
        """Their rows; `UserError` for a name that is a row of the package."""
        for one in (*self.theorems, *self.lemmas):
            if one.name in statements():
                raise UserError(f"{one.name!r} is the name of a statement of the package: choose another one")
        return [*(row_of(x, "theorem") for x in self.theorems), *(row_of(x, "lemma") for x in self.lemmas)]

    def checks(self, rows: Sequence[Statement], methods: Sequence[str]) -> list[tuple[str, Check]]:
        """What these methods are asked about those of the rows that are the user's."""
        wanted = {row.name for row in rows}
        found = [("bridge", bridge.of_user(theorem, self.problems)) for theorem in self.theorems]
        for lemma in self.lemmas:
            found.append(("falsify", Check(lemma.name, partial(falsify.decide, lemma))))
            for false in lemma.false_variants:
                planted = Check(lemma.name, partial(falsify.decide, false), false.name, false=True)
                found.append(("falsify", planted))
        return [(name, check) for name, check in found if name in methods and check.statement in wanted]


def evidence(checks: Sequence[tuple[str, Check]], report: Report | None = None) -> Iterator[Evidence]:
    """The checks decided in this process, for a user's formulas cannot be sent to another.

    `UserError` names the statement and the line of the file if a formula raises.
    """
    for number, (name, check) in enumerate(checks):
        if report is not None:
            report(number, len(checks), f"{name}: {check.statement}")
        began = time.perf_counter()
        try:
            finding = check.decide()
        except UserError:
            raise
        except Exception as error:
            raise UserError(f"{check.statement}: {type(error).__name__}: {error} ({_where(error)})") from error
        yield Evidence(name, check, finding, time.perf_counter() - began)


def _where(error: Exception) -> str:
    """The last line outside of installed packages: the user's, where he wrote the mistake."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "site-packages" not in f.filename]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"
