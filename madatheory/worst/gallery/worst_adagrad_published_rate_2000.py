"""Worst instance found for T1 at T = 2000: left/right = 0.178525464, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1547 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_adagrad_published_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-adagrad-published-rate-2000",
    theorem="adagrad-published-rate",
    steps=2000,
    settings={
        "beta1": 0.0,
        "alpha": 0.23065908756391068,
        "eps": 0.0008225499645390066,
    },
    knots=(
        0.0,
        1.0,
        29.839721804869352,
        31.839721804869352,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=9.776841770100834,
    L=1.0,
    G=1.0,
    D0=20.56288003476852,
    ratio=0.17852546396221927,
)
