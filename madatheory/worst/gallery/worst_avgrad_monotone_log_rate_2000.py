"""Worst instance found for T7log at T = 2000: left/right = 0.566063976, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1037 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_avgrad_monotone_log_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-avgrad-monotone-log-rate-2000",
    theorem="avgrad-monotone-log-rate",
    steps=2000,
    settings={
        "alpha": 0.3089650602885063,
        "eps": 2.2199027568508227,
        "beta2": 1.4773414196422863e-06,
        "beta1": 3.2665604765558243e-07,
    },
    knots=(
        0.0,
        1.0,
        7.18864938158675,
        9.18864938158675,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=2.0343906830286835e-05,
    L=1.0,
    G=1.0,
    D0=7.188649381379813,
    ratio=0.5660639761662716,
)
