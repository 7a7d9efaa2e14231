"""Placing parties: addresses, ids, `vpc-…/address`, what nobody holds, what several hold, what lies outside."""

from __future__ import annotations

from typing import Any

import pytest

from diagnosis.network.build import build
from diagnosis.network.described import Unseen
from diagnosis.trace.placing import anchor
from tests.accounts import Account, route, together, two_subnets, two_vpcs, with_internet
from tests.diagnosis.trace.asking import ask, calls, causes, verdicts
from tests.diagnosis.trace.hubs import Hub, routes_of, two_spokes

INTERFACES = "ec2.describe_network_interfaces"
OUTSIDE = "203.0.113.9"


def twins() -> Account:
    """vpc-a and vpc-b hold 10.0.2.20 each; vpc-c reaches only vpc-b."""
    account = two_subnets()
    account.vpc("vpc-b", "10.0.0.0/16")
    account.subnet("subnet-b", "vpc-b", "10.0.2.0/24")
    account.group("sg-b", "vpc-b")
    account.acl("acl-b", "vpc-b", ["subnet-b"])
    account.interface("eni-twin", "subnet-b", "10.0.2.20", groups=["sg-b"])
    account.vpc("vpc-c", "10.3.0.0/16")
    account.subnet("subnet-c", "vpc-c", "10.3.1.0/24")
    account.group("sg-c", "vpc-c")
    account.acl("acl-c", "vpc-c", ["subnet-c"])
    account.interface("eni-c", "subnet-c", "10.3.1.5", groups=["sg-c"])
    account.peering("pcx-bc", "vpc-b", "vpc-c")
    account.table("rtb-b", "vpc-b", [route("10.3.0.0/16", "pcx-bc")], main=True)
    account.table("rtb-c", "vpc-c", [route("10.0.0.0/16", "pcx-bc")], main=True)
    return account


def test_ids_addresses_and_instances_are_the_same_party() -> None:
    account = two_subnets()
    account.items[INTERFACES][0]["Attachment"]["InstanceId"] = "i-1"
    account.instance("i-1", "eni-client")

    for source in ("10.0.1.10", "eni-client", "i-1", "vpc-a/10.0.1.10"):
        assert ask(account, source, "eni-server").verdict == "reachable"


def test_an_instance_stands_for_the_primary_address_of_its_first_interface() -> None:
    account = two_subnets()
    account.interface("eni-0second", "subnet-2", "10.0.2.77", "10.0.2.78", instance="i-1")
    account.items[INTERFACES][0]["Attachment"]["InstanceId"] = "i-1"
    account.items[INTERFACES][2]["Attachment"]["DeviceIndex"] = 1

    assert causes(ask(account, "i-1", "10.0.2.99"))[0] == ("NO_INTERFACE_WITH_ADDRESS", "subnet-2", "forward")
    place = ask(account, "i-1", "eni-server").flow.source
    assert getattr(place, "interface").id == "eni-client"  # noqa: B009 - a place is a union


def test_an_interface_speaks_ipv6_when_the_other_side_does() -> None:
    account = two_subnets()

    for flow in (("eni-client", "2001:db8:0:2::20"), ("2001:db8:0:1::10", "eni-server")):
        assert ask(account, *flow).verdict == "reachable"
    account.items["ec2.describe_security_groups"][0]["IpPermissions"][0]["Ipv6Ranges"] = []
    assert ask(account, "eni-client", "2001:db8:0:2::20").verdict == "blocked"


@pytest.mark.parametrize(
    ("destination", "component"), [("10.0.2.99", "subnet-2"), ("10.0.77.1", "vpc-a"), ("2001:db8:0:2::99", "subnet-2")]
)
def test_an_address_that_nobody_holds_is_blocked_at_its_subnet_or_vpc(destination: str, component: str) -> None:
    found = ask(two_subnets(), "eni-client", destination)

    assert causes(found) == [("NO_INTERFACE_WITH_ADDRESS", component, "forward")]


def test_a_source_that_nobody_holds_is_blocked() -> None:
    assert causes(ask(two_subnets(), "10.0.1.99", "10.0.2.20")) == [
        ("NO_INTERFACE_WITH_ADDRESS", "subnet-1", "forward")
    ]


def test_an_address_held_twice_is_unknown_and_names_both() -> None:
    found = ask(twins(), OUTSIDE, "10.0.2.20")

    assert found.verdict == "unknown"
    assert all(eni in found.gaps()[0].reason for eni in ("eni-server", "eni-twin"))


def test_the_other_side_decides_an_address_held_twice() -> None:
    assert ask(twins(), "10.0.1.10", "10.0.2.20").verdict == "reachable"
    assert ask(twins(), "10.3.1.5", "10.0.2.20").verdict == "reachable"
    assert ask(twins(), "10.0.2.20", "10.3.1.5").verdict == "reachable"


def test_a_vpc_named_with_the_address_decides_too() -> None:
    assert causes(ask(twins(), OUTSIDE, "vpc-b/10.0.2.20"))[0][1] == "vpc-b"
    assert ask(twins(), "vpc-a/10.0.1.10", "vpc-a/10.0.2.20").verdict == "reachable"
    assert ask(twins(), "vpc-b/10.0.2.20", "10.0.1.10").verdict == "blocked"


