"""Managed services that are known by name and stand for interfaces that AWS owns: proxies, warehouses, functions.

Their own answers tell groups and subnets, by which their interfaces are found; several may share them, as functions of
one group and subnet do (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-enis).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, TypeVar

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.shape import Item, items, member, name_tag, needed_text, number, text, texts, word
from diagnosis.traffic.addresses import parse_address
from diagnosis.traffic.intervals import has

T = TypeVar("T")

NFS = 2049
"""The port of every EFS mount target (https://docs.aws.amazon.com/efs/latest/ug/network-access.html)."""
_PROXIED: Mapping[str, int] = MappingProxyType({"mysql": 3306, "postgresql": 5432, "sqlserver": 1433})
"""The ports of RDS proxies, by engine family
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-setup.html)."""


@dataclass(frozen=True, slots=True, order=True)
class ManagedService:
    """One such service. `service` is AWS's word for it: rds (a proxy), redshift, lambda, efs, elasticache."""

    service: str
    id: str
    name: str
    hosts: tuple[str, ...] = ()
    """The DNS names of its endpoints, lower case."""
    port: int | None = None
    vpc: str | None = None
    groups: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    addresses: tuple[int, ...] = ()
    """The private addresses of its nodes, where it tells them."""

    def holds(self, interface: NetworkInterface) -> bool:
        """Whether an interface can be one of its own: by its addresses, else by groups and subnet."""
        if self.addresses:
            return any(has(interface.own_addresses, address) for address in self.addresses)
        return (
            bool(self.groups)
            and self.groups == interface.groups
            and (not self.subnets or interface.subnet in self.subnets)
            and (self.vpc is None or self.vpc == interface.vpc)
        )


class Reader(Protocol):
    """The answers of the calls that take no id, and how a value is read from them without raising."""

    def lists(self, call: str, key: str) -> Iterator[tuple[tuple[str, str], Item]]:
        """Each object under `key` of a call's answers, with its account and Region."""

    def parsed(self, what: str, identity: str, parse: Callable[..., T], *arguments: object) -> T | None:
        """The value, or None with a warning."""


def managed_services(reader: Reader) -> tuple[ManagedService, ...]:
    """Every service of these kinds that was described."""
    found: set[ManagedService] = set()
    for call, key, parse in (
        ("rds.describe_db_proxies", "DBProxies", parse_proxy),
        ("redshift.describe_clusters", "Clusters", parse_warehouse),
        ("lambda.list_functions", "Functions", parse_function),
        ("efs.describe_file_systems", "FileSystems", parse_file_system),
        ("elasticache.describe_cache_clusters", "CacheClusters", parse_cache),
    ):
        for _, item in reader.lists(call, key):
            value = reader.parsed(key, key, parse, item)
            if value is not None:
                found.add(value)
    return tuple(sorted(found, key=lambda one: (one.service, one.id, one.name)))


def parse_proxy(item: Item) -> ManagedService:
    """An entry of `DBProxies`."""
    name, host = needed_text(item, "DBProxyName"), text(item, "Endpoint")
    return ManagedService(
        "rds",
        text(item, "DBProxyArn") or name,
        name,
        hosts=(host.lower(),) if host else (),
        port=_PROXIED.get(word(item, "EngineFamily") or ""),
        vpc=text(item, "VpcId"),
        groups=tuple(sorted(texts(item, "VpcSecurityGroupIds"))),
        subnets=tuple(sorted(texts(item, "VpcSubnetIds"))),
    )


def parse_warehouse(item: Item) -> ManagedService:
    """An entry of `Clusters` of Redshift."""
    name, endpoint = needed_text(item, "ClusterIdentifier"), member(item, "Endpoint")
    host = text(endpoint, "Address")
    groups = (text(g, "VpcSecurityGroupId") for g in items(item, "VpcSecurityGroups"))
    nodes = (text(node, "PrivateIPAddress") for node in items(item, "ClusterNodes"))
    return ManagedService(
        "redshift",
        name,
        name,
        hosts=(host.lower(),) if host else (),
        port=number(endpoint, "Port"),
        vpc=text(item, "VpcId"),
        groups=tuple(sorted(g for g in groups if g)),
        addresses=tuple(sorted(parse_address(node) for node in nodes if node)),
    )


def parse_function(item: Item) -> ManagedService:
    """An entry of `Functions`; one that is in no VPC has no interfaces."""
    name, placement = needed_text(item, "FunctionName"), member(item, "VpcConfig")
    return ManagedService(
        "lambda",
        name,
        name,
        vpc=text(placement, "VpcId") or None,
        groups=tuple(sorted(texts(placement, "SecurityGroupIds"))),
        subnets=tuple(sorted(texts(placement, "SubnetIds"))),
    )


def parse_file_system(item: Item) -> ManagedService:
    """An entry of `FileSystems`, whose interfaces say its id."""
    identity = needed_text(item, "FileSystemId")
    return ManagedService("efs", identity, text(item, "Name") or name_tag(item) or identity, port=NFS)


def parse_cache(item: Item) -> ManagedService:
    """An entry of `CacheClusters`, whose interfaces say its name."""
    name = needed_text(item, "CacheClusterId")
    points = [member(item, "ConfigurationEndpoint"), *(member(n, "Endpoint") for n in items(item, "CacheNodes"))]
    hosts = sorted({host.lower() for host in (text(p, "Address") for p in points) if host})
    ports = {port for port in (number(p, "Port") for p in points) if port is not None}
    return ManagedService("elasticache", name, name, tuple(hosts), ports.pop() if len(ports) == 1 else None)
