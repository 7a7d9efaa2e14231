"""Load balancers: listeners, target groups and registered targets; Application, Network, Gateway and Classic ones.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/ and, for Classic Load Balancers,
https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.shape import (
    Item,
    Malformed,
    flag,
    items,
    member,
    needed_items,
    needed_number,
    needed_text,
    number,
    text,
    texts,
    word,
)
from diagnosis.network.vpcs import Origins
from diagnosis.traffic.addresses import parse_address

Attributes = tuple[tuple[str, str], ...]
"""Keys and values in lower case. What an entry lacks is an empty text: its value was not seen, or not even its key."""
CROSS_ZONE = "load_balancing.cross_zone.enabled"
PRESERVE = "preserve_client_ip.enabled"
UNREAD = ""
"""The value of an attribute that was listed without it."""
_KINDS = {"app": "application", "net": "network", "gwy": "gateway"}
"""What an ARN says of a load balancer's type, after `loadbalancer/`."""


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
        """The value of an attribute, lower case; None where it is not listed, `UNREAD` where it may be."""
        return _attribute(self.attributes, key)


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
    public: bool = False
    """Whether it faces the internet: its DNS name gives the public addresses of its nodes, inside its VPC too
    (https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html)."""
    groups: tuple[str, ...] = ()
    zones: tuple[str, ...] | None = None
    """Names of the zones that are enabled; None where the answer does not name them all."""
    subnets: tuple[str, ...] = ()
    """The subnets of its nodes."""
    addresses: tuple[int, ...] = ()
    """Private addresses of its nodes, as far as it tells them."""
    listeners: tuple[Listener, ...] | None = None
    attributes: Attributes | None = None
    judges_private_link: bool | None = None
    """Whether its groups' inbound rules apply to what comes through PrivateLink; None where the answer does not say."""
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
        """The value of an attribute, lower case; None where it is not listed, `UNREAD` where it may be."""
        return _attribute(self.attributes, key)


def _attribute(attributes: Attributes | None, key: str) -> str | None:
    known = dict(attributes or ())
    return known.get(key, UNREAD if UNREAD in known else None)


def parse_load_balancer(
    item: Item, origins: Origins, listeners: tuple[Listener, ...] | None, attributes: Attributes | None
) -> LoadBalancer:
    """An entry of `LoadBalancers`, with its listeners and attributes from the calls of their own."""
    host = text(item, "DNSName")
    zones = items(item, "AvailabilityZones")
    nodes = [address for zone in zones for address in items(zone, "LoadBalancerAddresses")]
    private = {parse_address(a) for a in (text(n, "PrivateIPv4Address") for n in nodes) if a}
    kind = word(item, "Type") or _KINDS.get((text(item, "LoadBalancerArn") or "").partition(":loadbalancer/")[2][:3])
    if kind is None:
        raise Malformed("Type is absent")
    named = [text(zone, "ZoneName") for zone in zones]
    enforces = word(item, "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic")
    return LoadBalancer(
        id=text(item, "LoadBalancerArn") or text(item, "LoadBalancerName") or "",
        name=text(item, "LoadBalancerName") or "",
        dns_name=host.lower() if host else None,
        kind=kind,
        vpc=text(item, "VpcId"),
        state=word(member(item, "State"), "Code"),
        public=word(item, "Scheme") == "internet-facing",
        groups=tuple(sorted(texts(item, "SecurityGroups"))),
        zones=_all_named(named),
        subnets=tuple(sorted({s for s in (text(zone, "SubnetId") for zone in zones) if s})),
        addresses=tuple(sorted(private)),
        listeners=listeners,
        attributes=attributes,
        judges_private_link=None if enforces is None else enforces != "off",
        origins=origins,
    )


def _all_named(zones: list[str | None]) -> tuple[str, ...] | None:
    known = {zone for zone in zones if zone}
    return tuple(sorted(known)) if known and None not in zones else None


