"""A theorem of a Coq file as hypotheses, a left side and a right side, to be computed for values of its names."""

import math
from dataclasses import dataclass
from functools import cache

from proofs_check.coq import gallina, sources
from proofs_check.coq.gallina import Term
from proofs_check.coq.values import (
    RELATIONS,
    Declaration,
    Environment,
    Value,
    closed,
    definitions,
    evaluate,
    extended,
    with_names,
)


@dataclass(frozen=True)
class CoqTheorem:
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
        environment = with_names(definitions(self.module), given)
        return evaluate(self.left, environment), evaluate(self.right, environment)

    def value(self, side: Term, given: Environment) -> Value:
        """One side."""
        return evaluate(side, with_names(definitions(self.module), given))

    def admits(self, given: Environment, indices: int = 0) -> bool:
        """Whether the hypotheses hold; `forall t` is tried for t < `indices`."""
        environment = with_names(definitions(self.module), given)
        return all(_holds(hypothesis, environment, indices) for hypothesis in self.hypotheses)


def _holds(term: Term, environment: Environment, indices: int) -> bool:
    match term:
        case ("let", name, value, body):
            return _holds(body, with_names(environment, {name: evaluate(value, environment)}), indices)
        case ("forall", name, body):
            return all(_holds(body, with_names(environment, {name: index}), indices) for index in range(indices))
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
    return near or RELATIONS[sign](a, b)


def _is_numeric(term: Term) -> bool:
    while term[0] in ("forall", "implies", "and", "not"):
        term = term[1] if term[0] == "not" else term[2]
    return term[0] == "relations"


@cache
def statement(module: str, name: str) -> CoqTheorem:
    """The theorem `name` of a file, its definition unfolded if it is one word for a proposition."""
    names, premises, term, context = _in_full(module, name)
    hypotheses = [closed(premise, context) for premise in premises if _is_numeric(premise)]
    others = [premise for premise in premises if not _is_numeric(premise)]
    bound: list[tuple[str, Term]] = []
    while term[0] in ("forall", "implies", "apply"):
        if term[0] == "forall":
            names.append(term[1])
            term = term[2]
        elif term[0] == "implies":
            (hypotheses if _is_numeric(term[1]) else others).append(closed(_let(bound, term[1]), context))
            term = term[2]
        else:
            term = _unfolded(module, term, bound)
    if term[0] != "relations" or len(term[1]) != 2:
        raise gallina.Unreadable(f"{module}.{name} does not end in an inequality")
    (left, right), (relation,) = term[1], term[2]
    return CoqTheorem(
        module,
        name,
        tuple(names),
        tuple(hypotheses),
        tuple(others),
        relation,
        closed(_let(bound, left), context),
        closed(_let(bound, right), context),
    )


def application(term: Term, name: str) -> Term:
    """Where the definition `name` is applied within a term, with its arguments."""
    head = term
    while head[0] == "apply":
        head = head[1]
    if head == ("name", name):
        return term
    for part in term:
        if isinstance(part, tuple) and part and (found := application(part, name)):
            return found
    return ()


def _in_full(module: str, name: str) -> tuple[list[str], list[Term], Term, list[Declaration]]:
    """A theorem with the variables, hypotheses and abbreviations of its sections."""
    context, hypotheses = list[Declaration](), list[tuple[tuple[str, ...], Term]]()
    for sentence in sources.sentences(sources.modules()[module]):
        context = extended(context, sentence)
        if sentence.kind in ("Hypothesis", "Hypotheses"):
            hypotheses.append((sentence.section, gallina.statement(sentence.text)[1]))
        if sentence.kind == "Theorem" and sentence.name == name:
            names, term = gallina.statement(sentence.text)
            variables = [n.name for n in context if n.term is None and n.variables is None]
            premises = [premise for section, premise in hypotheses if sentence.section[: len(section)] == section]
            return [*variables, *names], premises, term, context
    raise gallina.Unreadable(f"{module}.v has no theorem {name}")


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
