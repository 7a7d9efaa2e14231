"""VPC endpoints: by a prefix list or by addresses; policies and DNS are notes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.accounts import EVERYTHING, entry, open_entries, route, rule
from tests.diagnosis.trace.asking import ask, calls, causes, verdicts
from tests.diagnosis.trace.balancing import CLIENT, OTHER, SERVER, Balancing

S3 = "52.216.0.9"
ENDPOINT = "10.0.21.99"
FULL = {"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}
NARROW = {
    "Statement": [{"Action": "s3:GetObject", "Effect": "Allow", "Principal": "*", "Resource": "arn:aws:s3:::one/*"}]
}


def gateway(egress: tuple[dict[str, object], ...] = EVERYTHING, **more: object) -> Balancing:
    """vpc-a with a gateway endpoint for S3 (52.216.0.0/15) and no way to the internet."""
    made = Balancing()
    made.group("sg-server", "vpc-a")
    made.prefix_list("pl-s3", "52.216.0.0/15")
    made.endpoint("vpce-s3", "Gateway", ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=["rtb-1"], **more)
    made.items["ec2.describe_route_tables"][0]["Routes"].append(route("pl-s3", "vpce-s3"))
    made.items["ec2.describe_security_groups"][0]["IpPermissionsEgress"] = list(egress)
    return made


def interface_endpoint(ingress: tuple[dict[str, object], ...] = EVERYTHING, **more: object) -> Balancing:
    """vpc-a with an interface endpoint at 10.0.21.99 in zone a."""
    made = Balancing()
    made.group("sg-server", "vpc-a")
    made.group("sg-endpoint", "vpc-a", ingress)
    made.interface("eni-endpoint", "subnet-a", ENDPOINT, groups=["sg-endpoint"], InterfaceType="vpc_endpoint")
    made.endpoint("vpce-1", "Interface", "eni-endpoint", **more)
    return made


def test_a_gateway_endpoint_needs_no_way_to_the_internet() -> None:
    assert verdicts(ask(gateway(), CLIENT, S3, port=443)) == ("reachable", "reachable", "reachable")
    assert ask(gateway(), CLIENT, "52.219.0.1", port=443).verdict == "blocked"


def test_outbound_rules_may_name_the_prefix_list_or_its_ranges() -> None:
    for peer in ("pl-s3", "52.216.0.0/15"):
        assert ask(gateway((rule("tcp", (443, 443), peer),)), CLIENT, S3, port=443).verdict == "reachable"

    found = ask(gateway((rule("tcp", (443, 443), "10.0.0.0/16"),)), CLIENT, S3, port=443)
    assert causes(found) == [("ENI_SG_RULES_MISMATCH", "sg-open", "forward")]


@pytest.mark.parametrize(
    ("protocol", "port", "expected"),
    [("tcp", 443, "reachable"), ("icmp", None, "reachable"), ("udp", 53, "blocked"), ("50", None, "blocked")],
)
def test_a_gateway_endpoint_takes_tcp_and_echo_only(protocol: str, port: int | None, expected: str) -> None:
    found = ask(gateway(), CLIENT, S3, protocol, port)

    assert found.verdict == expected
    if expected == "blocked":
        assert causes(found) == [("VPCE_GATEWAY_PROTOCOL_RESTRICTION", "vpce-s3", "forward")]


def test_the_acl_of_the_source_judges_both_legs_to_a_gateway_endpoint() -> None:
    made = gateway()
    acl = next(a for a in made.items["ec2.describe_network_acls"] if a["NetworkAclId"] == "acl-subnet-client")
    acl["Entries"] = [*open_entries(), entry(10, "deny", "52.216.0.0/15", "6", (1024, 65535))]

    found = ask(made, CLIENT, S3, port=443)

    assert verdicts(found) == ("blocked", "reachable", "blocked")
    assert causes(found) == [("SUBNET_ACL_RESTRICTION", "acl-subnet-client", "return")]


def test_a_gateway_endpoint_that_is_not_available_carries_nothing() -> None:
    found = ask(gateway(State="deleting"), CLIENT, S3, port=443)

    assert causes(found) == [("BAD_STATE", "vpce-s3", "forward")]


def test_an_endpoint_or_a_prefix_list_that_was_not_seen_is_unknown() -> None:
    made = gateway()
    found = ask(made.network(without=["ec2.describe_vpc_endpoints"]), CLIENT, S3, port=443)
    assert found.verdict == "unknown"
    assert calls(found) == {"ec2.describe_vpc_endpoints"}

    made.entries.clear()
    assert ask(made, CLIENT, S3, port=443).verdict == "unknown"


def test_a_policy_is_a_note_and_never_a_drop() -> None:
    found = ask(gateway(PolicyDocument=json.dumps(NARROW)), CLIENT, S3, port=443)
    assert found.verdict == "reachable"
    assert any("HTTP 403" in note and "not a network drop" in note for note in found.notes)

    assert ask(gateway(PolicyDocument=json.dumps(FULL)), CLIENT, S3, port=443).notes == ()
    denies = {"Statement": [*FULL["Statement"], {"Action": "*", "Effect": "Deny", "Principal": "*", "Resource": "*"}]}
    assert ask(gateway(PolicyDocument=json.dumps(denies)), CLIENT, S3, port=443).notes != ()
    assert ask(gateway(PolicyDocument="not json"), CLIENT, S3, port=443).notes != ()


def test_an_interface_endpoint_is_reached_by_its_groups() -> None:
    open_to_client = (rule("tcp", (443, 443), f"{CLIENT}/32"),)
    assert verdicts(ask(interface_endpoint(open_to_client), CLIENT, ENDPOINT, port=443)) == ("reachable",) * 3

    found = ask(interface_endpoint(open_to_client), OTHER, ENDPOINT, port=443)
    assert causes(found) == [("ENI_SG_RULES_MISMATCH", "sg-endpoint", "forward")]


@pytest.mark.parametrize("state", ["pending", "pendingAcceptance", "failed", "rejected", "deleting"])
def test_an_interface_endpoint_works_only_while_it_is_available(state: str) -> None:
    assert causes(ask(interface_endpoint(State=state), CLIENT, ENDPOINT, port=443)) == [
        ("BAD_STATE", "vpce-1", "forward")
    ]


def test_an_interface_endpoint_never_starts_a_connection() -> None:
    found = ask(interface_endpoint(), ENDPOINT, SERVER, port=443)

    assert found.verdict == "blocked"
    assert causes(found) == [("VPCE_INTRA_VPC_TRAFFIC", "vpce-1", "forward")]


def test_an_interface_endpoint_answers_no_ping() -> None:
    assert causes(ask(interface_endpoint(), CLIENT, ENDPOINT, "icmp", None)) == [
        ("PROTOCOL_RESTRICTION", "vpce-1", "forward")
    ]


def test_an_interface_of_an_endpoint_that_was_not_seen_is_unknown() -> None:
    found = ask(interface_endpoint().network(without=["ec2.describe_vpc_endpoints"]), CLIENT, ENDPOINT, port=443)

    assert found.verdict == "unknown"
    assert calls(found) == {"ec2.describe_vpc_endpoints"}


def test_a_zone_without_an_interface_and_switched_off_dns_are_notes() -> None:
    made = interface_endpoint(PrivateDnsEnabled=False)
    made.by_name["ec2.describe_vpc_attribute", "vpc-a"] = {
        "VpcId": "vpc-a",
        "EnableDnsSupport": {"Value": True},
        "EnableDnsHostnames": {"Value": False},
    }

    found = ask(made, OTHER, ENDPOINT, port=443)

    assert found.verdict == "reachable"
    for words in ("no interface in a subnet of us-east-1b", "Private DNS is off", "enableDnsHostnames is off"):
        assert any(words in note for note in found.notes), words


@pytest.mark.parametrize(
    ("kind", "more", "words"),
    [
        ("GatewayLoadBalancer", {}, "gateway load balancer endpoint vpce-g of com.amazonaws"),
        (
            "GatewayLoadBalancer",
            {"Tags": [{"Key": "AWSNetworkFirewallManaged", "Value": "true"}]},
            "Network Firewall endpoint vpce-g",
        ),
    ],
)
def test_endpoints_of_inspection_are_unknown_by_name_and_service(
    kind: str, more: dict[str, object], words: str
) -> None:
    made = Balancing()
    made.group("sg-server", "vpc-a")
    made.endpoint("vpce-g", kind, **more)
    made.items["ec2.describe_route_tables"][0]["Routes"].append(route("10.0.21.0/24", "vpce-g"))

    found = ask(made, CLIENT, SERVER, port=443)

    assert found.verdict == "unknown"
    assert any(words in gap.reason for gap in found.gaps())


def test_what_drops_beyond_an_inspection_endpoint_still_blocks() -> None:
    made = Balancing()
    made.group("sg-server", "vpc-a", ())
    made.endpoint("vpce-g", "GatewayLoadBalancer")
    made.items["ec2.describe_route_tables"][0]["Routes"].append(route("10.0.21.0/24", "vpce-g"))

    assert ask(made, CLIENT, SERVER, port=443).verdict == "blocked"


@pytest.mark.parametrize("make", [gateway, interface_endpoint])
def test_an_endpoint_that_does_not_say_its_state_is_assumed_to_be_available(make: Callable[[], Balancing]) -> None:
    made = make()
    for endpoint in made.objects["ec2.describe_vpc_endpoints"]["VpcEndpoints"]:
        del endpoint["State"]
    target, identity = (S3, "vpce-s3") if make is gateway else (ENDPOINT, "vpce-1")

    found = ask(made, CLIENT, target, port=443)

    assert found.verdict == "reachable"
    assert f"ec2.describe_vpc_endpoints: {identity} is available" in found.assumed()
