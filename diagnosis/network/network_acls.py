"""Network ACLs: numbered entries per subnet, first match decides, stateless.

https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from diagnosis.network.security_groups import canonical
from diagnosis.network.shape import (
    Item,
    Malformed,
    flag,
    items,
    member,
    name_tag,
    needed_items,
    needed_text,
    number,
    rule_ports,
    rule_protocol,
    tags,
    text,
    word,
)
from diagnosis.network.vpcs import Origins
from diagnosis.traffic.addresses import parse_cidr
from diagnosis.traffic.intervals import IntervalSet
from diagnosis.traffic.protocols import ICMP, ICMPV6

IMPLICIT_DENY = "32767"
"""The rule that ends every list; AWS prints it as `*` and sends 32767 (IPv4) or 32768 (IPv6)."""


@dataclass(frozen=True, slots=True, order=True)
class AclEntry:
    """One numbered entry of a network ACL."""

    egress: bool
    number: int
    allow: bool
    protocol: int | None
    cidr: str
    ports: IntervalSet

    @property
    def addresses(self) -> IntervalSet:
        """The entry's range on the address line."""
        return parse_cidr(self.cidr)

    @property
    def ref(self) -> str:
        """The rule number as answers print it."""
        return IMPLICIT_DENY if self.number >= int(IMPLICIT_DENY) else str(self.number)

    @property
    def order(self) -> tuple[bool, int, str]:
        """By direction, then number."""
        return (self.egress, self.number, self.cidr)


@dataclass(frozen=True, slots=True)
class NetworkAcl:
    """A network ACL, its entries by direction and number, and the subnets it is associated with."""

    id: str
    vpc: str | None
    account: str
    is_default: bool
    subnets: tuple[str, ...]
    entries: tuple[AclEntry, ...]
    name: str | None
    origins: Origins
    tags: tuple[tuple[str, str], ...] = ()
    open: bool = False
    """Whether it lets everything pass, whatever its entries say: no ACL of AWS's does."""

    def in_direction(self, *, egress: bool) -> tuple[AclEntry, ...]:
        """The entries of one direction in the order in which they are tried."""
        return tuple(entry for entry in self.entries if entry.egress is egress)

    def with_entries(self, entries: Iterable[AclEntry]) -> NetworkAcl:
        """The same ACL with other entries."""
        return replace(self, entries=tuple(sorted(entries, key=lambda e: e.order)))


def parse_acl(item: Item, origins: Origins) -> NetworkAcl:
    """An entry of `NetworkAcls`."""
    entries = [parse_entry(e) for e in needed_items(item, "Entries")]
    is_default = flag(item, "IsDefault") is True
    # Where a VPC's default ACL applies, the others say; where another one applies, it alone does.
    associations = items(item, "Associations") if is_default else needed_items(item, "Associations")
    subnets = {needed_text(a, "SubnetId") for a in associations}
    return NetworkAcl(
        id=text(item, "NetworkAclId") or "",
        vpc=text(item, "VpcId"),
        account=text(item, "OwnerId") or "",
        is_default=is_default,
        subnets=tuple(sorted(subnets)),
        entries=tuple(sorted(entries, key=lambda e: e.order)),
        name=name_tag(item),
        origins=origins,
        tags=tags(item),
    )


def parse_entry(item: Item) -> AclEntry:
    """An entry of an ACL's `Entries`."""
    rule_number, action, egress = number(item, "RuleNumber"), word(item, "RuleAction"), flag(item, "Egress")
    if rule_number is None or action not in ("allow", "deny") or egress is None:
        raise Malformed("an entry lacks its RuleNumber, RuleAction or Egress")
    protocol = rule_protocol(item, "Protocol")
    span = member(item, "IcmpTypeCode") if protocol in (ICMP, ICMPV6) else member(item, "PortRange")
    keys = ("Type", "Code") if protocol in (ICMP, ICMPV6) else ("From", "To")
    cidr = text(item, "CidrBlock") or text(item, "Ipv6CidrBlock")
    if cidr is None:
        raise Malformed(f"entry {rule_number} has no address range")
    return AclEntry(
        egress=egress,
        number=rule_number,
        allow=action == "allow",
        protocol=protocol,
        cidr=canonical(cidr),
        ports=rule_ports(protocol, number(span, keys[0]), number(span, keys[1])),
    )
