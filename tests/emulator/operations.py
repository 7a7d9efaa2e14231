"""How an operation is added to moto, and how it says no."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, BaseResponse

Operation = Callable[[Any], str]


def install(response: type[BaseResponse], operations: Mapping[str, Operation]) -> None:
    """Give a service these operations, by the names of boto3's methods; they replace moto's own.

    An operation gets moto's response object, whose `_get_param` reads what was sent.
    """
    for name, operation in operations.items():
        setattr(response, name, operation)


def install_actions(response: type[BaseResponse], actions: Mapping[str, Callable[[Any], ActionResult]]) -> None:
    """The same for services whose answers moto serialises by botocore's model."""
    for name, action in actions.items():
        setattr(response, name, action)


def refused(code: str, message: str) -> JsonRESTError:
    """The error that a JSON service answers with."""
    return JsonRESTError(code, message)


def told(**members: Any) -> str:
    """An answer, without the members that are None."""
    return json.dumps({name: value for name, value in members.items() if value is not None})
