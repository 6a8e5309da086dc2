"""Groups S, F, C and K of the identities: right optimizers pass them all, each planted mistake fails its identity."""

from pathlib import Path

import pytest
from planted_optimizers import RIGHT, as_mistakes, found_in, made, planted, unshrunk  # noqa: F401

from madatheory.identities import check
from madatheory.identities.identity import identities

# what is planted: optimizer, text replaced, replacement, and the identities that must find it
MUTANTS: dict[str, tuple[str, str, str, str]] = {
    "moments that start above zero": ("adam", '"m": np.zeros(x.shape,', '"m": np.full(x.shape, 1e-6,', "S1 F1 F2"),
    "a coordinate knows its place": (
        "sgd",
        "lr * m",
        "lr * m * (1 + 1e-9 * np.arange(x.size).reshape(x.shape))",
        "S2",
    ),
    "a norm that knows places": ("sgd", "lr * m", "lr * m / np.linalg.norm(m * (1 + np.arange(m.size)))", "S2b"),
    "the size of a tensor counts": ("adam", "lr * u", "lr * u * (1 + 1e-9 * x.size)", "S3"),
    "matrices are treated otherwise": ("adam", "lr * u", "lr * u * (1 + 1e-9 * (x.ndim == 2))", "S4"),
    "parameters at zero are frozen": ("adam", "lr * u", "lr * u * (x != 0)", "S6"),
    "second moments with a floor": ("adam", "np.sqrt(vhat)", "np.sqrt(np.maximum(vhat, 1e-9))", "S7 C1"),
    "gradients are clipped": ("sgd", "+ weight_decay * x", "+ weight_decay * x\n        d = np.clip(d, -99, 99)", "S8"),
    "step size squared where there is no gradient": ("sgd", "lr * m", "lr * m * np.where(g == 0, 8 * lr, 1)", "S9"),
    "imaginary numbers forgotten": ("sgd", "lr * m", "lr * np.where(np.real(g) == 0, np.real(m), m)", "S10"),
    "squares that mix both parts": ("adam", "np.abs(d) ** 2", "np.abs(np.real(d) + np.imag(d)) ** 2", "S11"),
    "no eps": ("adam", "+ eps", "+ 0 * eps", "F1 F2 F2b F3"),
    "eps in float16": ("adam", "(np.sqrt(vhat) + eps)", "np.asarray(np.sqrt(vhat) + eps, x.dtype)", "F2b"),
    "a least step size": ("adam", "lr * u", "max(lr, 1e-6) * u", "F4"),
    "decay without the step size": ("adam", "1 - lr * weight_decay", "1 - weight_decay", "F4b"),
    "the sign of zero is one": ("lion", "np.sign(", "np.copysign(1, ", "F5"),
    "a root by division": ("adam", "np.sqrt(vhat) +", "vhat / np.sqrt(np.maximum(vhat, 1e-38)) +", "F6"),
    "a nan spreads": ("sgd", "lr * m", "lr * m + 0 * np.sum(g)", "F7"),
    "powers by logarithms": ("adam", "beta1**t", "beta1 * np.exp((t - 1) * np.log(beta1))", "F8"),
    "a counter that stops": ("adam", 'state["t"] + 1', 'min(state["t"] + 1, 99)', "C2 K18"),
    "zero gradients are skipped": (
        "adam",
        "        t = ",
        "        if not np.any(g):\n            return x, state\n        t = ",
        "C3",
    ),
    "a counter for all tensors": (
        "adam",
        't = state["t"] + 1',
        't = init.clock = getattr(init, "clock", 0) + 1',
        "C4 K9 K9b",
    ),
    "zeros leave a trace": ("sgd", '["m"] + d', '["m"] + d + 1e-9 * (g == 0)', "C5 F1"),
    "a sign of nearly one": ("lion", "np.sign(", "(1 + 1e-9) * np.sign(", "C6"),
    "noise": ("sgd", "lr * m", "lr * m * (1 + 1e-3 * np.random.default_rng().random())", "K1"),
    "state in the module": (
        "sgd",
        'm = momentum * state["m"] + d',
        'm = sgd.m = momentum * getattr(sgd, "m", 0) * np.any(state["m"]) + d',
        "K1b",
    ),
    "the gradient is negated in place": ("adam", "d = -g if", "d = np.negative(g, out=g) if", "K2"),
    "moments are updated in place": (
        "adam",
        'm = beta1 * state["m"]',
        'state["m"] *= beta1\n        m = state["m"]',
        "K2b",
    ),
    "the last gradient by reference": ("adam", "lr * u", 'lr * (u + 0.5 * (d - state["old"]))', "K3"),
    "maximize turns decay around": ("adam", "1 - lr *", "1 - (-lr if maximize else lr) *", "K4"),
    "parameters become narrower": ("adam", "np.asarray(new, x.dtype)", "np.asarray(new, np.float32)", "K10"),
    "moments narrower than parameters": (
        "adam",
        "wide = np.result_type(x.dtype, np.float32)",
        'wide = np.dtype("f2") if x.dtype == "f4" else np.result_type(x.dtype, np.float32)',
        "K11",
    ),
    "a product that underflows": (
        "adam",
        "        t = ",
        "        d = np.asarray(d * np.asarray(2.0**-30, x.dtype), d.dtype) * 2.0**30\n        t = ",
        "K12",
    ),
    "squares in float16": (
        "adam",
        "np.abs(d) ** 2",
        "np.abs(np.asarray(d, np.float16) if x.dtype.itemsize == 2 else d) ** 2",
        "K12b K12c",
    ),
    "the mean of nothing": (
        "sgd",
        'm = momentum * state["m"] + d',
        'm = momentum * state["m"] + d + 0 * getattr(sgd, "mean", 0)\n        sgd.mean = d.mean()',
        "K13",
    ),
    "a tensor has a length": ("sgd", "lr * m", "lr * m * (len(x) > 0)", "K13b"),
    "entries in the order of memory": (
        "sgd",
        "np.asarray(g, ",
        'np.asarray(np.ravel(g, "K").reshape(g.shape), ',
        "K13c",
    ),
    "a counter of the parameters' dtype": ("adam", '{"t": t,', '{"t": np.asarray(t, x.dtype),', "K18"),
    "a fourth power over itself": (
        "adam",
        "np.abs(d) ** 2",
        "np.abs(d) ** 2 * (np.abs(d) ** 4 / np.abs(d) ** 4)",
        "F6b",
    ),
    "look-ahead with the wrong sign": ("sgd", "lr * m", "lr * (d - momentum * m)", "D1"),
    "steps that shrink too fast": ("sgd", '{"m": m}', '{"m": 0.9 * m}', "D1"),
    "the moment is not stored": ("sgd", '{"m": m}', '{"m": state["m"]}', "D2"),
    "ascent": ("adam", "decayed - lr * u", "decayed + lr * u", "D3"),
    "decay inside the sign": (
        "lion",
        "x * (1 - lr * weight_decay) - lr * u",
        'x - lr * np.sign(beta1 * state["m"] + (1 - beta1) * d + weight_decay * x)',
        "D4",
    ),
    "decay rounded before it is compensated": (
        "compensated",
        "whole * (1 - lr * weight_decay) -",
        "np.asarray(np.asarray(whole * (1 - lr * weight_decay), x.dtype), whole.dtype) -",
        "D5",
    ),
    "zero weights have a trust ratio of zero": ("sgd", "lr * m", "lr * np.linalg.norm(x) * m", "D6"),
    "codes that do not represent zero": (
        "adam",
        "m = beta1 * state",
        "d = d + 1e-6 * np.abs(d).max(initial=0)\n        m = beta1 * state",
        "D7",
    ),
    "without momentum no decay": ("sgd", "+ weight_decay * x", "+ (weight_decay if momentum else 0) * x", "E15"),
    "zero is taken for unused": (
        "sgd",
        'm = momentum * state["m"] + d',
        'm = np.where(d == 0, 0, momentum * state["m"] + d)',
        "D2 E16",
    ),
    "squares times squares": ("adam", "np.abs(d) ** 2", '(1 + state["v"]) * np.abs(d) ** 2', "S12"),
    "the first moment has no weight": (
        "adam",
        "m = beta1 * state",
        'm = d if state["t"] == 0 else beta1 * state',
        "B10",
    ),
    "not the method of its name": ("adam", 'v = beta2 * state["v"]', 'v = beta1 * state["v"]', "N1"),
    "a constant in the place of eps": ("adam", "+ eps)", "+ 1e-8)", "N2"),
    "bias correction by all steps": ("accumulating", "beta1**count", "beta1**t", "K19"),
    "decay in every step": (
        "accumulating",
        "return x, {**state",
        "return x * (1 - lr * weight_decay), {**state",
        "K19",
    ),
    "the mean over the wrong axis": (
        "adafactor",
        "row.mean()",
        "(row[:, None] if len(row) > len(column) else row.mean())",
        "M1",
    ),
    "tall matrices go up": ("adafactor", "x - lr * d", "x - (lr if len(x) < 4 else -lr) * d", "M2"),
    "another step in bfloat16": ("adafactor", "x - lr * d", "x - lr * (1.5 if x.dtype.itemsize == 2 else 1) * d", "M3"),
    "a counter that does not come back": ("adafactor", '"t": t, "row"', '"t": Forgetful(t), "row"', "M4"),
    "normalized in place": (
        "adafactor",
        "square = np.abs(d)",
        "g /= np.abs(d).max(initial=1)\n        square = np.abs(d)",
        "M5",
    ),
    "a row of zeros over its norm": ("adafactor", "+ 1e-30", "+ 0", "M6"),
    "units mixed in a factor": ("adafactor", '0.5 * state["column"] + 0.5 *', '(0.5 * state["column"] + 0.5) *', "M7"),
}

