"""The account with the worst path that AWS's quotas allow, for the engine's benchmark."""

from __future__ import annotations

import random
from typing import Any

from diagnosis.network.build import build
from diagnosis.network.described import Call, Described
from diagnosis.network.network import Network

ACCOUNT, REGION = "123456789012", "us-east-1"
Item = dict[str, Any]


def worst_account(seed: int = 7) -> tuple[Network, str, str]:
    """Two subnets; 200 outbound rules here, 200 inbound ones there, ACLs of 40 alternating entries. And both ends."""
    chance = random.Random(seed)
    half = "10.0.0.0/17", "10.0.128.0/17"
    answers: dict[str, Item] = {
        "describe_vpcs": {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]},
        "describe_subnets": {
            "Subnets": [{"SubnetId": f"subnet-{n}", "VpcId": "vpc-1", "CidrBlock": half[n]} for n in (0, 1)]
        },
        "describe_network_interfaces": {"NetworkInterfaces": [_interface(n) for n in (0, 1)]},
        "describe_security_groups": {"SecurityGroups": [_group(n, chance) for n in (0, 1)]},
        "describe_network_acls": {"NetworkAcls": [_acl(n, chance) for n in (0, 1)]},
        "describe_route_tables": {
            "RouteTables": [
                {
                    "RouteTableId": "rtb-1",
                    "VpcId": "vpc-1",
                    "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}],
                    "Associations": [{"Main": True}],
                }
            ]
        },
    }
    described = Described({Call(f"ec2.{name}", ACCOUNT, REGION): answer for name, answer in answers.items()})
    return build(described), "eni-0", "eni-1"


def _interface(n: int) -> Item:
    address = f"10.0.{n * 128}.10"
    return {
        "NetworkInterfaceId": f"eni-{n}",
        "VpcId": "vpc-1",
        "SubnetId": f"subnet-{n}",
        "Status": "in-use",
        "InterfaceType": "interface",
        "PrivateIpAddress": address,
        "PrivateIpAddresses": [{"PrivateIpAddress": address, "Primary": True}],
        "Groups": [{"GroupId": f"sg-{n}"}],
    }


def _group(n: int, chance: random.Random) -> Item:
    rules = []
    for _ in range(200):
        low = chance.randrange(0, 60000)
        peer = f"10.0.{chance.randrange(256)}.0/{chance.choice((17, 18, 20, 22, 24))}"
        rules.append(
            {
                "IpProtocol": "tcp",
                "FromPort": low,
                "ToPort": low + chance.randrange(1, 5000),
                "IpRanges": [{"CidrIp": peer}],
            }
        )
    return {
        "GroupId": f"sg-{n}",
        "VpcId": "vpc-1",
        "IpPermissions": rules if n else [],
        "IpPermissionsEgress": [] if n else rules,
    }


def _acl(n: int, chance: random.Random) -> Item:
    return {
        "NetworkAclId": f"acl-{n}",
        "VpcId": "vpc-1",
        "Associations": [{"SubnetId": f"subnet-{n}"}],
        "Entries": [entry for egress in (False, True) for entry in _entries(chance, egress=egress)],
    }


def _entries(chance: random.Random, *, egress: bool) -> list[Item]:
    """Deny and allow in turn, over overlapping ranges of addresses and ports; the last ones are wide."""
    found: list[Item] = []
    for number in range(1, 41):
        low = chance.choice((0, 22, 80, 443, 1024, 3306, 8080, 32768))
        wide = number == 40
        found.append(
            {
                "RuleNumber": number,
                "Egress": egress,
                "RuleAction": "allow" if number % 2 == 0 else "deny",
                "Protocol": "-1" if wide else "6",
                "CidrBlock": "0.0.0.0/0"
                if wide
                else f"10.0.{chance.randrange(4) * 64}.0/{chance.choice((16, 17, 18, 20, 24))}",
                "PortRange": {"From": low, "To": chance.randrange(low, 65536)},
            }
        )
    return found
