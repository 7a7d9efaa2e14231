"""Described → Network: every answer read once, one entity per id, what cannot be read named and left unseen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from diagnosis.network.balancing import load_balancers, target_groups
from diagnosis.network.coverage import coverage_of
from diagnosis.network.described import Described
from diagnosis.network.encryption import parse_encryption
from diagnosis.network.gateways import (
    InternetGateway,
    NatGateway,
    parse_internet_gateway,
    parse_nat_gateway,
    parse_peering,
)
from diagnosis.network.instances import Database, Instance, parse_database, parse_instance
from diagnosis.network.interfaces import NetworkInterface, PrivateAddress, parse_interface
from diagnosis.network.managed_services import managed_services
from diagnosis.network.network import Network
from diagnosis.network.network_acls import NetworkAcl, parse_acl
from diagnosis.network.prefix_lists import parse_prefix_list
from diagnosis.network.private_zones import private_zones
from diagnosis.network.public_access import parse_public_access
from diagnosis.network.route_tables import RouteTable, parse_route_table
from diagnosis.network.security_groups import parse_group
from diagnosis.network.shape import Item, text, word
from diagnosis.network.transit import transit
from diagnosis.network.vpc_endpoints import parse_endpoint, parse_endpoint_service
from diagnosis.network.vpcs import Origins, Subnet, parse_subnet, parse_vpc
from diagnosis.network.vpn_gateways import parse_vpn_connection, parse_vpn_gateway
from diagnosis.traffic.addresses import parse_address

_ASSOCIATED = ("NetworkInterfaceId", "InstanceId", "AssociationId")
"""What an Elastic IP may be associated with, as describe_addresses names it."""
T = TypeVar("T")


@dataclass(slots=True)
class _Reader:
    """Entities of a Described by kind; collects what could not be read."""

    described: Described
    malformed: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def lists(self, call: str, key: str) -> Iterator[tuple[tuple[str, str], Item]]:
        """Each object under `key` in the answers of a call, with the (account, Region) of the answer."""
        for name, answer in sorted(self.described.answers.items(), key=lambda pair: (pair[0][:3], pair[0][3] or "")):
            if name.name != call:
                continue
            listed = answer.get(key)
            if not isinstance(listed, list):
                if listed is not None:
                    self.warnings.append(f"{call}: {key} is not a list; it is left out")
                    self.malformed[call] = f"{key} is no list"
                continue
            for item in listed:
                if isinstance(item, dict):
                    yield (name.account, name.region), item
            lost = sum(not isinstance(item, dict) for item in listed)
            if lost:
                self.lose(call, key, f"{lost} of its entries are no objects")

    def lose(self, call: str, key: str, why: str) -> None:
        """Notes that a kind is not whole: something in it could not be read."""
        self.malformed[f"{call} {why}"] = f"{key} cannot be read whole: {why}"
        self.warnings.append(f"{call}: {key} cannot be read whole: {why}; what is lost counts as unseen")

    def entities(self, call: str, key: str, id_key: str, parse: Callable[[Item, Origins], T]) -> dict[str, T]:
        """One value per id: the owner's answer wins, others fill gaps; a malformed entity is named and left out."""
        found: defaultdict[str, list[tuple[tuple[str, str], Item]]] = defaultdict(list)
        for where, item in self.lists(call, key):
            identity = item.get(id_key)
            if isinstance(identity, str) and identity:
                found[identity].append((where, item))
            else:
                self.lose(call, key, f"an entry has no {id_key}")
        values: dict[str, T] = {}
        for identity in sorted(found):
            value = self.parsed(f"{key} {identity}", identity, parse, *merged(found[identity]))
            if value is not None:
                values[identity] = value
        return values

    def parsed(self, what: str, identity: str, parse: Callable[..., T], *arguments: object) -> T | None:
        """The value, or None with a warning where AWS's shape is not kept."""
        try:
            return parse(*arguments)
        except ValueError as error:
            self.malformed[identity] = f"{what}: {error}"
            self.warnings.append(f"{what} cannot be read: {error}; it is treated as unseen")
            return None