# what must be declared of an optimizer for a mistake to be one
DECLARED: dict[str, dict[str, bool]] = {"squares that mix both parts": {"takes complex": True}}

# the same laws, broken as authors mean it or as nobody claims otherwise
EXCUSED: dict[str, tuple[str, str, str, str]] = {
    "a nan skips the whole step": (
        "sgd",
        "        m = ",
        "        if not np.isfinite(g).all():\n            return x, state\n        m = ",
        "F7",
    ),
    "parameters become wider": ("adam", "np.asarray(new, x.dtype)", "np.asarray(new)", "K10"),
    "the maximum of nothing": ("sgd", "lr * m", "lr * m * (m.max() == m.max())", "K13"),
    "squares that mix both parts": ("adam", "np.abs(d) ** 2", "np.abs(np.real(d) + np.imag(d)) ** 2", "S11"),
}


@pytest.mark.usefixtures("unshrunk")
@pytest.mark.parametrize("mistake", MUTANTS)
def test_planted_mistake_is_found(mistake):
    name, old, new, wanted = MUTANTS[mistake]
    report = check(planted(name, old, new), only=wanted.replace(" ", ","), traits=DECLARED.get(mistake))
    assert found_in(report) == as_mistakes(wanted), [(o.code, o.status, o.detail) for o in report.outcomes]


