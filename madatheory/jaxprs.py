"""What the package reads of traced functions: the one place that depends on how JAX writes an equation down.

The parameters of equations are not documented and change: a scan had `num_consts` and `num_carry` up to JAX 0.10 and
has `ft_in` and `ft_out` since; closed and open jaxprs became one class in 0.11. So parameters are named only for the
bodies of loops and branches and for a scan's length and direction. Counts follow from shapes: what a scan reads or
writes entry by entry has one axis more outside than inside.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jax.extend import core

if TYPE_CHECKING:
    from typing_extensions import TypeIs

Jaxpr = core.Jaxpr | core.ClosedJaxpr
Atom = core.Var | core.Literal
# plain calls: one jaxpr among their parameters, evaluated on their operands
_CALLS = frozenset({"jit", "pjit", "closed_call", "custom_jvp_call", "custom_vjp_call", "checkpoint", "remat2"})


class Scan(NamedTuple):
    """A scan equation: operands are constants, then what is carried, then what is read entry by entry."""

    body: Jaxpr
    constants: int
    carry: int
    reads: int
    length: int
    reverse: bool


class While(NamedTuple):
    """A while equation: operands are the condition's constants, then the body's, then what is carried."""

    condition: Jaxpr
    body: Jaxpr
    condition_constants: int
    body_constants: int
    carry: int


def opened(jaxpr: Jaxpr) -> tuple[core.Jaxpr, Sequence[Any]]:
    """(jaxpr, consts) of an open or closed jaxpr."""
    return (jaxpr.jaxpr, jaxpr.consts) if isinstance(jaxpr, core.ClosedJaxpr) else (jaxpr, ())


def inner_jaxprs(equation: core.JaxprEqn) -> Iterator[Jaxpr]:
    """All jaxprs among the parameters of an equation."""
    for value in equation.params.values():
        for part in value if isinstance(value, tuple | list) else (value,):
            if isinstance(part, core.ClosedJaxpr | core.Jaxpr):
                yield part


def body_of(equation: core.JaxprEqn) -> Jaxpr | None:
    """The jaxpr that a plain call (jit, custom derivative, ...) stands for, else None."""
    if equation.primitive.name not in _CALLS:
        return None
    (body,) = inner_jaxprs(equation)
    return body


def is_variable(atom: Atom) -> "TypeIs[core.Var]":
    """Whether an operand is a variable, and no literal number."""
    return not isinstance(atom, core.Literal)


def shape_of(atom: Atom) -> tuple[int, ...]:
    """The shape of an operand or result."""
    return atom.aval.shape  # pyright: ignore[reportAttributeAccessIssue]


def dtype_of(atom: Atom) -> np.dtype:
    """Its dtype."""
    return atom.aval.dtype  # pyright: ignore[reportAttributeAccessIssue]


def scan_of(equation: core.JaxprEqn) -> Scan:
    """A scan equation, taken apart."""
    p = equation.params
    inside = opened(p["jaxpr"])[0]
    carry = sum(not _longer(*pair) for pair in zip(equation.outvars, inside.outvars, strict=True))
    reads = sum(_longer(*pair) for pair in zip(equation.invars, inside.invars, strict=True))
    return Scan(p["jaxpr"], len(inside.invars) - carry - reads, carry, reads, p["length"], p["reverse"])


def _longer(outside: Atom, inside: Atom) -> bool:
    return len(shape_of(outside)) > len(shape_of(inside))


def while_of(equation: core.JaxprEqn) -> While:
    """A while equation, taken apart."""
    condition, body = equation.params["cond_jaxpr"], equation.params["body_jaxpr"]
    carry = len(equation.outvars)
    first, second = (len(opened(jaxpr)[0].invars) - carry for jaxpr in (condition, body))
    return While(condition, body, first, second, carry)


def branches_of(equation: core.JaxprEqn) -> Sequence[Jaxpr]:
    """The jaxprs of a conditional, by the number that chooses among them."""
    return equation.params["branches"]
