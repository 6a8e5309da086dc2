"""MADA in PyTorch behaves as an optimizer of torch.optim does: groups, states, closures, schedulers, odd gradients."""

import copy
import io
import pickle
from typing import Any

import numpy as np
import pytest
from torch_cases import ALL, RULE, X0, G, asked, drive, flat, give, ours, run, tensors, torch

from madatheory.errors import UserError
from madatheory.optimizers.request import Descent

pytestmark = pytest.mark.needs("torch")


def made(params: Any = None, **options: Any) -> tuple[list[Any], Any]:
    params = tensors(X0) if params is None else params
    return params, ours.MADA(params, **options)


def saved(state: Any) -> Any:
    """Through a file, read without pickled code."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file)


RESUMED = {
    "all": asked(ALL),
    "published, lagged": asked(ALL, convention="published", lag=1),
    "product": asked(("b1", "b2"), correction="product"),
    "rho": asked(("rho",), gamma=1.0, b3=0.0),
    "by group": asked(("lr", "b2"), per_group=True),
    "default": {},
}


@pytest.mark.parametrize("label", RESUMED)
def test_a_run_resumes_to_the_bit(label: str) -> None:
    options, whole = RESUMED[label], run(12, **RESUMED[label])
    params, optimizer = made(**options)
    drive(optimizer, params, G[:5])
    state, at = saved(optimizer.state_dict()), flat(params)
    again, other = made(tensors(at), **options)
    other.load_state_dict(state)
    clocks = {id(other.state[p]["step"]) for p in again}
    assert len(clocks) == 1  # one cohort again, and not one for each
    rest = drive(other, again, G[5:12])
    for name, values in rest.items():
        np.testing.assert_array_equal(values, whole[name][5:], err_msg=name)


@pytest.mark.parametrize("how", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_goes_its_own_way(how: Any) -> None:
    whole = run(8, **asked(ALL))
    params, optimizer = made(**asked(ALL))
    drive(optimizer, params, G[:3])
    other = how(optimizer)
    own = [p for group in other.param_groups for p in group["params"]]
    assert other.param_groups[0]["lr"] is not optimizer.param_groups[0]["lr"]
    for runs in ((other, own), (optimizer, params)):
        np.testing.assert_array_equal(drive(*runs, G[3:8])["x"], whole["x"][3:])


def test_states_keep_their_precision_beside_short_parameters() -> None:
    params, optimizer = made(tensors(X0, torch.bfloat16), **asked(ALL))
    drive(optimizer, params, G[:3])
    again, other = made([p.detach().clone().requires_grad_() for p in params], **asked(ALL))
    other.load_state_dict(saved(optimizer.state_dict()))
    assert {x.dtype for p in again for x in other.state[p].values() if hasattr(x, "dtype")} == {
        torch.float32,
        torch.int8,
    }
    np.testing.assert_array_equal(drive(other, again, G[3:6])["x"], drive(optimizer, params, G[3:6])["x"])


def test_the_state_of_another_request_is_refused() -> None:
    params, optimizer = made(**asked(("rho",)))
    drive(optimizer, params, G[:2])
    again, other = made(**asked(("b2",)))
    before = drive(other, again, G[:1])
    with pytest.raises(UserError, match=r"learns \['rho'\], this one \['b2'\]"):
        other.load_state_dict(optimizer.state_dict())
    assert drive(other, again, G[1:2])["x"].shape == before["x"].shape  # the old state is still there
    _, other = made(**asked(("rho",), gamma=1.0, b3=0.0))
    with pytest.raises(UserError, match="made by another optimizer"):
        other.load_state_dict(optimizer.state_dict() | {"param_groups": other.state_dict()["param_groups"]})


def test_groups_have_their_own_rate_decay_and_fixed_coefficients() -> None:
    """One vector is learned from both; with nothing learned each group is an optimizer of its own."""
    a, b = tensors(X0)
    groups: list[Any] = [{"params": [a]}, {"params": [b], "lr": 0.03, "weight_decay": 0.2, "b1": 0.5, "c": 1.0}]
    optimizer = ours.MADA(groups, **asked(()))
    drive(optimizer, [a, b], G[:6])
    alone_a, alone_b = tensors(X0)
    one = ours.MADA([alone_a], **asked(()))
    two = ours.MADA([alone_b], **asked((), lr=0.03, weight_decay=0.2, b1=0.5, c=1.0))
    for g in G[:6]:
        give([alone_a, alone_b], g)
        one.step()
        two.step()
    np.testing.assert_array_equal(flat([a, b]), flat([alone_a, alone_b]))


@pytest.mark.parametrize("names", [(), ("b1", "b2", "rho")], ids=len)
def test_betas_are_b1_and_b2(names: tuple[str, ...]) -> None:
    """Of the optimizer, of a group beside the optimizer's own, and as tensors; the state is that of b1 and b2."""
    options = {name: value for name, value in asked(names).items() if name not in ("b1", "b2")}
    paths = []
    for how in ({"betas": (0.7, 0.95)}, {"betas": [torch.tensor(0.7), torch.tensor(0.95)]}, {"b1": 0.7, "b2": 0.95}):
        params, optimizer = made(**options, **how)
        drive(optimizer, params, G[:3])
        assert "betas" not in optimizer.param_groups[0]
        again, other = made(tensors(flat(params)), **options, **how)
        other.load_state_dict(saved(optimizer.state_dict()))
        paths.append(drive(other, again, G[3:6]))
    for name, values in paths[2].items():
        np.testing.assert_array_equal(paths[0][name], values)
        np.testing.assert_allclose(paths[1][name], values, rtol=1e-6)  # a tensor's .7 is that of float32
    groups = [{"params": [p], "betas": betas} for p, betas in zip(params, ((0.5, 0.9), None), strict=True)]
    split = ours.MADA(groups, betas=(0.7, 0.95), per_group=True, **options)
    assert [(float(g["b1"]), float(g["b2"])) for g in split.param_groups] == [(0.5, 0.9), (0.7, 0.95)]
    assert groups[0]["betas"] == (0.5, 0.9)  # the caller's