@pytest.mark.slow  # a minute and a half
@pytest.mark.usefixtures("unshrunk")
def test_the_quick_profile_misses_two_mistakes():
    """The number in docs/identities.md, of these planted mistakes."""
    reports = {
        mistake: check(planted(name, old, new), profile="quick", traits=DECLARED.get(mistake))
        for mistake, (name, old, new, _) in MUTANTS.items()
    }
    missed = {
        MUTANTS[mistake][3]
        for mistake, report in reports.items()
        if not report.failures and not as_mistakes(MUTANTS[mistake][3]).items() <= found_in(report).items()
    }
    assert missed == {"K13b", "K13c"}
    words = f"Of the {len(MUTANTS)} planted mistakes of `tests/identities/test_laws.py` it finds {len(MUTANTS) - 2}"
    assert words in Path(__file__).parents[2].joinpath("docs/identities.md").read_text()


@pytest.mark.usefixtures("unshrunk")
@pytest.mark.parametrize("habit", EXCUSED)
def test_what_is_meant_or_claimed_by_nobody_is_a_convention(habit):
    name, old, new, code = EXCUSED[habit]
    assert found_in(check(planted(name, old, new), only=code)) == {code: "convention"}


@pytest.mark.parametrize("name", ["adam", "lion", "sgd", "compensated", "accumulating", "adafactor"])
def test_right_optimizers_pass(name):
    """adafactor's quotient of squares overflows in float32, and it takes complex numbers by chance."""
    by_design = {"F2b", "F6", "K12c"} if name == "adafactor" else set()
    assert found_in(check(made(RIGHT, name), only="S,F,D,M,C,E15,E16,B10,N,K", profile="quick")).keys() <= by_design


