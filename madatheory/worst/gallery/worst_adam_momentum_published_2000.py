"""Worst instance found for T4 at T = 2000: left/right = 0.244286254, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 402 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_adam_momentum_published_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-adam-momentum-published-2000",
    theorem="adam-momentum-published",
    steps=2000,
    settings={
        "alpha": 0.013763675287945093,
        "eps": 0.0006068728766355439,
        "beta2": 0.9927175617433445,
        "beta1": 3.605696752284615e-08,
    },
    knots=(
        0.0,
        1.0,
        29.570121610387897,
        31.570121610387897,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=2.3869472994426477,
    L=1.0,
    G=1.0,
    D0=27.68317431094525,
    ratio=0.24428625399730577,
)
