"""The settings of further witnesses: who changed what, and threats."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from bot.settings.group import Group, a_word

Witness = Literal["opinion", "changes", "threats"]
"""Who can be asked after an answer stands: Reachability Analyzer; CloudTrail; GuardDuty and Detective."""
When = Annotated[Literal["off", "asked", "always"], BeforeValidator(a_word)]


class WhatChangedSettings(Group):
    """CloudTrail, asked who changed what when the flow logs turned."""

    when: When = "always"
    calls: int = Field(default=30, ge=1, le=500)
    seconds: float = Field(default=30, ge=1, le=600)


class ThreatsSettings(Group):
    """GuardDuty and Detective, asked about the addresses of a question."""

    when: When = "off"
