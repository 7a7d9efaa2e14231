"""Route tables: the longest prefix wins, a blackhole wins too, local is beaten by a more specific static route only."""

from __future__ import annotations

import pytest

from tests.accounts import Account, Json, route, rule, two_subnets, two_vpcs
from tests.diagnosis.trace.asking import ask, calls, causes, verdicts


def client_routes(account: Account) -> list[Json]:
    routes: list[Json] = account.items["ec2.describe_route_tables"][0]["Routes"]
    return routes


def peered(*routes: Json) -> Account:
    """The client's own routes to the peer replaced by these."""
    account = two_vpcs()
    client_routes(account)[:] = [r for r in client_routes(account) if r.get("GatewayId") == "local"] + list(routes)
    return account


def test_without_a_route_nothing_leaves_the_vpc() -> None:
    assert causes(ask(peered(), "10.0.1.10", "10.9.1.30")) == [("NO_ROUTE_TO_DESTINATION", "rtb-1", "forward")]


def test_a_blackhole_of_the_longest_prefix_wins_and_drops() -> None:
    account = peered(route("10.9.0.0/16", "pcx-1"), route("10.9.1.0/24", "pcx-gone", "blackhole"))
    found = ask(account, "10.0.1.10", "10.9.1.30")

    assert causes(found) == [("BAD_STATE_ROUTE", "rtb-1", "forward")]
    assert [b.rule for _, b in found.blockers()] == ["10.9.1.0/24"]


def test_the_reply_needs_a_route_back() -> None:
    account = two_vpcs()
    table = next(t for t in account.items["ec2.describe_route_tables"] if t["RouteTableId"] == "rtb-9")
    table["Routes"] = [r for r in table["Routes"] if r.get("GatewayId") == "local"]
    found = ask(account, "10.0.1.10", "10.9.1.30")

    assert verdicts(found) == ("blocked", "reachable", "blocked")
    assert causes(found) == [("NO_ROUTE_TO_DESTINATION", "rtb-9", "return")]


def test_a_subnet_without_a_table_of_its_own_uses_the_main_one() -> None:
    account = two_vpcs()
    account.items["ec2.describe_route_tables"][0]["Associations"] = [{"Main": True}]
    account.items["ec2.describe_route_tables"][1]["Routes"] = []

    assert ask(account, "10.0.1.10", "10.9.1.30").verdict == "reachable"


def test_an_explicit_association_beats_the_main_table() -> None:
    account = two_vpcs()
    account.table("rtb-own", "vpc-a", subnets=["subnet-1"])
    account.items["ec2.describe_route_tables"][0]["Associations"] = [{"Main": True}]

    assert causes(ask(account, "10.0.1.10", "10.9.1.30")) == [("NO_ROUTE_TO_DESTINATION", "rtb-own", "forward")]


def test_a_route_may_name_a_prefix_list() -> None:
    account = peered(route("pl-peer", "pcx-1"))
    account.prefix_list("pl-peer", "10.9.1.0/24")

    assert ask(account, "10.0.1.10", "10.9.1.30").verdict == "reachable"
    account.entries["pl-peer"] = [{"Cidr": "10.9.7.0/24"}]
    assert ask(account, "10.0.1.10", "10.9.1.30").verdict == "blocked"


def test_without_any_other_route_an_unseen_prefix_list_leaves_it_unknown() -> None:
    account = peered(route("pl-peer", "pcx-1"))
    found = ask(account, "10.0.1.10", "10.9.1.30")

    assert found.verdict == "unknown"
    assert "ec2.get_managed_prefix_list_entries" in calls(found)


def test_the_reply_may_take_a_prefix_list_route_that_was_not_seen() -> None:
    account = two_vpcs()
    table = next(t for t in account.items["ec2.describe_route_tables"] if t["RouteTableId"] == "rtb-9")
    table["Routes"] = [r for r in table["Routes"] if r.get("GatewayId") == "local"] + [route("pl-home", "pcx-1")]

    found = ask(account, "10.0.1.10", "10.9.1.30")

    assert verdicts(found) == ("unknown", "reachable", "unknown")


def test_a_static_route_beats_a_prefix_list_route_of_the_same_prefix() -> None:
    account = peered(route("10.9.1.0/24", "pcx-1"), route("pl-peer", "pcx-gone", "blackhole"))
    account.prefix_list("pl-peer", "10.9.1.0/24")

    assert ask(account, "10.0.1.10", "10.9.1.30").verdict == "reachable"


def test_a_more_specific_prefix_list_route_beats_a_static_one() -> None:
    account = peered(route("10.9.0.0/16", "pcx-1"), route("pl-peer", "pcx-gone", "blackhole"))
    account.prefix_list("pl-peer", "10.9.1.0/24")

    assert ask(account, "10.0.1.10", "10.9.1.30").verdict == "blocked"


def test_overlapping_prefix_lists_with_different_targets_are_unknown() -> None:
    account = peered(route("pl-one", "pcx-1"), route("pl-two", "pcx-gone", "blackhole"))
    account.prefix_list("pl-one", "10.9.1.0/24")
    account.prefix_list("pl-two", "10.9.1.0/24")

    assert ask(account, "10.0.1.10", "10.9.1.30").verdict == "unknown"


