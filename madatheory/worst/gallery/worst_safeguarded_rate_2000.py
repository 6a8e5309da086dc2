"""Worst instance found for T8 at T = 2000: left/right = 0.727056722, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 599 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_safeguarded_rate_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-safeguarded-rate-2000",
    theorem="safeguarded-rate",
    steps=2000,
    settings={
        "beta3": 0.1,
        "rho": 0.5,
        "c": 0.5,
        "alpha": 147.98862899203178,
        "eps": 1114275.0968945455,
        "beta2": 0.9556219244649229,
        "beta1": 5.327366066065764e-07,
    },
    knots=(
        0.0,
        1.0,
        3.2236773006814725,
        5.223677300681473,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=8.784368672410196e-05,
    L=1.0,
    G=1.0,
    D0=3.223677296823216,
    ratio=0.7270567219351179,
)
