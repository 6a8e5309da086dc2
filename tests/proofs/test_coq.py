"""The Coq files beside the package: the same statements, the same methods, nothing assumed; mistakes are noticed."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from tolerances import DOUBLE

from madatheory.arithmetic import NUMPY
from madatheory.engine.noise_tree import enumerate_tree
from madatheory.engine.statistic import squared_gradient_over_root_t
from madatheory.optimizers.catalogue import list_optimizers
from madatheory.problems.catalogue import list_problems
from madatheory.theory.catalogue import list_lemmas, list_theorems
from madatheory.theory.theorem import Setting
from proofs_check import coq
from proofs_check.coq import build, claims, drift, gallina, mutants, readme, sources, theorem, trees, values
from proofs_check.coq.claims import CLAIMS, LEMMAS, RATES, CoqClaim
from proofs_check.run import answer
from proofs_check.statements import statements

REGRETS = [claim for claim in RATES if claim.statement.endswith("-regret")]
METHODS = [claim for claim in RATES if claim not in REGRETS]


def by_name(name: str) -> CoqClaim:
    return next(claim for claim in CLAIMS if claim.statement == name and claim.values)


# ---- the files


@pytest.mark.parametrize("name", sources.modules())
def test_nothing_is_assumed_in_a_file(name: str) -> None:
    assert sources.suspicious(sources.modules()[name]) == []


@pytest.mark.parametrize("word", ["Admitted.", "Axiom a : False.", "Parameter p : R.", "Proof. admit. Qed.", "Abort."])
def test_a_missing_proof_is_seen(word: str) -> None:
    assert sources.suspicious(f"Lemma x : 0 <= 1.\n{word}\n")
    assert not sources.suspicious(f"(* {word} (* {word} *) *) Lemma admitted_x : 0 <= 1.")


def test_every_theorem_is_in_the_print_of_assumptions() -> None:
    assert sources.modules()[build.CHECK] == build.check_source()


def test_the_tables_of_the_readme_are_those_of_the_claims() -> None:
    assert readme.README.read_text(encoding="utf-8") == readme.readme(), "python -m proofs_check.coq"


def test_every_claim_names_a_theorem_and_a_row() -> None:
    for claim in CLAIMS:
        assert claim.statement in statements()
        named = {s.name for s in sources.theorems(sources.modules()[claim.module])}
        assert claim.theorem in named, claim.name


def test_a_file_opens_with_what_it_is_about() -> None:
    for name, text in sources.modules().items():
        assert text.startswith("(* "), name
        assert len(readme.subject(text)) > 20, name


# ---- the statements: read without coqc


@pytest.mark.parametrize("claim", [claim for claim in CLAIMS if claim.values], ids=lambda claim: claim.name)
def test_a_theorem_says_what_the_package_says(claim: CoqClaim) -> None:
    residual = drift.agreement(claim)
    assert residual is not None
    assert residual < drift.TOLERANCE


@pytest.mark.parametrize("claim", LEMMAS, ids=lambda claim: claim.name)
def test_a_false_variant_of_a_lemma_is_another_statement(claim: CoqClaim, monkeypatch: pytest.MonkeyPatch) -> None:
    for false in list_lemmas()[claim.statement].false_variants:
        same = replace(false, name=claim.statement)
        monkeypatch.setattr(drift, "list_lemmas", lambda same=same: {claim.statement: same})
        with pytest.raises((drift.Drifted, ZeroDivisionError)):
            drift.agreement(claim, 1500)


@pytest.mark.parametrize("claim", [*METHODS, *REGRETS], ids=lambda claim: claim.name)
@pytest.mark.parametrize("factor", [0.999999, 1.000001])
def test_a_constant_changed_in_the_package_is_noticed(
    claim: CoqClaim, factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = list_theorems()[claim.statement].right
    moved = replace(right, value=lambda m, q, xp: factor * right.value(m, q, xp))
    changed = replace(list_theorems()[claim.statement], chain=(list_theorems()[claim.statement].left, moved))
    monkeypatch.setattr(drift, "list_theorems", lambda: {claim.statement: changed})
    with pytest.raises(drift.Drifted):
        drift.agreement(claim)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("avgrad-rate", "alpha² * L / 2) * K2_avgrad", "alpha² * L / 3) * K2_avgrad"),
        ("avgrad-rate", "avgrad_right 1 (2 / 5) (INR T)", "avgrad_right 1 (1 / 2) (INR T)"),
        ("avgrad-rate-published-constants", "avgrad_right (1 / 2) 2", "avgrad_right 1 2"),
        ("adagrad-rate", "0 < eps -> 0 < alpha -> (0 < T)%nat ->", "1 < eps -> 0 < alpha -> (0 < T)%nat ->"),
        ("adam-constant-step-rate", "(1 - 1 / T) * ln beta2", "ln beta2"),
        ("avgrad-regret", "D² * radius eps G / (2 * alpha)", "D * radius eps G / (2 * alpha)"),
        ("ratio-sum", "ln (1 + sum T x / e)", "ln (1 + sum T x / (2 * e))"),
        ("decoupling", "decoupling 1 (2 / 5)", "decoupling 1 (1 / 2)"),
        (
            "yogi-lower",
            "0 <= beta2 <= 1 -> 0 <= v -> 0 <= x -> Rmin",
            "0 <= beta2 <= 1 / 2 -> 0 <= v -> 0 <= x -> Rmin",
        ),
    ],
)
def test_a_change_in_a_file_is_noticed(name: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    claim, texts = by_name(name), dict(sources.modules())
    assert old in texts[claim.module]
    texts[claim.module] = texts[claim.module].replace(old, new)
    monkeypatch.setattr(sources, "modules", lambda: texts)
    values.definitions.cache_clear()
    theorem.statement.cache_clear()
    try:
        with pytest.raises(drift.Drifted):
            drift.agreement(claim)
    finally:
        values.definitions.cache_clear()
        theorem.statement.cache_clear()


def test_terms_are_read_as_coq_reads_them() -> None:
    def value(text: str, **names: float) -> float:
        return values.evaluate(gallina.Reader(text).term(), {**values.definitions("Sums"), **names})

    assert value("- x * y + 2 / 4 / 2", x=3, y=5) == -14.75
    assert value("2 * x² ^ 2 - / x", x=2) == 31.5
    assert value("sum 4 (fun k => INR (S k) * x)", x=0.5) == 5
    assert value("let f := fun y => y + 1 in if Rlt_dec x 1 then f x else 0", x=0.5) == 1.5
    with pytest.raises(gallina.Unreadable):
        gallina.Reader("x ? y")


# ---- the methods, on exact noise trees

PROBLEMS = {  # each built once, so that theorems on one method share what is compiled
    "one coordinate, rare large noise": cache(
        lambda: list_problems()["reddi-smooth"].build(C=3.0, delta=0.5, start=0.7)
    ),
    "two coordinates": cache(lambda: list_problems()["ratio"].build(d=2, noise="rademacher")),
}


def constant_path(value: float) -> Callable[[Any], Callable[[int], float]]:
    """A coefficient that neither history nor coordinate changes."""
    return lambda h: lambda i: value


def in_coq_s_words(claim: CoqClaim, hyper: dict[str, Any], steps: int) -> dict[str, Any]:
    """What a theorem calls by other names, or takes as a function of the history."""
    if claim.module == "Safeguarded":
        return {**hyper, **{f"{name}s": constant_path(hyper.get(name, 0.0)) for name in PATHS}}
    if "switch" in hyper:
        switch = round(hyper["switch"] * steps)
        return {**hyper, "rho": lambda h: 1.0 if len(h) < switch else 0.0}
    return hyper


PATHS = ("rho", "c", "beta2", "beta3")
# rho_t is chosen after g_t by a rule of the package's own; the theorem holds for every rule
NO_HINDSIGHT = [claim for claim in METHODS if "hindsight" not in claim.statement]


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("claim", NO_HINDSIGHT, ids=lambda claim: f"{claim.statement}")
def test_a_method_in_coq_is_the_package_s_optimizer(claim: CoqClaim, problem: str) -> None:
    built, steps = PROBLEMS[problem](), 4 if problem.startswith("one") else 3
    hyper = dict(list_theorems()[claim.statement].settings)
    in_coq = trees.coq_left(claim, built, in_coq_s_words(claim, hyper, steps), steps)
    assert in_coq == pytest.approx(trees.package_left(claim, built, hyper, steps), rel=DOUBLE.thousands)


@pytest.mark.parametrize("rho", [0.0, 0.3, 1.0])
def test_the_interpolation_in_coq_is_the_package_s(rho: float) -> None:
    problem, steps = PROBLEMS["two coordinates"](), 3
    method = list_optimizers()["adam-avgrad"].make({"schedule": "inverse_sqrt"})
    hyper = {"alpha": 0.3, "beta1": 0.0, "beta2": 0.8, "eps": 0.1, "rho": rho}
    tree = enumerate_tree(problem, method, steps, settings=hyper, statistics=(squared_gradient_over_root_t,))
    package = float(tree.weighted(tree.probability).mean("path")[squared_gradient_over_root_t.name].squeeze())
    claim = next(claim for claim in CLAIMS if claim.theorem == "interpolation_rate_data")
    in_coq = trees.coq_left(claim, problem, {**hyper, "rho": lambda h: rho}, steps)
    assert in_coq == pytest.approx(package, rel=DOUBLE.thousands)


def test_the_chance_in_coq_is_the_package_s() -> None:
    """T5hp's left side: that the sum of |grad F|^2/sqrt(s) is ever above levels, one of which some paths exceed."""
    problem, steps, hyper = PROBLEMS["one coordinate, rare large noise"](), 4, {"alpha": 0.3, "beta2": 0.8, "eps": 0.1}
    method, levels = list_theorems()["avgrad-high-probability"].method(), np.array([0.3, 0.3, 0.2, 0.4])
    tree = enumerate_tree(
        problem, method, steps, settings=hyper, statistics=(squared_gradient_over_root_t,), save_at=[1, 2, 3, 4]
    )
    sums = tree[squared_gradient_over_root_t.name].squeeze().values
    package = tree["probability"].values @ np.any(sums > levels, axis=1)
    named, given = values.definitions("AVGradHighProbability"), trees.oracle(problem)
    point = named["avgrad_point"](given["g"])(hyper["eps"])(hyper["alpha"])(hyper["beta2"])(given["x0"])
    total = named["weighted_so_far"](given["d"])(given["gF"])(point)
    above = named["ever_above"](total)(lambda t: levels[t - 1] if t else 0.0)
    assert named["Exp"](given["n"])(given["p"])(steps)(above)(()) == pytest.approx(package, abs=1e-12)
    assert 0.05 < package < 0.95


