"""Worst instance found for T8 at T = 2000: left/right = 0.727056867, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
the constants of this function, rounded up. Found by 507 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_safeguarded_hindsight_rate_2000.py
"""

from madatheory import worst_instance

found = worst_instance(
    "worst-safeguarded-hindsight-rate-2000",
    theorem="safeguarded-hindsight-rate",
    steps=2000,
    settings={
        "beta3": 0.0,
        "c": 1.0,
        "alpha": 139.6697570427898,
        "eps": 991893.990098998,
        "beta2": 0.9605627118980009,
        "beta1": 1.4564450845355736e-07,
    },
    knots=(
        0.0,
        1.0,
        3.2245953628221313,
        5.224595362822131,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=8.76080726494947e-05,
    L=1.0,
    G=1.0,
    D0=3.224595358984544,
    ratio=0.727056866619754,
)
