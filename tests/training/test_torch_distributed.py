"""Two processes learn the coefficients that one learns, whether gradients are averaged or sharded."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.needs("torch")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of the two found."""
    script, store = Path(__file__).parent / "torch_processes.py", tmp_path_factory.mktemp("store") / "store"
    line = [sys.executable, "-W", "ignore", str(script), str(store)]
    # a thread that NumPy starts when it is imported would not be in a fork
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    ran = subprocess.run(line, env=environment, stderr=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-4000:]
    return [json.loads(Path(f"{store}-{rank}.json").read_text()) for rank in range(2)]


@pytest.mark.parametrize("how", ["DDP", "FSDP", "process_group"])
def test_all_processes_have_the_same_coefficients(both: Any, how: str) -> None:
    assert both[0][how] == both[1][how]


@pytest.mark.parametrize("how", ["DDP", "FSDP"])
def test_two_processes_learn_what_one_learns(both: Any, how: str) -> None:
    import torch_processes

    alone = torch_processes.alone()
    np.testing.assert_allclose(both[0][how]["x"], alone["x"], rtol=1e-4, atol=1e-5)
    for name, value in alone["coefficients"].items():
        assert both[0][how]["coefficients"][name] == pytest.approx(value, rel=1e-4), name


def test_plain_tensors_are_summed_over_a_process_group(both: Any) -> None:
    import torch
    import torch_processes

    from madatheory.torch import MADA

    x = torch.arange(6.0).requires_grad_()
    optimizer = MADA([x], **torch_processes.START)
    for t in range(torch_processes.STEPS):
        x.grad = torch.cos(x.detach() + t)
        optimizer.step()
    np.testing.assert_allclose(both[0]["process_group"]["x"], x.detach().numpy(), rtol=1e-5, atol=1e-6)
    for name, value in optimizer.coefficients().items():
        assert both[0]["process_group"]["coefficients"][name] == pytest.approx(float(value), rel=1e-5), name


def test_jax_is_imported_but_takes_no_device(both: Any) -> None:
    """The request is checked by the code that optax's form uses; a started JAX would hold most of a GPU's memory."""
    assert [one["JAX has a device"] for one in both] == [False, False]
