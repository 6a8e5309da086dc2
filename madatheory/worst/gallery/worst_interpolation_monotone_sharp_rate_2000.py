"""Worst instance found for T7' at T = 2000: left/right = 0.639481288, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 3 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_interpolation_monotone_sharp_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-interpolation-monotone-sharp-rate-2000",
    theorem="interpolation-monotone-sharp-rate",
    steps=2000,
    settings={
        "rho": 0.1,
        "alpha": 45.97644989993068,
        "eps": 117371.2536263542,
        "beta2": 0.9853282580240361,
        "beta1": 0.5977612528822362,
    },
    knots=(
        0.0,
        1.0,
        6.077685763570847,
        8.077685763570848,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=0.0021196472799020014,
    L=1.0,
    G=1.0,
    D0=6.077683517118552,
    ratio=0.6394812881420516,
)