def test_one_vector_sees_all_groups_and_each_its_own_with_per_group() -> None:
    a, b = tensors(X0)
    split = ours.MADA([{"params": [a]}, {"params": [b]}], **asked(ALL))
    found, whole = drive(split, [a, b], G[:8]), run(8, **asked(ALL))
    for name, values in whole.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-13)
    a, b = tensors(X0)
    apart = ours.MADA([{"params": [a], "rho": 0.8}, {"params": [b]}], **asked(ALL, per_group=True))
    drive(apart, [a, b], G[:8])
    alone = ours.MADA([x := tensors(X0)[0]], **asked(ALL, rho=0.8))
    for g in G[:8]:
        x.grad = torch.tensor(g[:1])
        alone.step()
    assert torch.equal(x, a)
    assert apart.coefficients(0) == alone.coefficients()
    assert apart.coefficients(1) != alone.coefficients()


def test_a_group_added_later_learns_with_the_others() -> None:
    a, b = tensors(X0)
    optimizer = ours.MADA([a], **asked(ALL))
    a.grad = torch.ones_like(a)
    optimizer.step()
    optimizer.add_param_group({"params": [b]})
    drive(optimizer, [a, b], G[:3])
    assert optimizer.state[a]["step"] == 4
    assert optimizer.state[b]["step"] == 3
    assert optimizer.param_groups[1]["rho"]._base is optimizer.param_groups[0]["rho"]._base
    with pytest.raises(UserError, match=r"which starts at 0.4 and not at 0.5"):
        optimizer.add_param_group({"params": [torch.zeros(2, requires_grad=True)], "rho": 0.5})
    assert len(optimizer.param_groups) == 2


def test_maximize_is_the_step_along_the_other_gradient() -> None:
    up = run(6, g=-G, maximize=True, **asked(ALL))
    for name, values in run(6, **asked(ALL)).items():
        np.testing.assert_array_equal(up[name], values)


