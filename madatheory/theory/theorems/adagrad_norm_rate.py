"""TN: AdaGrad-Norm without noise, with explicit constants and no bound on the gradient."""

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import latest
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.conditions import A1, A3, A4, CONSTANTS, NOISELESS, UNCONSTRAINED, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import AVERAGE
from madatheory.theory.theorem import Level, Theorem

last_denominator = latest("last_denominator", "b_t^2 = eps + sum_{s<=t} |g_s|^2", lambda e: e.step.b[0])


def largest_root(q: Quantities, xp: Arithmetic) -> Number:
    """max(sqrt(eps), alpha L) + (2/alpha) (D0 + alpha^2 L ln max(1, alpha L/sqrt(eps))), which no b_T exceeds."""
    growth = q.D0 + q.alpha**2 * q.L * early_growth(q, xp)
    return xp.maximum(xp.sqrt(q.eps), q.alpha * q.L) + 2 * growth / q.alpha


def early_growth(q: Quantities, xp: Arithmetic) -> Number:
    """ln max(1, alpha L/sqrt(eps)): how far ln b_t moves while b_t < alpha L."""
    return xp.log(xp.maximum(q.alpha * q.L / xp.sqrt(q.eps), xp.rational(1, 1)))


adagrad_norm_rate = Theorem(
    "adagrad-norm-rate",
    "TN",
    "AdaGrad-Norm, no noise: (1/T) sum |grad F|^2 <= (B^2 - eps)/T, "
    "B = max(sqrt(eps), alpha L) + (2/alpha) (D0 + alpha^2 L ln max(1, alpha L/sqrt(eps)))",
    "the rate of Ward, Wu and Bottou (JMLR 2020) without noise, with constants and a proof of our own",
    "new",
    lambda: get_optimizer("adagrad-norm"),
    (A1, A3, A4, CONSTANTS, UNCONSTRAINED, NOISELESS, method_is("adagrad-norm", schedule="constant")),
    (
        AVERAGE,
        Level(
            "growth of the denominator",
            "b_T^2 = eps + sum |grad F|^2",
            lambda m, q, xp: (m["last_denominator"] - q.eps) / q.T,
            (last_denominator,),
        ),
        Level(
            "largest root",
            "once b_t >= alpha L every step of b costs F: alpha (b_t - b_{t-1})/2 <= F(x_{t-1}) - F(x_t)",
            lambda m, q, xp: (largest_root(q, xp) ** 2 - q.eps) / q.T,
        ),
    ),
    {"alpha": 0.2, "eps": 0.1},
    kind="every-path",
)
