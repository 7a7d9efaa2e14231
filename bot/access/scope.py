"""A network as one channel may know it: what lies outside its scope is taken out of the describe answers.

The answers are narrowed before the model is built from them, so no later step can say more than it may. Nothing becomes
blocked or reachable by that: what a kept thing refers to and the scope hides is a thing of which no details are known,
and where a path needs them the verdict is unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from diagnosis.network.described import Call, Described
from diagnosis.network.private_zones import RECORDS, ZONE, ZONES

HIDDEN: Final = "outside-the-scope"
"""Begins what stands in place of a hidden id."""
_VPC_KEYS: Final = ("VpcId", "VPCId", "vpcId")
_OWN_ID: Final[Mapping[str, str]] = {
    "Vpcs": "VpcId",
    "Subnets": "SubnetId",
    "NetworkInterfaces": "NetworkInterfaceId",
    "SecurityGroups": "GroupId",
    "NetworkAcls": "NetworkAclId",
    "RouteTables": "RouteTableId",
    "InternetGateways": "InternetGatewayId",
    "EgressOnlyInternetGateways": "EgressOnlyInternetGatewayId",
    "NatGateways": "NatGatewayId",
    "VpcEndpoints": "VpcEndpointId",
    "Instances": "InstanceId",
    "TransitGatewayAttachments": "TransitGatewayAttachmentId",
    "TransitGatewayVpcAttachments": "TransitGatewayAttachmentId",
    "VpnGateways": "VpnGatewayId",
    "VpnConnections": "VpnConnectionId",
    "DBInstances": "DBInstanceArn",
    "DBClusters": "DBClusterArn",
    "LoadBalancers": "LoadBalancerArn",
    "TargetGroups": "TargetGroupArn",
}
"""The member that names a thing, by the list that it stands in."""
_OWNERS: Final = ("GroupId", "NetworkInterfaceId", "SubnetId", "ResourceId", "LoadBalancerArn", "TargetGroupArn")
"""Members by which a thing without a VPC of its own belongs to one: the first that is known decides."""
_ALWAYS_INSIDE: Final = ("rds.", "elasticache.", "lambda.", "efs.", "ecs.", "eks.")
"""What these describe is somewhere, whether or not the answer says where: it is kept where it is seen to be inside."""
_RANGES: Final = ("CidrBlock", "CidrBlockSet", "Ipv6CidrBlockSet")


@dataclass(frozen=True, slots=True)
class Scope:
    """Accounts, Regions and VPCs that may be asked about; empty names all."""

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    vpcs: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """In words: `account 123456789012, VPC vpc-0a1`; "" where it names all."""
        named = (("account", self.accounts), ("Region", self.regions), ("VPC", self.vpcs))
        return ", ".join(f"{noun}{'s' if len(ids) > 1 else ''} {' and '.join(ids)}" for noun, ids in named if ids)


def narrowed(described: Described, scope: Scope) -> Described:
    """The describe answers without what lies outside the scope; the very same value where nothing does."""
    answers = {call: body for call, body in described.answers.items() if _place_inside(call, scope)}
    if scope.vpcs:
        answers = _of_vpcs(answers, frozenset(scope.vpcs))
    if answers == described.answers:
        return described
    return replace(
        described,
        answers=answers,
        unseen=tuple(u for u in described.unseen if _place_inside(Call(u.call, u.account, u.region), scope)),
        accounts=tuple(a for a in described.accounts if not scope.accounts or a in scope.accounts),
        regions=tuple(r for r in described.regions if not scope.regions or r in scope.regions),
        warnings=(),
    )


def _place_inside(call: Call, scope: Scope) -> bool:
    """Whether an answer is of an account and Region of the scope; one that does not say whose it is, is not."""
    if scope.accounts and call.account not in scope.accounts:
        return False
    return not scope.regions or call.region in scope.regions or call.region == "global"


def _of_vpcs(answers: Mapping[Call, Mapping[str, Any]], vpcs: frozenset[str]) -> dict[Call, Mapping[str, Any]]:
    inside, outside = _sorted_out(answers, vpcs)
    masks = {identity: f"{HIDDEN}-{number}" for number, identity in enumerate(sorted(outside), start=1)}
    kept: dict[Call, Mapping[str, Any]] = {}
    for call, body in answers.items():
        if call.argument is not None and _side(body, inside, outside) is False:
            continue
        if call.argument in outside:
            continue
        narrowed_body = {key: _kept(call.name, value, inside, outside) for key, value in body.items()}
        kept[call] = _masked(narrowed_body, masks)
    return _of_zones(kept)


def _of_zones(answers: Mapping[Call, Mapping[str, Any]]) -> dict[Call, Mapping[str, Any]]:
    """The answers without the names of private zones, but for those that are associated with a VPC of the scope."""
    inside = {call.argument for call in answers if call.name == ZONE}
    kept: dict[Call, Mapping[str, Any]] = {}
    for call, body in answers.items():
        if call.name == RECORDS and call.argument not in inside:
            continue
        listed = body.get("HostedZones") if call.name == ZONES else None
        if isinstance(listed, list):
            known = [
                zone for zone in listed if isinstance(zone, dict) and str(zone.get("Id")).rpartition("/")[2] in inside
            ]
            kept[call] = {**body, "HostedZones": known}
        else:
            kept[call] = body
    return kept


def _sorted_out(
    answers: Mapping[Call, Mapping[str, Any]], vpcs: frozenset[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """The ids of all that belongs to the scope's VPCs, and of all that belongs to others."""
    inside, outside = set(vpcs), set[str]()
    for body in answers.values():
        outside |= {vpc for item in _everything(body) for vpc in _vpcs_of(item) if vpc not in vpcs}
    # Things belong to a VPC by what they name, and others by naming those: twice round reaches all.
    for _ in range(2):
        for body in answers.values():
            for key, items in body.items():
                for item in _items(key, items):
                    identity = item.get(_OWN_ID.get(key if key != "Reservations" else "Instances", ""))
                    if isinstance(identity, str):
                        side = _side(item, inside, outside)
                        (inside if side else outside).add(identity) if side is not None else None
    return frozenset(inside), frozenset(outside - inside)


