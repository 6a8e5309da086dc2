"""The search for counterexamples: it finds mistakes planted in the package's formulas, and rounding is not one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from madatheory.optimizers.catalogue import list_optimizers
from madatheory.optimizers.optimizer import Optimizer
from madatheory.theory.catalogue import list_lemmas, list_theorems
from madatheory.theory.lemma import Lemma
from madatheory.theory.lemmas import (
    amsgrad_ratio_sums,
    avgrad_weights,
    interpolation_monotone,
    psi_integral,
    yogi,
)
from proofs_check.evidence import Status
from proofs_check.falsify import checks, constants, decide, not_applicable, steps
from proofs_check.falsify.climb import Budget, WorstCase, changed, climb, search
from proofs_check.falsify.precise import precise_excess, refutes, shrink, written
from proofs_check.statements import statements

LEMMAS = tuple(list_lemmas().values())


def test_every_statement_has_a_check_or_a_reason() -> None:
    whole = {check.statement for check in checks() if not check.part and not check.false}
    for name, row in statements().items():
        assert (name in whole) != bool(not_applicable(row)), name


def test_every_lemma_has_a_planted_mistake() -> None:
    false = {check.statement for check in checks() if check.false}
    assert false >= {lemma.name for lemma in LEMMAS}


# the module whose formula is changed, its name there, and the lemma that must then be refuted
MISTAKES: tuple[tuple[Any, str, Callable[[Any], Any], str], ...] = (
    (psi_integral, "Psi", lambda old: lambda c, xp: xp.rational(24, 25) * old(c, xp), "psi-integral"),
    (amsgrad_ratio_sums, "Q_A", lambda old: lambda q, xp: old(q._replace(beta2=0 * q.eps), xp), "amsgrad-ratio-sum"),
    (
        avgrad_weights,
        "second_moments",
        lambda old: lambda x, beta2: old(x, beta2 * beta2),
        "avgrad-weights",
    ),
    (yogi, "_weight", lambda old: lambda v, xp: xp.maximum(v["beta2"], 1 - v["beta2"]), "yogi-lower"),
    (
        interpolation_monotone,
        "_growth",
        lambda old: lambda v, xp: old({**v, "rho": v["rho"] * xp.rational(11, 10)}, xp),
        "interpolation-growth",
    ),
)


def _reading_its_module(lemma: Lemma) -> Lemma:
    """The lemma with its sides looked up again, where a side is a function of the module and not a lambda."""
    module = {"interpolation-growth": interpolation_monotone}.get(lemma.name)
    return lemma if module is None else replace(lemma, right=lambda v, xp: module._growth(v, xp))


@pytest.mark.parametrize(("module", "name", "change", "lemma"), MISTAKES, ids=lambda x: x if isinstance(x, str) else "")
def test_a_mistake_in_a_formula_is_found(
    module: Any, name: str, change: Callable[[Any], Any], lemma: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, change(getattr(module, name)))
    finding = decide(_reading_its_module(list_lemmas()[lemma]))
    assert finding.status is Status.REFUTED
    assert finding.witness
    assert finding.residual is not None
    assert finding.residual > list_lemmas()[lemma].tolerance


@pytest.mark.parametrize("name", ["decoupling", "avgrad-ratio-sum-uniform", "yogi-upper", "smoothness-log"])
def test_true_lemmas_are_supported_never_proved(name: str) -> None:
    finding = decide(list_lemmas()[name])
    assert finding.status is Status.SUPPORTED
    assert finding.residual is not None
    assert finding.residual <= list_lemmas()[name].tolerance


def test_the_climb_goes_further_than_the_draws() -> None:
    """No draw of a few hundred shows that L1 needs K > 0.3883; the climb from the worst of them does."""
    lemma = list_lemmas()["decoupling"]

    def right(v: Any, xp: Any) -> Any:
        square = sum(p * g * g / (v["a"] + v["w"] * g * g) for p, g in zip(v["p"], v["g"], strict=True)) / sum(v["p"])
        return lemma.right(v, xp) - xp.rational(117, 10_000) * v["G"] * xp.sqrt(v["w"]) * square

    false = replace(lemma, right=right)
    few = Budget(draws=4, cases=64, starts=4, rounds=200, children=256)
    drawn = search(false, replace(few, starts=0))
    climbed = search(false, few)
    assert drawn.excess <= false.tolerance < climbed.excess
    assert refutes(false, climbed.case)


def test_a_climb_keeps_its_start_and_changes_copies() -> None:
    start = {"x": [1.0, 0.5, 0.0], "beta2": 0.9}
    values = changed(np.random.default_rng(0), start, 500)
    assert values["x"].shape == (3, 500)
    assert np.array_equal(values["x"][:, 0], start["x"])
    assert values["beta2"][0] == 0.9
    assert (values["beta2"] != 0.9).mean() > 0.2
    lemma = list_lemmas()["avgrad-largest-weight"]
    assert climb(lemma, WorstCase(-1.0, start, 0), Budget(rounds=2)).excess >= -1.0


def test_rounding_is_no_counterexample() -> None:
    """1 - beta2^t next to beta2 = 1 loses digits in floats, and not with 60."""
    lemma = list_lemmas()["avgrad-weights"]
    case = {"x": [1.0, 1.0], "beta2": 1 - 1e-9}
    single = {k: np.asarray(v)[..., None] for k, v in case.items()}
    assert lemma.excess(single)[0] > lemma.tolerance
    assert precise_excess(lemma, case) < 1e-40
    assert not refutes(lemma, case)


def test_counterexamples_are_shortened() -> None:
    false = list_lemmas()["avgrad-bias-factor"].false_variants[0]
    found = false.counterexample(false.draw(np.random.default_rng(1), 64))
    assert found is not None
    short = shrink(false, found)
    assert refutes(false, short)
    assert written(short) == "x = [1, 1], beta2 = 0.5"


def test_kingma_and_ba_are_refuted_by_5_6() -> None:
    finding = steps.kingma_ba()
    assert finding.status is Status.REFUTED
    assert finding.witness.startswith("g = [5, 6], beta1 = 0.9, beta2 = 0.99")
    # by hand: mhat = (.09 5 + .1 6)/.19, vhat = (.0099 25 + .01 36)/.0199
    assert "1.000205" in finding.witness
    by_hand = (0.45 + 0.6) / 0.19 / ((0.2475 + 0.36) / 0.0199) ** 0.5
    assert by_hand == pytest.approx(1.000205, abs=1e-6)


def test_yogi_is_above_the_largest_square_after_two_steps() -> None:
    finding = steps.yogi_below_largest_square()
    assert finding.status is Status.REFUTED
    assert finding.witness.startswith("g = [1, 1], beta2 = 0.25")


def test_t10_with_a_smaller_bound_is_refuted() -> None:
    lemma = steps.as_lemma(list_theorems()["adam-step-size"])
    few = Budget(draws=4, starts=1, rounds=4, children=256)
    assert search(lemma, few).excess <= lemma.tolerance
    assert search(steps.less(lemma), few).excess > lemma.tolerance


def test_a_constant_that_is_too_small_is_refuted() -> None:
    assert constants.search().status is Status.SUPPORTED
    assert constants.search(1 - 1e-6).status is Status.REFUTED


def test_what_is_no_number_supports_nothing() -> None:
    lemma = list_lemmas()["decreasing-weights"]
    nowhere = replace(lemma, hypothesis=lambda values: [np.zeros(np.shape(values["a"])[-1:], bool)])
    finding = decide(nowhere)
    assert (finding.status, "none of them satisfies the hypothesis" in finding.detail) == (Status.OPEN, True)
    for side in (np.nan, np.inf):
        finding = decide(replace(lemma, right=lambda values, xp, side=side: lemma.right(values, xp) * side))
        assert (finding.status, "a side is no number" in finding.detail) == (Status.OPEN, True)


def test_a_slope_that_is_nan_is_no_support(monkeypatch: pytest.MonkeyPatch) -> None:
    assert constants._largest(lambda x: np.where(x > 1, np.nan, -(x**2)))[0] == np.inf
    nowhere = {"slope": (np.inf, 2.0)}
    monkeypatch.setattr(constants, "excesses", lambda scalar: nowhere)
    assert constants.search().status is Status.REFUTED


def test_methods_of_one_name_run_as_what_they_are() -> None:
    def method(sign: float) -> Optimizer:
        made = list_optimizers()["sgd"].make()

        def step(hyper: Any, state: Any, g: Any, clock: Any) -> Any:
            found, after = made.step(hyper, state, g, clock)
            return found._replace(delta=sign * found.delta), after

        return replace(made, step=step)

    g = np.ones((2, 3))
    down, up = (steps.path(method(sign), g, method(sign).hyper())[0] for sign in (1.0, -1.0))
    np.testing.assert_array_equal(down, -up)
    assert np.all(down < 0)
