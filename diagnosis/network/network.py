"""The account as one frozen value, with the indexes that questions need. A change returns a new Network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from diagnosis.network.coverage import Coverage, Missing
from diagnosis.network.gateways import InternetGateway, NatGateway, PeeringConnection
from diagnosis.network.instances import Database, Instance
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.load_balancers import LoadBalancer, TargetGroup, balancers_by_interface
from diagnosis.network.managed_services import ManagedService
from diagnosis.network.memo import Memo
from diagnosis.network.network_acls import NetworkAcl
from diagnosis.network.prefix_lists import PrefixList
from diagnosis.network.private_zones import PrivateZone
from diagnosis.network.public_access import PublicAccess
from diagnosis.network.route_tables import RouteTable
from diagnosis.network.security_groups import SecurityGroup
from diagnosis.network.transit_gateways import Transit
from diagnosis.network.vpc_endpoints import EndpointService, VpcEndpoint
from diagnosis.network.vpcs import Origins, Subnet, Vpc
from diagnosis.network.vpn_gateways import VpnConnection, VpnGateway
from diagnosis.traffic.intervals import IntervalSet, has, join_all

ENCRYPTION = "ec2.describe_vpc_encryption_controls"
INTERFACES = "ec2.describe_network_interfaces"
ENTRIES = "ec2.get_managed_prefix_list_entries"
AWS_LISTS = "ec2.describe_prefix_lists"
"""Shows the entries of AWS's own lists, of S3 and DynamoDB."""

T = TypeVar("T")


