"""Worst instance found for TX at T = 2000: left/right = 0.919196002, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 476 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_adam_coordinate_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-adam-coordinate-rate-2000",
    theorem="adam-coordinate-rate",
    steps=2000,
    settings={
        "beta1": 0.0,
        "alpha": 0.010901359228249472,
        "eps": 1.1109176569891508,
        "beta2": 0.9934665264429006,
    },
    knots=(
        0.0,
        1.0,
        67.3371845505209,
        69.3371845505209,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=53.18726520436201,
    L=1.0,
    G=1.0,
    D0=14.649919346158889,
    ratio=0.9191960018803919,
)
