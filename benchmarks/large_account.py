"""A large account for the benchmarks, made with a seed: VPCs on a transit gateway, NAT and internet gateways.

`write(folder, interfaces=10_000)` makes a snapshot folder in the collected form, the same bytes for the same seed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ACCOUNT, REGION = "123456789012", "us-east-1"
VPCS, SUBNETS = 20, 10
FLEET, FLEET_SIZE = "sg-fleet", 200
"""A group besides the others, held by so many interfaces of the first VPC (fewer where the account is small)."""
PORTS = (22, 80, 443, 3306, 5432, 6379, 8080, 9092)
Item = dict[str, Any]


def write(folder: Path, *, interfaces: int = 10_000, groups: int = 2_000, rules: int = 20_000, seed: int = 7) -> None:
    """Writes the account into `folder`; `rules` is about how many group rules there are in all."""
    chance = random.Random(seed)
    where = folder / ACCOUNT / REGION
    where.mkdir(parents=True, exist_ok=True)
    subnets = [_subnet(v, s) for v in range(VPCS) for s in range(SUBNETS)]
    held = _groups_by_vpc(groups)
    enis = list(_interfaces(interfaces, chance, subnets, held))
    answers: dict[str, Item] = {
        "ec2.describe_vpcs": {"Vpcs": [_vpc(v) for v in range(VPCS)]},
        "ec2.describe_subnets": {"Subnets": subnets},
        "ec2.describe_network_interfaces": {"NetworkInterfaces": [*enis, *(_nat_interface(v) for v in range(VPCS))]},
        "ec2.describe_security_groups": {"SecurityGroups": [*_groups(chance, held, rules), _fleet(chance, held)]},
        "ec2.describe_network_acls": {
            "NetworkAcls": [_acl(v, half, subnets, chance) for v in range(VPCS) for half in (0, 1)]
        },
        "ec2.describe_route_tables": {"RouteTables": [t for v in range(VPCS) for t in _tables(v)]},
        "ec2.describe_internet_gateways": {
            "InternetGateways": [
                {"InternetGatewayId": f"igw-{v:017x}", "Attachments": [{"VpcId": _vpc_id(v), "State": "available"}]}
                for v in range(VPCS)
            ]
        },
        "ec2.describe_egress_only_internet_gateways": {"EgressOnlyInternetGateways": []},
        "ec2.describe_nat_gateways": {"NatGateways": [_nat(v) for v in range(VPCS)]},
        "ec2.describe_vpc_peering_connections": {"VpcPeeringConnections": []},
        "ec2.describe_vpc_endpoints": {"VpcEndpoints": []},
        "ec2.describe_managed_prefix_lists": {"PrefixLists": [_prefix_list(n) for n in range(40)]},
        "ec2.describe_instances": {"Reservations": [{"Instances": [_instance(e) for e in enis if "Attachment" in e]}]},
        **_transit_gateway(),
    }
    for name, answer in answers.items():
        (where / f"{name}.json").write_text(json.dumps(answer), "utf-8")
    for n in range(40):
        _write_at(where, "ec2.get_managed_prefix_list_entries", f"pl-{n:017x}", {"Entries": list(_entries(n, chance))})
    table = {"Routes": [_tgw_route(v) for v in range(VPCS)], "AdditionalRoutesAvailable": False}
    _write_at(where, "ec2.search_transit_gateway_routes", "tgw-rtb-1", table)
    associations = [
        {
            "TransitGatewayAttachmentId": f"tgw-attach-{v:017x}",
            "ResourceId": _vpc_id(v),
            "ResourceType": "vpc",
            "State": "associated",
        }
        for v in range(VPCS)
    ]
    _write_at(where, "ec2.get_transit_gateway_route_table_associations", "tgw-rtb-1", {"Associations": associations})
    manifest = {
        "taken_at": "2026-11-22T14:00:00Z",
        "accounts": [ACCOUNT],
        "regions": [REGION],
        "tool": "benchmarks",
        "calls": sorted(answers),
        "unseen": [],
    }
    (folder / "snapshot.json").write_text(json.dumps(manifest), "utf-8")


def _write_at(where: Path, call: str, argument: str, answer: Item) -> None:
    (where / call).mkdir(exist_ok=True)
    (where / call / f"{argument}.json").write_text(json.dumps(answer), "utf-8")


def _vpc_id(v: int) -> str:
    return f"vpc-{v:017x}"


def _vpc(v: int) -> Item:
    return {"VpcId": _vpc_id(v), "OwnerId": ACCOUNT, "CidrBlock": f"10.{v}.0.0/16", "State": "available"}


def _subnet(v: int, s: int) -> Item:
    return {
        "SubnetId": f"subnet-{v * 100 + s:017x}",
        "VpcId": _vpc_id(v),
        "OwnerId": ACCOUNT,
        "AvailabilityZone": f"{REGION}{'ab'[s % 2]}",
        "CidrBlock": f"10.{v}.{s * 16}.0/20",
    }


def _groups_by_vpc(groups: int) -> list[list[str]]:
    each = groups // VPCS
    return [[f"sg-{v * 1000 + n:017x}" for n in range(each)] for v in range(VPCS)]


def _interfaces(count: int, chance: random.Random, subnets: list[Item], held: list[list[str]]) -> Iterator[Item]:
    """So many interfaces over the subnets, no address twice; some of those in the first VPC are the fleet."""
    used: dict[str, int] = {}
    fleet = 0
    for i in range(count):
        subnet = subnets[chance.randrange(len(subnets))]
        host = used[subnet["SubnetId"]] = used.get(subnet["SubnetId"], 9) + 1
        item = _interface(i, host, chance, subnet, held)
        if subnet["VpcId"] == _vpc_id(0) and fleet < FLEET_SIZE and chance.random() < 0.6:
            item["Groups"].append({"GroupId": FLEET})
            fleet += 1
        yield item


def _interface(i: int, host: int, chance: random.Random, subnet: Item, held: list[list[str]]) -> Item:
    v = int(subnet["VpcId"][4:], 16)
    base = subnet["CidrBlock"].split("/")[0].split(".")
    address = f"10.{v}.{int(base[2]) + host // 250}.{host % 250 + 4}"
    groups = chance.sample(held[v], chance.choice((1, 1, 1, 2, 2, 3, 5)))
    eni = f"eni-{i:017x}"
    item: Item = {
        "NetworkInterfaceId": eni,
        "VpcId": subnet["VpcId"],
        "SubnetId": subnet["SubnetId"],
        "OwnerId": ACCOUNT,
        "AvailabilityZone": subnet["AvailabilityZone"],
        "InterfaceType": "interface",
        "Status": "in-use",
        "SourceDestCheck": True,
        "PrivateIpAddress": address,
        "PrivateIpAddresses": [{"PrivateIpAddress": address, "Primary": True}],
        "Groups": [{"GroupId": g} for g in groups],
        "Description": "",
        "TagSet": [{"Key": "Name", "Value": f"host-{i}"}],
    }
    if chance.random() < 0.8:
        item["Attachment"] = {"InstanceId": f"i-{i:017x}", "Status": "attached", "DeviceIndex": 0}
    if int(base[2]) == 0 and chance.random() < 0.3:
        item["PrivateIpAddresses"][0]["Association"] = {"PublicIp": f"52.{v}.{host // 250}.{host % 250}"}
    return item


def _nat_interface(v: int) -> Item:
    """The interface of a VPC's NAT gateway."""
    return {
        "NetworkInterfaceId": f"eni-nat{v}",
        "VpcId": _vpc_id(v),
        "SubnetId": f"subnet-{v * 100:017x}",
        "OwnerId": ACCOUNT,
        "AvailabilityZone": f"{REGION}a",
        "InterfaceType": "nat_gateway",
        "Status": "in-use",
        "SourceDestCheck": False,
        "PrivateIpAddress": f"10.{v}.0.5",
        "PrivateIpAddresses": [
            {"PrivateIpAddress": f"10.{v}.0.5", "Primary": True, "Association": {"PublicIp": f"54.{v}.0.5"}}
        ],
        "Groups": [],
        "Description": f"Interface for NAT Gateway nat-{v:017x}",
    }


