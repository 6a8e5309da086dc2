"""Worst instance found for TRx at T = 2000: left/right = 0.472177517, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1508 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_rmsprop_coordinate_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-rmsprop-coordinate-rate-2000",
    theorem="rmsprop-coordinate-rate",
    steps=2000,
    settings={
        "alpha": 0.006995635545486921,
        "eps": 19.820705648018993,
        "beta2": 0.994770120063001,
    },
    knots=(
        0.0,
        1.0,
        4.685173246851171,
        6.685173246851171,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=2.076316917025018,
    L=1.0,
    G=1.0,
    D0=3.1088563298261533,
    ratio=0.4721775168276832,
)
