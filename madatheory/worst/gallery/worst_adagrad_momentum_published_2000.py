"""Worst instance found for T3 at T = 2000: left/right = 0.119870885, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1423 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_adagrad_momentum_published_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-adagrad-momentum-published-2000",
    theorem="adagrad-momentum-published",
    steps=2000,
    settings={
        "alpha": 0.25083229744206326,
        "eps": 0.0023643939405070162,
        "beta1": 1.8273351720665687e-09,
    },
    knots=(
        0.0,
        1.0,
        90.72389313977486,
        92.72389313977486,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=68.79931839704196,
    L=1.0,
    G=1.0,
    D0=22.4245747427329,
    ratio=0.11987088536580372,
)
