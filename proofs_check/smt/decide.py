"""Questions to the solver: is a claim true for all reals that satisfy the hypothesis? If not, at which?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from madatheory.theory.lemma import Lemma
from proofs_check.evidence import Finding, Status
from proofs_check.smt.terms import Facts, Formula, Term, arithmetic, constant, variable, z3_or_missing

SECONDS = 20.0  # per question: several times what any question here takes
DEEPEST = 100  # definitions within definitions: all of them
Sizes = Mapping[str, int]  # length of every sequence; 0 for a number


@dataclass(frozen=True)
class Answer:
    """holds: proved; fails: a model of the hypothesis in which the claim is false; unknown, and why."""

    verdict: str
    model: Any = None
    why: str = ""


def _asked(assumptions: Sequence[Formula], seconds: float) -> tuple[str, Any, str]:
    """Whether the assumptions can be met together: sat, unsat or unknown."""
    z3 = z3_or_missing()
    why = ""
    for tactics in (("simplify", "purify-arith", "qfnra-nlsat"), ("smt",)):
        solver = z3.Then(*tactics).solver() if len(tactics) > 1 else z3.SolverFor("QF_NRA")
        solver.set("timeout", int(seconds * 1000))
        solver.add(*assumptions)
        found = str(solver.check())
        if found != "unknown":
            return found, solver.model() if found == "sat" else None, ""
        why = solver.reason_unknown()
    return "unknown", None, why


def _names(formula: Formula, seen: set[int]) -> set[str]:
    """The variables of a formula; `seen` are the subterms that need not be visited again."""
    if formula.get_id() in seen:
        return set()
    seen.add(formula.get_id())
    if formula.num_args() == 0:
        return {str(formula.decl().name())}
    return set().union(*(_names(child, seen) for child in formula.children()))


def _about(formulas: Sequence[Formula], sides: Sequence[tuple[str, Formula]], depth: int) -> list[Formula]:
    """The definitions of the new variables that occur in the formulas, in these definitions, .. `depth` times."""
    seen: set[int] = set()
    names = set().union(*(_names(formula, seen) for formula in formulas))
    found: dict[str, Formula] = {}
    for _ in range(depth):
        more = {name: formula for name, formula in sides if name in names and name not in found}
        if not more:
            break
        found |= more
        names = names.union(*(_names(formula, seen) for formula in more.values()))
    return list(found.values())


def _follows(
    hypothesis: Sequence[Formula],
    claim: Formula,
    sides: Sequence[tuple[str, Formula]],
    seconds: float,
    depths: Sequence[int] = (1, 2, DEEPEST),
) -> tuple[str, Any, str]:
    """unsat if the claim follows. First with few definitions: what follows from less is proved; a model needs all."""
    z3 = z3_or_missing()
    asked, found = -1, ("unknown", None, "")
    for depth in depths:
        given = _about([*hypothesis, claim], sides, depth)
        if len(given) == asked and found[0] != "unknown":
            continue
        asked = len(given)
        found = _asked([*hypothesis, *given, z3.Not(claim)], seconds if depth == DEEPEST else seconds / 4)
        if found[0] == "unsat":
            break
    return found


def holds(
    hypothesis: Sequence[Formula],
    claim: Formula,
    facts: Facts,
    seconds: float = SECONDS,
    depths: Sequence[int] = (1, 2, DEEPEST),
) -> Answer:
    """Whether the claim follows from a hypothesis that is not empty.

    First that every divisor is positive and no radicand negative.
    """
    for number, (known, needed) in enumerate(facts.obligations):
        if number not in facts.used:
            continue
        found, _, why = _follows(hypothesis, needed, facts.sides[:known], seconds, depths)
        if found != "unsat":
            words = " ".join(str(needed).split())
            return Answer("unknown", why=f"perhaps not, a divisor or radicand: {words[:80]} ({why or found})")
    found, model, why = _follows(hypothesis, claim, facts.sides, seconds, depths)
    if (
        found == "unsat"
        and _asked([*hypothesis, *_about([*hypothesis, claim], facts.sides, DEEPEST)], seconds)[0] == "unsat"
    ):
        return Answer("unknown", why="no numbers satisfy the hypothesis")
    return Answer({"unsat": "holds", "sat": "fails"}.get(found, "unknown"), model, why)


def values_of(facts: Facts, sizes: Sizes, fixed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Variables for every number and term of a case, or the given numbers; None in a list leaves that entry free."""
    fixed, found = fixed or {}, {}
    for name, size in sizes.items():
        given = fixed.get(name)
        if size:
            entries = given or [None] * size
            found[name] = [
                variable(facts, f"{name}{index}") if entry is None else constant(facts, entry)
                for index, entry in enumerate(entries, 1)
            ]
        else:
            found[name] = variable(facts, name) if given is None else constant(facts, given)
    return found


