"""TNc: AdaGrad-Norm without noise on a convex function: the mean of F - F_star, with explicit constants."""

import jax.numpy as jnp

from madatheory.arithmetic import Arithmetic, Number
from madatheory.engine.statistic import squared_norm, total
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.conditions import A1, A3, A4, CONVEX, NOISELESS, UNCONSTRAINED, method_is
from madatheory.theory.quantities import Quantities
from madatheory.theory.terms import MEAN_GAP, gap
from madatheory.theory.theorem import Level, Measured, Theorem
from madatheory.theory.theorems.adagrad_norm_rate import early_growth, largest_root, last_denominator

_weighted_gap = total(
    "gap_over_root", "sum_s (F(x_{s-1}) - F_star)/b_s", lambda e: gap(e.problem, e.x) / jnp.sqrt(e.step.b[0])
)
_over_root = total(
    "squared_gradient_over_root", "sum_s |g_s|^2/b_s", lambda e: squared_norm(e.grad) / jnp.sqrt(e.step.b[0])
)
_over_square = total("squared_gradient_over_b", "sum_s |g_s|^2/b_s^2", lambda e: squared_norm(e.grad) / e.step.b[0])


def _last_root(m: Measured, q: Quantities, xp: Arithmetic) -> Number:
    return xp.sqrt(m["last_denominator"])


def _distances(m: Measured, q: Quantities, xp: Arithmetic) -> Number:
    """(b_T/(2 alpha T)) (Delta^2 + sum |g|^2 (alpha^2/b^2 - alpha/(L b)))."""
    moved = q.alpha**2 * m["squared_gradient_over_b"] - q.alpha / q.L * m["squared_gradient_over_root"]
    return _last_root(m, q, xp) / (2 * q.alpha * q.T) * (q.Delta**2 + moved)


def _farthest(q: Quantities, xp: Arithmetic) -> Number:
    """Delta^2 + 2 alpha^2 ln max(1, alpha L/sqrt(eps))."""
    return q.Delta**2 + 2 * q.alpha**2 * early_growth(q, xp)


adagrad_norm_convex_rate = Theorem(
    "adagrad-norm-convex-rate",
    "TNc",
    "AdaGrad-Norm, F convex, no noise: (1/T) sum F(x_{t-1}) - F_star <= (B/(2 alpha T)) (Delta^2 + 2 alpha^2 "
    "ln max(1, alpha L/sqrt(eps))), Delta = |x_0 - x_star|, B as in TN",
    "a convex companion of TN, with a proof of our own",
    "new",
    lambda: get_optimizer("adagrad-norm"),
    (A1, A3, A4, CONVEX, UNCONSTRAINED, NOISELESS, method_is("adagrad-norm", schedule="constant")),
    (
        MEAN_GAP,
        Level(
            "weights that fall",
            "b_t <= b_T and F >= F_star",
            lambda m, q, xp: _last_root(m, q, xp) / q.T * m["gap_over_root"],
            (_weighted_gap, last_denominator),
        ),
        Level(
            "distances",
            "|x_t - x_star|^2 telescopes, and <grad F(x), x - x_star> >= F(x) - F_star + |grad F(x)|^2/(2L)",
            _distances,
            (_over_square, _over_root, last_denominator),
        ),
        Level(
            "early steps",
            "no step with b_t >= alpha L leads away; before, sum |g|^2/b^2 <= 2 ln max(1, alpha L/sqrt(eps))",
            lambda m, q, xp: _last_root(m, q, xp) / (2 * q.alpha * q.T) * _farthest(q, xp),
            (last_denominator,),
        ),
        Level(
            "largest root",
            "b_T <= B (TN)",
            lambda m, q, xp: largest_root(q, xp) / (2 * q.alpha * q.T) * _farthest(q, xp),
        ),
    ),
    {"alpha": 0.2, "eps": 0.1},
    kind="every-path",
)
