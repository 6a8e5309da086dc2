"""Planted mistakes: statements changed so that they are false, or claim what is not proved. None may check."""

import hashlib
import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from madatheory.files import write
from proofs_check.coq import build, sources


@dataclass(frozen=True)
class Mutant:
    """In MODULE.v `old` becomes `new`; `statement` is the row of the table that it is about."""

    statement: str
    module: str
    old: str
    new: str
    words: str


MUTANTS = (
    Mutant(
        "ratio-sum",
        "RatioSums",
        "<= ln (1 + sum T x / e).",
        "<= ln (1 + sum T x / (2 * e)).",
        "L2a with 2e in the logarithm",
    ),
    Mutant("discounted-ratio-sum", "RatioSums", "- (INR T - 1) * ln beta.", "- (INR T - 2) * ln beta.", "L2b with T-2"),
    Mutant("ratio-root-sum", "RatioSums", "<= 2 * sqrt (sum T x).", "<= 9 / 5 * sqrt (sum T x).", "L2c with 9/5 for 2"),
    Mutant(
        "avgrad-weights",
        "AVGradWeights",
        "sum t (fun j => (1 - beta2 ^ (t - j)) * x j).",
        "sum t (fun j => (1 - beta2 ^ (S t - j)) * x j).",
        "L3 with weights shifted by one step",
    ),
    Mutant(
        "avgrad-least-weight",
        "AVGradWeights",
        "(1 - beta2) * sum t x <= tvbar beta2 x t.",
        "beta2 * sum t x <= tvbar beta2 x t.",
        "L3a with beta2 for 1-beta2",
    ),
    Mutant(
        "avgrad-bias-lower",
        "AVGradWeights",
        "(INR t + 1) / (2 * INR t) * (1 - beta2 ^ t) * y <= ",
        "(INR t + 2) / (2 * INR t) * (1 - beta2 ^ t) * y <= ",
        "L3d with (t+2)/(2t)",
    ),
    Mutant(
        "psi-integral",
        "AVGradRatioSum",
        "Definition Psi (c : R) : R := 2 * sqrt (Rmin c 1) + ln (Rmax c 1).",
        "Definition Psi (c : R) : R := 9 / 5 * sqrt (Rmin c 1) + ln (Rmax c 1).",
        "Psi with 9/5 for 2",
    ),
    Mutant(
        "avgrad-ratio-sum",
        "AVGradRatioSum",
        "ln (1 + w * T * G² / eps) / w.",
        "ln (1 + w * T * G² / eps).",
        "L2d without 1/w",
    ),
    Mutant(
        "decoupling", "Decoupling", "decoupling 1 (2 / 5).", "decoupling 1 (19 / 50).", "L1 with K = 19/50 at c = 1"
    ),
    Mutant(
        "decoupling-family",
        "Decoupling",
        "decoupling (1 - k) (1 / (8 * k)).",
        "decoupling (1 - k) (1 / (9 * k)).",
        "L1 with 1/(9k)",
    ),
    Mutant(
        "decoupling-published", "Decoupling", "decoupling (1 / 2) 2.", "decoupling (1 / 2) (1 / 5).", "L1 at (1/2, 1/5)"
    ),
    Mutant(
        "exponential-moment",
        "ExponentialMoment",
        "exp (sqrt w / (4 * G) * excess n p g G a w k)) <= 1.",
        "exp (3 / 2 * (sqrt w / G) * excess n p g G a w k)) <= 1.",
        "the exponential moment at (3/2) sqrt(w)/G",
    ),
    Mutant(
        "avgrad-weighted-logarithm",
        "AVGradLogarithm",
        "(9 * radius eps 1) * (sum T (fun t => / INR (S t)) - 1)",
        "(9 * radius eps 1) * sum T (fun t => / INR (S t))",
        "T5w's lower bound with the whole harmonic sum",
    ),
    Mutant(
        "avgrad-rate-weight-growth",
        "AVGradWeightGrowth",
        "G² / (150000 * sqrt w * ln (/ w)) <=",
        "G² / (150000 * w * ln (/ w)) <=",
        "growth of AVGrad's average with 1/w",
    ),
    Mutant(
        "avgrad-rate-weight-growth",
        "AVGradWeightGrowth",
        "<= 3 / 2 * (G² / sqrt w).",
        "<= 1 / 2 * (G² / sqrt w).",
        "half of G^2/sqrt(w) above T5's right side",
    ),
    Mutant(
        "avgrad-rate-weight-growth",
        "AVGradWeightGrowth",
        "(G² / (ln (/ w))²) * (1 - / INR T) <= growth_average",
        "(G² / (ln (/ w))²) <= growth_average",
        "AVGrad's average at T = 1 above 0",
    ),
    Mutant(
        "avgrad-rate-logarithm",
        "RatchetRate",
        "/ sqrt (INR T)) <= mean_squared_gradient 4 quarter 1 gF (avgrad_point g eps alpha",
        ") <= mean_squared_gradient 4 quarter 1 gF (avgrad_point g eps alpha",
        "an average that grows like ln T",
    ),
    Mutant(
        "avgrad-rate-logarithm",
        "RatchetFunction",
        "Definition hot (z : R) : Prop := - (2 / 5) < tooth z.",
        "Definition hot (z : R) : Prop := - 2 < tooth z.",
        "noise on the whole engine: no ratchet",
    ),
    Mutant(
        "adam-rests-only-if-symmetric",
        "AdamRest",
        "side * (root_coef J * odd_moment J) < 0 /\\\n  forall w v0 T",
        "0 < side * (root_coef J * odd_moment J) /\\\n  forall w v0 T",
        "Adam at rest on the other side",
    ),
    Mutant(
        "adam-rests-only-if-symmetric",
        "AdamRest",
        "  forall w v0 T, 0 < w <= w0 -> low <= v0 <= high -> c * w ^ J <=",
        "  forall w v0 T, 0 < w <= w0 -> low <= v0 <= high -> c <=",
        "a mean step of Adam that does not fall with 1-beta2",
    ),
    Mutant(
        "adam-rest-shift",
        "AdamRestShift",
        "- w * central n p e 3 / (2 * S) in",
        "- w * central n p e 3 / S in",
        "a shift of twice the size",
    ),
    Mutant(
        "adam-rest-shift",
        "AdamRestShift",
        "- w * central n p e 3 / (2 * S) in",
        "w * central n p e 3 / (2 * S) in",
        "a shift to the other side",
    ),
    Mutant(
        "avgrad-high-probability",
        "AVGradHighProbability",
        "- 4 * alpha * G * ln q / sqrt (1 - beta2)",
        "- 2 * alpha * G * ln q / sqrt (1 - beta2)",
        "T5hp with 2 for 4",
    ),
    Mutant(
        "avgrad-high-probability",
        "AVGradHighProbability",
        "Exp n p T (ever_above X bound) [] <= q.",
        "Exp n p T (ever_above X bound) [] <= q * q.",
        "Ville's inequality with q^2",
    ),
    Mutant(
        "decreasing-weights",
        "DecreasingWeights",
        "sum T a / sqrt (INR T) <= sum",
        "101 / 100 * sum T a / sqrt (INR T) <= sum",
        "L5 with 101/100",
    ),
    Mutant(
        "harmonic-split",
        "HarmonicSums",
        "1 / (A + B) <= share ^ 2 / A",
        "1 / (A + B) <= share ^ 3 / A",
        "L7 with a cube",
    ),
    Mutant(
        "interpolation-monotone",
        "InterpolationMonotone",
        "  rho * INR t * (1 - beta2) <= beta2 -> - growth",
        "  rho * (INR t - 1) * (1 - beta2) <= beta2 -> - growth",
        "L6 one step longer",
    ),
    Mutant(
        "yogi-lower",
        "Yogi",
        "Rmin beta2 (1 - beta2) * x <= yogi beta2 v x.",
        "(1 - beta2) * x <= yogi beta2 v x.",
        "L8 with w for min(beta2, w)",
    ),
    Mutant(
        "yogi-upper", "Yogi", "  yogi beta2 v x <= (2 - beta2) * M.", "  yogi beta2 v x <= M.", "Yogi below max g^2"
    ),
    Mutant(
        "smoothness-log",
        "Smoothness",
        "F x + dot d (gF x) h + L / 2 * sqn d h.",
        "F x + dot d (gF x) h + L / 3 * sqn d h.",
        "L4 with L/3",
    ),
    Mutant(
        "avgrad-rate",
        "AVGradRate",
        "radius eps G / (c * alpha) * (D0",
        "radius eps G / (2 * c * alpha) * (D0",
        "T5 with half the right side",
    ),
    Mutant(
        "avgrad-rate",
        "AVGradRate",
        "/ sqrt (eps + s' i / INR t);",
        "/ sqrt (eps + s' i);",
        "T5 for a method that divides by the sum, not by the mean",
    ),
    Mutant(
        "adagrad-rate",
        "AdagradRate",
        "(K * alpha * G + alpha² * L / 2) * ln (1 + T * G² / eps)).",
        "(K * alpha * G + alpha² * L / 2) * ln (1 + G² / eps)).",
        "T1' without T in the logarithm",
    ),
    Mutant(
        "adam-constant-step-rate",
        "AdamRate",
        "/ T - (1 - 1 / T) * ln beta2)).",
        "/ T)).",
        "TA without Adam's floor",
    ),
    Mutant(
        "adam-coordinate-rate",
        "AdamRate",
        "+ alpha * N / 2) / (1 - beta2)",
        "+ alpha * N / 4) / (1 - beta2)",
        "TX with half of N",
    ),
    Mutant(
        "adam-coordinate-rate",
        "Smoothness",
        "sum d (fun j => Rabs (H i j)) * (h i)²).",
        "sum d (fun j => H i j) * (h i)²).",
        "TX with sums of a Hessian's rows in the place of their (1,1)-norms",
    ),
    Mutant(
        "avgrad-coordinate-rate",
        "AVGradRate",
        "+ alpha² * N / 2) * K2_avgrad",
        "+ alpha² * N / 4) * K2_avgrad",
        "T5x with half of N",
    ),
    Mutant(
        "rmsprop-coordinate-rate",
        "RMSPropRate",
        "+ alpha * N / 2)",
        "+ alpha * N / 4)",
        "TRx with half of N",
    ),
    Mutant(
        "sign-descent-rate",
        "SignDescent",
        "D0 / (alpha * T) + alpha * N / 2.",
        "D0 / (alpha * T) + alpha * N / 4.",
        "TS with half of N",
    ),
    Mutant(
        "interpolation-rate",
        "InterpolationRate",
        "mixed_step g eps alpha beta2 (rho h) (S",
        "mixed_step g eps alpha beta2 (rho (k :: h)) (S",
        "T6 with rho_t chosen after g_t",
    ),
    Mutant(
        "avgrad-regret",
        "Regret",
        "+ alpha / sqrt (1 - beta2) * sqrt (sum T (squares g i))).",
        "+ alpha / (2 * sqrt (1 - beta2)) * sqrt (sum T (squares g i))).",
        "T9 with half the second term",
    ),
    Mutant(
        "amsgrad-momentum-regret",
        "RegretMomentum",
        "Rmax ((1 - beta1)²) (1 - beta1² / beta2).",
        "Rmax ((1 - beta1)²) (1 - beta1² / 2 / beta2).",
        "T9m with half of beta1^2/beta2",
    ),
    Mutant(
        "avgrad-momentum-regret",
        "RegretMomentum",
        "(hi i - lo i)² / (2 * alpha * (1 - beta1))\n                    * sqrt (INR T * (eps + tvbar",
        "(hi i - lo i)² / (2 * alpha * (1 + beta1))\n                    * sqrt (INR T * (eps + tvbar",
        "T9m with 1 + beta1 for 1 - beta1",
    ),
    Mutant(
        "amsgrad-fading-regret",
        "RegretSchedule",
        "sum d (fun i => (hi i - lo i)² / (2 * alpha * (1 - beta1)) *",
        "sum d (fun i => (hi i - lo i)² / (2 * alpha) *",
        "T9s without 1 - beta1 under D^2",
    ),
    Mutant(
        "amsgrad-published-regret",
        "RegretSchedule",
        "<= published_bound 1 T d eps alpha beta1 beta2 b lo hi g.\nProof. intros.",
        "<= published_bound (1 / 2) T d eps alpha beta1 beta2 b lo hi g.\nProof. intros.",
        "the published bound for decays in any order",
    ),
    Mutant(
        "adamx-regret",
        "RegretSchedule",
        "Rmax (((1 - b (S t)) / (1 - b t))² *",
        "Rmax (((1 - b t) / (1 - b (S t)))² *",
        "AdamX's ratio upside down",
    ),
    Mutant(
        "amsgrad-published-weights",
        "RegretSchedule",
        "amsgrad_weight eps alpha (1 / 2) beta2 one_zero 1 < amsgrad_weight eps alpha (1 / 2) beta2 one_zero 0.",
        "amsgrad_weight eps alpha (1 / 4) beta2 one_zero 1 < amsgrad_weight eps alpha (1 / 4) beta2 one_zero 0.",
        "weights that fall at beta1 = 1/4",
    ),
    Mutant(
        "smoothness-ratio",
        "SmoothFunctions",
        "2 * x / (1 + x * x) ^ 2 * (y - x) + 2 / 2 *",
        "2 * x / (1 + x * x) ^ 2 * (y - x) + 19 / 20 *",
        "L4 for x^2/(1+x^2) with L = 19/10",
    ),
    Mutant(
        "interpolation-rate",
        "InterpolationConstant",
        "/ (kept * (1 - beta2)) * total.",
        "/ (kept * (1 - beta2)) * first.",
        "T6 with one term of Adam's sum",
    ),
    Mutant(
        "interpolation-rate",
        "InterpolationConstant",
        "  2 * u - 1 + k * (ln T",
        "  2 * u - 2 + k * (ln T",
        "T6 with the integral alone, without the first term",
    ),
    Mutant(
        "interpolation-rate-published-constants",
        "InterpolationConstant",
        "Rmin (G² / eps * total)",
        "Rmin (G² / (2 * eps) * total)",
        "T6 with half of the trivial bound",
    ),
    Mutant(
        "amsgrad-horizon-rate",
        "AMSGradHorizonRate",
        "/ (2 * sqrt ((1 - beta2) * T))",
        "/ (3 * sqrt ((1 - beta2) * T))",
        "T5c with 3 for 2",
    ),
    Mutant(
        "avgrad-horizon-rate",
        "AVGradHorizonRate",
        "(D0 + 2 / 5 * alpha * G *",
        "(D0 + 1 / 5 * alpha * G *",
        "T5c with 1/5 for 2/5",
    ),
    Mutant(
        "decoupling-least-constant",
        "DecouplingLeastConstant",
        "  388355 / 1000000 <= K.",
        "  388356 / 1000000 <= K.",
        "L1 needs 0.388356",
    ),
    Mutant(
        "adam-published-rate",
        "AdamPublishedRate",
        "* (ln (1 + R0² / ((1 - beta2) * eps)) / T - ln beta2).",
        "* (ln (1 + R0² / eps) / T - ln beta2).",
        "T2 without 1-beta2 in the logarithm",
    ),
    Mutant(
        "adam-rate",
        "AdamPublishedRate",
        "radius eps G / (c * alpha * T) * (D0 + d * (K",
        "radius eps G / (c * alpha * T) * (D0 / 2 + d * (K",
        "T2' with half of D0",
    ),
    Mutant(
        "adagrad-momentum-rate",
        "AdamMomentumRate",
        "+ alpha * G * beta1 / (2 * sqrt (1 - beta1²))",
        "+ alpha * G * beta1 / (3 * sqrt (1 - beta1²))",
        "T3' with 3 for 2",
    ),
    Mutant(
        "adam-momentum-rate",
        "AdamMomentumRate",
        "      * (N + 4))).",
        "      * N)).",
        "T4' without what growing bias corrections cost",
    ),
    Mutant(
        "adagrad-momentum-published",
        "MomentumPublished",
        "  <= / 2 * adagrad_momentum_published_right",
        "  <= / 3 * adagrad_momentum_published_right",
        "a third of T3 above T/T~ times T3'",
    ),
    Mutant(
        "adagrad-momentum-published",
        "MomentumPublished",
        "  <= INR T / (INR T - beta1 / (1 - beta1)) * mean_squared_gradient",
        "  <= mean_squared_gradient",
        "the gradient at a random step below the average, though late steps weigh less",
    ),
    Mutant(
        "adam-momentum-published",
        "MomentumPublished",
        "  <= / 2 * adam_momentum_published_right",
        "  <= / 3 * adam_momentum_published_right",
        "a third of T4 above T/T~ times T4'",
    ),
    Mutant(
        "amsgrad-monotone-sharp-rate",
        "MonotoneSharp",
        "(sqrt Q + r * G * k)² + 2 * r * Q)).",
        "(sqrt Q + r * G * k)² + r * Q)).",
        "T7' with r Q for 2 r Q",
    ),
    Mutant(
        "decoupling-any-denominator",
        "DecouplingAnyDenominator",
        "Theorem decoupling_any_denominator : decoupling_log (1 / 2).",
        "Theorem decoupling_any_denominator : decoupling_log (12 / 25).",
        "L1log with 12/25",
    ),
    Mutant(
        "amsgrad-rate",
        "AMSGradRate",
        "radius eps G / (alpha * sqrt T) * (D0 + alpha * G / (2 * sqrt (1 - beta2)) * (d * log_range eps G)",
        "radius eps G / (alpha * sqrt T) * (D0 + alpha * G / (3 * sqrt (1 - beta2)) * (d * log_range eps G)",
        "T5A with 3 for 2",
    ),
    Mutant(
        "avgrad-momentum-rate",
        "AVGradMomentum",
        "(D0 + 2 / 5 * alpha * G * sqrt (1 - beta2)",
        "(D0 + 1 / 5 * alpha * G * sqrt (1 - beta2)",
        "T5m with 1/5 for 2/5",
    ),
    Mutant(
        "amsgrad-monotone-rate",
        "MonotoneSteps",
        "    + L / 2 * (3 + (momentum_ratio beta1)²) * alpha² * (d * Q)).",
        "    + L / 2 * (2 + (momentum_ratio beta1)²) * alpha² * (d * Q)).",
        "T7 with 2 + r^2",
    ),
    Mutant(
        "amsgrad-monotone-log-rate",
        "MonotoneLog",
        "root / (alpha * sqrt T) * (D0 + alpha * G / (2 * sqrt W)",
        "root / (alpha * sqrt T) * (D0 + alpha * G / (3 * sqrt W)",
        "T7log with 3 for 2",
    ),
    Mutant(
        "avgrad-monotone-log-rate",
        "MomentumRates",
        "  monotone_log_bound (radius eps G) (1 - beta2) (K2_avgrad T G eps beta2)",
        "  monotone_log_bound (radius eps G) 1 (K2_avgrad T G eps beta2)",
        "T7log for AVGrad with W = 1",
    ),
    Mutant(
        "safeguarded-rate",
        "Safeguarded",
        "  let b := fun i => Rmax (Rmax (guarded s i) (t * (eps + vhat i))) (eps + W * sum_of_squares i) in",
        "  let b := fun i => Rmax (t * (eps + vhat i)) (eps + W * sum_of_squares i) in",
        "T8 without the safeguard",
    ),
    Mutant(
        "adam-period-divergence",
        "DivergenceOnline",
        "  <= alpha * reach 0 beta2.",
        "  <= alpha * reach 0 beta2 / 2.",
        "TD1 with half the right side",
    ),
    Mutant(
        "adam-period-divergence",
        "DivergenceOnline",
        "three_steps 0 (1 / (1 + C²)) C.",
        "three_steps 0 (1 / (1 + C)) C.",
        "TD1 with a larger beta2",
    ),
    Mutant(
        "adam-online-divergence",
        "DivergenceMomentum",
        "  /\\ 3 * reach beta1 beta2 * sqrt (INR P) <= INR P - INR J.",
        "  /\\ reach beta1 beta2 * sqrt (INR P) <= INR P - INR J.",
        "TD2 with a third of the time to climb back",
    ),
    Mutant(
        "adam-stochastic-divergence",
        "DivergenceStochastic",
        "  <= 2 + 2 / (alpha * reach beta1 beta2 * INR T).",
        "  <= 2 + 1 / (alpha * reach beta1 beta2 * INR T).",
        "TD3 with a start in the middle",
    ),
    Mutant(
        "adam-stochastic-divergence",
        "DivergenceStochastic",
        "/ sqrt (eps + second p C u) - p * reach beta1 beta2.",
        "/ sqrt (eps + second p C u).",
        "TD3 without what the large slopes push down",
    ),
    Mutant(
        "adam-constant-step-divergence",
        "DivergenceConstantStep",
        "Let stride := alpha * c / (c + eps).",
        "Let stride := alpha * c / (c + 2 * eps).",
        "TD4 with hills out of step",
    ),
    Mutant(
        "adagrad-norm-rate",
        "AdagradNorm",
        "+ 2 * (D0 + alpha² * L * ln (Rmax (alpha * L / sqrt eps) 1)) / alpha.",
        "+ 2 * D0 / alpha.",
        "TN without the logarithm",
    ),
    Mutant(
        "adagrad-norm-convex-rate",
        "AdagradNorm",
        "(Delta² + 2 * alpha² * ln (Rmax (alpha * L / sqrt eps) 1)).",
        "(Delta² + alpha² * ln (Rmax (alpha * L / sqrt eps) 1)).",
        "TNc with 1 for 2 before the logarithm",
    ),
    Mutant(
        "adopt-rate",
        "AdoptRate",
        "/ ln (1 + (1 - beta2) * M / beta2)).",
        "/ ln (1 + M / beta2)).",
        "TP without 1-beta2 in the logarithm",
    ),
    Mutant(
        "hypergradient-rate",
        "HyperGradient",
        "(T * (c - L * c² / 2 - eta * M² / 2) - (alpha - c)² / (2 * eta)).",
        "(T * (c - L * c² / 2 - eta * M² / 2)).",
        "TH without what the first step size costs",
    ),
    Mutant(
        "hypergradient-convex-in-rho",
        "HyperGradient",
        "29 / 60 * phi 1 < phi (29 / 60).",
        "29 / 60 * phi 1 < 2 * phi (29 / 60).",
        "not convex in rho, with twice the value",
    ),
    Mutant(
        "adagrad-norm-stochastic-rate",
        "AdagradNormNoise",
        "* (D0 + (2 / 5 * alpha * Gw + alpha² * L / 2)",
        "* (D0 + (1 / 5 * alpha * Gw + alpha² * L / 2)",
        "TNs with 1/5 for 2/5",
    ),
    Mutant(
        "sgd-rate",
        "SGDRate",
        "  (D0 / (alpha * T) + alpha * L * sigma² / 2) / (1 - alpha * L / 2).",
        "  (D0 / (alpha * T) + alpha * L * sigma² / 2) / (1 - alpha * L / 4).",
        "TV with half of what curvature takes",
    ),
    Mutant(
        "sgd-rate",
        "SGDRate",
        "Hypothesis short : alpha * L < 2.",
        "Hypothesis short : alpha * L < 3.",
        "TV for steps that are too long",
    ),
    Mutant(
        "rmsprop-rate",
        "RMSPropRate",
        "  sqrt (p * (d * sqrt (eps + sigma²) + (1 + sqrt beta2) * p)).",
        "  sqrt (p * (d * sqrt (eps + sigma²) + sqrt beta2 * p)).",
        "TR without the newest gradient in the denominators",
    ),
    Mutant(
        "rmsprop-rate",
        "RMSPropRate",
        "Ex n p (fun k => (u - sqrt (b k))²) <= 2 * w * (second - m²).",
        "Ex n p (fun k => (u - sqrt (b k))²) <= w * (second - m²).",
        "TR with half of the spread of the denominator",
    ),
)
_UNRELATED = ("Syntax error", "Lexer", "was not found in the current environment", "Cannot find")


