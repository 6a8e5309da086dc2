"""Worst instance found for T7log at T = 2000: left/right = 0.554980420, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
the constants of this function, rounded up. Found by 50 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_interpolation_monotone_log_rate_2000.py
"""

from madatheory import worst_instance

found = worst_instance(
    "worst-interpolation-monotone-log-rate-2000",
    theorem="interpolation-monotone-log-rate",
    steps=2000,
    settings={
        "rho": 0.001,
        "alpha": 0.40414163238972706,
        "eps": 3.61845989626362,
        "beta2": 0.0279991602712657,
        "beta1": 0.11674662190182639,
    },
    knots=(
        0.0,
        1.0,
        7.58316985204018,
        9.583169852040179,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=1.2371828488405749e-05,
    L=1.0000000000000007,
    G=1.0,
    D0=7.583169851963649,
    ratio=0.554980419978012,
)
