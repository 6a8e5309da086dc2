"""Worst instance found for TV at T = 2000: left/right = 0.996037021, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1551 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_sgd_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-sgd-rate-2000",
    theorem="sgd-rate",
    steps=2000,
    settings={
        "beta1": 0.0,
        "alpha": 0.0023558972657484398,
    },
    knots=(
        0.0,
        1.0,
        2.8487977252508747,
        4.848797725250875,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=1.0748050177004391,
    L=1.0,
    G=1.0,
    D0=2.273992707550436,
    ratio=0.9960370212042816,
)
