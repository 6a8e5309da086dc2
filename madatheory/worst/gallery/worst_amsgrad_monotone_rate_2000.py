"""Worst instance found for T7 at T = 2000: left/right = 0.727057036, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 725 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_amsgrad_monotone_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-amsgrad-monotone-rate-2000",
    theorem="amsgrad-monotone-rate",
    steps=2000,
    settings={
        "alpha": 133.1832616004393,
        "eps": 901833.2703163135,
        "beta2": 0.9726780731855792,
        "beta1": 5.789612533835253e-08,
    },
    knots=(
        0.0,
        1.0,
        3.2247326234215787,
        5.224732623421579,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=8.757816860002583e-05,
    L=1.0,
    G=1.0,
    D0=3.2247326195866113,
    ratio=0.7270570359244879,
)
