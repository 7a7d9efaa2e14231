"""Transit gateways: zones, ACLs at attachments, association and routes, both legs, group references, what is unseen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from diagnosis.network.build import build
from diagnosis.network.described import Unseen
from tests.accounts import Account, entry, route, rule, together
from tests.diagnosis.trace.asking import ask, calls, causes, verdicts
from tests.diagnosis.trace.hubs import (
    ASSOCIATIONS,
    ATTACHMENTS,
    GATEWAYS,
    PEERING_ATTACHMENTS,
    ROUTES,
    TABLES,
    VPC_ATTACHMENTS,
    Hub,
    add_vpc,
    entries_of,
    hub_route,
    item_of,
    routes_of,
    two_spokes,
)

A, B = "10.0.1.10", "10.9.1.10"
REACHED = ("reachable", "reachable", "reachable")


def deny(made: Account, acl: str, cidr: str, *, egress: bool, ports: tuple[int, int] | None = None) -> None:
    """Puts a deny for a peer at the head of an ACL."""
    entries_of(made, acl).insert(0, entry(50, "deny", cidr, "6" if ports else "-1", ports, egress=egress))


def association(made: Hub, attachment: str, table: str | None) -> None:
    """Associates an attachment with another table, or with none."""
    item = item_of(made, ATTACHMENTS, "TransitGatewayAttachmentId", attachment)
    item.pop("Association", None)
    if table is not None:
        item["Association"] = {"TransitGatewayRouteTableId": table, "State": "associated"}


def test_two_vpcs_on_one_table_reach_each_other() -> None:
    assert verdicts(ask(two_spokes(), A, B)) == REACHED
    assert verdicts(ask(two_spokes(), B, A, "udp", 53)) == REACHED
    assert verdicts(ask(two_spokes(), A, B, "icmp", None)) == REACHED


# Into the gateway: attachment, state, zone.


def test_a_route_to_a_gateway_that_the_vpc_is_not_attached_to_leads_nowhere() -> None:
    made = two_spokes()
    made.hub[ATTACHMENTS] = [a for a in made.hub[ATTACHMENTS] if a["ResourceId"] != "vpc-a"]
    made.hub[VPC_ATTACHMENTS] = [a for a in made.hub[VPC_ATTACHMENTS] if a["VpcId"] != "vpc-a"]

    found = ask(made, A, B)

    assert found.verdict == "blocked"
    assert ("NO_ROUTE_TO_DESTINATION", "rtb-work-a", "forward") in causes(found)


@pytest.mark.parametrize("call", [ATTACHMENTS, VPC_ATTACHMENTS])
def test_a_missing_attachment_is_certain_only_where_both_calls_were_answered(call: str) -> None:
    made = two_spokes()
    made.hub[ATTACHMENTS] = [a for a in made.hub[ATTACHMENTS] if a["ResourceId"] != "vpc-a"]
    made.hub[VPC_ATTACHMENTS] = [a for a in made.hub[VPC_ATTACHMENTS] if a["VpcId"] != "vpc-a"]

    found = ask(made.network(without=[call]), A, B)

    assert found.verdict == "unknown"
    assert call in calls(found)


@pytest.mark.parametrize("state", ["pendingAcceptance", "failed", "deleting", "rejected"])
@pytest.mark.parametrize(("attachment", "leg"), [("attach-a", "forward"), ("attach-b", "forward")])
def test_an_attachment_works_only_while_it_is_available(state: str, attachment: str, leg: str) -> None:
    made = two_spokes()
    made.state(attachment, state)

    found = ask(made, A, B)

    assert found.verdict == "blocked"
    assert ("BAD_STATE_ATTACHMENT", attachment, leg) in causes(found)


def test_an_attachment_that_is_being_modified_still_works() -> None:
    made = two_spokes()
    made.state("attach-b", "modifying")

    assert ask(made, A, B).verdict == "reachable"


def test_a_gateway_that_is_being_deleted_carries_nothing() -> None:
    made = two_spokes()
    made.hub[GATEWAYS][0]["State"] = "deleting"

    assert ("BAD_STATE", "tgw-1", "forward") in causes(ask(made, A, B))


def test_a_subnet_in_a_zone_without_an_attachment_subnet_never_enters_the_gateway() -> None:
    """Traffic is forwarded only when the attachment has a subnet in the same Availability Zone."""
    made = two_spokes()
    item_of(made, "ec2.describe_subnets", "SubnetId", "work-a").update(
        AvailabilityZone="us-east-1b", AvailabilityZoneId="use1-az2"
    )

    found = ask(made, A, B)

    assert causes(found) == [("TGW_ROUTE_AZ_RESTRICTION", "attach-a", "forward")]
    assert found.blockers()[0][1].related == ("work-a",)


def test_the_zone_of_the_destination_matters_for_the_reply() -> None:
    made = two_spokes()
    item_of(made, "ec2.describe_subnets", "SubnetId", "work-b").update(
        AvailabilityZone="us-east-1b", AvailabilityZoneId="use1-az2"
    )

    found = ask(made, A, B)

    assert verdicts(found) == ("blocked", "reachable", "blocked")
    assert causes(found) == [("TGW_ROUTE_AZ_RESTRICTION", "attach-b", "return")]


def test_zones_are_compared_by_id_where_there_is_one() -> None:
    """us-east-1a of one account is not us-east-1a of another."""
    made = two_spokes()
    item_of(made, "ec2.describe_subnets", "SubnetId", "work-a")["AvailabilityZone"] = "us-east-1c"

    assert ask(made, A, B).verdict == "reachable"


def test_a_zone_that_was_not_seen_leaves_the_answer_open() -> None:
    made = two_spokes()
    item_of(made, "ec2.describe_subnets", "SubnetId", "work-a").pop("AvailabilityZoneId")
    item_of(made, "ec2.describe_subnets", "SubnetId", "work-a")["AvailabilityZone"] = None

    assert ask(made, A, B).verdict == "unknown"


def test_ipv6_needs_the_support_of_the_attachment() -> None:
    made = two_spokes(b={"ipv6": "disable"})
    for letter, second in (("a", "a"), ("b", "b")):
        vpc = item_of(made, "ec2.describe_vpcs", "VpcId", f"vpc-{letter}")
        block = f"2001:db8:{second}::/56"
        vpc["Ipv6CidrBlockAssociationSet"] = [{"Ipv6CidrBlock": block, "Ipv6CidrBlockState": {"State": "associated"}}]
        eni = item_of(made, "ec2.describe_network_interfaces", "NetworkInterfaceId", f"eni-{letter}")
        eni["Ipv6Addresses"] = [{"Ipv6Address": f"2001:db8:{second}::10"}]
        routes_of(made, f"rtb-work-{letter}").append(route("2001:db8::/32", "tgw-1"))
        for name in ("work", "hub"):
            routes_of(made, f"rtb-{name}-{letter}").append(route(block, "local"))
        made.routes["tgw-rtb-1"].append(hub_route(block, f"attach-{letter}", f"vpc-{letter}"))

    found = ask(made, "2001:db8:a::10", "2001:db8:b::10")

    assert ("PROTOCOL_RESTRICTION", "attach-b", "forward") in causes(found)
    made.hub[VPC_ATTACHMENTS][1]["Options"]["Ipv6Support"] = "enable"
    assert ask(made, "2001:db8:a::10", "2001:db8:b::10").verdict == "reachable"


# Network ACLs at the attachment's subnet: inbound rules into the gateway, outbound rules out of it, nothing else.


@pytest.mark.parametrize(
    ("acl", "cidr", "egress", "expected"),
    [
        ("acl-hub-a", "10.0.1.10/32", False, [("SUBNET_ACL_RESTRICTION", "acl-hub-a", "forward")]),
        ("acl-hub-a", "10.9.1.10/32", True, []),
        ("acl-hub-b", "10.9.1.10/32", True, [("SUBNET_ACL_RESTRICTION", "acl-hub-b", "forward")]),
        ("acl-hub-b", "10.0.1.10/32", False, []),
        ("acl-hub-b", "10.9.1.10/32", False, [("SUBNET_ACL_RESTRICTION", "acl-hub-b", "return")]),
        ("acl-hub-a", "10.0.1.10/32", True, [("SUBNET_ACL_RESTRICTION", "acl-hub-a", "return")]),
    ],
)
def test_the_acl_of_an_attachment_subnet_is_asymmetric(
    acl: str, cidr: str, egress: bool, expected: list[tuple[str, str, str]]
) -> None:
    made = two_spokes()
    deny(made, acl, cidr, egress=egress)

    found = ask(made, A, B)

    assert causes(found) == expected
    assert found.verdict == ("blocked" if expected else "reachable")


def in_one_subnet() -> Hub:
    """Workloads and the gateway's interfaces share their subnets."""
    made = two_spokes()
    for attachment, letter in zip(made.hub[VPC_ATTACHMENTS], "ab", strict=True):
        attachment["SubnetIds"] = [f"work-{letter}"]
    return made


