"""Worst instance found for TA at T = 2000: left/right = 0.919196011, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1419 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_adam_constant_step_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-adam-constant-step-rate-2000",
    theorem="adam-constant-step-rate",
    steps=2000,
    settings={
        "beta1": 0.0,
        "alpha": 0.010879181918071683,
        "eps": 1.1132680575683942,
        "beta2": 0.993474123866941,
    },
    knots=(
        0.0,
        1.0,
        20.28194364509627,
        22.28194364509627,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=6.176174476910805,
    L=1.0,
    G=1.0,
    D0=14.605769168185466,
    ratio=0.9191960105091638,
)
