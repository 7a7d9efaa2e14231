"""A random account over a world: describe answers as AWS would give them, from which engine and lab are both made."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.kernel.account import Account, Asked, Item
from tests.kernel.random_routes import route_tables
from tests.kernel.random_rules import Palette, group, network_acl, palette
from tests.kernel.world import ACCOUNT, OUTSIDE, REGIONS, Host, World

GROUPS_OF_A_VPC = 5


def random_account(random: Random, world: World) -> Account:
    """One account; the same random state gives the same one."""
    regions: dict[str, dict[str, list[Item]]] = {region: {} for region in REGIONS}
    lists = _prefix_lists(random, world)
    for vpc, region in enumerate(REGIONS):
        answers = regions[region]
        for call, items in _vpc(random, world, vpc, lists).items():
            answers.setdefault(call, []).extend(items)
    for connection in _peerings(random, world):
        for side in ("RequesterVpcInfo", "AccepterVpcInfo"):
            known = regions[connection[side]["Region"]].setdefault(
                "describe_vpc_peering_connections/VpcPeeringConnections", []
            )
            if connection not in known:
                known.append(connection)
    found: dict[Asked, dict[str, Any]] = {}
    for region, answers in regions.items():
        listed = [{"PrefixListId": name, "PrefixListName": name, "State": "create-complete"} for name in lists[region]]
        answers["describe_managed_prefix_lists/PrefixLists"] = listed
        for name, cidrs in lists[region].items():
            entries = {"Entries": [{"Cidr": cidr} for cidr in cidrs]}
            found[Asked("ec2.get_managed_prefix_list_entries", ACCOUNT, region, name)] = entries
        mode = random.choices(("off", "block-ingress", "block-bidirectional"), (90, 6, 4))[0]
        options = {"VpcBlockPublicAccessOptions": {"AwsRegion": region, "InternetGatewayBlockMode": mode}}
        found[Asked("ec2.describe_vpc_block_public_access_options", ACCOUNT, region)] = options
        for call, items in answers.items():
            operation, _, key = call.partition("/")
            found[Asked(f"ec2.{operation}", ACCOUNT, region)] = {key: random.sample(items, len(items))}
    return Account(found, OUTSIDE)


def _prefix_lists(random: Random, world: World) -> dict[str, dict[str, list[str]]]:
    """Prefix lists by Region: one of each VPC's ranges, one mixed, one for IPv6."""
    found: dict[str, dict[str, list[str]]] = {}
    for number, region in enumerate(dict.fromkeys(REGIONS)):
        hosts = [f"{address}/32" for host in world.hosts for address in host.addresses]
        found[region] = {f"pl-{number}v{vpc}": list(world.blocks[vpc]) for vpc in range(3)}
        found[region][f"pl-{number}mixed"] = [
            *random.sample(hosts, 3),
            random.choice(world.places).cidr,
            "203.0.113.0/24",
        ]
        found[region][f"pl-{number}six"] = [random.choice(world.six_blocks), "2001:db8:ffff::/48"]
    return found


def _vpc(random: Random, world: World, vpc: int, lists: dict[str, dict[str, list[str]]]) -> dict[str, list[Item]]:
    """The answers about one VPC, by `operation/key`."""
    name, region = world.vpc_name(vpc), REGIONS[vpc]
    colours = palette(random, world, tuple(lists[region]))
    mine = [host for host in world.hosts if host.vpc == vpc]
    number = list(dict.fromkeys(REGIONS)).index(region)
    interfaces = [_interface(random, world, host) for host in mine]
    nats = _nat_gateways(random, world, vpc)
    return {
        "describe_vpcs/Vpcs": [_described_vpc(world, vpc)],
        "describe_subnets/Subnets": _subnets(world, vpc),
        "describe_network_interfaces/NetworkInterfaces": interfaces + [_interface_of_nat(nat) for nat in nats],
        "describe_instances/Reservations": [_reservation(random, host) for host in mine],
        "describe_security_groups/SecurityGroups": _groups(random, world, vpc, colours),
        "describe_network_acls/NetworkAcls": _acls(random, world, vpc, colours),
        "describe_route_tables/RouteTables": route_tables(
            random, world, vpc, {v: f"pl-{number}v{v}" for v in range(3)}
        ),
        "describe_nat_gateways/NatGateways": nats,
        "describe_internet_gateways/InternetGateways": [
            {
                "InternetGatewayId": f"igw-{vpc}",
                "OwnerId": ACCOUNT,
                "Attachments": [{"VpcId": name, "State": "available"}],
            }
        ],
        "describe_egress_only_internet_gateways/EgressOnlyInternetGateways": [
            {"EgressOnlyInternetGatewayId": f"eigw-{vpc}", "Attachments": [{"VpcId": name, "State": "attached"}]}
        ],
    }


