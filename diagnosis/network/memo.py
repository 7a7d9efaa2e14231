"""What was worked out of a network once and is asked again: compiled rules, partitions of route tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

T = TypeVar("T")


class Memo(dict[Any, Any]):
    """Values by key. Those that say what they were made from outlive a change of anything else."""

    __slots__ = ("_loose", "_uses")

    def __init__(self) -> None:
        super().__init__()
        self._loose: list[Any] = []
        self._uses: dict[str, list[Any]] = {}
        """Keys by the components that went into their values, for this network and those that were changed from it."""

    def __setitem__(self, key: Any, value: Any) -> None:
        """Sets a value that no change leaves as it is."""
        self._loose.append(key)
        super().__setitem__(key, value)

    def keep(self, key: Any, value: T, made_from: Iterable[str] = ()) -> T:
        """Sets a value that was made from these groups, network ACLs and route tables, and from nothing that changes.

        What it was made from is a matter of its key, the same in every network.
        """
        super().__setitem__(key, value)
        for component in made_from:
            self._uses.setdefault(component, []).append(key)
        return value

    def without(self, component: str) -> Memo:
        """What holds after a change of this component: all that was kept and was not made from it."""
        other = Memo()
        other.update(self)
        for key in (*self._loose, *self._uses.get(component, ())):
            other.pop(key, None)
        other._uses = self._uses
        return other
