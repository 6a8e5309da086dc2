"""S: symmetries of the open-loop map."""

import numpy as np

from madatheory.identities import (
    OPERATIONS,
    ByConvention,
    GradientSequence,
    Misbehaved,
    NotApplicable,
    Runs,
    Several,
    Unusable,
    Violation,
    alike,
    close,
    complex_sequences,
    equal,
    identity,
    near,
    path_tolerance,
    plain,
    sequences,
    st,
    tensors,
    unit,
    without_eps,
)

HALF_THE_DIGITS = 2.0**-26


def _six() -> "st.SearchStrategy[GradientSequence]":
    return sequences(10, 6)


def _column(path: list[list[np.ndarray]], i: int) -> np.ndarray:
    return np.stack([step[i] for step in path])


def _scaled() -> "st.SearchStrategy[tuple[GradientSequence, int]]":
    return st.tuples(sequences(), st.sampled_from([-20, -3, 1, 5, 20]))


@identity("S1", "sign flip", needs=["deterministic"], cases=sequences)
def sign_flip(run: Runs, case: GradientSequence) -> None:
    """run(-x0, -g) = -run(x0, g), bit for bit.

    Every optimizer whose update is an odd function of (x, gradients): all common ones. Rounding to nearest is
    symmetric, so negation costs nothing.
    """
    equal(run(-case.x0, -case.g), -run(case.x0, case.g), "run(-x0, -g) against -run(x0, g)")


@identity("S2", "order of coordinates", needs=["elementwise"], cases=sequences)
def order_of_coordinates(run: Runs, case: GradientSequence) -> None:
    """run(P x0, P g) = P run(x0, g) for every permutation P of the coordinates, bit for bit (under a compiler: to
    rounding).

    Elementwise optimizers: a coordinate cannot know its place.
    """
    path = run(case.x0, case.g)
    for order in ([2, 1, 0], [1, 2, 0]):
        back = np.argsort(order)
        other = run(case.x0[order], case.g[:, order])[:, back]
        alike(run, other, path, f"coordinates in the order {order}", case.x0, case.g)


@identity("S2b", "order of coordinates of a whole tensor", needs=["deterministic", "not elementwise"])
def order_in_a_tensor(run: Runs, case: None) -> None:
    """run(P x0, P g) = P run(x0, g) for a permutation P of a vector, to half of float64's digits.

    Optimizers that use norms or means of a vector: those do not depend on the order. Only half of the digits, because
    how well conditioned the shared quantity is (a norm, an eigenvector) is not known.
    """
    given = plain(6)
    path = run(given.x0, given.g)
    close(run(given.x0[::-1], given.g[:, ::-1]), path[:, ::-1], HALF_THE_DIGITS * np.abs(path).max(), "reversed order")


@identity("S3", "separability", needs=["elementwise", "tensorwise", "can several tensors"], cases=tensors, examples=0.7)
def separability(run: Runs, case: Several) -> None:
    """One tensor of three coordinates moves like two tensors of one and two, bit for bit (under a compiler: to
    rounding).

    Elementwise optimizers: where a tensor ends is a matter of bookkeeping.
    """
    x0, g = np.concatenate(case.x0), np.concatenate(case.g, axis=1)
    whole = run(x0, g)
    path = run.many(case.x0, case.rows())
    split = np.concatenate([_column(path, 0), _column(path, 1)], axis=1)
    alike(run, split, whole, "two tensors against one", x0, g)


@identity("S4", "reshape", needs=["elementwise", "shapeless"], cases=_six, examples=0.7)
def reshape(run: Runs, case: GradientSequence) -> None:
    """A 2 x 3 matrix moves like its six entries in a row, bit for bit (under a compiler: to rounding).

    Elementwise optimizers that do not treat matrices in their own way.
    """
    matrix = run(case.x0.reshape(2, 3), case.g.reshape(-1, 2, 3))
    alike(run, matrix.reshape(-1, 6), run(case.x0, case.g), "2 x 3 against 6", case.x0, case.g)


@identity("S5", "order of tensors", needs=["deterministic", "can several tensors"], cases=tensors, examples=0.7)
def order_of_tensors(run: Runs, case: Several) -> None:
    """The order in which tensors are given makes no difference: bit for bit where tensors do not see one another and no
    compiler arranges them, else to half of the digits.

    Every deterministic optimizer; a global norm is summed in another order.
    """
    path = run.many(case.x0, case.rows())
    swapped = run.many(case.x0[::-1], [row[::-1] for row in case.rows()])
    for i in (0, 1):
        got, expected = _column(swapped, 1 - i), _column(path, i)
        if run.traits["tensorwise"] and "compiled" not in run.target.abilities:
            equal(got, expected, f"tensor {i} when given in the other place")
        else:
            close(got, expected, HALF_THE_DIGITS * np.abs(expected).max(), f"tensor {i} when given in the other place")


@identity("S6", "translation", needs=["deterministic", "not decay", "not reads x"], cases=sequences)
def translation(run: Runs, case: GradientSequence) -> None:
    """run(x0 + c, g) = run(x0, g) + c for c = 16, up to the rounding of the iterates.

    Optimizers that see x only through gradients: no decay, no trust ratio. The updates are equal bit for bit, so only
    the subtractions round.
    """
    shift = 16.0
    path, shifted = run(case.x0, case.g), run(case.x0 + shift, case.g)
    # only the subtractions round, in either run; the comparison rounds once more
    slack = path_tolerance(path, case.x0, np.float64, 0) + path_tolerance(shifted, case.x0 + shift, np.float64, 1)
    close(shifted - shift, path, slack, "run(x0 + 16, g) - 16 against run(x0, g)")


