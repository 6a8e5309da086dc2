"""Which Coq theorem says which statement of the table, and how the symbols of both correspond.

A claim is also a comparison: both sides of the theorem, read from its file, are computed on cases of the package's own
statement and compared with the package's own formulas, so that neither can change alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from madatheory.theory.lemma import Values
from proofs_check.coq.values import Environment

FINITE = "independent draws from one finite law"


@dataclass(frozen=True)
class CoqClaim:
    """`theorem` of MODULE.v proves the row `statement`: all of it, or the `part` named.

    values   a case of the package's statement as values of the Coq names: for a lemma of its `draw`, for a theorem of
             its symbols; None where there is nothing to compute
    ranges   of a theorem: symbols that are drawn from another interval than DRAWN's
    bound    of a theorem about the chance to exceed something: its name in the file, to be compared in the place of the
             theorem's right side
    """

    statement: str
    module: str
    theorem: str
    part: str = ""
    box: str = ""
    values: Callable[[Values], Environment] | None = None
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    bound: str = ""

    @property
    def name(self) -> str:
        """File and theorem."""
        return f"{self.module}.{self.theorem}"


def sequence(terms: Sequence[float], beyond: float = 0.0) -> Callable[[int], float]:
    """A sequence of Coq, from 0 on; `beyond` behind the last term."""
    return lambda index: terms[index] if index < len(terms) else beyond


def _terms(case: Values) -> dict[str, Any]:
    return {"T": len(case["x"]), "x": sequence(case["x"])}


def _ratios(case: Values) -> Environment:
    return {**_terms(case), "e": case["e"], "beta": case["beta"]}


def _avgrad(case: Values) -> Environment:
    return {**_terms(case), **{name: case[name] for name in ("G", "eps", "beta2")}}


def _weights(case: Values) -> Environment:
    return {"t": len(case["x"]), "x": sequence(case["x"]), "beta2": case["beta2"]}


def _before(case: Values) -> Environment:
    return {**_weights(case), "t": len(case["x"]) - 1}


def _constant(case: Values) -> Environment:
    return {"t": len(case["x"]), "y": case["x"][0], "beta2": case["beta2"]}


def _law(case: Values) -> Environment:
    total = sum(case["p"])
    named = {name: case[name] for name in ("G", "a", "w", "k")}
    return {"n": len(case["p"]), "p": sequence([p / total for p in case["p"]]), "g": sequence(case["g"]), **named}


def _law_with_denominators(case: Values) -> Environment:
    total = sum(case["p"])
    named = {name: case[name] for name in ("G", "a", "W")}
    laws = {"p": sequence([p / total for p in case["p"]]), "g": sequence(case["g"]), "b": sequence(case["b"])}
    return {"n": len(case["p"]), **laws, **named}


def _exponents(case: Values) -> Environment:
    total = sum(case["p"])
    laws = {"p": sequence([p / total for p in case["p"]]), "g": sequence(case["g"])}
    return {"n": len(case["p"]), **laws, **{name: case[name] for name in ("G", "a", "w")}}


def _summands(case: Values) -> Environment:
    return {"T": len(case["a"]), "a": sequence(case["a"])}


def _numbers(case: Values) -> Environment:
    return case


def _denominators(case: Values) -> Environment:
    return {**_terms(case), "A": sequence(case["A"], 1.0), "B": sequence(case["B"], 1.0)}


def _interpolation(case: Values) -> Environment:
    return {**_before(case), **{name: case[name] for name in ("G", "eps", "rho")}}


def _nodes(case: Values) -> Environment:
    z = [1.0]
    for gap in case["gap"]:
        z.append(z[-1] + gap)
    return {"N": len(case["gap"]), "z": lambda index: z[min(index, len(z) - 1)], "c": case["c"]}


LEMMAS = (
    CoqClaim("ratio-sum", "RatioSums", "ratio_sum", values=_ratios),
    CoqClaim("discounted-ratio-sum", "RatioSums", "discounted_ratio_sum", values=_ratios),
    CoqClaim("ratio-root-sum", "RatioSums", "ratio_root_sum", values=_terms),
    CoqClaim("avgrad-ratio-sum", "AVGradRatioSum", "avgrad_ratio_sum", values=_avgrad),
    CoqClaim("avgrad-ratio-sum-uniform", "AVGradRatioSum", "avgrad_ratio_sum_uniform", values=_avgrad),
    CoqClaim("psi-integral", "AVGradRatioSum", "psi_integral", values=_nodes),
    CoqClaim("avgrad-weights", "AVGradWeights", "avgrad_weights", values=_weights),
    CoqClaim("avgrad-least-weight", "AVGradWeights", "avgrad_least_weight", values=_weights),
    CoqClaim("avgrad-largest-weight", "AVGradWeights", "avgrad_largest_weight", values=_weights),
    CoqClaim("avgrad-sum-nondecreasing", "AVGradWeights", "avgrad_sum_nondecreasing", values=_before),
    CoqClaim(
        "avgrad-corrected-sum-nondecreasing", "AVGradWeights", "avgrad_corrected_sum_nondecreasing", values=_before
    ),
    CoqClaim("avgrad-bias-factor", "AVGradWeights", "avgrad_bias_factor", values=_constant),
    CoqClaim("avgrad-bias-upper", "AVGradWeights", "avgrad_bias_upper", values=_constant),
    CoqClaim("avgrad-bias-lower", "AVGradWeights", "avgrad_bias_lower", values=_constant),
    CoqClaim("decoupling", "Decoupling", "decoupling_sharp", values=_law),
    CoqClaim("decoupling-family", "Decoupling", "decoupling_family", values=_law),
    CoqClaim("decoupling-published", "Decoupling", "decoupling_published", values=_law),
    CoqClaim(
        "decoupling-any-denominator",
        "DecouplingAnyDenominator",
        "decoupling_any_denominator",
        values=_law_with_denominators,
    ),
    CoqClaim("amsgrad-ratio-sum", "AMSGradRate", "amsgrad_ratio_sum", values=_avgrad),
    CoqClaim("amsgrad-horizon-sum", "AMSGradHorizonRate", "amsgrad_horizon_sum", values=_avgrad),
    CoqClaim("avgrad-horizon-sum", "AVGradHorizonSums", "avgrad_horizon_sum", values=_avgrad),
    CoqClaim("avgrad-horizon-sum-root", "AVGradHorizonSums", "avgrad_horizon_sum_root", values=_avgrad),
    CoqClaim("exponential-moment", "ExponentialMoment", "exponential_moment", values=_exponents),
    CoqClaim("decreasing-weights", "DecreasingWeights", "decreasing_weights", values=_summands),
    CoqClaim("harmonic-split", "HarmonicSums", "harmonic_split", values=_numbers),
    CoqClaim("harmonic-sums", "HarmonicSums", "harmonic_sums", values=_denominators),
    CoqClaim("interpolation-growth", "InterpolationMonotone", "interpolation_growth", values=_interpolation),
    CoqClaim("interpolation-monotone", "InterpolationMonotone", "interpolation_monotone", values=_interpolation),
    CoqClaim(
        "interpolation-monotone-bounded",
        "InterpolationMonotone",
        "interpolation_monotone_bounded",
        values=_interpolation,
    ),
    CoqClaim("smoothness-ratio", "SmoothFunctions", "smoothness_ratio", values=_numbers),
    CoqClaim("smoothness-log", "SmoothFunctions", "smoothness_log", values=_numbers),
    CoqClaim("smoothness-exponential", "SmoothFunctions", "smoothness_exponential", values=_numbers),
    CoqClaim("yogi-nonnegative", "Yogi", "yogi_nonnegative", values=_numbers),
    CoqClaim("yogi-increment", "Yogi", "yogi_increment", values=_numbers),
    CoqClaim("yogi-lower", "Yogi", "yogi_lower", values=_numbers),
    CoqClaim("yogi-upper", "Yogi", "yogi_upper", values=_numbers),
)


# intervals of the symbols of a bound; T and d are rounded to integers
DRAWN: Mapping[str, tuple[float, float]] = {
    "T": (1, 5000),
    "d": (1, 9),
    "D0": (0.01, 100),
    "L": (0.01, 100),
    "G": (0.01, 100),
    "eps": (1e-8, 100),
    "alpha": (1e-3, 10),
    "beta1": (0, 0.99),
    "beta2": (0.01, 0.999),
    "rho": (0, 1),
    "B3": (0, 2),
    "W": (1e-3, 1),
    "c": (0, 1),
    "D": (0.1, 10),
    "Delta": (0.01, 100),
    "eta": (1e-3, 1),
    "A": (1e-3, 10),
    "sigma": (0.01, 100),
    "N": (0.01, 100),
}


def _symbols(case: Values) -> Environment:
    """The package's symbols; D0 is F(x_0) - F_star."""
    return {**case, "F": lambda x: case["D0"], "Fstar": 0.0, "x0": ()}


