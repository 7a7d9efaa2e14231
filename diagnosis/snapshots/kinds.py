"""The table of read calls that whynot knows: one row a call, with the keys of its answer and the IAM action it needs.

The snapshot reader recognises files by this table, the live reader makes exactly these calls, and the IAM policy in
`deploy/read-policy.json` holds exactly these actions. Names are those of boto3 (`<client>.<method>`) and of AWS's
service models; a test compares every row with botocore.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

Holds = Literal["objects", "texts", "object"]

GLOBAL = "global"
"""Stands in the Region's place for answers of services that have no Region (Route 53, Direct Connect gateways)."""


@dataclass(frozen=True, slots=True)
class Each:
    """The call is made once for each item of another call's answer."""

    parameter: str
    """The parameter that takes the item's `send` member, for example `PrefixListId`."""
    of: str
    """The call that lists the items."""
    items: str
    """The list key in that call's answer."""
    send: str = ""
    """The member that is sent; empty where the item is itself the text to send."""
    name: str = ""
    """The member whose last part after a slash names the answer (and its file); empty as for `send`."""
    only: tuple[str, ...] = ()
    """A path of members that must be true, or the item is passed over (private hosted zones)."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The call is made once for each answer of a by-id call, handing over all its items some at a time."""

    of: str
    """The by-id call whose answers list the items; its argument is this call's argument too."""
    items: str
    parameter: str
    """Takes a list of at most `size` items."""
    owner: str
    """The parameter that takes the argument, for example `cluster`."""
    size: int = 100


@dataclass(frozen=True, slots=True)
class Kind:
    """One read call."""

    call: str
    """`<boto3 client>.<method>`."""
    results: tuple[str, ...]
    """The members of the answer that are kept; the first is the one by which a loose file is recognised."""
    operation: str
    """AWS's name of the operation, for example `DescribeSubnets`."""
    action: str
    """The IAM action that permits it, for example `ec2:DescribeSubnets`."""
    per: Each | Batch | None = None
    """How a call that takes an id or name gets it; None for a call that takes none."""
    everywhere: bool = False
    """The service has no Region: asked once an account."""
    variants: tuple[Mapping[str, Any], ...] = (MappingProxyType({}),)
    """Fixed parameters; with several the call is made once with each, and the answers are joined."""
    holds: Holds = "objects"
    """What the first result is: a list of objects, a list of texts, or one object."""
    paged: bool = True
    """Whether a page size may be asked for (some emulators fail on it where AWS takes it)."""

    @property
    def service(self) -> str:
        """The boto3 client's name."""
        return self.call.partition(".")[0]

    @property
    def method(self) -> str:
        """The client's method."""
        return self.call.partition(".")[2]


_ACTION_PREFIX = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing", "efs": "elasticfilesystem"}
_SPELLED = {"db": "DB"}
"""Words that AWS does not spell with one capital in the names of its operations."""


def _kind(
    call: str,
    *results: str,
    per: Each | Batch | None = None,
    everywhere: bool = False,
    variants: tuple[Mapping[str, Any], ...] = (MappingProxyType({}),),
    holds: Holds = "objects",
    paged: bool = True,
) -> Kind:
    service, _, method = call.partition(".")
    operation = "".join(_SPELLED.get(word, word.capitalize()) for word in method.split("_"))
    action = f"{_ACTION_PREFIX.get(service, service)}:{operation}"
    return Kind(call, results, operation, action, per, everywhere, variants, holds, paged)


def _with(parameter: str, *values: str) -> tuple[Mapping[str, Any], ...]:
    return tuple(MappingProxyType({parameter: value}) for value in values)


_TABLES = ("ec2.describe_transit_gateway_route_tables", "TransitGatewayRouteTables", "TransitGatewayRouteTableId")
_OF_TABLE = Each("TransitGatewayRouteTableId", *_TABLES, _TABLES[2])
_PREFIX_LISTS = ("ec2.describe_managed_prefix_lists", "PrefixLists", "PrefixListId")
_BALANCERS = ("elbv2.describe_load_balancers", "LoadBalancers", "LoadBalancerArn")
_OF_BALANCER = Each("LoadBalancerArn", *_BALANCERS, "LoadBalancerName")
_TARGETS = ("elbv2.describe_target_groups", "TargetGroups", "TargetGroupArn")
_OF_TARGETS = Each("TargetGroupArn", *_TARGETS, "TargetGroupName")
_CLASSIC = ("elb.describe_load_balancers", "LoadBalancerDescriptions", "LoadBalancerName")
_OF_CLASSIC = Each("LoadBalancerName", *_CLASSIC, _CLASSIC[2])
_DX_GATEWAY = ("directconnect.describe_direct_connect_gateways", "directConnectGateways", "directConnectGatewayId")
_OF_DX_GATEWAY = Each("directConnectGatewayId", *_DX_GATEWAY, _DX_GATEWAY[2])
_ROUTE_STATES = MappingProxyType({"Filters": [{"Name": "state", "Values": ["active", "blackhole"]}]})

