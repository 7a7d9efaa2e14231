"""The settings of second opinions: when AWS is asked, and what that may cost."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from bot.settings.group import Group


def _not_a_boolean(value: object) -> object:
    """YAML reads a bare `off` as false (https://yaml.org/type/bool.html)."""
    return "off" if value is False else value


When = Annotated[Literal["off", "asked", "disagreement"], BeforeValidator(_not_a_boolean)]


class SecondOpinionSettings(Group):
    """VPC Reachability Analyzer as a second opinion."""

    when: When = "off"
    dollars_per_day: float = Field(default=1.0, ge=0)
    seconds: float = Field(default=300, ge=30, le=900)
