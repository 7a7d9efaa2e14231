"""Security groups: allow-only, the union of an interface's groups, references to groups by private address."""

from __future__ import annotations

from typing import Any

import pytest

from tests.accounts import EVERYTHING, Account, Json, route, rule, two_subnets, two_vpcs, with_internet
from tests.diagnosis.trace.asking import ask, calls, causes

SERVER_GROUP = {"server": {"groups": ["sg-server"]}}


def guarded(*ingress: Json) -> Account:
    account = two_subnets(**SERVER_GROUP)
    account.group("sg-server", "vpc-a", ingress)
    return account


@pytest.mark.parametrize(
    ("protocol", "ports", "flow", "expected"),
    [
        ("tcp", (3306, 3306), ("tcp", 3306), "reachable"),
        ("tcp", (3306, 3306), ("tcp", 3307), "blocked"),
        ("tcp", (3306, 3306), ("udp", 3306), "blocked"),
        ("6", (3306, 3306), ("tcp", 3306), "reachable"),
        ("TCP", (3306, 3306), ("tcp", 3306), "reachable"),
        ("-1", (22, 22), ("tcp", 3306), "reachable"),
        ("-1", None, ("50", None), "reachable"),
        ("50", (22, 22), ("50", None), "reachable"),
        ("50", None, ("tcp", 22), "blocked"),
        ("tcp", (0, 65535), ("50", None), "blocked"),
        ("tcp", (3306, 3306), ("tcp", None), "partly"),
        ("tcp", (0, 65535), ("tcp", None), "reachable"),
        ("tcp", (0, 65535), (None, None), "partly"),
        ("icmp", (-1, -1), ("icmp", None), "reachable"),
        ("icmp", (8, -1), ("icmp", None), "reachable"),
        ("icmp", (8, 0), ("icmp", None), "reachable"),
        ("icmp", (0, -1), ("icmp", None), "blocked"),
        ("icmp", (8, -1), ("tcp", 8), "blocked"),
        ("tcp", (8, 8), ("icmp", None), "blocked"),
        ("icmpv6", None, ("icmp", None), "blocked"),
    ],
)
def test_a_rule_allows_what_its_protocol_and_ports_say(
    protocol: str, ports: tuple[int, int] | None, flow: tuple[str | None, int | None], expected: str
) -> None:
    account = guarded(rule(protocol, ports, "0.0.0.0/0"))

    assert ask(account, "10.0.1.10", "10.0.2.20", *flow).verdict == expected


@pytest.mark.parametrize("number", ["58", "icmpv6"])
def test_icmpv6_rules_may_leave_out_their_types(number: str) -> None:
    account = guarded(rule(number, None, "::/0"))

    assert ask(account, "2001:db8:0:1::10", "2001:db8:0:2::20", "icmp", None).verdict == "reachable"


def test_an_ipv4_range_never_matches_ipv6_and_the_other_way_round() -> None:
    four, six = guarded(rule("-1", None, "0.0.0.0/0")), guarded(rule("-1", None, "::/0"))

    assert ask(four, "2001:db8:0:1::10", "2001:db8:0:2::20").verdict == "blocked"
    assert ask(six, "10.0.1.10", "10.0.2.20").verdict == "blocked"
    assert ask(six, "2001:db8:0:1::10", "2001:db8:0:2::20").verdict == "reachable"


def test_rules_of_all_groups_of_an_interface_add_up() -> None:
    account = guarded()
    account.group("sg-more", "vpc-a", [rule("tcp", (3306, 3306), "10.0.1.0/24")])
    account.items["ec2.describe_network_interfaces"][1]["Groups"].append({"GroupId": "sg-more"})

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "reachable"


def test_each_group_of_the_interface_is_a_cause_and_they_count_as_one_blocker() -> None:
    account = guarded()
    account.group("sg-more", "vpc-a", [rule("tcp", (22, 22), "10.0.1.0/24")])
    account.items["ec2.describe_network_interfaces"][1]["Groups"].append({"GroupId": "sg-more"})

    found = ask(account, "10.0.1.10", "10.0.2.20").blockers()

    assert [(b.component, b.code.value, b.any_of) for _, b in found] == [
        ("sg-more", "ENI_SG_RULES_MISMATCH", 2),
        ("sg-server", "SG_HAS_NO_RULES", 2),
    ]


