"""A cache that is bounded by what it holds, not by how many things that is."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """A thing that knows how much memory it takes, as numpy's arrays do."""

    @property
    def nbytes(self) -> int:
        """Its size in bytes."""
        ...


KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT", bound=Sized)


class ByteCache(Generic[KeyT, ValueT]):
    """Keeps the values that were asked for last, as many as fit. Used by one thread at a time."""

    def __init__(self, make: Callable[[KeyT], ValueT], capacity_bytes: int) -> None:
        """Start empty.

        Args:
            make: the value of a key.
            capacity_bytes: all values together; one that is larger by itself is made each time.
        """
        self._make = make
        self._capacity_bytes = capacity_bytes
        self._held_bytes = 0
        self._values: dict[KeyT, ValueT] = {}

    @property
    def nbytes(self) -> int:
        """What it holds at present, in bytes."""
        return self._held_bytes

    def get(self, key: KeyT) -> ValueT:
        """The value of a key; whatever `make` raises."""
        value = self._values.pop(key, None)
        if value is None:
            value = self._make(key)
            if value.nbytes > self._capacity_bytes:
                return value
            self._held_bytes += value.nbytes
        self._values[key] = value  # a dictionary keeps the order: what was asked for last comes last
        while self._held_bytes > self._capacity_bytes:
            self._held_bytes -= self._values.pop(next(iter(self._values))).nbytes
        return value
