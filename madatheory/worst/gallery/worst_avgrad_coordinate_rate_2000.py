"""Worst instance found for T5x at T = 2000: left/right = 0.615103407, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 203 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_avgrad_coordinate_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-avgrad-coordinate-rate-2000",
    theorem="avgrad-coordinate-rate",
    steps=2000,
    settings={
        "beta1": 0.0,
        "alpha": 0.24634463549045313,
        "eps": 4.403353348150465,
        "beta2": 0.911822590223141,
    },
    knots=(
        0.0,
        1.0,
        3.6547088671514323,
        5.654708867151433,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=0.0009744878088533353,
    L=1.0,
    G=1.0,
    D0=3.654708392338188,
    ratio=0.6151034068184695,
)
