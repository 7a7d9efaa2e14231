"""To and from the internet by internet and egress-only gateways, and Block Public Access over both."""

from __future__ import annotations

import pytest

from diagnosis.network.described import Unseen
from tests.accounts import Account, Json, entry, route, two_subnets, two_vpcs, with_internet
from tests.diagnosis.trace.asking import ask, calls, causes, verdicts

OUTSIDE = "203.0.113.9"
OPTIONS = "ec2.describe_vpc_block_public_access_options"
EXCLUSIONS = "ec2.describe_vpc_block_public_access_exclusions"


def public() -> Account:
    return with_internet(two_subnets())


def table(account: Account, identity: str = "rtb-1") -> Json:
    found: Json = next(t for t in account.items["ec2.describe_route_tables"] if t["RouteTableId"] == identity)
    return found


def test_a_public_address_and_a_route_to_the_gateway_lead_out_and_in() -> None:
    assert verdicts(ask(public(), "10.0.1.10", OUTSIDE, "tcp", 443)) == ("reachable", "reachable", "reachable")
    assert verdicts(ask(public(), OUTSIDE, "198.51.100.10", "tcp", 443)) == ("reachable", "reachable", "reachable")
    assert ask(public(), OUTSIDE, "eni-client", "tcp", 443).verdict == "reachable"
    assert ask(public(), "internet", "eni-client", "tcp", 443).verdict == "reachable"


@pytest.mark.parametrize("state", ["available", "attached", "Available"])
def test_a_working_attachment_says_available_or_attached(state: str) -> None:
    account = public()
    account.items["ec2.describe_internet_gateways"][0]["Attachments"][0]["State"] = state

    assert ask(account, "10.0.1.10", OUTSIDE).verdict == "reachable"


@pytest.mark.parametrize(
    "attachments", [[], [{"VpcId": "vpc-a", "State": "detaching"}], [{"VpcId": "vpc-z", "State": "available"}]]
)
def test_a_gateway_that_is_not_attached_here_carries_nothing(attachments: list[Json]) -> None:
    account = public()
    account.items["ec2.describe_internet_gateways"][0]["Attachments"] = attachments

    assert causes(ask(account, "10.0.1.10", OUTSIDE))[0][0] == "BAD_STATE_ATTACHMENT"


def test_without_a_public_address_nothing_leaves_by_the_gateway() -> None:
    account = two_subnets()
    account.internet_gateway("igw-1", "vpc-a")
    table(account)["Routes"].append(route("0.0.0.0/0", "igw-1"))

    assert causes(ask(account, "10.0.1.10", OUTSIDE)) == [
        ("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", "eni-client", "forward")
    ]


def test_a_secondary_address_has_a_public_one_of_its_own_or_none() -> None:
    account = public()
    listed = account.items["ec2.describe_network_interfaces"][0]["PrivateIpAddresses"]
    listed.append({"PrivateIpAddress": "10.0.1.11", "Primary": False})

    assert ask(account, "10.0.1.11", OUTSIDE).verdict == "blocked"
    listed[1]["Association"] = {"PublicIp": "198.51.100.11"}
    assert ask(account, "10.0.1.11", OUTSIDE).verdict == "reachable"


