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
    if name in _RENAMED:
        import warnings

        new = _RENAMED[name]
        warnings.warn(f"madatheory.{name} is now called madatheory.{new}", DeprecationWarning, stacklevel=2)
        return _find(new)
    return _find(name)