def _described_vpc(world: World, vpc: int) -> Item:
    def associated(cidr: str, key: str) -> Item:
        return {"AssociationId": f"vpc-cidr-assoc-{cidr}", key: cidr, f"{key}State": {"State": "associated"}}

    return {
        "VpcId": world.vpc_name(vpc),
        "OwnerId": ACCOUNT,
        "CidrBlock": world.blocks[vpc][0],
        "CidrBlockAssociationSet": [associated(cidr, "CidrBlock") for cidr in world.blocks[vpc]],
        "Ipv6CidrBlockAssociationSet": [associated(world.six_blocks[vpc], "Ipv6CidrBlock")],
    }


def _subnets(world: World, vpc: int) -> list[Item]:
    found = []
    for place in world.places:
        if place.vpc == vpc:
            item: Item = {
                "SubnetId": place.id,
                "VpcId": world.vpc_name(vpc),
                "OwnerId": ACCOUNT,
                "CidrBlock": place.cidr,
            }
            item["AvailabilityZone"] = f"{REGIONS[vpc]}a"
            item["Ipv6CidrBlockAssociationSet"] = (
                [{"Ipv6CidrBlock": place.six, "Ipv6CidrBlockState": {"State": "associated"}}] if place.six else []
            )
            found.append(item)
    return found


def _public(vpc: int, private: str) -> str:
    """The public address that a private one gets, if it gets one."""
    first, _, third, fourth = private.split(".")
    return f"52.{2 * vpc + (first != '10')}.{third}.{fourth}"


def _interface(random: Random, world: World, host: Host) -> Item:
    addresses = []
    for number, address in enumerate(host.addresses):
        entry: Item = {"PrivateIpAddress": address, "Primary": number == 0}
        if random.random() < 0.4:
            entry["Association"] = {"PublicIp": _public(host.vpc, address), "IpOwnerId": ACCOUNT}
        addresses.append(entry)
    held = random.sample(range(GROUPS_OF_A_VPC), random.choice((1, 1, 1, 2, 2, 3)))
    item: Item = {
        "NetworkInterfaceId": host.eni,
        "VpcId": world.vpc_name(host.vpc),
        "SubnetId": host.subnet,
        "OwnerId": ACCOUNT,
        "InterfaceType": "interface",
        "Status": "in-use",
        "SourceDestCheck": True,
        "PrivateIpAddress": host.addresses[0],
        "PrivateIpAddresses": addresses,
        "Ipv6Addresses": [{"Ipv6Address": host.six}] if host.six else [],
        "Groups": [{"GroupId": f"sg-{host.vpc}{number}", "GroupName": ""} for number in held],
        "Attachment": {"InstanceId": host.instance, "DeviceIndex": 0, "Status": "attached"},
    }
    if host.prefix:
        item["Ipv4Prefixes"] = [{"Ipv4Prefix": host.prefix}]
    if "Association" in addresses[0]:
        item["Association"] = addresses[0]["Association"]
    return item


def _reservation(random: Random, host: Host) -> Item:
    state = "running" if random.random() < 0.97 else "stopped"
    attached = {"NetworkInterfaceId": host.eni, "Attachment": {"DeviceIndex": 0, "Status": "attached"}}
    return {"Instances": [{"InstanceId": host.instance, "State": {"Name": state}, "NetworkInterfaces": [attached]}]}


