"""Worst instance found for T8log at T = 2000: left/right = 0.566048913, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 503 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_safeguarded_sum_hindsight_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-safeguarded-sum-hindsight-rate-2000",
    theorem="safeguarded-sum-hindsight-rate",
    steps=2000,
    settings={
        "beta3": 0.0,
        "c": 1.0,
        "W": 1.0,
        "alpha": 0.30831407111480047,
        "eps": 2.2196786501493704,
        "beta2": 1.1951452862590806e-05,
        "beta1": 4.829776523163076e-08,
    },
    knots=(
        0.0,
        1.0,
        7.175773008648736,
        9.175773008648736,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=2.0795872171736288e-05,
    L=1.0,
    G=1.0,
    D0=7.175773008432502,
    ratio=0.5660489130273139,
)
