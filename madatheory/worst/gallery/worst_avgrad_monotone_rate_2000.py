"""Worst instance found for T7 at T = 2000: left/right = 0.727056759, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 829 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_avgrad_monotone_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-avgrad-monotone-rate-2000",
    theorem="avgrad-monotone-rate",
    steps=2000,
    settings={
        "alpha": 146.36921984774082,
        "eps": 1090880.1902716008,
        "beta2": 0.9946679419037414,
        "beta1": 2.392539842910324e-06,
    },
    knots=(
        0.0,
        1.0,
        3.22310602055596,
        5.22310602055596,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=8.819149178890887e-05,
    L=1.0,
    G=1.0,
    D0=3.223106016667091,
    ratio=0.7270567594531632,
)
