"""Worst instance found for T7log at T = 2000: left/right = 0.558436599, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 537 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_safeguarded_monotone_log_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-safeguarded-monotone-log-rate-2000",
    theorem="safeguarded-monotone-log-rate",
    steps=2000,
    settings={
        "beta3": 0.0,
        "rho": 0.5,
        "c": 0.5,
        "alpha": 0.36959547265890735,
        "eps": 2.4918321887664665,
        "beta2": 0.33333444167935844,
        "beta1": 2.3538842963688467e-07,
    },
    knots=(
        0.0,
        1.0,
        7.796890605340659,
        9.796890605340659,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=6.144835022853731e-06,
    L=1.0,
    G=1.0,
    D0=7.79689060532178,
    ratio=0.5584365990359528,
)
