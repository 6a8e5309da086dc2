"""What MADA's authors ran, as data: three settings that differ from each other, each under the name of its program.

Every form of `mada` takes them by name; what is given beside a preset overrides it. Source: the programs published with
Ozkara et al. (MADA, ICML 2024), github.com/amazon-science/mada_optimizer_search, commit 2beded8.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from madatheory.errors import choice
from madatheory.optimizers.request import Descent

_BOTH, _OTHERS = ("beta1", "beta2"), ("beta3", "rho", "c", "gamma")


@dataclass(frozen=True)
class Preset:
    """A setting of MADA: `source` says whose, `initial` has the coefficients at the start, `learn` how they move.

    A `previous_gradient` that is None is the convention's own.
    """

    source: str
    alpha: float
    initial: Mapping[str, float]
    learn: Mapping[str, Descent]
    eps: float
    convention: str
    previous_gradient: str | None
    average_derivative: str

    @property
    def rates(self) -> Mapping[str, float]:
        """The hyper learning rates of the learned coefficients."""
        return {name: float(rule.hyper_learning_rate) for name, rule in self.learn.items()}  # type: ignore[arg-type]


ADAM = Preset(
    source="Kingma and Ba (ICLR 2015), at the paper's beta2 and eps",
    alpha=1e-3,
    initial={"beta1": 0.9, "beta2": 0.99, "beta3": 0.0, "rho": 1.0, "c": 1.0, "gamma": 1.0},
    learn={},
    eps=1e-6,
    convention="practical",
    previous_gradient=None,
    average_derivative="complete",
)
"""What is left out where no preset is asked for."""

PRESETS: Mapping[str, Preset] = {
    "train_ddp": Preset(
        source="train_ddp.py with the command of its README (GPT-2 124M)",
        alpha=1e-3,
        initial={"beta1": 0.9, "beta2": 0.95, "beta3": 0.0, "rho": 0.6, "c": 1.0, "gamma": 1.0},
        learn={name: Descent(5e-4, start=50, clip=10.0) for name in _BOTH}
        | {name: Descent(0.1, start=50, clip=10.0) for name in _OTHERS},
        eps=1e-6,
        convention="published",
        previous_gradient="zeroed",
        average_derivative="cut",
    ),
    "train": Preset(
        source="train.py, at its own initial coefficients",
        alpha=1e-3,
        initial={"beta1": 0.9, "beta2": 0.99, "beta3": 0.0, "rho": 1.0, "c": 1.0, "gamma": 1.0},
        learn={name: Descent(2.5e-3, 0.5, clip=10.0) for name in (*_BOTH, "beta3", "rho", "c")}
        | {"gamma": Descent(2.5e-3, clip=10.0)},
        eps=1e-8,
        convention="published",
        previous_gradient="zeroed",
        average_derivative="cut",
    ),
    "toy": Preset(
        source="amsgrad_toy.py (the online problem of Reddi et al. 2018)",
        alpha=1e-3,
        initial={"beta1": 0.9, "beta2": 0.99, "beta3": 0.0, "rho": 1.0, "c": 1.0, "gamma": 1.0},
        learn={name: Descent(0.1, 0.9) for name in ("beta3", "rho", "c")},
        eps=1e-6,
        convention="published",
        previous_gradient="kept",
        average_derivative="cut",
    ),
}
"""Name of the published program -> its setting. Coefficients have the papers' names."""

DEFAULT = "train_ddp"
"""What `mada(rate)` is."""


def preset_of(name: str | None, nothing_learned: bool) -> Preset:
    """The preset of this name; None: `DEFAULT` where nothing is said of learning either, else `ADAM`."""
    if name is None:
        return PRESETS[DEFAULT] if nothing_learned else ADAM
    choice("preset of mada", name, PRESETS)
    return PRESETS[name]
