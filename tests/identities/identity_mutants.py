"""Planted mistakes in the optimizers of `identity_parents`: what text is replaced, and which identities must object."""

from typing import NamedTuple


class Mutant(NamedTuple):
    """In the text of `parent` every key of `edits` occurs once and becomes its value; all of `meant` must fail."""

    parent: str
    edits: dict[str, str]
    meant: str


MUTANTS: dict[str, Mutant] = {
    # Adam: moments
    "betas swapped in m": Mutant(
        "adam",
        {'beta1 * state["m"] + (1 - beta1) * g': 'beta2 * state["m"] + (1 - beta2) * g'},
        "R3 C3",
    ),
    "betas swapped in v": Mutant(
        "adam",
        {'beta2 * state["v"] + (1 - beta2)': 'beta1 * state["v"] + (1 - beta1)'},
        "R11 E11",
    ),
    "beta2 fixed at its default": Mutant(
        "adam",
        {"v = beta2 * state": ("beta2 = 0.999\n        v = beta2 * state")},
        "R11 E8",
    ),
    "weights of m exchanged": Mutant(
        "adam",
        {'beta1 * state["m"] + (1 - beta1) * g': '(1 - beta1) * state["m"] + beta1 * g'},
        "R3",
    ),
    "v of |g|": Mutant(
        "adam",
        {"(1 - beta2) * square(g)": "(1 - beta2) * np.abs(g)"},
        "R1 S7",
    ),
    "v of m": Mutant(
        "adam",
        {"(1 - beta2) * square(g)": "(1 - beta2) * square(m)"},
        "R3 B1b C3",
    ),
    "v of the gradient with the old m": Mutant(
        "adam",
        {"(1 - beta2) * square(g)": '(1 - beta2) * square(g - state["m"])'},
        "C2 R1 R11",
    ),
    "root of the average forgotten": Mutant(
        "adam",
        {"np.sqrt(vhat) + eps": "vhat + eps"},
        "S7 R11",
    ),
    "m from the stale moment": Mutant(
        "adam",
        {"mhat = m /": 'mhat = state["m"] /'},
        "C1 E8",
    ),
    "v from the stale moment": Mutant(
        "adam",
        {"vhat = v /": 'vhat = state["v"] /'},
        "C1 R11",
    ),
    # Adam: bias correction
    "t - 1 in both corrections": Mutant(
        "adam",
        {'t = state["t"] + 1': 't = max(state["t"], 1)'},
        "C2 C3",
    ),
    "t + 1 in both corrections": Mutant(
        "adam",
        {'t = state["t"] + 1\n': 't = state["t"] + 2\n'},
        "C1 R11",
    ),
    "m not corrected": Mutant(
        "adam",
        {"mhat = m / (1 - beta1**t)": "mhat = m"},
        "C1 C2",
    ),
    "v not corrected": Mutant(
        "adam",
        {"vhat = v / (1 - beta2**t)": "vhat = v"},
        "C1 R11",
    ),
    "corrections exchanged": Mutant(
        "adam",
        {"mhat = m / (1 - beta1**t)": "mhat = m / (1 - beta2**t)"},
        "C1 C3",
    ),
    "corrected value kept as moment": Mutant(
        "adam",
        {'"t": t, "m": m, "v": v': '"t": t, "m": mhat, "v": v'},
        "C2 R3",
    ),
    "bfloat16 counter": Mutant(
        "adam",
        {'t = state["t"] + 1': 't = float(bfloat16(state["t"] + 1))'},
        "K18",
    ),
    "float16 counter": Mutant(
        "adam",
        {'"t": t, "m"': '"t": np.float16(t), "m"'},
        "K18",
    ),
    # Adam: division, signs, precision
    "no eps": Mutant(
        "adam",
        {"np.sqrt(vhat) + eps": "np.sqrt(vhat)"},
        "F1 F2",
    ),
    "ascent": Mutant(
        "adam",
        {"(x - step)": "(x + step)"},
        "C1 C2",
    ),
    "lr twice": Mutant(
        "adam",
        {"step = lr * mhat": "step = lr * lr * mhat"},
        "S9 C1",
    ),
    "rounded to float32": Mutant(
        "adam",
        {"(x - step).astype(x.dtype)": "(x - step).astype(np.float32)"},
        "K10",
    ),
    "denominator in the parameters' precision": Mutant(
        "adam", {"(np.sqrt(vhat) + eps)": "(np.sqrt(vhat) + eps).astype(x.dtype)"}, "F2b"
    ),
    "moments of all coordinates": Mutant(
        "adam",
        {"(1 - beta2) * square(g)": "(1 - beta2) * square(g).mean()"},
        "S3 F7",
    ),
    # Adam: what is shared and what is remembered
    "gradient negated in place": Mutant(
        "adam",
        {"g = taken(g, maximize)": "g = np.negative(g, out=g) if maximize else g"},
        "K2",
    ),
    "decay added in place": Mutant(
        "adam",
        {("g = taken(g, maximize)\n        g = g + weight_decay * x.astype(g.dtype)"): "g += weight_decay * x"},
        "K2",
    ),
    "parameters updated in place": Mutant(
        "adam",
        {"return (x - step).astype(x.dtype)": ("x -= step.astype(x.dtype)\n        return x")},
        "K2b",
    ),
    "v updated in place": Mutant(
        "adam",
        {
            'v = beta2 * state["v"] + (1 - beta2) * square(g)': (
                'v = state["v"]\n        v *= beta2\n        v += (1 - beta2) * square(g)'
            )
        },
        "K2b",
    ),
    "counter shared by the tensors": Mutant(
        "adam",
        {
            "    def init(x):\n": ('    clock = {"t": 0}\n\n    def init(x):\n'),
            't = state["t"] + 1': ('clock["t"] += 1\n        t = clock["t"]'),
        },
        "K9b S3",
    ),
    "late tensor reads the oldest counter": Mutant(
        "adam",
        {
            "    def init(x):\n": ('    clock = {"t": 0}\n\n    def init(x):\n'),
            't = state["t"] + 1': 't = clock["t"] = max(clock["t"], state["t"] + 1)',
        },
        "C4",
    ),
    "counter shared by all instances": Mutant(
        "adam",
        {'t = state["t"] + 1': ('CLOCK["t"] += 1\n        t = CLOCK["t"]')},
        "K1",
    ),
    "counter lost in a checkpoint": Mutant(
        "adam",
        {'"t": t, "m"': '"t": Lost(t), "m"'},
        "K6 K7",
    ),
    # Adam: maximize and decay
    "maximize ignored": Mutant(
        "adam",
        {"taken(g, maximize)": "taken(g, False)"},
        "K4",
    ),
    "maximize turns the decay": Mutant(
        "adam",
        {
            ("g = taken(g, maximize)\n        g = g + weight_decay * x.astype(g.dtype)"): (
                "g = taken(g, False)\n"
                "        g = g + weight_decay * x.astype(g.dtype)\n"
                "        g = -g if maximize else g"
            )
        },
        "K4",
    ),
    "decay pushes away": Mutant(
        "adam",
        {"g + weight_decay": "g - weight_decay"},
        "B9",
    ),
    "decoupled decay pushes away": Mutant(
        "adamw",
        {"(1 - lr * weight_decay)": "(1 + lr * weight_decay)"},
        "B9",
    ),
    "decoupled decay without lr": Mutant(
        "adamw",
        {"(1 - lr * weight_decay)": "(1 - weight_decay)"},
        "F4b",
    ),
    # AMSGrad
    "maximum of the stale moment": Mutant(
        "amsgrad",
        {'np.maximum(state["vmax"], v)': 'np.maximum(state["vmax"], state["v"])'},
        "E7 R8 R8b",
    ),
    "maximum not kept": Mutant(
        "amsgrad",
        {'"vmax": vmax': '"vmax": v'},
        "R7 R11",
    ),
    "v replaced by its maximum": Mutant(
        "amsgrad",
        {'"v": v, "vmax"': '"v": vmax, "vmax"'},
        "R11",
    ),
    # AVGrad
    "mean of t + 1 averages": Mutant(
        "avgrad",
        {"+ v) / t": "+ v) / (t + 1)"},
        "R4 R10",
    ),
    "mean of stale averages": Mutant(
        "avgrad",
        {"+ v) / t": '+ state["v"]) / t'},
        "R4 E6",
    ),
    "mean of two": Mutant(
        "avgrad",
        {'((t - 1) * state["vbar"] + v) / t': '(state["vbar"] + v) / 2'},
        "R4 R5",
    ),
    # Yogi
    "Yogi's sign reversed": Mutant(
        "yogi",
        {'np.sign(state["v"] - square(g))': 'np.sign(square(g) - state["v"])'},
        "R2",
    ),
    "Yogi compares roots": Mutant(
        "yogi",
        {'np.sign(state["v"] - square(g))': 'np.sign(state["v"] - np.abs(g))'},
        "R11",
    ),
    "Yogi with Adam's weight": Mutant(
        "yogi",
        {"(1 - beta2) * np.sign": "beta2 * np.sign"},
        "R2 R11",
    ),
    # Adan
    "stale difference": Mutant(
        "adan",
        {'"g": g}': '"g": state["g"]}'},
        "E14 E10",
    ),
    "first difference is g_1": Mutant(
        "adan",
        {" if t > 1 else 0 * g": ""},
        "C2",
    ),
    "difference reversed": Mutant(
        "adan",
        {'change = g - state["g"]': 'change = state["g"] - g'},
        "E14",
    ),
    "look-ahead forgotten in v": Mutant(
        "adan",
        {"square(ahead)": "square(g)"},
        "E14",
    ),
    "difference not corrected": Mutant(
        "adan",
        {"(n / (1 - beta2**t))": "n"},
        "E14",
    ),
    "previous gradient kept by reference": Mutant(
        "adan",
        {"g = taken(g, False)": "g = g"},
        "K3",
    ),
    # Lion
    "Lion from the new momentum": Mutant(
        "lion",
        {
            'u = beta1 * state["m"]': 'u = beta1 * (beta2 * state["m"] + (1 - beta2) * g)',
        },
        "E9",
    ),
    "Lion's betas exchanged": Mutant(
        "lion",
        {
            'm = beta2 * state["m"] + (1 - beta2) * g': (
                'm = beta1 * state["m"] + (1 - beta1) * g\n        u = beta2 * state["m"] + (1 - beta2) * g'
            )
        },
        "E9",
    ),
    "sign(0) = 1": Mutant(
        "lion",
        {"np.sign(u)": "np.where(u >= 0, 1, -1)"},
        "F5",
    ),
    "a soft sign": Mutant(
        "lion",
        {"np.sign(u)": "np.tanh(100 * u)"},
        "B3 C6",
    ),
    # RMSProp, Adagrad, SGD
    "RMSProp divides by the stale moment": Mutant(
        "rmsprop",
        {"np.sqrt(v)": 'np.sqrt(state["v"])'},
        "B2 R11",
    ),
    "RMSProp averages roots": Mutant(
        "rmsprop",
        {
            'beta2 * state["v"] + ': "(beta2 * np.sqrt(state['v']) + ",
            "(1 - beta2) * square(g)": "(1 - beta2) * np.abs(g)) ** 2",
        },
        "R11",
    ),
    "Adagrad forgets": Mutant(
        "adagrad",
        {'v = state["v"]': 'v = 0.99 * state["v"]'},
        "R7 R11",
    ),
    "Adagrad adds before the square": Mutant(
        "adagrad",
        {'v = state["v"] + square(g)': 'v = square(np.sqrt(state["v"]) + np.abs(g))'},
        "R11",
    ),
    "gradient clipped": Mutant(
        "sgd",
        {"g = taken(g, maximize)": "g = np.clip(taken(g, maximize), -1, 1)"},
        "S8",
    ),
}

# Other conventions rather than mistakes: every identity holds for both, and `identify` tells them apart.
CONVENTIONS: dict[str, Mutant] = {
    "eps inside the root": Mutant("adam", {"np.sqrt(vhat) + eps": "np.sqrt(vhat + eps)"}, ""),
    "eps before the correction": Mutant(
        "adam", {"np.sqrt(vhat) + eps": "(np.sqrt(v) + eps) / np.sqrt(1 - beta2**t)"}, ""
    ),
    "maximum after the correction": Mutant(
        "amsgrad",
        {
            'np.maximum(state["vmax"], v)': 'np.maximum(state["vmax"], v / (1 - beta2**t))',
            "np.sqrt(vmax / (1 - beta2**t))": "np.sqrt(vmax)",
        },
        "",
    ),
    "Adan's new weight": Mutant(
        "adan",
        {"ahead = g + beta2 * change": "ahead = g + (1 - beta2) * change", "+ beta2 * (n": "+ (1 - beta2) * (n"},
        "",
    ),
}
