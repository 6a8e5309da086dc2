"""Worst instance found for T6 at T = 2000: left/right = 0.408116421, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1266 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_interpolation_rate_published_constants_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-interpolation-rate-published-constants-2000",
    theorem="interpolation-rate-published-constants",
    steps=2000,
    settings={
        "beta1": 0.0,
        "rho": 0.5,
        "alpha": 178.79033680317187,
        "eps": 1201346.5902406308,
        "beta2": 0.9999938351374275,
    },
    knots=(
        0.0,
        1.0,
        2.2949243507843295,
        4.2949243507843295,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=6.144228671654071e-06,
    L=1.0,
    G=1.0,
    D0=2.294924350765454,
    ratio=0.4081164210441874,
)
