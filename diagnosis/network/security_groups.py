"""Security groups: allow-only rules, no order, stateful.

https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

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
    region_of,
    rule_ports,
    rule_protocol,
    tags,
    text,
)
from diagnosis.network.vpcs import Origins
from diagnosis.traffic.addresses import format_address, is_ipv6, parse_cidr
from diagnosis.traffic.intervals import IntervalSet


@dataclass(frozen=True, slots=True, order=True)
class CidrPeer:
    """An address range; IPv4 and IPv6 ranges never match the other family."""

    cidr: str

    @property
    def identity(self) -> str:
        """What tells it from others."""
        return self.cidr

    @property
    def addresses(self) -> IntervalSet:
        """The range on the address line."""
        return parse_cidr(self.cidr)


@dataclass(frozen=True, slots=True, order=True)
class GroupPeer:
    """A reference to a security group: the private addresses of the interfaces that hold it."""

    group: str
    account: str = ""
    vpc: str = ""
    peering: str = ""

    @property
    def identity(self) -> str:
        """What tells it from others: AWS adds the owner and VPC of a referenced group by itself."""
        return self.group


@dataclass(frozen=True, slots=True, order=True)
class PrefixListPeer:
    """A reference to a prefix list."""

    prefix_list: str

    @property
    def identity(self) -> str:
        """What tells it from others."""
        return self.prefix_list


Peer = CidrPeer | GroupPeer | PrefixListPeer


@dataclass(frozen=True, slots=True)
class GroupRule:
    """One rule of a security group: one protocol, one range of ports, one peer."""

    egress: bool
    protocol: int | None
    """The protocol number; None for all (`-1`)."""
    ports: IntervalSet
    peer: Peer
    low: int | None = None
    """`FromPort` as AWS sent it (an ICMP type for ICMP)."""
    high: int | None = None
    rule_id: str | None = None
    description: str | None = None

    @property
    def identity(self) -> tuple[bool, int, IntervalSet, str, str]:
        """What makes two rules the same rule to AWS: everything but id and description."""
        return (
            self.egress,
            -1 if self.protocol is None else self.protocol,
            self.ports,
            type(self.peer).__name__,
            self.peer.identity,
        )

    @property
    def rank(self) -> tuple[bool, str, int, int, str, str]:
        """Which of two descriptions of one rule is kept: the one with an id, else the lower one."""
        low, high = (-1 if n is None else n for n in (self.low, self.high))
        return (self.rule_id is None, self.rule_id or "", low, high, self.description or "", str(self.peer))


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group with its rules in a canonical order."""

    id: str
    vpc: str | None
    account: str
    region: str
    name: str | None
    tag_name: str | None
    rules: tuple[GroupRule, ...]
    origins: Origins
    tags: tuple[tuple[str, str], ...] = ()

    def in_direction(self, *, egress: bool) -> tuple[GroupRule, ...]:
        """The rules of one direction."""
        return tuple(rule for rule in self.rules if rule.egress is egress)

    def with_rules(self, rules: Iterable[GroupRule]) -> SecurityGroup:
        """The same group with other rules."""
        return replace(self, rules=in_order(rules))


def in_order(rules: Iterable[GroupRule]) -> tuple[GroupRule, ...]:
    """Rules in their canonical order, each once."""
    unique: dict[tuple[bool, int, IntervalSet, str, str], GroupRule] = {}
    for rule in rules:
        identity = rule.identity
        known = unique.get(identity)
        if known is None or rule.rank < known.rank:
            unique[identity] = rule
    return tuple(unique[identity] for identity in sorted(unique))


