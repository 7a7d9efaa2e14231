"""What EC2 says of the network interfaces, the instances and the Elastic IP addresses."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from tools.embedded_account import shop
from tools.embedded_account.shop import Interface, identifier, tags

ALB_SUFFIX = "50dc6c495c0c9188"
_IMAGE = "ami-0b72821e2f351e396"
_LAUNCHED = {
    "web-1": "2026-09-08T06:12:44+00:00",
    "web-2": "2026-09-08T06:12:51+00:00",
    "web-3": "2026-10-19T06:02:10+00:00",
    "batch-1": "2026-05-27T09:30:18+00:00",
    "bastion": "2025-11-03T13:47:29+00:00",
}
_TYPES = {"batch-1": "m6i.large", "bastion": "t3.micro"}

# kind → description, interface type, requester, owner of the attachment
_MANAGED = {
    "rds": ("RDSNetworkInterface", "interface", "amazon-rds", "amazon-rds"),
    "elasticache": ("ElastiCache sessions-001", "interface", "amazon-elasticache", "amazon-elasticache"),
    "alb": (f"ELB app/shop-alb/{ALB_SUFFIX}", "interface", "amazon-elb", "amazon-elb"),
    "nat": (f"Interface for NAT Gateway {shop.NAT_GATEWAY}", "nat_gateway", "036872051663", "amazon-aws"),
    "lambda": (
        "AWS Lambda VPC ENI-price-sync-5d8f1c02-7a3e-4b61-9c4d-1f0e6b2a8d37",
        "lambda",
        f"AROA4SHOPPRICESYNC123:{shop.ACCOUNT}",
        "amazon-aws",
    ),
}


def answers() -> dict[str, dict[str, Any]]:
    """File name → answer, for the calls that describe interfaces and what holds them."""
    instances = [interface for interface in shop.INTERFACES if interface.kind == "instance"]
    addresses = [interface for interface in shop.INTERFACES if interface.public and interface.kind != "alb"]
    return {
        "ec2.describe_network_interfaces": {
            "NetworkInterfaces": [_network_interface(interface) for interface in shop.INTERFACES]
        },
        "ec2.describe_instances": {"Reservations": [_reservation(interface) for interface in instances]},
        "ec2.describe_addresses": {"Addresses": [_address(interface) for interface in addresses]},
    }


def _groups(interface: Interface) -> list[dict[str, str]]:
    return [{"GroupId": identifier("sg", name), "GroupName": name} for name in interface.groups]


def _private_name(interface: Interface) -> str:
    return f"ip-{interface.address.replace('.', '-')}.ec2.internal"


def _mac(interface: Interface) -> str:
    digits = sha256(interface.name.encode()).hexdigest()
    return ":".join(["0e", *(digits[at : at + 2] for at in range(0, 10, 2))])


def _public(interface: Interface) -> dict[str, Any]:
    """The public address of an interface, on the interface and on its private address."""
    if interface.public is None:
        return {}
    association = {
        "IpOwnerId": "amazon-elb" if interface.kind == "alb" else shop.ACCOUNT,
        "PublicDnsName": _public_name(interface),
        "PublicIp": interface.public,
    }
    if interface.kind != "alb":
        association["AllocationId"] = identifier("eipalloc", interface.name)
        association["AssociationId"] = identifier("eipassoc", interface.name)
    return {"Association": association}


def _public_in_instance(interface: Interface) -> dict[str, Any]:
    """The same as DescribeInstances tells it: without the ids of the Elastic IP address."""
    return {
        name: {key: value for key, value in association.items() if key not in {"AllocationId", "AssociationId"}}
        for name, association in _public(interface).items()
    }


def _public_name(interface: Interface) -> str:
    return f"ec2-{(interface.public or '').replace('.', '-')}.compute-1.amazonaws.com"


def _network_interface(interface: Interface) -> dict[str, Any]:
    managed = _MANAGED.get(interface.kind)
    description, kind, requester, _ = managed or ("", "interface", None, None)
    return {
        **_public(interface),
        "Attachment": _attachment(interface),
        "AvailabilityZone": interface.subnet.zone,
        "AvailabilityZoneId": shop.ZONE_IDS[interface.subnet.zone],
        "Description": description,
        "Groups": _groups(interface),
        "InterfaceType": kind,
        "Ipv6Addresses": [_ipv6(interface.ipv6)] if interface.ipv6 else [],
        "MacAddress": _mac(interface),
        "NetworkInterfaceId": interface.id,
        "OwnerId": shop.ACCOUNT,
        "PrivateDnsName": _private_name(interface),
        **({"PublicDnsName": _public_name(interface)} if interface.public else {}),
        "PrivateIpAddress": interface.address,
        "PrivateIpAddresses": [_private_address(interface)],
        **({"RequesterId": requester} if requester else {}),
        "RequesterManaged": managed is not None,
        "SourceDestCheck": interface.kind != "nat",
        "Status": "in-use",
        "SubnetId": interface.subnet.id,
        "TagSet": [] if managed else tags(interface.name),
        "VpcId": shop.VPC,
        "Operator": {"Managed": False},
    }


def _ipv6(address: str) -> dict[str, Any]:
    return {"Ipv6Address": address, "IsPrimaryIpv6": False}


def _private_address(interface: Interface) -> dict[str, Any]:
    return {
        **_public(interface),
        "Primary": True,
        "PrivateDnsName": _private_name(interface),
        "PrivateIpAddress": interface.address,
    }


def _attachment(interface: Interface) -> dict[str, Any]:
    managed = _MANAGED.get(interface.kind)
    if managed is None:
        return {
            "AttachTime": _LAUNCHED[interface.name],
            "AttachmentId": identifier("eni-attach", interface.name),
            "DeleteOnTermination": True,
            "DeviceIndex": 0,
            "NetworkCardIndex": 0,
            "InstanceId": interface.instance,
            "InstanceOwnerId": shop.ACCOUNT,
            "Status": "attached",
        }
    of_hypervisor = managed[3] == "amazon-aws"
    return {
        **({} if of_hypervisor else {"AttachTime": "2024-03-04T10:48:30+00:00"}),
        "AttachmentId": identifier("ela-attach" if of_hypervisor else "eni-attach", interface.name),
        "DeleteOnTermination": False,
        "DeviceIndex": 1,
        "NetworkCardIndex": 0,
        "InstanceOwnerId": managed[3],
        "Status": "attached",
    }


def _reservation(interface: Interface) -> dict[str, Any]:
    return {
        "ReservationId": identifier("r", interface.name),
        "OwnerId": shop.ACCOUNT,
        "Groups": [],
        "Instances": [{**_machine(interface), **_placement(interface), **_options()}],
    }


def _machine(interface: Interface) -> dict[str, Any]:
    launched = _LAUNCHED[interface.name]
    return {
        "InstanceId": interface.instance,
        "ImageId": _IMAGE,
        "InstanceType": _TYPES.get(interface.name, "t3.medium"),
        "LaunchTime": launched,
        "UsageOperationUpdateTime": launched,
        "UsageOperation": "RunInstances",
        "State": {"Code": 16, "Name": "running"},
        "StateTransitionReason": "",
        "KeyName": "shop-admin",
        "AmiLaunchIndex": 0,
        "Architecture": "x86_64",
        "PlatformDetails": "Linux/UNIX",
        "ClientToken": f"terraform-{sha256(interface.name.encode()).hexdigest()[:26]}",
        "RootDeviceName": "/dev/xvda",
        "RootDeviceType": "ebs",
        "BlockDeviceMappings": [
            {
                "DeviceName": "/dev/xvda",
                "Ebs": {
                    "AttachTime": launched,
                    "DeleteOnTermination": True,
                    "Status": "attached",
                    "VolumeId": identifier("vol", interface.name),
                },
            }
        ],
        "ProductCodes": [],
        "Tags": tags(interface.name, Role=interface.groups[0]),
    }


def _placement(interface: Interface) -> dict[str, Any]:
    member = {
        **_public_in_instance(interface),
        "Attachment": {
            key: value for key, value in _attachment(interface).items() if key not in {"InstanceId", "InstanceOwnerId"}
        },
        "Description": "",
        "Groups": _groups(interface),
        "InterfaceType": "interface",
        "Ipv6Addresses": [_ipv6(interface.ipv6)] if interface.ipv6 else [],
        "MacAddress": _mac(interface),
        "NetworkInterfaceId": interface.id,
        "OwnerId": shop.ACCOUNT,
        "PrivateDnsName": _private_name(interface),
        "PrivateIpAddress": interface.address,
        "PrivateIpAddresses": [{**_private_address(interface), **_public_in_instance(interface)}],
        "SourceDestCheck": True,
        "Status": "in-use",
        "SubnetId": interface.subnet.id,
        "VpcId": shop.VPC,
        "Operator": {"Managed": False},
    }
    return {
        "Placement": {"AvailabilityZone": interface.subnet.zone, "GroupName": "", "Tenancy": "default"},
        "NetworkInterfaces": [member],
        **({"Ipv6Address": interface.ipv6} if interface.ipv6 else {}),
        "PrivateDnsName": _private_name(interface),
        "PrivateDnsNameOptions": {
            "HostnameType": "ip-name",
            "EnableResourceNameDnsARecord": False,
            "EnableResourceNameDnsAAAARecord": False,
        },
        "PrivateIpAddress": interface.address,
        "PublicDnsName": _public_name(interface) if interface.public else "",
        **({"PublicIpAddress": interface.public} if interface.public else {}),
        "SecurityGroups": _groups(interface),
        "SourceDestCheck": True,
        "SubnetId": interface.subnet.id,
        "VpcId": shop.VPC,
    }


def _options() -> dict[str, Any]:
    """What every machine of the shop has in common."""
    return {
        "BootMode": "uefi-preferred",
        "CurrentInstanceBootMode": "uefi",
        "CapacityReservationSpecification": {"CapacityReservationPreference": "open"},
        "CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 2},
        "EbsOptimized": True,
        "EnaSupport": True,
        "EnclaveOptions": {"Enabled": False},
        "HibernationOptions": {"Configured": False},
        "Hypervisor": "xen",
        "MaintenanceOptions": {"AutoRecovery": "default", "RebootMigration": "default"},
        "MetadataOptions": {
            "State": "applied",
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": 2,
            "HttpEndpoint": "enabled",
            "HttpProtocolIpv6": "disabled",
            "InstanceMetadataTags": "disabled",
        },
        "Monitoring": {"State": "disabled"},
        "NetworkPerformanceOptions": {"BandwidthWeighting": "default"},
        "Operator": {"Managed": False},
        "VirtualizationType": "hvm",
    }


def _address(interface: Interface) -> dict[str, Any]:
    return {
        **({"InstanceId": interface.instance} if interface.instance else {}),
        "AllocationId": identifier("eipalloc", interface.name),
        "AssociationId": identifier("eipassoc", interface.name),
        "Domain": "vpc",
        "NetworkInterfaceId": interface.id,
        "NetworkInterfaceOwnerId": shop.ACCOUNT,
        "PrivateIpAddress": interface.address,
        "Tags": tags(interface.name),
        "PublicIp": interface.public,
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": shop.REGION,
    }