def _instance(eni: Item) -> Item:
    return {
        "InstanceId": eni["Attachment"]["InstanceId"],
        "State": {"Name": "running"},
        "PlatformDetails": "Linux/UNIX",
    }


def _groups(chance: random.Random, held: list[list[str]], rules: int) -> Iterator[Item]:
    each = rules / sum(len(g) for g in held)
    for v, identities in enumerate(held):
        for identity in identities:
            ingress = list(_permissions(chance, identities, round(each * chance.choice((0.2, 0.5, 1, 1, 2)) * 0.8)))
            egress: list[Item] = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
            if chance.random() < 0.3:
                egress = list(_permissions(chance, identities, 6))
            yield {
                "GroupId": identity,
                "GroupName": identity,
                "VpcId": _vpc_id(v),
                "OwnerId": ACCOUNT,
                "IpPermissions": ingress,
                "IpPermissionsEgress": egress,
            }


def _fleet(chance: random.Random, held: list[list[str]]) -> Item:
    return {
        "GroupId": FLEET,
        "GroupName": "fleet",
        "VpcId": _vpc_id(0),
        "OwnerId": ACCOUNT,
        "IpPermissions": list(_permissions(chance, held[0], 6)),
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    }


def _permissions(chance: random.Random, groups: list[str], count: int) -> Iterator[Item]:
    for _ in range(max(1, count)):
        port = chance.choice(PORTS)
        item: Item = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port + chance.choice((0, 0, 0, 10))}
        kind = chance.random()
        if kind < 0.6:
            item["IpRanges"] = [
                {"CidrIp": f"10.{chance.randrange(VPCS)}.{chance.randrange(256)}.0/{chance.choice((16, 20, 24))}"}
            ]
        elif kind < 0.9:
            item["UserIdGroupPairs"] = [{"GroupId": chance.choice(groups), "UserId": ACCOUNT}]
        else:
            item["PrefixListIds"] = [{"PrefixListId": f"pl-{chance.randrange(40):017x}"}]
        yield item


