"""Worst instance found for T7' at T = 2000: left/right = 0.771502722, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 68 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_amsgrad_monotone_sharp_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-amsgrad-monotone-sharp-rate-2000",
    theorem="amsgrad-monotone-sharp-rate",
    steps=2000,
    settings={
        "alpha": 13.26265476830756,
        "eps": 6419.509794325758,
        "beta2": 0.9980687660277145,
        "beta1": 0.002246844950326232,
    },
    knots=(
        0.0,
        1.0,
        3.170896488345073,
        5.170896488345074,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=1.0739770575257521e-05,
    L=1.0,
    G=1.0,
    D0=3.170896488287402,
    ratio=0.7715027216613073,
)
