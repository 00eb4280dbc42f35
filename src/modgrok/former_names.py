"""Former names of keywords and fields, under which they can still be given and read.

Owns: both kinds of alias. Names of options and settings are in `runs.spelling`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")


def former_keyword(
    former: str, current: str
) -> Callable[[Callable[Arguments, Returned]], Callable[Arguments, Returned]]:
    """Let a function take a keyword by its former name as well.

    Raises:
        TypeError: by the function, if it is called with both names.

    Example:
        >>> @former_keyword("size", "width")
        ... def double(width: int) -> int:
        ...     return 2 * width
        >>> double(size=3), double(width=3)
        (6, 6)
    """

    def decorate(function: Callable[Arguments, Returned]) -> Callable[Arguments, Returned]:
        @wraps(function)
        def call(*arguments: Arguments.args, **keywords: Arguments.kwargs) -> Returned:
            if former in keywords:
                if current in keywords:
                    raise TypeError(f"{function.__name__}() got {current} and its former name, {former}")
                keywords[current] = keywords.pop(former)
            return function(*arguments, **keywords)

        return call

    return decorate


def former_field(current: str) -> Any:
    """Return a property that reads the field of that name.

    Example:
        >>> class Square:
        ...     width = 3
        ...     size = former_field("width")
        >>> Square().size
        3
    """
    return property(lambda record: getattr(record, current), doc=f"The former name of `{current}`.")
