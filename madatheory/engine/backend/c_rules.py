"""Jaxprs as C, number by number: every number of an array is a constant variable, so that a compiler may use registers.

What only moves numbers (reshapes, slices, stacks, broadcasts) writes nothing. Loops become loops, branches branches.
Integers wrap around and divide as XLA's do, maxima and minima pass nan on, floats follow IEEE. What has no rule raises
`Unsupported`.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from typing import Any

import numpy as np
from jax import lax
from jax.extend import core

from madatheory.engine.backend.lift import live
from madatheory.engine.backend.lift_rules import Unsupported
from madatheory.jaxprs import (
    Atom,
    Jaxpr,
    body_of,
    branches_of,
    dtype_of,
    is_variable,
    opened,
    scan_of,
    shape_of,
    while_of,
)

Numbers = Any
"""An array of objects: expressions of C, or `ComplexNumber`s."""
MOST_STATEMENTS = 30_000  # a minute to compile

_TYPES = {
    "bool": "bool",
    "int32": "int",
    "uint32": "unsigned int",
    "int64": "long long",
    "uint64": "unsigned long long",
    "float32": "float",
    "float64": "double",
}
_UNSIGNED = {"int": "unsigned int", "long long": "unsigned long long"}
_OPERATORS = {"add": "+", "add_any": "+", "sub": "-", "mul": "*"}
_COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_BITS = {"and": "&", "or": "|", "xor": "^"}
_KEEPS = ("copy", "copy_p", "optimization_barrier", "stop_gradient")
# fmt: off
_FUNCTIONS = frozenset([
    "acos", "asin", "atan", "atan2", "cbrt", "ceil", "cos", "cosh", "exp", "exp2", "floor", "log", "pow", "sin", "sinh",
    "sqrt", "tan", "tanh",
])
# fmt: on


class ComplexNumber:
    """A complex number, which can be made, kept and taken apart."""

    def __init__(self, real: str, imag: str) -> None:
        self.real, self.imag = real, imag


def type_of(dtype: Any) -> str:
    """The type in C."""
    if (found := _TYPES.get(str(dtype))) is None:
        raise Unsupported(f"{dtype} has no form in the generated C")
    return found


def literal(value: Any, dtype: Any) -> str:
    """One number, exactly."""
    kind = type_of(dtype)
    if kind == "bool":
        return "true" if value else "false"
    if kind in ("float", "double"):
        end = "f" if kind == "float" else ""
        if math.isfinite(value):
            return f"({float(value).hex()}{end})"
        return f"({'0' if math.isnan(value) else '-1' if value < 0 else '1'}.0{end} / 0.0{end})"
    end = {"int": "", "unsigned int": "u", "long long": "ll", "unsigned long long": "ull"}[kind]
    if value == np.iinfo(dtype).min and value < 0:  # C writes -2^31 as minus a number that is no int
        return f"({int(value) + 1}{end} - 1)"
    return f"({int(value)}{end})"


def array(expressions: Sequence[Any], shape: Sequence[int]) -> Numbers:
    """Expressions in order as an array."""
    found = np.empty(len(expressions), object)
    found[:] = expressions
    return found.reshape(tuple(shape))


def split(values: Numbers) -> tuple[Numbers, Numbers]:
    """Real and imaginary parts of complex numbers."""
    return (
        array([x.real for x in values.flat], values.shape),
        array([x.imag for x in values.flat], values.shape),
    )


def joined(real: Numbers, imag: Numbers) -> Numbers:
    """Complex numbers of their parts."""
    pairs = zip(real.flat, imag.flat, strict=True)
    return array([ComplexNumber(x, y) for x, y in pairs], real.shape)


class CWriter:
    """Statements of C, and what is known of the variables in them."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names = 0
        self._same: list[dict[tuple[str, str], str]] = [{}]

    def line(self, text: str) -> None:
        """One line as it stands."""
        if len(self.lines) >= MOST_STATEMENTS:
            raise Unsupported(
                f"a step takes more than {MOST_STATEMENTS} statements, number by number: too long to compile"
            )
        self.lines.append("  " * len(self._same) + text)

    def name(self) -> str:
        """A new one."""
        self._names += 1
        return f"v{self._names}"

    def let(self, kind: str, expression: str) -> str:
        """A constant with this value; the same expression is written once where it is seen."""
        for known in self._same:
            if found := known.get((kind, expression)):
                return found
        name = self._same[-1][kind, expression] = self.name()
        self.line(f"const {kind} {name} = {expression};")
        return name

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Lines inside braces."""
        self.line(f"{head} {{")
        self._same.append({})
        yield
        self._same.pop()
        self.line("}")

    def map(self, kind: str, rule: Callable[..., str], *operands: Numbers) -> Numbers:
        """A rule on expressions, number by number."""
        wide = np.broadcast_arrays(*operands)
        return array([self.let(kind, rule(*each)) for each in zip(*(x.flat for x in wide), strict=True)], wide[0].shape)

    def variables(self, atoms: Sequence[Atom], values: Sequence[Numbers] | None = None) -> list[Numbers]:
        """Variables that can be assigned, with these values if there are any."""

        def declared(kind: str, value: Any) -> str:
            name = self.name()
            self.line(f"{kind} {name}{'' if value is None else f' = {value}'};")
            return name

        found = []
        for i, atom in enumerate(atoms):
            size = math.prod(shape_of(atom))
            given = [None] * size if values is None else list(values[i].flat)
            if (part := part_of(dtype_of(atom))) is not None:
                kind = type_of(part)
                made = [ComplexNumber(*(declared(kind, x and getattr(x, p)) for p in ("real", "imag"))) for x in given]
            else:
                made = [declared(type_of(dtype_of(atom)), x) for x in given]
            found.append(array(made, shape_of(atom)))
        return found

    def assign(self, targets: Sequence[Numbers], values: Sequence[Numbers]) -> None:
        """All of them at once: no value is read after it was overwritten."""
        pairs = [
            pair
            for target, value in zip(targets, values, strict=True)
            for t, v in zip(target.flat, np.broadcast_to(value, target.shape).flat, strict=True)
            for pair in (((t.real, v.real), (t.imag, v.imag)) if isinstance(t, ComplexNumber) else ((t, v),))
        ]
        variables = {target for target, _ in pairs}
        pairs = [(target, value) for target, value in pairs if target != value]
        for i, (target, value) in enumerate(pairs):
            if value in variables:
                pairs[i] = target, self.name()
                self.line(f"const auto {pairs[i][1]} = {value};")
        for target, value in pairs:
            self.line(f"{target} = {value};")

    def jaxpr(self, jaxpr: Jaxpr, args: Sequence[Numbers], wanted: Sequence[bool] | None = None) -> list[Numbers]:
        """The results of a jaxpr, None where not wanted."""
        inside, consts = opened(jaxpr)
        known: dict[Any, Numbers] = {}

        def constant(value: Any, dtype: Any) -> Numbers:
            x = np.asarray(value)
            return array([literal(v, dtype) for v in x.flat], x.shape)

        def read(atom: Atom) -> Numbers:
            return known.get(atom) if is_variable(atom) else constant(atom.val, dtype_of(atom))

        known.update((v, constant(c, dtype_of(v))) for v, c in zip(inside.constvars, consts, strict=True))
        known.update(zip(inside.invars, args, strict=True))
        for equation, used in live(jaxpr, wanted):
            results = self.equation(equation, [read(atom) for atom in equation.invars], used)
            known.update(zip(equation.outvars, results, strict=True))
        return [read(atom) for atom in inside.outvars]

    def equation(self, equation: core.JaxprEqn, values: Sequence[Numbers], wanted: Sequence[bool]) -> list[Numbers]:
        """The results of one equation."""
        if (call := body_of(equation)) is not None:
            return self.jaxpr(call, values, wanted)
        name = equation.primitive.name
        if name in _LOOPS:
            return _LOOPS[name](self, equation, values)
        if name in _KEEPS:
            return list(values)
        if name in _MOVES:
            return [_MOVES[name](equation, *values)]
        if name in _REDUCTIONS:
            return [self._reduced(equation, values[0])]
        return [self._elementwise(equation, values)]

    def _reduced(self, equation: core.JaxprEqn, x: Numbers) -> Numbers:
        kind, name = type_of(dtype_of(equation.invars[0])), equation.primitive.name
        rule = _REDUCTIONS[name](kind)
        axes = equation.params["axes"]
        rest = [axis for axis in range(x.ndim) if axis not in axes]
        rows = x.transpose(*rest, *axes).reshape(*(x.shape[axis] for axis in rest), -1)
        if not rows.shape[-1]:
            raise Unsupported(f"{name} of no numbers")
        last = [reduce(lambda a, b: self.let(kind, rule(a, b)), row) for row in rows.reshape(-1, rows.shape[-1])]
        return array(last, rows.shape[:-1])

    def _elementwise(self, equation: core.JaxprEqn, values: Sequence[Numbers]) -> Numbers:
        name, out, p = equation.primitive.name, equation.outvars[0], equation.params
        if any(part_of(dtype_of(v)) is not None for v in (*equation.invars, out)):
            raise Unsupported(f"{name} of complex numbers has no form in the generated C")
        kind, operand = type_of(dtype_of(out)), type_of(dtype_of(equation.invars[0]))
        if name == "bitcast_convert_type":
            return self._bitcast(kind, operand, values[0])
        if name == "integer_pow":
            return self._power(kind, values[0], p["y"])
        if (rule := _rule(name, operand, kind, p)) is None:
            raise Unsupported(f"{name} of {dtype_of(equation.invars[0])} has no form in the generated C")
        return self.map(kind, rule, *values)

    def _bitcast(self, kind: str, operand: str, x: Numbers) -> Numbers:
        def cast(value: str) -> str:
            name = self.name()
            self.line(f"union {{ {operand} from; {kind} to; }} {name}; {name}.from = {value};")
            return f"{name}.to"

        if ("long" in kind or kind == "double") != ("long" in operand or operand == "double") or "bool" in (
            kind,
            operand,
        ):
            raise Unsupported("bitcast_convert_type between numbers of different sizes")
        return self.map(kind, cast, x)

    def _power(self, kind: str, x: Numbers, y: int) -> Numbers:
        """By squaring, in the order of XLA's."""
        one, result, n = array([literal(1, _dtype(kind))], ()), None, abs(y)
        product = _rule("mul", kind, kind, {})
        assert product is not None
        while n:
            if n & 1:
                result = x if result is None else self.map(kind, product, result, x)
            if n := n >> 1:
                x = self.map(kind, product, x, x)
        if result is None:
            return np.broadcast_to(one, x.shape)
        return result if y > 0 else self.map(kind, lambda a: f"{one[()]} / {a}", result)