def _by_coordinate(case: Values) -> Environment:
    """N is a vector there, of which the right side has the sum."""
    return {**_symbols(case), "N": lambda i: case["N"] / case["d"]}


def _rate(statement: str, module: str, theorem: str, part: str = "", box: str = FINITE, **ranges: Any) -> CoqClaim:
    return CoqClaim(statement, module, theorem, part, box, _symbols, ranges)


_IN_RANGE: Mapping[str, Any] = {"T": (1, 60), "rho": (0, 1e-3), "beta2": (0.5, 0.999)}  # L6: b_t cannot fall
RATES = (
    _rate("avgrad-rate", "AVGradRate", "avgrad_rate_sharp"),
    _rate("avgrad-rate-published-constants", "AVGradRate", "avgrad_rate_published_constants"),
    _rate("avgrad-weighted-rate", "AVGradRate", "avgrad_weighted_rate_sharp"),
    _rate("adagrad-rate", "AdagradRate", "adagrad_rate_sharp"),
    _rate("adagrad-published-rate", "AdagradRate", "adagrad_published_rate"),
    _rate("adam-constant-step-rate", "AdamRate", "adam_constant_step_rate_sharp"),
    _rate("adam-constant-step-rate-published-constants", "AdamRate", "adam_constant_step_rate_published_constants"),
    *(
        CoqClaim(statement, module, theorem, "", FINITE, _by_coordinate)
        for statement, module, theorem in (
            ("adam-coordinate-rate", "AdamRate", "adam_constant_step_rate_by_coordinate_sharp"),
            ("avgrad-coordinate-rate", "AVGradRate", "avgrad_rate_by_coordinate_sharp"),
            ("rmsprop-coordinate-rate", "RMSPropRate", "rmsprop_rate_by_coordinate"),
        )
    ),
    _rate("adam-published-rate", "AdamPublishedRate", "adam_published_rate"),
    _rate("adam-rate", "AdamPublishedRate", "adam_rate_sharp"),
    _rate("adagrad-momentum-rate", "AdamMomentumRate", "adagrad_momentum_rate"),
    _rate("adam-momentum-rate", "AdamMomentumRate", "adam_momentum_rate", beta1=(0, 0.5), beta2=(0.3, 0.999)),
    _rate("adagrad-momentum-published", "MomentumPublished", "adagrad_momentum_published", T=(100, 5000)),
    _rate(
        "adam-momentum-published",
        "MomentumPublished",
        "adam_momentum_published",
        T=(100, 5000),
        beta1=(0, 0.5),
        beta2=(0.51, 0.999),
    ),
    _rate("interpolation-rate", "InterpolationConstant", "interpolation_constant_rate"),
    _rate("interpolation-rate-published-constants", "InterpolationConstant", "interpolation_constant_rate_published"),
    _rate("interpolation-moving-rate", "InterpolationRate", "interpolation_moving_rate_sharp"),
    _rate("amsgrad-rate", "AMSGradRate", "amsgrad_rate"),
    _rate("avgrad-momentum-rate", "AVGradMomentum", "avgrad_momentum_rate"),
    _rate("amsgrad-monotone-rate", "MomentumRates", "amsgrad_monotone_rate"),
    _rate("avgrad-monotone-rate", "MomentumRates", "avgrad_monotone_rate"),
    _rate("interpolation-monotone-rate", "MomentumRates", "interpolation_monotone_rate", **_IN_RANGE),
    _rate("amsgrad-monotone-sharp-rate", "MomentumRates", "amsgrad_monotone_sharp_rate"),
    _rate("avgrad-monotone-sharp-rate", "MomentumRates", "avgrad_monotone_sharp_rate"),
    _rate("interpolation-monotone-sharp-rate", "MomentumRates", "interpolation_monotone_sharp_rate", **_IN_RANGE),
    _rate("amsgrad-monotone-log-rate", "MomentumRates", "amsgrad_monotone_log_rate"),
    _rate("avgrad-monotone-log-rate", "MomentumRates", "avgrad_monotone_log_rate"),
    _rate("interpolation-monotone-log-rate", "MomentumRates", "interpolation_monotone_log_rate", **_IN_RANGE),
    _rate("safeguarded-rate", "Safeguarded", "safeguarded_rate"),
    _rate("safeguarded-hindsight-rate", "Safeguarded", "safeguarded_rate"),
    _rate("safeguarded-sum-rate", "Safeguarded", "safeguarded_sum_rate"),
    _rate("safeguarded-sum-hindsight-rate", "Safeguarded", "safeguarded_sum_rate"),
    _rate("safeguarded-monotone-log-rate", "Safeguarded", "safeguarded_log_rate", B3=(0, 0)),
    _rate("amsgrad-horizon-rate", "AMSGradHorizonRate", "amsgrad_horizon_rate"),
    _rate("avgrad-horizon-rate", "AVGradHorizonRate", "avgrad_horizon_rate"),
    _rate("adagrad-norm-stochastic-rate", "AdagradNormNoise", "adagrad_norm_noise_rate"),
    _rate("adopt-rate", "AdoptRate", "adopt_rate"),
    _rate("rmsprop-rate", "RMSPropRate", "rmsprop_rate"),
    _rate("sgd-rate", "SGDRate", "sgd_rate", alpha=(1e-3, 0.0199)),
    _rate("avgrad-regret", "Regret", "avgrad_regret", box=""),
    _rate("amsgrad-regret", "Regret", "amsgrad_regret", box=""),
    _rate("avgrad-momentum-regret", "RegretMomentum", "avgrad_momentum_regret", box=""),
    _rate("amsgrad-momentum-regret", "RegretMomentum", "amsgrad_momentum_regret", box=""),
    _rate("amsgrad-fading-regret", "RegretSchedule", "amsgrad_fading_regret", box=""),
    _rate(
        "amsgrad-published-regret",
        "RegretSchedule",
        "amsgrad_published_regret",
        box="",
        beta1=(0, 0.5),
        beta2=(0.3, 0.99),
    ),
    _rate("adamx-regret", "RegretSchedule", "adamx_regret", box=""),
)