def test_what_comes_out_in_the_receivers_own_subnet_meets_no_acl() -> None:
    """Inbound rules are not evaluated for traffic from the transit gateway to instances of the same subnet."""
    made = in_one_subnet()
    deny(made, "acl-work-b", "10.0.1.0/24", egress=False)
    deny(made, "acl-work-b", "10.9.0.0/16", egress=True)

    assert ask(made, A, B).verdict == "reachable"


def test_what_goes_in_from_the_senders_own_subnet_is_judged_out_and_in() -> None:
    """Outbound rules by the destination, inbound rules by the source."""
    for cidr, egress in (("10.9.1.10/32", True), ("10.0.1.10/32", False)):
        made = in_one_subnet()
        deny(made, "acl-work-a", cidr, egress=egress)

        assert causes(ask(made, A, B)) == [("SUBNET_ACL_RESTRICTION", "acl-work-a", "forward")]


def test_the_reply_that_comes_out_in_the_clients_own_subnet_meets_no_acl() -> None:
    made = in_one_subnet()
    deny(made, "acl-work-a", "10.9.1.10/32", egress=False)

    assert ask(made, A, B).verdict == "reachable"


# The gateway's route tables.


def test_the_associated_table_decides_and_propagation_elsewhere_does_not_help() -> None:
    made = two_spokes()
    made.hub_table("tgw-rtb-2", hub_route("10.0.0.0/16", "attach-a", "vpc-a"))
    association(made, "attach-a", "tgw-rtb-2")

    found = ask(made, A, B)

    assert causes(found) == [("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", "tgw-rtb-2", "forward")]
    assert found.blockers()[0][1].related == ("attach-a",)


