"""Worst instance found for TP at T = 2000: left/right = 0.997308683, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 866 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_adopt_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-adopt-rate-2000",
    theorem="adopt-rate",
    steps=2000,
    settings={
        "alpha": 2.8165069972494536,
        "eps": 997104.651943194,
        "beta2": 0.11540679097606943,
    },
    knots=(
        0.0,
        1.0,
        4.654892978116822,
        6.654892978116822,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=1.9696921011403017,
    L=1.0,
    G=1.0,
    D0=3.18520087697652,
    ratio=0.9973086834093157,
)
