"""S: symmetries of the open-loop map."""

from madatheory.identities.cases import Case, sequences
from madatheory.identities.compare import equal
from madatheory.identities.identity import identity
from madatheory.identities.runs import Runs


@identity("S1", "sign flip", needs=["deterministic"], cases=sequences)
def sign_flip(run: Runs, case: Case) -> None:
    """run(-x0, -g) = -run(x0, g), bit for bit.

    Every optimizer whose update is an odd function of (x, gradients): all common ones. Rounding to nearest is
    symmetric, so negation costs nothing.
    """
    equal(run(-case.x0, -case.g), -run(case.x0, case.g), "run(-x0, -g) against -run(x0, g)")
