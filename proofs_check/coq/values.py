"""Values of the Coq definitions in floating point: natural numbers and reals as numbers, histories as tuples.

A history is a tuple of outcomes, newest first, as in Coq. Functions take one argument at a time.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from proofs_check.coq import gallina, sources
from proofs_check.coq.gallina import Term

Value = Any
Environment = Mapping[str, Value]
_SIGNS: Mapping[str, Callable[[Value, Value], Value]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "^": lambda a, b: a**b,
}
RELATIONS: Mapping[str, Callable[[Value, Value], bool]] = {
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
}


def _two(function: Callable[[Value, Value], Value]) -> Value:
    return lambda a: lambda b: function(a, b)


_BUILT_IN: Environment = {
    "sqrt": math.sqrt,
    "ln": math.log,
    "exp": math.exp,
    "Rabs": abs,
    "INR": float,
    "IZR": float,
    "Int_part": math.floor,
    "O": 0,
    "S": lambda n: n + 1,
    "Rsqr": lambda a: a * a,
    "Rmin": _two(min),
    "Rmax": _two(max),
    "Rlt_dec": _two(lambda a, b: a < b),
    "Rle_dec": _two(lambda a, b: a <= b),
    "Nat.ltb": _two(lambda a, b: a < b),
    "Nat.eq_dec": _two(lambda a, b: a == b),
    "Nat.modulo": _two(lambda a, b: a % b),
    "length": len,
    "fst": lambda pair: pair[0],
    "snd": lambda pair: pair[1],
    "PI": math.pi,
}


@dataclass(frozen=True)
class Pair:
    """(a, b), told from a history of two outcomes."""

    first: Value
    second: Value

    def __getitem__(self, index: int) -> Value:
        return (self.first, self.second)[index]


class _Scope(dict[str, Value]):
    """The names of a module: shared by its functions, so that a definition may call itself."""

    def __hash__(self) -> int:
        return id(self)


@dataclass(frozen=True)
class _Chained(Mapping[str, Value]):
    """Local names before those of a module."""

    local: Mapping[str, Value]
    scope: _Scope

    def __getitem__(self, name: str) -> Value:
        return self.local[name] if name in self.local else self.scope[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self.scope, **self.local})

    def __len__(self) -> int:
        return len({**self.scope, **self.local})


def with_names(environment: Environment, names: Mapping[str, Value]) -> Environment:
    if isinstance(environment, _Chained):
        return _Chained({**environment.local, **names}, environment.scope)
    return {**environment, **names}


def _matched(pattern: Term, value: Value) -> Mapping[str, Value] | None:
    """The names that a pattern binds, None where it does not fit."""
    match pattern:
        case ("name", "_"):
            return {}
        case ("name", "O"):
            return {} if value == 0 else None
        case ("name", name):
            return {name: value}
        case ("apply", ("name", "S"), inner):
            return _matched(inner, value - 1) if value > 0 else None
        case ("nil",):
            return {} if value == () else None
        case ("cons", ("name", head), ("name", tail)):
            return {head: value[0], tail: value[1:]} if value else None
    raise gallina.Unreadable(f"pattern {pattern}")


def evaluate(term: Term, environment: Environment) -> Value:
    """The value of a term; a `KeyError` names what is not defined."""
    match term:
        case ("number", value):
            return value
        case ("name", name):
            return environment[name]
        case ("apply", function, argument):
            return evaluate(function, environment)(evaluate(argument, environment))
        case ("fun", name, body):
            return _function(name, body, environment)
        case ("let", name, value, body):
            return evaluate(body, with_names(environment, {name: evaluate(value, environment)}))
        case ("if", condition, yes, no):
            return evaluate(yes if evaluate(condition, environment) else no, environment)
        case ("match", value, cases):
            found = evaluate(value, environment)
            for pattern, body in cases:
                names = _matched(pattern, found)
                if names is not None:
                    return evaluate(body, with_names(environment, names))
            raise gallina.Unreadable(f"no case for {found}")
        case ("record", parts):
            return {name: evaluate(part, environment) for name, part in parts}
        case ("pair", a, b):
            return Pair(evaluate(a, environment), evaluate(b, environment))
        case ("nil",):
            return ()
        case ("cons", head, tail):
            return (evaluate(head, environment), *evaluate(tail, environment))
        case ("negative", a):
            return -evaluate(a, environment)
        case ("inverse", a):
            return 1 / evaluate(a, environment)
        case ("square", a):
            return evaluate(a, environment) ** 2
        case ("relations", sides, signs):
            numbers = [evaluate(side, environment) for side in sides]
            return all(RELATIONS[sign](a, b) for sign, a, b in zip(signs, numbers, numbers[1:], strict=False))
        case (sign, a, b) if sign in _SIGNS:
            return _SIGNS[sign](evaluate(a, environment), evaluate(b, environment))
    raise gallina.Unreadable(f"cannot evaluate {term[0]}")


def _function(name: str, body: Term, environment: Environment) -> Callable[[Value], Value]:
    known: dict[Value, Value] = {}

    def call(argument: Value) -> Value:
        try:
            return known[argument]
        except KeyError:
            known[argument] = value = evaluate(body, with_names(environment, {name: argument}))
            return value
        except TypeError:  # a record cannot be a key
            return evaluate(body, with_names(environment, {name: argument}))

    return call


@dataclass(frozen=True)
class Declaration:
    """A name that stands in a section: a variable (no term), an abbreviation, or a definition with its variables."""

    section: tuple[str, ...]
    name: str
    term: Term | None = None
    variables: tuple[str, ...] | None = None


def names_of(term: Any) -> frozenset[str]:
    """All names that occur in a term."""
    if not isinstance(term, tuple):
        return frozenset()
    if len(term) == 2 and term[0] == "name":
        return frozenset({term[1]})
    return frozenset().union(*map(names_of, term))


def closed(term: Term, context: Sequence[Declaration]) -> Term:
    """A term of a section in full: abbreviations expanded, definitions applied to the section's variables."""
    for named in reversed(context):
        if named.name not in names_of(term) or (named.term is None and named.variables is None):
            continue
        meaning = named.term or ("name", named.name)
        for variable in named.variables or ():
            meaning = ("apply", meaning, ("name", variable))
        term = ("let", named.name, meaning, term)
    return term


