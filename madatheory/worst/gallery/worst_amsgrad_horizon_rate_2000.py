"""Worst instance found for T5c at T = 2000: left/right = 0.997308287, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1609 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_amsgrad_horizon_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-amsgrad-horizon-rate-2000",
    theorem="amsgrad-horizon-rate",
    steps=2000,
    settings={
        "beta1": 0.0,
        "alpha": 137.19155230962392,
        "eps": 1177862.73824074,
        "beta2": 0.052914943404396175,
    },
    knots=(
        0.0,
        1.0,
        6.072494926069965,
        8.072494926069965,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=3.3702773771050016,
    L=1.0000000000000007,
    G=1.0,
    D0=3.202217548964964,
    ratio=0.9973082872835454,
)