@pytest.mark.parametrize(
    ("destination", "code"),
    [
        ("172.20.0.1", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"),
        ("100.64.0.1", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS"),
    ],
)
def test_a_private_destination_that_the_default_route_swallows_is_dropped(destination: str, code: str) -> None:
    assert causes(ask(public(), "10.0.1.10", destination)) == [(code, "rtb-1", "forward")]


def test_from_the_internet_a_private_address_cannot_be_reached() -> None:
    assert ask(public(), OUTSIDE, "10.0.1.10").verdict == "blocked"
    assert ask(public(), OUTSIDE, "eni-server").verdict == "blocked"


def test_from_the_internet_a_private_address_that_nobody_holds_is_blocked_not_unknown() -> None:
    assert ask(public(), OUTSIDE, "10.0.1.99").verdict == "blocked"


def test_an_ipv4_stranger_cannot_reach_an_interface_by_its_ipv6_address() -> None:
    account = public()
    table(account, "rtb-2")["Routes"] += [route("0.0.0.0/0", "igw-1"), route("::/0", "igw-1")]

    found = ask(account, OUTSIDE, "eni-server")

    assert found.verdict == "blocked"
    assert [code for code, _, _ in causes(found)] == ["IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"]


def test_a_vpc_without_a_gateway_gets_nothing_from_the_internet() -> None:
    account = public()
    account.items["ec2.describe_internet_gateways"] = []

    assert ("VPC_HAS_NO_INTERNET_GATEWAY", "vpc-a", "forward") in causes(ask(account, OUTSIDE, "198.51.100.10"))


def test_the_reply_to_the_internet_needs_the_same_gateway() -> None:
    account = public()
    table(account)["Routes"] = [r for r in table(account)["Routes"] if r.get("GatewayId") == "local"]

    found = ask(account, OUTSIDE, "198.51.100.10")

    assert verdicts(found) == ("blocked", "reachable", "blocked")
    assert causes(found) == [("NO_ROUTE_TO_DESTINATION", "rtb-1", "return")]


def test_a_gateway_that_was_not_seen_is_unknown_both_ways() -> None:
    less = public().network(without=["ec2.describe_internet_gateways"])

    for flow in (("10.0.1.10", OUTSIDE), (OUTSIDE, "198.51.100.10")):
        assert ask(less, *flow).verdict == "unknown"
        assert "ec2.describe_internet_gateways" in calls(ask(less, *flow))


def test_replies_from_the_internet_pass_the_acl_again() -> None:
    account = public()
    account.items["ec2.describe_network_acls"][0]["Entries"] = [
        entry(100, "allow", egress=True),
        entry(100, "allow", "0.0.0.0/0", "6", (443, 443)),
    ]

    assert verdicts(ask(account, "10.0.1.10", OUTSIDE, "tcp", 443)) == ("blocked", "reachable", "blocked")


def test_ipv6_is_not_translated_and_needs_an_address_and_a_route() -> None:
    account = public()

    assert ask(account, "eni-client", "2606:4700::1").verdict == "reachable"
    assert ask(account, "2606:4700::1", "2001:db8:0:1::10").verdict == "reachable"
    assert causes(ask(account, "eni-server", "2606:4700::1")) == [("NO_ROUTE_TO_DESTINATION", "rtb-2", "forward")]


def test_an_interface_may_deny_all_internet_traffic() -> None:
    account = public()
    account.items["ec2.describe_network_interfaces"][0]["DenyAllIgwTraffic"] = True

    assert ask(account, "2606:4700::1", "2001:db8:0:1::10").verdict == "blocked"


def test_an_egress_only_gateway_lets_out_and_never_in() -> None:
    account = two_subnets()
    account.egress_only("eigw-1", "vpc-a")
    table(account)["Routes"].append(route("::/0", "eigw-1"))

    assert ask(account, "2001:db8:0:1::10", "2606:4700::1").verdict == "reachable"
    assert ask(account, "2606:4700::1", "2001:db8:0:1::10").verdict == "blocked"


def test_a_stranger_that_enters_by_one_gateway_is_not_answered_by_an_egress_only_one() -> None:
    account = public()
    account.egress_only("eigw-1", "vpc-a")
    table(account)["Routes"] = [r for r in table(account)["Routes"] if r.get("DestinationIpv6CidrBlock") != "::/0"]
    table(account)["Routes"].append(route("::/0", "eigw-1"))

    assert verdicts(ask(account, "2606:4700::1", "2001:db8:0:1::10")) == ("blocked", "reachable", "blocked")


def test_an_ipv6_address_of_another_vpc_that_nobody_holds_is_not_reachable_over_the_internet() -> None:
    account = with_internet(two_vpcs())
    account.items["ec2.describe_vpc_peering_connections"] = []
    table(account)["Routes"] = [r for r in table(account)["Routes"] if "VpcPeeringConnectionId" not in r]

    assert ask(account, "2001:db8:0:1::10", "2001:db8:9:1::77").verdict == "blocked"


def test_a_table_of_the_gateway_that_steers_to_an_appliance_is_unknown() -> None:
    account = public()
    account.items["ec2.describe_route_tables"].append(
        {
            "RouteTableId": "rtb-edge",
            "VpcId": "vpc-a",
            "Associations": [{"Main": False, "GatewayId": "igw-1"}],
            "Routes": [route("10.0.0.0/16", "local"), route("10.0.1.0/24", "vpce-1")],
        }
    )

    assert ask(account, OUTSIDE, "198.51.100.10").verdict == "unknown"


def test_a_route_to_a_gateway_known_only_by_an_opaque_id() -> None:
    """Anonymised accounts hold ids such as `InternetGatewayId:5`; the kind is known from the answer that lists it."""
    account = public()
    account.items["ec2.describe_internet_gateways"][0]["InternetGatewayId"] = "InternetGatewayId:5"
    table(account)["Routes"][2] = {
        "DestinationCidrBlock": "0.0.0.0/0",
        "GatewayId": "InternetGatewayId:5",
        "State": "active",
    }

    assert ask(account, "10.0.1.10", OUTSIDE).verdict == "reachable"
    less = ask(account.network(without=["ec2.describe_internet_gateways"]), "10.0.1.10", OUTSIDE)
    assert less.verdict == "unknown"
    assert "ec2.describe_internet_gateways" in calls(less)


def test_both_parties_outside_are_unknown() -> None:
    assert ask(public(), OUTSIDE, "192.0.2.9").verdict == "unknown"
    assert ask(public(), "172.20.0.1", OUTSIDE).verdict == "unknown"


# --- Block Public Access ---


def blocking(mode: str, **more: Json) -> Account:
    account = public()
    account.nat("nat-1", "subnet-1", "10.0.1.200", "198.51.100.200")
    table(account, "rtb-2")["Routes"].append(route("0.0.0.0/0", "nat-1"))
    account.objects[OPTIONS] = {"VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": mode}}
    account.objects[EXCLUSIONS] = {"VpcBlockPublicAccessExclusions": list(more.values())}
    return account


def excluded(resource: str, mode: str, state: str = "create-complete") -> Json:
    arn = f"arn:aws:ec2:us-east-1:111111111111:{'subnet' if resource.startswith('subnet') else 'vpc'}/{resource}"
    return {"ResourceArn": arn, "InternetGatewayExclusionMode": mode, "State": state}


@pytest.mark.parametrize(
    ("mode", "own_address", "by_nat", "inbound"),
    [
        ("off", "reachable", "reachable", "reachable"),
        ("block-ingress", "blocked", "reachable", "blocked"),
        ("block-bidirectional", "blocked", "blocked", "blocked"),
        ("BLOCK-BIDIRECTIONAL", "blocked", "blocked", "blocked"),
    ],
)
def test_block_public_access_stops_what_its_mode_says(mode: str, own_address: str, by_nat: str, inbound: str) -> None:
    account = blocking(mode)

    assert ask(account, "10.0.1.10", OUTSIDE).verdict == own_address
    assert ask(account, "10.0.2.20", OUTSIDE).verdict == by_nat
    assert ask(account, OUTSIDE, "198.51.100.10").verdict == inbound


def test_the_cause_is_the_vpc_with_the_subnet_beside_it() -> None:
    [(_, blocker)] = ask(blocking("block-bidirectional"), "10.0.1.10", OUTSIDE).blockers()

    assert (blocker.code.value, blocker.component, blocker.related) == (
        "VPC_BLOCK_PUBLIC_ACCESS_ENABLED",
        "vpc-a",
        ("subnet-1",),
    )


@pytest.mark.parametrize(
    ("resource", "mode", "state", "expected"),
    [
        ("vpc-a", "allow-bidirectional", "create-complete", ("reachable", "reachable")),
        ("subnet-1", "allow-bidirectional", "create-complete", ("reachable", "reachable")),
        ("subnet-2", "allow-bidirectional", "create-complete", ("blocked", "blocked")),
        ("subnet-1", "allow-egress", "create-complete", ("blocked", "reachable")),
        ("vpc-a", "allow-bidirectional", "delete-complete", ("blocked", "blocked")),
        ("vpc-a", "allow-bidirectional", "update-complete", ("reachable", "reachable")),
        ("vpc-a", "allow-bidirectional", "create-in-progress", ("unknown", "unknown")),
        ("subnet-2", "allow-bidirectional", "delete-in-progress", ("blocked", "blocked")),
        ("vpc-a", "", "create-complete", ("unknown", "unknown")),
    ],
)
def test_an_exclusion_counts_for_the_subnet_of_the_gateways_client(
    resource: str, mode: str, state: str, expected: tuple[str, str]
) -> None:
    """The subnet that matters is the one of the NAT gateway, not the one of the instance behind it."""
    account = blocking("block-bidirectional", one=excluded(resource, mode, state))

    found = (ask(account, "10.0.1.10", OUTSIDE).verdict, ask(account, "10.0.2.20", OUTSIDE).verdict)

    assert found == expected


@pytest.mark.parametrize("source", ["internet", OUTSIDE])
def test_from_the_internet_a_wavelength_zone_is_entered_by_a_carrier_gateway_that_is_unknown_by_name(
    source: str,
) -> None:
    account = two_subnets()
    account.items["ec2.describe_network_interfaces"][0]["Ipv6Addresses"] = []
    way = route("0.0.0.0/0", "cagw-1") | {"GatewayId": None, "CarrierGatewayId": "cagw-1"}
    table(account, "rtb-1")["Routes"].append(way)

    found = ask(account, source, "eni-client")

    assert found.verdict == "unknown"
    assert any("carrier gateway cagw-1" in gap.reason for gap in found.gaps())
    assert ask(account, OUTSIDE, "10.0.1.10").verdict == "blocked"


def test_exclusions_have_no_effect_where_a_declarative_policy_allows_none() -> None:
    account = blocking("block-bidirectional", one=excluded("vpc-a", "allow-bidirectional"))
    account.objects[OPTIONS]["VpcBlockPublicAccessOptions"]["ExclusionsAllowed"] = "not-allowed"

    assert ask(account, "10.0.1.10", OUTSIDE).verdict == "blocked"


def test_a_subnet_and_a_vpc_report_their_own_state() -> None:
    account = public()
    account.items["ec2.describe_vpcs"][0]["BlockPublicAccessStates"] = {
        "InternetGatewayBlockMode": "block-bidirectional"
    }
    assert ask(account, "10.0.1.10", OUTSIDE).verdict == "blocked"

    account.items["ec2.describe_subnets"][0]["BlockPublicAccessStates"] = {"InternetGatewayBlockMode": "off"}
    assert ask(account, "10.0.1.10", OUTSIDE).verdict == "reachable"


def test_the_switch_is_assumed_off_where_nobody_asked_for_it() -> None:
    found = ask(public(), "10.0.1.10", OUTSIDE)

    assert found.verdict == "reachable"
    assert any(OPTIONS in text for text in found.assumed())


def test_the_switch_is_unknown_where_it_was_asked_for_and_is_missing() -> None:
    account = public()
    account.asked.add(OPTIONS)

    assert ask(account, "10.0.1.10", OUTSIDE).verdict == "unknown"
    assert calls(ask(account, "10.0.1.10", OUTSIDE)) == {OPTIONS}
    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "reachable"


@pytest.mark.parametrize(
    "error",
    ["ec2:Describe... is not offered here (InvalidAction)", "UnsupportedOperation: not supported", "InvalidAction"],
)
def test_the_switch_is_off_where_aws_does_not_have_it(error: str) -> None:
    account = public()
    account.asked.add(OPTIONS)
    account.unseen.append(Unseen(OPTIONS, account.account, account.region, error))

    found = ask(account, "10.0.1.10", OUTSIDE)

    assert found.verdict == "reachable"
    assert f"{OPTIONS}: Block Public Access is off" in found.assumed()


@pytest.mark.parametrize(
    "error", ["not permitted: needs the action", "it gave an answer that is not AWS's: probably not offered here"]
)
def test_the_switch_is_unknown_where_it_is_not_certain_that_aws_lacks_it(error: str) -> None:
    account = public()
    account.unseen.append(Unseen(OPTIONS, account.account, account.region, error))

    assert ask(account, "10.0.1.10", OUTSIDE).verdict == "unknown"


def test_exclusions_that_were_asked_for_and_are_missing_leave_a_block_unknown() -> None:
    account = blocking("block-bidirectional")
    del account.objects[EXCLUSIONS]
    account.asked |= {OPTIONS, EXCLUSIONS}

    found = ask(account, "10.0.1.10", OUTSIDE)

    assert found.verdict == "unknown"
    assert EXCLUSIONS in calls(found)


def test_an_option_of_another_type_is_unseen() -> None:
    account = public()
    account.objects[OPTIONS] = {"VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": 5}}

    assert ask(account, "10.0.1.10", OUTSIDE).verdict == "unknown"


