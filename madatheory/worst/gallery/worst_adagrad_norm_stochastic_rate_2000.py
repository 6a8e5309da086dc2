"""Worst instance found for TNs at T = 2000: left/right = 0.464469101, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by the search for T1', whose
method is the same in one dimension.
That there is no worse, nobody says.

madatheory verify --load worst_adagrad_norm_stochastic_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-adagrad-norm-stochastic-rate-2000",
    theorem="adagrad-norm-stochastic-rate",
    steps=2000,
    settings={
        "alpha": 0.2436664583516048,
        "eps": 0.011417453697215734,
    },
    knots=(
        0.0,
        1.0,
        37.137494175857675,
        39.137494175857675,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=16.018274012593942,
    L=1.0,
    G=1.0,
    D0=21.619220163263734,
    ratio=0.46446910122692087,
)