def test_a_closure_gives_the_loss() -> None:
    params, optimizer = made(**asked(ALL))

    def closure() -> Any:
        optimizer.zero_grad()
        loss = torch.stack([(p**2).sum() for p in params]).sum()
        loss.backward()
        return loss

    first = float(optimizer.step(closure).detach())
    assert first == pytest.approx(float((X0**2).sum()))
    assert float(optimizer.step(closure).detach()) < first


@pytest.mark.parametrize("names", [("lr", "rho"), ALL], ids=len)
def test_a_parameter_without_gradient_stands_still_and_says_nothing(names: tuple[str, ...]) -> None:
    """Its own steps are counted, and its next hyper-gradient waits until a step has moved it."""
    params, optimizer = made(**asked(names))
    drive(optimizer, params, G[:2])
    a, b = params
    before, b.grad = b.detach().clone(), None
    a.grad = torch.tensor(G[2, :1])
    u_of_a = copy.deepcopy(optimizer)
    optimizer.step()
    assert torch.equal(b, before)
    assert (optimizer.state[a]["step"], optimizer.state[b]["step"]) == (3, 2)
    assert optimizer.state[a]["step"] is not optimizer.state[b]["step"]
    # the next step: b has a gradient, and was not moved by the step before, so that u is a's alone
    give(params, G[3])
    torch._foreach_mul_([b.grad], 1e6)
    optimizer.step()
    seen = optimizer.hypergradients()
    own = [p for group in u_of_a.param_groups for p in group["params"]]
    own[0].grad, own[1].grad = torch.tensor(G[2, :1]), None
    u_of_a.step()
    own[0].grad = torch.tensor(G[3, :1])
    u_of_a.step()
    assert seen == u_of_a.hypergradients()
    assert (optimizer.state[a]["step"], optimizer.state[b]["step"]) == (4, 3)


def test_no_gradient_at_all_is_no_step() -> None:
    params, optimizer = made(**asked(ALL))
    drive(optimizer, params, G[:2])
    optimizer.zero_grad()
    optimizer.step()
    rest = drive(optimizer, params, G[2:5])
    np.testing.assert_array_equal(rest["x"], run(5, **asked(ALL))["x"][2:])


@pytest.mark.parametrize("factory", ["StepLR", "CosineAnnealingLR", "LambdaLR", "OneCycleLR"])
def test_schedulers_set_a_rate_that_is_not_learned(factory: str) -> None:
    """The step, and the hyper-gradient of the step before, have the rates that were in force."""
    arguments: dict[str, dict[str, Any]] = {
        "StepLR": {"step_size": 2, "gamma": 0.5},
        "CosineAnnealingLR": {"T_max": 6},
        "LambdaLR": {"lr_lambda": lambda t: 1 / (1 + t)},
        "OneCycleLR": {"max_lr": 0.2, "total_steps": 7, "cycle_momentum": False},
    }
    paths = []
    for start in (0.1, torch.tensor(0.1, dtype=torch.float64)):
        params, optimizer = made(**asked(("rho", "b1", "b2"), lr=start, weight_decay=0.1))
        scheduler = getattr(torch.optim.lr_scheduler, factory)(optimizer, **arguments[factory])
        rates = []
        for g in G[:6]:
            rates.append(float(optimizer.param_groups[0]["lr"]))
            drive(optimizer, params, g[None])
            scheduler.step()
        paths.append((flat(params), {k: float(v) for k, v in optimizer.coefficients().items()}))
    np.testing.assert_allclose(paths[0][0], paths[1][0], rtol=1e-6)  # a scheduler fills a tensor
    assert len(set(rates)) > 2
    by_hand, other = made(**asked(("rho", "b1", "b2"), weight_decay=0.1))
    for rate, g in zip(rates, G[:6], strict=True):
        other.param_groups[0]["lr"] = rate
        drive(other, by_hand, g[None])
    np.testing.assert_allclose(flat(by_hand), paths[1][0], rtol=1e-12)
    for name, value in other.coefficients().items():
        assert float(value) == pytest.approx(paths[1][1][name], rel=1e-12)


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")
def test_a_learned_rate_takes_no_scheduler() -> None:
    params, optimizer = made(**asked(("lr", "rho")))
    drive(optimizer, params, G[:1])
    torch.optim.lr_scheduler.StepLR(optimizer, 2).step()
    with pytest.raises(UserError, match=r"lr is learned, and something else has set it \(a scheduler\?\)"):
        drive(optimizer, params, G[1:2])
    params, optimizer = made(**asked(("lr",)))
    optimizer.param_groups[0]["lr"] = 0.5
    with pytest.raises(UserError, match="leave lr out of learn"):
        drive(optimizer, params, G[:1])


