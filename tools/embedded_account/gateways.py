"""What EC2 says of the ways out of the VPC: gateways, the S3 endpoint, prefix lists."""

from __future__ import annotations

from typing import Any

from tools.embedded_account import shop
from tools.embedded_account.shop import arn, identifier, tags

S3_TABLES = ("app-routes", "data-routes")
"""The route tables that send traffic for S3 to the gateway endpoint."""


def answers() -> dict[str, dict[str, Any]]:
    """File name → answer, for the calls that describe gateways, endpoints and prefix lists."""
    attached = [{"State": "available", "VpcId": shop.VPC}]
    internet = {
        "Attachments": attached,
        "InternetGatewayId": shop.INTERNET_GATEWAY,
        "OwnerId": shop.ACCOUNT,
        "Tags": tags("shop-igw"),
    }
    egress_only = {
        "Attachments": [{"State": "attached", "VpcId": shop.VPC}],
        "EgressOnlyInternetGatewayId": shop.EGRESS_ONLY_GATEWAY,
        "Tags": tags("shop-eigw"),
    }
    return {
        "ec2.describe_internet_gateways": {"InternetGateways": [internet]},
        "ec2.describe_egress_only_internet_gateways": {"EgressOnlyInternetGateways": [egress_only]},
        "ec2.describe_nat_gateways": {"NatGateways": [_nat_gateway()]},
        "ec2.describe_vpc_endpoints": {"VpcEndpoints": [_s3_endpoint()]},
        **_prefix_lists(),
    }


def _nat_gateway() -> dict[str, Any]:
    address = {
        "AllocationId": identifier("eipalloc", "shop-nat"),
        "NetworkInterfaceId": shop.NAT.id,
        "PrivateIp": shop.NAT.address,
        "PublicIp": shop.NAT.public,
        "AssociationId": identifier("eipassoc", "shop-nat"),
        "IsPrimary": True,
        "Status": "succeeded",
    }
    return {
        "CreateTime": "2024-03-04T10:21:07+00:00",
        "NatGatewayAddresses": [address],
        "NatGatewayId": shop.NAT_GATEWAY,
        "State": "available",
        "SubnetId": shop.PUBLIC_A.id,
        "VpcId": shop.VPC,
        "Tags": tags("shop-nat"),
        "ConnectivityType": "public",
        "AvailabilityMode": "zonal",
    }


def _s3_endpoint() -> dict[str, Any]:
    return {
        "VpcEndpointId": shop.S3_ENDPOINT,
        "VpcEndpointType": "Gateway",
        "VpcId": shop.VPC,
        "ServiceName": f"com.amazonaws.{shop.REGION}.s3",
        "State": "available",
        "PolicyDocument": '{"Version":"2008-10-17","Statement":'
        '[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}',
        "RouteTableIds": [identifier("rtb", name) for name in S3_TABLES],
        "SubnetIds": [],
        "Groups": [],
        "IpAddressType": "ipv4",
        "PrivateDnsEnabled": False,
        "RequesterManaged": False,
        "NetworkInterfaceIds": [],
        "DnsEntries": [],
        "CreationTimestamp": "2024-03-04T10:24:51+00:00",
        "Tags": tags("s3"),
        "OwnerId": shop.ACCOUNT,
        "ServiceRegion": shop.REGION,
    }


def _prefix_lists() -> dict[str, dict[str, Any]]:
    of_aws = {
        shop.S3_PREFIX_LIST: (f"com.amazonaws.{shop.REGION}.s3", shop.S3_CIDRS),
        shop.DYNAMODB_PREFIX_LIST: (f"com.amazonaws.{shop.REGION}.dynamodb", shop.DYNAMODB_CIDRS),
    }
    managed: list[dict[str, Any]] = [
        {
            "PrefixListId": prefix_list,
            "AddressFamily": "IPv4",
            "State": "create-complete",
            "PrefixListArn": f"arn:aws:ec2:{shop.REGION}:aws:prefix-list/{prefix_list}",
            "PrefixListName": name,
            "Tags": [],
            "OwnerId": "AWS",
        }
        for prefix_list, (name, _) in of_aws.items()
    ]
    office = {
        "PrefixListId": shop.OFFICE_PREFIX_LIST,
        "AddressFamily": "IPv4",
        "State": "create-complete",
        "PrefixListArn": arn("ec2", f"prefix-list/{shop.OFFICE_PREFIX_LIST}"),
        "PrefixListName": "office",
        "MaxEntries": 5,
        "Version": 1,
        "Tags": tags("office"),
        "OwnerId": shop.ACCOUNT,
    }
    entries = {
        **{prefix_list: [{"Cidr": cidr} for cidr in cidrs] for prefix_list, (_, cidrs) in of_aws.items()},
        shop.OFFICE_PREFIX_LIST: [{"Cidr": shop.OFFICE_CIDR, "Description": "office, both uplinks"}],
    }
    return {
        "ec2.describe_prefix_lists": {
            "PrefixLists": [
                {"Cidrs": list(cidrs), "PrefixListId": prefix_list, "PrefixListName": name}
                for prefix_list, (name, cidrs) in of_aws.items()
            ]
        },
        "ec2.describe_managed_prefix_lists": {"PrefixLists": [*managed, office]},
        **{
            f"ec2.get_managed_prefix_list_entries/{prefix_list}": {"Entries": of_list}
            for prefix_list, of_list in entries.items()
        },
    }
