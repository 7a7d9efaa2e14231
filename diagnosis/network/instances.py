"""Instances and databases as far as the network needs them: state, platform, names, and their interfaces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from diagnosis.network.shape import Item, Malformed, items, member, name_tag, number, owner_of, tags, text, word


@dataclass(frozen=True, slots=True)
class Instance:
    """An EC2 instance."""

    id: str
    name: str | None
    state: str | None
    windows: bool
    interfaces: tuple[str, ...]
    """Its interfaces by device index, the first one first."""
    dns_names: tuple[str, ...]
    owner: str | None = None
    """Who looks after it, by its tags."""
    metadata: bool = True
    """Whether instance metadata is on (`HttpEndpoint`)."""


@dataclass(frozen=True, slots=True)
class Database:
    """An RDS instance or cluster: a name that stands for interfaces which AWS owns."""

    id: str
    arn: str | None
    engine: str | None
    addresses: tuple[str, ...]
    """The DNS names of its endpoints, lower case."""
    port: int | None
    groups: tuple[str, ...]
    subnets: tuple[str, ...]
    vpc: str | None
    zone: str | None
    public: bool
    members: tuple[tuple[str, bool], ...] = ()
    """Of a cluster: its instances, and whether each is the one that writes."""
    reader_addresses: tuple[str, ...] = ()
    """Of a cluster: those of its addresses that lead to its readers."""


def parse_instance(item: Item) -> Instance:
    """An entry of `Instances`, in an entry of `Reservations`."""
    if not isinstance(item, dict):
        raise Malformed("Instances is not a list of objects")
    attached = []
    for interface in items(item, "NetworkInterfaces"):
        index = number(member(interface, "Attachment"), "DeviceIndex") or 0
        attached.append((index, text(interface, "NetworkInterfaceId") or ""))
    platform = f"{text(item, 'Platform') or ''} {text(item, 'PlatformDetails') or ''}".lower()
    names = {text(item, "PrivateDnsName"), text(item, "PublicDnsName")}
    return Instance(
        id=text(item, "InstanceId") or "",
        name=name_tag(item),
        state=word(member(item, "State"), "Name"),
        windows="windows" in platform,
        interfaces=tuple(eni for _, eni in sorted(attached) if eni),
        dns_names=tuple(sorted(n.lower() for n in names if n)),
        owner=owner_of(tags(item)),
        metadata=word(member(item, "MetadataOptions"), "HttpEndpoint") != "disabled",
    )


def parse_database(item: Item, *, cluster: bool) -> Database:
    """An entry of `DBInstances` or `DBClusters`."""
    placement = member(item, "DBSubnetGroup") if not cluster else {}
    subnets = (text(s, "SubnetIdentifier") for s in items(placement, "Subnets"))
    if cluster:
        hosts = [text(item, "Endpoint"), text(item, "ReaderEndpoint")]
        port = number(item, "Port")
    else:
        point = member(item, "Endpoint")
        hosts, port = [text(point, "Address")], number(point, "Port")
    groups = (text(g, "VpcSecurityGroupId") for g in items(item, "VpcSecurityGroups"))
    return Database(
        id=text(item, "DBClusterIdentifier" if cluster else "DBInstanceIdentifier") or "",
        arn=text(item, "DBClusterArn" if cluster else "DBInstanceArn"),
        engine=word(item, "Engine"),
        addresses=tuple(sorted(h.lower() for h in hosts if h)),
        port=port,
        groups=tuple(sorted(g for g in groups if g)),
        subnets=tuple(sorted(s for s in subnets if s)),
        vpc=text(placement, "VpcId"),
        zone=text(item, "AvailabilityZone"),
        public=item.get("PubliclyAccessible") is True,
        members=tuple(sorted(_members(item))) if cluster else (),
        reader_addresses=tuple(h.lower() for h in hosts[1:] if h),
    )


def _members(item: Item) -> Iterator[tuple[str, bool]]:
    for listed in items(item, "DBClusterMembers"):
        identity = text(listed, "DBInstanceIdentifier")
        if identity:
            yield identity, listed.get("IsClusterWriter") is True
