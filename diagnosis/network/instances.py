"""Instances and databases, as far as the network needs them: state, platform, names, and which interfaces are theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from diagnosis.network.shape import Item, items, member, name_tag, number, text, word


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


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """A load balancer of any generation, by name, with its DNS name."""

    id: str
    """The ARN; the name of a classic one."""
    name: str
    dns_name: str | None
    kind: str
    vpc: str | None


@dataclass(frozen=True, slots=True)
class VpcEndpoint:
    """A VPC endpoint: an interface endpoint has interfaces and DNS names, a gateway endpoint has route tables."""

    id: str
    kind: str
    service: str
    vpc: str | None
    state: str
    interfaces: tuple[str, ...]
    dns_names: tuple[str, ...]
    route_tables: tuple[str, ...]
    name: str | None


def parse_instances(reservation: Item) -> Iterator[Instance]:
    """The instances of an entry of `Reservations`."""
    for item in items(reservation, "Instances"):
        attached = []
        for interface in items(item, "NetworkInterfaces"):
            index = number(member(interface, "Attachment"), "DeviceIndex") or 0
            attached.append((index, text(interface, "NetworkInterfaceId") or ""))
        platform = f"{text(item, 'Platform') or ''} {text(item, 'PlatformDetails') or ''}".lower()
        names = {text(item, "PrivateDnsName"), text(item, "PublicDnsName")}
        yield Instance(
            id=text(item, "InstanceId") or "",
            name=name_tag(item),
            state=word(member(item, "State"), "Name"),
            windows="windows" in platform,
            interfaces=tuple(eni for _, eni in sorted(attached) if eni),
            dns_names=tuple(sorted(n.lower() for n in names if n)),
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
    )


def parse_load_balancer(item: Item) -> LoadBalancer:
    """An entry of `LoadBalancers` (elbv2) or `LoadBalancerDescriptions` (classic)."""
    name = text(item, "LoadBalancerName") or ""
    host = text(item, "DNSName")
    return LoadBalancer(
        id=text(item, "LoadBalancerArn") or name,
        name=name,
        dns_name=host.lower() if host else None,
        kind=word(item, "Type") or "classic",
        vpc=text(item, "VpcId") or text(item, "VPCId"),
    )


def parse_endpoint(item: Item) -> VpcEndpoint:
    """An entry of `VpcEndpoints`."""
    hosts = {text(d, "DnsName") for d in items(item, "DnsEntries")}
    return VpcEndpoint(
        id=text(item, "VpcEndpointId") or "",
        kind=word(item, "VpcEndpointType") or "gateway",
        service=text(item, "ServiceName") or "",
        vpc=text(item, "VpcId"),
        state=word(item, "State") or "available",
        interfaces=tuple(sorted(i for i in item.get("NetworkInterfaceIds") or () if isinstance(i, str))),
        dns_names=tuple(sorted(h.lower() for h in hosts if h)),
        route_tables=tuple(sorted(r for r in item.get("RouteTableIds") or () if isinstance(r, str))),
        name=name_tag(item),
    )
