"""A tenth of every right side is refuted by some method, or declared: a constant that nothing tests does not hide."""

import sys

import numpy as np
import pytest

from madatheory.arithmetic import NUMPY
from madatheory.theory.catalogue import list_lemmas, list_theorems
from madatheory.theory.quantities import Quantities
from proofs_check import bridge, coq, falsify
from proofs_check.bridge.cuts import _tested_by_comparison, cuts, literals, stronger
from proofs_check.bridge.literals import literals_of, with_one_cut
from proofs_check.coq.claims import COMPARED, RATES
from proofs_check.coq.drift import Drifted, agreement
from proofs_check.evidence import Check, Evidence, Finding, Status
from proofs_check.methods import METHODS, method
from proofs_check.run import answer
from proofs_check.statements import statements
from proofs_check.table import markdown, refuted_tenth, untested
from proofs_check.tenth import NO_CONSTANT, TENTH, UNTESTED, with_right


def planted(name: str) -> list[Check]:
    return [check for check in method(name).checks() if check.false and check.part == TENTH]


def test_every_right_side_is_cut_or_declared_untested() -> None:
    asked = {check.statement for name in METHODS for check in planted(name)}
    declared = {name for name, what in UNTESTED.items() if TENTH in what}
    assert asked | declared | set(NO_CONSTANT) == {*list_lemmas(), *list_theorems()}
    assert not asked & declared
    for name, what in UNTESTED.items():
        assert set(what) <= set(cuts(name)), name


def test_what_has_no_constant_has_a_side_that_is_0() -> None:
    for name in NO_CONSTANT:
        values = list_lemmas()[name].draw(np.random.default_rng(0), 50)
        sides = [np.asarray(side(values, NUMPY)) for side in (list_lemmas()[name].left, list_lemmas()[name].right)]
        assert any(np.all(side == 0) for side in sides), name


@pytest.mark.parametrize("module", [falsify, coq])
def test_a_tenth_is_refuted(module) -> None:
    checks = planted(module.__name__.rpartition(".")[2])
    assert len(checks) > 30
    for check in checks:
        finding, _, problem, _ = answer(check)
        assert finding is not None, (check.statement, problem)
        assert finding.status is Status.REFUTED, check.statement


def test_the_comparison_with_coq_sees_every_constant() -> None:
    """So that theorems compared with it need no cut of single constants."""
    asked, seen = set(), set()
    for claim in RATES:
        theorem = list_theorems()[claim.statement]
        for place in [place for place in literals(theorem) if stronger(theorem, place)]:
            asked.add(place)
            try:
                agreement(claim, said=with_right(theorem, with_one_cut(theorem.right.value, place)))
            except Drifted:
                seen.add(place)
    assert len(asked) > 15
    assert asked == seen


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "avgrad-rate" else pytest.mark.slow) for name in list_theorems()]
)
def test_cuts_are_caught_on_trees_but_for_those_declared(name: str) -> None:
    """Slow: a minute for all trees, which `make prove` builds too."""
    for check in bridge.checks():
        if check.statement == name and (check.part in cuts(name) or check.part.startswith("unseen")):
            finding = check.decide()
            assert (finding.status is Status.REFUTED) is check.false, check.part


def test_single_constants_are_cut_where_no_proof_compares(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if T5hp had no proof."""
    name = "avgrad-high-probability"
    monkeypatch.setattr(sys.modules["proofs_check.bridge.cuts"], "COMPARED", COMPARED - {name})
    _tested_by_comparison.cache_clear()
    try:
        assert list(cuts.__wrapped__(name)) == [TENTH, "a tenth of 1/2", "a tenth of 4"]
    finally:
        _tested_by_comparison.cache_clear()
    assert "avgrad-rate" in COMPARED
    assert list(cuts("avgrad-rate")) == [TENTH]


def test_the_constants_of_a_formula_are_found_and_cut() -> None:
    """Factors and divisors, wherever they stand; no summands, exponents and guards."""

    def value(m, q, xp):
        root = xp.sqrt(3 * q.T) / 2
        guard = xp.maximum(q.D0, xp.rational(1, 10**12))
        return 1 + root * m.get("measured", np.ones(1)) - -5 * xp.rational(2, 5) * guard**2 + q.L * 1

    q = Quantities(T=np.array([3.0, 12.0]), D0=1.0, L=0.0)
    found = literals_of(value, q)
    assert sorted(found.values()) == pytest.approx([-5, 0.4, 0.5, 3])
    expected = {
        -5: lambda root, rest: root + rest / 10,
        0.4: lambda root, rest: root + rest / 10,
        0.5: lambda root, rest: root / 10 + rest,
        3: lambda root, rest: root / np.sqrt(10) + rest,
    }
    for place, literal in found.items():
        cut = with_one_cut(value, place)({}, q, NUMPY)
        assert cut == pytest.approx(1 + expected[round(literal, 9)](np.array([1.5, 3.0]), 2.0))


def test_the_table_says_who_refutes_a_tenth_and_what_is_untested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UNTESTED, "avgrad-high-probability", ("a tenth of 1/2",))
    rows = [statements()[name] for name in ("ratio-sum", "avgrad-high-probability", "reddi-drift", "yogi-nonnegative")]
    check = Check("ratio-sum", lambda: Finding(Status.REFUTED), TENTH, false=True)
    found = [Evidence("coq", check, check.decide(), 0.0)]
    assert [refuted_tenth(row, found) for row in rows] == ["coq", "nothing", "n.a.", "n.a."]
    assert "T5hp avgrad-high-probability (a tenth of 1/2)" in markdown(rows, found)
    assert untested(rows[:1]) == ""
