"""What z3 decides, what it must not, and that formulas as terms mean what they mean in floats."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import z3
from hypothesis import given
from hypothesis import strategies as st

from madatheory.arithmetic import NUMPY, Arithmetic
from madatheory.theory.catalogue import list_lemmas, list_theorems
from madatheory.theory.lemmas import avgrad_weights, interpolation_monotone, yogi
from madatheory.theory.theorems import step_size_bounds
from proofs_check.evidence import Check, Status
from proofs_check.smt import checks, not_applicable, steps, updates
from proofs_check.smt.decide import decide, holds, number, values_of
from proofs_check.smt.terms import Facts, Term, Transcendental, arithmetic, constant, variable
from proofs_check.smt.whole import QUESTIONS
from proofs_check.statements import statements


def test_every_statement_has_a_check_or_a_reason() -> None:
    whole = {check.statement for check in checks() if not check.part and not check.false}
    for name, row in statements().items():
        assert (name in whole) != bool(not_applicable(row)), name


@pytest.mark.slow  # make prove decides the same
@pytest.mark.parametrize("check", list(checks()), ids=lambda c: f"{c.statement} {c.part}".strip())
def test_check(check: Check) -> None:
    finding = check.decide()
    refuted = check.false or (statements()[check.statement].false and not check.part)
    assert finding.status is (Status.REFUTED if refuted else Status.PROVED), finding
    assert not refuted or finding.witness


# --- terms ---

small = st.fractions(Fraction(1, 50), Fraction(50), max_denominator=50)


def formula(a: Any, b: Any, xp: Arithmetic) -> Any:
    """Every operator and every algebraic function once."""
    best = xp.minimum(a, b, a * b) + xp.maximum(a - b, xp.rational(1, 3), 0.25)
    return (xp.sqrt(a) * b**2 - a / (1 + b)) / best + 2 - a**-1 + 1 / (a + b) - (3 - a) * 0.5


@given(a=small, b=small)
def test_a_term_has_the_value_of_the_formula(a: Fraction, b: Fraction) -> None:
    facts = Facts()
    term = formula(constant(facts, a), constant(facts, b), arithmetic(facts))
    solver = z3.Solver()
    solver.add(*[side for _, side in facts.sides])
    assert solver.check() == z3.sat
    assert float(number(solver.model(), term)) == pytest.approx(
        float(formula(float(a), float(b), NUMPY)), rel=1e-9, abs=1e-9
    )


def test_a_root_is_one_variable_per_radicand() -> None:
    facts = Facts()
    x = variable(facts, "x")
    assert (x + 1).root() is (1 + x).root()
    assert len(facts.sides) == 1


def test_logarithms_are_refused() -> None:
    facts = Facts()
    with pytest.raises(Transcendental, match="logarithm"):
        arithmetic(facts).log(variable(facts, "x"))


# --- what would make a solver prove anything ---


def _ask(hypothesis: Callable[[Term], list[Any]], claim: Callable[[Term, Facts], Any]) -> tuple[str, str]:
    facts = Facts()
    x = variable(facts, "x")
    answer = holds(hypothesis(x), claim(x, facts), facts, 5.0)
    return answer.verdict, answer.why


def test_a_root_of_a_negative_number_proves_nothing() -> None:
    verdict, why = _ask(lambda x: [x >= -1], lambda x, facts: x.root() >= 0)
    assert verdict == "unknown"
    assert "divisor or radicand" in why
    assert _ask(lambda x: [x >= 0], lambda x, facts: x.root() >= 0)[0] == "holds"


def test_a_divisor_that_may_vanish_proves_nothing() -> None:
    assert _ask(lambda x: [x >= 0], lambda x, facts: 1 / x > 0)[0] == "unknown"
    assert _ask(lambda x: [x > 0], lambda x, facts: 1 / x > 0)[0] == "holds"


def test_an_empty_hypothesis_proves_nothing() -> None:
    verdict, why = _ask(lambda x: [x > 1, x < 0], lambda x, facts: x == 7)
    assert verdict == "unknown"
    assert "no numbers satisfy the hypothesis" in why


def test_a_model_needs_every_definition() -> None:
    """Without what defines them, max(x, y) and x + 1 could be anything: that is no counterexample."""

    def claim(x: Term, facts: Facts) -> Any:
        xp = arithmetic(facts)
        return xp.maximum(xp.maximum(x, 2 * x), x + 1) <= 2 * x + 1

    assert _ask(lambda x: [x >= 0], claim)[0] == "holds"
    assert _ask(lambda x: [x >= -1], claim)[0] == "fails"


def test_too_little_time_is_open() -> None:
    lemma = list_lemmas()["decoupling-published"]
    sizes = {"p": 2, "g": 2, "G": 0, "a": 0, "w": 0, "k": 0}
    finding = decide(lemma, sizes, seconds=0.2)
    assert finding.status is Status.OPEN
    assert "gave up" in finding.detail


def test_a_model_that_floats_do_not_confirm_is_no_refutation() -> None:
    """A tolerance that no excess reaches stands for a gap below rounding: z3 has a model, floats see nothing."""
    lemma = list_lemmas()["yogi-lower"]
    hidden = replace(lemma, tolerance=10.0, left=lambda v, xp: 2 * lemma.left(v, xp))
    finding = decide(hidden, {"v": 0, "x": 0, "beta2": 0, "sign": 0})
    assert finding.status is Status.OPEN
    assert finding.witness


def test_given_numbers_are_not_variables() -> None:
    facts = Facts()
    values = values_of(facts, {"x": 2, "e": 0}, {"x": [None, Fraction(3)], "e": Fraction(1, 2)})
    assert [str(values["x"][0].top), str(values["x"][1].top), str(values["e"].top)] == ["x1", "3", "1/2"]


# --- a mistake in a formula of the package ---


def _decided(name: str) -> Status:
    return next(q for q in QUESTIONS if q.lemma == name).decide().status


def test_yogis_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yogi, "_weight", lambda v, xp: xp.maximum(v["beta2"], 1 - v["beta2"]))
    assert _decided("yogi-lower") is Status.REFUTED


def test_yogis_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yogi, "_next", lambda v: v["v"] - (1 - v["beta2"]) * v["x"])
    assert _decided("yogi-nonnegative") is Status.REFUTED
    assert updates.yogi_is_yogi().status is Status.REFUTED  # and it is not what the optimizer does


def test_the_second_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    old = avgrad_weights.second_moments
    monkeypatch.setattr(avgrad_weights, "second_moments", lambda x, beta2: old(x, beta2 * beta2))
    assert _decided("avgrad-weights") is Status.REFUTED
    assert _decided("avgrad-bias-factor") is Status.REFUTED


def test_the_range_of_monotone_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    old = interpolation_monotone._in_range
    monkeypatch.setattr(interpolation_monotone, "_in_range", lambda v, gap: old(v, gap - 1))
    assert _decided("interpolation-monotone") is Status.REFUTED


def test_the_longest_step(monkeypatch: pytest.MonkeyPatch) -> None:
    old = list_theorems()["adam-step-size"]
    *_, last = old.chain
    short = replace(last, value=lambda m, q, xp: step_size_bounds.adam_step(q._replace(beta1=q.beta1 * 0), xp))
    monkeypatch.setattr(
        updates, "list_theorems", lambda: {"adam-step-size": replace(old, chain=(*old.chain[:-1], short))}
    )
    assert updates.longest_steps("adam-step-size", 2).status is Status.REFUTED


def test_l1s_constant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_constant", lambda name: Fraction(396, 1000))
    sharp = next(s for s in steps.STEPS if s.part == "K from the two bounds of s - e")
    assert sharp.decide().status is Status.REFUTED
