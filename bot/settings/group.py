"""What every group of settings is: frozen, without names of its own invention, and silent about what was put in."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Group(BaseModel):
    """A group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def a_word(value: object) -> object:
    """A word that a settings file may give without quotes: YAML reads a bare `off` as false.

    https://yaml.org/type/bool.html
    """
    return "off" if value is False else value