def extended(context: Sequence[Declaration], sentence: sources.Sentence) -> list[Declaration]:
    """The names of the sections in which the next sentence stands, after this one."""
    context = [named for named in context if sentence.section[: len(named.section)] == named.section]
    if not sentence.section:
        return context
    if sentence.kind in ("Variable", "Variables"):
        names = gallina.Reader(sentence.text.split(maxsplit=1)[1]).binders(("",))
        return [*context, *(Declaration(sentence.section, name) for name in names)]
    if (sentence.kind == "Let" and re.search(r":=(?! ltac:)", sentence.text)) or (
        sentence.kind == "Notation" and '"' not in sentence.text
    ):
        text = sentence.text.removeprefix("Local ")
        name, term = gallina.definition(text)
        return [*context, Declaration(sentence.section, name, term)]
    if sentence.kind in ("Definition", "Fixpoint"):
        name, term = gallina.definition(sentence.text.removeprefix("Local "))
        return [*context, Declaration(sentence.section, name, variables=_variables(name, term, context))]
    return context


def _variables(name: str, term: Term, context: Sequence[Declaration]) -> tuple[str, ...]:
    """The section's variables on which a definition depends, in their order: what Coq makes its first arguments."""
    used = names_of(closed(term, context))
    return tuple(n.name for n in context if n.term is None and n.variables is None and n.name in used)


@cache
def definitions(module: str) -> Environment:
    """Everything that a statement of this module can name: what its imports define and what it defines itself."""
    text = sources.modules()[module]
    scope = _Scope(_BUILT_IN)
    for other in sources.imports(text):
        scope.update({name: definitions(other)[name] for name in _own(other)})
    environment, context = _Chained({}, scope), list[Declaration]()
    for sentence in sources.sentences(text):
        context = extended(context, sentence)
        if sentence.kind == "Record":
            scope.update({field: _projection(field) for field in gallina.fields(sentence.text)})
        elif sentence.kind in ("Definition", "Fixpoint"):
            name, term = gallina.definition(sentence.text.removeprefix("Local "))
            term = closed(term, context) if sentence.section else term
            for variable in reversed((context[-1].variables or ()) if sentence.section else ()):
                term = ("fun", variable, term)
            scope[name] = _value_of(term, environment)
    return environment


def _own(module: str) -> list[str]:
    found = []
    for sentence in sources.sentences(sources.modules()[module]):
        if sentence.kind in ("Definition", "Fixpoint"):
            found.append(sentence.name)
        elif sentence.kind == "Record":
            found += gallina.fields(sentence.text)
    return found


def _value_of(term: Term, environment: Environment) -> Value:
    """Propositions stay terms, to be unfolded in a statement; of types nothing is ever computed."""
    inner = term
    while inner[0] == "fun":
        inner = inner[2]
    if inner[0] in ("forall", "implies", "relations", "and", "not"):
        return term
    return None if _is_type(inner) else evaluate(term, environment)


def _is_type(term: Term) -> bool:
    return term == ("apply", ("name", "list"), ("name", "nat"))


def _projection(field: str) -> Callable[[Mapping[str, Value]], Value]:
    return lambda record: record[field]