def test_the_reply_is_looked_up_in_the_table_of_the_other_attachment() -> None:
    made = two_spokes()
    made.hub_table("tgw-rtb-2", hub_route("10.9.0.0/16", "attach-b", "vpc-b"))
    association(made, "attach-b", "tgw-rtb-2")

    found = ask(made, A, B)

    assert verdicts(found) == ("blocked", "reachable", "blocked")
    assert causes(found) == [("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", "tgw-rtb-2", "return")]


@pytest.mark.parametrize("leg", ["forward", "return"])
def test_an_attachment_without_an_association_loses_everything(leg: str) -> None:
    made = two_spokes()
    attachment = "attach-a" if leg == "forward" else "attach-b"
    association(made, attachment, None)

    found = ask(made, A, B)

    assert causes(found) == [("TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION", attachment, leg)]
    assert found.verdict == "blocked"


def test_an_association_in_progress_is_none() -> None:
    made = two_spokes()
    item = item_of(made, ATTACHMENTS, "TransitGatewayAttachmentId", "attach-a")
    item["Association"]["State"] = "associating"

    assert causes(ask(made, A, B)) == [("TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION", "attach-a", "forward")]


def test_a_static_blackhole_wins_over_a_propagated_route_of_the_same_range() -> None:
    made = two_spokes()
    made.routes["tgw-rtb-1"].append(hub_route("10.9.0.0/16", "", static=True, state="blackhole"))

    found = ask(made, A, B)

    assert causes(found) == [("TGW_RTB_BAD_STATE_ROUTE", "tgw-rtb-1", "forward")]
    assert found.blockers()[0][1].rule == "10.9.0.0/16"


def test_a_static_route_wins_over_a_propagated_one_and_a_longer_prefix_over_both() -> None:
    made = two_spokes()
    add_vpc(made, "c", 20, [])
    made.attached_vpc("attach-c", "vpc-c", ["hub-c"])
    made.routes["tgw-rtb-1"].append(hub_route("10.9.0.0/16", "attach-c", "vpc-c", static=True))

    found = ask(made, A, B)

    assert causes(found)[0] == ("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", "tgw-rtb-1", "forward")
    assert found.blockers()[0][1].rule == "10.9.0.0/16"
    made.routes["tgw-rtb-1"].append(hub_route("10.9.1.0/24", "attach-b", "vpc-b"))
    assert ask(made, A, B).verdict == "reachable"


def test_a_route_to_a_prefix_list_loses_to_a_static_one_and_wins_over_a_propagated_one() -> None:
    made = two_spokes()
    made.prefix_list("pl-b", "10.9.0.0/16")
    made.routes["tgw-rtb-1"][1] = hub_route("10.9.0.0/16", "", static=True, state="blackhole")
    made.routes["tgw-rtb-1"].append(hub_route("pl-b", "attach-b", "vpc-b", static=True))

    assert ask(made, A, B).verdict == "blocked"
    made.routes["tgw-rtb-1"][1] = hub_route("10.9.0.0/16", "attach-c", "vpc-c")
    assert ask(made, A, B).verdict == "reachable"


