"""VPC encryption controls: whether a VPC only watches that its traffic is encrypted, or enforces it.

https://docs.aws.amazon.com/vpc/latest/userguide/vpc-encryption-controls.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from diagnosis.network.shape import Item, Malformed, member, text, word

CALL = "ec2.describe_vpc_encryption_controls"
GONE = frozenset({"deleted"})
WATCHING = "monitor"
UNREAD = "unreadable"


def parse_encryption(controls: Iterable[Item], vpcs: Iterable[Item]) -> Mapping[str, str]:
    """The mode by VPC, from the entries of `VpcEncryptionControls`, else as `Vpcs` report it themselves."""
    found: dict[str, str] = {}
    for item in vpcs:
        try:
            reported = member(item, "EncryptionControl")
            vpc = text(item, "VpcId")
        except Malformed:
            continue
        if reported and vpc:
            _note(found, vpc, reported)
    for item in controls:
        vpc = item.get("VpcId")
        if isinstance(vpc, str):
            found.pop(vpc, None)
            _note(found, vpc, item)
    return dict(sorted(found.items()))


def _note(found: dict[str, str], vpc: str, item: Item) -> None:
    try:
        mode, state = word(item, "Mode"), word(item, "State")
    except Malformed:
        mode, state = UNREAD, None
    if state not in GONE:
        found[vpc] = mode or UNREAD
