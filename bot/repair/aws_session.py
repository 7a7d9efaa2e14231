"""Whose hands they are: the write role, assumed for one application or undo, narrowed to what is to be changed.

CloudTrail shows the session's name beside every call, and its tags where the role was assumed.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from botocore.config import Config

from bot.approvals.proposal import Proposal
from bot.repair.aws_errors import OF_AWS, as_ours
from bot.repair.aws_writer import AwsWriter, actions_for
from bot.repair.writing import Refused, Writable, writable
from diagnosis.fix.change import AclEntryChange

SECONDS = 900
"""How long the session lives: the least that AWS gives."""
LOOKS = ("ec2:DescribeNetworkAcls", "ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups")
_ROLE = re.compile(r"arn:(?P<partition>[a-z-]+):iam::(?P<account>\d{12}):role/[\w+=,.@/-]+", re.ASCII)
_NO_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)
_POLICY = 2048
"""Characters that AWS takes of a session's policy."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """With which credentials the account is changed."""

    role_arn: str | None = None
    """The role that is assumed for the moment of applying."""
    external_id: str | None = None
    own: bool = False
    """Whether the program's own credentials may write, where no role is named."""

    @property
    def usable(self) -> bool:
        """Whether anything can be applied at all: a role is named, or the operator named the own credentials."""
        return self.role_arn is not None or self.own


class AwsHands:
    """Makes writers for the live account. `client` makes a boto3 client with the program's own credentials."""

    def __init__(self, client: Callable[..., Any], credentials: Credentials, *, read_seconds: float = 20) -> None:
        """`client(service, region_name=…, config=…, **credentials)`, as a boto3 Session's `client`."""
        self._make = client
        self._making = threading.Lock()
        self._credentials = credentials
        self._seconds = read_seconds

    def writer(self, proposal: Proposal, by: str) -> AwsWriter:
        """A Writer for one application or undo of a proposal by a person. Raises Refused, Busy, NoAnswer."""
        keys = self._assumed(proposal, by)
        try:
            return AwsWriter(self._client("ec2", region_name=proposal.region, config=self._config(1), **keys))
        except (*OF_AWS, ValueError) as error:
            raise Refused(f"AWS cannot be asked in {proposal.region!r}: {error}") from error

    def _client(self, service: str, **more: Any) -> Any:
        """A client. Making one is not thread-safe in boto3."""
        with self._making:
            return self._make(service, **more)

    def _config(self, attempts: int) -> Config:
        return Config(
            connect_timeout=5,
            read_timeout=self._seconds,
            retries={"mode": "standard", "total_max_attempts": attempts},
            user_agent_extra="whynot",
        )

    def _assumed(self, proposal: Proposal, by: str) -> dict[str, str]:
        """The keys of the write role; none where the own credentials are used."""
        role = self._credentials.role_arn
        if role is None:
            if not self._credentials.own:
                raise Refused("No write role is configured: fixes.write_role_arn names one (docs/install.md).")
            return {}
        named = _ROLE.fullmatch(role)
        if named is None:
            raise Refused("fixes.write_role_arn is no ARN of a role: arn:aws:iam::<account>:role/<name>.")
        if proposal.account and named["account"] != proposal.account:
            raise Refused(f"fixes.write_role_arn is of account {named['account']}, the fix of {proposal.account}.")
        outside = {} if self._credentials.external_id is None else {"ExternalId": self._credentials.external_id}
        try:
            answer = self._client("sts", region_name=proposal.region, config=self._config(4)).assume_role(
                RoleArn=role,
                RoleSessionName=session_name(proposal, by),
                Tags=[
                    {"Key": "whynot-proposal", "Value": proposal.id},
                    {"Key": "whynot-by", "Value": _NO_NAME.sub("-", by) or "-"},
                    {"Key": "whynot-requester", "Value": _NO_NAME.sub("-", proposal.requester) or "-"},
                ],
                DurationSeconds=SECONDS,
                Policy=session_policy(proposal, named["partition"]),
                **outside,
            )
        except OF_AWS as error:
            raise _not_assumed(error, role) from error
        keys = answer["Credentials"]
        return {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }


def _not_assumed(error: Exception, role: str) -> Exception:
    ours = as_ours(error, "sts:AssumeRole")
    if not isinstance(ours, Refused):
        return ours
    return Refused(
        f"The write role {role} could not be assumed, so nothing was done: {ours} Its trust policy must name this "
        "program's role, allow sts:AssumeRole and sts:TagSession, and agree on the external id (docs/install.md).",
        action=ours.action,
    )


def session_name(proposal: Proposal, by: str) -> str:
    """Who did it, as CloudTrail shows it: `whynot-<proposal>-<person>`."""
    return f"whynot-{proposal.id}-{_NO_NAME.sub('-', by)}"[:64]


def session_policy(proposal: Proposal, partition: str) -> str:
    """What the session may do at most: make and take back these changes, in these groups and ACLs, nothing else."""
    changes = [writable(change) for change in proposal.changes]
    statements = [
        {"Effect": "Allow", "Action": list(LOOKS), "Resource": "*"},
        *(_statement(proposal, partition, actions, of) for actions, of in sorted(_by_actions(changes).items())),
    ]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    if len(text) > _POLICY:
        raise Refused("The fix touches too many groups and ACLs to be applied at once. Use the commands.")
    return text


def _by_actions(changes: Iterable[Writable]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for change in changes:
        kind = "network-acl" if isinstance(change, AclEntryChange) else "security-group"
        found.setdefault(actions_for(change), set()).add(f"{kind}/{change.component}")
    return found


def _statement(proposal: Proposal, partition: str, actions: tuple[str, str], of: set[str]) -> dict[str, Any]:
    place = f"arn:{partition}:ec2:{proposal.region or '*'}:{proposal.account or '*'}"
    return {"Effect": "Allow", "Action": list(actions), "Resource": [f"{place}:{one}" for one in sorted(of)]}
