"""Load balancers: listeners, target groups and registered targets; Application, Network, Gateway and Classic ones.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/ and, for Classic Load Balancers,
https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.shape import Item, flag, items, member, number, text, texts, word
from diagnosis.network.vpcs import Origins
from diagnosis.traffic.addresses import parse_address

Attributes = tuple[tuple[str, str], ...]
CROSS_ZONE = "load_balancing.cross_zone.enabled"
PRESERVE = "preserve_client_ip.enabled"


@dataclass(frozen=True, slots=True)
class Target:
    """One registered target: an instance, an address, a function, or another load balancer."""

    id: str
    port: int | None
    zone: str | None
    """`all` for an address outside the VPC; None where the answer does not say."""
    health: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A target group. `targets` and `attributes` are None where their calls were not seen."""

    arn: str
    name: str
    protocol: str
    port: int | None
    target_type: str
    """`instance`, `ip`, `lambda` or `alb`."""
    vpc: str | None
    targets: tuple[Target, ...] | None
    attributes: Attributes | None
    origins: Origins

    def attribute(self, key: str) -> str | None:
        """The value of an attribute, lower case."""
        return dict(self.attributes or ()).get(key)


@dataclass(frozen=True, slots=True)
class Listener:
    """A listener: the protocol and port that it accepts, and where it may send what it accepts."""

    id: str
    protocol: str
    port: int
    groups: tuple[str, ...]
    """ARNs of the target groups of its default action, weight 0 left out."""
    rule_groups: tuple[str, ...] | None
    """ARNs of those of its further rules; None where the rules were not seen."""
    itself: bool = False
    """Whether some action answers at the load balancer: a redirect or a fixed response."""
    target_port: int | None = None
    """The instance port of a Classic listener."""


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """A load balancer of any generation. `listeners` and `attributes` are None where their calls were not seen."""

    id: str
    """The ARN; of a Classic one as AWS forms it, or its name where account and Region are not known."""
    name: str
    dns_name: str | None
    kind: str
    """`application`, `network`, `gateway` or `classic`."""
    vpc: str | None
    state: str | None = None
    groups: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    """Names of the zones that are enabled."""
    addresses: tuple[int, ...] = ()
    """Private addresses of its nodes, as far as it tells them."""
    listeners: tuple[Listener, ...] | None = None
    attributes: Attributes | None = None
    judges_private_link: bool = True
    """Whether its groups' inbound rules apply to what comes through PrivateLink; AWS's default is that they do."""
    instances: tuple[str, ...] = ()
    """The registered instances of a Classic one."""
    origins: Origins = ()

    @property
    def classic(self) -> bool:
        """Whether it is of the first generation."""
        return self.kind == "classic"

    @property
    def described_as(self) -> str:
        """How AWS names it in the description of its interfaces, after `ELB `: `app/shop/50dc6c495c0c9188`."""
        return self.name if self.classic else self.id.partition(":loadbalancer/")[2]

    def attribute(self, key: str) -> str | None:
        """The value of an attribute, lower case."""
        return dict(self.attributes or ()).get(key)


def parse_load_balancer(
    item: Item, origins: Origins, listeners: tuple[Listener, ...] | None, attributes: Attributes | None
) -> LoadBalancer:
    """An entry of `LoadBalancers`, with its listeners and attributes from the calls of their own."""
    host = text(item, "DNSName")
    zones = items(item, "AvailabilityZones")
    nodes = [address for zone in zones for address in items(zone, "LoadBalancerAddresses")]
    private = {parse_address(a) for a in (text(n, "PrivateIPv4Address") for n in nodes) if a}
    return LoadBalancer(
        id=text(item, "LoadBalancerArn") or text(item, "LoadBalancerName") or "",
        name=text(item, "LoadBalancerName") or "",
        dns_name=host.lower() if host else None,
        kind=word(item, "Type") or "application",
        vpc=text(item, "VpcId"),
        state=word(member(item, "State"), "Code"),
        groups=tuple(sorted(texts(item, "SecurityGroups"))),
        zones=tuple(sorted({z for z in (text(zone, "ZoneName") for zone in zones) if z})),
        addresses=tuple(sorted(private)),
        listeners=listeners,
        attributes=attributes,
        judges_private_link=word(item, "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic") != "off",
        origins=origins,
    )


def parse_classic(item: Item, origins: Origins, attributes: Attributes | None) -> LoadBalancer:
    """An entry of `LoadBalancerDescriptions`."""
    host, name = text(item, "DNSName"), text(item, "LoadBalancerName") or ""
    listeners = []
    for described in items(item, "ListenerDescriptions"):
        entry = member(described, "Listener")
        port = number(entry, "LoadBalancerPort")
        if port is not None:
            protocol = word(entry, "Protocol") or "tcp"
            inside = number(entry, "InstancePort")
            listeners.append(Listener(f"{protocol}:{port}", protocol, port, (), (), target_port=inside))
    account, region = (origins or (("", ""),))[0]
    # "arn:aws:elasticloadbalancing:region:account:loadbalancer/name" (Service Authorization Reference).
    partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    arn = f"arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/{name}" if account and region else name
    return LoadBalancer(
        id=arn,
        name=name,
        dns_name=host.lower() if host else None,
        kind="classic",
        vpc=text(item, "VPCId") or text(item, "VpcId"),
        groups=tuple(sorted(texts(item, "SecurityGroups"))),
        zones=tuple(sorted(texts(item, "AvailabilityZones"))),
        listeners=tuple(sorted(listeners, key=lambda one: (one.port, one.protocol))),
        attributes=attributes,
        instances=tuple(sorted({i for i in (text(e, "InstanceId") for e in items(item, "Instances")) if i})),
        origins=origins,
    )