@pytest.mark.parametrize("claim", REGRETS, ids=lambda claim: claim.name)
def test_the_regret_in_coq_is_the_package_s(claim: CoqClaim) -> None:
    theorem, steps = list_theorems()[claim.statement], 7
    problem = list_problems()["reddi-period"].build(C=4.0, start=0.25)
    assert problem.box is not None
    tree = enumerate_tree(
        problem, theorem.method(), steps, settings=theorem.settings, statistics=theorem.left.statistics
    )
    measured = {str(name): v.squeeze().values for name, v in tree.weighted(tree.probability).mean("path").items()}
    slopes = [[4.0 if t % 3 == 0 else -1.0] for t in range(steps)]
    in_coq = trees.regret_in_coq(claim, slopes, problem.box, start=0.25, **theorem.settings)
    symbols = theorem.quantities(Setting(problem, theorem.method(), dict(theorem.settings), steps))
    assert in_coq == pytest.approx(float(theorem.left.value(measured, symbols, NUMPY)), rel=DOUBLE.thousands)


def test_without_coqc_the_table_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build.shutil, "which", lambda name: None)
    build.coqc.cache_clear()
    try:
        found = answer(next(iter(coq.checks())))
        assert found[0] is None
        assert found[3], "a missing tool is no error"
        assert "apt-get install coq" in found[2]
    finally:
        build.coqc.cache_clear()


