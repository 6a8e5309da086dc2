"""Worst instance found for T5 at T = 2000: left/right = 0.615103408, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1669 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_avgrad_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-avgrad-rate-2000",
    theorem="avgrad-rate",
    steps=2000,
    settings={
        "beta1": 0.0,
        "alpha": 0.2463689921162046,
        "eps": 4.401484887435548,
        "beta2": 0.9117533880438301,
    },
    knots=(
        0.0,
        1.0,
        3.655511398389073,
        5.6555113983890735,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=0.0009723889832393936,
    L=1.0,
    G=1.0,
    D0=3.655510925618906,
    ratio=0.6151034082174304,
)
