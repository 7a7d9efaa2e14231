"""What a recorded call did to the network, as far as it can have stopped traffic.

Calls that only allow more, that read, or that have nothing to do with a network have no effect here. What a record does
not tell (the route that was deleted led where?) is not guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from diagnosis.evidence.trail import TrailEvent, listed
from diagnosis.network.network_acls import AclEntry, parse_entry
from diagnosis.network.route_tables import Route, parse_route
from diagnosis.network.security_groups import GroupRule, rules_in, rules_of
from diagnosis.network.shape import Malformed, flag, number, text

Part = Literal["groups", "acl", "wiring"]
"""What a call changes: the groups that an interface holds, the ACL of a subnet, or how things are connected."""


@dataclass(frozen=True, slots=True)
class RulesRevoked:
    """Rules were taken out of a group; of those that are only named by id, the id is all there is."""

    group: str
    rules: tuple[GroupRule, ...]
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RulesModified:
    """Rules of a group are other ones now; what they were is not in the record."""

    group: str
    ids: tuple[str, ...]
    was: tuple[GroupRule, ...] = ()
    """Those that an earlier record tells."""


@dataclass(frozen=True, slots=True)
class EntryPut:
    """An ACL has this entry now, a new one or in place of another."""

    acl: str
    entry: AclEntry
    replaced: bool
    was: AclEntry | None = None
    """What stood in its place, where an earlier record tells."""


@dataclass(frozen=True, slots=True)
class EntryDeleted:
    """An ACL has no entry under this number any more; what it said is not in the record."""

    acl: str
    egress: bool
    number: int
    was: AclEntry | None = None


@dataclass(frozen=True, slots=True)
class RoutePut:
    """A route table has this route now, a new one or in place of another."""

    table: str
    route: Route
    replaced: bool
    was: Route | None = None


@dataclass(frozen=True, slots=True)
class RouteDeleted:
    """A route table has no route for this destination any more; where it led is not in the record."""

    table: str
    destination: Route
    was: Route | None = None


@dataclass(frozen=True, slots=True)
class TableGiven:
    """A subnet is routed by this table now, by its VPC's main one where none is named.

    `former` is the association that ended. Which table that was, and of which subnet, is in an earlier record.
    """

    table: str
    subnet: str = ""
    former: str = ""
    was: str = ""


@dataclass(frozen=True, slots=True)
class AclGiven:
    """A subnet has this ACL now; `former` is the association that ended, as with a route table."""

    acl: str
    subnet: str = ""
    former: str = ""
    was: str = ""


@dataclass(frozen=True, slots=True)
class GroupsGiven:
    """An interface or instance holds these groups now, and no other; what it held is in an earlier record."""

    of: str
    what: str
    groups: tuple[str, ...]
    was: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Rewired:
    """Anything else that can stop traffic at a resource that the record names."""

    part: Part
    words: str
    of: str = ""
    """The one interface or instance that it was done to, where the record names it."""


Effect = (
    RulesRevoked
    | RulesModified
    | EntryPut
    | EntryDeleted
    | RoutePut
    | RouteDeleted
    | TableGiven
    | AclGiven
    | GroupsGiven
    | Rewired
)

_REWIRED: Mapping[str, tuple[Part, str]] = MappingProxyType(
    {
        "SetSecurityGroups": ("groups", "changed the security groups of a load balancer"),
        "ApplySecurityGroupsToLoadBalancer": ("groups", "changed the security groups of a load balancer"),
        "ModifyDBInstance": ("groups", "modified a database instance"),
        "ModifyDBCluster": ("groups", "modified a database cluster"),
        "ModifyVpcEndpoint": ("groups", "modified a VPC endpoint"),
        "DeleteNatGateway": ("wiring", "deleted a NAT gateway"),
        "DetachInternetGateway": ("wiring", "detached an internet gateway"),
        "DeleteInternetGateway": ("wiring", "deleted an internet gateway"),
        "DetachVpnGateway": ("wiring", "detached a VPN gateway"),
        "DeleteVpnConnection": ("wiring", "deleted a VPN connection"),
        "DisableVgwRoutePropagation": ("wiring", "switched route propagation off"),
        "DisassociateAddress": ("wiring", "took an Elastic IP address away"),
        "DeleteEgressOnlyInternetGateway": ("wiring", "deleted an egress-only internet gateway"),
        "DeleteVpcPeeringConnection": ("wiring", "deleted a VPC peering connection"),
        "ModifyVpcPeeringConnectionOptions": ("wiring", "changed options of a VPC peering connection"),
        "DeleteVpcEndpoints": ("wiring", "deleted VPC endpoints"),
        "CreateTransitGatewayRoute": ("wiring", "created a transit gateway route"),
        "ReplaceTransitGatewayRoute": ("wiring", "replaced a transit gateway route"),
        "DeleteTransitGatewayRoute": ("wiring", "deleted a transit gateway route"),
        "AssociateTransitGatewayRouteTable": ("wiring", "associated a transit gateway route table"),
        "DisassociateTransitGatewayRouteTable": ("wiring", "took away a transit gateway association"),
        "EnableTransitGatewayRouteTablePropagation": ("wiring", "switched a transit gateway propagation on"),
        "DisableTransitGatewayRouteTablePropagation": ("wiring", "switched a transit gateway propagation off"),
        "ModifyTransitGatewayVpcAttachment": ("wiring", "modified a transit gateway attachment"),
        "DeleteTransitGatewayVpcAttachment": ("wiring", "deleted a transit gateway attachment"),
        "DeleteTransitGatewayPeeringAttachment": ("wiring", "deleted a transit gateway peering attachment"),
        "ModifyVpcBlockPublicAccessOptions": ("wiring", "changed Block Public Access"),
        "DeleteVpcBlockPublicAccessExclusion": ("wiring", "deleted an exclusion of Block Public Access"),
        "DeleteListener": ("wiring", "deleted a listener"),
        "ModifyListener": ("wiring", "modified a listener"),
        "DeleteTargetGroup": ("wiring", "deleted a target group"),
        "ModifyTargetGroupAttributes": ("wiring", "changed attributes of a target group"),
        "DeregisterTargets": ("wiring", "deregistered targets"),
        "DeleteLoadBalancer": ("wiring", "deleted a load balancer"),
        "DeleteLoadBalancerListeners": ("wiring", "deleted listeners of a load balancer"),
        "DeregisterInstancesFromLoadBalancer": ("wiring", "deregistered instances"),
        "ModifyLoadBalancerAttributes": ("wiring", "changed attributes of a load balancer"),
        "SetSubnets": ("wiring", "changed the subnets of a load balancer"),
        "DetachNetworkInterface": ("wiring", "detached a network interface"),
        "StopInstances": ("wiring", "stopped instances"),
        "TerminateInstances": ("wiring", "terminated instances"),
    }
)
"""Calls that can stop traffic, of which the record tells the resources and no more that is read here."""
_GROUP_LISTS = {
    "ModifyDBInstance": "VpcSecurityGroupIds",
    "ModifyDBCluster": "VpcSecurityGroupIds",
    "ModifyVpcEndpoint": "RemoveSecurityGroupIds",
}
"""Of these calls only what changes groups counts."""


def effect_of(event: TrailEvent) -> Effect | None:
    """What the call can have stopped traffic by; None where it failed, or cannot have."""
    if event.failed:
        return None
    asked = event.request
    try:
        match event.name:
            case "RevokeSecurityGroupIngress" | "RevokeSecurityGroupEgress":
                return _revoked(event, egress=event.name.endswith("Egress"))
            case "ModifySecurityGroupRules":
                return _modified(event)
            case "CreateNetworkAclEntry" | "ReplaceNetworkAclEntry":
                entry = parse_entry({"Protocol": asked.get("AclProtocol"), **asked})
                return EntryPut(text(asked, "NetworkAclId") or "", entry, event.name.startswith("Replace"))
            case "DeleteNetworkAclEntry":
                where = text(asked, "NetworkAclId") or ""
                return EntryDeleted(where, flag(asked, "Egress") is True, number(asked, "RuleNumber") or 0)
            case "CreateRoute" | "ReplaceRoute":
                replaced = event.name.startswith("Replace")
                return RoutePut(text(asked, "RouteTableId") or "", parse_route(asked), replaced)
            case "DeleteRoute":
                return RouteDeleted(text(asked, "RouteTableId") or "", parse_route(asked))
            case "ModifyNetworkInterfaceAttribute" | "ModifyInstanceAttribute":
                return _attribute(asked, "network interface" if "Interface" in event.name else "instance")
            case "AssociateRouteTable" | "ReplaceRouteTableAssociation" | "DisassociateRouteTable":
                table, subnet = text(asked, "RouteTableId") or "", text(asked, "SubnetId") or ""
                return (
                    None if text(asked, "GatewayId") else TableGiven(table, subnet, text(asked, "AssociationId") or "")
                )
            case "ReplaceNetworkAclAssociation":
                return AclGiven(text(asked, "NetworkAclId") or "", former=text(asked, "AssociationId") or "")
            case _:
                return _rewired(event)
    except (Malformed, ValueError):
        return None


def _revoked(event: TrailEvent, *, egress: bool) -> RulesRevoked:
    """The rules as AWS answered, where it did; else as they were asked for."""
    asked, answered = event.request, event.response
    group = text(asked, "GroupId") or ""
    told = listed(answered, "RevokedSecurityGroupRuleSet") or listed(answered, "SecurityGroupRuleSet")
    if told:
        rules = tuple(rules_told(told))
    else:
        permissions = [{**one, "UserIdGroupPairs": listed(one, "Groups")} for one in listed(asked, "IpPermissions")]
        rules = tuple(rules_in([_lists(one) for one in permissions], egress=egress))
    ids = [text(one, "SecurityGroupRuleId") or "" for one in listed(asked, "SecurityGroupRuleIds")]
    known = {rule.rule_id for rule in rules}
    return RulesRevoked(group, rules, tuple(one for one in ids if one and one not in known))


def _lists(permission: Mapping[str, Any]) -> dict[str, Any]:
    names = ("IpRanges", "Ipv6Ranges", "PrefixListIds")
    return {**permission, **{name: listed(permission, name) for name in names}}


def rules_told(told: Iterable[Mapping[str, Any]]) -> Iterator[GroupRule]:
    """The rules of an answer's `SecurityGroupRuleSet`."""
    return rules_of(_with_reference(one) for one in told)


