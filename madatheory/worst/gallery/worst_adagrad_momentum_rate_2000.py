"""Worst instance found for T3' at T = 2000: left/right = 0.464469099, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 714 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_adagrad_momentum_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-adagrad-momentum-rate-2000",
    theorem="adagrad-momentum-rate",
    steps=2000,
    settings={
        "alpha": 0.24360476604307224,
        "eps": 0.01141234219572006,
        "beta1": 8.588643907181392e-09,
    },
    knots=(
        0.0,
        1.0,
        34.130428557359565,
        36.130428557359565,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=13.016551545956908,
    L=1.0,
    G=1.0,
    D0=21.613877011402657,
    ratio=0.46446909930638697,
)