def test_a_prefix_list_without_its_entries_leaves_the_routes_open() -> None:
    made = two_spokes()
    made.routes["tgw-rtb-1"].append(hub_route("pl-b", "attach-a", "vpc-a", static=True))

    found = ask(made, A, B)

    assert found.verdict == "unknown"
    assert "ec2.get_managed_prefix_list_entries" in calls(found)


def test_a_private_destination_that_the_default_route_takes_to_the_egress_vpc_is_lost_at_the_gateways_table() -> None:
    made = with_egress_vpc(two_spokes())
    made.routes["tgw-rtb-1"] = [r for r in made.routes["tgw-rtb-1"] if r["DestinationCidrBlock"] != "10.9.0.0/16"]

    found = ask(made, A, B)

    assert found.verdict == "blocked"
    there = [(code, component) for code, component, leg in causes(found) if leg == "forward"]
    assert there == [("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", "tgw-rtb-1")]
    assert next(b for _, b in found.blockers()).rule == "0.0.0.0/0"


# The VPC's side of the reply.


def test_without_a_route_back_in_the_destination_subnet_nothing_returns() -> None:
    made = two_spokes()
    routes_of(made, "rtb-work-b").pop()

    found = ask(made, A, B)

    assert verdicts(found) == ("blocked", "reachable", "blocked")
    assert causes(found) == [("NO_ROUTE_TO_DESTINATION", "rtb-work-b", "return")]


def test_every_blocker_of_both_legs_is_found_past_the_first() -> None:
    made = two_spokes()
    item_of(made, "ec2.describe_subnets", "SubnetId", "work-a").update(
        AvailabilityZone="us-east-1b", AvailabilityZoneId="use1-az2"
    )
    made.routes["tgw-rtb-1"][1] = hub_route("10.9.0.0/16", "", static=True, state="blackhole")
    deny(made, "acl-hub-b", "10.9.1.10/32", egress=True)
    item_of(made, "ec2.describe_security_groups", "GroupId", "sg-b")["IpPermissions"] = []
    routes_of(made, "rtb-work-b").pop()

    assert causes(ask(made, A, B)) == [
        ("TGW_ROUTE_AZ_RESTRICTION", "attach-a", "forward"),
        ("TGW_RTB_BAD_STATE_ROUTE", "tgw-rtb-1", "forward"),
        ("SUBNET_ACL_RESTRICTION", "acl-hub-b", "forward"),
        ("SG_HAS_NO_RULES", "sg-b", "forward"),
        ("NO_ROUTE_TO_DESTINATION", "rtb-work-b", "return"),
    ]


def test_an_address_of_the_other_vpc_that_nobody_holds_is_its_subnets_matter() -> None:
    assert causes(ask(two_spokes(), A, "10.9.1.99")) == [("NO_INTERFACE_WITH_ADDRESS", "work-b", "forward")]


def test_a_reply_may_come_home_over_a_peering() -> None:
    made = two_spokes()
    made.peering("pcx-1", "vpc-a", "vpc-b")
    routes_of(made, "rtb-work-b")[-1] = route("10.0.0.0/16", "pcx-1")

    assert ask(made, A, B).verdict == "reachable"


def test_a_reply_to_what_came_over_a_peering_may_come_home_by_the_gateway() -> None:
    made = two_spokes()
    made.peering("pcx-1", "vpc-a", "vpc-b")
    routes_of(made, "rtb-work-a")[-1] = route("10.9.0.0/16", "pcx-1")

    assert ask(made, A, B).verdict == "reachable"
    made.routes["tgw-rtb-1"].pop(0)
    assert causes(ask(made, A, B)) == [("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", "tgw-rtb-1", "return")]


# Zones on the way out, and appliance mode.


def with_two_zones(made: Hub) -> Hub:
    """VPC b is attached in a second zone too, with a subnet, table and ACL of its own."""
    made.subnet("hub-b2", "vpc-b", "10.9.254.0/24", AvailabilityZone="us-east-1b", AvailabilityZoneId="use1-az2")
    made.acl("acl-hub-b2", "vpc-b", ["hub-b2"])
    made.table("rtb-hub-b2", "vpc-b", (), ["hub-b2"])
    made.hub[VPC_ATTACHMENTS][1]["SubnetIds"] = ["hub-b", "hub-b2"]
    return made


def test_the_gateway_keeps_the_zone_in_which_the_traffic_started() -> None:
    made = with_two_zones(two_spokes())
    deny(made, "acl-hub-b2", "10.9.1.10/32", egress=True)

    assert ask(made, A, B).verdict == "reachable"
    deny(made, "acl-hub-b", "10.9.1.10/32", egress=True)
    assert ask(made, A, B).verdict == "blocked"


