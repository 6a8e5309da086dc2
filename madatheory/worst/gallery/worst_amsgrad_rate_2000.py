"""Worst instance found for T5A at T = 2000: left/right = 0.816223761, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1652 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_amsgrad_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-amsgrad-rate-2000",
    theorem="amsgrad-rate",
    steps=2000,
    settings={
        "beta1": 0.0,
        "alpha": 178.87417923759563,
        "eps": 1202473.0280578127,
        "beta2": 0.0026849988978988604,
    },
    knots=(
        0.0,
        1.0,
        2.294938649738956,
        4.294938649738956,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=6.144229363105984e-06,
    L=1.0,
    G=1.0,
    D0=2.2949386497200805,
    ratio=0.8162237611278363,
)