def parse_classic(item: Item, origins: Origins, attributes: Attributes | None) -> LoadBalancer:
    """An entry of `LoadBalancerDescriptions`."""
    host, name = text(item, "DNSName"), text(item, "LoadBalancerName") or ""
    listeners = []
    for described in needed_items(item, "ListenerDescriptions"):
        entry = member(described, "Listener")
        port, inside = needed_number(entry, "LoadBalancerPort"), needed_number(entry, "InstancePort")
        protocol = word(entry, "Protocol") or "tcp"
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
        public=word(item, "Scheme") == "internet-facing",
        groups=tuple(sorted(texts(item, "SecurityGroups"))),
        zones=_all_named(list(texts(item, "AvailabilityZones"))),
        subnets=tuple(sorted(texts(item, "Subnets"))),
        listeners=tuple(sorted(listeners, key=lambda one: (one.port, one.protocol))),
        attributes=attributes,
        instances=tuple(sorted({needed_text(e, "InstanceId") for e in needed_items(item, "Instances")})),
        origins=origins,
    )


def parse_listener(item: Item, rules: list[Item] | None) -> Listener:
    """An entry of `Listeners`, with the entries of `Rules` that belong to it, where they were seen."""
    actions = needed_items(item, "DefaultActions")
    further: set[str] = set()
    itself = _answers(actions)
    for rule in rules or ():
        if flag(rule, "IsDefault") is not True:
            further |= set(_forwards(needed_items(rule, "Actions")))
            itself = itself or _answers(needed_items(rule, "Actions"))
    return Listener(
        id=text(item, "ListenerArn") or "",
        protocol=word(item, "Protocol") or "tcp",
        port=needed_number(item, "Port"),
        groups=tuple(sorted(set(_forwards(actions)))),
        rule_groups=None if rules is None else tuple(sorted(further)),
        itself=itself,
    )


def _forwards(actions: Sequence[Item]) -> list[str]:
    """ARNs of the target groups to which actions forward."""
    found: list[str] = []
    for action in actions:
        if (word(action, "Type") or "forward") != "forward":
            continue
        weighted = items(member(action, "ForwardConfig"), "TargetGroups")
        if weighted:
            found += [needed_text(g, "TargetGroupArn") for g in weighted if number(g, "Weight") != 0]
        else:
            found.append(needed_text(action, "TargetGroupArn"))
    return found


def _answers(actions: Sequence[Item]) -> bool:
    return any(word(action, "Type") in ("redirect", "fixed-response") for action in actions)


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
    return tuple(sorted((word(entry, "Key") or UNREAD, word(entry, "Value") or UNREAD) for entry in listed))


def parse_classic_attributes(item: Mapping[str, object]) -> Attributes:
    """`LoadBalancerAttributes` of a Classic Load Balancer, as the newer ones spell them."""
    enabled = flag(member(item, "CrossZoneLoadBalancing"), "Enabled")
    return () if enabled is None else ((CROSS_ZONE, "true" if enabled else "false"),)


REQUESTER = "amazon-elb"
"""Who makes the interfaces of load balancers, as they name their requester."""
_NODE = re.compile(r"^ELB (?P<named>\S+)")


def node_of(interface: NetworkInterface) -> str | None:
    """What the description of a load balancer's interface says it belongs to: `app/shop/50dc6c`, or a Classic name."""
    found = _NODE.match(interface.description)
    return found["named"] if found is not None else None


def balancers_by_interface(
    balancers: Iterable[LoadBalancer], interfaces: Iterable[NetworkInterface]
) -> Mapping[str, LoadBalancer]:
    """Load balancers by the interfaces of their nodes: by description, else by the addresses that they tell.

    An interface that AWS made for some load balancer, and whose description is lacking, is that one's whose groups it
    has in a subnet of its nodes.
    """
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
        if not here and described and interface.requester == REQUESTER and not interface.description:
            here = [b for all_named in described.values() for b in all_named if _may_be_node(b, interface)]
            here = here if len(here) == 1 else []
        if here:
            found[interface.id] = here[0]
    return found


def _may_be_node(balancer: LoadBalancer, interface: NetworkInterface) -> bool:
    here = balancer.vpc in (None, interface.vpc) and interface.subnet in balancer.subnets
    return here and balancer.groups == (interface.groups or ())