@pytest.mark.parametrize("appliance", ["enable", ""])
def test_with_appliance_mode_the_zone_is_open_and_counts_only_where_it_matters(appliance: str) -> None:
    made = with_two_zones(two_spokes(b={"appliance": appliance}))

    assert ask(made, A, B).verdict == "reachable"
    deny(made, "acl-hub-b2", "10.9.1.10/32", egress=True)
    assert ask(made, A, B).verdict == "unknown"
    deny(made, "acl-hub-b", "10.9.1.10/32", egress=True)
    assert ask(made, A, B).verdict == "blocked"


def test_the_zone_of_the_reply_at_home_is_open_with_appliance_mode_too() -> None:
    made = with_two_zones(two_spokes(b={"appliance": "enable"}))

    assert ask(made, B, A).verdict == "reachable"
    deny(made, "acl-hub-b2", "10.9.1.10/32", egress=True)
    assert verdicts(ask(made, B, A)) == ("unknown", "reachable", "unknown")
    deny(made, "acl-hub-b", "10.9.1.10/32", egress=True)
    assert verdicts(ask(made, B, A)) == ("blocked", "reachable", "blocked")


def test_an_attachment_subnet_with_a_route_to_an_appliance_is_unknown() -> None:
    made = two_spokes()
    made.interface("eni-fw", "hub-b", "10.9.255.5", groups=["sg-b"], SourceDestCheck=False)
    routes_of(made, "rtb-hub-b").append(route("10.9.1.0/24", "eni-fw"))

    assert ask(made, A, B).verdict == "unknown"


# Centralised egress.


def with_egress_vpc(made: Hub) -> Hub:
    """VPC e with a NAT gateway in a public subnet; the spokes' default route leads there."""
    add_vpc(made, "e", 50, [])
    made.internet_gateway("igw-e", "vpc-e")
    made.nat("nat-e", "work-e", "10.50.1.200", "198.51.100.200")
    routes_of(made, "rtb-work-e").extend([route("0.0.0.0/0", "igw-e"), route("10.0.0.0/8", "tgw-1")])
    routes_of(made, "rtb-hub-e").append(route("0.0.0.0/0", "nat-e"))
    made.attached_vpc("attach-e", "vpc-e", ["hub-e"])
    made.routes["tgw-rtb-1"] += [
        hub_route("10.50.0.0/16", "attach-e", "vpc-e"),
        hub_route("0.0.0.0/0", "attach-e", "vpc-e", static=True),
    ]
    routes_of(made, "rtb-work-a").append(route("0.0.0.0/0", "tgw-1"))
    return made


def test_a_spoke_goes_out_by_the_nat_gateway_of_the_egress_vpc_and_gets_its_replies() -> None:
    assert verdicts(ask(with_egress_vpc(two_spokes()), A, "203.0.113.9", "tcp", 443)) == REACHED
    assert verdicts(ask(with_egress_vpc(two_spokes()), A, "internet", "tcp", 443)) == REACHED


def test_the_egress_vpc_needs_a_route_back_to_the_spoke() -> None:
    made = with_egress_vpc(two_spokes())
    routes_of(made, "rtb-work-e").pop()

    found = ask(made, A, "203.0.113.9", "tcp", 443)

    assert verdicts(found) == ("blocked", "reachable", "blocked")
    assert causes(found)[0][1:] == ("rtb-work-e", "return")


def test_the_egress_vpcs_attachment_needs_a_table_that_knows_the_spoke() -> None:
    made = with_egress_vpc(two_spokes())
    made.hub_table("tgw-rtb-2", hub_route("0.0.0.0/0", "attach-e", "vpc-e", static=True))
    association(made, "attach-e", "tgw-rtb-2")

    found = ask(made, A, "203.0.113.9", "tcp", 443)

    assert causes(found) == [("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", "tgw-rtb-2", "return")]
    assert found.blockers()[0][1].rule == "0.0.0.0/0"


def test_the_acls_of_the_egress_vpc_are_judged_on_the_way_out_and_back() -> None:
    made = with_egress_vpc(two_spokes())
    deny(made, "acl-hub-e", "203.0.113.9/32", egress=True)
    deny(made, "acl-work-e", "10.0.1.10/32", egress=True)

    assert causes(ask(made, A, "203.0.113.9", "tcp", 443)) == [
        ("SUBNET_ACL_RESTRICTION", "acl-hub-e", "forward"),
        ("SUBNET_ACL_RESTRICTION", "acl-work-e", "return"),
    ]


def test_from_the_gateway_straight_to_an_internet_gateway_has_no_public_address() -> None:
    made = with_egress_vpc(two_spokes())
    routes_of(made, "rtb-hub-e")[-1] = route("0.0.0.0/0", "igw-e")

    found = ask(made, A, "203.0.113.9", "tcp", 443)

    assert causes(found)[0] == ("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", "eni-a", "forward")