def claim_of(lemma: Lemma, values: Mapping[str, Any], facts: Facts) -> tuple[list[Formula], Formula]:
    """Hypothesis and claim of a lemma as formulas, by the lemma's own functions."""
    xp = arithmetic(facts)
    hypothesis = [_formula(relation) for relation in lemma.hypothesis(values)]
    left, right = (
        x if isinstance(x, Term) else constant(facts, x) for x in (lemma.left(values, xp), lemma.right(values, xp))
    )
    return hypothesis, left == right if lemma.relation == "==" else left <= right


def _formula(relation: Any) -> Formula:
    return z3_or_missing().BoolVal(relation) if isinstance(relation, bool) else relation


def number(model: Any, term: Term) -> Fraction:
    """The value of a term in a model; an algebraic number to 20 digits."""
    z3 = z3_or_missing()
    parts = []
    for polynomial in (term.top, term.bottom):
        if polynomial is None:
            parts.append(Fraction(1))
            continue
        value = model.eval(polynomial, model_completion=True)
        parts.append((value.approx(20) if z3.is_algebraic_value(value) else value).as_fraction())
    return parts[0] / parts[1]


def case_of(model: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """The model's case."""
    return {k: [number(model, t) for t in v] if isinstance(v, list) else number(model, v) for k, v in values.items()}


def written(values: Mapping[str, Any]) -> str:
    """A case in a line, as fractions where they are short."""

    def one(x: Fraction) -> str:
        return str(x) if len(str(x)) <= 12 else f"{float(x):.9g}"

    return ", ".join(
        f"{k} = [{', '.join(map(one, v))}]" if isinstance(v, list) else f"{k} = {one(v)}" for k, v in values.items()
    )


def confirmed(lemma: Lemma, found: Mapping[str, Any]) -> bool:
    """Whether the model refutes the lemma in floats too, by `Lemma.excess`."""
    floats = {
        k: np.array([[float(x)] for x in v]) if isinstance(v, list) else np.array([float(v)]) for k, v in found.items()
    }
    return bool(np.all(lemma.admits(floats))) and float(np.ravel(lemma.excess(floats))[0]) > lemma.tolerance


def decide(
    lemma: Lemma,
    sizes: Sizes,
    exactly: Any = None,
    fixed: Mapping[str, Any] | None = None,
    seconds: float = SECONDS,
) -> Finding:
    """PROVED, REFUTED with a model that floats confirm, or OPEN with the solver's reason.

    `exactly` adds relations to the hypothesis, a function of the values: the statement's own where the hypothesis
    leaves room for rounding, or a box in which to look for a model. `fixed` gives some of the numbers.
    """
    facts = Facts()
    values = values_of(facts, sizes, fixed)
    hypothesis, claim = claim_of(lemma, values, facts)
    if exactly is not None:
        hypothesis += [_formula(relation) for relation in exactly(values)]
    # where numbers are given, all definitions at once are easier than few
    answer = holds(hypothesis, claim, facts, seconds, (DEEPEST,) if fixed else (1, 2, DEEPEST))
    if answer.verdict == "holds":
        return Finding(Status.PROVED, "no real numbers satisfy the hypothesis and the negated claim")
    if answer.verdict == "unknown":
        return Finding(Status.OPEN, f"z3 gave up: {answer.why}")
    found = case_of(answer.model, values)
    if not confirmed(lemma, found):
        return Finding(Status.OPEN, "z3 has a model, but floats do not confirm it", written(found))
    return Finding(Status.REFUTED, "a model of z3, confirmed in floats", written(found))
