"""Worst instance found for T6t at T = 2000: left/right = 0.816244228, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1283 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_interpolation_moving_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-interpolation-moving-rate-2000",
    theorem="interpolation-moving-rate",
    steps=2000,
    settings={
        "beta1": 0.0,
        "switch": 0.9,
        "alpha": 178.44439663914207,
        "eps": 1196708.2956563607,
        "beta2": 0.9999938481503516,
    },
    knots=(
        0.0,
        1.0,
        2.294885676058928,
        4.294885676058928,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=6.144255235542607e-06,
    L=1.0,
    G=1.0,
    D0=2.2948856760400522,
    ratio=0.8162442282811693,
)
