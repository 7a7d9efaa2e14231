"""One deliberate fault: a piece of the program, what stands in its place, and the tests that must fail for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault by its name, in words with hyphens; `tests` are what pytest is given: files, or a test of one."""

    name: str
    module: str
    """The file below its package."""
    old: str
    new: str
    tests: tuple[str, ...]
    package: str = "diagnosis"

    @property
    def path(self) -> str:
        """The file below the root."""
        return f"{self.package}/{self.module}"

    def applied(self, text: str) -> str:
        """The text of the module with the fault. Raises ValueError where the piece does not stand there just once."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.module} holds its piece {text.count(self.old)} times, not once")
        return text.replace(self.old, self.new)
