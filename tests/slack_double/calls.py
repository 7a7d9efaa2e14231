"""One call of the Web API: its arguments, how it may be refused, and the table of methods with the scopes they need."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.slack_double.workspace import Json

if TYPE_CHECKING:
    from tests.slack_double.web_api import WebApi

Run = Callable[["WebApi", "Call"], Json]

# What a form carries as a string of JSON.
STRUCTURED = ("blocks", "attachments", "view", "files", "metadata", "prompts", "chunks", "loading_messages")


class Refused(Exception):
    """Slack's `"ok": false`, with its error code and what else the answer holds."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


@dataclass(frozen=True)
class Call:
    """A method with its arguments; a JSON body and a form come to the same."""

    method: str
    arguments: Json
    token: str

    def text(self, name: str) -> str:
        """An argument as text; empty if it is not there."""
        value = self.arguments.get(name)
        return "" if value is None else str(value)

    def required(self, name: str) -> str:
        """An argument that must be there."""
        if not self.text(name):
            raise Refused(
                "invalid_arguments", response_metadata={"messages": [f"[ERROR] missing required field: {name}"]}
            )
        return self.text(name)

    def flag(self, name: str) -> bool:
        """An argument that is a boolean, in any of the forms that Slack takes."""
        return self.text(name).lower() in {"1", "true"}

    def items(self, name: str) -> list[Json]:
        """An argument that is a list of objects."""
        value = self.structured(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise Refused(f"invalid_{name}_format" if name == "blocks" else "invalid_arguments")
        return value

    def structured(self, name: str) -> Any:
        """An argument that is JSON, whether it came as such or as a string."""
        value = self.arguments.get(name)
        if isinstance(value, str) and name in STRUCTURED:
            try:
                return json.loads(value)
            except ValueError as error:
                raise Refused(f"invalid_{name}_format" if name == "blocks" else "invalid_arguments") from error
        return value


@dataclass(frozen=True)
class Method:
    """A method of the Web API. `scopes`: any one of them is enough; none: a valid token is. `tier`: calls a minute."""

    name: str
    scopes: tuple[str, ...]
    per_minute: int
    run: Run


METHODS: dict[str, Method] = {}


def method(name: str, *scopes: str, per_minute: int = 50) -> Callable[[Run], Run]:
    """Enter a function into the table of methods."""

    def enter(run: Run) -> Run:
        METHODS[name] = Method(name, scopes, per_minute, run)
        return run

    return enter
