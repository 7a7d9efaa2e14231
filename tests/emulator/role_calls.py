"""AssumeRole as AWS answers it, where moto lets everybody in: the trust policy, its external id, session tags.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.sts.exceptions import STSClientError
from moto.sts.responses import TokenResponse

from tests.emulator.operations import install_actions

_assumed = TokenResponse.assume_role
_SESSION = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_TAG = re.compile(r"[\w\s:/=+\-@.]{1,256}")


@dataclass(frozen=True, slots=True)
class Session:
    """A role session: what CloudTrail would show of it beside every call that its key signs."""

    role: str
    name: str
    tags: Mapping[str, str]
    policy: str
    seconds: int


SESSIONS: dict[str, Session] = {}
"""By access key."""


def install_roles() -> None:
    """Put the operation in front of moto's own."""
    SESSIONS.clear()
    install_actions(TokenResponse, {"assume_role": _assume})


def _assume(response: Any) -> ActionResult:
    role, name = response._get_param("RoleArn"), response._get_param("RoleSessionName")
    tags = {tag["Key"]: tag["Value"] for tag in response._get_param("Tags", [])}
    policy = response._get_param("Policy", "")
    seconds = response._get_int_param("DurationSeconds", 3600)
    _check(name, tags, policy, seconds)
    account = role.split(":")[4]
    known = {one.arn: one for one in iam_backends[account]["aws"].roles.values()}
    trust: Any = {"Statement": []}
    if role in known:
        trust = json.loads(known[role].assume_role_policy_document)
    external = response._get_param("ExternalId")
    needed = {"sts:AssumeRole", *(["sts:TagSession"] if tags else [])}
    for action in sorted(needed):
        if not any(_allows(statement, action, external) for statement in trust["Statement"]):
            raise STSClientError("AccessDenied", f"User is not authorized to perform: {action} on resource: {role}")
    answer = _assumed(response)
    result: Any = answer.result
    SESSIONS[result["Credentials"].access_key_id] = Session(role, name, tags, policy, seconds)
    return answer


def _check(name: str, tags: Mapping[str, str], policy: str, seconds: int) -> None:
    if not _SESSION.fullmatch(name):
        raise STSClientError("ValidationError", f"Value '{name}' at 'roleSessionName' failed to satisfy constraint")
    for key, value in tags.items():
        if not _TAG.fullmatch(key) or not _TAG.fullmatch(value) or key.lower().startswith("aws:"):
            raise STSClientError("ValidationError", f"Value at 'tags' failed to satisfy constraint: {key}")
    if policy and len(policy) > 2048:
        raise STSClientError("PackedPolicyTooLarge", "Packed policy consumes more than 100% of allotted space")
    if policy:
        json.loads(policy)
    if not 900 <= seconds <= 3600:
        raise STSClientError("ValidationError", "The requested DurationSeconds is out of range")


def _allows(statement: Mapping[str, Any], action: str, external: str | None) -> bool:
    actions = statement["Action"]
    wanted = statement.get("Condition", {}).get("StringEquals", {}).get("sts:ExternalId")
    named = action in ([actions] if isinstance(actions, str) else actions)
    # The condition key is there for AssumeRole alone; both actions are judged with what the request holds.
    return statement["Effect"] == "Allow" and named and (wanted is None or wanted == external)
