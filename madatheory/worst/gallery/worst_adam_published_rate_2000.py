"""Worst instance found for T2 at T = 2000: left/right = 0.363944430, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1001 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_adam_published_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-adam-published-rate-2000",
    theorem="adam-published-rate",
    steps=2000,
    settings={
        "beta1": 0.0,
        "alpha": 0.011568038883963917,
        "eps": 0.00019489924902064732,
        "beta2": 0.991958492671211,
    },
    knots=(
        0.0,
        1.0,
        38.38727308343198,
        40.38727308343198,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=15.89902992381582,
    L=1.0,
    G=1.0,
    D0=22.988243159616157,
    ratio=0.36394442969697477,
)
