"""Public names read from their files, nothing imported: signatures, docstrings, fields and methods."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from madatheory.errors import UserError


@dataclass(frozen=True)
class Documented:
    """A public name: `kind` is a directive of Sphinx's domain for Python, `fields` are (name, type, default)."""

    name: str
    kind: str
    signature: str
    text: str
    home: str
    fields: tuple[tuple[str, str, str], ...] = ()
    members: tuple["Documented", ...] = field(default_factory=tuple)


def exported(stub: Path) -> Iterator[tuple[str, str]]:
    """(name, dotted module) of what a file exports: `from .a.b import c as c`, relative or in full."""
    for node in ast.parse(stub.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            base = "madatheory." if node.level else ""
            for alias in node.names:
                if alias.asname == alias.name:
                    yield alias.name, f"{base}{node.module}"


def documented(root: Path, module: str, name: str) -> Documented:
    """What is said of `name`, which `module` defines; a module itself where it is one."""
    path = root / module.replace(".", "/")
    if (whole := path / f"{name}.py").exists():
        return _module(whole, name, f"{module}.{name}")
    file = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    return _found(ast.parse(file.read_text(encoding="utf-8")), name, module)


def _module(file: Path, name: str, home: str) -> Documented:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    public = [node.name for node in tree.body if isinstance(node, _DEFINED) and not node.name.startswith("_")]
    text = _said(ast.get_docstring(tree), home)
    return Documented(name, "module", "", text, home, (), tuple(_found(tree, one, home) for one in public))


_DEFINED = (ast.FunctionDef, ast.ClassDef)


def _found(tree: ast.Module, name: str, module: str) -> Documented:
    overloaded = [node for node in tree.body if isinstance(node, _DEFINED) and node.name == name]
    if overloaded:
        node = overloaded[-1]
        return _class(node, module) if isinstance(node, ast.ClassDef) else _function(node, module)
    for node, after in zip(tree.body, [*tree.body[1:], None], strict=True):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if name in (getattr(target, "id", None) for target in targets):
            text = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else None
            annotation = getattr(node, "annotation", None)
            signature = f": {ast.unparse(annotation)}" if annotation else ""
            return Documented(name, "data", signature, _said(str(text) if text else None, f"{module}.{name}"), module)
    raise UserError(f"{module} does not define {name}, which the package exports")


def _said(text: str | None, name: str) -> str:
    if not text or not text.strip():
        raise UserError(f"{name} is public and has no docstring: say what it is")
    return text


def _function(node: ast.FunctionDef, module: str, within: str = "") -> Documented:
    arguments = node.args
    if within and not _marked(node, "staticmethod"):
        arguments = ast.arguments(
            posonlyargs=arguments.posonlyargs,
            args=arguments.args[1:],
            vararg=arguments.vararg,
            kwonlyargs=arguments.kwonlyargs,
            kw_defaults=arguments.kw_defaults,
            kwarg=arguments.kwarg,
            defaults=arguments.defaults,
        )
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    name = f"{within}.{node.name}".lstrip(".")
    text = _said(ast.get_docstring(node), f"{module}.{name}")
    if _marked(node, "property"):
        return Documented(node.name, "property", f": {ast.unparse(node.returns)}" if node.returns else "", text, module)
    kind = "method" if within else "function"
    return Documented(node.name, kind, f"({ast.unparse(arguments)}){result}", text, module)


def _marked(node: ast.FunctionDef, decorator: str) -> bool:
    return any(getattr(one, "id", getattr(one, "attr", "")) == decorator for one in node.decorator_list)


def _class(node: ast.ClassDef, module: str) -> Documented:
    fields, members, signature = [], [], ""
    for one in node.body:
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and not one.target.id.startswith("_"):
            default = ast.unparse(one.value) if one.value is not None else ""
            fields.append((one.target.id, ast.unparse(one.annotation), default))
        elif isinstance(one, ast.FunctionDef) and not one.name.startswith("_"):
            members.append(_function(one, module, node.name))
        elif isinstance(one, ast.FunctionDef) and one.name == "__init__":
            one.returns = None
            text = ast.get_docstring(one) or "Make one."
            one.body.insert(0, ast.Expr(ast.Constant(text)))
            signature = _function(one, module, node.name).signature
    text = _said(ast.get_docstring(node), f"{module}.{node.name}")
    kind = "exception" if node.name.endswith("Error") else "class"
    return Documented(node.name, kind, signature, text, module, tuple(fields), tuple(members))