def merged(answers: list[tuple[tuple[str, str], Item]]) -> tuple[Item, Origins]:
    """One object out of several accounts' views of it: the owner's first, the others fill what it lacks."""
    origins = tuple(sorted({where for where, _ in answers}))
    if len(answers) == 1:
        return answers[0][1], origins
    ordered = sorted(answers, key=lambda a: (a[0][0] != _owner(a[1]), a[0], repr(sorted(a[1].items(), key=str))))
    (where, first), *others = ordered
    # What the owner sees as empty is empty; another account may see less than there is.
    gaps: tuple[object, ...] = (None, "") if where[0] == _owner(first) else (None, "", [], {})
    whole = dict(first)
    for _, item in others:
        whole = _filled(whole, item, gaps)
    return whole, origins


def _filled(whole: dict[str, Any], other: Item, gaps: tuple[object, ...]) -> dict[str, Any]:
    """`whole` with what it lacks taken from `other`, also inside its objects."""
    filled = dict(whole)
    for key, value in other.items():
        known = filled.get(key)
        if known in gaps:
            filled[key] = value
        elif isinstance(known, dict) and isinstance(value, dict):
            filled[key] = _filled(known, value, gaps)
    return filled


def _owner(item: Item) -> object:
    return item.get("OwnerId")


def build(described: Described) -> Network:
    """The Network that these answers describe. Never raises on content: what cannot be read becomes unseen."""
    reader = _Reader(described)
    group_rules: defaultdict[str, list[Item]] = defaultdict(list)
    for _, rule in reader.lists("ec2.describe_security_group_rules", "SecurityGroupRules"):
        group_rules[str(rule.get("GroupId"))].append(rule)
    subnets = reader.entities("ec2.describe_subnets", "Subnets", "SubnetId", parse_subnet)
    acls = reader.entities("ec2.describe_network_acls", "NetworkAcls", "NetworkAclId", parse_acl)
    tables = reader.entities("ec2.describe_route_tables", "RouteTables", "RouteTableId", parse_route_table)
    homes = _homes(subnets, acls, tables)
    nats = reader.entities("ec2.describe_nat_gateways", "NatGateways", "NatGatewayId", parse_nat_gateway)
    network = Network(
        vpcs=reader.entities("ec2.describe_vpcs", "Vpcs", "VpcId", parse_vpc),
        subnets=subnets,
        interfaces=_in_zone_of_subnet(_in_vpc_of_subnet(_interfaces(reader), homes), subnets),
        groups=reader.entities(
            "ec2.describe_security_groups",
            "SecurityGroups",
            "GroupId",
            lambda item, origins: parse_group(item, group_rules.get(text(item, "GroupId") or "", []), origins),
        ),
        acls=acls,
        route_tables=tables,
        internet_gateways=_internet_gateways(reader),
        nat_gateways=_in_vpc_of_subnet(nats, homes),
        peerings=reader.entities(
            "ec2.describe_vpc_peering_connections", "VpcPeeringConnections", "VpcPeeringConnectionId", parse_peering
        ),
        prefix_lists=_prefix_lists(reader),
        instances=_instances(reader),
        databases=_databases(reader),
        services=managed_services(reader),
        elastic=_elastic(reader),
        load_balancers=load_balancers(reader),
        endpoints=reader.entities("ec2.describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", parse_endpoint),
        public_access=parse_public_access(_options(described), _exclusions(reader)),
        flow_logs=_flow_logs(reader),
        coverage=coverage_of(described),
        malformed=reader.malformed,
        taken_at=described.taken_at,
        accounts=tuple(sorted(described.accounts)),
        regions=tuple(sorted(described.regions)),
        target_groups=target_groups(reader),
        endpoint_services=tuple(
            reader.entities(
                "ec2.describe_vpc_endpoint_service_configurations",
                "ServiceConfigurations",
                "ServiceId",
                parse_endpoint_service,
            ).values()
        ),
        dns_switches=_dns_switches(reader),
        group_vpcs=_group_vpcs(reader),
        transit=transit(reader, merged),
        encryption=_encryption(reader),
        vpn_gateways=reader.entities("ec2.describe_vpn_gateways", "VpnGateways", "VpnGatewayId", parse_vpn_gateway),
        vpn_connections=reader.entities(
            "ec2.describe_vpn_connections", "VpnConnections", "VpnConnectionId", parse_vpn_connection
        ),
        private_zones=private_zones(described, reader.parsed),
    )
    return replace(network, warnings=tuple(sorted({*described.warnings, *reader.warnings})))


InSubnet = TypeVar("InSubnet", NetworkInterface, NatGateway)


