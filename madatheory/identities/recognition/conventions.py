"""The methods that `identify` knows, each a reference with its switches; simple ones first, whose name then counts."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from madatheory.identities.recognition.candidate import Candidate
from madatheory.identities.recognition.family import Family, From, Switch
from madatheory.references import (
    adabelief,
    adadelta,
    adafactor,
    adagrad,
    adam,
    adan,
    ademamix,
    adopt,
    amsgrad,
    avgrad,
    interpolation,
    lamb,
    lion,
    mada,
    muon,
    nadam,
    radam,
    rmsprop,
    schedule_free,
    sgd,
    yogi,
)


def _switch(name: str, argument: str, values: Mapping[str, Any], equal: str = "", **notes: str) -> Switch:
    return Switch(name, {label: {argument: value} for label, value in values.items()}, notes, equal)


EPS = _switch(
    "eps",
    "eps_place",
    {
        "outside the root, after the correction": "outside",
        "outside the root, before the correction": "outside_before",
        "inside the root, after the correction": "inside",
        "inside the root, before the correction": "inside_before",
    },
    "the root has no correction",
)
EPS_UNCORRECTED = _switch("eps", "eps_place", {"outside the root": "outside", "inside the root": "inside"})
SAME = "product and exact are the same numbers while the betas are constant"
CORRECTION = _switch(
    "bias correction",
    "bias_correction",
    {"power": "power", "none": "none", "second moment only": "second", "first moment only": "first"},
    power=SAME,
)
CORRECTED = _switch("bias correction", "bias_correction", {"power": True, "none": False}, power=SAME)
NESTEROV = _switch("Nesterov", "nesterov", {"no": False, "yes": True}, "no momentum")
LOOK_AHEAD, WHOLE = "Nesterov", "yes, with the whole gradient, momentum b_t + g_t"
NESTEROV_FORMS = Switch(
    LOOK_AHEAD,
    {
        "no": {"nesterov": False},
        "yes": {"nesterov": True},
        WHOLE: {"nesterov": "whole gradient"},
        "yes, with momentum (t-1)/(t+2) as in 1983": {"nesterov": "1983"},
    },
    equal="no momentum",
    unless={WHOLE: "yes"},  # of a sum of gradients
)
DECAY = _switch(
    "weight decay",
    "decay",
    {
        "coupled (added to the gradient)": "coupled",
        "decoupled, times lr": "decoupled_lr",
        "decoupled, times lr, after the step": "decoupled_lr_after",
        "decoupled, not times lr": "decoupled",
        "proximal": "proximal",
    },
)
COMPLEX = _switch("complex numbers", "complex_as", {"modulus |g|^2": "modulus", "pair of reals": "pair"}, "linear")
RATE = _switch("momentum buffer", "rate", {"of gradients, times lr_t": "step", "of steps, lr_t g_t": "buffer"})
STEP_SIZE = ("constant", "lr/sqrt(t)")

_LR = {"alpha": ("lr",)}
_B12 = {**_LR, "beta1": ("beta1",), "beta2": ("beta2",), "eps": ("eps",)}
_ROOT = {**_B12, "eps_root": ("eps_root",)}
_FORMS = {"summed": "summed", "averaged": "averaged", "averaged after the first step": "averaged_after_first"}
_SCHEDULES = {"simple, mu_t = beta1": "constant", "mu_t = beta1 (1 - 0.96^(0.004 t)/2)": "scheduled"}
_STARTS = Switch(
    "initial moments",
    {
        "m_0 = v_0 = 0": {},
        "v_0 = g_1^2": {"v0": "gradient"},
        "m_0 = g_1, v_0 = g_1^2": {"m0": "gradient", "v0": "gradient"},
        "v_0 = 1e-6": {"v0": 1e-6},
        "m_0 = v_0 = 1e-6": {"m0": 1e-6, "v0": 1e-6},
    },
)
_YOGI_STARTS = Switch(
    "initial moments",
    {
        "m_0 = v_0 = 0": {},
        "m_0 = v_0 = 1e-6": {"initial": 1e-6},
        "m_0 = 0, v_0 = 1e-6": {"initial": 1e-6, "m0": 0.0},
    },
)
_SECOND_EPS = Switch(
    "second eps",
    {
        "in the recurrence (eps_root, or eps if it has none)": {"root_place": "recurrence"},
        "under the root (eps_root, or eps if it has none)": {"root_place": "root"},
        "none": {"eps_root": 0.0},
    },
)
_NADAM_CORRECTION = _switch(
    "bias correction",
    "bias_correction",
    {"power": "power", "second moment only": "second", "none": "none"},
    power="of the first moment: the product of the mu_s",
)
_ORDERS = {"before the correction": "before", "after the correction": "after"}
_AVERAGED = _switch(
    "bias correction",
    "bias_correction",
    {"power": "power", "exact": "exact", "none": "none"},
    power="the product is the same number while the betas are constant",
)
_FIRST = {"0": "zero", "g_1": "gradient", "skipped": "skipped"}
_ADAN_BETAS = Switch(
    "betas",
    {
        "beta2 of the difference, beta3 of the square": {},
        "beta2 of the square, beta3 of the difference": {"beta2": From("beta2"), "beta3": From("beta3")},
    },
)
_FORMULAS, _CODE = "its formulas", "its published code"
_KEPT, _ZEROED = "kept, g_t - g_{t-1}", "zeroed, g_t"


def _initial(*values: float) -> Switch:
    return _switch("initial second moment", "initial", {f"{value:g}": value for value in values})


FAMILIES: tuple[Family, ...] = (
    Family(
        "SGD",
        "Robbins and Monro 1951, Polyak 1964, Sutskever et al. 2013",
        sgd.run,
        {**_LR, "momentum": ("momentum", "beta1")},
        (_switch("momentum", "form", _FORMS), NESTEROV_FORMS),
        frozenset({"momentum"}),
        buffered=True,
        decays={"coupled, of the point before the look-ahead": {"decay": "coupled_before"}},
    ),
    Family(
        "Adagrad",
        "Duchi, Hazan, Singer, JMLR 2011",
        adagrad.run,
        {**_LR, "eps": ("eps",), "beta1": ("beta1",)},
        (EPS_UNCORRECTED, _initial(0.0, 0.1, 1.0, 1e-6)),
        frozenset({"beta1"}),
    ),
    Family(
        "RMSProp",
        "Tieleman and Hinton 2012; centred: Graves 2013",
        rmsprop.run,
        {**_LR, "beta2": ("beta2",), "eps": ("eps",), "momentum": ("momentum",)},
        (
            EPS,
            _switch("bias correction", "bias_correction", {"none": False, "power": True}, power=SAME),
            _initial(0.0, 1.0, 1e-6),
            _switch("centred", "centered", {"no": False, "yes": True}),
            NESTEROV,
        ),
        frozenset({"momentum"}),
        buffered=True,
    ),
    Family(
        "Adam",
        "Kingma and Ba, ICLR 2015; with decoupled decay: AdamW, Loshchilov and Hutter, ICLR 2019",
        adam.run,
        _ROOT,
        (EPS, CORRECTION, _STARTS),
    ),
    Family(
        "AMSGrad",
        "Reddi, Kale, Kumar, ICLR 2018, Algorithm 2",
        amsgrad.run,
        _ROOT,
        (EPS, CORRECTION, _switch("maximum", "max_order", _ORDERS, "nothing is corrected")),
    ),
    Family(
        "AVGrad",
        "Ozkara et al., MADA, ICML 2024",
        avgrad.run,
        _ROOT,
        (EPS, _AVERAGED),
    ),
    Family(
        "Yogi",
        "Zaheer, Reddi, Sachan, Kale, Kumar, NeurIPS 2018, Algorithm 2",
        yogi.run,
        _ROOT,
        (EPS, CORRECTION, _YOGI_STARTS),
    ),
    Family(
        "AdaBelief",
        "Zhuang et al., NeurIPS 2020, Algorithm 2",
        adabelief.run,
        _ROOT,
        (EPS, CORRECTION, _switch("belief", "belief", {"g_t - m_t": "new", "g_t - m_{t-1}": "old"}), _SECOND_EPS),
    ),
    Family(
        "NAdam",
        "Dozat, ICLR workshop 2016, Algorithm 2",
        nadam.run,
        _ROOT,
        (
            EPS,
            _switch("momentum schedule", "schedule", _SCHEDULES),
            _switch("first moment", "average", {"averaged with beta1": "beta1", "with mu_t": "mu"}, "mu_t is beta1"),
            _switch("look-ahead correction", "look_ahead", {"t+1": "next", "t": "same"}, "nothing is corrected"),
            _NADAM_CORRECTION,
        ),
    ),
    Family(
        "Adan",
        "Xie, Zhou, Li, Lin, Yan, TPAMI 2024, Algorithm 1",
        adan.run,
        {**_ROOT, "beta2": ("beta3",), "beta3": ("beta2",)},
        (
            EPS,
            CORRECTED,
            _switch("difference weight", "weight", {"its decay (the paper's)": "decay", "1 - its decay": "new"}),
            _switch("first difference", "first_difference", _FIRST, "its moment is not corrected"),
            _switch("correction of the difference", "difference_correction", {"yes": True, "no": False}),
            _switch("initial moments", "initial", {"0": "zero", "m_0 = g_1, n_0 = g_1^2": "gradient"}),
            _ADAN_BETAS,
        ),
    ),
    Family(
        "Lion",
        "Chen et al., NeurIPS 2023, Algorithm 2",
        lion.run,
        {**_LR, "beta1": ("beta1",), "beta2": ("beta2",)},
        (_switch("order", "order", {"sign from the old momentum": "old", "sign from the new momentum": "new"}),),
    ),
    Family(
        "Adadelta",
        "Zeiler 2012",
        adadelta.run,
        {**_LR, "beta2": ("beta2",), "eps": ("eps",)},
        (_switch("eps", "eps_place", {"inside both roots": "inside", "outside both roots": "outside"}),),
    ),
    Family(
        "RAdam",
        "Liu et al., ICLR 2020, Algorithm 2",
        radam.run,
        _ROOT,
        (
            EPS,
            Switch(
                "rectified from",
                {
                    "rho_t > 4 (the paper's)": {"threshold": 4.0},
                    "rho_t > 5 (its code's)": {"threshold": 5.0},
                },
            ),
            _switch("before that", "otherwise", {"momentum without root": "momentum", "no step": "nothing"}),
        ),
    ),
    Family(
        "ADOPT",
        "Taniguchi et al., NeurIPS 2024, Algorithm 2",
        adopt.run,
        _B12,
        (_switch("clipping", "clip", {"at (t-1)^(1/4)": "fourth root", "none": "none"}),),
    ),
    Family(
        "AdEMAMix",
        "Pagliardini, Ablin, Grangier, ICLR 2025, Algorithm 1",
        ademamix.run,
        {**_ROOT, "beta3": ("beta3",)},
        (EPS, _switch("weight of the slow average", "slow", {f"{value:g}": value for value in (5.0, 6.0, 8.0, 2.0)})),
    ),
    Family(
        "schedule-free",
        "Defazio et al., NeurIPS 2024; what moves is y, where gradients are taken",
        schedule_free.run,
        _B12,
        (
            _switch("base", "base", {"Adam without momentum": "adam", "SGD": "sgd"}),
            _switch("weights of the average", "power", {"max lr^2": 2.0, "1": 0.0}, "the step size is constant"),
        ),
        whole=True,
    ),
    Family(
        "LAMB",
        "You et al., ICLR 2020, Algorithm 2",
        lamb.run,
        _ROOT,
        (EPS, CORRECTED),
        whole=True,
    ),
    Family(
        "Adafactor",
        "Shazeer and Stern, ICML 2018, Algorithms 4 and 5",
        adafactor.run,
        {**_LR, "eps": ("eps",), "momentum": ("momentum",)},
        (
            _switch("second moment of matrices", "factored", {"factored": True, "kept whole": False}, "not a matrix"),
            _switch("step size", "relative", {"times max(0.001, RMS(x))": 1e-3, "absolute": 0.0}),
            _switch("clipping", "clip", {"RMS(u) <= 1": 1.0, "none": math.inf}),
            _switch("lr_t", "capped", {"as set": False, "min(lr, 1/sqrt(t))": True}, "lr is below 1/sqrt(t)"),
        ),
        frozenset({"eps", "momentum"}),
        whole=True,
    ),
    Family(
        "Muon",
        "Jordan et al. 2024; Liu et al. 2025",
        muon.run,
        {**_LR, "momentum": ("momentum",)},
        (
            _switch("Nesterov", "nesterov", {"yes": True, "no": False}),
            Switch(
                "scale",
                {
                    "sqrt(max(1, rows/columns))": {"scale": "tall"},
                    "sqrt(max(1, columns/rows)), for weights inputs x outputs": {"scale": "tall", "transposed": True},
                    "0.2 sqrt(max(rows, columns))": {"scale": "larger side"},
                    "1": {"scale": "none"},
                },
            ),
            _switch("bias correction", "corrected", {"none": False, "power": True}, "only the direction counts"),
        ),
        frozenset({"momentum"}),
        whole=True,
        matrices=True,
    ),
    Family(
        "Adam as in Defossez et al.",
        "Defossez, Bottou, Bach, Usunier, TMLR 2022, section 2.2",
        adam.run_defossez,
        _B12,
        plain=True,
    ),
    Family(
        "Adam-AVGrad or Adam-AMSGrad",
        "Ozkara et al., MADA, ICML 2024: rho v + (1-rho) reference",
        interpolation.run,
        _B12,
        (
            EPS_UNCORRECTED,
            CORRECTED,
            _switch("second-moment reference", "reference", {"mean": "mean", "maximum": "max"}),
        ),
        fitted=("rho",),
        plain=True,
    ),
    Family(
        "MADA",
        "Ozkara et al., MADA, ICML 2024: all seven coefficients",
        mada.run,
        _B12,
        (
            EPS_UNCORRECTED,
            CORRECTED,
            _switch("convention", "convention", {_FORMULAS: "practical", _CODE: "published"}),
            _switch(
                "previous gradient",
                "previous_gradient",
                {_KEPT: "kept", _ZEROED: "zeroed"},
                "beta3 is 0, and nothing reads the difference",
            ),
        ),
        fitted=("beta3", "rho", "c", "gamma"),
        plain=True,
        untold={
            "derivative of the average": "cannot be told: a derivative shows only in how coefficients move, and these "
            "stand still in the updates compared",
            "hyper-steps": "cannot be told for the same reason: hyper learning rates and momenta, clip, first step, "
            "bounds, and whose gradient they see",
        },
        far_apart=tuple(
            ("outside the root", "power", *one) for one in ((_CODE, _ZEROED), (_CODE, _KEPT), (_FORMULAS, _ZEROED))
        ),
    ),
    Family(
        "safeguarded MADA",
        "b_t = max(b_{t-1}, t (eps + vhat_t)), see references/interpolation.py",
        interpolation.run_safeguarded,
        _B12,
        fitted=("beta3", "rho", "c"),
        plain=True,
    ),
)


def decay_of(candidate: Candidate) -> Switch:
    """The forms of weight decay that a candidate can have; some only where it looks ahead."""
    own = candidate.family.decays if candidate.choice().get(LOOK_AHEAD, "no") != "no" else {}
    return replace(DECAY, options={**DECAY.options, **own})