@identity("S7", "scale invariance", needs=["deterministic", "scale free"], cases=_scaled)
def scale_invariance(run: Runs, case: tuple[GradientSequence, int]) -> None:
    """run(x0, 2^k g) = run(x0, g) at eps = 0, bit for bit; on gradients of size 2^80 where eps cannot be set.

    Optimizers that divide by a root of second moments, or take signs: powers of two pass through squares, means,
    maxima and roots without rounding.
    """
    given, k = case
    eps, g = without_eps(run, given.g)
    equal(run(given.x0, 2.0**k * g, **eps), run(given.x0, g, **eps), f"2^{k} g against g")


@identity("S8", "scale covariance", needs=["deterministic", "scale linear"], cases=_scaled)
def scale_covariance(run: Runs, case: tuple[GradientSequence, int]) -> None:
    """run(2^k x0, 2^k g) = 2^k run(x0, g), bit for bit.

    Gradient descent and momentum, decay included: linear maps; powers of two do not round.
    """
    given, k = case
    factor = 2.0**k
    equal(run(factor * given.x0, factor * given.g), factor * run(given.x0, given.g), f"2^{k} (x0, g) against (x0, g)")


@identity("S9", "linear in the step size", needs=["linear in lr", "not decay", "not reads x"], cases=sequences)
def linear_in_the_step_size(run: Runs, case: GradientSequence) -> None:
    """From x0 = 0, run(0, g; 2 lr) = 2 run(0, g; lr), bit for bit.

    Optimizers whose step is lr times something that does not know lr.
    """
    start, lr = 0 * case.x0, run.value("lr")
    equal(run(start, case.g, lr=2 * lr), 2 * run(start, case.g), "twice the step size")


@identity(
    "S9b",
    "the current step size",
    needs=["linear in lr", "not decay", "not reads x", "elementwise", "can scheduled"],
    cases=lambda: sequences(8),
)
def current_step_size(run: Runs, case: GradientSequence) -> None:
    """When the step size changes, step t is lr_t/lr times what it is at the constant lr.

    Optimizers that keep gradients, not updates, in their state. By convention not: momentum that accumulates lr g
    (Sutskever's form), methods that use lr only to start from (Rprop). A schedule that is one step late fails.
    """
    start, lr = 0 * case.x0, run.value("lr")
    rates = [lr * factor for factor in (1.0, 2.0, 0.5, 0.5, 4.0, 1.0, 0.25, 1.0)]
    path = run(start, case.g)
    try:
        scheduled = run(start, case.g, mode="scheduled", lr=tuple(rates))
    except (Unusable, Misbehaved) as error:
        if isinstance(error, Misbehaved) and not isinstance(error.__cause__, TypeError):
            raise
        raise NotApplicable(f"takes a number, no schedule: {error}") from error
    expected = np.cumsum(np.array(rates)[:, None] / lr * np.diff(path, axis=0, prepend=start[None]), axis=0)
    # differences and sums of T iterates, each rounded once; where a schedule is an array, lr is a product more
    size = np.maximum(np.abs(path), np.abs(expected)).max()
    slack = unit(np.float64) * (8 * len(path) + OPERATIONS) * size
    close(scheduled, expected, slack, "a changing step size")


@identity(
    "S10", "complex numbers as pairs", needs=["complex as pairs", "elementwise"], cases=complex_sequences, examples=0.4
)
def complex_as_pairs(run: Runs, case: GradientSequence) -> None:
    """Re run(x0, g) = run(Re x0, Re g) and the same for Im, to rounding.

    Optimizers that treat a complex number as two real ones, as torch does. The other convention is S11. To rounding,
    because complex loops do not fuse products and sums where real ones do.
    """
    path = run(case.x0, case.g)
    for name, part in (("real", np.real), ("imaginary", np.imag)):
        x0, g = part(case.x0), part(case.g)
        alone = run(x0, g)
        near(run, part(path), alone, f"{name} part", x0, g)


@identity("S11", "phase", needs=["deterministic", "takes complex", "not complex as pairs"], cases=complex_sequences)
def phase(run: Runs, case: GradientSequence) -> None:
    """run(i x0, i g) = i run(x0, g), to rounding: turning all gradients turns all updates.

    Optimizers that use the modulus |g|^2 in second moments. A complex optimizer satisfies this or treats numbers as
    pairs (S10). Multiplying by i is exact; only |g|^2 may round. A convention where nobody declares complex numbers to
    be supported: then they are taken by chance.
    """
    try:
        _turned(run, case)
    except Violation as error:
        if "takes complex" in run.declared:
            raise
        raise ByConvention(f"complex numbers are taken, but not as such: {error}", error.got, error.expected) from error


def _turned(run: Runs, case: GradientSequence) -> None:
    path = run(case.x0, case.g)
    # |g|^2 = a^2 + b^2 rounds twice a step in the recurrence of a moment; no cancellation: all terms are positive
    operations = 2 * len(case.g) + OPERATIONS
    close(run(1j * case.x0, 1j * case.g), 1j * path, path_tolerance(path, case.x0, np.complex128, operations), "i g")
