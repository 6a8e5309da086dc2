"""Worst instance found for T5m at T = 2000: left/right = 0.615103382, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 831 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_avgrad_momentum_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-avgrad-momentum-rate-2000",
    theorem="avgrad-momentum-rate",
    steps=2000,
    settings={
        "alpha": 0.246445514003769,
        "eps": 4.401690384920642,
        "beta2": 0.9118580616090881,
        "beta1": 9.319479632452499e-10,
    },
    knots=(
        0.0,
        1.0,
        3.656352509449212,
        5.656352509449212,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=0.0009705461151076045,
    L=1.0000000000000004,
    G=1.0,
    D0=3.6563520384693313,
    ratio=0.6151033816595778,
)