def part_of(dtype: Any) -> np.dtype | None:
    """What a complex number is made of, None for others."""
    return {"complex64": np.dtype("float32"), "complex128": np.dtype("float64")}.get(str(dtype))


def _dtype(kind: str) -> str:
    return next(name for name, known in _TYPES.items() if known == kind)


def _rule(name: str, operand: str, kind: str, params: dict[str, Any]) -> Callable[..., str] | None:
    """The expression of an elementwise primitive on numbers of type `operand`, None if there is none."""
    real, whole = operand in ("float", "double"), operand not in ("float", "double", "bool")
    unsigned, end = _UNSIGNED.get(operand, operand), "f" if operand == "float" else ""
    bits = 64 if "long" in operand else 32
    one, half = f"1.0{end}", f"0.5{end}"
    if name in _OPERATORS:
        sign = _OPERATORS[name]
        if real:
            return lambda a, b: f"{a} {sign} {b}"
        return (lambda a, b: f"({kind})(({unsigned}){a} {sign} ({unsigned}){b})") if whole else None
    if name in _COMPARISONS:
        return lambda a, b: f"{a} {_COMPARISONS[name]} {b}"
    if name in _BITS:
        return None if real else lambda a, b: f"{a} {_BITS[name]} {b}"
    if name in ("max", "min"):
        return _extreme(">" if name == "max" else "<", operand)
    if name == "clamp":
        high, low = _extreme("<", operand), _extreme(">", operand)
        return lambda a, x, b: high(f"({low(a, x)})", b)
    if name == "select_n":
        if operand == "bool":
            return lambda c, a, b: f"{c} ? {b} : {a}"
        return lambda c, *a: (
            " : ".join(f"{c} {'<=' if i == 0 else '=='} {i} ? {x}" for i, x in enumerate(a[:-1])) + f" : {a[-1]}"
        )
    if name == "convert_element_type":
        return (lambda a: f"{a} != 0") if kind == "bool" else lambda a: f"({kind}){a}"
    if whole:
        zero = f"({operand})0"
        lowest = None if operand == unsigned else f"(({operand})(({unsigned})1 << {bits - 1}))"
        over = "" if lowest is None else f"{{b}} == ({operand})-1 ? "
        rules: dict[str, Callable[..., str]] = {
            "not": lambda a: f"~{a}",
            "neg": lambda a: f"({operand})(({unsigned})0 - ({unsigned}){a})",
            "abs": lambda a: f"{a} < 0 ? ({operand})(({unsigned})0 - ({unsigned}){a}) : {a}",
            "sign": lambda a: f"{a} > 0 ? ({operand})1 : {a} < 0 ? ({operand})-1 : {zero}" if lowest else f"{a} != 0",
            "square": lambda a: f"({operand})(({unsigned}){a} * ({unsigned}){a})",
            "shift_left": lambda a, b: f"({unsigned}){b} < {bits}u ? ({operand})(({unsigned}){a} << {b}) : {zero}",
            "shift_right_logical": lambda a, b: (
                f"({unsigned}){b} < {bits}u ? ({operand})(({unsigned}){a} >> {b}) : {zero}"
            ),
            "shift_right_arithmetic": lambda a, b: f"{a} >> (({unsigned}){b} < {bits}u ? {b} : {bits - 1})",
            # as XLA has it: x/0 = -1, rem(x, 0) = x, the lowest number over -1 is itself
            "div": lambda a, b: (
                f"{b} == 0 ? ({operand})-1 : {over.format(b=b)}"
                + (f"({operand})(({unsigned})0 - ({unsigned}){a}) : " if over else "")
                + f"{a} / {b}"
            ),
            "rem": lambda a, b: f"{b} == 0 ? {a} : {over.format(b=b)}{f'{zero} : ' if over else ''}{a} % {b}",
        }
        return rules.get(name)
    if not real:
        return (lambda a: f"!{a}") if name == "not" else None
    if name in _FUNCTIONS:
        return lambda *a: f"{name}{end}({', '.join(a)})"
    if name == "round":
        away = params["rounding_method"] is lax.RoundingMethod.AWAY_FROM_ZERO
        return lambda a: f"{'round' if away else 'rint'}{end}({a})"
    rules = {
        "abs": lambda a: f"fabs{end}({a})",
        "neg": lambda a: f"-{a}",
        "div": lambda a, b: f"{a} / {b}",
        "rem": lambda a, b: f"fmod{end}({a}, {b})",
        "square": lambda a: f"{a} * {a}",
        "sign": lambda a: f"{a} > 0 ? {one} : {a} < 0 ? -{one} : {a}",
        "is_finite": lambda a: f"{a} - {a} == 0",
        "rsqrt": lambda a: f"{one} / sqrt{end}({a})",
        "logistic": lambda a: f"{one} / ({one} + exp{end}(-{a}))",
        # Kahan's: the rounding error of 1 + x, and of exp, cancels in the quotient
        "log1p": lambda a: (
            f"({one} + {a}) - {one} == {a} ? log{end}({one} + {a}) : {one} + {a} == {one} ? {a} "
            f": log{end}({one} + {a}) * ({a} / (({one} + {a}) - {one}))"
        ),
        "expm1": lambda a: (
            f"fabs{end}({a}) > {half} ? exp{end}({a}) - {one} : exp{end}({a}) == {one} ? {a} "
            f": (exp{end}({a}) - {one}) * ({a} / log{end}(exp{end}({a})))"
        ),
    }
    return rules.get(name)