def test_an_address_outside_the_vpc_named_with_it_is_nobodys() -> None:
    assert ask(two_subnets(), "eni-client", "vpc-a/10.200.0.1").verdict == "blocked"


@pytest.mark.parametrize(
    "party", ["eni-404", "i-404", "NetworkInterfaceId:404", "InstanceId:404", "vpc-404/10.0.0.5", "VpcId:404/10.0.0.5"]
)
def test_a_dangling_id_is_unknown_and_no_error(party: str) -> None:
    assert ask(two_subnets(), "eni-client", party).verdict == "unknown"
    assert ask(two_subnets(), party, "eni-server").verdict == "unknown"


@pytest.mark.parametrize("text", ["", "10.0.1", "10.0.1.010", "web-1", "vpc-a/ten", "10.0.1.0/24"])
def test_a_party_that_is_none_of_the_forms_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is (n|a range)"):
        anchor(two_subnets().network(), text)


def test_without_the_interfaces_every_party_is_unknown() -> None:
    less = two_subnets().network(without=[INTERFACES])

    for flow in (
        ("10.0.1.10", "10.0.2.20"),
        ("eni-client", "eni-server"),
        (OUTSIDE, "eni-server"),
        ("10.0.1.10", OUTSIDE),
    ):
        assert ask(less, *flow).verdict == "unknown"
        assert INTERFACES in calls(ask(less, *flow))


def test_an_address_whose_interface_cannot_be_read_is_unknown() -> None:
    account = two_subnets()
    account.items[INTERFACES][1]["PrivateIpAddresses"] = "10.0.2.20"

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "unknown"


@pytest.mark.parametrize("broken", [5, {"NetworkInterfaceId": 5, "PrivateIpAddress": "10.0.2.20"}, None])
def test_an_entry_that_is_no_interface_leaves_unheld_addresses_unknown(broken: object) -> None:
    account = two_subnets()
    listed: list[Any] = account.items[INTERFACES]
    listed[1] = broken

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "unknown"


def test_a_public_address_may_be_of_an_account_whose_interfaces_were_not_seen() -> None:
    """Its security group may block: what the failed call would show could change the answer."""
    ours, theirs = with_internet(two_subnets()), Account("222222222222")
    theirs.unseen.append(Unseen(INTERFACES, "222222222222", "us-east-1", "AccessDenied"))
    described = together(ours, theirs)
    answers = {
        call: body
        for call, body in described.answers.items()
        if (call.name, call.account) != (INTERFACES, "222222222222")
    }
    network = build(type(described)(answers, described.unseen, accounts=described.accounts))

    assert ask(network, "10.0.1.10", OUTSIDE).verdict == "unknown"


@pytest.mark.parametrize("address", ["169.254.169.254", "10.0.0.2", "127.0.0.1"])
def test_addresses_that_the_vpc_itself_answers_are_not_modelled(address: str) -> None:
    assert ask(two_subnets(), "eni-client", address).verdict == "unknown"


def test_on_premises_is_unknown_beyond_a_gateway_and_blocked_if_it_never_gets_there() -> None:
    account = two_subnets()
    assert ask(account, "eni-client", "192.168.5.5").verdict == "blocked"

    account.items["ec2.describe_route_tables"][0]["Routes"].append(route("192.168.0.0/16", "vgw-1"))
    assert ask(account, "eni-client", "192.168.5.5").verdict == "unknown"

    account.items["ec2.describe_security_groups"][0]["IpPermissionsEgress"] = []
    assert ask(account, "eni-client", "192.168.5.5").verdict == "blocked"


def test_from_on_premises_without_a_route_back_nothing_comes_home() -> None:
    found = ask(two_subnets(), "192.168.5.5", "eni-server")

    assert found.verdict == "blocked"
    assert causes(found) == [("NO_ROUTE_TO_DESTINATION", "rtb-2", "return")]


def test_from_on_premises_with_a_route_back_the_gateway_decides() -> None:
    account = two_subnets()
    account.items["ec2.describe_route_tables"][1]["Routes"].append(route("192.168.0.0/16", "vgw-1"))
    assert ask(account, "192.168.5.5", "eni-server").verdict == "unknown"

    account.items["ec2.describe_security_groups"][0]["IpPermissions"] = []
    assert ask(account, "192.168.5.5", "eni-server").verdict == "blocked"


def test_from_on_premises_an_address_that_nobody_holds_is_blocked() -> None:
    assert ask(two_subnets(), "192.168.5.5", "10.0.2.99").verdict == "blocked"


def test_parties_of_two_families_are_blocked_with_a_cause() -> None:
    found = ask(two_subnets(), "10.0.1.10", "2001:db8:0:2::20")

    assert found.verdict in ("blocked", "unknown")
    assert found.blockers() or found.gaps()


