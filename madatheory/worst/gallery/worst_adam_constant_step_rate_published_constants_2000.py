"""Worst instance found for TA at T = 2000: left/right = 0.421045698, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1519 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_adam_constant_step_rate_published_constants_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-adam-constant-step-rate-published-constants-2000",
    theorem="adam-constant-step-rate-published-constants",
    steps=2000,
    settings={
        "beta1": 0.0,
        "alpha": 0.00987416255029215,
        "eps": 14.12465194830495,
        "beta2": 0.9999407975650294,
    },
    knots=(
        0.0,
        1.0,
        10.520876904470121,
        12.520876904470121,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=6.2899461667549605,
    L=1.0,
    G=1.0,
    D0=4.730930737715161,
    ratio=0.42104569773936357,
)
