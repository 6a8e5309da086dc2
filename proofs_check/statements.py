"""The statements that are to be decided: every lemma and theorem object of the package, and those that have no object.

A row is known by the name of its object, so that a new lemma or theorem is a new row without being entered here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from madatheory.theory.catalogue import list_lemmas, list_theorems
from madatheory.theory.lemma import Lemma
from madatheory.theory.theorem import Theorem


@dataclass(frozen=True)
class Statement:
    """A row: `false` where the statement is one that is to be refuted, `origin` published or new."""

    name: str
    label: str
    words: str
    origin: str
    kind: str  # lemma, theorem, constant or refutation
    false: bool = False


# what is about the package but is neither a lemma nor a theorem object
_MORE = (
    Statement(
        "decoupling-least-constant",
        "L1",
        "no K below 0.388355 works in L1 at c = 1, whatever w, G and the law of g",
        "new",
        "constant",
    ),
    Statement(
        "decoupling-largest-factor",
        "L1",
        "no c above 1 works in L1, whatever K (deterministic g, large a)",
        "new",
        "constant",
    ),
    Statement(
        "avgrad-weighted-logarithm",
        "T5low",
        "T5w needs its ln T: for all alpha, eps, beta2 there is a problem with D0 = 0, d = G = 1 and alpha L = "
        "sqrt(eps + w)/2 on which sum E|grad F|^2/sqrt(t) >= (alpha L/(9R)) (1/2 + .. + 1/T) for every T",
        "new",
        "constant",
    ),
    Statement(
        "avgrad-rate-weight-growth",
        "T5low",
        "T5's growth with 1/sqrt(w) is needed, up to ln(1/w): for all w <= 1/100, G, alpha there is a problem with "
        "D0 = 0, d = 1 and a T, eps = w G^2, with sqrt(T) times AVGrad's average >= G^2/(150000 sqrt(w) ln(1/w)) "
        "and sqrt(T) times T5's right side <= (3/2) G^2/sqrt(w)",
        "new",
        "constant",
    ),
    Statement(
        "avgrad-rate-logarithm",
        "T5low",
        "T5 needs its ln T: for all alpha, eps, L, G, beta2 there are c > 0, D0 and T0 and for every T >= T0 a problem "
        "with d = 1 and these L, G, D0 on which AVGrad's average is >= c ln T/sqrt(T)",
        "new",
        "constant",
    ),
    Statement(
        "problem-constants",
        "A1-A3",
        "certified L = sup |phi''|, sup |phi'| and inf phi of every scalar function, on the whole real line",
        "new",
        "constant",
    ),
    Statement(
        "data-constants",
        "A1-A3",
        "the certified constants of every data problem are upper bounds",
        "new",
        "constant",
    ),
    Statement(
        "reddi-drift",
        "3",
        "stationary drift of the smooth Reddi problem: D(rho) = C E[(A+rho v)^(-1/2)] - (C-delta) "
        "E[(A+rho(beta2 v+1-beta2))^(-1/2)]",
        "new",
        "lemma",
    ),
    Statement(
        "adam-rests-at-the-mean",
        "3",
        "data C with probability p, else -u, of mean 0, x = 0, alpha -> 0: E[(x-xi)/sqrt(v)] = "
        "p C E[(beta2 v+(1-beta2)u^2)^(-1/2) - (beta2 v+(1-beta2)C^2)^(-1/2)], 0 if and only if C = u",
        "new",
        "lemma",
    ),
    Statement(
        "adam-rests-only-if-symmetric",
        "3",
        "data of finitely many values, beta1 = 0: the mean of g/sqrt(v) at the mean is 0 for all beta2 if the data are "
        "symmetric; if not, and no value is the mean, it is beyond c (1-beta2)^j, c > 0, on one side for all beta2 "
        "near 1 after any number of steps, where the odd central moment of order 2j+1 is the first that is not 0",
        "new",
        "lemma",
    ),
    Statement(
        "adam-rest-shift",
        "3",
        "data of finitely many values, none the mean, beta1 = 0, w = 1-beta2: there is a K such that the mean of "
        "g/sqrt(v) is below -w^(3/2) at mean - w m3/(2 sigma^2) - K w^(3/2) and above w^(3/2) at mean - "
        "w m3/(2 sigma^2) + K w^(3/2), for all beta2 near 1, after any number of steps from v_0 = sigma^2",
        "new",
        "lemma",
    ),
    Statement(
        "kingma-ba-step-bound",
        "T10",
        "Kingma and Ba, section 2.1: |x_t - x_{t-1}| <= alpha max(1, (1-beta1)/sqrt(1-beta2))",
        "published",
        "refutation",
        True,
    ),
    Statement(
        "amsgrad-published-weights",
        "T9s",
        "Reddi, Kale and Kumar, proof of Theorem 4: sqrt(t vmax_t)/(1-beta_t) does not decrease",
        "published",
        "refutation",
        True,
    ),
    Statement("yogi-below-largest-square", "L8", "Yogi: v_t <= max_{s<=t} g_s^2", "folklore", "refutation", True),
    Statement(
        "hypergradient-convex-in-rho",
        "TH",
        "F after one step of the interpolation between Adam and AVGrad is convex in rho, for convex F",
        "new",
        "refutation",
        True,
    ),
    Statement(
        "interpolation-rate-hindsight-rho",
        "T6",
        "T6's data-dependent bound with rho_t chosen after g_t",
        "new",
        "refutation",
        True,
    ),
    Statement("safeguarded-rate-hindsight-alpha", "T8", "T8 with alpha_t chosen after g_t", "new", "refutation", True),
    Statement("safeguarded-rate-hindsight-beta1", "T8", "T8 with beta1_t chosen after g_t", "new", "refutation", True),
    Statement(
        "safeguarded-rate-numerator",
        "T8",
        "T8 with the numerator m_t + beta3_t n_t, beta3_t chosen after g_t",
        "new",
        "refutation",
        True,
    ),
)


def row_of(x: Lemma | Theorem, kind: str) -> Statement:
    """The row of a lemma or theorem."""
    return Statement(x.name, x.label, x.statement, x.origin, kind)


@cache
def statements() -> Mapping[str, Statement]:
    """All rows by name: lemmas, theorems, then the rest."""
    lemmas = [row_of(lemma, "lemma") for lemma in list_lemmas().values()]
    theorems = [row_of(theorem, "theorem") for theorem in list_theorems().values()]
    return {row.name: row for row in (*lemmas, *theorems, *_MORE)}