def with_local_ipv6() -> Account:
    """The client also has fd00:1::10, which no internet gateway carries."""
    account = with_internet(two_subnets())
    block = {"Ipv6CidrBlock": "fd00:1::/56", "Ipv6CidrBlockState": {"State": "associated"}}
    account.items["ec2.describe_vpcs"][0]["Ipv6CidrBlockAssociationSet"].append(block)
    account.items["ec2.describe_network_interfaces"][0]["Ipv6Addresses"].append({"Ipv6Address": "fd00:1::10"})
    return account


def test_a_local_ipv6_address_is_not_known_to_the_internet() -> None:
    account = with_local_ipv6()

    assert causes(ask(account, "fd00:1::10", "2600::1")) == [
        ("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", "eni-client", "forward")
    ]
    assert causes(ask(account, "2600::1", "fd00:1::10"))[0] == (
        "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
        "eni-client",
        "forward",
    )


def test_an_id_speaks_to_the_internet_by_its_global_ipv6_address() -> None:
    account = with_local_ipv6()

    assert ask(account, "eni-client", "2600::1").verdict == "reachable"
    assert ask(account, "2600::1", "eni-client").verdict == "reachable"


def test_no_egress_only_gateway_takes_a_local_ipv6_address() -> None:
    account = with_local_ipv6()
    account.egress_only("eigw-1", "vpc-a")
    account.items["ec2.describe_route_tables"][0]["Routes"].append(route("2600::/12", "eigw-1"))

    assert ask(account, "2001:db8:0:1::10", "2600::1").verdict == "reachable"
    assert ask(account, "fd00:1::10", "2600::1").verdict == "blocked"


def test_whether_replies_reach_an_interface_that_denies_internet_gateways_is_not_known() -> None:
    account = with_internet(two_subnets(client={"DenyAllIgwTraffic": True}))

    found = ask(account, "2001:db8:0:1::10", "2600::1")

    assert (found.verdict, found.forward, found.returning) == ("unknown", "reachable", "unknown")


def test_without_the_route_tables_a_gateway_may_have_one_of_its_own() -> None:
    network = with_internet(two_subnets()).network(["ec2.describe_route_tables"])

    found = ask(network, "203.0.113.9", "198.51.100.10")

    assert found.forward == "unknown"
    assert "ec2.describe_route_tables" in calls(found)