def _items(key: str, value: Any) -> Iterator[Mapping[str, Any]]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item
            if key == "Reservations":
                yield from _items("Instances", item.get("Instances"))


def _kept(call: str, value: Any, inside: Collection[str], outside: Collection[str]) -> Any:
    """A list of an answer without the things that belong outside."""
    if not isinstance(value, list) or call == "ec2.search_transit_gateway_routes":
        # Without one of its routes a table would send the traffic elsewhere: routes stay, what they lead to is masked.
        return value
    must = call.startswith(_ALWAYS_INSIDE)
    return [
        item
        for item in value
        if not isinstance(item, dict) or (side := _side(item, inside, outside)) or (side is None and not must)
    ]


def _side(item: Mapping[str, Any], inside: Collection[str], outside: Collection[str]) -> bool | None:
    """True where a thing belongs to the scope, False where it belongs elsewhere, None where it belongs to no VPC."""
    own = [vpc for vpc in _vpcs_of(item) if vpc in inside or vpc in outside]
    if own:
        return any(vpc in inside for vpc in own)
    for member in _OWNERS:
        owner = item.get(member)
        if owner in inside or owner in outside:
            return owner in inside
    texts = set(_texts(item))
    if texts & set(inside):
        return True
    return False if texts & set(outside) else None


def _vpcs_of(item: Mapping[str, Any]) -> Iterator[str]:
    """The VPCs that a thing says to be in: its own, that of its subnet group, those of a peering connection."""
    for holder in (item, item.get("DBSubnetGroup"), item.get("RequesterVpcInfo"), item.get("AccepterVpcInfo")):
        for key in _VPC_KEYS:
            vpc = holder.get(key) if isinstance(holder, dict) else None
            if isinstance(vpc, str) and vpc:
                yield vpc
    if item.get("ResourceType") == "vpc" and isinstance(item.get("ResourceId"), str):
        yield item["ResourceId"]
    for attachment in item.get("Attachments") or item.get("VpcAttachments") or ():
        if isinstance(attachment, dict) and isinstance(attachment.get("VpcId"), str):
            yield attachment["VpcId"]


def _everything(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _everything(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _everything(inner)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _masked(value: Any, masks: Mapping[str, str]) -> Any:
    """The value with every hidden id replaced; the ranges that stand beside a hidden VPC go with it."""
    if isinstance(value, str):
        return masks.get(value, value)
    if isinstance(value, list):
        return [_masked(inner, masks) for inner in value]
    if isinstance(value, dict):
        hidden = any(value.get(key) in masks for key in _VPC_KEYS)
        return {k: _masked(v, masks) for k, v in value.items() if not (hidden and k in _RANGES)}
    return value
