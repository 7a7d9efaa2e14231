"""Who an interface belongs to: an instance, a database, a load balancer, a function; the names that people use for it.

AWS-owned interfaces say in `Description` what they are for
(https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from diagnosis.network.instances import Database
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.managed_services import NFS
from diagnosis.network.network import Network


@dataclass(frozen=True, slots=True, order=True)
class Owner:
    """What an interface belongs to."""

    service: str
    """The AWS service word: ec2, rds, elasticache, alb, nlb, elb, lambda, natgateway, vpce, efs, ecs, eks, ..."""
    id: str
    name: str | None
    port: int | None = None
    """The port that the service listens on, where the account says it."""


HTTPS = 443
"""The port of an OpenSearch domain's endpoint."""

_DESCRIBED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^ELB app/(?P<name>[^/]+)/"), "alb"),
    (re.compile(r"^ELB net/(?P<name>[^/]+)/"), "nlb"),
    (re.compile(r"^ELB gwy/(?P<name>[^/]+)/"), "gwlb"),
    (re.compile(r"^ELB (?P<name>[^/ ]+)$"), "elb"),
    (re.compile(r"^Interface for NAT Gateway (?P<name>\S+)"), "natgateway"),
    (re.compile(r"^VPC Endpoint Interface (?P<name>\S+)"), "vpce"),
    (re.compile(r"^AWS Lambda VPC ENI-(?P<name>.+?)(-[0-9a-f]{8}-[0-9a-f-]{27})?$"), "lambda"),
    (re.compile(r"^ElastiCache (?:Cluster )?(?P<name>\S+)"), "elasticache"),
    (re.compile(r"^EFS mount target for (?P<name>fs-\w+)"), "efs"),
    (re.compile(r"^arn:aws[\w-]*:ecs:[^:]*:[^:]*:attachment/(?P<name>\S+)"), "ecs"),
    (re.compile(r"^Amazon EKS (?P<name>\S+)"), "eks"),
    (re.compile(r"^aws-K8S-(?P<name>\S+)"), "eks"),
    (re.compile(r"^RedshiftNetworkInterface"), "redshift"),
    (re.compile(r"^RDSNetworkInterface"), "rds"),
    (re.compile(r"^DMSNetworkInterface"), "dms"),
    (re.compile(r"^ES (?P<name>\S+)"), "opensearch"),
    (re.compile(r"^Network Interface for Transit Gateway Attachment (?P<name>\S+)"), "tgw"),
)


_PORTS = {"efs": NFS, "opensearch": HTTPS}
"""The ports of services of which each has the same."""


def owners(network: Network) -> Mapping[str, tuple[Owner, ...]]:
    """Owners by interface id; several where the answers leave it open (databases that share groups and subnets)."""
    found: Mapping[str, tuple[Owner, ...]] | None = network.memo.get("owners")
    if found is None:
        found = network.memo.keep("owners", _owners(network))
    return found


def _owners(network: Network) -> Mapping[str, tuple[Owner, ...]]:
    found: dict[str, tuple[Owner, ...]] = {}
    nats = {a.interface: nat.id for nat in network.nat_gateways.values() for a in nat.addresses if a.interface}
    endpoints = {eni: e.id for e in network.endpoints.values() for eni in e.interfaces}
    for interface in network.interfaces.values():
        instance = network.instance_of_interface.get(interface.id)
        if instance is not None:
            known = network.instances.get(instance)
            found[interface.id] = (Owner("ec2", instance, known.name if known is not None else None),)
        elif interface.id in nats:
            nat = network.nat_gateways[nats[interface.id]]
            found[interface.id] = (Owner("natgateway", nat.id, nat.name),)
        elif interface.id in endpoints:
            endpoint = network.endpoints[endpoints[interface.id]]
            found[interface.id] = (Owner("vpce", endpoint.id, endpoint.name, endpoint.port),)
        else:
            described = _described(network, interface)
            if described:
                found[interface.id] = described
    return found


