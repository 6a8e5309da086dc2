"""MADA as a `torch.optim.Optimizer`: the arguments, presets and defaults of `madatheory.mada`, the same numbers.

The hyper-gradient costs sums over the parameters, of their gradients and the state that the last step left: no graph is
kept and no second backward pass is taken. Coefficients are tensors on the parameters' device, and a step never waits
for it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

import madatheory.torch.descent as descent
from madatheory.errors import UserError
from madatheory.optimizers.request import Descent
from madatheory.torch.cohorts import Cohort, gather, local, merge_clocks, refuse_parameter, working
from madatheory.torch.plan import COEFFICIENTS, FREE, WORDS, Betas, StepPlan, decays, step_plan, word
from madatheory.torch.walk import seen, step
from madatheory.training.plan import SOURCES, AverageDerivative, ConventionName, PresetName, PreviousGradient

_undisturbed: Any = getattr(torch, "_disable_dynamo", torch.compiler.disable)
"""What torch.optim marks its bookkeeping with: compiled code calls it and does not look inside."""
_COUNTERS = ("step", "ones", "moved")


class MADA(torch.optim.Optimizer):
    """x_t = (1 - lr w) x_{t-1} - delta_t(h), with the coefficients named in `learn` learned on the way.

    With u_t = dl_t(x_{t-1})/dh = - sum_i g_{t,i} d delta_{t-1,i}/dh, before step t every learned h moves,

        p <- hyper_momentum p + u_t,    h <- clamp(h - hyper_learning_rate p)

    `learn` maps coefficients ("lr", "b1", "b2", "b3", "rho", "c", "gamma") to their hyper learning rate or to a
    `Descent`. The meaning, presets and defaults of all arguments are those of `madatheory.mada`, whose learning_rate is
    `lr` here: without `learn` and `preset` this is the setting of the authors' train_ddp.py. Numbers are numbers;
    schedules are `torch.optim.lr_scheduler`'s, for an lr that is not learned. One that is learned is the descent's: a
    step refuses it when something else has set it.

    betas         (b1, b2), as torch.optim.Adam has them, instead of these two; in groups, too
    per_group     False: one vector of coefficients for all parameters, learned from all of them. True: one for each
                  parameter group, learned from its gradients alone
    weight_decay  decoupled; groups may have their own `lr`, `weight_decay` and coefficients (of learned ones, which are
                  then initial values, only with `per_group`)
    maximize      make the loss large
    source        "validation" or "micro_batch": hyper-gradients are formed by `observe()`, with the gradients that the
                  parameters have at that moment
    process_group processes over which plain tensors are sharded: dot products are summed over it. Sharded parameters
                  that are `DTensor`s (fully_shard) say so themselves; with DistributedDataParallel nothing is needed,
                  since all processes have the same gradients and so the same coefficients

    State, by parameter: float32 or better, after the last step. `param_groups` have the coefficients by name, learned
    ones as tensors of shape (). Parameters without gradient do not step and have no part in hyper-gradients. A
    hyper-gradient that is not finite, or that sees an entry beyond 2e18 (float32), is ignored and counted (`skipped`).

    Raises `UserError` for unknown names and values out of range, for complex parameters and sparse gradients, for
    safeguards (theorems T8 and T8log: `madatheory.mada` has them), and for states of another request. Source: Ozkara et
    al. (MADA, ICML 2024), Baydin et al. (ICLR 2018) for lr.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        learn: Mapping[str, float | Descent] | None = None,
        *,
        betas: Betas | None = None,
        preset: PresetName | None = None,
        b1: float | None = None,
        b2: float | None = None,
        b3: float | None = None,
        rho: float | None = None,
        c: float | None = None,
        gamma: float | None = None,
        eps: float | None = None,
        b1_lion: float = 0.95,
        b2_lion: float = 0.98,
        reference: str = "mean",
        convention: ConventionName | None = None,
        previous_gradient: PreviousGradient | None = None,
        average_derivative: AverageDerivative | None = None,
        correction: str = "power",
        lag: int = 0,
        safeguard: str = "none",
        source: str = "training",
        weight_decay: float = 0.0,
        per_group: bool = False,
        maximize: bool = False,
        process_group: Any = None,
    ) -> None:
        b1, b2 = decays("MADA", betas, b1, b2)
        given = locals()
        names = ("preset", "reference", "convention", "previous_gradient", "average_derivative", "correction", "lag")
        self._asked: dict[str, Any] = {
            "learn": learn,
            "options": {name: given[name] for name in (*names, "safeguard", "source")},
            "per_group": bool(per_group),
        }
        self._plans: list[StepPlan] = []
        self._rules: list[dict[str, Tensor]] = []
        self._versions: list[int] = []
        self._observed: dict[int, Tensor] = {}
        self.process_group = process_group
        defaults = {name: given[name] for name in (*WORDS, "weight_decay", "maximize")}
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group, with its own `lr`, `weight_decay`, `maximize` and coefficients where it has them."""
        if "betas" in param_group:
            param_group = {**param_group}
            if (betas := param_group.pop("betas")) is not None:
                given = (param_group.get(name) for name in ("b1", "b2"))
                param_group["b1"], param_group["b2"] = decays("a group of MADA", betas, *given)
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        try:
            self._adopt(group)
        except Exception:
            self.param_groups.pop()
            raise

    def _adopt(self, group: dict[str, Any]) -> None:
        """Check a new group, and give it its coefficients."""
        for p in group["params"]:
            refuse_parameter(p)
        plan = self._plan_of(group)
        values = dict(zip(WORDS, map(plan.start.get, COEFFICIENTS), strict=True))
        if isinstance(group["lr"], Tensor) and "alpha" not in plan.rules:
            del values["lr"]
        group.update(values)
        if self._plans and not self._asked["per_group"]:
            for name in plan.rules:
                if plan.start[name] != self._plans[0].start[name]:
                    raise UserError(
                        f"MADA: {word(name)} is learned as one number for all groups, which starts at "
                        f"{self._plans[0].start[name]:g} and not at {plan.start[name]:g}; per_group=True learns one "
                        "for each"
                    )
            group["learned"] = self.param_groups[0]["learned"]
        else:
            here = group["params"] if self._asked["per_group"] else [p for g in self.param_groups for p in g["params"]]
            double = any(working(p.dtype) == torch.float64 for p in here)
            device = local(group["params"][0]).device if group["params"] else torch.device("cpu")
            group["learned"] = descent.fresh(plan, torch.float64 if double else torch.float32, device)
        group["learns"] = [word(name) for name in plan.rules]
        group["last"] = {name: group[name] for name in FREE}
        self._plans.append(plan)
        self._bind()

    def _plan_of(self, group: Mapping[str, Any]) -> StepPlan:
        values = {name: group[name] for name in WORDS}
        values = {name: float(v) if isinstance(v, Tensor) and v.ndim == 0 else v for name, v in values.items()}
        options = {**self._asked["options"], "weight_decay": group["weight_decay"]}
        return step_plan(self._asked["learn"], values, options)

    def _bind(self) -> None:
        """Make the groups' learned coefficients views of their vectors, beside the parameters."""
        self._rules = []
        for index, (group, plan) in enumerate(zip(self.param_groups, self._plans, strict=False)):
            if index and not self._asked["per_group"]:
                group["learned"] = self.param_groups[0]["learned"]
            elif group["params"] and group["learned"]["values"].device != local(group["params"][0]).device:
                device = local(group["params"][0]).device
                group["learned"] = {name: x.to(device) for name, x in group["learned"].items()}
            group.update(descent.by_word(plan, group["learned"]["values"]))
            self._rules.append(descent.rules_of(plan, group["learned"]["values"]))
        self._remember()

    def _remember(self) -> None:
        self._versions = [group["learned"]["values"]._version for group in self.param_groups]

    def _units(self) -> list[list[int]]:
        """The groups that share a vector."""
        every = range(len(self.param_groups))
        return [[i] for i in every] if self._asked["per_group"] else [list(every)]

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """One step of every parameter that has a gradient; returns the loss of `closure`, if there is one."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for index, cohorts in self._gathered(True):
            self._advance(index, cohorts)
            self._close(cohorts)
        return loss

    @torch.no_grad()
    def observe(self, scale: float | Tensor = 1.0) -> None:
        """Form the hyper-gradients of the next step with the gradients that the parameters have now.

        For source="validation" after the backward pass of a validation loss; for source="micro_batch" after that of the
        first of the micro-batches whose gradients add up. `scale` is what the loss was multiplied by
        (`GradScaler.get_scale()`). What is observed last before a step counts. Raises `UserError` where
        hyper-gradients come from the training gradient itself.
        """
        if self._asked["options"]["source"] == "training":
            raise UserError("MADA: observe is for source='validation' or 'micro_batch'; here step does it by itself")
        for index, cohorts in self._gathered(False):
            self._observed[index] = seen(cohorts, self._vectors(index)["values"], self.process_group) / scale

    def coefficients(self, group: int = 0) -> dict[str, Tensor]:
        """The learned coefficients that the last step used, by name: tensors of shape () on the parameters' device.

        `float` of one waits for the device. With `per_group`, those of the group.
        """
        return descent.by_word(self._plans[group], self._vectors(group)["values"].clone())

    def hypergradients(self, group: int = 0) -> dict[str, Tensor]:
        """u of every learned coefficient, as the last step found it, by name."""
        return descent.by_word(self._plans[group], self._vectors(group)["hypergradients"].clone())

    def skipped(self, group: int = 0) -> Tensor:
        """How many hyper-gradients were ignored because they were not finite (int32, all coefficients)."""
        return self._vectors(group)["skipped"].clone()

    def _vectors(self, group: int) -> descent.Vectors:
        return self.param_groups[group]["learned"]

    @_undisturbed
    def _gathered(self, stepping: bool) -> list[tuple[int, list[Cohort]]]:
        """For every vector of coefficients: the first of its groups, and the cohorts of all of them."""
        found = []
        for unit in self._units():
            groups = [(self._plans[i], self.param_groups[i]) for i in unit]
            if all(p.grad is None for _, group in groups for p in group["params"]):
                continue
            if groups[0][1]["learned"]["values"].device != local(groups[0][1]["params"][0]).device:
                self._bind()  # the model went to another device
            for i in unit:
                self._refuse_changed(i)
            cohorts = [cohort for plan, group in groups for cohort in gather(plan, group, self.state, stepping)]
            if stepping:
                for _, group in groups:
                    for p in group["params"]:
                        if p in self.state:
                            self.state[p]["moved"] = p.grad is not None
            found.append((unit[0], cohorts))
        return found

    def _refuse_changed(self, index: int) -> None:
        """`UserError` for coefficients that something else has set."""
        group, plan = self.param_groups[index], self._plans[index]
        for name, key in zip(COEFFICIENTS, WORDS, strict=True):
            if name in plan.rules:
                if not isinstance(group[key], Tensor) or group[key]._base is not group["learned"]["values"]:
                    raise UserError(
                        f"MADA: {key} is learned, and something else has set it (a scheduler?); leave {key} out of "
                        "learn, or leave it alone"
                    )
            elif key not in FREE and group[key] != plan.start[name]:
                raise UserError(
                    f"MADA: {key} was {plan.start[name]:g} and is {group[key]!r} now: between steps only lr and "
                    "weight_decay may change; make a new optimizer"
                )
        if "alpha" in plan.rules and group["learned"]["values"]._version != self._versions[index]:
            raise UserError(
                "MADA: lr is learned, and something else has set it (a scheduler?); leave lr out of learn, or use no "
                "scheduler"
            )

    def _advance(self, index: int, cohorts: list[Cohort]) -> None:
        """Learn, and take the step of all cohorts that share a vector of coefficients."""
        plan, vectors, group = self._plans[index], self._vectors(index), self.process_group
        values, waiting = vectors["values"], vectors["hypergradients"]
        together = bool(plan.rules) and plan.lag == 1 and plan.source == "training"
        found = waiting
        if plan.rules and not together:
            found = seen(cohorts, values, group) if plan.source == "training" else self._taken(index, cohorts)
        new = descent.descended(self._rules[index], vectors, waiting if plan.lag else found)
        if together:  # the step does not need what is seen: one walk over the arrays does both
            found = seen(cohorts, values, group, new["values"])
        else:
            for cohort in cohorts:
                step(cohort, new["values"])
        if plan.rules:
            new["hypergradients"] = found
        for name, x in new.items():
            vectors[name].copy_(x)

    def _taken(self, index: int, cohorts: list[Cohort]) -> Tensor:
        """What was observed for this step; nothing is needed as long as no parameter has moved."""
        if index in self._observed:
            return self._observed.pop(index)
        if any(cohort.moved for cohort in cohorts):
            what = SOURCES[self._plans[index].source].what
            raise UserError(f"MADA learns from {what} here: call observe() when the parameters have its gradient")
        return torch.zeros_like(self._vectors(index)["values"])

    @_undisturbed
    def _close(self, cohorts: list[Cohort]) -> None:
        """After a step: what the next hyper-gradient must know of it, and parameters of low precision."""
        for cohort in cohorts:
            for p, wide in cohort.back:
                p.copy_(wide)
            last = {name: cohort.group[name] for name in FREE}
            cohort.group["last"] = {k: v.clone() if isinstance(v, Tensor) else v for k, v in last.items()}
        self._remember()

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_asked": self._asked}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "_asked" in state:  # a copy, and not load_state_dict
            self.process_group, self._observed = None, {}
            self._restored()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load what `state_dict` gave; the next step is then, to the bit, what it would have been.

        Arrays keep their precision, whatever that of the parameters. Raises `UserError` for the state of another
        request.
        """
        given: list[dict[str, Any]] = []
        handle = self.register_load_state_dict_pre_hook(lambda _, loaded: given.append(loaded))
        try:
            before = self.__dict__.copy()
            super().load_state_dict(state_dict)
            try:
                self._cast_back(given[-1])
                self._restored()
            except UserError:
                self.__dict__.update(before)
                raise
        finally:
            handle.remove()

    def _cast_back(self, loaded: Mapping[str, Any]) -> None:
        """`torch.optim` casts arrays to their parameter's dtype; take them again."""
        keys = [key for group in loaded["param_groups"] for key in group["params"]]
        params = [p for group in self.param_groups for p in group["params"]]
        for key, p in zip(keys, params, strict=True):
            for name, value in loaded["state"].get(key, {}).items():
                if isinstance(value, Tensor):
                    self.state[p][name] = value.detach().clone().to(device=p.device)

    def _restored(self) -> None:
        """Check and bind again what was loaded or copied."""
        own = self._plans if hasattr(self, "_plans") else []
        for group, plan in zip(self.param_groups, own, strict=False):
            wanted = [word(name) for name in plan.rules]
            if (found := group.get("learns")) != wanted:
                raise UserError(f"the state was made by another optimizer: it learns {found}, this one {wanted}")
        plans = [self._plan_of(group) for group in self.param_groups]
        for group, plan in zip(self.param_groups, plans, strict=True):
            states = [self.state[p] for p in group["params"] if self.state.get(p)]
            for state in states:
                arrays = sorted(state.keys() - set(_COUNTERS))
                if arrays != sorted(plan.arrays):
                    raise UserError(
                        f"the state was made by another optimizer: it has {arrays}, this one {sorted(plan.arrays)}"
                    )
            merge_clocks(plan, states)
        self._plans = plans
        self._bind()
