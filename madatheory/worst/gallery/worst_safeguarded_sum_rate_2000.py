"""Worst instance found for T8log at T = 2000: left/right = 0.550086206, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 419 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_safeguarded_sum_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-safeguarded-sum-rate-2000",
    theorem="safeguarded-sum-rate",
    steps=2000,
    settings={
        "beta3": 0.1,
        "rho": 0.5,
        "c": 0.5,
        "W": 1.0,
        "alpha": 0.3128822905464478,
        "eps": 2.39289407902673,
        "beta2": 0.9723181623395395,
        "beta1": 4.660677754841913e-07,
    },
    knots=(
        0.0,
        1.0,
        6.4881253504175875,
        8.488125350417587,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=2.0175190025518106e-05,
    L=1.0000000000000007,
    G=1.0,
    D0=6.4881253502140686,
    ratio=0.5500862058366143,
)
