"""`madatheory worst`: the worst instance of a theorem that a search finds, certified and written as a file."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from madatheory.cli.console import OUT, Report, complain, interrupted, note, progress, warn
from madatheory.cli.options import JsonFile, Load, OnCluster, Seed, Set, workers
from madatheory.cli.registry import Registry, registry
from madatheory.defaults import SEED, WORST_SECONDS, WORST_STEPS
from madatheory.errors import LostWork, UserError
from madatheory.files import check_folder, check_output, write
from madatheory.hparams import in_words, parse_settings

if TYPE_CHECKING:
    from madatheory.cluster.connect import Cluster
    from madatheory.theory.theorem import Theorem
    from madatheory.worst.search import WorstFound

    Took = Callable[[Theorem, list[WorstFound], str], None]

SAME = 1e-9
"""Largest difference between a certified ratio and the engine's."""
_KEPT = "the worst found so far is certified and kept"


def worst(
    theorem: Annotated[
        str | None, typer.Argument(metavar="THEOREM", help="Name or label (T5); without: every theorem that can be.")
    ] = None,
    steps: Annotated[int, typer.Option(help="Number of steps T: up to 100 all functions, beyond a family.")] = (
        WORST_STEPS
    ),
    assignments: Set = None,
    free: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            help="Hyper-parameters that are searched, alpha,eps=0.1:1,..; none: those given alone. Without: alpha, "
            "eps, beta1, beta2 where the theorem leaves them open, and those given beside.",
        ),
    ] = None,
    noise: Annotated[str, typer.Option(help="none, additive, or state: a scale that depends on x.")] = "none",
    slope_at_most: Annotated[float, typer.Option(help="Largest |F'| as a share of G; the rest must be noise.")] = 1.0,
    seconds: Annotated[float, typer.Option(help="Time of all searches for one theorem.")] = WORST_SECONDS,
    candidates: Annotated[
        int | None,
        typer.Option(help="How many each search tries, instead of a time: every run finds the same."),
    ] = None,
    step_size: Annotated[
        str | None,
        typer.Option(
            metavar="METHOD",
            help="Instead: the longest step of a method, adam:form=practical, optax:adam; in float64, up to 10 steps, "
            "of any other, torch.optim:Adam, keras.optimizers:Adam, file.py:make.",
        ),
    ] = None,
    out: Annotated[
        str | None, typer.Option(metavar="FILE.py", help="Write the worst instance there; of every theorem: a folder.")
    ] = None,
    page: Annotated[
        str | None, typer.Option(metavar="FILE.md", help="Write the table between its lines <!-- worst: begin/end -->.")
    ] = None,
    load: Load = None,
    json_file: JsonFile = None,
    seed: Seed = SEED,
    cluster: OnCluster = None,
) -> None:
    """Search the worst instance of a theorem: left/right as large as can be, enclosed with certainty.

    Two answers side by side: at the theorem's hyper-parameters (or those of --set), and with some of them free. The
    function is sought in one dimension, in units L = G = 1. Nothing is printed that is not certified; a search proves
    no supremum. Ctrl-C keeps the best so far; with --cluster, where every search is a task, what searches that have
    ended found. Status 1 if left > right: then the theorem is refuted.

    \b
    madatheory worst T5c --steps 2000
    madatheory worst T5 --steps 4 --out worst_t5.py
    madatheory worst avgrad-rate --noise state --slope-at-most 0.5
    madatheory worst --load my_bound.py
    madatheory worst --out worst --cluster local:4
    madatheory worst --step-size adam:form=practical --steps 6
    madatheory worst --step-size torch.optim:Adam --set beta1=0.9 --set beta2=0.99
    """
    entries, settings = registry(load), parse_settings(assignments)
    for name, value in settings.items():
        if isinstance(value, tuple):
            low, high = min(value), max(value)
            raise UserError(
                f"--set {name} has {len(value)} values: give one, or search them: --free {name}={low:g}:{high:g}"
            )
    numbers = {name: float(value) for name, value in settings.items() if not isinstance(value, tuple)}
    json_path = None if json_file is None else check_output(json_file)
    if step_size is not None:
        if theorem is not None or out is not None or page is not None:
            raise UserError("--step-size is about a method: give no theorem, no --out and no --page beside it")
        if candidates is not None or cluster is not None:
            raise UserError("--step-size is one search by time: give no --candidates and no --cluster beside it")
        _longest(entries, step_size, steps, numbers, seconds, seed, json_path)
        return
    theorems = entries.choose("theorems", None if theorem is None else [theorem])
    several = len(theorems) > 1
    target = None if out is None else check_folder(out) if several and not out.endswith(".py") else check_output(out)
    if several and target is not None and target.suffix == ".py":
        raise UserError(
            f"--out {out}: {len(theorems)} theorems are meant; give a folder, or name one: "
            f"{', '.join(one.name for one in theorems)}"
        )

    # all that a signal must not wait for is imported before the search
    from madatheory.worst import page as pages
    from madatheory.worst import verdicts  # noqa: F401
    from madatheory.worst.search import check_candidates, check_request
    from madatheory.worst.unknowns import parse_free

    check_request(steps, noise, slope_at_most, seconds)
    page_text = None if page is None else pages.read(page)
    request = {"steps": steps, "noise": noise, "slope_at_most": slope_at_most, "seed": seed}
    if candidates is not None:
        request["candidates"] = check_candidates(candidates)
    plan = {"settings": numbers, "free": parse_free(free), "seconds": seconds, **request}
    came: dict[str, list[WorstFound]] = {}
    lost = ""

    def took(one: "Theorem", found: "list[WorstFound]", why: str) -> None:
        if why and not several:
            raise UserError(why)
        if why:
            note(f"left out: {why}")
        elif found:
            came[one.name] = found
            if target is not None:
                _write(found, target, several)

    stopped = False
    with workers(cluster) as executor, progress("worst") as report:
        if executor is None:
            for done, one in enumerate(theorems):
                _here(one, plan, lambda at, of, what, done=done: report(done + at / of, len(theorems), what), took)
                stopped = not all(answer.complete for answer in came.get(one.name, ()))
                if stopped:
                    break
        else:
            try:
                _on_workers(executor, theorems, plan, executor.shown(report), took)
            except LostWork as error:
                lost = str(error)
            except KeyboardInterrupt:
                stopped = True
    answers = [answer for one in theorems for answer in came.get(one.name, ())]
    if lost:
        complain(lost)
    if stopped and not answers:
        raise KeyboardInterrupt
    if lost and not answers:
        raise typer.Exit(2)
    if not answers:
        raise UserError("no theorem could be searched, for the reasons above")
    _print(answers, steps, noise)
    if target is not None:
        where = f"{target}/*.py" if several else f"{target}"
        OUT.print(Text(f"written to {where}; run it again: madatheory verify --load {where}"))
    if page is not None and page_text is not None:
        write(page, pages.filled(page_text, pages.table(answers)))
    if json_path is not None:
        found = [answer.as_json() for answer in answers]
        if candidates is not None:  # all else is the same in every run
            found = [{name: value for name, value in one.items() if name != "seconds"} for one in found]
        write(json_path, json.dumps({**request, "worst_found": found}, indent=1) + "\n")
    refuted = [answer for answer in answers if answer.ratio > 1]
    keep = "" if target is not None else "; --out FILE.py keeps it"
    for answer in refuted:
        complain(
            f"{answer.instance.theorem.name} is refuted: left > {answer.ratio:.6f} right on an instance of it, with "
            f"certainty{keep}"
        )
    if stopped:
        raise interrupted(_KEPT)
    raise typer.Exit(2 if lost else 1 if refuted else 0)


