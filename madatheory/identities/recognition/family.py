"""What `identify` needs of a method: a reference with its hyper-parameters, and its conventions as switches."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Arguments = Mapping[str, Any]


class From(str):
    """The value of the hyper-parameter of this neutral name."""


@dataclass(frozen=True)
class Switch:
    """A convention: label -> arguments of the reference. The first option is the commonest.

    `notes` explain labels, `equal` says when options give the same numbers. `unless` maps a label to another, beside
    which it says nothing new.
    """

    name: str
    options: Mapping[str, Arguments]
    notes: Mapping[str, str] = field(default_factory=dict)
    equal: str = ""
    unless: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Family:
    """A method: `run` with its hyper-parameters (argument -> neutral names, the first known one is taken).

    `optional` ones are left out where the target does not have them. `fitted` are coefficients that no target tells, in
    [0, 1]; such a method is tried last. `plain`: no weight decay, no complex numbers. `untold` are conventions that
    no updates along constant coefficients show, with the reason. `far_apart` are options that one switch after the
    other does not lead to, since estimates go astray on the way. `buffered`: a momentum buffer may hold gradients or
    steps (`conventions.RATE`), which only a step size that changes shows. `whole`: a step looks at the whole tensor,
    `run` takes any shape, and the weight decay has one form, the method's own. `matrices`: it is for matrices alone.
    `decays` are forms of the weight decay that it has besides those of all.
    """

    name: str
    source: str
    run: Callable[..., Any]
    hyper: Mapping[str, tuple[str, ...]]
    switches: tuple[Switch, ...] = ()
    optional: frozenset[str] = frozenset({"eps_root"})
    fitted: tuple[str, ...] = ()
    plain: bool = False
    untold: Mapping[str, str] = field(default_factory=dict)
    far_apart: tuple[tuple[str, ...], ...] = ()
    buffered: bool = False
    whole: bool = False
    matrices: bool = False
    decays: Mapping[str, Arguments] = field(default_factory=dict)
