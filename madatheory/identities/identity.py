"""An identity: a statement that every optimizer with certain traits satisfies, and how it is tested."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Any

from numpy.typing import ArrayLike

from madatheory.identities.drawing import st
from madatheory.identities.rollout import Runs


class Violation(AssertionError):
    """An identity does not hold: what was got and what was expected, and by how much the two may differ."""

    def __init__(self, message: str, got: object = None, expected: object = None, tolerance: ArrayLike = 0.0) -> None:
        super().__init__(message)
        self.got, self.expected, self.tolerance = got, expected, tolerance


class ByConvention(Violation):
    """An identity does not hold by a convention, or by a limit of the number format: shown, but no mistake."""


class NotApplicable(Exception):
    """Found out while testing that the identity says nothing about this target; the message says why."""


@dataclass(frozen=True)
class Identity:
    """A named statement.

    `test(runs, case)` raises `Violation`; `cases` gives its hypothesis strategy of examples, always the same one.
    `needs` names what the target must have: a trait ("elementwise"), one that it must not have ("not decay"), a
    setting ("set eps"), a known default ("know beta1") or an ability ("can jit"). `group` is the letter of `code`;
    `statement` is in words and formula; `holds` says who satisfies it and why. `convention` says why breaking it is
    no mistake: optimizers that their authors consider correct differ in it, or the number format cannot do better;
    "" where it is a mistake.
    """

    code: str
    name: str
    statement: str
    holds: str
    needs: tuple[str, ...]
    cases: "Callable[[], st.SearchStrategy[Any]]"
    test: Callable[[Runs, Any], None]
    examples: float = 1.0  # times the profile's number; 0: the single case None
    convention: str = ""

    @property
    def group(self) -> str:
        """The letter before the number."""
        return self.code.rstrip("0123456789abcdefghijklmnopqrstuvwxyz")


ORDER = "SFDMCREBNKH"
"""Of the groups: symmetries, fixed points, descent and decay, matrices, closed forms, moments, equivalences, bounds,
names, contract, hyper-gradients."""
_FOUND: dict[str, Identity] = {}


@cache
def _made(cases: "Callable[[], st.SearchStrategy[Any]]") -> "st.SearchStrategy[Any]":
    """A strategy, one for all who ask: they share its examples, and hypothesis looks at it once."""
    return cases()


def _none() -> "st.SearchStrategy[Any]":
    return st.none()


def identity(
    code: str,
    name: str,
    *,
    needs: Sequence[str] = (),
    cases: "Callable[[], st.SearchStrategy[Any]] | None" = None,
    examples: float = 1.0,
    convention: str = "",
) -> Callable[[Callable[[Runs, Any], None]], Callable[[Runs, Any], None]]:
    """Register a test; its docstring is the statement, an empty line, and who satisfies it and why."""

    def register(test: Callable[[Runs, Any], None]) -> Callable[[Runs, Any], None]:
        statement, _, holds = (test.__doc__ or "").partition("\n\n")
        if not statement.strip() or not holds.strip():
            raise TypeError(f"identity {code}: its docstring needs the statement, an empty line, and who satisfies it")
        if code in _FOUND:
            raise TypeError(f"identity {code} is defined twice: {_FOUND[code].name} and {name}")
        made = Identity(
            code,
            name,
            " ".join(statement.split()),
            " ".join(holds.split()),
            tuple(needs),
            partial(_made, cases or _none),
            test,
            examples if cases else 0.0,
            convention,
        )
        _FOUND[code] = made
        return test

    return register


@cache
def _import_laws() -> None:
    import pkgutil
    from importlib import import_module

    from madatheory.identities import laws

    for module in pkgutil.iter_modules(laws.__path__):
        import_module(f"{laws.__name__}.{module.name}")


def _place(code: str) -> tuple[int, int, str]:
    number = "".join(c for c in code if c.isdigit())
    return ORDER.find(code[0]), int(number or 0), code


def identities() -> dict[str, Identity]:
    """Every identity by its code, in the order S, F, D, M, C, R, E, B, N, K, H and of their numbers."""
    _import_laws()
    return {code: _FOUND[code] for code in _in_order(tuple(_FOUND))}


@lru_cache(maxsize=4)
def _in_order(codes: tuple[str, ...]) -> list[str]:
    return sorted(codes, key=_place)
