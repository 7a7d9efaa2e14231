"""What the describe calls answered: the one input from which a Network is built.

A snapshot folder and the live account both produce a `Described`; nothing else of the world enters the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple


class Call(NamedTuple):
    """One read call: its name as `<boto3 client>.<method>`, and whose answer it is."""

    name: str
    """For example `ec2.describe_subnets`."""
    account: str = ""
    """The twelve digits of the account; empty where the source does not say (a loose folder)."""
    region: str = ""
    """The Region; empty where the source does not say."""
    argument: str | None = None
    """The id or name of a call that takes one, for example a prefix list id."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """A call whose answer could not be had, and what AWS said instead."""

    call: str
    account: str
    region: str
    error: str


@dataclass(frozen=True, slots=True)
class Described:
    """Answers of describe calls, and what is known of the calls that gave none."""

    answers: Mapping[Call, Mapping[str, Any]]
    """Each call's merged pages as boto3 returns them, for example `{"Subnets": [...]}`."""
    unseen: tuple[Unseen, ...] = ()
    """Calls that were made and failed."""
    asked: frozenset[str] = frozenset()
    """Names of the calls that were made, as far as the source records them (`calls` of snapshot.json)."""
    taken_at: str | None = None
    """When, ISO 8601 UTC; None where the source does not say."""
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())
    """One line for each file that was skipped or could not be read, naming it."""


NOTHING: Mapping[str, Any] = MappingProxyType({})