def _plans(theorem: "Theorem", plan: dict[str, Any]) -> list[dict[str, Any]]:
    """The arguments of its searches: at the given hyper-parameters, and with the free ones free where there are any."""
    from madatheory.worst.search import free_names

    request = {name: plan[name] for name in ("steps", "noise", "slope_at_most", "seconds")}
    names = free_names(theorem, plan["settings"], plan["free"], **request)
    parts = [(), names] if names else [()]
    return [{**plan, "free": chosen, "seconds": plan["seconds"] / len(parts)} for chosen in parts]


def _here(theorem: "Theorem", plan: dict[str, Any], report: Report, took: "Took") -> None:
    from madatheory.worst.search import worst_case

    found: list[WorstFound] = []
    try:
        plans = _plans(theorem, plan)
        for number, part in enumerate(plans):

            def tell(at: float, of: float, what: str, number: int = number) -> None:
                report(number * of + at, len(plans) * of, what)

            found.append(worst_case(theorem, progress=tell, **part))
            if not found[-1].complete:
                break
    except UserError as error:
        took(theorem, [], str(error))
    else:
        took(theorem, found, "")


def _on_workers(
    executor: "Cluster", theorems: "Sequence[Theorem]", plan: dict[str, Any], report: Report, took: "Took"
) -> None:
    from madatheory.worst.elsewhere import worst_cases

    planned: list[tuple[Theorem, list[dict[str, Any]]]] = []
    for number, one in enumerate(theorems):
        report(0, 1, f"planning {number + 1} of {len(theorems)}")
        try:
            planned.append((one, _plans(one, plan)))
        except UserError as error:
            took(one, [], str(error))
    if planned:
        worst_cases(executor, planned, took, report)