def _extreme(sign: str, kind: str) -> Callable[[str, str], str]:
    """max or min; nan if either is nan."""
    if kind in ("float", "double"):
        return lambda a, b: f"{a} {sign} {b} || {a} != {a} ? {a} : {b}"
    return lambda a, b: f"{a} {sign} {b} ? {a} : {b}"


_REDUCTIONS: dict[str, Callable[[str], Callable[[str, str], str]]] = {
    "reduce_sum": lambda kind: _rule("add", kind, kind, {}) or _refused(f"a sum of {kind}"),
    "reduce_prod": lambda kind: _rule("mul", kind, kind, {}) or _refused(f"a product of {kind}"),
    "reduce_max": lambda kind: _extreme(">", kind),
    "reduce_min": lambda kind: _extreme("<", kind),
    "reduce_and": lambda kind: lambda a, b: f"{a} & {b}",
    "reduce_or": lambda kind: lambda a, b: f"{a} | {b}",
}


def _refused(what: str) -> Any:
    raise Unsupported(f"{what} has no form in the generated C")


def _broadcast(equation: core.JaxprEqn, x: Numbers, *rest: Numbers) -> Numbers:
    shape, axes = equation.params["shape"], equation.params["broadcast_dimensions"]
    here = [1] * len(shape)
    for n, axis in zip(x.shape, axes, strict=True):
        here[axis] = n
    return np.broadcast_to(x.reshape(here), shape)


