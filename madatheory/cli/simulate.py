"""`madatheory simulate`: one problem, one optimizer, a grid of hyper-parameters, many trajectories."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from madatheory.cli.console import OUT, progress, symbol
from madatheory.cli.options import Load, Seed, Set, StoreFolder, open_store
from madatheory.cli.registry import registry
from madatheory.defaults import SEED, SIMULATED
from madatheory.files import check_output
from madatheory.hparams import parse_settings

if TYPE_CHECKING:
    from xarray import Dataset


def simulate(
    problem: Annotated[str, typer.Argument(metavar="PROBLEM", help="Problem, e.g. ratio:d=3,noise=rademacher.")],
    optimizer: Annotated[str, typer.Argument(metavar="OPTIMIZER", help="Optimizer, e.g. avgrad:form=practical.")],
    assignments: Set = None,
    steps: Annotated[int, typer.Option(help="Number of steps T.")] = 1000,
    num_trajectories: Annotated[
        int, typer.Option("--trajectories", help="How many, independent; the same noise for every grid point.")
    ] = SIMULATED,
    save_at: Annotated[int, typer.Option(help="At how many times, geometrically spaced up to T.")] = 1,
    out: Annotated[str | None, typer.Option(metavar="FILE.nc", help="Write the whole result as NetCDF.")] = None,
    load: Load = None,
    seed: Seed = SEED,
    store: StoreFolder = ".madatheory",
) -> None:
    """Run an optimizer on a problem, every trajectory at every grid point, and print a summary.

    \b
    madatheory simulate ratio avgrad
    madatheory simulate ratio:d=3 adam-avgrad --set rho=0,0.5,1
    madatheory simulate log adam --steps 5000 --save-at 20 --out run.nc
    """
    entries, settings = registry(load), parse_settings(assignments)

    from madatheory.entry import parse

    built = parse(problem, entries.all("problems"), "problem")
    method = parse(optimizer, entries.all("optimizers"), "optimizer")

    from madatheory.engine.statistic import final_value, largest_gradient, mean_squared_gradient, min_squared_gradient
    from madatheory.store import save_run

    file = None if out is None else check_output(out)
    statistics = (mean_squared_gradient, min_squared_gradient, final_value, largest_gradient)
    kept = open_store(store)
    with progress("simulate") as report:
        data = kept.simulate(
            built,
            method,
            steps,
            num_trajectories=num_trajectories,
            seed=seed,
            settings=settings,
            statistics=statistics,
            save_at=save_at,
            progress=lambda done, total: report(done, total, ""),
        )
    if file is not None:
        save_run(data, file)
    _print(data, f"{optimizer} on {problem}, T = {steps}, {num_trajectories} trajectories")
    if file is not None:
        OUT.print(Text(f"written to {file}"))


def _print(data: "Dataset", title: str) -> None:
    """Mean over trajectories and its standard error at the last step, one row per grid point."""
    import numpy as np

    last = data.isel(t=-1)
    axes = [str(name) for name in data.dims if name not in ("seed", "t")]
    n, around = data.sizes["seed"], symbol("±", "+-")
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in (*axes, *(str(v) for v in data.data_vars)):
        table.add_column(name.replace("_", " "), justify="right")
    for point in np.ndindex(*(data.sizes[axis] for axis in axes)):
        where = dict(zip(axes, point, strict=True))
        row = [f"{float(data[axis][index]):g}" for axis, index in where.items()]
        for name in data.data_vars:
            values = last[name].isel(where).values
            mean = f"{values.mean():.4g}"
            row.append(f"{mean} {around} {values.std(ddof=1) / np.sqrt(n):.1g}" if n > 1 else mean)
        table.add_row(*row)
    OUT.print(table)
    formulas = "; ".join(
        f"{str(name).replace('_', ' ')}: {v.attrs.get('formula', '')}" for name, v in data.data_vars.items()
    )
    OUT.print(
        Text(f"mean {around} standard error over trajectories. {formulas}. Executed as {data.attrs['path']}.", "dim")
    )
