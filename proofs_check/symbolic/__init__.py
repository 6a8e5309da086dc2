"""What computer algebra decides: identities and polynomial inequalities, for all values of their symbols.

Run through the package's own lemmas, theorem chains and optimizers, whose step is traced into SymPy.
"""

from collections.abc import Iterable
from functools import partial

from madatheory.theory.catalogue import list_lemmas
from proofs_check.evidence import Check
from proofs_check.statements import Statement
from proofs_check.symbolic import chains, decoupling, instances, logarithms, smooth, updates

SECONDS = 36.0
TOGETHER = False

_LONG = ("ratio-root-sum-9-5",)  # true for few terms: falsify refutes it
_SUMS = ("ratio-sum", "discounted-ratio-sum")
_SHIFTED = (
    "amsgrad-monotone-rate",
    "avgrad-monotone-rate",
    "interpolation-monotone-rate",
    "amsgrad-monotone-sharp-rate",
    "avgrad-monotone-sharp-rate",
    "interpolation-monotone-sharp-rate",
    "amsgrad-monotone-log-rate",
    "avgrad-monotone-log-rate",
    "interpolation-monotone-log-rate",
    "avgrad-momentum-rate",
    "safeguarded-rate",
    "safeguarded-monotone-log-rate",
    "safeguarded-sum-rate",
)


def _of_lemmas() -> Iterable[Check]:
    for one in instances.INSTANCES:
        yield Check(one.lemma, one.decide, box=one.box)
        for false in list_lemmas()[one.lemma].false_variants:
            if false.name not in _LONG:
                yield Check(one.lemma, partial(one.refute, false.name), false.name, one.box, True)
    for name in _SUMS:
        lemma = list_lemmas()[name]
        yield Check(name, partial(logarithms.term_by_term, lemma, 5), box="T <= 5")
        yield Check(name, partial(logarithms.induction_step, name), "step from T to T+1")
        for false in lemma.false_variants:
            yield Check(name, partial(logarithms.refute, false, 5), false.name, "T <= 5", True)
    for name in smooth.SMOOTH:
        yield Check(name, partial(smooth.descent, name))
        for false in list_lemmas()[name].false_variants:
            yield Check(name, partial(smooth.refute_descent, name, false.name), false.name, false=True)


def _steps_of_lemmas() -> Iterable[Check]:
    yield Check("avgrad-weights", updates.weights_of_avgrad, "step from t-1 to t of the package's AVGrad")
    yield Check("avgrad-bias-factor", updates.constant_gradient, "step from t-1 to t of the package's AVGrad")
    yield Check("interpolation-growth", updates.growth_of_interpolation, "two steps of the package's Adam-AVGrad")
    yield Check("decoupling", decoupling.product_of_means, "<phi,u><phi,v> >= -|phi|^2 (|u||v| - <u,v>)/2")
    yield Check("decoupling", decoupling.norms, "|1-q/s|^2 = 2(1-e/s), <q, 1-q/s> = e - s")
    yield Check("decoupling", decoupling.chord, "the root above its chord")
    yield Check("decoupling", decoupling.quarter, "s - e <= rho/4")
    yield Check("decoupling", decoupling.cubes, "s (s-e) <= 4 rho^2/27")
    yield Check("decoupling", decoupling.wrong_cubes, "s (s-e) <= rho^2/7", false=True)
    yield Check("decoupling", decoupling.sharp_constant, "(sqrt(8/27) + 1/4)/2 <= K")
    yield Check("decoupling-family", decoupling.young, "Young with K = 1/(8k)")
    yield Check("decoupling-published", decoupling.published_constant, "from the family")
    for claim, name in logarithms.LOG_BOUNDS.items():
        yield Check(name, partial(logarithms.log_bound, claim), claim)
    yield Check("decoupling-any-denominator", logarithms.falls, "(1 - y^(-1/2))/ln y falls")
    yield Check("psi-integral", logarithms.psi_is_the_integral, "Psi is the integral")
    yield Check("avgrad-horizon-sum-root", partial(logarithms.averages_of_psi, 2), "Psi1 is an average of Psi")
    yield Check("avgrad-horizon-sum", partial(logarithms.averages_of_psi, 1), "Psi2 is an average of Psi")


