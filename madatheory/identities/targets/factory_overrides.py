"""Optimizers of libraries that need more than a step size: how they are called, or why they are left out."""

from collections.abc import Mapping
from typing import NamedTuple


class FactoryOverride(NamedTuple):
    """`code` defines `optimizer`, a factory that needs nothing but the step size; `why` says what was filled in."""

    code: str
    why: str


def _optax(call: str, why: str) -> FactoryOverride:
    return FactoryOverride(f"import optax\n\ndef optimizer(learning_rate=0.1):\n    return {call}", why)


def _wrapped(name: str) -> FactoryOverride:
    return FactoryOverride(
        f"import pytorch_optimizer\nimport torch\n\ndef optimizer(params, lr=1e-3):\n"
        f"    return pytorch_optimizer.{name}(torch.optim.Adam(params, lr=lr))",
        "wraps torch.optim.Adam",
    )


def _filled(name: str, arguments: str) -> FactoryOverride:
    code = (
        "import functools\nimport pytorch_optimizer\n"
        f"optimizer = functools.partial(pytorch_optimizer.{name}, {arguments})"
    )
    return FactoryOverride(code, f"with {arguments}")


FACTORY_OVERRIDES: Mapping[str, FactoryOverride] = {
    "optax.contrib:mechanize": _optax("optax.contrib.mechanize(optax.sgd(learning_rate))", "wraps optax.sgd"),
    "optax.contrib:schedule_free": _optax(
        "optax.contrib.schedule_free(optax.sgd(learning_rate), learning_rate)", "wraps optax.sgd"
    ),
    "pytorch_optimizer:Lookahead": _wrapped("Lookahead"),
    "pytorch_optimizer:OrthoGrad": _wrapped("OrthoGrad"),
    "pytorch_optimizer:ScheduleFreeWrapper": FactoryOverride(
        "import pytorch_optimizer\nimport torch\n\ndef optimizer(params, lr=1e-3):\n"
        "    made = pytorch_optimizer.ScheduleFreeWrapper(torch.optim.Adam(params, lr=lr))\n"
        "    made.train()\n    return made",
        "wraps torch.optim.Adam, in its training mode",
    ),
    "pytorch_optimizer:TRAC": _wrapped("TRAC"),
    "pytorch_optimizer:Magma": _wrapped("Magma"),
    "pytorch_optimizer:BSAM": _filled("BSAM", "num_data=1000"),
    "pytorch_optimizer:Ranger21": _filled("Ranger21", "num_iterations=1000"),
}


def factory_override(spec: str) -> FactoryOverride | None:
    """How the optimizer of this name is called where its own factory would not do; None where it does.

    heavyball as a whole: its float32 state would hide what is asked in float64, and what its compiler fuses is the same
    arithmetic at several seconds a shape.
    """
    library, _, name = spec.partition(":")
    if library == "heavyball":
        code = (
            "import functools\nimport heavyball\nheavyball.utils.compile_mode = None\n"
            f'optimizer = functools.partial(heavyball.{name}, storage_dtype="float64")'
        )
        return FactoryOverride(code, 'with storage_dtype="float64", not compiled')
    return FACTORY_OVERRIDES.get(spec)


_MODEL = "takes a model and its backward pass, not tensors with gradients"
_TWICE = "takes a second gradient at a point of its own choice"
_MATRICES = "takes groups that say which matrices it is for; to all other tensors it is AdamW"
_FLOAT32 = "its factors are float32, and a step on float64 parameters raises (docs/reports/heavyball.md)"
_CURVATURE = "differentiates the gradient, so it needs the graph of the loss"

EXCLUDED: Mapping[str, str] = {
    "optax:dpsgd": "an old name of optax.contrib.dpsgd",
    "optax:lookahead": "its parameters are pairs of fast and slow ones, not plain tensors",
    "optax:polyak_sgd": "needs the value of the loss",
    "optax:scale_by_learning_rate": "a part of optimizers, not one",
    "optax.contrib:dpsgd": "its gradients carry an axis of examples",
    "optax.contrib:sam": _TWICE,
    "optax.contrib:sophia": "estimates curvature from the loss function",
    "optax.contrib:split_real_and_imaginary": "a part of optimizers, not one",
    "heavyball:LATHER": _FLOAT32,
    "heavyball:PSGDKron": _FLOAT32,
    "heavyball:PSGDPRO": _FLOAT32,
    "heavyball:QSGD": _FLOAT32,
    "heavyball:SAMWrapper": _TWICE,
    "heavyball:SplitOpt": "hands groups to other optimizers of the library",
    "pytorch_optimizer:AdaGO": _MATRICES,
    "pytorch_optimizer:AdaHessian": _CURVATURE,
    "pytorch_optimizer:AdaLOMO": _MODEL,
    "pytorch_optimizer:AdaMuon": _MATRICES,
    "pytorch_optimizer:AdamMini": _MODEL,
    "pytorch_optimizer:DistributedMuon": _MATRICES,
    "pytorch_optimizer:LoRARite": "its parameters are pairs of low-rank factors, not single tensors",
    "pytorch_optimizer:LOMO": _MODEL,
    "pytorch_optimizer:Muon": _MATRICES,
    "pytorch_optimizer:MuonClip": _MATRICES,
    "pytorch_optimizer:NorMuon": _MATRICES,
    "pytorch_optimizer:SophiaH": _CURVATURE,
    "pytorch_optimizer:FriendlySAM": _TWICE,
    "pytorch_optimizer:GSAM": _TWICE,
    "pytorch_optimizer:LookSAM": _TWICE,
    "pytorch_optimizer:SAM": _TWICE,
    "pytorch_optimizer:WSAM": _TWICE,
    "pytorch_optimizer:PCGrad": "combines the gradients of several losses",
    "pytorch_optimizer:SafeFP16Optimizer": "scales losses for float16; the optimizer inside is another",
}
"""Public names that look like optimizers, and why no open-loop map of them is tested."""
