"""TV: SGD with a constant step under a bound on the variance: noise and gradients may be unbounded."""

from dataclasses import replace

from madatheory.arithmetic import Arithmetic, Number
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.conditions import A1, A3, A4, CONSTANTS, UNCONSTRAINED, VARIANCE, hyper_is, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import AVERAGE, decrease
from madatheory.theory.theorem import Condition, Level, Setting, Theorem, quantities


def _short(setting: Setting) -> str | None:
    if setting.problem.constants is None:
        return None
    q = quantities(setting)
    return None if q.alpha * q.L < 2 else f"alpha L = {q.alpha * q.L:g}, the statement needs alpha L < 2"


SHORT = Condition("alpha L < 2", _short)


def _kept(q: Quantities) -> Number:
    """Of alpha |grad F|^2 a step keeps this factor; the rest may be lost to curvature."""
    return 1 - q.alpha * q.L / 2


def sgd_bound(gained: Number, q: Quantities) -> Number:
    """(gained/(alpha T) + alpha L sigma^2/2)/(1 - alpha L/2)."""
    return (gained / (q.alpha * q.T) + q.alpha * q.L * q.sigma**2 / 2) / _kept(q)


def second_moment(q: Quantities, xp: Arithmetic) -> Number:
    """Bound on E X^2, X = (1/T) sum |grad F|^2: see "the interval" of TV in docs/theory.md.

    T X alpha (1 - alpha L/2) <= D0 - M + (alpha^2 L/2) Q with M = alpha (1 - alpha L) sum <grad F, xi>, Q = sum |xi|^2.
    """
    martingale = q.alpha * abs(1 - q.alpha * q.L) * q.sigma * xp.sqrt(q.T * sgd_bound(q.D0, q))
    spread = xp.minimum(q.T * xp.sqrt(q.M4), q.T * q.sigma**2 + xp.sqrt(q.T * q.M4))
    return ((q.D0 + martingale + q.alpha**2 * q.L / 2 * spread) / (q.alpha * _kept(q) * q.T)) ** 2


sgd_rate = Theorem(
    "sgd-rate",
    "TV",
    "SGD, alpha L < 2, E|g - grad F|^2 <= sigma^2: (1/T) sum E|grad F|^2 <= "
    "(D0/(alpha T) + alpha L sigma^2/2)/(1 - alpha L/2)",
    "the rate of Ghadimi and Lan (SIAM J. Optim. 2013), known to us at second hand; constants and proof of our own",
    "new",
    lambda: get_optimizer("sgd"),
    (
        A1,
        A3,
        A4,
        CONSTANTS,
        UNCONSTRAINED,
        VARIANCE,
        SHORT,
        method_is("sgd", schedule="constant"),
        hyper_is("beta1", 0.0),
    ),
    (
        replace(AVERAGE, highest=lambda q, xp: q.d * q.S**2, second_moment=second_moment),
        Level(
            "descent",
            "L4 and E|g|^2 = |grad F|^2 + E|g - grad F|^2",
            lambda m, q, xp: sgd_bound(m["decrease"], q),
            (decrease,),
        ),
        Level("a-priori bound", "F >= F_star", lambda m, q, xp: sgd_bound(q.D0, q)),
    ),
    {"alpha": 0.1, "beta1": 0.0},
)