def _of_theorems() -> Iterable[Check]:
    for link in chains.links():
        yield Check(link.theorem, link.decide, f"to: {link.to}")
    for link in chains.last_links():
        yield Check(link.theorem, link.decide, f"to: {link.to}", f"T = {link.T}")
    for name in _SHIFTED:
        yield Check(name, partial(updates.shifted_point, name), "z_t - z_{t-1} of the package's method")
    for name in ("avgrad-regret", "amsgrad-regret"):
        yield Check(name, partial(updates.one_step_of_regret, name), "one step before clipping")
    yield Check("adam-step-size", partial(updates.longest_adam_steps, 3), box="T <= 3")
    yield Check("adam-step-size", updates.shorter_adam_step, "99/100 of B^2", "T = 2", True)


def _of_constants() -> Iterable[Check]:
    for name in smooth.CLOSED:
        for what in ("slope", "curvature"):
            yield Check("problem-constants", partial(smooth.constant, name, what), f"{what} of {name}")
    yield Check("problem-constants", partial(smooth.constant, "log", "slope", 0.999), "0.999 slope of log", false=True)
    yield Check("reddi-drift", updates.drift)
    yield Check("reddi-drift", updates.law_of_reddi_smooth, "the package's law")
    resting, shift = "adam-rests-at-the-mean", "its first order in 1-beta2 is m3/(2 sigma^3), four values"
    yield Check(resting, updates.resting)
    yield Check(resting, partial(updates.resting_shift, 2), shift)
    yield Check(resting, partial(updates.resting_shift, 1), "m3/sigma^3", false=True)


def checks() -> Iterable[Check]:
    """Lemmas on symbols, steps of proofs, links of theorem chains, constants in closed form."""
    yield from _of_lemmas()
    yield from _steps_of_lemmas()
    yield from _of_theorems()
    yield from _of_constants()


_CASES = "an inequality by cases of signs: smt decides it, SymPy does not"
_LENGTH = "a sum of any length with a logarithm on the right: only steps of its proof are algebra"
_LAW = "a statement about every law of the noise: only steps of its proof are algebra"
_REASONS = {
    **dict.fromkeys(("yogi-nonnegative", "yogi-increment", "yogi-lower", "yogi-upper"), _CASES),
    "interpolation-monotone-bounded": "a polynomial condition that SymPy cannot turn into signs: smt decides it",
    **dict.fromkeys(
        (
            "amsgrad-ratio-sum",
            "amsgrad-horizon-sum",
            "avgrad-ratio-sum",
            "avgrad-ratio-sum-uniform",
            "avgrad-horizon-sum",
            "avgrad-horizon-sum-root",
            "psi-integral",
        ),
        _LENGTH,
    ),
    **dict.fromkeys(
        (
            "decoupling",
            "decoupling-family",
            "decoupling-published",
            "decoupling-any-denominator",
            "exponential-moment",
        ),
        _LAW,
    ),
    "decoupling-least-constant": "a strict inequality between radicals of a given law: balls encloses it",
    **dict.fromkeys(
        ("adam-rests-only-if-symmetric", "adam-rest-shift"),
        "about laws of any number of values; four are decided at order 1, as a part of adam-rests-at-the-mean",
    ),
    "decoupling-largest-factor": "a limit of a given law: balls encloses it",
    "problem-constants": "function by function, as parts; cosine has no closed form",
    "data-constants": "norms of matrices of data: no closed form",
    "kingma-ba-step-bound": "refuted by numbers: falsify and smt",
    "yogi-below-largest-square": "refuted by numbers: falsify and smt",
    "avgrad-step-size": "follows from Adam's bound, which is decided here, by vbar_T >= v_T/T",
    "mada-step-size": "follows from Adam's bound, which is decided here, by vbar_T >= v_T/T",
    "yogi-step-size": "follows from yogi-lower, which smt decides",
    "lion-step-size": "a step is alpha times a sign: there is nothing to compute",
}


def not_applicable(statement: Statement) -> str:
    """Why the whole of a statement is not decided here; parts of it may be."""
    if statement.name in {check.statement for check in checks() if not check.part and not check.false}:
        return ""
    if statement.name in _REASONS:
        return _REASONS[statement.name]
    if statement.kind == "refutation":
        return "refuted by a run, which is not algebra: bridge"
    return "about expectations over whole runs: links of its chain and steps of its proof are algebra, the whole is not"
