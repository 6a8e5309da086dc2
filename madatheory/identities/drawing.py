"""`hypothesis.strategies`, imported where something is drawn: who only names identities need not wait for it."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from hypothesis import strategies as st
else:

    class _Strategies:
        def __getattr__(self, name: str) -> Any:
            from hypothesis import strategies

            return getattr(strategies, name)

    st = _Strategies()


T = TypeVar("T")


def drawn(draw: Callable[..., T]) -> "Callable[..., st.SearchStrategy[T]]":
    """`hypothesis.strategies.composite`, applied when the strategy is made."""

    @wraps(draw)
    def make(*arguments: Any, **named: Any) -> "st.SearchStrategy[T]":
        return st.composite(draw)(*arguments, **named)

    return make