@pytest.mark.usefixtures("unshrunk")
@pytest.mark.parametrize("mixed", [False, True], ids=["right", "units mixed"])
def test_a_first_step_that_moves_no_matrix_does_not_set_its_scale(mixed):
    """Where only the state is filled at first, as in SOAP and ADOPT, the power is that of the first step that moves."""
    late = "d = d * (t > 1 or x.ndim < 2)\n        new = x - lr * d"
    factory = planted("adafactor", "new = x - lr * d", late)
    if mixed:
        factory = planted("adafactor", "new = x - lr * d", f"{late} * (1 + 2.0**-50 * np.abs(d).max() ** 2)")
    report = check(factory, only="M7")
    assert [o.status for o in report.outcomes] == ["FAIL" if mixed else "pass"], report.outcomes


@pytest.mark.usefixtures("unshrunk")
def test_a_decay_beside_steps_that_are_linear_in_the_gradient_is_not_lost_beside_huge_ones():
    """Of SGDW, by its name: beside a step of 2^77 no decay is left of any parameter."""
    decoupled = "state['m'].dtype)\n        x = x * (1 - lr * weight_decay)"
    factory = planted("sgd", 'state["m"].dtype) + weight_decay * x', decoupled)
    assert [o.status for o in check(factory, only="D4", method="sgdw").outcomes] == ["pass"]
    lost = planted("sgd", 'state["m"].dtype) + weight_decay * x', 'state["m"].dtype)\n        weight_decay * x')
    assert found_in(check(lost, only="D4", method="sgdw")) == {"D4": "FAIL"}


@pytest.mark.usefixtures("unshrunk")
def test_a_setting_of_the_oldest_gradients_alone_is_felt():
    """AdaShift's second moment sees the first six of sixteen gradients only: they are not all of one size."""
    old = "v = beta2 * state['v'] if t < 7 else state['v'] - (1 - beta2) * np.abs(d) ** 2"
    factory = planted(
        "adam",
        'v = beta2 * state["v"] + (1 - beta2) * np.abs(d) ** 2\n'
        "        mhat, vhat = m / (1 - beta1**t), v / (1 - beta2**t)",
        f"{old}\n        v = v + (1 - beta2) * np.abs(d) ** 2\n"
        "        mhat, vhat = m / (1 - beta1**t), np.round(v / (1 - beta2 ** min(t, 6)), 9)",
    )
    assert found_in(check(factory, only="N2")) == {}


@pytest.mark.usefixtures("unshrunk")
def test_a_setting_that_is_felt_where_gradients_grow_is_felt():
    """Estimates of curvature from norms, as in AdaptiveSGD, use eps where gradients have grown since the last step."""
    grown = "eps * (np.abs(d).sum() > np.abs(state['old']).sum() > 0)"
    report = check(planted("adam", "np.sqrt(vhat) + eps", f"np.sqrt(vhat) + 1e-8 + {grown}"), only="N2")
    assert found_in(report) == {}


def test_every_law_has_a_planted_mistake_that_it_finds():
    """The others are planted in `identity_mutants`, in other frameworks, and in the derivatives."""
    found = {code for *_, wanted in MUTANTS.values() for code in wanted.split()}
    new = {code for code in identities() if code[0] in "DMN"} | {"E15", "E16", "S12", "B10", "F6b", "K19"}
    assert new <= found, new - found


def test_what_does_not_apply_says_why():
    report = check(made(RIGHT, "lion"), only="C3,S8,K4,K5")
    assert {o.code: o.status for o in report.outcomes} == dict.fromkeys(["C3", "S8", "K4", "K5"], "n.a.")
    assert all(o.detail for o in report.outcomes)


def test_every_identity_says_what_it_states_and_who_satisfies_it():
    ours = [item for item in identities().values() if item.group in "SFDMCNK"]
    assert len(ours) >= 65
    for item in ours:
        assert len(item.statement) > 30, item.code
        assert len(item.holds) > 15, item.code