def test_groups_are_stateful() -> None:
    account = two_subnets(server={"groups": ["sg-server"]}, client={"groups": ["sg-client"]})
    account.group("sg-server", "vpc-a", [rule("tcp", (3306, 3306), "10.0.1.10/32")], [])
    account.group("sg-client", "vpc-a", [], [rule("tcp", (3306, 3306), "10.0.2.20/32")])

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "reachable"


def test_both_sides_groups_are_named_when_both_block() -> None:
    account = two_subnets(server={"groups": ["sg-server"]}, client={"groups": ["sg-client"]})
    account.group("sg-server", "vpc-a", [], EVERYTHING)
    account.group("sg-client", "vpc-a", EVERYTHING, [])

    assert causes(ask(account, "10.0.1.10", "10.0.2.20")) == [
        ("SG_HAS_NO_RULES", "sg-client", "forward"),
        ("SG_HAS_NO_RULES", "sg-server", "forward"),
    ]


def test_a_reference_matches_the_private_addresses_of_the_groups_members() -> None:
    account = guarded(rule("tcp", (3306, 3306), "sg-open"))

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "reachable"
    assert ask(account, "2001:db8:0:1::10", "2001:db8:0:2::20").verdict == "reachable"


def test_being_in_the_same_group_allows_nothing() -> None:
    account = two_subnets(client={"groups": ["sg-same"]}, server={"groups": ["sg-same"]})
    account.group("sg-same", "vpc-a", [rule("tcp", (3306, 3306), "192.168.0.0/16")])

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "blocked"


def test_a_reference_to_a_group_that_is_gone_matches_nothing() -> None:
    account = guarded(rule("tcp", (3306, 3306), "sg-deleted"))

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "blocked"


@pytest.mark.parametrize(
    ("state", "regions", "expected"),
    [
        ("active", ("us-east-1", "us-east-1"), "reachable"),
        ("active", ("us-east-1", "eu-west-1"), "blocked"),
        ("pending-acceptance", ("us-east-1", "us-east-1"), "blocked"),
    ],
)
def test_a_reference_works_over_an_active_peering_in_one_region(
    state: str, regions: tuple[str, str], expected: str
) -> None:
    account = two_vpcs(state, regions)
    peer = next(g for g in account.items["ec2.describe_security_groups"] if g["GroupId"] == "sg-peer")
    peer["IpPermissions"] = [rule("tcp", (3306, 3306), "sg-open")]

    found = ask(account, "10.0.1.10", "10.9.1.30")

    assert found.verdict == expected
    if "eu-west-1" in regions:
        assert ("ENI_SG_RULES_MISMATCH", "sg-peer", "forward") in causes(found)


def test_a_reference_over_a_peering_that_was_not_seen_is_unknown_not_blocked() -> None:
    account = two_vpcs()
    peer = next(g for g in account.items["ec2.describe_security_groups"] if g["GroupId"] == "sg-peer")
    peer["IpPermissions"] = [rule("tcp", (3306, 3306), "sg-open")]

    found = ask(account.network(without=["ec2.describe_vpc_peering_connections"]), "10.0.1.10", "10.9.1.30")

    assert found.verdict == "unknown"
    assert "ec2.describe_vpc_peering_connections" in calls(found)


def test_a_reference_does_not_match_a_neighbour_that_comes_by_its_public_address() -> None:
    account = with_internet(two_subnets(server={"groups": ["sg-server"], "public": "198.51.100.20"}))
    account.group("sg-server", "vpc-a", [rule("tcp", (3306, 3306), "sg-open")])
    account.items["ec2.describe_route_tables"][1]["Routes"].append(route("0.0.0.0/0", "igw-1"))

    found = ask(account, "10.0.1.10", "198.51.100.20")

    assert found.verdict == "blocked"
    assert causes(found) == [("ENI_SG_RULES_MISMATCH", "sg-server", "forward")]
    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "reachable"


def test_a_neighbours_public_address_is_reached_by_a_rule_for_the_clients_public_one() -> None:
    account = with_internet(two_subnets(server={"groups": ["sg-server"], "public": "198.51.100.20"}))
    account.group("sg-server", "vpc-a", [rule("tcp", (3306, 3306), "198.51.100.10/32")])
    account.items["ec2.describe_route_tables"][1]["Routes"].append(route("0.0.0.0/0", "igw-1"))

    assert ask(account, "10.0.1.10", "198.51.100.20").verdict == "reachable"


