"""Worst instance found for T4' at T = 2000: left/right = 0.930482322, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 113 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_adam_momentum_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-adam-momentum-rate-2000",
    theorem="adam-momentum-rate",
    steps=2000,
    settings={
        "alpha": 0.008704470953656925,
        "eps": 0.005355729129905304,
        "beta2": 0.9928613320900117,
        "beta1": 1.9310312312503797e-06,
    },
    knots=(
        0.0,
        1.0,
        47.01471472244599,
        49.01471472244599,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=30.800035753101,
    L=1.0,
    G=1.0,
    D0=16.714678969344988,
    ratio=0.9304823219296003,
)