class NotAMistake(Exception):
    """The change cannot be made, or the file fails for another reason than the mistake."""


def mutated(mutant: Mutant) -> str:
    """The text of the file with the mistake; `NotAMistake` unless `old` stands in it exactly once."""
    text = sources.modules()[mutant.module]
    if text.count(mutant.old) != 1:
        raise NotAMistake(f"{mutant.module}.v contains {mutant.old!r} {text.count(mutant.old)} times, wanted once")
    return text.replace(mutant.old, mutant.new)


def refusal(mutant: Mutant) -> str:
    """What Coq says against the file with the mistake, "" where it accepts it; kept on disk."""
    text, objects = mutated(mutant), build.built()
    key = hashlib.sha256("\0".join([build.keys()[mutant.module], text]).encode()).hexdigest()[:20]
    kept = build.ROOT / "mutants" / f"{key}.json"
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))["refusal"]
    place = sources.modules()[mutant.module].index(mutant.old)
    said = _try(mutant.module, assumed(mutant.module, text[:place]) + text[place:], objects)
    if any(words in said for words in _UNRELATED):
        raise NotAMistake(f"{mutant.module}.v with {mutant.words}: {said}")
    write(kept, json.dumps({"mistake": mutant.words, "refusal": said}) + "\n")
    return said


