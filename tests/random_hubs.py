"""Random accounts with what `tests.random_accounts` lacks: a transit gateway, second ranges and second addresses."""

from __future__ import annotations

import random

from tests.accounts import Json, route
from tests.diagnosis.trace.hubs import Hub, hub_route
from tests.random_accounts import random_account

VPCS = range(3)
TABLES = ("tgw-rtb-1", "tgw-rtb-2")


def random_hub(seed: int) -> Hub:
    """The random account of this seed, whose VPCs also hang on a transit gateway of two tables."""
    chance = random.Random(seed)
    made = Hub()
    random_account(seed, made=made)
    made.gateway(references=chance.choice(["enable", "disable"]))
    for k in VPCS:
        _second_range(made, chance, k)
        subnets = chance.choice([[f"subnet-{k}1"], [f"subnet-{k}1", f"subnet-{k}2"]])
        table = chance.choice([*TABLES, *TABLES, None])
        made.attached_vpc(
            f"tgw-attach-{k}", f"vpc-{k}", subnets, table, references=chance.choice(["enable", "disable"])
        )
        if chance.random() < 0.1:
            made.state(f"tgw-attach-{k}", "pendingAcceptance")
    for table in TABLES:
        made.hub_table(table, *_hub_routes(chance))
    _towards_the_hub(made, chance)
    return made


def _second_range(made: Hub, chance: random.Random, k: int) -> None:
    """A second IPv4 range with a subnet of its own, and an interface there with two addresses."""
    vpc = made.items["ec2.describe_vpcs"][k]
    vpc["CidrBlockAssociationSet"].append(
        {"CidrBlock": f"100.64.{k}.0/24", "CidrBlockState": {"State": chance.choice(["associated"] * 4 + ["failed"])}}
    )
    made.subnet(f"subnet-{k}3", f"vpc-{k}", f"100.64.{k}.0/25")
    made.acl(f"acl-{k}3", f"vpc-{k}", [f"subnet-{k}3"])
    for table in made.items["ec2.describe_route_tables"]:
        if table["VpcId"] == f"vpc-{k}":
            table["Routes"].append(route(f"100.64.{k}.0/24", "local", origin="CreateRouteTable"))
    made.interface(f"eni-{k}310", f"subnet-{k}3", f"100.64.{k}.10", f"100.64.{k}.11", groups=[f"sg-{k}1"])


def _hub_routes(chance: random.Random) -> list[Json]:
    found = []
    for k in VPCS:
        way = chance.random()
        if way < 0.75:
            static = chance.random() < 0.5
            found.append(hub_route(f"10.{k}.0.0/16", f"tgw-attach-{k}", f"vpc-{k}", static=static))
        elif way < 0.85:
            found.append(hub_route(f"10.{k}.0.0/16", "", state="blackhole", static=True))
        if chance.random() < 0.2:
            astray = chance.choice(VPCS)
            found.append(hub_route(f"10.{k}.1.0/24", f"tgw-attach-{astray}", f"vpc-{astray}", static=True))
        if chance.random() < 0.5:
            found.append(hub_route(f"100.64.{k}.0/24", f"tgw-attach-{k}", f"vpc-{k}"))
    return found


def _towards_the_hub(made: Hub, chance: random.Random) -> None:
    """Routes to the transit gateway, where a table has none for the range yet."""
    for table in made.items["ec2.describe_route_tables"]:
        taken = {listed.get("DestinationCidrBlock") for listed in table["Routes"]}
        for k in VPCS:
            for cidr in (f"10.{k}.0.0/16", f"100.64.{k}.0/24"):
                if cidr not in taken and chance.random() < 0.7:
                    table["Routes"].append(route(cidr, "tgw-1"))
