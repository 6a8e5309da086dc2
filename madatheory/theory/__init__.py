"""Theorems and lemmas as objects, their evaluation, and verdicts on them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules={"conditions", "terms"})