_VPC = (
    _kind("ec2.describe_vpcs", "Vpcs"),
    _kind("ec2.describe_subnets", "Subnets"),
    _kind("ec2.describe_network_interfaces", "NetworkInterfaces"),
    _kind("ec2.describe_instances", "Reservations"),
    _kind("ec2.describe_security_groups", "SecurityGroups"),
    _kind("ec2.describe_security_group_rules", "SecurityGroupRules"),
    _kind("ec2.describe_security_group_vpc_associations", "SecurityGroupVpcAssociations"),
    _kind("ec2.describe_network_acls", "NetworkAcls"),
    _kind("ec2.describe_route_tables", "RouteTables"),
    _kind("ec2.describe_internet_gateways", "InternetGateways"),
    _kind("ec2.describe_egress_only_internet_gateways", "EgressOnlyInternetGateways"),
    _kind("ec2.describe_nat_gateways", "NatGateways"),
    _kind("ec2.describe_addresses", "Addresses"),
    _kind("ec2.describe_vpc_peering_connections", "VpcPeeringConnections"),
    _kind("ec2.describe_vpc_endpoints", "VpcEndpoints"),
    _kind("ec2.describe_prefix_lists", "PrefixLists"),
    _kind("ec2.describe_managed_prefix_lists", "PrefixLists"),
    _kind(
        "ec2.get_managed_prefix_list_entries",
        "Entries",
        per=Each("PrefixListId", *_PREFIX_LISTS, _PREFIX_LISTS[2]),
    ),
    _kind("ec2.describe_flow_logs", "FlowLogs"),
    _kind("ec2.describe_vpc_block_public_access_options", "VpcBlockPublicAccessOptions", holds="object"),
    _kind("ec2.describe_vpc_block_public_access_exclusions", "VpcBlockPublicAccessExclusions"),
)
_VPC_SWITCHES = (
    _kind("ec2.describe_vpc_encryption_controls", "VpcEncryptionControls"),
    _kind(
        "ec2.describe_vpc_attribute",
        "EnableDnsSupport",
        "EnableDnsHostnames",
        "VpcId",
        per=Each("VpcId", "ec2.describe_vpcs", "Vpcs", "VpcId", "VpcId"),
        variants=_with("Attribute", "enableDnsSupport", "enableDnsHostnames"),
        holds="object",
    ),
    _kind("ec2.describe_dhcp_options", "DhcpOptions"),
    _kind("ec2.describe_availability_zones", "AvailabilityZones"),
    _kind("ec2.describe_carrier_gateways", "CarrierGateways"),
    _kind("ec2.describe_vpc_endpoint_service_configurations", "ServiceConfigurations"),
)
_TRANSIT = (
    _kind("ec2.describe_transit_gateways", "TransitGateways"),
    _kind("ec2.describe_transit_gateway_attachments", "TransitGatewayAttachments"),
    _kind("ec2.describe_transit_gateway_vpc_attachments", "TransitGatewayVpcAttachments"),
    _kind("ec2.describe_transit_gateway_peering_attachments", "TransitGatewayPeeringAttachments"),
    _kind("ec2.describe_transit_gateway_connects", "TransitGatewayConnects"),
    _kind("ec2.describe_transit_gateway_route_tables", "TransitGatewayRouteTables"),
    _kind(
        "ec2.search_transit_gateway_routes",
        "Routes",
        "AdditionalRoutesAvailable",
        per=_OF_TABLE,
        variants=(_ROUTE_STATES,),
        paged=False,
    ),
    _kind("ec2.get_transit_gateway_route_table_associations", "Associations", per=_OF_TABLE),
    _kind("ec2.get_transit_gateway_route_table_propagations", "TransitGatewayRouteTablePropagations", per=_OF_TABLE),
)
_EDGE = (
    _kind("ec2.describe_vpn_gateways", "VpnGateways"),
    _kind("ec2.describe_vpn_connections", "VpnConnections"),
    _kind("ec2.describe_customer_gateways", "CustomerGateways"),
    _kind("directconnect.describe_virtual_interfaces", "virtualInterfaces"),
    _kind("directconnect.describe_direct_connect_gateways", "directConnectGateways", everywhere=True),
    _kind(
        "directconnect.describe_direct_connect_gateway_associations",
        "directConnectGatewayAssociations",
        per=_OF_DX_GATEWAY,
        everywhere=True,
    ),
    _kind(
        "directconnect.describe_direct_connect_gateway_attachments",
        "directConnectGatewayAttachments",
        per=_OF_DX_GATEWAY,
        everywhere=True,
    ),
)
_BALANCING = (
    _kind("elbv2.describe_load_balancers", "LoadBalancers"),
    _kind("elbv2.describe_load_balancer_attributes", "Attributes", per=_OF_BALANCER),
    _kind("elbv2.describe_listeners", "Listeners", per=_OF_BALANCER),
    _kind(
        "elbv2.describe_rules",
        "Rules",
        per=Each("ListenerArn", "elbv2.describe_listeners", "Listeners", "ListenerArn", "ListenerArn"),
    ),
    _kind("elbv2.describe_target_groups", "TargetGroups"),
    _kind("elbv2.describe_target_group_attributes", "Attributes", per=_OF_TARGETS),
    _kind("elbv2.describe_target_health", "TargetHealthDescriptions", per=_OF_TARGETS),
    _kind("elb.describe_load_balancers", "LoadBalancerDescriptions"),
    _kind("elb.describe_load_balancer_attributes", "LoadBalancerAttributes", per=_OF_CLASSIC, holds="object"),
    _kind("elb.describe_instance_health", "InstanceStates", per=_OF_CLASSIC),
)
_PARTIES = (
    _kind("rds.describe_db_instances", "DBInstances"),
    _kind("rds.describe_db_clusters", "DBClusters"),
    _kind("rds.describe_db_proxies", "DBProxies"),
    _kind("rds.describe_db_subnet_groups", "DBSubnetGroups"),
    _kind(
        "elasticache.describe_cache_clusters",
        "CacheClusters",
        variants=(MappingProxyType({"ShowCacheNodeInfo": True}),),
    ),
    _kind("elasticache.describe_replication_groups", "ReplicationGroups"),
    _kind("elasticache.describe_serverless_caches", "ServerlessCaches"),
    _kind("elasticache.describe_cache_subnet_groups", "CacheSubnetGroups"),
    _kind("redshift.describe_clusters", "Clusters"),
    _kind("lambda.list_functions", "Functions"),
    _kind("efs.describe_file_systems", "FileSystems"),
    _kind(
        "efs.describe_mount_targets",
        "MountTargets",
        per=Each("FileSystemId", "efs.describe_file_systems", "FileSystems", "FileSystemId", "FileSystemId"),
    ),
    _kind("ecs.list_clusters", "clusterArns", holds="texts"),
    _kind("ecs.list_tasks", "taskArns", per=Each("cluster", "ecs.list_clusters", "clusterArns"), holds="texts"),
    _kind("ecs.describe_tasks", "tasks", per=Batch("ecs.list_tasks", "taskArns", "tasks", "cluster")),
    _kind("eks.list_clusters", "clusters", holds="texts"),
    _kind("eks.describe_cluster", "cluster", per=Each("name", "eks.list_clusters", "clusters"), holds="object"),
)
_ZONES = ("route53.list_hosted_zones", "HostedZones", "Id", "Id", ("Config", "PrivateZone"))
_NAMES = (
    _kind("route53.list_hosted_zones", "HostedZones", everywhere=True),
    _kind("route53.get_hosted_zone", "HostedZone", "VPCs", per=Each("Id", *_ZONES), everywhere=True, holds="object"),
    _kind(
        "route53.list_resource_record_sets",
        "ResourceRecordSets",
        per=Each("HostedZoneId", *_ZONES),
        everywhere=True,
    ),
)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {k.call: k for k in (*_VPC, *_VPC_SWITCHES, *_TRANSIT, *_EDGE, *_BALANCING, *_PARTIES, *_NAMES)}
)
"""Every kind by its call. `whynot snapshot` asks for all of them."""

_NOT_READ_YET = frozenset(
    {
        "directconnect.describe_direct_connect_gateway_associations",
        "directconnect.describe_direct_connect_gateway_attachments",
        "directconnect.describe_direct_connect_gateways",
        "directconnect.describe_virtual_interfaces",
        "ec2.describe_availability_zones",
        "ec2.describe_carrier_gateways",
        "ec2.describe_dhcp_options",
        "elb.describe_instance_health",
    }
)
_NAMED = frozenset(
    {
        "efs.describe_file_systems",
        "elasticache.describe_cache_clusters",
        "lambda.list_functions",
        "rds.describe_db_clusters",
        "rds.describe_db_instances",
        "rds.describe_db_proxies",
        "redshift.describe_clusters",
    }
)
"""Parties that a person names, whose interfaces are AWS's."""

FOR_ASKING: frozenset[str] = (
    frozenset(kind.call for kind in (*_VPC, *_VPC_SWITCHES, *_TRANSIT, *_EDGE, *_BALANCING, *_NAMES)) - _NOT_READ_YET
) | _NAMED
"""The calls whose answers the model uses today: what `whynot ask` collects from a live account. A test holds it to what
the network room reads."""
