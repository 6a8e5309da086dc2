"""The methods, in the order of the table. A method is a module with `checks()` and `not_applicable(statement)`."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Protocol, cast

from proofs_check.evidence import Check
from proofs_check.statements import Statement

METHODS: Mapping[str, str] = {
    "falsify": "random and optimizing search for a counterexample",
    "symbolic": "computer algebra (SymPy)",
    "smt": "a solver for real arithmetic (z3), square roots as variables",
    "balls": "rigorous enclosures (python-flint)",
    "coq": "a proof checked by Coq",
    "bridge": "the package's own optimizers on exact noise trees",
}


class Method(Protocol):
    """What the module `proofs_check.NAME` offers."""

    def checks(self) -> Iterable[Check]:
        """Every question to this method. Cheap: nothing is decided, and no tool needed, before `decide` is called."""
        ...

    def not_applicable(self, statement: Statement) -> str:
        """Why the method has no check of the whole of `statement`; "" where it could have one (then it is OPEN)."""
        ...


def method(name: str) -> Method:
    """The module of a method."""
    return cast(Method, import_module(f"proofs_check.{name}"))