def _with_reference(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A revoked rule names the group that it refers to in a member of its own."""
    referenced = rule.get("ReferencedGroupId")
    return {**rule, "ReferencedGroupInfo": {"GroupId": referenced}} if referenced else dict(rule)


def _modified(event: TrailEvent) -> RulesModified:
    asked = event.request
    changed = [*listed(asked, "SecurityGroupRule"), *listed(asked, "SecurityGroupRules")]
    ids = tuple(name for one in changed if (name := text(one, "SecurityGroupRuleId")))
    return RulesModified(text(asked, "GroupId") or "", ids)


def _attribute(asked: Mapping[str, Any], what: str) -> GroupsGiven | Rewired | None:
    if asked.get("GroupSet"):
        return GroupsGiven(_party(asked), what, groups_in(asked))
    checked = asked.get("SourceDestCheck")
    value = checked.get("Value") if isinstance(checked, dict) else checked
    if value is True or value == "true":
        return Rewired("wiring", "switched the source/destination check on", _party(asked))
    return None


def _rewired(event: TrailEvent) -> Rewired | None:
    found = _REWIRED.get(event.name)
    needed = _GROUP_LISTS.get(event.name)
    if found is None or (needed is not None and not event.request.get(needed)):
        return None
    return Rewired(*found)


def groups_in(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of a `GroupSet`."""
    return tuple(name for one in listed(found, "GroupSet") if (name := text(one, "GroupId")))


def _party(asked: Mapping[str, Any]) -> str:
    return text(asked, "NetworkInterfaceId") or text(asked, "InstanceId") or ""
