"""Worst instance found for T7' at T = 2000: left/right = 0.772965818, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 116 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_interpolation_monotone_sharp_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-interpolation-monotone-sharp-rate-2000",
    theorem="interpolation-monotone-sharp-rate",
    steps=2000,
    settings={
        "rho": 0.1,
        "alpha": 176.43176967444109,
        "eps": 1037502.6250611233,
        "beta2": 0.9867463364790268,
        "beta1": 1.2241553975389508e-05,
    },
    knots=(
        0.0,
        1.0,
        3.3267398739315515,
        5.326739873931551,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=6.1477576690375595e-06,
    L=1.0000000000000004,
    G=1.0,
    D0=3.326739873912654,
    ratio=0.7729658175827937,
)
