"""What EC2 says of the VPC: subnets, route tables, network ACLs, the flow log."""

from __future__ import annotations

from typing import Any

from tools.embedded_account import shop
from tools.embedded_account.gateways import S3_TABLES
from tools.embedded_account.records import LOG_FORMAT
from tools.embedded_account.shop import arn, identifier, tags

_NO_BLOCK = {"InternetGatewayBlockMode": "off"}
_TABLES = ("main", "public-routes", "app-routes", "data-routes")

# number, egress, action, protocol number, address range, ports (or ICMP type and code)
_AclEntry = tuple[int, bool, str, str, str, tuple[int, int] | None]
_ACLS: dict[str, tuple[_AclEntry, ...]] = {
    "default": (
        # A range that once hammered the shop; everything else is left to the security groups.
        (50, False, "deny", "-1", "198.51.100.0/24", None),
        (100, False, "allow", "-1", "0.0.0.0/0", None),
        (101, False, "allow", "-1", "::/0", None),
        (100, True, "allow", "-1", "0.0.0.0/0", None),
        (101, True, "allow", "-1", "::/0", None),
    ),
    "app-acl": (
        (100, False, "allow", "6", "0.0.0.0/0", (1024, 65535)),
        (101, False, "allow", "6", "::/0", (1024, 65535)),
        (110, False, "allow", "6", "10.0.0.0/24", (22, 22)),
        (120, False, "allow", "1", "10.0.0.0/16", (-1, -1)),
        (100, True, "allow", "6", "10.0.0.0/16", (1024, 65535)),
        (110, True, "allow", "6", "0.0.0.0/0", (443, 443)),
        (111, True, "allow", "6", "::/0", (443, 443)),
        (120, True, "allow", "6", "0.0.0.0/0", (80, 80)),
        (130, True, "allow", "1", "10.0.0.0/16", (-1, -1)),
    ),
    "data-acl": (
        (100, False, "allow", "6", "10.0.0.0/16", (3306, 3306)),
        (110, False, "allow", "6", "10.0.0.0/16", (5432, 5432)),
        (120, False, "allow", "6", "10.0.0.0/16", (6379, 6379)),
        (130, False, "allow", "1", "10.0.0.0/16", (-1, -1)),
        (100, True, "allow", "6", "10.0.0.0/16", (1024, 65535)),
        (110, True, "allow", "1", "10.0.0.0/16", (-1, -1)),
    ),
}


def answers() -> dict[str, dict[str, Any]]:
    """File name → answer, for the calls that describe the network itself."""
    empty = {
        "ec2.describe_vpc_peering_connections": "VpcPeeringConnections",
        "ec2.describe_transit_gateways": "TransitGateways",
        "ec2.describe_transit_gateway_attachments": "TransitGatewayAttachments",
        "ec2.describe_transit_gateway_vpc_attachments": "TransitGatewayVpcAttachments",
        "ec2.describe_transit_gateway_peering_attachments": "TransitGatewayPeeringAttachments",
        "ec2.describe_transit_gateway_route_tables": "TransitGatewayRouteTables",
        "ec2.describe_vpn_gateways": "VpnGateways",
        "ec2.describe_vpn_connections": "VpnConnections",
        "ec2.describe_customer_gateways": "CustomerGateways",
        "ec2.describe_security_group_vpc_associations": "SecurityGroupVpcAssociations",
        "ec2.describe_vpc_block_public_access_exclusions": "VpcBlockPublicAccessExclusions",
        "ec2.describe_vpc_encryption_controls": "VpcEncryptionControls",
    }
    return {
        "ec2.describe_vpcs": {"Vpcs": [_vpc()]},
        "ec2.describe_subnets": {"Subnets": [_subnet(subnet) for subnet in shop.SUBNETS]},
        "ec2.describe_route_tables": {"RouteTables": [_route_table(name) for name in _TABLES]},
        "ec2.describe_network_acls": {"NetworkAcls": [_acl(name) for name in _ACLS]},
        "ec2.describe_vpc_block_public_access_options": {"VpcBlockPublicAccessOptions": _block_public_access()},
        "ec2.describe_flow_logs": {"FlowLogs": [_flow_log()]},
        **{call: {key: []} for call, key in empty.items()},
    }


