"""Prints what learning coefficients costs: python benchmarks/training_cost.py [NAMES] [--size N] [--rounds N]."""

import argparse

from madatheory.training.cost import measure, table

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="transformations to measure beside optax.adam (all)")
    parser.add_argument("--size", type=int, default=10_000_000, help="number of parameters")
    parser.add_argument("--leaves", type=int, default=8, help="number of equal leaves")
    parser.add_argument("--rounds", type=int, default=7, help="timed rounds")
    given = parser.parse_args()
    print(table(measure(given.names or None, size=given.size, leaves=given.leaves, rounds=given.rounds)))
