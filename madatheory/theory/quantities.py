"""The symbols that enter a bound, by their names in the field."""

from typing import Any, NamedTuple

Number = Any


class Quantities(NamedTuple):
    """Values of the symbols of a statement; numbers, arrays that broadcast, SymPy symbols or balls.

    T steps, d dimension, D0 = F(x_0) - F_star, L smoothness, G bound on |g_i|, hyper-parameters (alpha, beta1, beta2,
    eps, rho, c, gamma) as in the optimizer's family; `B3` bounds beta3 over the path, `W` is T8log's weight, `p`
    a failure probability, `D` a width of the box, `Delta` = |x_0 - x_star| for a minimizer x_star of a convex F,
    `eta` a hyper learning rate and `A` the largest step size that it learns. S bounds |d_i F|, sigma^2 and M4 bound
    E|g - grad F|^2 and E|g - grad F|^4, N bounds sum_i N_i where s.H(x)s <= sum_i N_i s_i^2.
    A field that a setting does not have is None.
    """

    T: Number = None
    d: Number = None
    D0: Number = None
    L: Number = None
    G: Number = None
    eps: Number = None
    alpha: Number = None
    beta1: Number = None
    beta2: Number = None
    beta3: Number = None
    rho: Number = None
    c: Number = None
    gamma: Number = None
    W: Number = None
    B3: Number = None
    p: Number = None
    D: Number = None
    Delta: Number = None
    eta: Number = None
    A: Number = None
    S: Number = None
    sigma: Number = None
    M4: Number = None
    N: Number = None

    @property
    def w(self) -> Number:
        """w = 1 - beta2."""
        return 1 - self.beta2
