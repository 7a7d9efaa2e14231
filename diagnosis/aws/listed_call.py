"""A row of the one list of AWS calls (`diagnosis/aws/every_call.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Effect = Literal["read", "paid", "own", "write"]
"""`read` looks and costs nothing; `paid` looks, and AWS charges for it; `own` makes or ends what is whynot's alone (a
query, a path to analyse, a session); `write` changes the network."""


@dataclass(frozen=True, slots=True)
class ListedCall:
    """One call, who makes it and why, and the IAM action that permits it."""

    call: str
    """`<boto3 client>.<method>`."""
    action: str
    """The IAM action, for example `ec2:DescribeSubnets`; empty where AWS asks for none."""
    by: tuple[str, ...]
    """The modules that make it, relative to the root; none where AWS makes it with the same credentials."""
    why: str
    effect: Effect = "read"


def actions_of(rows: Iterable[ListedCall]) -> Mapping[str, str]:
    """IAM action by call."""
    return MappingProxyType({row.call: row.action for row in rows})