def _beside(**more: Any) -> Callable[[Values], Environment]:
    """The symbols, and values of what a theorem of divergence names besides."""
    return lambda case: {**_symbols(case), **more, **({"c": case["G"]} if "stride" in more else {})}


_WALK: Mapping[str, Any] = {"C": 4.0, "x0": 1.0, "n": 2, "j": 1, "P": 20, "J": 5}
_SLOW: Mapping[str, Any] = {"beta1": (0, 0.3), "beta2": (0.1, 0.9)}
DIVERGENCES = (
    CoqClaim(
        "adam-period-divergence",
        "DivergenceOnline",
        "three_steps_divergence",
        values=_beside(**_WALK),
        ranges={"beta1": (0, 0)},
    ),
    CoqClaim(
        "adam-online-divergence", "DivergenceMomentum", "long_period_divergence", values=_beside(**_WALK), ranges=_SLOW
    ),
    CoqClaim(
        "adam-stochastic-divergence",
        "DivergenceStochastic",
        "mean_distance",
        values=_beside(C=9.0, u=1.0, p=0.25, x0=0.5),
        ranges={**_SLOW, "alpha": (1e-3, 0.1), "D": (2, 2)},
    ),
    CoqClaim(
        "adam-constant-step-divergence",
        "DivergenceConstantStep",
        "constant_step_time",
        values=_beside(stride=True, x=lambda t: 0.0),
    ),
)