def _try(module: str, text: str, objects: Path) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, f"{module}.v")
        source.write_text(text, encoding="utf-8")
        ran = build.compile_file(source, objects, Path(scratch))
    if ran.returncode == 0:
        return ""
    where = re.search(r"line (\d+)", ran.stderr)
    message = re.sub(r".*?Error:", "", " ".join(ran.stderr.split()), count=1)
    return f"line {where.group(1) if where else '?'}:{message[-160:]}"


_PROOF = re.compile(r"^Proof\..*?\bQed\.$", flags=re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"^(?:Local )?(?:Lemma|Theorem)\s+([\w']+)", flags=re.MULTILINE)
_USING = re.compile(r"The proof of\s+(\S+)\s+should start\s[^:]*:\s+(Proof using[^.]*\.)")
_SECTION = re.compile(r"^(Section|End)\b", flags=re.MULTILINE)


def assumed(module: str, beginning: str) -> str:
    """A file's beginning, on the same lines, with its proofs left out: Coq has checked them in this very place.

    What is stated then takes the same hypotheses of its sections as before, those that its proof uses. A proof of which
    Coq has not said them stays.
    """
    using, parts, end = dict(_USING.findall(build.said(module))), list[str](), 0
    for proof in _PROOF.finditer(beginning):
        name = _NAME.findall(beginning, 0, proof.start())[-1]
        ends = _SECTION.findall(beginning, 0, proof.start())
        if name in using or ends.count("Section") == ends.count("End"):
            left_out = " ".join(using.get(name, "Proof.").split()) + " Admitted."
            parts += [beginning[end : proof.start()], left_out, "\n" * proof.group().count("\n")]
            end = proof.end()
    return "".join([*parts, beginning[end:]])


def by_statement() -> Mapping[str, list[Mutant]]:
    """The mistakes of every row."""
    found: dict[str, list[Mutant]] = {}
    for mutant in MUTANTS:
        found.setdefault(mutant.statement, []).append(mutant)
    return found
