"""A small account as AWS describes it, and ways to lay it out in a folder."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

ACCOUNT = "123456789012"
REGION = "us-east-1"
PLACE = f"{ACCOUNT}/{REGION}"

ANSWERS: dict[str, dict[str, Any]] = {
    "ec2.describe_vpcs": {"Vpcs": [{"VpcId": "vpc-0a1", "CidrBlock": "10.0.0.0/16", "OwnerId": ACCOUNT}]},
    "ec2.describe_subnets": {
        "Subnets": [
            {"SubnetId": "subnet-0a1", "VpcId": "vpc-0a1", "AvailabilityZone": "us-east-1a", "OwnerId": ACCOUNT},
            {"SubnetId": "subnet-0b2", "VpcId": "vpc-0a1", "AvailabilityZone": "us-east-1b", "OwnerId": ACCOUNT},
        ]
    },
    "ec2.describe_network_interfaces": {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-0a1", "OwnerId": ACCOUNT}]},
    "ec2.describe_security_groups": {"SecurityGroups": [{"GroupId": "sg-0a1", "OwnerId": ACCOUNT}]},
    "ec2.describe_network_acls": {"NetworkAcls": []},
    "ec2.describe_instances": {"Reservations": [{"Instances": [{"InstanceId": "i-0a1"}], "OwnerId": ACCOUNT}]},
    "ec2.describe_prefix_lists": {"PrefixLists": [{"PrefixListId": "pl-63a5400a", "Cidrs": ["52.216.0.0/15"]}]},
    "ec2.describe_managed_prefix_lists": {
        "PrefixLists": [{"PrefixListId": "pl-0a1", "OwnerId": ACCOUNT, "MaxEntries": 5, "Version": 1}]
    },
    "ec2.get_managed_prefix_list_entries/pl-0a1": {"Entries": [{"Cidr": "10.0.1.0/24"}]},
    "ec2.search_transit_gateway_routes/tgw-rtb-0a1": {
        "Routes": [{"DestinationCidrBlock": "10.1.0.0/16", "State": "active"}],
        "AdditionalRoutesAvailable": False,
    },
    "elbv2.describe_load_balancer_attributes/front": {"Attributes": [{"Key": "zonal_shift", "Value": "false"}]},
    "elbv2.describe_target_group_attributes/web": {"Attributes": [{"Key": "stickiness", "Value": "false"}]},
    "elb.describe_load_balancer_attributes/old": {"LoadBalancerAttributes": {"CrossZoneLoadBalancing": {}}},
    "ec2.describe_vpc_block_public_access_options": {
        "VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": "off", "AwsAccountId": ACCOUNT}
    },
    "rds.describe_db_instances": {
        "DBInstances": [
            {"DBInstanceIdentifier": "orders", "DBInstanceArn": f"arn:aws:rds:us-east-1:{ACCOUNT}:db:orders"}
        ]
    },
}
"""Answer by call, a by-id call with its argument after a slash."""


def answers() -> dict[str, dict[str, Any]]:
    """The answers, free to be changed."""
    return copy.deepcopy(ANSWERS)


def write(folder: Path, name: str, value: object) -> Path:
    """Writes a file below the folder: JSON, or the text or bytes as they are."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    match value:
        case bytes():
            file.write_bytes(value)
        case str():
            file.write_text(value, encoding="utf-8")
        case _:
            file.write_text(json.dumps(value), encoding="utf-8")
    return file


def collected(folder: Path, content: dict[str, dict[str, Any]] | None = None) -> Path:
    """The folder in the collected form, without its snapshot.json."""
    for call, answer in (ANSWERS if content is None else content).items():
        write(folder, f"{PLACE}/{call}.json", answer)
    return folder


def loose(folder: Path, content: dict[str, dict[str, Any]] | None = None) -> Path:
    """The folder in the loose form: file names say nothing, by-id calls stand without their service."""
    for number, (call, answer) in enumerate((ANSWERS if content is None else content).items()):
        name, slash, argument = call.partition("/")
        method = name.partition(".")[2]
        write(folder, f"{method}/{argument}.json" if slash else f"{number}.json", answer)
    return folder