def test_a_prefix_list_stands_for_its_ranges() -> None:
    account = guarded(rule("tcp", (3306, 3306), "pl-clients"))
    account.prefix_list("pl-clients", "10.0.1.0/24")

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "reachable"
    account.entries["pl-clients"] = [{"Cidr": "10.0.7.0/24"}]
    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "blocked"


def test_a_prefix_list_whose_entries_were_not_seen_is_unknown() -> None:
    account = guarded(rule("tcp", (3306, 3306), "pl-clients"))

    found = ask(account, "10.0.1.10", "10.0.2.20")

    assert found.verdict == "unknown"
    assert calls(found) == {"ec2.get_managed_prefix_list_entries", "ec2.describe_prefix_lists"}
    assert ask(account, "10.0.1.10", "10.0.2.20", "tcp", 22).verdict == "blocked"


def test_a_group_that_was_not_seen_is_unknown() -> None:
    account = two_subnets(server={"groups": ["sg-elsewhere"]})

    found = ask(account, "10.0.1.10", "10.0.2.20")

    assert found.verdict == "unknown"
    assert calls(found) == {"ec2.describe_security_groups"}


def test_a_seen_group_that_blocks_beats_one_that_was_not_seen() -> None:
    account = two_subnets(client={"groups": ["sg-client"]}, server={"groups": ["sg-elsewhere"]})
    account.group("sg-client", "vpc-a", EVERYTHING, [])

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "blocked"


def test_a_peer_whose_groups_are_not_told_may_match_a_reference() -> None:
    account = guarded(rule("tcp", (3306, 3306), "sg-open"))
    item: dict[str, Any] = account.items["ec2.describe_network_interfaces"][0]
    del item["Groups"]

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "unknown"


def test_a_delegated_prefix_is_part_of_its_interface() -> None:
    account = guarded(rule("tcp", (3306, 3306), "sg-open"))
    account.items["ec2.describe_network_interfaces"][0]["Ipv4Prefixes"] = [{"Ipv4Prefix": "10.0.1.64/28"}]

    assert ask(account, "10.0.1.70", "10.0.2.20").verdict == "reachable"
    assert ask(account, "10.0.1.90", "10.0.2.20").verdict == "blocked"


ASSOCIATIONS = "ec2.describe_security_group_vpc_associations"


def borrowed(*states: str, answered: bool = True) -> Account:
    """The server holds a group of another VPC, which may be associated with the server's."""
    account = two_vpcs()
    account.items["ec2.describe_network_interfaces"][1]["Groups"] = [{"GroupId": "sg-peer"}]
    if answered:
        listed = [{"GroupId": "sg-peer", "VpcId": "vpc-a", "State": state} for state in states]
        account.objects[ASSOCIATIONS] = {"SecurityGroupVpcAssociations": listed}
    return account


def test_a_group_of_another_vpc_works_where_it_is_associated() -> None:
    assert ask(borrowed("associated"), "10.0.1.10", "10.0.2.20").verdict == "reachable"


@pytest.mark.parametrize("states", [(), ("disassociated",), ("association-failed",)])
def test_an_interface_with_a_group_that_is_not_associated_with_its_vpc_is_unknown(states: tuple[str, ...]) -> None:
    found = ask(borrowed(*states), "10.0.1.10", "10.0.2.20")

    assert found.verdict == "unknown"
    assert calls(found) == {ASSOCIATIONS}


def test_the_association_is_assumed_where_nobody_asked_and_unseen_where_somebody_did() -> None:
    account = borrowed(answered=False)
    found = ask(account, "10.0.1.10", "10.0.2.20")
    assert found.verdict == "reachable"
    assert any(text.startswith(ASSOCIATIONS) for text in found.assumed())

    account.asked = {ASSOCIATIONS}
    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "unknown"


def test_a_group_beside_it_that_allows_the_traffic_settles_it() -> None:
    account = borrowed()
    account.items["ec2.describe_network_interfaces"][1]["Groups"].append({"GroupId": "sg-open"})

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "reachable"