CHANCES = (
    CoqClaim(
        "avgrad-high-probability",
        "AVGradHighProbability",
        "avgrad_high_probability",
        box=f"{FINITE}, t up to any T",
        values=lambda case: {**_symbols(case), "q": case["p"], "t": case["T"]},
        ranges={"p": (0.01, 0.9)},
        bound="avgrad_high_probability_right",
    ),
)


def _origin(i: int) -> float:
    return 0.0


def _noiseless(case: Values) -> Environment:
    """The gradient is 0 and the iterates stay, F is D0 there and 0 at xs: only the right side is compared."""
    gap, still = case["D0"], lambda t: lambda i: 0.0
    learned = {"a": lambda t: case["alpha"]}
    return {**case, **learned, "F": lambda x: 0.0 if x is _origin else gap, "Fstar": 0.0, "x": still, "xs": _origin}


def _signs(case: Values) -> Environment:
    return {**_noiseless(case), "F": lambda x: case["D0"], "N": _by_coordinate(case)["N"]}


NOISELESS = (
    CoqClaim("sign-descent-rate", "SignDescent", "sign_descent_rate", values=_signs),
    CoqClaim("adagrad-norm-rate", "AdagradNorm", "adagrad_norm_rate", values=_noiseless),
    CoqClaim("adagrad-norm-convex-rate", "AdagradNorm", "adagrad_norm_convex", values=_noiseless),
    CoqClaim(
        "hypergradient-rate",
        "HyperGradient",
        "hypergradient_rate",
        values=_noiseless,
        ranges={"L": (30, 100), "A": (0.015, 0.02), "alpha": (1e-3, 0.015), "eta": (1e-4, 0.02), "T": (1, 10**7)},
    ),
)
# statements that are no inequality between two formulas of the package
OTHERS = (
    CoqClaim("decoupling-largest-factor", "Decoupling", "decoupling_largest_factor"),
    CoqClaim("avgrad-weighted-logarithm", "AVGradLogarithm", "avgrad_logarithm"),
    CoqClaim(
        "avgrad-rate-weight-growth", "AVGradWeightGrowth", "growth_problem", "F is smooth, D0 = 0, and G bounds F'"
    ),
    CoqClaim("avgrad-rate-weight-growth", "AVGradWeightGrowth", "avgrad_average_low", "at every T <= ln(1/w)^2/w"),
    CoqClaim("avgrad-rate-weight-growth", "AVGradWeightGrowth", "avgrad_weight_growth"),
    CoqClaim("avgrad-rate-logarithm", "RatchetRate", "avgrad_rate_logarithm"),
    CoqClaim(
        "avgrad-rate-logarithm",
        "RatchetWalk",
        "walk_keeps_slope",
        "any method with steps between 1/(rho sqrt t) and 1/(e sqrt t) that the sign of g_t does not change",
    ),
    CoqClaim("adam-rests-only-if-symmetric", "AdamRest", "adam_rests_if_symmetric", "if: no step is left"),
    CoqClaim("adam-rests-only-if-symmetric", "AdamRest", "adam_rests_only_if_symmetric"),
    CoqClaim("adam-rest-shift", "AdamRestShift", "adam_rest_shift"),
    CoqClaim("decoupling-least-constant", "DecouplingLeastConstant", "decoupling_least_constant"),
    CoqClaim("yogi-below-largest-square", "Yogi", "yogi_above_largest_square"),
    CoqClaim("hypergradient-convex-in-rho", "HyperGradient", "surrogate_not_convex_in_rho"),
    CoqClaim(
        "hypergradient-rate",
        "HyperGradient",
        "surrogate_convex_in_weights",
        "convex in the weights of fixed directions: a learned interpolation of steps, not of b_t",
    ),
    CoqClaim("kingma-ba-step-bound", "StepSize", "kingma_ba_bound_fails"),
    CoqClaim("amsgrad-published-weights", "RegretSchedule", "amsgrad_weights_fall"),
    CoqClaim(
        "amsgrad-published-regret",
        "RegretSchedule",
        "amsgrad_published_data",
        "by data, for every schedule beta_t <= beta1 that does not increase",
    ),
    CoqClaim(
        "amsgrad-published-regret",
        "RegretSchedule",
        "amsgrad_published_any_order",
        "by data, for every schedule beta_t <= beta1, with D^2/(1-beta1) before the second sum",
    ),
    CoqClaim(
        "amsgrad-fading-regret",
        "RegretSchedule",
        "amsgrad_fading_data",
        "by data, for every schedule beta_t <= beta1 that does not increase",
    ),
    CoqClaim("adamx-regret", "RegretSchedule", "adamx_weights_rise", "sqrt(t h_t)/(1-beta_t) does not decrease"),
    CoqClaim(
        "interpolation-rate",
        "InterpolationRate",
        "interpolation_rate_data",
        "data-dependent form, rho_t any function of the past",
        FINITE,
    ),
    CoqClaim(
        "interpolation-rate-published-constants",
        "InterpolationRate",
        "interpolation_rate_data_published",
        "data-dependent form, rho_t any function of the past",
        FINITE,
    ),
    CoqClaim(
        "interpolation-moving-rate",
        "InterpolationRate",
        "interpolation_rate_data",
        "data-dependent form, rho_t any function of the past",
        FINITE,
    ),
    CoqClaim("adam-coordinate-rate", "Smoothness", "row_sums", "N_i may be the row sums of |H|, N its (1,1)-norm"),
    *(
        CoqClaim(f"smoothness-{name}", "Smoothness", "descent", "in R^d, for every F with a Lipschitz gradient")
        for name in ("ratio", "log", "exponential")
    ),
    CoqClaim(
        "hypergradient-rate",
        "HyperGradient",
        "hypergradient_fixed_step",
        "as good as every fixed step of [0, A], regret taken off; any next point no worse than the step and than x_t",
    ),
    CoqClaim(
        "hypergradient-rate",
        "HyperGradient",
        "hypergradient_null_steps",
        "any A: the better of x_t and the step, |x_t - x_star| <= Delta for all t",
    ),
    CoqClaim("hypergradient-rate", "HyperGradient", "online_descent", "regret of online gradient descent"),
    CoqClaim("yogi-upper", "Yogi", "yogi_bounded", "all v_t, not one step"),
    CoqClaim(
        "interpolation-monotone",
        "InterpolationMonotone",
        "interpolation_monotone_exact",
        "the range is exact at eps = 0",
    ),
    CoqClaim("avgrad-weights", "AVGradWeights", "avgrad_is_adagrad", "beta2 = 0 is Adagrad (L3c)"),
    CoqClaim("decoupling-any-denominator", "DecouplingAnyDenominator", "decoupling_half_is_best", "1/2 is best"),
    CoqClaim(
        "amsgrad-monotone-rate", "MonotoneSteps", "monotone_steps", "T7 for all step sizes that do not grow", FINITE
    ),
    CoqClaim("adagrad-momentum-published", "MomentumPublished", "adagrad_momentum_half", "half of it, by T3'"),
    CoqClaim("adam-momentum-published", "MomentumPublished", "adam_momentum_half", "half of it, by T4'"),
    CoqClaim(
        "adam-momentum-rate",
        "ForgettingMomentum",
        "forgetting_rate",
        "T3' and T4' for all step sizes with phi eta_t <= eta_{t-1} up to known factors",
        FINITE,
    ),
    CoqClaim(
        "amsgrad-monotone-log-rate",
        "MonotoneLog",
        "monotone_log",
        "T7log for all nondecreasing b_t >= W g_t^2",
        FINITE,
    ),
    CoqClaim(
        "safeguarded-monotone-log-rate", "Safeguarded", "safeguarded_path_log_rate", "beta2_t on any path too", FINITE
    ),
    CoqClaim(
        "avgrad-rate", "Example", "example_avgrad", "not vacuous: F = ln(1+x^2), noise +-1, numbers for all symbols"
    ),
    CoqClaim("amsgrad-rate", "MomentumExample", "example_amsgrad", "not vacuous: the same problem"),
    CoqClaim(
        "amsgrad-monotone-log-rate", "MomentumExample", "example_amsgrad_momentum", "not vacuous: the same problem"
    ),
    CoqClaim("avgrad-momentum-rate", "MomentumExample", "example_avgrad_momentum", "not vacuous: the same problem"),
    CoqClaim(
        "safeguarded-hindsight-rate",
        "MomentumExample",
        "example_safeguarded",
        "not vacuous: the same problem, rho_t chosen after g_t",
    ),
    CoqClaim("adagrad-rate", "Example", "example_adagrad", "not vacuous: one step, no symbol left"),
    CoqClaim(
        "adam-period-divergence",
        "DivergenceOnline",
        "reddi_three_steps",
        "not vacuous: beta2 = 1/(1+C^2), eps = 0, C >= 2",
    ),
    CoqClaim(
        "adam-online-divergence",
        "DivergenceMomentum",
        "adam_average_regret",
        "for every beta1 < sqrt(beta2) there is a period with regret at least 2 after each, from x_0 = 1",
    ),
    CoqClaim(
        "adam-stochastic-divergence",
        "DivergenceStochastic",
        "stochastic_losses_exist",
        "for every beta1 < sqrt(beta2) there are C and p with drift > 0 and mean slope 1",
    ),
    *(
        CoqClaim("adam-constant-step-divergence", "DivergenceConstantStep", f"wave_{name}", part)
        for name, part in (
            ("derivative", "F' is the derivative"),
            ("bounded", "F is bounded"),
            ("smooth", "F is L-smooth, L = 2 pi c/stride"),
        )
    ),
)
CLAIMS = (*LEMMAS, *RATES, *CHANCES, *DIVERGENCES, *NOISELESS, *OTHERS)
# statements whose formula is compared, as a whole, with a proved one
COMPARED = frozenset(claim.statement for claim in CLAIMS if claim.values is not None and not claim.part)