def test_a_vpc_peering_is_no_way_on_from_a_gateway() -> None:
    made = with_egress_vpc(two_spokes())
    add_vpc(made, "p", 60, [])
    made.peering("pcx-1", "vpc-e", "vpc-p")
    routes_of(made, "rtb-hub-e").append(route("10.60.0.0/16", "pcx-1"))

    found = ask(made, A, "10.60.1.10")

    assert found.verdict == "blocked"
    assert ("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", "tgw-rtb-1", "forward") in causes(found)


# Peerings of gateways.


def two_gateways(form: Callable[[Hub], None]) -> Hub:
    """VPC a on tgw-1, VPC b on tgw-2, peered; static routes on both sides. `form` describes the peering."""
    made = two_spokes()
    made.gateway("tgw-2")
    for call in (ATTACHMENTS, VPC_ATTACHMENTS):
        made.hub[call][1]["TransitGatewayId"] = "tgw-2"
    association(made, "attach-b", "tgw-rtb-2")
    routes_of(made, "rtb-work-b")[-1] = route("10.0.0.0/16", "tgw-2")
    made.routes["tgw-rtb-1"][1] = hub_route("10.9.0.0/16", "attach-p", "tgw-2", "peering", static=True)
    made.hub_table(
        "tgw-rtb-2",
        hub_route("10.9.0.0/16", "attach-b", "vpc-b"),
        hub_route("10.0.0.0/16", "attach-p", "tgw-1", "peering", static=True),
        gateway="tgw-2",
    )
    form(made)
    return made


def by_attachments(made: Hub) -> None:
    made.attached("attach-p", "peering", "tgw-2", "tgw-rtb-1")
    made.attached("attach-p", "peering", "tgw-1", "tgw-rtb-2", gateway="tgw-2")


def on_one_side(made: Hub) -> None:
    made.attached("attach-p", "peering", "tgw-2", "tgw-rtb-1")


def by_peering_attachments(made: Hub) -> None:
    """Only the other call knows the peering; which tables it uses, the tables' own associations say."""
    side = {"OwnerId": made.account, "Region": made.region}
    made.hub[PEERING_ATTACHMENTS].append(
        {
            "TransitGatewayAttachmentId": "attach-p",
            "State": "available",
            "RequesterTgwInfo": side | {"TransitGatewayId": "tgw-1"},
            "AccepterTgwInfo": side | {"TransitGatewayId": "tgw-2"},
        }
    )


def test_over_a_peering_of_gateways_there_and_back() -> None:
    assert verdicts(ask(two_gateways(by_attachments), A, B)) == REACHED


def test_each_side_of_a_peering_has_its_own_association() -> None:
    made = two_gateways(by_attachments)
    made.hub[ATTACHMENTS][-1].pop("Association")

    assert causes(ask(made, A, B)) == [("TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION", "attach-p", "forward")]


def test_a_peering_known_only_from_its_own_call_is_associated_as_the_tables_say() -> None:
    made = two_gateways(by_peering_attachments)
    assert causes(ask(made, A, B))[0][0] == "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION"

    made.also_associated = {"tgw-rtb-1": ["attach-p"], "tgw-rtb-2": ["attach-p"]}
    assert ask(made, A, B).verdict == "reachable"
    assert ask(made.network(without=[ASSOCIATIONS]), A, B).verdict == "unknown"


def test_a_gateway_across_a_peering_that_nobody_described_is_unknown() -> None:
    made = two_gateways(on_one_side)

    found = ask(made, A, B)

    assert found.verdict == "unknown"
    assert ATTACHMENTS in calls(found)


def test_routes_that_send_traffic_round_in_circles_lose_it() -> None:
    made = two_gateways(by_attachments)
    made.routes["tgw-rtb-2"][0] = hub_route("10.9.0.0/16", "attach-p", "tgw-1", "peering", static=True)

    assert ("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", "tgw-rtb-2", "forward") in causes(ask(made, A, B))


# Security group references.


def by_reference(**named: dict[str, str] | str) -> Hub:
    """VPC b admits VPC a's group, by reference only."""
    made = two_spokes(**named)
    item_of(made, "ec2.describe_security_groups", "GroupId", "sg-b")["IpPermissions"] = [
        rule("tcp", (3306, 3306), "sg-a")
    ]
    return made


ON = {"references": "enable"}


def test_an_inbound_reference_matches_where_every_switch_is_on() -> None:
    assert ask(by_reference(gateway="enable", a=ON, b=ON), A, B).verdict == "reachable"


