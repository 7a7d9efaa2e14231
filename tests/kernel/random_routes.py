"""Random route tables over a world: missing routes, blackholes, more specific ones, one-sided peering, wrong turns."""

from __future__ import annotations

from random import Random

from tests.kernel.account import Item
from tests.kernel.random_rules import ANY_FOUR, ANY_SIX
from tests.kernel.world import ACCOUNT, OUTSIDE, Place, World


def route_tables(random: Random, world: World, vpc: int, lists: dict[int, str]) -> list[Item]:
    """The `RouteTables` of a VPC: a main one and up to three others, which some subnets name and some do not.

    `lists` holds, by VPC, a prefix list of its ranges that routes may name.
    """
    mine = [place for place in world.places if place.vpc == vpc]
    count = random.randint(2, 4)
    tables = [_table(random, world, vpc, number, lists) for number in range(count)]
    for place in mine:
        # A NAT gateway belongs in a public subnet, and now and then somebody puts it elsewhere.
        chosen = random.choice((1, 1, 1, 1, 1, 1, 1, 0)) if place.nat else random.randrange(count)
        if chosen != 0 or random.random() < 0.3:
            tables[chosen]["Associations"].append(_association(tables[chosen], {"SubnetId": place.id, "Main": False}))
    tables[0]["Associations"].append(_association(tables[0], {"Main": True}))
    return tables


def _association(table: Item, members: Item) -> Item:
    count = len(table["Associations"])
    return {
        "RouteTableAssociationId": f"rtbassoc-{table['RouteTableId']}-{count}",
        "RouteTableId": table["RouteTableId"],
        "AssociationState": {"State": "associated"},
        **members,
    }


def _table(random: Random, world: World, vpc: int, number: int, lists: dict[int, str]) -> Item:
    """Table 1 leads to the internet gateway, the others mostly to the NAT gateway."""
    routes: list[Item] = [_route(cidr, {"GatewayId": "local"}, origin="CreateRouteTable") for cidr in world.blocks[vpc]]
    routes.append(_route(world.six_blocks[vpc], {"GatewayId": "local"}, origin="CreateRouteTable"))
    for other in range(3):
        if other != vpc:
            routes += _to_vpc(random, world, vpc, other, lists)
    routes += _outward(random, world, vpc, public=number == 1 or random.random() < 0.3)
    if random.random() < 0.15:
        target = random.choice(({"GatewayId": f"igw-{vpc}"}, {"GatewayId": f"igw-{vpc}"}, None))
        routes.append(_route("10.0.0.0/8" if random.random() < 0.5 else f"{random.choice(OUTSIDE[:2])}/32", target))
    random.shuffle(routes)
    return {
        "RouteTableId": f"rtb-{vpc}{number}",
        "VpcId": f"vpc-{vpc}",
        "OwnerId": ACCOUNT,
        "Routes": routes,
        "Associations": [],
    }


def _route(destination: str, target: Item | None, *, origin: str = "CreateRoute", state: str = "active") -> Item:
    """A route; without a target one whose target has been deleted, which AWS calls a blackhole."""
    key = "DestinationPrefixListId" if destination.startswith("pl-") else "DestinationCidrBlock"
    if ":" in destination:
        key = "DestinationIpv6CidrBlock"
    if target is None:
        target, state = {"NatGatewayId": "nat-deleted"}, "blackhole"
    return {key: destination, **target, "Origin": origin, "State": state}


def _to_vpc(random: Random, world: World, vpc: int, other: int, lists: dict[int, str]) -> list[Item]:
    direct = [identity for identity, *sides in world.peerings if set(sides) == {vpc, other}]
    if not direct or random.random() < 0.08:
        # Through somebody else's connection, which carries nothing that is not theirs.
        others = [identity for identity, *sides in world.peerings if vpc in sides]
        if not others or random.random() < 0.5:
            return []
        direct = [random.choice(others)]
    target = {"VpcPeeringConnectionId": direct[0]}
    routes = [_route(world.six_blocks[other], target)] if random.random() < 0.8 else []
    match random.choices(("whole", "list", "parts", "none"), (60, 12, 18, 10))[0]:
        case "whole":
            state = "active" if random.random() < 0.92 else "blackhole"
            routes += [_route(cidr, target, state=state) for cidr in world.blocks[other]]
        case "list":
            routes.append(_route(lists[other], target))
            if random.random() < 0.4:
                # The same range once more: the route that names it wins over the list's.
                routes.append(_route(world.blocks[other][0], None))
        case "parts":
            theirs = [place for place in world.places if place.vpc == other]
            routes += [_route(place.cidr, target) for place in random.sample(theirs, len(theirs) // 2 + 1)]
        case _:
            return routes
    if random.random() < 0.2:
        # Something more specific that wins: a blackhole, or the same connection once more.
        inner = _inside(random, [place for place in world.places if place.vpc == other])
        taken = {route.get("DestinationCidrBlock") for route in routes}
        if inner not in taken:
            routes.append(_route(inner, target if random.random() < 0.3 else None))
    return routes


def _inside(random: Random, places: list[Place]) -> str:
    base, _, size = random.choice(places).cidr.partition("/")
    return f"{base}/{min(int(size) + random.choice((0, 1)), 28)}"


def _outward(random: Random, world: World, vpc: int, *, public: bool) -> list[Item]:
    nat = next((place.nat for place in world.places if place.vpc == vpc and place.nat), None)
    ways: list[Item | None] = [{"GatewayId": f"igw-{vpc}"}] * (8 if public else 1)
    ways += [{"NatGatewayId": nat}] * (1 if public else 7) if nat else [{"GatewayId": f"igw-{vpc}"}]
    routes = []
    dice = random.random()
    if dice < 0.92:
        routes.append(_route(ANY_FOUR, random.choice(ways) if dice < 0.88 else None))
    dice = random.random()
    if dice < 0.8:
        six: Item = (
            {"GatewayId": f"igw-{vpc}"} if public or dice < 0.3 else {"EgressOnlyInternetGatewayId": f"eigw-{vpc}"}
        )
        routes.append(_route(ANY_SIX, six))
    return routes