def parse_listener(item: Item, rules: list[Item] | None) -> Listener:
    """An entry of `Listeners`, with the entries of `Rules` that belong to it, where they were seen."""
    actions = items(item, "DefaultActions")
    further: set[str] = set()
    itself = _answers(actions)
    for rule in rules or ():
        if flag(rule, "IsDefault") is not True:
            further |= set(_forwards(items(rule, "Actions")))
            itself = itself or _answers(items(rule, "Actions"))
    return Listener(
        id=text(item, "ListenerArn") or "",
        protocol=word(item, "Protocol") or "tcp",
        port=number(item, "Port") or 0,
        groups=tuple(sorted(set(_forwards(actions)))),
        rule_groups=None if rules is None else tuple(sorted(further)),
        itself=itself,
    )


def _forwards(actions: object) -> list[str]:
    """ARNs of the target groups to which actions forward."""
    found: list[str] = []
    for action in actions if isinstance(actions, list | tuple) else ():
        if (word(action, "Type") or "forward") != "forward":
            continue
        weighted = items(member(action, "ForwardConfig"), "TargetGroups")
        chosen = [text(g, "TargetGroupArn") for g in weighted if number(g, "Weight") != 0]
        single = text(action, "TargetGroupArn")
        found += [arn for arn in (chosen if weighted else [single]) if arn]
    return found


def _answers(actions: object) -> bool:
    listed = actions if isinstance(actions, list | tuple) else ()
    return any(word(action, "Type") in ("redirect", "fixed-response") for action in listed)


def parse_target_group(
    item: Item, origins: Origins, health: list[Item] | None, attributes: Attributes | None
) -> TargetGroup:
    """An entry of `TargetGroups`, with its `TargetHealthDescriptions` and attributes from the calls of their own."""
    return TargetGroup(
        arn=text(item, "TargetGroupArn") or "",
        name=text(item, "TargetGroupName") or "",
        protocol=word(item, "Protocol") or "tcp",
        port=number(item, "Port"),
        target_type=word(item, "TargetType") or "instance",
        vpc=text(item, "VpcId"),
        targets=None if health is None else tuple(sorted((_target(h) for h in health), key=repr)),
        attributes=attributes,
        origins=origins,
    )


def _target(item: Item) -> Target:
    target, state = member(item, "Target"), member(item, "TargetHealth")
    return Target(
        id=text(target, "Id") or "",
        port=number(target, "Port"),
        zone=text(target, "AvailabilityZone"),
        health=word(state, "State"),
        reason=text(state, "Reason"),
    )


def parse_attributes(listed: list[Item]) -> Attributes:
    """The entries of `Attributes`, keys and values in lower case."""
    pairs = ((word(entry, "Key"), word(entry, "Value")) for entry in listed)
    return tuple(sorted((key, value) for key, value in pairs if key and value))


def parse_classic_attributes(item: Mapping[str, object]) -> Attributes:
    """`LoadBalancerAttributes` of a Classic Load Balancer, as the newer ones spell them."""
    enabled = flag(member(item, "CrossZoneLoadBalancing"), "Enabled")
    return () if enabled is None else ((CROSS_ZONE, "true" if enabled else "false"),)


_NODE = re.compile(r"^ELB (?P<named>\S+)")


def node_of(interface: NetworkInterface) -> str | None:
    """What the description of a load balancer's interface says it belongs to: `app/shop/50dc6c`, or a Classic name."""
    found = _NODE.match(interface.description)
    return found["named"] if found is not None else None


def balancers_by_interface(
    balancers: Iterable[LoadBalancer], interfaces: Iterable[NetworkInterface]
) -> Mapping[str, LoadBalancer]:
    """Load balancers by the interfaces of their nodes: by description, else by the addresses that they tell."""
    described: dict[str, list[LoadBalancer]] = {}
    placed: dict[tuple[str | None, int], LoadBalancer] = {}
    for balancer in balancers:
        described.setdefault(balancer.described_as, []).append(balancer)
        placed.update({(balancer.vpc, address): balancer for address in balancer.addresses})
    found: dict[str, LoadBalancer] = {}
    for interface in interfaces if described else ():
        named = node_of(interface) if interface.description.startswith("ELB ") else None
        here = [b for b in described.get(named, ()) if b.vpc in (None, interface.vpc)] if named else []
        if not here and placed:
            here = [placed[interface.vpc, a.private] for a in interface.ipv4 if (interface.vpc, a.private) in placed]
        if here:
            found[interface.id] = here[0]
    return found
