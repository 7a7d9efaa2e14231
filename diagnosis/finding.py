"""One thing that `whynot doctor` looked at: whether it is well, and who must act where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing. `missing` needs somebody, whom the text names; a `note` needs nobody."""

    about: str
    """In a word or two: "credentials", "flow logs"."""
    state: Literal["well", "missing", "note"]
    text: str