def _write(found: "Sequence[WorstFound]", target: Path, several: bool) -> None:
    from madatheory.worst.instance_file import name_of, written
    from madatheory.worst.verdicts import in_floats

    best = max(found, key=lambda answer: answer.ratio)
    file = target / f"{name_of(best).replace('-', '_')}.py" if several else target
    write(file, written(best, file.name))
    if best.complete and not abs(in_floats(best) - best.ratio) <= SAME:
        warn(
            f"{file}: verify, in float64, will give left/right = {in_floats(best):.6g} instead of the certified "
            f"{best.ratio:.6g}: this run loses its digits"
        )


def _print(answers: "Sequence[WorstFound]", steps: int, noise: str) -> None:
    title = f"worst found at T = {steps}" + ("" if noise == "none" else f", noise {noise}")
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("")
    table.add_column("theorem", overflow="fold")
    table.add_column("free")
    for name in ("left/right", "left", "right", "D0"):
        table.add_column(name, justify="right", no_wrap=True)
    for answer in answers:
        i, c = answer.instance, answer.certificate
        ratio = f"{c.lower:.6f}" if c.lower >= 1e-4 else f"{c.lower:.3g}"
        sides = (f"{value:.4g}" for value in (c.left, c.right, i.D0))
        table.add_row(i.theorem.label, i.theorem.name, ", ".join(answer.free) or "none", ratio, *sides)
    OUT.print(table)
    if len({answer.instance.theorem.name for answer in answers}) == 1:
        for answer in answers:
            i = answer.instance
            units = "" if max(abs(i.L - 1), abs(i.G - 1)) < 1e-6 else f", L = {i.L:.6g}, G = {i.G:.6g}"
            free = f"free {', '.join(answer.free)}" if answer.free else "given"
            OUT.print(Text(f"{free}: {in_words(i.hyper)}{units}; {answer.searched}"))
    OUT.print(Text("Certified in ball arithmetic, in units L = G = 1; nothing says that there is no worse.", "dim"))


def _longest(
    entries: Registry,
    method: str,
    steps: int,
    settings: dict[str, float],
    seconds: float,
    seed: int,
    json_path: Path | None,
) -> None:
    """The longest step of one method, beside the closed form where there is a theorem about it."""
    from madatheory.worst.longest_step import bound_on_step, longest_step

    with progress("worst") as report:
        report(0, seconds, f"longest step of {method}")
        found = longest_step(
            _method(entries, method, settings),
            steps=steps,
            settings=settings,
            seconds=seconds,
            seed=seed,
            progress=report,
        )
    if found.certified:
        unit, how = "alpha", "certified"
    else:
        unit = "lr" if "lr" in found.hyper else "(it has no step size to divide by)"
        how = "by its own run in float64 from x_0 = 0, which no ball encloses"
    OUT.print(Text(f"{method}: |x_T - x_(T-1)| = {found.lower:.12g} {unit} at T = {found.steps}, {how}; worst found"))
    bound = bound_on_step(found)
    if bound is not None:
        OUT.print(Text(f"  {bound[0]} bounds it by {bound[1]:.12g} alpha: {found.lower / bound[1]:.9f} of it"))
    OUT.print(Text(f"  {in_words(found.hyper)}" if found.hyper else "  hyper-parameters: those of the transformation"))
    OUT.print(Text("  g = [" + ", ".join(f"{g:.6g}" for g in found.gradients) + "]"))
    if json_path is not None:
        write(json_path, json.dumps(found.as_json(), indent=1) + "\n")
    if not found.complete:
        raise interrupted(_KEPT)


def _method(entries: Registry, spec: str, settings: dict[str, float]):
    """An optimizer by name, `optax:name` built with learning rate 1 and the settings, which are its own then, or a
    target of another framework."""
    from madatheory.entry import parse

    own = entries.all("optimizers")
    if ":" not in spec or spec.partition(":")[0] in own:
        return parse(spec, own, "optimizer")
    if not spec.startswith("optax:"):
        from madatheory.identities.targets.lookup import find

        return find(spec)
    import optax

    make = getattr(optax, spec.partition(":")[2], None)
    if not callable(make):
        raise UserError(f"--step-size {spec}: optax has no such optimizer; give optax:adam or a name of the package's")
    try:
        made = make(learning_rate=1.0, **settings)
    except TypeError as error:
        raise UserError(f"--step-size {spec}: {error}") from None
    settings.clear()
    return made