def parse_group(item: Item, rule_items: list[Item], origins: Origins) -> SecurityGroup:
    """An entry of `SecurityGroups`, with the entries of `SecurityGroupRules` that belong to it (for rule ids)."""
    rules = list(rules_in(needed_items(item, "IpPermissions"), egress=False))
    rules += rules_in(needed_items(item, "IpPermissionsEgress"), egress=True)
    ids = _rule_ids(rule_items)
    named = [replace(rule, rule_id=ids.get(rule.identity)) for rule in rules] if ids else rules
    return SecurityGroup(
        id=text(item, "GroupId") or "",
        vpc=text(item, "VpcId"),
        account=text(item, "OwnerId") or "",
        region=region_of(item),
        name=text(item, "GroupName"),
        tag_name=name_tag(item),
        rules=in_order(named),
        origins=origins,
        tags=tags(item),
    )


PEER_KEYS = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
"""The lists of a permission that name its peers."""


def rules_in(permissions: Sequence[Item], *, egress: bool) -> Iterator[GroupRule]:
    """The rules that entries of `IpPermissions` or `IpPermissionsEgress` stand for, one for each peer."""
    for permission in permissions:
        protocol = rule_protocol(permission, "IpProtocol")
        low, high = number(permission, "FromPort"), number(permission, "ToPort")
        ports = rule_ports(protocol, low, high)
        for peer, description in _peers(permission):
            yield GroupRule(egress, protocol, ports, peer, low, high, description=description)


def _peers(permission: Item) -> Iterator[tuple[Peer, str | None]]:
    named = [key for key in PEER_KEYS if permission.get(key) is not None]
    if not named:
        raise Malformed("a rule names nobody")
    for key in named:
        for entry in items(permission, key):
            yield _peer(key, entry), text(entry, "Description")


def _peer(key: str, entry: Item) -> Peer:
    match key:
        case "IpRanges":
            return _range(text(entry, "CidrIp") or "")
        case "Ipv6Ranges":
            return _range(text(entry, "CidrIpv6") or "")
        case "PrefixListIds":
            return PrefixListPeer(text(entry, "PrefixListId") or "")
        case _:
            return GroupPeer(
                group=needed_text(entry, "GroupId"),
                account=text(entry, "UserId") or "",
                vpc=text(entry, "VpcId") or "",
                peering=text(entry, "VpcPeeringConnectionId") or "",
            )


@lru_cache(maxsize=65536)
def _range(cidr: str) -> CidrPeer:
    return CidrPeer(canonical(cidr))


@lru_cache(maxsize=65536)
def canonical(cidr: str) -> str:
    """The range as AWS prints it: host bits cleared, IPv6 as RFC 5952 has it."""
    low, high = parse_cidr(cidr)
    bits = 128 if is_ipv6(low) else 32
    return f"{format_address(low)}/{bits + 1 - (high - low).bit_length()}"


def _rule_ids(rule_items: list[Item]) -> Mapping[object, str]:
    """Rule ids by what makes a rule itself, from `describe_security_group_rules`."""
    return {rule.identity: rule.rule_id for rule in rules_of(rule_items) if rule.rule_id}


def rules_of(rule_items: Iterable[Item]) -> Iterator[GroupRule]:
    """The rules that entries of `SecurityGroupRules` stand for; one without an id or a protocol is passed over."""
    for item in rule_items:
        rule_id = text(item, "SecurityGroupRuleId")
        if not rule_id or item.get("IpProtocol") is None:
            continue
        protocol = rule_protocol(item, "IpProtocol")
        low, high = number(item, "FromPort"), number(item, "ToPort")
        ports = rule_ports(protocol, low, high)
        referenced = member(item, "ReferencedGroupInfo")
        peers: list[Peer] = [_range(c) for c in (text(item, "CidrIpv4"), text(item, "CidrIpv6")) if c]
        peers += [PrefixListPeer(p) for p in (text(item, "PrefixListId"),) if p]
        egress = flag(item, "IsEgress") is True
        if text(referenced, "GroupId"):
            peers.append(
                GroupPeer(
                    text(referenced, "GroupId") or "",
                    text(referenced, "UserId") or "",
                    text(referenced, "VpcId") or "",
                    text(referenced, "VpcPeeringConnectionId") or "",
                )
            )
        for peer in peers:
            yield GroupRule(egress, protocol, ports, peer, low, high, rule_id, text(item, "Description"))
