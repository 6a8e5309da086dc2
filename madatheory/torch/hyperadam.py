"""HyperAdam as a `torch.optim.Optimizer`."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from madatheory.errors import UserError
from madatheory.optimizers.request import Descent
from madatheory.torch.optimizer import MADA
from madatheory.torch.plan import Betas, decays


class HyperAdam(MADA):
    """Adam whose b1 and b2 are learned by one-step hyper-gradients: `MADA` with nothing else learned.

    x_t = x_{t-1} - lr (m_t/(1-b1^t))/(sqrt(v_t/(1-b2^t)) + eps). It starts at `betas`, or b1 and b2, by default .9 and
    .99. `hyper_learning_rate` is that of both, or a mapping with keys "b1" and "b2" (see `Descent`). `rest` and errors
    as for `MADA`; the coefficients of other members are refused. Source: Baydin et al. (ICLR 2018); the baseline of
    Ozkara et al. (MADA, ICML 2024).
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        hyper_learning_rate: float | Descent | Mapping[str, float | Descent] = 5e-4,
        *,
        betas: Betas | None = None,
        b1: float | None = None,
        b2: float | None = None,
        eps: float = 1e-6,
        **rest: Any,
    ) -> None:
        b1, b2 = decays("HyperAdam", betas, b1, b2)
        both = dict.fromkeys(("b1", "b2"), hyper_learning_rate)
        learn: Any = hyper_learning_rate if isinstance(hyper_learning_rate, Mapping) else both
        for name in (*learn, *rest):
            if name in ("lr", "learning_rate", "b3", "rho", "c", "gamma"):
                raise UserError(f"HyperAdam learns b1 and b2 of Adam; for {name} use MADA")
        super().__init__(
            params, lr, learn, b1=0.9 if b1 is None else b1, b2=0.99 if b2 is None else b2, eps=eps, **rest
        )
