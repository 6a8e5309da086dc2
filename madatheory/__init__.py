"""MADA's optimizer family, and its convergence theory checked by computation.

The public names stand in `__init__.pyi`. They are imported when they are first used, so that `import madatheory` costs
nothing and touches neither JAX nor the environment.
"""

from typing import Any

import lazy_loader

_find, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

_RENAMED = {"optimizer": "get_optimizer", "problem": "get_problem", "theorem": "get_theorem"}
"""Names of the last release, which go with the next one."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version(__name__)
    from madatheory.errors import needs

    if name in _RENAMED:
        import warnings

        from madatheory.deprecated import said

        warnings.warn(said(f"madatheory.{name}", f"madatheory.{_RENAMED[name]}"), DeprecationWarning, stacklevel=2)
        name = _RENAMED[name]
    with needs(f"madatheory.{name}"):
        return _find(name)
