"""Worst instance found for T7log at T = 2000: left/right = 0.637748531, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1036 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_amsgrad_monotone_log_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-amsgrad-monotone-log-rate-2000",
    theorem="amsgrad-monotone-log-rate",
    steps=2000,
    settings={
        "alpha": 0.16632528555170498,
        "eps": 0.5591116838144217,
        "beta2": 7.002254108767758e-07,
        "beta1": 2.105250758166477e-07,
    },
    knots=(
        0.0,
        1.0,
        4.6729980283580534,
        6.6729980283580534,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=6.144238569400535e-06,
    L=1.0,
    G=1.0,
    D0=4.672998028339178,
    ratio=0.6377485312919519,
)