def _vpc() -> dict[str, Any]:
    return {
        "OwnerId": shop.ACCOUNT,
        "InstanceTenancy": "default",
        "Ipv6CidrBlockAssociationSet": [
            {
                "AssociationId": identifier("vpc-cidr-assoc", "shop-ipv6"),
                "Ipv6CidrBlock": shop.VPC_IPV6_CIDR,
                "Ipv6CidrBlockState": {"State": "associated"},
                "NetworkBorderGroup": shop.REGION,
                "Ipv6Pool": "Amazon",
                "Ipv6AddressAttribute": "public",
                "IpSource": "amazon",
            }
        ],
        "CidrBlockAssociationSet": [
            {
                "AssociationId": identifier("vpc-cidr-assoc", "shop"),
                "CidrBlock": shop.VPC_CIDR,
                "CidrBlockState": {"State": "associated"},
            }
        ],
        "IsDefault": False,
        "Tags": tags("shop"),
        "BlockPublicAccessStates": _NO_BLOCK,
        "VpcId": shop.VPC,
        "State": "available",
        "CidrBlock": shop.VPC_CIDR,
        "DhcpOptionsId": identifier("dopt", "shop"),
    }


def _subnet(subnet: shop.Subnet) -> dict[str, Any]:
    held = sum(interface.subnet == subnet for interface in shop.INTERFACES)
    ipv6 = {
        "AssociationId": identifier("subnet-cidr-assoc", subnet.name),
        "Ipv6CidrBlock": subnet.ipv6_cidr,
        "Ipv6CidrBlockState": {"State": "associated"},
        "Ipv6AddressAttribute": "public",
        "IpSource": "amazon",
    }
    return {
        "AvailabilityZoneId": shop.ZONE_IDS[subnet.zone],
        "MapCustomerOwnedIpOnLaunch": False,
        "OwnerId": shop.ACCOUNT,
        "AssignIpv6AddressOnCreation": False,
        "Ipv6CidrBlockAssociationSet": [ipv6] if subnet.ipv6_cidr else [],
        "Tags": tags(subnet.name, Tier=subnet.name.partition("-")[0]),
        "SubnetArn": arn("ec2", f"subnet/{subnet.id}"),
        "EnableDns64": False,
        "Ipv6Native": False,
        "PrivateDnsNameOptionsOnLaunch": {
            "HostnameType": "ip-name",
            "EnableResourceNameDnsARecord": False,
            "EnableResourceNameDnsAAAARecord": False,
        },
        "BlockPublicAccessStates": _NO_BLOCK,
        "SubnetId": subnet.id,
        "State": "available",
        "VpcId": shop.VPC,
        "CidrBlock": subnet.cidr,
        # AWS keeps five addresses of every subnet for itself.
        "AvailableIpAddressCount": 256 - 5 - held,
        "AvailabilityZone": subnet.zone,
        "DefaultForAz": False,
        "MapPublicIpOnLaunch": False,
    }