def _slice(equation: core.JaxprEqn, x: Numbers) -> Numbers:
    p = equation.params
    strides = p["strides"] or (1,) * x.ndim
    return x[tuple(slice(*part) for part in zip(p["start_indices"], p["limit_indices"], strides, strict=True))]


def _iota(equation: core.JaxprEqn) -> Numbers:
    p = equation.params
    index = np.indices(p["shape"])[p["dimension"]]
    return array([literal(i, np.dtype(p["dtype"])) for i in index.flat], p["shape"])


_MOVES: dict[str, Callable[..., Numbers]] = {
    "broadcast_in_dim": _broadcast,
    "reshape": lambda e, x: x.reshape(e.params["new_sizes"]),
    "squeeze": lambda e, x: x.reshape(shape_of(e.outvars[0])),
    "expand_dims": lambda e, x: x.reshape(shape_of(e.outvars[0])),
    "transpose": lambda e, x: x.transpose(e.params["permutation"]),
    "rev": lambda e, x: np.flip(x, e.params["dimensions"]),
    "slice": _slice,
    "iota": _iota,
    "stack": lambda e, *x: np.stack(x, e.params["axis"]),
    "concatenate": lambda e, *x: np.concatenate(x, e.params["dimension"]),
    "complex": lambda e, x, y: joined(x, y),
    "real": lambda e, x: split(x)[0],
    "imag": lambda e, x: split(x)[1],
}