@pytest.mark.parametrize(
    ("gateway", "a", "b", "code"),
    [
        ("disable", ON, ON, "SG_REFERENCES_NOT_PRESERVED"),
        ("enable", {"references": "disable"}, ON, "SG_REFERENCING_SUPPORT"),
        ("enable", ON, {"references": "disable"}, "SG_REFERENCING_SUPPORT"),
    ],
)
def test_a_switch_that_is_off_takes_the_groups_away(
    gateway: str, a: dict[str, str], b: dict[str, str], code: str
) -> None:
    assert causes(ask(by_reference(gateway=gateway, a=a, b=b), A, B)) == [(code, "sg-b", "forward")]


@pytest.mark.parametrize(
    ("gateway", "a", "b"),
    [(None, ON, ON), ("enable", {"references": ""}, ON), ("enable", ON, {"references": ""})],
)
def test_a_switch_that_was_not_seen_is_never_assumed(gateway: str | None, a: dict[str, str], b: dict[str, str]) -> None:
    made = by_reference(gateway="enable", a=a, b=b)
    if gateway is None:
        made.hub[GATEWAYS][0]["Options"] = {}

    assert ask(made, A, B).verdict == "unknown"


def test_a_switch_does_not_matter_where_an_address_admits() -> None:
    made = by_reference()
    item_of(made, "ec2.describe_security_groups", "GroupId", "sg-b")["IpPermissions"].append(
        rule("tcp", (3306, 3306), "10.0.0.0/16")
    )
    made.hub[GATEWAYS][0]["Options"] = {}

    assert ask(made, A, B).verdict == "reachable"


def test_an_outbound_reference_never_matches_over_a_gateway() -> None:
    made = two_spokes(gateway="enable", a=ON, b=ON)
    item_of(made, "ec2.describe_security_groups", "GroupId", "sg-a")["IpPermissionsEgress"] = [
        rule("tcp", (3306, 3306), "sg-b")
    ]

    assert causes(ask(made, A, B)) == [("SG_REFERENCES_NOT_PRESERVED", "sg-a", "forward")]


def test_an_outbound_reference_does_not_match_by_a_peering_that_the_path_does_not_take() -> None:
    made = two_spokes()
    made.peering("pcx-1", "vpc-a", "vpc-b")
    item_of(made, "ec2.describe_security_groups", "GroupId", "sg-a")["IpPermissionsEgress"] = [
        rule("tcp", (3306, 3306), "sg-b")
    ]

    assert ask(made, A, B).verdict == "blocked"


def test_a_reference_does_not_cross_a_peering_of_gateways() -> None:
    made = two_gateways(by_attachments)
    item_of(made, "ec2.describe_security_groups", "GroupId", "sg-b")["IpPermissions"] = [
        rule("tcp", (3306, 3306), "sg-a")
    ]

    assert causes(ask(made, A, B)) == [("SG_REFERENCES_NOT_PRESERVED", "sg-b", "forward")]


# What is not seen.


@pytest.mark.parametrize("call", [GATEWAYS, VPC_ATTACHMENTS, ROUTES])
def test_a_call_that_the_path_needs_and_that_was_not_made_is_named(call: str) -> None:
    found = ask(two_spokes().network(without=[call]), A, B)

    assert found.verdict == "unknown"
    assert call in calls(found)


@pytest.mark.parametrize("call", [ASSOCIATIONS, TABLES])
def test_a_call_that_says_nothing_new_is_not_needed(call: str) -> None:
    assert ask(two_spokes().network(without=[call]), A, B).verdict == "reachable"


def test_associations_alone_are_as_good_as_the_attachments_word_for_them() -> None:
    made = two_spokes()
    network = made.network(without=[ATTACHMENTS])

    assert ask(network, A, B).verdict == "reachable"


def test_an_incomplete_list_of_routes_is_unseen() -> None:
    made = two_spokes()
    made.more_routes.add("tgw-rtb-1")

    found = ask(made, A, B)

    assert found.verdict == "unknown"
    assert ROUTES in calls(found)


def test_what_certainly_blocks_is_said_though_the_routes_are_unseen() -> None:
    made = two_spokes()
    item_of(made, "ec2.describe_security_groups", "GroupId", "sg-b")["IpPermissions"] = []

    found = ask(made.network(without=[ROUTES]), A, B)

    assert found.verdict == "blocked"
    assert causes(found) == [("SG_HAS_NO_RULES", "sg-b", "forward")]


