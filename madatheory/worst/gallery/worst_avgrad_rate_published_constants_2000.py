"""Worst instance found for T5 at T = 2000: left/right = 0.258242841, certified.

F' goes through (knots, slopes), linear between and constant outside. The floats are taken exactly; L, G and D0 are
at least the constants of this function. Found by 1693 generations of flat maximum, slope, landing.
That there is no worse, nobody says.

madatheory verify --load worst_avgrad_rate_published_constants_2000.py
"""

from madatheory.worst.instance_file import worst_instance

found = worst_instance(
    "worst-avgrad-rate-published-constants-2000",
    theorem="avgrad-rate-published-constants",
    steps=2000,
    settings={
        "beta1": 0.0,
        "alpha": 0.2100994361770846,
        "eps": 4.507904064444146,
        "beta2": 0.9857531486424596,
    },
    knots=(
        0.0,
        1.0,
        4.127626907191814,
        6.127626907191814,
    ),
    slopes=(
        0.0,
        -1.0,
        -1.0,
        1.0,
    ),
    start=0.00696706259947592,
    L=1.0,
    G=1.0,
    D0=4.127602637211182,
    ratio=0.25824284079631954,
)
