"""Group K of the identities: right optimizers pass them all, each planted mistake fails its identity."""

import pytest
from planted_optimizers import RIGHT, found_in, made, planted, unshrunk  # noqa: F401

from madatheory.identities import check

# what is planted: optimizer, text replaced, replacement, and the identities that must find it
MUTANTS: dict[str, tuple[str, str, str, str]] = {
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
    "parameters become wider": ("adam", "np.asarray(new, x.dtype)", "np.asarray(new)", "K10"),
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
    "the maximum of nothing": ("sgd", "lr * m", "lr * m * (m.max() == m.max())", "K13"),
    "a tensor has a length": ("sgd", "lr * m", "lr * m * (len(x) > 0)", "K13b"),
    "entries in the order of memory": (
        "sgd",
        "np.asarray(g, ",
        'np.asarray(np.ravel(g, "K").reshape(g.shape), ',
        "K13c",
    ),
    "a counter of the parameters' dtype": ("adam", '{"t": t,', '{"t": np.asarray(t, x.dtype),', "K18"),
}


@pytest.mark.usefixtures("unshrunk")
@pytest.mark.parametrize("mistake", MUTANTS)
def test_planted_mistake_is_found(mistake):
    name, old, new, wanted = MUTANTS[mistake]
    report = check(planted(name, old, new), only=wanted.replace(" ", ","))
    assert found_in(report) == set(wanted.split()), [(o.code, o.status, o.detail) for o in report.outcomes]


@pytest.mark.parametrize("name", ["adam", "lion", "sgd"])
def test_right_optimizers_pass(name):
    assert found_in(check(made(RIGHT, name), only="K")) == set()
