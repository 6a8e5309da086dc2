"""Worst instance found for T5c at T = 2000: left/right = 0.997280008, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1551 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_avgrad_horizon_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-avgrad-horizon-rate-2000",
    theorem="avgrad-horizon-rate",
    steps=2000,
    settings={
        "beta1": 0.0,
        "alpha": 139.0762908623193,
        "eps": 1199209.3263681713,
        "beta2": 9.413817125825119e-08,
    },
    knots=(
        0.0,
        1.0,
        4.976209541564025,
        6.976209541564025,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=2.247190752586905,
    L=1.0,
    G=1.0,
    D0=3.2290187889771196,
    ratio=0.9972800076043004,
)
