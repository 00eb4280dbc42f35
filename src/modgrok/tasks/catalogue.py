"""A list of named objects that settings and commands refer to: kernels, losses, measures, learners, papers.

Owns: looking a name up, and adding to a list from outside the package.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from .errors import InputError, shorten

T = TypeVar("T")


class Catalogue(Sequence[T], Generic[T]):
    """Objects in a fixed order, each with a unique name.

    Arguments:
        kind: what the objects are, in the words of an error message (`kernel`).
        entries: the objects.
        name: entry -> its name; the attribute `name` if not given.

    Example:
        >>> shapes = Catalogue("shape", [("square", 4), ("triangle", 3)], name=lambda entry: entry[0])
        >>> shapes.named("square"), shapes.names, len(shapes)
        (('square', 4), ('square', 'triangle'), 2)
        >>> shapes.add(("pentagon", 5))
        >>> shapes[-1]
        ('pentagon', 5)
    """

    def __init__(
        self,
        kind: str,
        entries: Iterable[T],
        name: Callable[[T], str] = lambda entry: entry.name,  # type: ignore[attr-defined]
    ) -> None:
        self.kind = kind
        self._name = name
        self._entries: dict[str, T] = {}
        for entry in entries:
            self.add(entry)

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(self._entries)

    def add(self, entry: T) -> None:
        """Append an entry.

        Raises:
            InputError: its name is taken by another entry.
        """
        name = self._name(entry)
        if self._entries.get(name, entry) is not entry:
            raise InputError(f"{self.kind}: must have a unique name, got a second {shorten(name)}")
        self._entries[name] = entry

    def named(self, name: str) -> T:
        """Return the entry of that name.

        Raises:
            InputError: there is none, with the nearest name.
        """
        if name not in self._entries:
            close = difflib.get_close_matches(name, self._entries, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise InputError(
                f"{self.kind}: must be one of {', '.join(self._entries)}, got {shorten(name)}{hint}"
            )
        return self._entries[name]

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...

    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return tuple(self._entries.values())[index]

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[T]:
        return iter(tuple(self._entries.values()))

    def __repr__(self) -> str:
        return f"Catalogue({self.kind}: {', '.join(self._entries)})"


class OneOf:
    """Annotation of a settings field whose value is a name in a catalogue, checked when settings are made.

    Arguments:
        catalogue: the list; entries added later are accepted from then on.
        only: the names that this field takes of the entries that the package has itself; all if None.

    Example:
        >>> from typing import Annotated
        >>> from pydantic import TypeAdapter
        >>> shapes = Catalogue("shape", ["square", "circle"], name=str)
        >>> TypeAdapter(Annotated[str, OneOf(shapes)]).validate_python("circle")
        'circle'
    """

    def __init__(self, catalogue: Catalogue[Any], only: Sequence[str] | None = None) -> None:
        self.catalogue = catalogue
        self._left_out = frozenset(catalogue.names) - frozenset(catalogue.names if only is None else only)

    @property
    def choices(self) -> tuple[str, ...]:
        """The names that the field accepts now."""
        return tuple(name for name in self.catalogue.names if name not in self._left_out)

    def check(self, name: str) -> str:
        """Return the name.

        Raises:
            InputError: it is not among the choices.
        """
        if name not in self.choices:
            raise InputError(
                f"{self.catalogue.kind}: must be one of {', '.join(self.choices)}, got {shorten(name)}"
            )
        return name

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))
