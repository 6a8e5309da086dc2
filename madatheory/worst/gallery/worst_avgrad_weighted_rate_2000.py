"""Worst instance found for T5w at T = 2000: left/right = 0.941684095, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1965 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_avgrad_weighted_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-avgrad-weighted-rate-2000",
    theorem="avgrad-weighted-rate",
    steps=2000,
    settings={
        "beta1": 0.0,
        "alpha": 0.14589911958177665,
        "eps": 0.24058292175195745,
        "beta2": 8.795078387802135e-08,
    },
    knots=(
        0.0,
        1.0,
        19.276494301571056,
        21.276494301571056,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=9.131879026919835,
    L=1.0,
    G=1.0,
    D0=10.64461527465122,
    ratio=0.9416840949276928,
)