@dataclass(frozen=True, eq=True)
class Network:
    """Everything that was described, by id. `memo` holds compiled filters and is no part of its value."""

    vpcs: Mapping[str, Vpc]
    subnets: Mapping[str, Subnet]
    interfaces: Mapping[str, NetworkInterface]
    groups: Mapping[str, SecurityGroup]
    acls: Mapping[str, NetworkAcl]
    route_tables: Mapping[str, RouteTable]
    internet_gateways: Mapping[str, InternetGateway]
    nat_gateways: Mapping[str, NatGateway]
    peerings: Mapping[str, PeeringConnection]
    prefix_lists: Mapping[str, PrefixList]
    instances: Mapping[str, Instance]
    databases: tuple[Database, ...]
    load_balancers: tuple[LoadBalancer, ...]
    endpoints: Mapping[str, VpcEndpoint]
    public_access: PublicAccess
    flow_logs: tuple[Mapping[str, Any], ...]
    coverage: Coverage
    malformed: Mapping[str, str]
    """Ids of entities that could not be read, with what is wrong; their details are unseen."""
    warnings: tuple[str, ...] = ()
    taken_at: str | None = None
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    target_groups: Mapping[str, TargetGroup] = field(default_factory=dict)
    """By ARN."""
    endpoint_services: tuple[EndpointService, ...] = ()
    dns_switches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """DNS attributes that are off, by VPC: `enableDnsSupport`, `enableDnsHostnames`."""
    group_vpcs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """State of the association of a security group with a VPC that is not its own, by both ids."""
    transit: Transit = field(default_factory=Transit)
    encryption: Mapping[str, str] = field(default_factory=dict)
    """The mode of VPC encryption controls, by VPC: `monitor`, `enforce`."""
    vpn_gateways: Mapping[str, VpnGateway] = field(default_factory=dict)
    vpn_connections: Mapping[str, VpnConnection] = field(default_factory=dict)
    private_zones: tuple[PrivateZone, ...] = ()
    services: tuple[ManagedService, ...] = ()
    elastic: Mapping[int, str | None] = field(default_factory=dict)
    """Each Elastic IP, with the interface or instance that it is associated with; None where it is with nothing."""
    memo: Memo = field(default_factory=Memo, compare=False, repr=False)

    @cached_property
    def unanswered_switches(self) -> frozenset[str]:
        """The calls of switches over whole VPCs that were made and somewhere not answered, though AWS has them."""
        made = self.coverage.named(ENCRYPTION) and self.coverage.offered(ENCRYPTION)
        return frozenset({ENCRYPTION}) if made else frozenset()

    @cached_property
    def by_private_address(self) -> Mapping[int, tuple[str, ...]]:
        """Interface ids by each private IPv4 and IPv6 address (delegated prefixes: see `holders`)."""
        found: defaultdict[int, list[str]] = defaultdict(list)
        for interface in self.interfaces.values():
            for address in interface.ipv4:
                found[address.private].append(interface.id)
            for number in interface.ipv6:
                found[number].append(interface.id)
        return {number: tuple(sorted(ids)) for number, ids in found.items()}

    @cached_property
    def by_public_address(self) -> Mapping[int, tuple[str, ...]]:
        """Interface ids by each public IPv4 address."""
        found: defaultdict[int, list[str]] = defaultdict(list)
        for interface in self.interfaces.values():
            for address in interface.ipv4:
                if address.public is not None:
                    found[address.public].append(interface.id)
        return {number: tuple(sorted(ids)) for number, ids in found.items()}

    @cached_property
    def _delegated(self) -> tuple[tuple[IntervalSet, str], ...]:
        return tuple((i.prefixes, i.id) for i in self.interfaces.values() if i.prefixes)

    def holders(self, address: int) -> tuple[str, ...]:
        """Interfaces that hold this private or IPv6 address, themselves or in a delegated prefix."""
        direct = self.by_private_address.get(address, ())
        delegated = [eni for prefixes, eni in self._delegated if has(prefixes, address) and eni not in direct]
        return tuple(sorted((*direct, *delegated))) if delegated else direct

    @cached_property
    def members(self) -> Mapping[str, tuple[str, ...]]:
        """Interface ids by security group."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for interface in self.interfaces.values():
            for group in interface.groups or ():
                found[group].append(interface.id)
        return {group: tuple(sorted(ids)) for group, ids in found.items()}

    @cached_property
    def endpoint_of_interface(self) -> Mapping[str, VpcEndpoint]:
        """VPC endpoints by their interfaces."""
        return {eni: endpoint for endpoint in self.endpoints.values() for eni in endpoint.interfaces}

    @cached_property
    def balancer_of_interface(self) -> Mapping[str, LoadBalancer]:
        """Load balancers by the interfaces of their nodes."""
        return balancers_by_interface(self.load_balancers, self.interfaces.values())

    @cached_property
    def interfaces_of_subnet(self) -> Mapping[str, tuple[str, ...]]:
        """Interface ids by subnet."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for interface in self.interfaces.values():
            if interface.subnet:
                found[interface.subnet].append(interface.id)
        return {subnet: tuple(sorted(ids)) for subnet, ids in found.items()}

    @cached_property
    def subnets_of_vpc(self) -> Mapping[str, tuple[str, ...]]:
        """Subnet ids by VPC."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for subnet in self.subnets.values():
            if subnet.vpc:
                found[subnet.vpc].append(subnet.id)
        return {vpc: tuple(sorted(ids)) for vpc, ids in found.items()}

    @cached_property
    def _acl_of_subnet(self) -> Mapping[str, str]:
        return {subnet: acl.id for acl in self.acls.values() for subnet in acl.subnets}

    @cached_property
    def _table_of_subnet(self) -> Mapping[str, str]:
        return {subnet: table.id for table in self.route_tables.values() for subnet in table.subnets}

    @cached_property
    def _main_table(self) -> Mapping[str, str]:
        return {table.vpc: table.id for table in self.route_tables.values() if table.main and table.vpc}

    @cached_property
    def edge_tables(self) -> Mapping[str, str]:
        """Route table ids by the gateway whose arriving traffic they steer."""
        return {gateway: table.id for table in self.route_tables.values() for gateway in table.gateways}

    @cached_property
    def hidden_owners(self) -> Mapping[str, str]:
        """Accounts that share a VPC with those that were seen, and were not seen themselves, by the VPC.

        A participant sees its own interfaces in the VPC, and those of nobody else
        (https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing-permissions.html).
        """
        known = {i.account for i in self.interfaces.values()}
        known |= {account for account, _ in self.coverage.answered.get(INTERFACES, ())}
        guests = {i.vpc for i in self.interfaces.values() if i.account}
        return {v.id: v.account for v in self.vpcs.values() if v.account not in ("", *known) and v.id in guests}

    @cached_property
    def all_vpc_addresses(self) -> IntervalSet:
        """The ranges of all VPCs together."""
        return join_all(vpc.addresses for vpc in self.vpcs.values())

    @cached_property
    def instance_of_interface(self) -> Mapping[str, str]:
        """Instance ids by interface, from both sides."""
        found = {eni: i.id for i in self.instances.values() for eni in i.interfaces}
        found.update({i.id: i.instance for i in self.interfaces.values() if i.instance})
        return found

    @cached_property
    def attached_to(self) -> Mapping[str, tuple[str, ...]]:
        """Interface ids by the instance that they say they are attached to."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for interface in self.interfaces.values():
            if interface.instance:
                found[interface.instance].append(interface.id)
        return {instance: tuple(ids) for instance, ids in found.items()}

    def subnet_origins(self, subnet: str | None, vpc: str | None) -> Origins:
        """Where this subnet, or else its VPC, or else anything, was seen."""
        place = self.subnets.get(subnet or "") or self.vpcs.get(vpc or "")
        return place.origins if place is not None else ()

    def gap(self, call: str, origins: Origins, what: str) -> Missing:
        """The `Missing` for a thing that was looked for and not found."""
        if self.coverage.seen(call, origins):
            return self.coverage.missing(call, origins, f"{what} is not in the answer")
        return self.coverage.missing(call, origins, f"{what} was not seen")

    def hidden_gap(self, vpc: str) -> Missing | None:
        """The `Missing` for an address of a shared VPC that no seen interface holds: its owner's may; else None."""
        owner = self.hidden_owners.get(vpc)
        if owner is None:
            return None
        reason = f"whether an interface of the owner of {vpc}, which is shared, holds the address was not seen"
        return self.coverage.missing(INTERFACES, ((owner, self.vpcs[vpc].origins[0][1]),), reason)

    def prefix_list_gap(self, identity: str, origins: Origins) -> Missing:
        """The `Missing` for the entries of a prefix list; one of AWS's own is shown by a call of its own."""
        what = f"prefix list {identity}"
        entries = self.gap(ENTRIES, origins, what)
        known = identity in self.prefix_lists or self.coverage.seen(AWS_LISTS, origins)
        return entries if known else replace(entries, also=self.gap(AWS_LISTS, origins, what))

    def acl_of(self, subnet: str | None, vpc: str | None, origins: Origins) -> NetworkAcl | Missing:
        """The network ACL of a subnet: the associated one, else the VPC's default one."""
        acl_id = self._acl_of_subnet.get(subnet or "")
        if acl_id is not None:
            return self.acls[acl_id]
        origins = self.subnet_origins(subnet, vpc) or origins
        if self.coverage.seen("ec2.describe_network_acls", origins):
            for acl in self.acls.values():
                if acl.is_default and vpc and acl.vpc == vpc and self.whole("NetworkAcls"):
                    return acl
        return self.gap("ec2.describe_network_acls", origins, f"the network ACL of {subnet or 'an unknown subnet'}")

    def whole(self, key: str) -> bool:
        """Whether every entity of this kind could be read, so that what is not there does not exist."""
        return not any(reason.startswith(f"{key} ") for reason in self.malformed.values())

    def table_of(self, subnet: str | None, vpc: str | None, origins: Origins) -> RouteTable | Missing:
        """The route table of a subnet: the explicitly associated one, else the VPC's main one."""
        key = ("table of", subnet, vpc, origins)
        found: RouteTable | Missing | None = self.memo.get(key)
        if found is None:
            found = self.memo[key] = self._found_table(subnet, vpc, origins)
        return found

    def _found_table(self, subnet: str | None, vpc: str | None, origins: Origins) -> RouteTable | Missing:
        table = self._table_of_subnet.get(subnet or "")
        if table is not None:
            return self.route_tables[table]
        origins = self.subnet_origins(subnet, vpc) or origins
        seen = self.coverage.seen("ec2.describe_route_tables", origins)
        if seen and vpc and subnet and self.whole("RouteTables"):
            table = self._main_table.get(vpc)
        if table is not None:
            return self.route_tables[table]
        return self.gap("ec2.describe_route_tables", origins, f"the route table of {subnet or 'an unknown subnet'}")

    def internet_gateway_of(self, vpc: str | None) -> InternetGateway | None:
        """The internet gateway attached to this VPC."""
        for gateway in self.internet_gateways.values():
            if not gateway.egress_only and gateway.state_for(vpc) is not None:
                return gateway
        return None

    def vpc_holding(self, address: int) -> tuple[Vpc, ...]:
        """VPCs whose ranges contain this address."""
        return tuple(vpc for vpc in self.vpcs.values() if has(vpc.addresses, address))

    def subnet_holding(self, vpc: str, address: int) -> Subnet | None:
        """The subnet of this VPC whose range contains the address."""
        for subnet in self.subnets_of_vpc.get(vpc, ()):
            if has(self.subnets[subnet].addresses, address):
                return self.subnets[subnet]
        return None

    def active_peerings(self, one: str | None, other: str | None) -> tuple[PeeringConnection, ...]:
        """Active peering connections between two VPCs."""
        return tuple(
            p
            for p in self.peerings.values()
            if p.state == "active" and {p.requester.vpc, p.accepter.vpc} == {one, other}
        )

    def with_group(self, group: SecurityGroup) -> Network:
        """The network with this group in place of the one of its id."""
        other = replace(self, groups=_with(self.groups, group.id, group), memo=self.memo.without(group.id))
        return self._same_indexes(other, _OF_ACLS | _OF_TABLES)

    def with_acl(self, acl: NetworkAcl) -> Network:
        """The network with this ACL in place of the one of its id."""
        other = replace(self, acls=_with(self.acls, acl.id, acl), memo=self.memo.without(acl.id))
        return self._same_indexes(other, _OF_TABLES)

    def with_open_acls(self) -> Network:
        """The network in which every network ACL lets everything pass, both ways."""
        acls = {identity: replace(acl, open=True) for identity, acl in self.acls.items()}
        return self._same_indexes(replace(self, acls=acls, memo=Memo()), _OF_ACLS | _OF_TABLES)

    def with_route_table(self, table: RouteTable) -> Network:
        """The network with this route table in place of the one of its id."""
        other = replace(self, route_tables=_with(self.route_tables, table.id, table), memo=self.memo.without(table.id))
        return self._same_indexes(other, _OF_ACLS)

    def _same_indexes(self, other: Network, besides: frozenset[str]) -> Network:
        """The other network with the indexes that were made here and that its change leaves as they are."""
        made = vars(self)
        vars(other).update({name: made[name] for name in _OF_THE_REST | besides if name in made})
        return other


_OF_ACLS = frozenset({"_acl_of_subnet"})
_OF_TABLES = frozenset({"_table_of_subnet", "_main_table", "edge_tables"})
_OF_THE_REST = frozenset(
    {
        "by_private_address",
        "by_public_address",
        "_delegated",
        "members",
        "endpoint_of_interface",
        "balancer_of_interface",
        "interfaces_of_subnet",
        "subnets_of_vpc",
        "hidden_owners",
        "all_vpc_addresses",
        "instance_of_interface",
        "attached_to",
    }
)
"""Indexes by what they are made from. One that is not named here is made anew after every change."""


def _with(known: Mapping[str, T], identity: str, value: T) -> Mapping[str, T]:
    """The same mapping, in the same order, with one value in place of another."""
    changed = {**known, identity: value}
    return changed if identity in known else dict(sorted(changed.items()))