def test_an_icmp_question_with_a_number_that_is_no_type_is_judged_or_refused() -> None:
    """A port beside icmp must not end in a failure of the program."""
    try:
        verdict = ask(two_subnets(), "10.0.1.10", "10.0.2.20", "icmp", 3306).verdict
    except ValueError as refused:
        assert "3306" in str(refused)  # noqa: PT017 - either outcome is fine, anything else is not
    else:
        assert verdict in ("reachable", "blocked", "partly", "unknown")


def test_the_peer_holds_what_the_source_vpc_does_not() -> None:
    assert verdicts(ask(two_vpcs(), "eni-client", "eni-peer")) == ("reachable", "reachable", "reachable")


def two_ways_to_one_address() -> Hub:
    """10.9.1.10 is in vpc-b on the transit gateway and in vpc-c across a peering; vpc-a routes to the gateway."""
    account = two_spokes()
    account.vpc("vpc-c", "10.9.0.0/16")
    account.subnet("subnet-c", "vpc-c", "10.9.1.0/24")
    account.group("sg-c", "vpc-c")
    account.acl("acl-c", "vpc-c", ["subnet-c"])
    account.table("rtb-c", "vpc-c", [route("10.0.0.0/16", "pcx-9")], ["subnet-c"], main=True)
    account.interface("eni-twin", "subnet-c", "10.9.1.10", groups=["sg-c"])
    account.peering("pcx-9", "vpc-a", "vpc-c")
    return account


def test_of_two_holders_that_the_other_side_can_reach_its_route_decides() -> None:
    account = two_ways_to_one_address()

    for flow in (("10.0.1.10", "10.9.1.10"), ("10.9.1.10", "10.0.1.10")):
        assert verdicts(ask(account, *flow)) == ("reachable", "reachable", "reachable"), flow
    routes_of(account, "rtb-work-a")[-1]["State"] = "blackhole"
    assert ask(account, "10.0.1.10", "10.9.1.10").verdict == "unknown"


def test_an_unheld_address_of_two_vpcs_is_of_the_one_to_which_the_route_leads() -> None:
    account = two_ways_to_one_address()

    assert causes(ask(account, "10.0.1.10", "10.9.1.77")) == [("NO_INTERFACE_WITH_ADDRESS", "work-b", "forward")]


def test_an_instance_whose_first_interface_was_not_seen_is_unknown_and_not_its_second_one() -> None:
    account = two_subnets()
    account.instance("i-1", "eni-first", "eni-client")
    assert ask(account, "i-1", "eni-server").verdict == "unknown"

    account = two_subnets()
    account.items[INTERFACES][0]["Attachment"] |= {"InstanceId": "i-2", "DeviceIndex": 1}
    account.items["ec2.describe_instances"] = []
    assert ask(account, "i-2", "eni-server").verdict == "unknown"


@pytest.mark.parametrize("address", ["169.254.1.1", "240.0.0.1", "224.0.0.5", "100.64.0.9"])
def test_what_is_not_public_is_dropped_by_an_internet_gateway_at_the_table_that_sends_it_there(address: str) -> None:
    found = ask(with_internet(two_subnets()), "10.0.1.10", address)

    assert found.verdict == "blocked"
    assert causes(found)[0][1:] == ("rtb-1", "forward")


@pytest.mark.parametrize("address", ["198.18.0.1", "192.0.2.9", "203.0.113.9", "192.0.0.9", "192.88.99.1"])
def test_every_other_range_counts_as_public(address: str) -> None:
    assert ask(with_internet(two_subnets()), "10.0.1.10", address).verdict == "reachable"


def test_no_route_carries_what_aws_keeps_for_its_services() -> None:
    account = with_internet(two_subnets())

    assert ask(account, "2001:db8:0:1::10", "fd00:ec2::254").verdict == "unknown"
    assert ask(account, "10.0.1.10", "169.254.170.2").verdict == "unknown"


def test_an_elastic_ip_that_nothing_holds_is_no_part_of_the_internet() -> None:
    made = with_internet(two_subnets())
    made.objects["ec2.describe_addresses"] = {
        "Addresses": [
            {"PublicIp": OUTSIDE, "AllocationId": "eipalloc-1"},
            {"PublicIp": "203.0.113.10", "NetworkInterfaceId": "eni-gone", "PrivateIpAddress": "10.9.0.4"},
            {"PublicIp": "198.51.100.10", "NetworkInterfaceId": "eni-client", "PrivateIpAddress": "10.0.1.10"},
        ]
    }
    network = made.network()

    def why(destination: str) -> list[str]:
        found = ask(network, "10.0.1.10", destination, "tcp", 443)
        assert found.verdict == "unknown", destination
        return [gap.reason for gap in found.gaps()]

    assert why(OUTSIDE) == [f"{OUTSIDE} is an Elastic IP address that is not associated with anything"]
    assert why("203.0.113.10") == [
        "203.0.113.10 is an Elastic IP address that is associated with eni-gone, which was not seen to hold it"
    ]
    assert ask(network, "10.0.1.10", "203.0.113.11", "tcp", 443).verdict == "reachable"
    assert ask(network, "203.0.113.11", "198.51.100.10", "tcp", 443).verdict != "unknown"