def test_what_is_fixed_may_not_change_between_steps() -> None:
    params, optimizer = made(**asked(("rho",)))
    optimizer.param_groups[0]["b1"] = 0.5
    with pytest.raises(UserError, match=r"b1 was 0.8 and is 0.5 now"):
        drive(optimizer, params, G[:1])


def test_gradients_that_accumulate_are_one_gradient() -> None:
    params, optimizer = made(**asked(ALL))
    for g in G[:5]:
        optimizer.zero_grad()
        for share in (0.25, 0.75):
            for p, part in zip(params, (g[:1], g[1:]), strict=True):
                (share * p * torch.tensor(part).reshape(p.shape)).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(flat(params), run(5, **asked(ALL))["x"][-1], rtol=1e-12)


@pytest.mark.parametrize("lag", [0, 1])
def test_a_micro_batch_makes_hypergradients(lag: int) -> None:
    """A fifth of the gradient gives a fifth of the hyper-gradients, which five times the rates make good."""
    names = ("rho", "b1", "gamma")
    params, optimizer = made(**asked(names, source="micro_batch", lag=lag, learn=dict.fromkeys(names, Descent(0.1))))
    for g in G[:6]:
        give(params, g / 5)
        optimizer.observe()
        give(params, g)
        optimizer.step()
    whole = run(6, **asked(names, lag=lag, learn=dict.fromkeys(names, Descent(0.02))))
    np.testing.assert_allclose(flat(params), whole["x"][-1], rtol=1e-12)
    for name, value in optimizer.coefficients().items():
        assert float(value) == pytest.approx(whole[name][-1], rel=1e-12)


def test_observing_is_asked_for_and_refused() -> None:
    params, optimizer = made(**asked(("rho",), source="validation"))
    drive(optimizer, params, G[:1])  # nothing has moved yet, so that nothing is missing
    with pytest.raises(UserError, match=r"learns from a validation loss here: call observe\(\)"):
        drive(optimizer, params, G[1:2])
    _, optimizer = made(**asked(("rho",)))
    with pytest.raises(UserError, match="here step does it by itself"):
        optimizer.observe()


@pytest.mark.parametrize("huge", [np.inf, np.nan, 1e200, 3e153])
def test_what_is_not_finite_teaches_nothing(huge: float) -> None:
    params, optimizer = made(**asked(ALL))
    drive(optimizer, params, G[:3])
    before = optimizer.coefficients()
    g = G[3].copy()
    g[2] = huge
    drive(optimizer, params, g[None])
    assert optimizer.coefficients() == before
    assert int(optimizer.skipped()) == len(ALL)
    finite = np.isfinite(flat(params))
    assert finite.all() if np.isfinite(huge) else (not finite[2] and finite[[0, 1, 3, 4]].all())


def test_a_coordinate_without_gradient_is_no_division_by_zero() -> None:
    g = G[:5] * np.array([1, 0, 1, 0, 1])
    found = run(5, g=g, **asked(ALL, eps=0.0))
    assert np.isfinite(found["x"]).all()
    np.testing.assert_array_equal(found["x"][:, [1, 3]], np.broadcast_to(X0[[1, 3]], (5, 2)))


