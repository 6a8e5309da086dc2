"""Worst instance found for T7 at T = 2000: left/right = 0.726868097, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
the constants of this function, rounded up. Found by 64 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_interpolation_monotone_rate_2000.py
"""

from madatheory import worst_instance

found = worst_instance(
    "worst-interpolation-monotone-rate-2000",
    theorem="interpolation-monotone-rate",
    steps=2000,
    settings={
        "rho": 0.1,
        "alpha": 9.953385994276964,
        "eps": 5444.315572073939,
        "beta2": 0.8696362560578431,
        "beta1": 0.00029596389862462935,
    },
    knots=(
        0.0,
        1.0,
        3.136744035500493,
        5.136744035500493,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=0.00012973231250815485,
    L=1.0,
    G=1.0,
    D0=3.136744027085257,
    ratio=0.7268680965248882,
)
