"""MADA's optimizer family, and its convergence theory checked by computation.

The public names stand in `__init__.pyi`. They are imported when they are first used, so that `import madatheory` costs
nothing and touches neither JAX nor the environment.
"""

from typing import Any

import lazy_loader

_name, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version(__name__)
    return _name(name)