# ---- with coqc


@pytest.mark.needs("coqc")
def test_the_theorems_rest_on_the_classical_reals_alone() -> None:
    assert build.axioms() <= build.CLASSICAL_REALS


@pytest.mark.needs("coqc")
@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: mutant.words)
def test_a_changed_statement_does_not_check(mutant: mutants.Mutant) -> None:
    assert mutants.refusal(mutant)


@pytest.mark.needs("coqc")
@pytest.mark.parametrize("module", ["AdamRestShift", "DecoupledRate", "Safeguarded"])
def test_what_is_no_mistake_checks_without_the_proofs_before_it(module: str) -> None:
    """The last theorem is about hypotheses of sections that are closed, and uses lemmas whose proofs are left out."""
    text = sources.modules()[module]
    last = text[text.rindex("\nTheorem") :]
    assert mutants.refusal(mutants.Mutant("", module, last, f" (* the same *){last}", "")) == ""
    assumed = mutants.assumed(module, text)
    assert assumed.count("Admitted.") == text.count("Qed.") > 5
    assert "Qed." not in assumed
    assert assumed.count("\n") == text.count("\n")


def test_a_mistake_is_planted_in_most_files() -> None:
    with_theorems = {name for name, text in sources.modules().items() if sources.theorems(text)}
    planted = {mutant.module for mutant in mutants.MUTANTS}
    assert len(planted) >= 0.6 * len(with_theorems)
    assert len(mutants.MUTANTS) >= 15
    for mutant in mutants.MUTANTS:
        assert mutants.mutated(mutant) != sources.modules()[mutant.module]


@pytest.mark.needs("coqc")
def test_a_file_that_fails_for_another_reason_is_no_refusal() -> None:
    changed = replace(mutants.MUTANTS[0], new="<= ln (1 + sum T x / no_such_name).")
    with pytest.raises(mutants.NotAMistake):
        mutants.refusal(changed)
    with pytest.raises(mutants.NotAMistake):
        mutants.mutated(replace(changed, old="this stands nowhere"))


def test_claims_are_about_finite_laws_where_they_say_so() -> None:
    for claim in RATES:
        text = re.sub(r"\s+", " ", sources.modules()[claim.module])
        takes_a_law = "assumptions n p d F gF L" in text or "Variables (n : nat) (p : nat -> R)" in text
        assert (claim.box == claims.FINITE) == (takes_a_law and claim not in REGRETS), claim.name
    assert np.isfinite([drift.draw_symbols(np.random.default_rng(0), {})[name] for name in claims.DRAWN]).all()