def _prefix_list(n: int) -> Item:
    return {"PrefixListId": f"pl-{n:017x}", "PrefixListName": f"list-{n}", "OwnerId": ACCOUNT, "MaxEntries": 500}


def _entries(n: int, chance: random.Random) -> Iterator[Item]:
    for _ in range(50 + n * 10):
        yield {"Cidr": f"10.{chance.randrange(VPCS)}.{chance.randrange(256)}.{chance.randrange(16) * 16}/28"}


def _acl(v: int, half: int, subnets: list[Item], chance: random.Random) -> Item:
    mine = [s["SubnetId"] for n, s in enumerate(subnets) if n // SUBNETS == v and n % 2 == half]
    entries: list[Item] = [
        {"RuleNumber": 32767, "Egress": egress, "RuleAction": "deny", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}
        for egress in (True, False)
    ]
    for egress in (True, False):
        entries += [
            {
                "RuleNumber": 10 + n,
                "Egress": egress,
                "RuleAction": "deny",
                "Protocol": "6",
                "CidrBlock": f"10.{chance.randrange(VPCS)}.{chance.randrange(256)}.0/26",
                "PortRange": {"From": 20, "To": 8000},
            }
            for n in range(20)
        ]
        entries.append(
            {"RuleNumber": 100, "Egress": egress, "RuleAction": "allow", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}
        )
    return {
        "NetworkAclId": f"acl-{v * 2 + half:017x}",
        "VpcId": _vpc_id(v),
        "OwnerId": ACCOUNT,
        "IsDefault": False,
        "Entries": entries,
        "Associations": [{"SubnetId": s} for s in mine],
    }


def _tables(v: int) -> Iterator[Item]:
    local: Item = {"DestinationCidrBlock": f"10.{v}.0.0/16", "GatewayId": "local", "State": "active"}
    others: Item = {"DestinationCidrBlock": "10.0.0.0/8", "TransitGatewayId": "tgw-1", "State": "active"}
    out = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": f"igw-{v:017x}", "State": "active"}
    nat = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": f"nat-{v:017x}", "State": "active"}
    public = [f"subnet-{v * 100 + s:017x}" for s in (0, 1)]
    yield {
        "RouteTableId": f"rtb-{v * 2:017x}",
        "VpcId": _vpc_id(v),
        "OwnerId": ACCOUNT,
        "Routes": [local, others, out],
        "Associations": [{"SubnetId": s} for s in public],
    }
    yield {
        "RouteTableId": f"rtb-{v * 2 + 1:017x}",
        "VpcId": _vpc_id(v),
        "OwnerId": ACCOUNT,
        "Routes": [local, others, nat],
        "Associations": [{"Main": True}],
    }


def _nat(v: int) -> Item:
    address = {"PrivateIp": f"10.{v}.0.5", "PublicIp": f"54.{v}.0.5", "NetworkInterfaceId": f"eni-nat{v}"}
    return {
        "NatGatewayId": f"nat-{v:017x}",
        "VpcId": _vpc_id(v),
        "SubnetId": f"subnet-{v * 100:017x}",
        "State": "available",
        "NatGatewayAddresses": [address],
    }


def _transit_gateway() -> dict[str, Item]:
    attachments = [
        {
            "TransitGatewayAttachmentId": f"tgw-attach-{v:017x}",
            "TransitGatewayId": "tgw-1",
            "ResourceType": "vpc",
            "ResourceId": _vpc_id(v),
            "ResourceOwnerId": ACCOUNT,
            "State": "available",
            "Association": {"TransitGatewayRouteTableId": "tgw-rtb-1", "State": "associated"},
        }
        for v in range(VPCS)
    ]
    in_vpcs = [
        {
            "TransitGatewayAttachmentId": f"tgw-attach-{v:017x}",
            "TransitGatewayId": "tgw-1",
            "VpcId": _vpc_id(v),
            "VpcOwnerId": ACCOUNT,
            "State": "available",
            "SubnetIds": [f"subnet-{v * 100 + s:017x}" for s in (2, 3)],
            "Options": {"ApplianceModeSupport": "disable", "SecurityGroupReferencingSupport": "disable"},
        }
        for v in range(VPCS)
    ]
    return {
        "ec2.describe_transit_gateways": {
            "TransitGateways": [
                {
                    "TransitGatewayId": "tgw-1",
                    "OwnerId": ACCOUNT,
                    "State": "available",
                    "Options": {"SecurityGroupReferencingSupport": "disable"},
                }
            ]
        },
        "ec2.describe_transit_gateway_attachments": {"TransitGatewayAttachments": attachments},
        "ec2.describe_transit_gateway_vpc_attachments": {"TransitGatewayVpcAttachments": in_vpcs},
        "ec2.describe_transit_gateway_peering_attachments": {"TransitGatewayPeeringAttachments": []},
        "ec2.describe_transit_gateway_route_tables": {
            "TransitGatewayRouteTables": [
                {"TransitGatewayRouteTableId": "tgw-rtb-1", "TransitGatewayId": "tgw-1", "State": "available"}
            ]
        },
    }


def _tgw_route(v: int) -> Item:
    return {
        "DestinationCidrBlock": f"10.{v}.0.0/16",
        "Type": "propagated",
        "State": "active",
        "TransitGatewayAttachments": [
            {"TransitGatewayAttachmentId": f"tgw-attach-{v:017x}", "ResourceId": _vpc_id(v), "ResourceType": "vpc"}
        ],
    }
