"""Worst instance found for T7 at T = 2000: left/right = 0.727056297, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 141 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_interpolation_monotone_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-interpolation-monotone-rate-2000",
    theorem="interpolation-monotone-rate",
    steps=2000,
    settings={
        "rho": 0.1,
        "alpha": 133.93625415475083,
        "eps": 913345.9389432021,
        "beta2": 0.9148529371866126,
        "beta1": 4.3485214578087295e-06,
    },
    knots=(
        0.0,
        1.0,
        3.2277441736014207,
        5.227744173601421,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=8.850183002065446e-05,
    L=1.0,
    G=1.0,
    D0=3.227744169685134,
    ratio=0.7270562970480844,
)
