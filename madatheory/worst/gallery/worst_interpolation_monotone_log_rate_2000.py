"""Worst instance found for T7log at T = 2000: left/right = 0.566891244, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 60 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_interpolation_monotone_log_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-interpolation-monotone-log-rate-2000",
    theorem="interpolation-monotone-log-rate",
    steps=2000,
    settings={
        "rho": 0.001,
        "alpha": 0.31943947077755575,
        "eps": 3.7607106540425037,
        "beta2": 0.015148456712253178,
        "beta1": 0.04289355891253144,
    },
    knots=(
        0.0,
        1.0,
        6.129081102000579,
        8.12908110200058,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=0.0002455630773510436,
    L=1.0,
    G=1.0,
    D0=6.129081071849967,
    ratio=0.566891244295284,
)