def _route_table(name: str) -> dict[str, Any]:
    table = identifier("rtb", name)
    created = {"Origin": "CreateRoute", "State": "active"}
    own = {"GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"}
    routes: list[dict[str, Any]] = [
        {"DestinationCidrBlock": shop.VPC_CIDR, **own},
        {"DestinationIpv6CidrBlock": shop.VPC_IPV6_CIDR, **own},
    ]
    if name == "public-routes":
        routes += [
            {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": shop.INTERNET_GATEWAY, **created},
            {"DestinationIpv6CidrBlock": "::/0", "GatewayId": shop.INTERNET_GATEWAY, **created},
        ]
    if name == "app-routes":
        eigw = shop.EGRESS_ONLY_GATEWAY
        routes += [
            {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": shop.NAT_GATEWAY, **created},
            {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": eigw, **created},
        ]
    if name in S3_TABLES:
        routes.append({"DestinationPrefixListId": shop.S3_PREFIX_LIST, "GatewayId": shop.S3_ENDPOINT, **created})
    members = [subnet for subnet in shop.SUBNETS if subnet.routes == name]
    associations: list[dict[str, Any]] = [
        {
            "Main": False,
            "RouteTableAssociationId": identifier("rtbassoc", subnet.name),
            "RouteTableId": table,
            "SubnetId": subnet.id,
            "AssociationState": {"State": "associated"},
        }
        for subnet in members
    ]
    if name == "main":
        associations = [
            {
                "Main": True,
                "RouteTableAssociationId": identifier("rtbassoc", "main"),
                "RouteTableId": table,
                "AssociationState": {"State": "associated"},
            }
        ]
    return {
        "Associations": associations,
        "PropagatingVgws": [],
        "RouteTableId": table,
        "Routes": routes,
        "Tags": tags("shop-main" if name == "main" else name),
        "VpcId": shop.VPC,
        "OwnerId": shop.ACCOUNT,
    }


def _acl(name: str) -> dict[str, Any]:
    acl = identifier("acl", name)
    # What AWS itself puts last: everything else is denied.
    last: tuple[_AclEntry, ...] = tuple(
        (number, egress, "deny", "-1", everywhere, None)
        for egress in (False, True)
        for number, everywhere in ((32767, "0.0.0.0/0"), (32768, "::/0"))
    )
    entries = sorted((*_ACLS[name], *last), key=lambda entry: (not entry[1], entry[0]))
    return {
        "Associations": [
            {
                "NetworkAclAssociationId": identifier("aclassoc", subnet.name),
                "NetworkAclId": acl,
                "SubnetId": subnet.id,
            }
            for subnet in shop.SUBNETS
            if subnet.acl == name
        ],
        "Entries": [_acl_entry(entry) for entry in entries],
        "IsDefault": name == "default",
        "NetworkAclId": acl,
        "Tags": tags("shop-default" if name == "default" else name),
        "VpcId": shop.VPC,
        "OwnerId": shop.ACCOUNT,
    }


def _acl_entry(entry: _AclEntry) -> dict[str, Any]:
    number, egress, action, protocol, source, ports = entry
    said: dict[str, Any] = {"Egress": egress, "Protocol": protocol, "RuleAction": action, "RuleNumber": number}
    said["Ipv6CidrBlock" if ":" in source else "CidrBlock"] = source
    if ports and protocol == "1":
        said["IcmpTypeCode"] = {"Type": ports[0], "Code": ports[1]}
    elif ports:
        said["PortRange"] = {"From": ports[0], "To": ports[1]}
    return said


def _block_public_access() -> dict[str, Any]:
    return {
        "AwsAccountId": shop.ACCOUNT,
        "AwsRegion": shop.REGION,
        "State": "default-state",
        "InternetGatewayBlockMode": "off",
        "LastUpdateTimestamp": shop.BUILT_AT,
        "ManagedBy": "account",
        "ExclusionsAllowed": "allowed",
    }


def _flow_log() -> dict[str, Any]:
    return {
        "CreationTime": "2025-01-14T08:40:02.114000+00:00",
        "DeliverLogsStatus": "SUCCESS",
        "FlowLogId": shop.FLOW_LOG,
        "FlowLogStatus": "ACTIVE",
        "ResourceId": shop.VPC,
        "TrafficType": "ALL",
        "LogDestinationType": "s3",
        "LogDestination": f"arn:aws:s3:::{shop.FLOW_LOG_BUCKET}",
        "LogFormat": LOG_FORMAT,
        "Tags": tags("shop-flow-log"),
        "MaxAggregationInterval": 60,
        "DestinationOptions": {
            "FileFormat": "plain-text",
            "HiveCompatiblePartitions": False,
            "PerHourPartition": False,
        },
    }
