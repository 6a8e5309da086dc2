"""Worst instance found for T8 at T = 2000: left/right = 0.727056912, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 572 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_safeguarded_hindsight_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-safeguarded-hindsight-rate-2000",
    theorem="safeguarded-hindsight-rate",
    steps=2000,
    settings={
        "beta3": 0.0,
        "c": 1.0,
        "alpha": 152.57697833426263,
        "eps": 1184708.395487507,
        "beta2": 0.9184103289994804,
        "beta1": 1.344919771106845e-07,
    },
    knots=(
        0.0,
        1.0,
        3.2236116486676156,
        5.223611648667616,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=8.795339817803737e-05,
    L=1.0,
    G=1.0,
    D0=3.223611644799716,
    ratio=0.7270569124182477,
)