def _homes(
    subnets: Mapping[str, Subnet], acls: Mapping[str, NetworkAcl], tables: Mapping[str, RouteTable]
) -> Mapping[str, str | None]:
    """The VPC of each subnet, by itself or by what is associated with it."""
    associated = {subnet: acl.vpc for acl in acls.values() for subnet in acl.subnets}
    associated |= {subnet: table.vpc for table in tables.values() for subnet in table.subnets}
    return associated | {subnet.id: subnet.vpc for subnet in subnets.values() if subnet.vpc}


def _in_vpc_of_subnet(found: Mapping[str, InSubnet], homes: Mapping[str, str | None]) -> Mapping[str, InSubnet]:
    """The entities, each in the VPC of its subnet where its own answer does not say one."""
    homeless = [e for e in found.values() if e.vpc is None and e.subnet in homes]
    return {**found, **{e.id: replace(e, vpc=homes[e.subnet or ""]) for e in homeless}} if homeless else found


def _in_zone_of_subnet(
    found: Mapping[str, NetworkInterface], subnets: Mapping[str, Subnet]
) -> Mapping[str, NetworkInterface]:
    """The interfaces, each in the zone of its subnet where its own answer does not say one."""
    zones = {
        i.id: subnets[i.subnet].zone for i in found.values() if i.zone is None and i.subnet and i.subnet in subnets
    }
    return {**found, **{eni: replace(found[eni], zone=zone) for eni, zone in zones.items()}} if zones else found


def _internet_gateways(reader: _Reader) -> Mapping[str, InternetGateway]:
    """Internet gateways and egress-only ones, by id."""
    found = reader.entities(
        "ec2.describe_internet_gateways",
        "InternetGateways",
        "InternetGatewayId",
        lambda item, origins: parse_internet_gateway(item, origins, egress_only=False),
    )
    return found | reader.entities(
        "ec2.describe_egress_only_internet_gateways",
        "EgressOnlyInternetGateways",
        "EgressOnlyInternetGatewayId",
        lambda item, origins: parse_internet_gateway(item, origins, egress_only=True),
    )


def _group_vpcs(reader: _Reader) -> Mapping[tuple[str, str], str]:
    """States of associations of security groups with further VPCs, by group and VPC."""
    found: dict[tuple[str, str], str] = {}
    for _, item in reader.lists("ec2.describe_security_group_vpc_associations", "SecurityGroupVpcAssociations"):
        group, vpc = str(item.get("GroupId")), str(item.get("VpcId"))
        state = reader.parsed(f"SecurityGroupVpcAssociations {group}", group, word, item, "State")
        found[group, vpc] = min(state or "associated", found.get((group, vpc), "~"))
    return dict(sorted(found.items()))


def _encryption(reader: _Reader) -> Mapping[str, str]:
    return parse_encryption(
        (item for _, item in reader.lists("ec2.describe_vpc_encryption_controls", "VpcEncryptionControls")),
        (item for _, item in reader.lists("ec2.describe_vpcs", "Vpcs")),
    )


def _flow_logs(reader: _Reader) -> tuple[Item, ...]:
    # The answer does not say whose flow log it is, and that is in the path of its objects: who was asked owns it.
    listed = ({"OwnerId": where[0]} | dict(item) for where, item in reader.lists("ec2.describe_flow_logs", "FlowLogs"))
    return tuple(sorted(listed, key=lambda item: str(item.get("FlowLogId"))))


def _options(described: Described) -> Iterator[tuple[tuple[str, str], Item]]:
    for call, answer in described.answers.items():
        if call.name == "ec2.describe_vpc_block_public_access_options":
            options = answer.get("VpcBlockPublicAccessOptions")
            yield (call.account, call.region), options if isinstance(options, dict) else {}


def _exclusions(reader: _Reader) -> list[Item]:
    call, key = "ec2.describe_vpc_block_public_access_exclusions", "VpcBlockPublicAccessExclusions"
    return [item for _, item in reader.lists(call, key)]


def _interfaces(reader: _Reader) -> Mapping[str, NetworkInterface]:
    call, key = "ec2.describe_network_interfaces", "NetworkInterfaces"
    found = reader.entities(call, key, "NetworkInterfaceId", parse_interface)
    for _, item in reader.lists("ec2.describe_addresses", "Addresses"):
        eni, private, public = item.get("NetworkInterfaceId"), item.get("PrivateIpAddress"), item.get("PublicIp")
        if isinstance(eni, str) and eni in found and isinstance(private, str) and isinstance(public, str):
            found[eni] = (
                reader.parsed(f"Addresses {public}", public, _with_public, found[eni], private, public) or found[eni]
            )
    return found