def _while(c: CWriter, equation: core.JaxprEqn, values: Sequence[Numbers]) -> list[Numbers]:
    loop = while_of(equation)
    first, second = loop.condition_constants, loop.condition_constants + loop.body_constants
    carry = c.variables(equation.outvars, values[second:])
    with c.block("while (true)"):
        (going,) = c.jaxpr(loop.condition, [*values[:first], *carry])
        c.line(f"if (!{going[()]}) break;")
        c.assign(carry, c.jaxpr(loop.body, [*values[first:second], *carry]))
    return carry


def _scan(c: CWriter, equation: core.JaxprEqn, values: Sequence[Numbers]) -> list[Numbers]:
    scan = scan_of(equation)
    if scan.reads or len(equation.outvars) != scan.carry:
        raise Unsupported("a scan over arrays inside the time loop has no form in the generated C")
    carry = c.variables(equation.outvars, values[scan.constants :])
    k = c.name()
    with c.block(f"for (int {k} = 0; {k} < {scan.length}; ++{k})"):
        c.assign(carry, c.jaxpr(scan.body, [*values[: scan.constants], *carry]))
    return carry


def _cond(c: CWriter, equation: core.JaxprEqn, values: Sequence[Numbers]) -> list[Numbers]:
    index, *operands = values
    results, branches = c.variables(equation.outvars), branches_of(equation)
    for i, branch in enumerate(branches):
        test = "true" if i == len(branches) - 1 else f"{index[()]} {'<=' if i == 0 else '=='} {i}"
        with c.block(f"{'else ' if i else ''}if ({test})"):
            c.assign(results, c.jaxpr(branch, operands))
    return results


_LOOPS: dict[str, Callable[[CWriter, core.JaxprEqn, Sequence[Numbers]], list[Numbers]]] = {
    "while": _while,
    "scan": _scan,
    "cond": _cond,
}