def test_overlapping_prefix_lists_with_one_target_are_no_doubt() -> None:
    account = peered(route("pl-one", "pcx-1"), route("pl-two", "pcx-1"))
    account.prefix_list("pl-one", "10.9.1.0/24")
    account.prefix_list("pl-two", "10.9.1.0/24")

    assert ask(account, "10.0.1.10", "10.9.1.30").verdict == "reachable"


@pytest.mark.parametrize("destination", ["10.0.0.0/16", "10.0.2.0/24", "10.0.2.20/32"])
def test_a_propagated_route_never_beats_local(destination: str) -> None:
    account = two_subnets()
    client_routes(account).append(route(destination, "vgw-1", origin="EnableVgwRoutePropagation"))

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "reachable"


def test_a_static_route_beats_a_propagated_one_of_the_same_prefix() -> None:
    account = peered(route("10.9.0.0/16", "pcx-1"), route("10.9.0.0/16", "vgw-1", origin="EnableVgwRoutePropagation"))

    assert ask(account, "10.0.1.10", "10.9.1.30").verdict == "reachable"


def test_a_more_specific_propagated_route_beats_a_static_one_outside_the_vpc() -> None:
    account = peered(route("10.9.0.0/16", "pcx-1"), route("10.9.1.0/24", "vgw-1", origin="EnableVgwRoutePropagation"))

    assert ask(account, "10.0.1.10", "10.9.1.30").verdict == "unknown"


def test_a_route_to_an_appliance_beats_local_and_its_source_dest_check_must_be_off() -> None:
    account = two_subnets()
    account.interface("eni-box", "subnet-2", "10.0.2.99", groups=["sg-open"])
    client_routes(account).append(route("10.0.2.0/24", "eni-box"))

    found = ask(account, "10.0.1.10", "10.0.2.20")
    assert found.verdict == "blocked"
    assert ("ENI_SOURCE_DEST_CHECK_RESTRICTION", "eni-box", "forward") in causes(found)

    account.items["ec2.describe_network_interfaces"][-1]["SourceDestCheck"] = False
    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "unknown"


def test_filtered_routes_are_no_routes() -> None:
    account = peered(route("10.9.0.0/16", "pcx-1"), route("10.9.1.0/24", "pcx-gone", "filtered"))

    assert ask(account, "10.0.1.10", "10.9.1.30").verdict == "reachable"


def test_ipv4_routes_carry_no_ipv6() -> None:
    account = peered(route("10.9.0.0/16", "pcx-1"))

    assert ask(account, "10.0.1.10", "10.9.1.30").verdict == "reachable"
    assert ask(account, "2001:db8:0:1::10", "2001:db8:9:1::30").verdict == "blocked"


def test_tables_that_were_not_seen_are_unknown_unless_the_clients_group_blocks() -> None:
    account = two_subnets()
    found = ask(account.network(without=["ec2.describe_route_tables"]), "10.0.1.10", "10.0.2.20")

    assert found.verdict == "unknown"
    assert calls(found) == {"ec2.describe_route_tables"}

    account.items["ec2.describe_security_groups"][0]["IpPermissionsEgress"] = []
    assert ask(account.network(without=["ec2.describe_route_tables"]), "10.0.1.10", "10.0.2.20").verdict == "blocked"


def test_the_servers_group_blocks_whatever_the_unseen_tables_hold() -> None:
    """A seen component that alone drops all of it decides: no route lets a packet past the server's group."""
    account = two_subnets(server={"groups": ["sg-server"]})
    account.group("sg-server", "vpc-a", [rule("tcp", (22, 22), "0.0.0.0/0")])

    assert ask(account.network(without=["ec2.describe_route_tables"]), "10.0.1.10", "10.0.2.20").verdict == "blocked"


@pytest.mark.parametrize("target", ["tgw-1", "vgw-1", "lgw-1", "vpce-1"])
def test_a_target_that_is_not_modelled_is_unknown_and_named(target: str) -> None:
    found = ask(peered(route("10.9.0.0/16", target)), "10.0.1.10", "10.9.1.30")

    assert found.verdict == "unknown"
    assert any(target in gap.reason for gap in found.gaps())


def test_the_local_route_is_there_where_an_answer_leaves_it_out() -> None:
    account = two_subnets()
    for table in account.items["ec2.describe_route_tables"]:
        table["Routes"] = []

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "reachable"
    assert ask(account, "2001:db8:0:1::10", "2001:db8:0:2::20").verdict == "reachable"


def test_a_local_route_with_another_target_is_not_joined_by_one_that_is_implied() -> None:
    account = two_subnets()
    account.items["ec2.describe_route_tables"][0]["Routes"][0] = route("10.0.0.0/16", "eni-server")
    account.interface("eni-third", "subnet-2", "10.0.2.30")

    assert ask(account, "10.0.1.10", "10.0.2.30").verdict == "blocked"


@pytest.mark.parametrize("target", ["pcx-1", "igw-1", "tgw-1", "vgw-1", "eigw-1"])
def test_only_an_appliance_or_a_nat_gateway_takes_traffic_out_of_the_local_route(target: str) -> None:
    account = two_vpcs()
    account.items["ec2.describe_route_tables"][0]["Routes"].append(route("10.0.2.0/24", target))

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "reachable"
