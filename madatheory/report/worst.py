"""The worst instance of a theorem: the gallery's, or what a short search finds for a user's theorem."""

import numpy as np

from madatheory.hparams import in_words
from madatheory.problems.problem import Problem
from madatheory.report.document import Absent, Block, Chart, DataTable, Fact, Folded, Listing, Prose, Series, numbers
from madatheory.report.parts import Made, Tell
from madatheory.report.request import TheoremRequest
from madatheory.worst.instance_file import WorstInstance, entry_of, written
from madatheory.worst.search import WorstFound, worst_case

STEPS, SECONDS = 20, 12.0
"""Of the search for a user's theorem."""


def worst(request: TheoremRequest, own: bool, tell: Tell) -> Made:
    """The instance, its ratio with the certificate, its function, and how to run it again."""
    theorem = request.theorem
    if theorem.kind != "expectation":
        return Made((Absent("A certificate is about expectations; this statement is about paths or a probability."),))
    if own:
        return _searched(request, tell)
    mine = [one for one in request.instances if one.theorem == theorem.name]
    if not mine:
        return Made((Absent("The gallery has no instance of this theorem; madatheory worst may find one."),))
    best = max(mine, key=lambda one: one.ratio)
    rows = tuple((one.name, one.theorem, one.steps, one.ratio) for one in request.instances)
    words = (
        f"left/right = {best.ratio:.6f} at T = {best.steps}, certified in ball arithmetic when it was found; its row "
        "among the verdicts is the engine's run of it in float64. A search proves no supremum: nothing says that "
        "there is no worse."
    )
    blocks = (
        Prose(words),
        Prose(f"Hyper-parameters: {in_words(best.settings)}."),
        _function(best.make(), best.name),
        DataTable(
            ("instance", "found for", "T", "left/right of that theorem"),
            rows,
            "All instances of the gallery that this theorem is about.",
        ),
    )
    return Made(
        blocks, (Fact("worst instance found", f"left/right = {best.ratio:.4f} at T = {best.steps}, certified"),)
    )


def _searched(request: TheoremRequest, tell: Tell) -> Made:
    found = worst_case(
        request.theorem,
        steps=STEPS,
        free=(),
        seconds=SECONDS,
        seed=request.seed,
        progress=lambda at, of, what: tell(at, of, what),
    )
    if not found.complete:
        raise KeyboardInterrupt
    return Made(_blocks(found), (_fact(found),))


def _fact(found: WorstFound) -> Fact:
    text = f"left/right >= {found.ratio:.4g} at T = {found.instance.steps}, certified"
    return Fact(
        "worst instance found", f"{text}: refuted" if found.ratio > 1 else text, "bad" if found.ratio > 1 else "none"
    )


def _blocks(found: WorstFound) -> tuple[Block, ...]:
    i, c = found.instance, found.certificate
    entry: WorstInstance = entry_of(found)
    said = (
        f"The statement is refuted with certainty: left > {found.ratio:.6g} right on this instance."
        if found.ratio > 1
        else "A search proves no supremum: nothing says that there is no worse."
    )
    table = DataTable(
        ("T", "left/right at least", "at most", "left", "right", "D0", "precision in bits"),
        ((i.steps, c.lower, c.upper, c.left, c.right, i.D0, c.bits),),
        f"Enclosed in ball arithmetic, in units L = G = 1; {found.searched}.",
        mathematics=("D0",),
    )
    return (
        Prose(said, "warning" if found.ratio > 1 else "plain"),
        table,
        Prose(f"Hyper-parameters: {in_words(i.hyper)}. With others left free, madatheory worst may find worse."),
        _function(entry.make(), entry.name),
        Folded("The instance as a file", (Listing(written(found, "worst.py"), "madatheory verify --load worst.py"),)),
    )


def _function(problem: Problem, name: str) -> Chart:
    """F' around start and zeros: where the run goes."""
    import jax
    import jax.numpy as jnp

    start = float(problem.start[0])
    with jax.enable_x64(True):
        wide = np.linspace(start - 2, start + 12, 2801)
        slope = np.asarray(problem.full_gradient(jnp.asarray(wide)[None, :]))[0]
    moving = np.flatnonzero(np.abs(np.diff(slope)) > 0)
    first, last = (moving[0], moving[-1]) if len(moving) else (0, len(wide) - 1)
    low, high = min(wide[first], start) - 0.5, max(wide[min(last + 1, len(wide) - 1)], start) + 0.5
    chosen = np.flatnonzero((wide >= low) & (wide <= high))[:: max(1, len(wide) // 400)]
    at = int(np.argmin(np.abs(wide - start)))
    series = (
        Series("F'", numbers(wide[chosen]), numbers(slope[chosen])),
        Series("start", (start,), (float(slope[at]),), role="limit"),
    )
    return Chart(f"Derivative of {name}", "x", "F'(x)", series, log_x=False, log_y=False, height=240)
