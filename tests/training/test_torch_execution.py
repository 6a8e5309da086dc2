"""How MADA's step in PyTorch is carried out: in blocks, as lists of kernels, compiled, without waiting for a device."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest
from torch_cases import ALL, X0, G, asked, drive, give, ours, run, tensors, torch

from benchmarks import training_cost as cost

pytestmark = pytest.mark.needs("torch")
CASES = {
    "all": asked(ALL),
    "lagged": asked(ALL, lag=1, correction="product"),
    "published": {"preset": "train"},
    "max, decayed": asked(("lr", "rho", "b2"), reference="max", weight_decay=0.1),
    "nothing learned": asked(()),
}


def lists() -> Any:
    from madatheory.torch import lists

    return lists


@pytest.mark.parametrize("label", CASES)
@pytest.mark.parametrize("how", ["blocks", "one kernel for a list"])
def test_every_way_computes_the_same(label: str, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    want = run(6, **CASES[label])
    if how == "blocks":
        monkeypatch.setattr(lists(), "BLOCK", 3)  # of tensors of 1 and 4 entries
    else:
        monkeypatch.setattr(lists(), "FUSED_DEVICES", {"cpu"})
    for name, values in run(6, **CASES[label]).items():
        np.testing.assert_allclose(values, want[name], rtol=1e-12, atol=1e-13, err_msg=name)


def test_the_kernels_for_lists_are_used_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    called, kernel, real = [], torch._foreach_mul, import_module("torch")
    monkeypatch.setattr(real, "_foreach_mul", lambda *a: called.append(a) or kernel(*a))
    monkeypatch.setattr(lists(), "FUSED_DEVICES", {"cpu"})
    run(2, **asked(ALL))
    assert called


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize(
    ("entry", "fine"), [(1e18, True), (2.4e18, False), (3e38, False), (np.inf, False), (np.nan, False)]
)
def test_entries_beyond_the_limit_are_seen(fused: bool, entry: float, fine: bool, monkeypatch: Any) -> None:
    if fused:
        monkeypatch.setattr(lists(), "FUSED_DEVICES", {"cpu"})
    for sign in (1, -1):
        xs = [torch.ones(3), torch.tensor([0.0, sign * entry])]
        assert bool(lists().beyond(xs) == 0) == fine


@pytest.mark.parametrize("fused", [False, True])
def test_limits_are_those_of_the_optax_form(fused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from madatheory.training.trees import limited

    if fused:
        monkeypatch.setattr(lists(), "FUSED_DEVICES", {"cpu"})
    x = np.array([0.0, -1.0, 1e18, 5e18, -3e38, np.inf, -np.inf, np.nan], np.float32)
    found = lists().limited([torch.tensor(x)])[0].numpy()
    np.testing.assert_allclose(found, np.asarray(limited(x)), rtol=1e-6)
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(x))


def no_waiting() -> Any:
    """A mode in which reading a tensor's number on the host is an error: on a GPU the host would wait there."""
    from torch.utils._python_dispatch import TorchDispatchMode

    reads = {"aten::_local_scalar_dense", "aten::is_nonzero", "aten::equal", "aten::nonzero", "aten::masked_select"}

    class NoWaiting(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            assert func.name().partition(".")[0] not in reads, f"{func} waits for the device"
            return func(*args, **(kwargs or {}))

    return NoWaiting()


@pytest.mark.parametrize("label", [*CASES, "tensor lr"])
def test_a_step_never_waits_for_the_device(label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # on a CPU alone, where it is free, a number is read to spare a pass over an array
    monkeypatch.setattr(lists(), "_eager_cpu", lambda xs: False)
    options = CASES.get(label) or asked(("rho",), lr=torch.tensor(0.1))
    params = tensors(X0, torch.float32)
    optimizer = ours.MADA(params, **options)
    for t, g in enumerate(G[:5]):
        give(params, g)
        if t == 3:
            params[1].grad = None
        with no_waiting():
            optimizer.step()
            optimizer.coefficients()
    with pytest.raises(AssertionError, match="waits for the device"), no_waiting():
        float(optimizer.skipped())


def compiles(backend: str, options: dict[str, Any]) -> Any:
    """Steps with the whole arithmetic compiled, and how many graphs that took."""
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    params = tensors(X0)
    optimizer = ours.MADA(params, **options)
    optimizer.step = torch.compile(optimizer.step, backend=backend)
    return drive(optimizer, params, G[:6]), torch._dynamo.utils.counters["stats"]["unique_graphs"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize(
    ("backend", "label"),
    [
        ("eager", "all"),
        *(pytest.param("inductor", label, marks=pytest.mark.slow(reason="a C++ compiler at work")) for label in CASES),
    ],
)
def test_a_compiled_step_is_one_graph(backend: str, label: str) -> None:
    """One for the first step, and one for all the others: neither the count nor a coefficient compiles again."""
    found, graphs = compiles(backend, CASES[label])
    for name, values in run(6, **CASES[label]).items():
        np.testing.assert_allclose(found[name], values, rtol=1e-12, atol=1e-13, err_msg=name)
    assert graphs == 2


def test_low_precision_parameters_have_states_in_float32() -> None:
    params = tensors(X0, torch.bfloat16)
    optimizer = ours.MADA(params, **asked(ALL))
    found = drive(optimizer, params, G[:6])
    assert {p.dtype for p in params} == {torch.bfloat16}
    assert optimizer.state[params[1]]["exp_avg"].dtype == torch.float32
    np.testing.assert_allclose(found["x"], run(6, **asked(ALL))["x"], atol=0.03)


def test_channels_last_and_transposed_parameters_are_served() -> None:
    """Whatever the strides, the numbers are those of a dense tensor."""
    ends = []
    for layout in (lambda x: x, lambda x: x.mT.contiguous().mT, lambda x: torch.stack([x, x], -1)[..., 0]):
        x = layout(torch.arange(6.0).reshape(2, 3)).requires_grad_()
        optimizer = ours.MADA([x], **asked(ALL))
        for t in range(4):
            x.grad = layout(torch.cos(torch.arange(6.0).reshape(2, 3) + t))
            optimizer.step()
        ends.append(x.detach().clone())
    torch.testing.assert_close(ends[1], ends[0], rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(ends[2], ends[0], rtol=1e-6, atol=1e-7)


# arrays as large as the parameters in the state, of which Adam has two; the sign of Lion's part is a quarter of one
ARRAYS = {
    "torch.optim.Adam": 2,
    "MADA, nothing learned": 2,
    "MADA, learning_rate": 2,
    "MADA, rho": 3,
    "MADA, rho lagged": 3,
    "MADA, learning_rate, rho": 3,
    "MADA, b2": 3,
    "MADA, b1, b2, rho": 4,
    "MADA, all": 8.25,
    "MADA, all seven": 8.25,
    "MADA, default": 7.25,
    "HyperAdam": 3,
}


@pytest.mark.parametrize("name", ARRAYS)
def test_the_state_holds_so_many_arrays(name: str) -> None:
    x = torch.ones(1000, requires_grad=True)
    optimizer = cost.torch_contenders()[name]([x])
    x.grad = torch.ones(1000)
    optimizer.step()
    assert 0 <= cost.torch_bytes(optimizer) - ARRAYS[name] * 4000 <= 4


def test_the_measurement_runs_and_prints() -> None:
    found = cost.measure_torch(["MADA, rho"], size=800, rounds=2)
    assert [row.name for row in found] == ["torch.optim.Adam", "MADA, rho"]
    assert all(row.median > 0 and row.least <= row.median for row in found)
    assert round(found[1].bytes_ratio, 2) == 1.5
    assert "| MADA, rho |" in cost.table(found, "PyTorch")
