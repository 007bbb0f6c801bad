"""Names for variants: resolved once, and an unknown one says which exist."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from hyperprune.errors import UnknownNameError
from hyperprune.spelling import suggestion

T = TypeVar("T")


class Registry(Generic[T]):
    """A list of named variants of one role.

    Args:
        role: what the entries are, in the words of an error message (``"death rule"``).
    """

    def __init__(self, role: str) -> None:
        self.role = role
        self._entries: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Decorator that adds an entry under ``name``; a second one of the same name is a ValueError."""

        def add(entry: T) -> T:
            if name in self._entries:
                raise ValueError(f"{self.role} {name!r} is registered already: choose another name")
            self._entries[name] = entry
            return entry

        return add

    def __getitem__(self, name: str) -> T:
        try:
            return self._entries[name]
        except KeyError:
            known = ", ".join(sorted(self._entries))
            meant = suggestion(name, self._entries)
            raise UnknownNameError(f"unknown {self.role} {name!r}: choose one of {known}{meant}") from None

    def checked(self, name: str) -> str:
        """The name itself, for fields of a configuration that hold one.

        Raises:
            UnknownNameError: nothing is registered under it.
        """
        self[name]
        return name

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        return len(self._entries)