def _nat_gateways(random: Random, world: World, vpc: int) -> list[Item]:
    found = []
    for place in world.places:
        if place.vpc == vpc and place.nat:
            public = random.random() < 0.92
            address: Item = {
                "PrivateIp": place.nat_address,
                "NetworkInterfaceId": f"eni-{place.nat}",
                "IsPrimary": True,
            }
            if public:
                address["PublicIp"] = f"52.9.{vpc}.1"
            found.append(
                {
                    "NatGatewayId": place.nat,
                    "VpcId": world.vpc_name(vpc),
                    "SubnetId": place.id,
                    "State": "available" if random.random() < 0.9 else random.choice(("pending", "failed", "deleting")),
                    "ConnectivityType": "public" if public else "private",
                    "NatGatewayAddresses": [address],
                }
            )
    return found


def _interface_of_nat(nat: Item) -> Item:
    address = nat["NatGatewayAddresses"][0]
    entry: Item = {"PrivateIpAddress": address["PrivateIp"], "Primary": True}
    if "PublicIp" in address:
        entry["Association"] = {"PublicIp": address["PublicIp"], "IpOwnerId": ACCOUNT}
    return {
        "NetworkInterfaceId": address["NetworkInterfaceId"],
        "VpcId": nat["VpcId"],
        "SubnetId": nat["SubnetId"],
        "OwnerId": ACCOUNT,
        "InterfaceType": "nat_gateway",
        "Description": f"Interface for NAT Gateway {nat['NatGatewayId']}",
        "Status": "in-use",
        "SourceDestCheck": False,
        "PrivateIpAddress": address["PrivateIp"],
        "PrivateIpAddresses": [entry],
        "Ipv6Addresses": [],
        "Groups": [],
        **({"Association": entry["Association"]} if "Association" in entry else {}),
    }


def _groups(random: Random, world: World, vpc: int, colours: Palette) -> list[Item]:
    """Groups that name each other, and those of VPCs on the other side of a peering connection."""
    pairs = [{"GroupId": f"sg-{vpc}{n}", "UserId": ACCOUNT} for n in range(GROUPS_OF_A_VPC)] * 3
    for identity, *sides in world.peerings:
        if vpc in sides:
            other = next(side for side in sides if side != vpc)
            about = {"UserId": ACCOUNT, "VpcId": world.vpc_name(other), "VpcPeeringConnectionId": identity}
            pairs += [{"GroupId": f"sg-{other}{n}", **about} for n in range(GROUPS_OF_A_VPC)]
    pairs.append({"GroupId": "sg-deleted", "UserId": ACCOUNT})
    return [
        group(random, f"sg-{vpc}{number}", world.vpc_name(vpc), colours, tuple(pairs))
        for number in range(GROUPS_OF_A_VPC)
    ]


def _acls(random: Random, world: World, vpc: int, colours: Palette) -> list[Item]:
    """A default ACL and two others; the last one is not for the subnet of a NAT gateway (see `network_acl`)."""
    found = [
        network_acl(random, f"acl-{vpc}{n}", world.vpc_name(vpc), colours, default=n == 0, whole=n < 2)
        for n in range(3)
    ]
    for place in world.places:
        if place.vpc == vpc:
            chosen = found[random.randrange(2 if place.nat else 3)]
            member = {
                "NetworkAclAssociationId": f"aclassoc-{place.id}",
                "NetworkAclId": chosen["NetworkAclId"],
                "SubnetId": place.id,
            }
            chosen["Associations"].append(member)
    return found


def _peerings(random: Random, world: World) -> list[Item]:
    def side(vpc: int) -> Item:
        return {
            "VpcId": world.vpc_name(vpc),
            "OwnerId": ACCOUNT,
            "Region": REGIONS[vpc],
            "CidrBlock": world.blocks[vpc][0],
            "CidrBlockSet": [{"CidrBlock": cidr} for cidr in world.blocks[vpc]],
            "Ipv6CidrBlockSet": [{"Ipv6CidrBlock": world.six_blocks[vpc]}],
        }

    return [
        {
            "VpcPeeringConnectionId": identity,
            "RequesterVpcInfo": side(requester),
            "AccepterVpcInfo": side(accepter),
            "Status": {
                "Code": "active"
                if random.random() < 0.9
                else random.choice(("pending-acceptance", "deleted", "expired"))
            },
        }
        for identity, requester, accepter in world.peerings
    ]
