"""What a solver for real arithmetic (z3) decides: no numerics, square roots as variables, a model where a claim fails.

Run on the package's own lemmas, and on the steps of its own optimizers.
"""

from collections.abc import Iterable
from fractions import Fraction
from functools import partial

from proofs_check.evidence import Check
from proofs_check.smt import updates
from proofs_check.smt.steps import STEPS
from proofs_check.smt.whole import QUESTIONS, laws
from proofs_check.statements import Statement

SECONDS = 13.0
TOGETHER = False

_MONOTONE = (
    "amsgrad-monotone-rate",
    "avgrad-monotone-rate",
    "interpolation-monotone-rate",
    "safeguarded-rate",
    "safeguarded-hindsight-rate",
    "safeguarded-sum-rate",
)
_SQUARES = (
    "amsgrad-monotone-log-rate",
    "avgrad-monotone-log-rate",
    "interpolation-monotone-log-rate",
    "safeguarded-monotone-log-rate",
    "safeguarded-sum-rate",
)
_LONGEST = {"adam-step-size": 3, "avgrad-step-size": 2, "mada-step-size": 1, "yogi-step-size": 2}


def _of_updates() -> Iterable[Check]:
    more, less = Fraction(101, 100), Fraction(99, 100)
    for name in _MONOTONE:
        yield Check(name, partial(updates.steps_do_not_grow, name), "b_t >= b_{t-1}, from any state")
        if name != "safeguarded-hindsight-rate":
            part = "b_t >= (101/100) b_{t-1}"
            yield Check(name, partial(updates.steps_do_not_grow, name, more), part, false=True)
    for name in _SQUARES:
        part = "b_t >= eps + W sum g_j^2" if name == "safeguarded-sum-rate" else "v_t >= W g_t^2, b_t >= v_t"
        yield Check(name, partial(updates.keeps_squares, name), part)
        yield Check(name, partial(updates.keeps_squares, name, Fraction(2)), f"{part}, twice as much", false=True)
    for name in ("yogi-nonnegative", "yogi-upper"):
        yield Check(name, updates.yogi_is_yogi, "the lemma's v' is that of the package's Yogi")
    for name, most in _LONGEST.items():
        box = f"T <= {most}" + (", beta1^2 < beta2" if name != "yogi-step-size" else "")
        yield Check(name, partial(updates.longest_steps, name, most), box=box)
        yield Check(name, partial(updates.longest_step, name, most, less), "99/100 of the bound", f"T = {most}", True)
    yield Check("lion-step-size", partial(updates.step_from_any_state, "lion-step-size"))
    part = "99/100 of the bound"
    yield Check("lion-step-size", partial(updates.step_from_any_state, "lion-step-size", less), part, false=True)
    yield Check("kingma-ba-step-bound", updates.kingma_ba)
    yield Check("yogi-below-largest-square", updates.yogi_below_largest_square)
    yield Check("yogi-below-largest-square", partial(updates.yogi_below_largest_square, 1), "true of v_1", "T = 1")


def checks() -> Iterable[Check]:
    """Lemmas whole or for a few terms, steps of proofs, steps of optimizers."""
    for question in QUESTIONS:
        yield from question.checks()
    yield from laws()
    for step in STEPS:
        yield Check(step.statement, step.decide, step.part, step.box, step.false)
    yield from _of_updates()


_LOGARITHM = (
    "there is a logarithm on its right, which real arithmetic does not decide; algebraic steps of its proof are"
)
_ATOMS = (
    "about every law: with free atoms z3 gives up at two; the algebraic steps of its proof are decided for all laws"
)
_EXPONENTIAL = "there is an exponential in it, which real arithmetic does not decide"
_REASONS = {
    **dict.fromkeys(
        (
            "amsgrad-ratio-sum",
            "amsgrad-horizon-sum",
            "avgrad-ratio-sum",
            "avgrad-ratio-sum-uniform",
            "avgrad-horizon-sum",
            "avgrad-horizon-sum-root",
            "psi-integral",
            "ratio-sum",
            "discounted-ratio-sum",
            "decoupling-any-denominator",
            "smoothness-log",
        ),
        _LOGARITHM,
    ),
    **dict.fromkeys(("exponential-moment", "smoothness-exponential"), _EXPONENTIAL),
    **dict.fromkeys(("decoupling", "decoupling-family", "decoupling-published"), _ATOMS),
    "decoupling-least-constant": "a strict inequality between radicals of a given law: balls encloses it",
    **dict.fromkeys(
        ("adam-rests-only-if-symmetric", "adam-rest-shift"), "about laws of any number of values and all beta2 near 1"
    ),
    "decoupling-largest-factor": "a limit a -> inf: balls evaluates it",
    "problem-constants": "most of these functions are transcendental: balls and symbolic decide them",
    "data-constants": "norms of matrices of data: balls encloses them",
    **dict.fromkeys(
        ("reddi-drift", "adam-rests-at-the-mean"),
        "an expectation over an infinite past: symbolic derives it from stationarity",
    ),
}


def not_applicable(statement: Statement) -> str:
    """Why the whole of a statement is not decided here; parts of it may be."""
    if statement.name in {check.statement for check in checks() if not check.part and not check.false}:
        return ""
    if statement.name in _REASONS:
        return _REASONS[statement.name]
    if statement.kind == "refutation":
        return "its counterexample is a run of many steps: bridge"
    return "about expectations over whole runs: what it assumes of one step of the optimizer is decided, as parts"
