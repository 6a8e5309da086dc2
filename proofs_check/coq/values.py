"""Values of the Coq definitions in floating point: natural numbers and reals as numbers, histories as tuples.

A history is a tuple of outcomes, newest first, as in Coq. Functions take one argument at a time.
"""

import math
from collections.abc import Callable, Iterator, Mapping
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
_RELATIONS: Mapping[str, Callable[[Value, Value], bool]] = {
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
    "O": 0,
    "S": lambda n: n + 1,
    "Rsqr": lambda a: a * a,
    "Rmin": _two(min),
    "Rmax": _two(max),
    "Rlt_dec": _two(lambda a, b: a < b),
    "Rle_dec": _two(lambda a, b: a <= b),
    "Nat.ltb": _two(lambda a, b: a < b),
    "Nat.eq_dec": _two(lambda a, b: a == b),
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


def _with(environment: Environment, names: Mapping[str, Value]) -> Environment:
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
        case ("apply", ("name", "S"), ("name", name)):
            return {name: value - 1} if value > 0 else None
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
            return evaluate(body, _with(environment, {name: evaluate(value, environment)}))
        case ("if", condition, yes, no):
            return evaluate(yes if evaluate(condition, environment) else no, environment)
        case ("match", value, cases):
            found = evaluate(value, environment)
            for pattern, body in cases:
                names = _matched(pattern, found)
                if names is not None:
                    return evaluate(body, _with(environment, names))
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
            return all(_RELATIONS[sign](a, b) for sign, a, b in zip(signs, numbers, numbers[1:], strict=False))
        case (sign, a, b) if sign in _SIGNS:
            return _SIGNS[sign](evaluate(a, environment), evaluate(b, environment))
    raise gallina.Unreadable(f"cannot evaluate {term[0]}")


def _function(name: str, body: Term, environment: Environment) -> Callable[[Value], Value]:
    known: dict[Value, Value] = {}

    def call(argument: Value) -> Value:
        try:
            return known[argument]
        except KeyError:
            known[argument] = value = evaluate(body, _with(environment, {name: argument}))
            return value
        except TypeError:  # a record cannot be a key
            return evaluate(body, _with(environment, {name: argument}))

    return call


@cache
def definitions(module: str) -> Environment:
    """Everything that a statement of this module can name: what its imports define and what it defines itself."""
    text = sources.modules()[module]
    scope = _Scope(_BUILT_IN)
    for other in sources.imports(text):
        scope.update({name: definitions(other)[name] for name in _own(other)})
    environment = _Chained({}, scope)
    for sentence in sources.sentences(text):
        if sentence.section or sentence.kind not in ("Definition", "Fixpoint", "Record"):
            continue
        if sentence.kind == "Record":
            scope.update({field: _projection(field) for field in gallina.fields(sentence.text)})
            continue
        name, term = gallina.definition(sentence.text)
        scope[name] = _value_of(term, environment)
    return environment


def _own(module: str) -> list[str]:
    found = []
    for sentence in sources.sentences(sources.modules()[module]):
        if not sentence.section and sentence.kind in ("Definition", "Fixpoint"):
            found.append(sentence.name)
        elif not sentence.section and sentence.kind == "Record":
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


@dataclass(frozen=True)
class Statement:
    """A theorem read from its file: for all `names` with the hypotheses, left `relation` right.

    Hypotheses that are no comparisons of numbers (that A1-A4 hold, say) are in `others`.
    """

    module: str
    name: str
    names: tuple[str, ...]
    hypotheses: tuple[Term, ...]
    others: tuple[Term, ...]
    relation: str
    left: Term
    right: Term

    def sides(self, given: Environment) -> tuple[Value, Value]:
        """Both sides, for values of the names that they need."""
        environment = _with(definitions(self.module), given)
        return evaluate(self.left, environment), evaluate(self.right, environment)

    def value(self, side: Term, given: Environment) -> Value:
        """One side."""
        return evaluate(side, _with(definitions(self.module), given))

    def admits(self, given: Environment, indices: int = 0) -> bool:
        """Whether the hypotheses hold; `forall t` is tried for t < `indices`."""
        environment = _with(definitions(self.module), given)
        return all(_holds(hypothesis, environment, indices) for hypothesis in self.hypotheses)


def _holds(term: Term, environment: Environment, indices: int) -> bool:
    match term:
        case ("let", name, value, body):
            return _holds(body, _with(environment, {name: evaluate(value, environment)}), indices)
        case ("forall", name, body):
            return all(_holds(body, _with(environment, {name: index}), indices) for index in range(indices))
        case ("implies", a, b):
            return not _holds(a, environment, indices) or _holds(b, environment, indices)
        case ("and", a, b):
            return _holds(a, environment, indices) and _holds(b, environment, indices)
        case ("not", a):
            return not _holds(a, environment, indices)
        case ("relations", sides, signs):
            numbers = [evaluate(side, environment) for side in sides]
            return all(_nearly(sign, a, b) for sign, a, b in zip(signs, numbers, numbers[1:], strict=False))
    raise gallina.Unreadable(f"{term[0]} is no comparison")


def _nearly(sign: str, a: float, b: float) -> bool:
    """Whether a comparison holds up to rounding; strict ones must hold."""
    near = sign in ("<=", ">=", "=") and math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-300)
    return near or _RELATIONS[sign](a, b)


def _is_numeric(term: Term) -> bool:
    while term[0] in ("forall", "implies", "and", "not"):
        term = term[1] if term[0] == "not" else term[2]
    return term[0] == "relations"


@cache
def statement(module: str, name: str) -> Statement:
    """The theorem `name` of a file, its definition unfolded if it is one word for a proposition."""
    (sentence,) = [s for s in sources.theorems(sources.modules()[module]) if s.name == name]
    if sentence.section:
        raise gallina.Unreadable(f"{module}.{name} stands in a section: its statement is not complete")
    names, term = gallina.statement(sentence.text)
    hypotheses: list[Term] = []
    others: list[Term] = []
    bound: list[tuple[str, Term]] = []
    while term[0] in ("forall", "implies", "apply"):
        if term[0] == "forall":
            names.append(term[1])
            term = term[2]
        elif term[0] == "implies":
            (hypotheses if _is_numeric(term[1]) else others).append(_let(bound, term[1]))
            term = term[2]
        else:
            term = _unfolded(module, term, bound)
    if term[0] != "relations" or len(term[1]) != 2:
        raise gallina.Unreadable(f"{module}.{name} does not end in an inequality")
    (left, right), (relation,) = term[1], term[2]
    return Statement(
        module,
        name,
        tuple(names),
        tuple(hypotheses),
        tuple(others),
        relation,
        _let(bound, left),
        _let(bound, right),
    )


def _unfolded(module: str, term: Term, bound: list[tuple[str, Term]]) -> Term:
    arguments: list[Term] = []
    while term[0] == "apply":
        arguments.insert(0, term[2])
        term = term[1]
    body = definitions(module)[term[1]]
    for argument in arguments:
        bound.append((body[1], argument))
        body = body[2]
    return body


def _let(bound: list[tuple[str, Term]], term: Term) -> Term:
    for name, value in reversed(bound):
        term = ("let", name, value, term)
    return term
