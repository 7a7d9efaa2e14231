"""A value of the public JSON: frozen, and nothing in it that it does not know."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class JsonValue(BaseModel):
    """What an answer is made of."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