def _elastic(reader: _Reader) -> dict[int, str | None]:
    found: dict[int, str | None] = {}
    for _, item in reader.lists("ec2.describe_addresses", "Addresses"):
        public = text(item, "PublicIp")
        number = reader.parsed(f"Addresses {public}", public, parse_address, public) if public else None
        if number is not None:
            found[number] = next(filter(None, (text(item, key) for key in _ASSOCIATED)), None)
    return found


def _with_public(interface: NetworkInterface, private: str, public: str) -> NetworkInterface:
    """An elastic address fills the gap of an interface that does not report its association."""
    number, outside = parse_address(private), parse_address(public)
    addresses = tuple(
        PrivateAddress(a.private, outside, a.primary) if a.private == number and a.public is None else a
        for a in interface.ipv4
    )
    return replace(interface, ipv4=addresses)


def _prefix_lists(reader: _Reader) -> Mapping[str, Any]:
    entries: defaultdict[str, list[Item]] = defaultdict(list)
    answered = set()
    for call, answer in reader.described.answers.items():
        if call.name == "ec2.get_managed_prefix_list_entries" and call.argument:
            listed = answer.get("Entries")
            answered.add(call.argument)
            if not isinstance(listed, list) or not all(isinstance(e, dict) for e in listed):
                reader.lose(call.name, "Entries", f"the entries of {call.argument} are no list of objects")
                answered.discard(call.argument)
                continue
            entries[call.argument] += listed
    items: dict[str, dict[str, Any]] = {identity: {"PrefixListId": identity} for identity in sorted(answered)}
    for name in ("ec2.describe_managed_prefix_lists", "ec2.describe_prefix_lists"):
        for _, item in reader.lists(name, "PrefixLists"):
            identity = item.get("PrefixListId")
            if isinstance(identity, str):
                known = items.setdefault(identity, {})
                known.update({k: v for k, v in item.items() if known.get(k) in (None, [])})
    found = {}
    for identity, item in sorted(items.items()):
        listed = entries[identity] if identity in answered else None
        value = reader.parsed(f"PrefixLists {identity}", identity, parse_prefix_list, item, listed)
        if value is not None:
            found[identity] = value
    return found


def _instances(reader: _Reader) -> Mapping[str, Instance]:
    found: dict[str, Instance] = {}
    for _, reservation in reader.lists("ec2.describe_instances", "Reservations"):
        listed = reservation.get("Instances")
        for item in listed if isinstance(listed, list) else ():
            identity = str(item.get("InstanceId")) if isinstance(item, dict) else "an instance"
            parsed = reader.parsed(f"Instances {identity}", identity, parse_instance, item)
            if parsed is not None:
                found[parsed.id] = parsed
    return dict(sorted(found.items()))


def _databases(reader: _Reader) -> tuple[Database, ...]:
    found = []
    for call, key, id_key, cluster in (
        ("rds.describe_db_instances", "DBInstances", "DBInstanceIdentifier", False),
        ("rds.describe_db_clusters", "DBClusters", "DBClusterIdentifier", True),
    ):
        for _, item in reader.lists(call, key):
            identity = str(item.get(id_key))
            value = reader.parsed(
                f"{key} {identity}", identity, lambda entry, c=cluster: parse_database(entry, cluster=c), item
            )
            if value is not None:
                found.append(value)
    return tuple(sorted(set(found), key=lambda d: (d.id, d.arn or "")))


def _dns_switches(reader: _Reader) -> Mapping[str, tuple[str, ...]]:
    """The DNS attributes that VPCs have off."""
    found: dict[str, tuple[str, ...]] = {}
    for call, answer in reader.described.answers.items():
        if call.name == "ec2.describe_vpc_attribute" and call.argument:
            named = (("EnableDnsSupport", "enableDnsSupport"), ("EnableDnsHostnames", "enableDnsHostnames"))
            off = (name for key, name in named if answer.get(key) in ({"Value": False}, {"Value": "false"}))
            found[call.argument] = tuple(off)
    return dict(sorted(found.items()))
