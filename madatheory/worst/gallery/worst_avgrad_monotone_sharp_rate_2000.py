"""Worst instance found for T7' at T = 2000: left/right = 0.772965225, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 145 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_avgrad_monotone_sharp_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-avgrad-monotone-sharp-rate-2000",
    theorem="avgrad-monotone-sharp-rate",
    steps=2000,
    settings={
        "alpha": 152.38195922883278,
        "eps": 773724.7273962388,
        "beta2": 0.9117787527338069,
        "beta1": 1.0162327094387358e-05,
    },
    knots=(
        0.0,
        1.0,
        3.3276544786214193,
        5.327654478621419,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=6.148415446161932e-06,
    L=1.0000000000000004,
    G=1.0,
    D0=3.327654478602518,
    ratio=0.7729652253734978,
)
