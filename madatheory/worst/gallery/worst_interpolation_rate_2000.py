"""Worst instance found for T6 at T = 2000: left/right = 0.816245538, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1374 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_interpolation_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-interpolation-rate-2000",
    theorem="interpolation-rate",
    steps=2000,
    settings={
        "beta1": 0.0,
        "rho": 0.5,
        "alpha": 177.63432555691404,
        "eps": 1185860.7374831259,
        "beta2": 0.9999938534403818,
    },
    knots=(
        0.0,
        1.0,
        2.29493110429938,
        4.29493110429938,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=6.1442308939828866e-06,
    L=1.0,
    G=1.0,
    D0=2.2949311042805043,
    ratio=0.8162455376892268,
)
