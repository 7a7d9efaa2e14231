"""Why a fix may not be applied by button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Code = Literal[
    "anybody",
    "does not fit",
    "elsewhere",
    "names a group",
    "not all was seen",
    "not by button",
    "not clear",
    "not needed",
    "not proven",
    "not seen",
    "off the path",
    "opens for too many",
    "opens more",
    "protected",
    "quota",
    "takes away",
    "too public",
    "wider than asked",
]


@dataclass(frozen=True, slots=True)
class Violation:
    """A guardrail that stops a fix: its code, which docs/approvals.md lists, and a sentence for people."""

    code: Code
    text: str
