"""Worst instance found for T2' at T = 2000: left/right = 0.930483603, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 116 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_adam_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-adam-rate-2000",
    theorem="adam-rate",
    steps=2000,
    settings={
        "beta1": 0.0,
        "alpha": 0.008653109563856572,
        "eps": 0.005315530061927575,
        "beta2": 0.9928879915708473,
    },
    knots=(
        0.0,
        1.0,
        31.905033284323455,
        33.90503328432345,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=15.802088386414232,
    L=1.000000000000002,
    G=1.0,
    D0=16.602944897909225,
    ratio=0.9304836033042078,
)