def test_an_attachment_to_a_vpc_that_nobody_described_names_the_account_to_ask() -> None:
    made = two_spokes()
    routes_of(made, "rtb-work-a").append(route("10.77.0.0/16", "tgw-1"))
    made.attached("attach-x", "vpc", "vpc-x", "tgw-rtb-1", ResourceOwnerId="999999999999")
    made.routes["tgw-rtb-1"].append(hub_route("10.77.0.0/16", "attach-x", "vpc-x"))

    found = ask(made, A, "10.77.1.1")

    assert found.verdict == "unknown"
    assert ("ec2.describe_vpcs", "999999999999") in {(g.call, g.account) for g in found.gaps()}


def shared_hub() -> tuple[Hub, Hub]:
    """The gateway belongs to one account, both VPCs to another."""
    made = two_spokes()
    owner = Hub(account="222222222222")
    for call in (GATEWAYS, ATTACHMENTS, TABLES):
        owner.hub[call] = [
            item | ({"TransitGatewayOwnerId": owner.account} if call == ATTACHMENTS else {"OwnerId": owner.account})
            for item in made.hub[call]
        ]
    made.hub[GATEWAYS][0]["OwnerId"] = owner.account
    owner.routes, made.routes = made.routes, {}
    made.hub[TABLES] = []
    for item in made.hub[ATTACHMENTS]:
        item["TransitGatewayOwnerId"] = owner.account
        item.pop("Association")
    return made, owner


def test_the_owner_of_the_gateway_shows_what_the_account_of_the_vpcs_cannot() -> None:
    made, owner = shared_hub()

    assert ask(build(together(made, owner)), A, B).verdict == "reachable"


def test_without_the_owner_of_the_gateway_nothing_is_known_and_the_owner_is_named() -> None:
    made, _ = shared_hub()

    found = ask(made, A, B)

    assert found.verdict == "unknown"
    assert "222222222222" in {gap.account for gap in found.gaps()}


def test_an_error_of_the_owner_is_told() -> None:
    made = two_spokes()
    made.unseen.append(Unseen(ROUTES, made.account, made.region, "AccessDenied"))

    found = ask(made.network(without=[ROUTES]), A, B)

    assert any("AccessDenied" in gap.reason for gap in found.gaps())


@pytest.mark.parametrize("call", sorted([GATEWAYS, ATTACHMENTS, VPC_ATTACHMENTS, ROUTES, ASSOCIATIONS, TABLES]))
@pytest.mark.parametrize("broken", ["nothing", "zone", "association", "blackhole", "back", "pending"])
def test_without_any_one_call_the_verdict_stays_or_becomes_unknown(call: str, broken: str) -> None:
    made = two_spokes()
    match broken:
        case "zone":
            item_of(made, "ec2.describe_subnets", "SubnetId", "work-a").update(
                AvailabilityZone="us-east-1b", AvailabilityZoneId="use1-az2"
            )
        case "association":
            association(made, "attach-a", None)
        case "blackhole":
            made.routes["tgw-rtb-1"].append(hub_route("10.9.0.0/16", "", static=True, state="blackhole"))
        case "back":
            made.hub_table("tgw-rtb-2", hub_route("10.9.0.0/16", "attach-b", "vpc-b"))
            association(made, "attach-b", "tgw-rtb-2")
        case "pending":
            made.state("attach-b", "pendingAcceptance")
    whole = ask(made, A, B).verdict

    assert ask(made.network(without=[call]), A, B).verdict in {whole, "unknown"}
    assert whole == ("reachable" if broken == "nothing" else "blocked")


def test_an_address_held_twice_is_decided_by_the_gateway_that_joins_the_vpcs() -> None:
    made = two_spokes()
    add_vpc(made, "z", 9, [])

    assert ask(made, A, B).verdict == "reachable"


def test_a_gateway_endpoint_serves_nobody_who_comes_over_a_transit_gateway() -> None:
    """Endpoint connections "cannot be extended out of a VPC": a hub's endpoint for S3 is of no use to its spokes."""
    made = two_spokes()
    made.prefix_list("pl-s3", "52.216.0.0/15")
    endpoint = {"VpcEndpointId": "vpce-s3", "VpcEndpointType": "Gateway", "VpcId": "vpc-b", "State": "available"}
    endpoint["ServiceName"] = "com.amazonaws.us-east-1.s3"
    made.objects["ec2.describe_vpc_endpoints"] = {"VpcEndpoints": [endpoint]}
    routes_of(made, "rtb-work-a").append(route("52.216.0.0/15", "tgw-1"))
    routes_of(made, "rtb-hub-b").append(route("pl-s3", "vpce-s3"))
    made.routes["tgw-rtb-1"].append(hub_route("52.216.0.0/15", "attach-b", "vpc-b", static=True))

    found = ask(made, "eni-a", "52.216.0.9", port=443)

    assert causes(found) == [("VPCE_GATEWAY_REQUIRES_SOURCE_IN_VPC", "rtb-hub-b", "forward")]
