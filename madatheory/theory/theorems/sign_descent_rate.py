"""TS: sign descent without noise, the limit of Adam at beta1 = beta2 = eps = 0, is governed by N and not by L."""

from madatheory.optimizers.catalogue import get_optimizer
from madatheory.theory.conditions import A1, A3, CONSTANTS, NOISELESS, UNCONSTRAINED, hyper_is, method_is
from madatheory.theory.terms import decrease, mean_absolute_gradient
from madatheory.theory.theorem import Level, Theorem

sign_descent_rate = Theorem(
    "sign-descent-rate",
    "TS",
    "sign descent (Lion, beta1 = 0), no noise, s.H(x)s <= sum_i N_i s_i^2, N = sum_i N_i: "
    "(1/T) sum |grad F|_1 <= D0/(alpha T) + alpha N/2",
    "that the (1,1)-norm governs Adam is due to Xie, Mohamadi and Li (arXiv 2410.08198), known to us at second hand; "
    "statement and proof our own",
    "new",
    lambda: get_optimizer("lion"),
    (A1, A3, CONSTANTS, UNCONSTRAINED, NOISELESS, method_is("lion", schedule="constant"), hyper_is("beta1_lion", 0.0)),
    (
        Level(
            "measured average of |grad F|_1",
            "",
            lambda m, q, xp: m["mean_absolute_gradient"],
            (mean_absolute_gradient,),
        ),
        Level(
            "descent",
            "L4 by coordinate: the squares of a step are alpha^2 or 0",
            lambda m, q, xp: m["decrease"] / (q.alpha * q.T) + q.alpha * q.N / 2,
            (decrease,),
        ),
        Level("a-priori bound", "F >= F_star", lambda m, q, xp: q.D0 / (q.alpha * q.T) + q.alpha * q.N / 2),
    ),
    {"alpha": 0.01, "beta1_lion": 0.0},
    kind="every-path",
)
