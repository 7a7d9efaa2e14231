"""What a change opens, found cohort by cohort, is what one trace for each two addresses finds, before and after."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import large_account
from diagnosis.fix import exposure as exposures
from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, NotApplicable, RouteChange, apply_all
from diagnosis.fix.exposure import exposure, newly_open
from diagnosis.fix.parties import Opened
from diagnosis.network.build import build
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.snapshots.read import read_snapshot
from diagnosis.trace.places import Held, Internet, Place
from diagnosis.trace.trace import Flow, trace
from diagnosis.traffic.addresses import ALL_ADDRESSES, is_ipv6, parse_address
from diagnosis.traffic.intervals import has
from diagnosis.traffic.traffic import NOTHING, Traffic
from tests import depth
from tests.accounts import EVERYTHING, Account, entry, open_entries, route, rule, two_subnets, two_vpcs, with_internet
from tests.random_accounts import random_account

STRANGER = parse_address("203.0.113.9")
OUTSIDE = "203.0.113.9"
RANGES = ("10.0.0.0/8", "10.0.1.0/24", "10.1.2.10/32", "0.0.0.0/0", "::/0", "203.0.113.0/24", "2001:db8:1::/56")


def works(network: Network, source: Place, destination: Place) -> Traffic:
    found = NOTHING
    for path in trace(network, Flow(source, destination, None, None), explain=False).paths:
        found = found.union(path.total[1].traffic)
    return found


def without_addresses(traffic: Traffic) -> Traffic:
    boxes = (box._replace(source=ALL_ADDRESSES, destination=ALL_ADDRESSES) for box in traffic.boxes)
    return Traffic.of(*boxes)


def addresses(interface: NetworkInterface) -> list[int]:
    return [*(a.private for a in interface.ipv4), *interface.ipv6]


def flows(network: Network) -> Iterator[tuple[str, str, Place, Place]]:
    """Every two addresses of two interfaces, and of each with one address of the internet."""
    for one in network.interfaces.values():
        for other in network.interfaces.values():
            for ours in addresses(one) if one is not other else ():
                for theirs in addresses(other):
                    if is_ipv6(ours) is is_ipv6(theirs):
                        yield one.id, other.id, Held(one, ours, ours), Held(other, theirs, theirs)
                for address in other.ipv4 if not is_ipv6(ours) else ():
                    if address.public is not None:
                        yield one.id, other.id, Held(one, ours, ours), Held(other, address.public, address.private)
        for address in one.ipv4:
            stranger = Internet((STRANGER, STRANGER + 1))
            yield one.id, OUTSIDE, Held(one, address.private, address.private), stranger
            if address.public is not None:
                yield OUTSIDE, one.id, stranger, Held(one, address.public, address.private)


Known = list[tuple[tuple[str, str, Place, Place], Traffic]]
"""What works between every two addresses."""


def as_it_is(network: Network) -> Known:
    return [(ends, works(network, ends[2], ends[3])) for ends in flows(network)]


def naive(before: Known, after: Network) -> dict[tuple[str, str], Traffic]:
    found: dict[tuple[str, str], Traffic] = {}
    for (one, other, source, destination), worked in before:
        new = works(after, source, destination).minus(worked)
        found[one, other] = found.get((one, other), NOTHING).union(without_addresses(new))
    return {ends: traffic for ends, traffic in found.items() if not traffic.empty}


def told(network: Network, opened: list[Opened]) -> dict[tuple[str, str], Traffic]:
    found: dict[tuple[str, str], Traffic] = {}
    for one in opened:
        for box in one.traffic.boxes:
            sources = [s for s in one.sources if s in network.interfaces] or [OUTSIDE] * has(box.source, STRANGER)
            destinations = [d for d in one.destinations if d in network.interfaces]
            for source in sources:
                for destination in destinations or [OUTSIDE] * has(box.destination, STRANGER):
                    if source != destination:
                        known = found.get((source, destination), NOTHING)
                        found[source, destination] = known.union(without_addresses(Traffic.of(box)))
    return found


def some_change(network: Network, chance: random.Random, kind: str) -> Change:
    protocol = chance.choice(["tcp", "tcp", "udp", "-1"])
    low, high = chance.choice([(22, 22), (3306, 3306), (0, 65535), (1024, 40000)])
    ports: dict[str, Any] = {} if protocol == "-1" else {"from_port": low, "to_port": high}
    direction: Any = chance.choice(["ingress", "egress"])
    if kind == "acl":
        component = chance.choice(sorted(network.acls))
        for denied in network.acls[component].entries:
            if denied.number == 95 and chance.random() < 0.8:
                direction = "egress" if denied.egress else "ingress"
        return AclEntryChange(
            component=component,
            direction=direction,
            number=chance.randrange(1, 90),
            protocol=protocol,
            cidr=chance.choice(["10.0.0.0/8", *RANGES]),
            **ports,
        )
    if kind == "route":
        component = chance.choice(sorted(network.route_tables))
        destination = chance.choice(["10.0.0.0/16", "10.1.0.0/16", "10.0.0.0/22", "10.1.0.0/22"])
        target = chance.choice(sorted(network.peerings))
        return RouteChange(
            component=component, destination=destination, target_kind="vpc-peering-connection", target=target
        )
    groups = sorted(network.groups)
    peer: dict[str, Any] = {"group": chance.choice(groups)} if kind == "group" else {"cidr": chance.choice(RANGES)}
    return GroupRuleChange(component=chance.choice(groups), direction=direction, protocol=protocol, **ports, **peer)


def agrees(network: Network, changes: tuple[Change, ...], before: Known | None = None) -> bool:
    """Whether there was anything to find; it is the same found in both ways.

    `before` spares several changes of one network that each of them traces again what works without it.
    """
    try:
        after = apply_all(changes, network)
    except NotApplicable:
        return False
    opened, at_least = newly_open(network, after, changes)
    found, expected = told(network, opened), naive(before or as_it_is(network), after)
    assert not at_least
    assert found.keys() == expected.keys(), changes
    for ends, traffic in expected.items():
        assert found[ends].same_as(traffic), (ends, changes)
    return bool(expected)


def only_this_stands_in_the_way(account: Account, chance: random.Random, kind: str) -> None:
    """Groups let everything pass; ACLs deny a few ports, or half of the routes to peers are missing."""
    for group in account.items["ec2.describe_security_groups"]:
        group["IpPermissions"] = group["IpPermissionsEgress"] = list(EVERYTHING)
    for acl in account.items["ec2.describe_network_acls"]:
        ports, egress = chance.choice([(22, 443), (1024, 65535)]), chance.random() < 0.5
        denied = [entry(95, "deny", "10.0.0.0/8", "6", ports, egress=egress)] if kind == "acl" else []
        acl["Entries"] = [*open_entries(), *denied]
    for peering in account.items["ec2.describe_vpc_peering_connections"]:
        peering["Status"]["Code"] = "active"
    for table in account.items["ec2.describe_route_tables"] if kind == "route" else ():
        table["Routes"] = [r for r in table["Routes"] if "VpcPeeringConnectionId" not in r or chance.random() < 0.5]


@pytest.mark.parametrize("kind", ["cidr", "group", "acl", "route"])
def test_the_exposure_is_the_difference_of_one_trace_for_each_two_addresses(kind: str) -> None:
    opening = 0
    for seed in range(depth.of(3, 5)):
        chance = random.Random(f"{kind} {seed}")
        account = random_account(seed, vpcs=2)
        if kind in ("acl", "route"):
            only_this_stands_in_the_way(account, chance, kind)
        network = account.network()
        before = as_it_is(network)
        for _ in range(5 if kind == "route" else 2):
            opening += agrees(network, (some_change(network, chance, kind),), before)
    assert opening


def test_the_exposure_of_several_changes_at_once() -> None:
    opening = 0
    for seed in range(depth.of(4, 8)):
        chance = random.Random(seed)
        network = random_account(seed, vpcs=2).network()
        kinds = chance.sample(["cidr", "cidr", "group", "acl"], 2)
        changes = tuple(some_change(network, chance, kind) for kind in kinds)
        opening += agrees(network, changes)
    assert opening


@pytest.mark.parametrize(
    ("direction", "protocol", "port"), [("ingress", "tcp", 3307), ("ingress", "-1", None), ("egress", "-1", None)]
)
def test_the_exposure_over_a_transit_gateway_is_that_difference_too(
    direction: Any, protocol: str, port: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """VPCs with attachments in two zones, NAT gateways, prefix lists, and groups that let a part out."""
    monkeypatch.setattr(large_account, "VPCS", 3)
    large_account.write(tmp_path, interfaces=24, groups=15, rules=150, seed=5)
    network = build(read_snapshot(tmp_path))
    fleet = network.groups[large_account.FLEET]
    for held in [group for group in network.groups.values() if direction == "egress" and group.vpc == fleet.vpc]:
        network = network.with_group(held.with_rules(rule for rule in held.rules if not rule.egress))
    change = GroupRuleChange(
        component=fleet.id, direction=direction, protocol=protocol, from_port=port, to_port=port, cidr="10.0.0.0/8"
    )

    assert agrees(network, (change,))


def test_an_entry_of_an_acl_that_two_subnets_share_counts_on_both_legs_and_not_inside_a_subnet() -> None:
    """The entry judges requests into one subnet and replies into the other; neighbours never met it."""
    account = Account()
    account.vpc("vpc-a", "10.0.0.0/16")
    for n in (1, 2):
        account.subnet(f"subnet-{n}", "vpc-a", f"10.0.{n}.0/24")
        for host in (10, 20):
            account.interface(f"eni-{n}{host}", f"subnet-{n}", f"10.0.{n}.{host}", groups=["sg-open"])
    account.group("sg-open", "vpc-a")
    requests = [entry(50, "allow", "10.0.0.0/16", "tcp", (22, 22)), entry(50, "allow", egress=True)]
    account.acl("acl-1", "vpc-a", ["subnet-1", "subnet-2"], requests)
    account.table("rtb-1", "vpc-a", main=True)
    network = account.network()
    change = AclEntryChange(
        component="acl-1",
        direction="ingress",
        number=60,
        protocol="tcp",
        from_port=1024,
        to_port=65535,
        cidr="10.0.0.0/16",
    )

    assert agrees(network, (change,))
    opened, _ = newly_open(network, change.apply(network), (change,))
    assert {(s[4], d[4]) for one in opened for s in one.sources for d in one.destinations} == {("1", "2"), ("2", "1")}


def behind_a_nat_gateway(public: bool) -> tuple[Account, GroupRuleChange]:
    """A group that lets nobody in, and a rule for the address of a NAT gateway on the way there."""
    if public:
        account = with_internet(two_subnets())
        account.nat("nat-1", "subnet-1", "10.0.1.200", "198.51.100.200")
        account.items["ec2.describe_route_tables"][1]["Routes"].append(route("0.0.0.0/0", "nat-1"))
    else:
        account = two_vpcs()
        account.nat("nat-1", "subnet-1", "10.0.1.200", None)
        routes = account.items["ec2.describe_route_tables"][1]["Routes"]
        routes[:] = [r for r in routes if "VpcPeeringConnectionId" not in r] + [route("10.9.0.0/16", "nat-1")]
    group, cidr = ("sg-open", "198.51.100.200/32") if public else ("sg-peer", "10.0.1.200/32")
    for one in account.items["ec2.describe_security_groups"]:
        if one["GroupId"] == group:
            one["IpPermissions"] = []
    rule = GroupRuleChange(
        component=group, direction="ingress", protocol="tcp", from_port=3306, to_port=3306, cidr=cidr
    )
    return account, rule


@pytest.mark.parametrize("public", [False, True])
def test_a_rule_for_the_address_of_a_nat_gateway_opens_to_whoever_is_behind_it(public: bool) -> None:
    account, rule = behind_a_nat_gateway(public)
    network = build(account.described())

    assert agrees(network, (rule,))

    opened, _ = newly_open(network, apply_all((rule,), network), (rule,))
    assert "eni-server" in {source for source, _ in told(network, list(opened))}


def test_a_row_with_one_destination_does_not_count_it_among_the_sources() -> None:
    """Six neighbours hold the group that is to be let in to one of them."""
    account = Account()
    account.vpc("vpc-a", "10.0.0.0/16")
    account.subnet("subnet-1", "vpc-a", "10.0.1.0/24")
    for host in range(1, 8):
        groups = ["sg-all", "sg-one"] if host == 1 else ["sg-all"]
        account.interface(f"eni-{host}", "subnet-1", f"10.0.1.{10 + host}", groups=groups)
    account.group("sg-all", "vpc-a", [], list(EVERYTHING))
    account.group("sg-one", "vpc-a", [], [])
    account.acl("acl-1", "vpc-a", ["subnet-1"], open_entries())
    account.table("rtb-1", "vpc-a", main=True)
    network = account.network()
    change = GroupRuleChange(
        component="sg-one", direction="ingress", protocol="tcp", from_port=22, to_port=22, group="sg-all"
    )

    found = exposure(network, change.apply(network), (change,), ())

    assert [(row.count, row.source.split()[0]) for row in found.newly_reachable] == [(6, "6")]
    assert "from 6 of " in found.text
    assert agrees(network, (change,))


def test_what_was_open_before_is_not_said_to_be_opened() -> None:
    """All may be sent to a group whose members let tcp 22 in, and some of them ping, before the change."""
    account = two_subnets()
    account.acl("acl-1", "vpc-a", ["subnet-1", "subnet-2"], open_entries())
    for host in range(1, 4):
        pinged = ["sg-server", "sg-pinged"] if host == 1 else ["sg-server"]
        account.interface(f"eni-s{host}", "subnet-2", f"10.0.2.{20 + host}", groups=pinged)
        account.interface(f"eni-c{host}", "subnet-1", f"10.0.1.{30 + host}", groups=["sg-client"])
    account.group("sg-server", "vpc-a", [rule("tcp", (22, 22), "0.0.0.0/0")])
    account.group("sg-pinged", "vpc-a", [rule("icmp", (8, 0), "0.0.0.0/0")])
    account.group("sg-client", "vpc-a", [])
    network = account.network()
    change = GroupRuleChange(component="sg-server", direction="ingress", protocol="-1", group="sg-client")

    found = exposure(network, change.apply(network), (change,), ())

    assert {(row.protocol, row.ports) for row in found.newly_reachable} == {
        ("all", "all traffic but tcp and udp"),
        ("tcp", "0-21, 23-65535"),
        ("udp", "all ports"),
    }
    assert found.text.startswith("also opens all traffic but tcp 22 from ")
    assert agrees(network, (change,))


def test_pairs_beyond_the_budget_are_not_even_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule for everybody, with 6 public servers behind it and 10,000 clients of NAT gateways, has a million pairs."""
    monkeypatch.setattr(exposures, "BUDGET", 10)
    single: dict[Any, None] = {}
    endless = iter(range(10**9))

    exposures._enlist(single, endless)  # type: ignore[arg-type]
    exposures._enlist(single, endless)  # type: ignore[arg-type]

    assert list(single) == list(range(11))
    assert next(endless) == 11
