"""An accelerator's way of making batches and keeping values, on a CPU: the host's bits, and nothing long from the host.

Whether it is quick on a GPU cannot be seen here.
"""

from functools import partial
from typing import Any

import jax
import numpy as np
import pytest
import xarray as xr

import madatheory as mt
from madatheory.engine import noise_tree, simulate
from madatheory.engine.backend import blocks
from madatheory.engine.backend.memory import DeviceMemory, HostMemory
from madatheory.engine.backend.numbering import Numbering, members, wanted
from madatheory.engine.statistic import iterate, largest_step, mean_squared_gradient

pytestmark = pytest.mark.usefixtures("full_compilation")

STATISTICS = (mean_squared_gradient, largest_step, iterate)
LAST = 2**32


@pytest.fixture
def on_device(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls a function, and again with blocks in the memory of the device."""

    def both(run: Any) -> tuple[Any, Any]:
        host = run()
        with monkeypatch.context() as patch:
            for module in (simulate, noise_tree):
                patch.setattr(module, "run_blocks", partial(blocks.run_blocks, on_device=True))
            return host, run()

    return both


@pytest.mark.parametrize(
    "chosen", [range(40), range(63, 66), range(5, 40, 3), range(1, 90, 2), range(LAST - 5, LAST), range(3, 4, 10**13)]
)
@pytest.mark.parametrize("grid", [{}, {"beta2": (0.9, 0.99, 0.999), "alpha": (0.1, 0.2)}])
def test_the_device_makes_the_same_bits(chosen, grid, on_device, monkeypatch):
    monkeypatch.setattr(blocks, "block_width", lambda *_: 16)  # of which a point's end, and gaps, lie in the middle
    plan = simulate.prepare(
        "ratio:d=3,noise=gaussian", "adam", 9, settings=grid, statistics=STATISTICS, save_at=[1, 4, 9], dtype="float32"
    )
    xr.testing.assert_identical(*on_device(lambda: plan.trajectories(chosen, workers=2)))


def test_record_times_of_several_spans_are_put_together(on_device, monkeypatch):
    monkeypatch.setattr(blocks, "_SPAN_SECONDS", 1e-9)  # a pause after almost every step
    monkeypatch.setattr(blocks, "_FIRST_SPAN", 1)
    plan = simulate.prepare("ratio:d=3", "avgrad", 300, statistics=STATISTICS, save_at=20)
    xr.testing.assert_identical(*on_device(lambda: plan.trajectories(range(7))))


def test_trees_too(on_device):
    problem = mt.get_problem("ratio:d=1,noise=rare-large")
    run = partial(noise_tree.enumerate_tree, problem, mt.get_optimizer("avgrad"), 3, settings={"alpha": (0.1, 0.3)})
    xr.testing.assert_identical(*on_device(run))


@pytest.mark.parametrize("points", [1, 3])
@pytest.mark.parametrize("chosen", [range(1), range(7), range(3, 8), range(4, 30, 5), range(3, 30, 4)])
def test_numbers_against_a_list(points, chosen):
    numbering = Numbering(points, chosen)
    pairs = sorted({s // 2 for s in chosen}) if chosen.step == 1 else [s // 2 for s in chosen]
    every = [(point, s) for point in range(points) for j in pairs for s in (2 * j, 2 * j + 1)]
    asked = [place for place, (_, s) in enumerate(every) if s in chosen]
    assert (numbering.total, numbering.count) == (len(every), len(asked))
    for width in (2, 6, 16):
        for start in range(0, len(every), width):
            point, number = members(np, numbering.members(start), width)
            found = list(zip(point.tolist(), number.tolist(), strict=True))[: len(every) - start]
            assert found == every[start : start + width]
            inside = [place - start for place in asked if start <= place < start + width]
            first, last = numbering.before(start), numbering.before(start + width)
            assert last - first == len(inside)
            assert wanted(np, numbering.wanted(start), width)[: len(inside)].tolist() == inside


def sizes(memory: Any, monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Bytes of the host's arrays that are given to the device, of a run in blocks of 1024."""
    given: set[int] = set()

    def noted(method: Any) -> Any:
        def call(*args: Any) -> Any:
            given.update(leaf.nbytes for leaf in jax.tree.leaves(args) if isinstance(leaf, np.ndarray))
            return method(*args)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(blocks, "block_width", lambda *_: 1024)
        get, put = blocks.Programs.get, jax.device_put
        patch.setattr(jax, "device_put", lambda x, *rest: noted(lambda y: put(y, *rest))(x))
        patch.setattr(
            blocks.Programs,
            "get",
            lambda *args: (program := get(*args))._replace(
                advance=noted(program.advance), fresh=lambda *a: noted(program.fresh)(*a)
            ),
        )
        patch.setattr(blocks, "_memory", lambda _: memory)
        plan = simulate.prepare("ratio:d=3", "adam", 2, settings={"beta2": (0.9, 0.99)}, dtype="float32")
        plan.trajectories(range(2000), workers=1)
    return given


def test_nothing_as_long_as_a_block_goes_to_the_device(monkeypatch):
    assert max(sizes(DeviceMemory, monkeypatch)) <= 64
    assert max(sizes(HostMemory, monkeypatch)) >= 2 * 1024  # such arrays would be seen
