"""The settings of second opinions: when AWS is asked, and what that may cost."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from bot.settings.group import Group, a_word

When = Annotated[Literal["off", "asked", "disagreement"], BeforeValidator(a_word)]


class SecondOpinionSettings(Group):
    """VPC Reachability Analyzer as a second opinion."""

    when: When = "off"
    dollars_per_day: float = Field(default=1.0, ge=0)
    seconds: float = Field(default=300, ge=30, le=900)