REFUSED: dict[str, tuple[Any, str]] = {
    "complex": (lambda: ours.MADA([torch.zeros(2, dtype=torch.complex64)]), "view_as_real"),
    "unknown": (lambda: ours.MADA(tensors(X0), learn={"beta9": 0.1}), "learned coefficient of mada"),
    "twice": (lambda: ours.MADA(tensors(X0), learn={"lr": 0.1, "learning_rate": 0.1}), "names lr twice"),
    "range": (lambda: ours.MADA(tensors(X0), b1=1.5), "b1 = 1.5 is out of range"),
    "bounds": (lambda: ours.MADA(tensors(X0), learn={"rho": Descent(0.1, high=2.0)}), "high bound of rho"),
    "schedule": (lambda: ours.MADA(tensors(X0), lr=lambda t: 0.1), "lr_scheduler"),
    "rate": (lambda: ours.MADA(tensors(X0), learn={"rho": lambda t: 0.1}), "give a number"),
    "safeguard": (
        lambda: ours.MADA(tensors(X0), learn={"rho": 0.1}, convention="theory", safeguard="max"),
        "T8 and T8log",
    ),
    "betas and b1": (lambda: ours.MADA(tensors(X0), b1=0.9, betas=(0.9, 0.99)), r"b1 = 0.9 are given: leave one out"),
    "betas and b2": (lambda: ours.HyperAdam(tensors(X0), b2=0.9, betas=(0.9, 0.99)), r"HyperAdam: .* b2 = 0.9 are"),
    "one beta": (lambda: ours.MADA(tensors(X0), betas=(0.9,)), r"betas = \(0.9,\): give two numbers, betas=\(b1, b2\)"),
    "no betas": (lambda: ours.MADA(tensors(X0), betas=0.9), r"betas = 0.9: give two numbers"),
    "betas of a group": (
        lambda: ours.MADA([{"params": tensors(X0), "betas": (0.9, 0.99), "b2": 0.9}]),
        "a group of MADA: .* b2 = 0.9 are given",
    ),
    "preset": (lambda: ours.MADA(tensors(X0), preset="trains"), "did you mean 'train'"),
    "hyperadam": (lambda: ours.HyperAdam(tensors(X0), rho=0.1), "for rho use MADA"),
}


@pytest.mark.parametrize("label", REFUSED)
def test_what_cannot_be_served_is_refused_in_words(label: str) -> None:
    attempt, words = REFUSED[label]
    with pytest.raises(UserError, match=words):
        attempt()


def test_a_sparse_gradient_is_refused() -> None:
    table = torch.nn.Embedding(3, 2, sparse=True)
    optimizer = ours.MADA(table.parameters())
    table(torch.tensor([1])).sum().backward()
    with pytest.raises(UserError, match="sparse gradients are not served"):
        optimizer.step()


def test_hyperadam_is_mada_that_learns_two_decays_of_adam() -> None:
    rules = {"b1": RULE, "b2": RULE}
    params = tensors(X0)
    found = drive(ours.HyperAdam(params, 0.1, RULE, b1=0.8), params, G[:6])
    pair = drive(ours.HyperAdam(params := tensors(X0), 0.1, RULE, betas=(0.8, 0.99)), params, G[:6])
    for name, values in run(6, lr=0.1, learn=rules, b1=0.8, b2=0.99, eps=1e-6).items():
        np.testing.assert_array_equal(found[name], values)
        np.testing.assert_array_equal(pair[name], values)


@pytest.mark.filterwarnings("ignore:.*GradScaler.*")
def test_a_scaler_leaves_out_the_steps_that_overflow() -> None:
    torch.manual_seed(0)
    rows, finals = torch.randn(8, 3), []
    for scaled in (True, False):
        model = torch.nn.Linear(3, 1)
        with torch.no_grad():
            for p in model.parameters():
                p.fill_(0.5)
        optimizer = ours.MADA(model.parameters(), **asked(ALL))
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, enabled=scaled)
        for t in range(6):
            if t == 3 and not scaled:
                continue
            optimizer.zero_grad()
            loss = (model(rows) ** 2).mean() * (torch.inf if t == 3 else 1.0)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
        finals.append([p.detach().clone() for p in model.parameters()])
        assert int(optimizer.skipped()) == 0
    for a, b in zip(*finals, strict=True):
        torch.testing.assert_close(a, b)