def _described(network: Network, interface: NetworkInterface) -> tuple[Owner, ...]:
    requester = (interface.requester or "").lower()
    for pattern, service in _DESCRIBED:
        match = pattern.match(interface.description)
        if match is None:
            continue
        name = match.groupdict().get("name")
        if service == "rds":
            return _databases(network, interface)
        if service in ("lambda", "redshift"):
            return _sharing(network, interface, service) or (Owner(service, name or interface.id, name),)
        if service in ("alb", "nlb", "gwlb", "elb"):
            balancer = network.balancer_of_interface.get(interface.id)
            return (Owner(service, balancer.id if balancer is not None else name or "", name),)
        known = next((s for s in network.services if s.service == service and s.id == name), None)
        if known is not None:
            return (Owner(service, known.id, known.name, known.port),)
        return (Owner(service, name or interface.id, name, _PORTS.get(service)),)
    if "amazon-rds" in requester:
        return _sharing(network, interface, "rds") or _databases(network, interface)
    return ()


def _sharing(network: Network, interface: NetworkInterface, service: str) -> tuple[Owner, ...]:
    """The proxies, warehouses or functions that this interface can be of, as they tell it themselves."""
    return tuple(
        Owner(service, s.id, s.name, s.port) for s in network.services if s.service == service and s.holds(interface)
    )


def _databases(network: Network, interface: NetworkInterface) -> tuple[Owner, ...]:
    """The databases that this interface can be of: same groups, one of their subnets, their zone."""
    fitting = [d for d in network.databases if _fits(d, interface)]
    zoned = [d for d in fitting if d.zone is not None and d.zone == interface.zone]
    instances = zoned or fitting
    if not instances:
        return (Owner("rds", interface.id, interface.name),)
    return tuple(sorted(Owner("rds", d.arn or d.id, d.id, d.port) for d in instances))


def _fits(database: Database, interface: NetworkInterface) -> bool:
    return (
        bool(database.groups)
        and database.groups == interface.groups
        and (not database.subnets or interface.subnet in database.subnets)
        and (database.vpc is None or database.vpc == interface.vpc)
    )


def display_name(network: Network, identity: str) -> str | None:
    """The name that people use for a component, by its id; None where it has none."""
    known: dict[str, str | None] | None = network.memo.get("names")
    if known is None:
        known = network.memo["names"] = {}
    if identity not in known:
        known[identity] = _display_name(network, identity)
    return known[identity]


def _display_name(network: Network, identity: str) -> str | None:
    interface = network.interfaces.get(identity)
    if interface is not None:
        named = [o.name for o in owners(network).get(identity, ()) if o.name]
        return named[0] if len(named) == 1 else interface.name
    group = network.groups.get(identity)
    if group is not None:
        return group.tag_name or group.name
    for kind in (
        network.acls,
        network.route_tables,
        network.subnets,
        network.vpcs,
        network.internet_gateways,
        network.nat_gateways,
        network.peerings,
        network.prefix_lists,
        network.instances,
        network.endpoints,
        network.transit.gateways,
        network.transit.tables,
        network.vpn_gateways,
        network.vpn_connections,
    ):
        entity = kind.get(identity)
        if entity is not None:
            name: str | None = entity.name
            return name
    if identity in network.transit.names:
        return network.transit.names[identity]
    return next((b.name for b in network.load_balancers if b.id == identity), None) if network.load_balancers else None


def interfaces_by_owner(network: Network) -> Mapping[Owner, tuple[str, ...]]:
    """Interface ids by owner; an interface whose owner is left open counts for each."""
    found: defaultdict[Owner, list[str]] = defaultdict(list)
    for eni, several in owners(network).items():
        for owner in several:
            found[owner].append(eni)
    return {owner: tuple(sorted(enis)) for owner, enis in sorted(found.items(), key=lambda pair: str(pair[0]))}


def label(network: Network, identity: str) -> str:
    """Name first, id after it: `web-tier (sg-03aa5566778897c1e)`; the id alone where there is no name."""
    name = display_name(network, identity)
    return f"{name} ({identity})" if name else identity


def names(network: Network, identities: Iterable[str]) -> str:
    """Several labels in a sentence."""
    return ", ".join(label(network, identity) for identity in identities)
