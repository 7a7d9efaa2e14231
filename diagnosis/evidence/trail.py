"""CloudTrail's record of one API call: who did what, when, to which resources.

The record is the JSON text of `CloudTrailEvent` (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/
cloudtrail-event-reference-record-contents.html). Parameters stand in it in spellings of CloudTrail's own: lower camel
case with lists under `items`, or, for newer EC2 calls, one object named after the request. They are brought to the
spelling of the describe answers here, so that rules are read by the code that reads those. Everything in a record may
have been written by whoever made the call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_PLAIN_NAME = re.compile(r"[\w+=,.@/:-]{1,80}", re.ASCII)
"""What IAM takes in names of users, roles and sessions."""
_LONGEST = 80
_DEEPEST = 30


@dataclass(frozen=True, slots=True)
class TrailEvent:
    """One call that was made, as CloudTrail tells it."""

    id: str
    name: str
    """The operation: `RevokeSecurityGroupIngress`."""
    at: int
    """Unix seconds."""
    who: str
    """In words: "role deploy (session ci-42)"."""
    request: Mapping[str, Any]
    """What was asked, in the spelling of describe answers."""
    response: Mapping[str, Any]
    mentions: frozenset[str]
    """Every text of request and response, and the names of the resources that CloudTrail lists."""
    failed: bool
    """Whether AWS refused the call, so that nothing was changed."""
    region: str = ""
    agent: str = ""
    """The program that made the call, by its own word."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found for one resource. `stopped` says why the rest was left out, "" where nothing was."""

    events: tuple[TrailEvent, ...] = ()
    stopped: str = ""


def parse_event(found: Mapping[str, Any]) -> TrailEvent | None:
    """One entry of `Events`, times as Unix seconds, ISO text or datetime; None where it is no record of a call."""
    written = found.get("CloudTrailEvent")
    try:
        record = json.loads(written if isinstance(written, str) else "")
    except (ValueError, RecursionError):
        return None
    # No deeper than it opens objects and lists: few records have so many that counting is worth it.
    if not isinstance(record, dict) or (_opened(written) > _DEEPEST and _depth(record) > _DEEPEST):
        return None
    name, at = _text(record, "eventName") or _text(found, "EventName"), _time(record.get("eventTime"))
    identity = _text(record, "eventID") or _text(found, "EventId")
    if not name or not identity or at is None:
        return None
    request, response = shaped(record.get("requestParameters")), shaped(record.get("responseElements"))
    listed = found.get("Resources")
    resources = [_text(one, "ResourceName") for one in listed if isinstance(one, dict)] if listed else []
    return TrailEvent(
        id=_plain(identity),
        name=_plain(name),
        at=at,
        who=_who(record, _text(found, "Username")),
        request=request,
        response=response,
        mentions=frozenset((*_texts(request), *_texts(response), *filter(None, resources))),
        failed=bool(record.get("errorCode")),
        region=_plain(_text(record, "awsRegion")),
        agent=_shortened(_text(record, "userAgent")),
    )


def shaped(value: Any) -> Mapping[str, Any]:
    """Parameters in the spelling of describe answers: `{"ipRanges": {"items": []}}` is `{"IpRanges": []}`.

    An object that holds nothing but the request (`{"CreateRouteRequest": {...}}`) is that request.
    """
    found = _shaped(value)
    if not isinstance(found, dict):
        return {}
    if len(found) == 1:
        [(key, inner)] = found.items()
        if key.endswith(("Request", "Response")) and isinstance(inner, dict):
            return inner
    return found


def _shaped(value: Any) -> Any:
    if isinstance(value, list):
        return [_shaped(one) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) in ({"items"}, {"item"}):
        [held] = value.values()
        return [_shaped(one) for one in (held if isinstance(held, list) else [held])]
    return {key[:1].upper() + key[1:]: _shaped(one) for key, one in value.items()}


def listed(found: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The objects under `key`: of a list, of an empty object as CloudTrail writes an empty list, or the only one."""
    value = found.get(key)
    if isinstance(value, dict):
        value = [value] if value else []
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _opened(written: Any) -> int:
    return written.count("{") + written.count("[") if isinstance(written, str) else 0


def _depth(value: Any) -> int:
    """How deep objects and lists are nested, counted no further than matters."""
    level, depth = [value], 0
    while level and depth <= _DEEPEST:
        level = [inner for one in level for inner in _inside(one)]
        depth += 1
    return depth


def _inside(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _who(record: Mapping[str, Any], username: str) -> str:
    """Who made the call (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/
    cloudtrail-event-reference-user-identity.html).
    """
    identity = record.get("userIdentity")
    identity = identity if isinstance(identity, dict) else {}
    arn, invoked = _text(identity, "arn"), _text(identity, "invokedBy")
    context = identity.get("sessionContext")
    issuer = context.get("sessionIssuer") if isinstance(context, dict) else None
    role = _text(issuer, "userName") if isinstance(issuer, dict) else ""
    match identity.get("type"):
        case "AssumedRole" | "Role":
            role = role or (arn.split("/")[1] if arn.count("/") else "") or username
            session = arn.split("/", 2)[2] if arn.count("/") > 1 else ""
            return f"role {_plain(role)}" + (f" (session {_plain(session)})" if session and session != role else "")
        case "Root":
            return "the root user"
        case "AWSService":
            return f"AWS service {_plain(invoked)}"
        case "AWSAccount":
            return f"account {_plain(_text(identity, 'accountId'))}"
        case _:
            name = _text(identity, "userName") or username or arn
            return f"user {_plain(name)}" if name else "somebody that CloudTrail does not name"


def _plain(name: str) -> str:
    """A name as it stands where IAM would take it; anything else in quotes, so that it reads as no words of ours."""
    return name if _PLAIN_NAME.fullmatch(name) else json.dumps(_shortened(name))


def _shortened(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _text(found: Mapping[str, Any], key: str) -> str:
    value = found.get(key)
    return value if isinstance(value, str) else ""


def _time(value: Any) -> int | None:
    if not isinstance(value, str):
        return None
    try:
        told = datetime.fromisoformat(value)
    except ValueError:
        return None
    return int((told if told.tzinfo is not None else told.replace(tzinfo=UTC)).timestamp())
