"""Worst instance found for T2 at T = 2000: left/right = 0.363944429, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
the constants of this function, rounded up. Found by 752 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_adam_published_rate_2000.py
"""

from madatheory import worst_instance

found = worst_instance(
    "worst-adam-published-rate-2000",
    theorem="adam-published-rate",
    steps=2000,
    settings={
        "beta1": 0.0,
        "alpha": 0.01156934709717162,
        "eps": 0.00019466458338424954,
        "beta2": 0.991956966193349,
    },
    knots=(
        0.0,
        1.0,
        336.22571908871186,
        338.22571908871186,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=313.7349374574747,
    L=1.0,
    G=1.0,
    D0=22.990781631237155,
    ratio=0.36394442947621064,
)
