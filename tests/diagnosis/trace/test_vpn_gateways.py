"""The edge of what is seen: virtual private gateways, VPN and Direct Connect attachments, traffic from on premises."""

from __future__ import annotations

import pytest

from tests.accounts import Account, entry, route
from tests.diagnosis.trace.asking import ask, calls, causes, verdicts
from tests.diagnosis.trace.hubs import (
    ATTACHMENTS,
    ROUTES,
    VPN_CONNECTIONS,
    VPN_GATEWAYS,
    Hub,
    add_vpc,
    entries_of,
    hub_route,
    item_of,
    routes_of,
    two_spokes,
)

HOME, AWAY = "10.0.1.10", "192.168.7.7"
REACHED = ("reachable", "reachable", "reachable")


def behind_vpn() -> Hub:
    """VPC a with a virtual private gateway and a propagated route to 192.168.0.0/16."""
    made = Hub()
    add_vpc(made, "a", 0, [route("192.168.0.0/16", "vgw-1", origin="EnableVgwRoutePropagation")])
    made.vpn_gateway()
    made.vpn(VpnGatewayId="vgw-1")
    return made


def behind_hub(kind: str = "vpn") -> Hub:
    """The two spokes, and an attachment to the network on premises, 192.168.0.0/16."""
    made = two_spokes()
    made.attached("attach-v", kind, "vpn-1", "tgw-rtb-1")
    made.routes["tgw-rtb-1"].append(hub_route("192.168.0.0/16", "attach-v", "vpn-1", kind))
    made.vpn(TransitGatewayId="tgw-1")
    routes_of(made, "rtb-work-a").append(route("192.168.0.0/16", "tgw-1"))
    return made


# Towards the network on premises.


def test_what_lies_beyond_a_virtual_private_gateway_is_unknown() -> None:
    found = ask(behind_vpn(), HOME, AWAY)

    assert verdicts(found) == ("unknown", "unknown", "unknown")
    assert any("vgw-1" in gap.reason for gap in found.gaps())


@pytest.mark.parametrize("kind", ["vpn", "direct-connect-gateway", "connect", "client-vpn"])
def test_what_lies_beyond_an_attachment_at_the_edge_is_unknown(kind: str) -> None:
    found = ask(behind_hub(kind), HOME, AWAY)

    assert verdicts(found) == ("unknown", "unknown", "unknown")
    assert any("attach-v" in gap.reason for gap in found.gaps())


def test_what_never_gets_to_the_gateway_is_blocked() -> None:
    for made in (behind_vpn(), behind_hub()):
        entries_of(made, "acl-work-a").insert(0, entry(50, "deny", "192.168.0.0/16", egress=True))

        assert causes(ask(made, HOME, AWAY)) == [("SUBNET_ACL_RESTRICTION", "acl-work-a", "forward")]


def test_what_cannot_come_back_from_the_gateway_is_blocked() -> None:
    for made, acl, egress in ((behind_vpn(), "acl-work-a", False), (behind_hub(), "acl-hub-a", True)):
        peer = "192.168.0.0/16" if acl == "acl-work-a" else "10.0.1.10/32"
        entries_of(made, acl).insert(0, entry(50, "deny", peer, egress=egress))

        found = ask(made, HOME, AWAY)

        assert causes(found) == [("SUBNET_ACL_RESTRICTION", acl, "return")]
        assert found.verdict == "blocked"


@pytest.mark.parametrize(
    ("vpc", "state", "component"), [("vpc-a", "detached", "vgw-1"), ("vpc-other", "attached", "rtb-work-a")]
)
def test_a_virtual_private_gateway_serves_only_the_vpc_that_it_is_attached_to(
    vpc: str, state: str, component: str
) -> None:
    made = behind_vpn()
    made.hub[VPN_GATEWAYS][0]["VpcAttachments"] = [{"VpcId": vpc, "State": state}]

    found = ask(made, HOME, AWAY)

    assert found.verdict == "blocked"
    assert causes(found) == [("BAD_STATE_ATTACHMENT", component, "forward")]


def test_a_vpc_is_no_transit_to_the_network_on_premises() -> None:
    """What comes from another VPC over a transit gateway has a source that the virtual private gateway refuses."""
    made = two_spokes()
    made.vpn_gateway(vpc="vpc-b")
    made.vpn(VpnGatewayId="vgw-1")
    routes_of(made, "rtb-work-a").append(route("192.168.0.0/16", "tgw-1"))
    made.routes["tgw-rtb-1"].append(hub_route("192.168.0.0/16", "attach-b", "vpc-b", static=True))
    routes_of(made, "rtb-hub-b").append(route("192.168.0.0/16", "vgw-1"))

    found = ask(made, HOME, AWAY)

    assert ("VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS", "rtb-hub-b", "forward") in causes(found)
    assert found.verdict == "blocked"


def test_without_a_route_on_the_gateway_nothing_leaves() -> None:
    made = behind_hub()
    made.routes["tgw-rtb-1"].pop()

    found = ask(made, HOME, AWAY)

    assert causes(found) == [("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", "tgw-rtb-1", "forward")]
    assert found.verdict == "blocked"


# From the network on premises.


def test_from_on_premises_it_enters_where_the_route_back_leads_and_that_is_home() -> None:
    assert verdicts(ask(behind_vpn(), AWAY, HOME)) == REACHED
    assert verdicts(ask(behind_hub(), AWAY, HOME)) == REACHED
    assert verdicts(ask(behind_hub("direct-connect-gateway"), AWAY, HOME)) == REACHED


def test_from_on_premises_the_destinations_rules_decide() -> None:
    for made in (behind_vpn(), behind_hub()):
        item_of(made, "ec2.describe_security_groups", "GroupId", "sg-a")["IpPermissions"] = []

        assert causes(ask(made, AWAY, HOME)) == [("SG_HAS_NO_RULES", "sg-a", "forward")]


def test_without_a_route_back_a_network_on_premises_gets_no_answer() -> None:
    made = behind_vpn()
    routes_of(made, "rtb-work-a").pop()

    found = ask(made, AWAY, HOME)

    assert found.verdict == "blocked"
    assert causes(found) == [("NO_ROUTE_TO_DESTINATION", "rtb-work-a", "return")]


def test_without_a_route_back_on_the_gateway_a_network_on_premises_gets_no_answer() -> None:
    made = behind_hub()
    made.routes["tgw-rtb-1"].pop()

    found = ask(made, AWAY, HOME)

    assert verdicts(found)[2] == "blocked"
    assert causes(found) == [("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", "tgw-rtb-1", "return")]


def test_the_edge_attachments_own_table_must_lead_to_the_vpc() -> None:
    made = behind_hub()
    made.hub_table("tgw-rtb-2")
    made.hub[ATTACHMENTS][-1]["Association"]["TransitGatewayRouteTableId"] = "tgw-rtb-2"

    found = ask(made, AWAY, HOME)

    assert causes(found) == [("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", "tgw-rtb-2", "forward")]
    assert found.verdict == "blocked"


def test_a_range_on_premises_is_judged_by_each_of_its_routes() -> None:
    made = behind_vpn()
    routes_of(made, "rtb-work-a").append(route("192.168.7.0/24", "vgw-1", state="blackhole"))

    assert ask(made, "192.168.8.8", HOME).verdict == "reachable"
    assert ask(made, AWAY, HOME).verdict == "blocked"


def test_a_virtual_private_gateway_delivers_only_to_private_addresses() -> None:
    made = behind_vpn()
    eni = item_of(made, "ec2.describe_network_interfaces", "NetworkInterfaceId", "eni-a")
    eni["PrivateIpAddresses"][0]["Association"] = {"PublicIp": "198.51.100.10"}

    found = ask(made, AWAY, "198.51.100.10")

    assert ("VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", "eni-a", "forward") in causes(found)


def test_the_gateways_own_route_table_may_lead_to_an_appliance() -> None:
    made = behind_vpn()
    made.table("rtb-edge", "vpc-a", [route("10.0.1.0/24", "eni-fw")])
    item_of(made, "ec2.describe_route_tables", "RouteTableId", "rtb-edge")["Associations"] = [{"GatewayId": "vgw-1"}]

    assert ask(made, AWAY, HOME).verdict == "unknown"


# VPN connections.


@pytest.mark.parametrize("state", ["deleted", "deleting"])
def test_a_vpn_connection_that_is_gone_carries_nothing(state: str) -> None:
    for made, code in ((behind_vpn(), "BAD_STATE_VPN"), (behind_hub(), "TGW_BAD_STATE_VPN")):
        made.hub[VPN_CONNECTIONS][0]["State"] = state

        for source, destination in ((HOME, AWAY), (AWAY, HOME)):
            found = ask(made, source, destination)
            assert (code, "vpn-1", "forward") in causes(found)
            assert found.verdict == "blocked"


def test_one_connection_that_works_is_enough() -> None:
    made = behind_vpn()
    made.hub[VPN_CONNECTIONS][0]["State"] = "deleted"
    made.vpn("vpn-2", VpnGatewayId="vgw-1")

    assert ask(made, AWAY, HOME).verdict == "reachable"


def test_tunnels_that_reported_to_be_down_are_an_assumption_and_no_verdict() -> None:
    for made in (behind_vpn(), behind_hub()):
        made.hub[VPN_CONNECTIONS][0]["VgwTelemetry"] = [{"Status": "DOWN"}, {"Status": "DOWN"}]

        found = ask(made, AWAY, HOME)

        assert found.verdict == "reachable"
        assert any("vpn-1" in text for text in found.assumed())


def test_direct_connect_that_was_asked_for_leaves_a_gateway_without_vpn_open() -> None:
    made = behind_vpn()
    made.hub[VPN_CONNECTIONS][0]["State"] = "deleted"
    made.objects["directconnect.describe_virtual_interfaces"] = {"virtualInterfaces": []}

    assert ask(made, AWAY, HOME).verdict == "unknown"


# What is not seen.


def test_a_virtual_private_gateway_that_nobody_described_is_unknown() -> None:
    found = ask(behind_vpn().network(without=[VPN_GATEWAYS]), AWAY, HOME)

    assert found.verdict == "unknown"
    assert VPN_GATEWAYS in calls(found)


def test_connections_of_a_virtual_private_gateway_that_were_not_seen_may_all_be_gone() -> None:
    made = behind_vpn()

    found = ask(made.network(without=[VPN_CONNECTIONS]), AWAY, HOME)

    assert found.verdict == "unknown"
    assert VPN_CONNECTIONS in calls(found)


def test_a_virtual_private_gateway_without_vpn_connections_is_assumed_to_have_direct_connect() -> None:
    made = behind_vpn()
    made.hub[VPN_CONNECTIONS].clear()

    found = ask(made, AWAY, HOME)

    assert found.verdict == "reachable"
    assert any("directconnect" in text for text in found.assumed())


@pytest.mark.parametrize("call", [VPN_CONNECTIONS, ROUTES, ATTACHMENTS])
def test_a_vpn_attachment_needs_its_connection_and_the_gateways_tables(call: str) -> None:
    found = ask(behind_hub().network(without=[call]), AWAY, HOME)

    assert found.verdict == "unknown"
    assert call in calls(found)


def test_an_opaque_gateway_id_is_looked_up_among_the_gateways() -> None:
    made: Account = behind_vpn()
    assert isinstance(made, Hub)
    made.hub[VPN_GATEWAYS][0]["VpnGatewayId"] = "Gateway:7"
    made.hub[VPN_CONNECTIONS][0]["VpnGatewayId"] = "Gateway:7"
    routes_of(made, "rtb-work-a")[-1]["GatewayId"] = "Gateway:7"

    assert ask(made, AWAY, HOME).verdict == "reachable"


def test_whether_ipv6_passes_a_virtual_private_gateway_depends_on_direct_connect() -> None:
    """VPN connections on a virtual private gateway carry IPv4 only."""
    account = Hub()
    add_vpc(account, "a", 0, [route("fd00:99::/48", "vgw-1")])
    block = {"Ipv6CidrBlock": "2001:db8::/56", "Ipv6CidrBlockState": {"State": "associated"}}
    account.items["ec2.describe_vpcs"][0]["Ipv6CidrBlockAssociationSet"] = [block]
    account.items["ec2.describe_network_interfaces"][0]["Ipv6Addresses"] = [{"Ipv6Address": "2001:db8::10"}]
    account.vpn_gateway()
    account.vpn(VpnGatewayId="vgw-1")

    for flow in (("fd00:99::1", "2001:db8::10"), ("2001:db8::10", "fd00:99::1")):
        found = ask(account, *flow)

        assert found.verdict == "unknown"
        assert "directconnect.describe_virtual_interfaces" in calls(found)


def test_a_gateway_load_balancer_endpoint_in_the_table_of_a_virtual_private_gateway_drops_everything() -> None:
    account = Hub()
    add_vpc(account, "a", 0, [route("192.168.0.0/16", "vgw-1")])
    account.vpn_gateway()
    account.vpn(VpnGatewayId="vgw-1")
    account.table("rtb-edge", "vpc-a", [route("10.0.1.0/24", "vpce-1")])
    edge = account.items["ec2.describe_route_tables"][-1]
    edge["Associations"] = [{"Main": False, "GatewayId": "vgw-1"}]

    found = ask(account, "192.168.1.1", "10.0.1.10")

    assert ("NO_ROUTE_TO_DESTINATION", "rtb-edge", "forward") in causes(found)
    assert found.verdict == "blocked"


def test_a_gateway_and_a_connection_that_do_not_say_their_state_are_assumed_to_be_available() -> None:
    for made in (behind_vpn(), behind_hub()):
        del made.hub[VPN_CONNECTIONS][0]["State"]
        for gateway in made.hub.get("ec2.describe_vpn_gateways", ()):
            del gateway["State"]

        found = ask(made, AWAY, HOME)

        assert found.verdict == "reachable"
        assert f"{VPN_CONNECTIONS}: vpn-1 is available" in found.assumed()
    assert "ec2.describe_vpn_gateways: vgw-1 is available" in ask(unsaid_gateway(), AWAY, HOME).assumed()


def unsaid_gateway() -> Hub:
    made = behind_vpn()
    del made.hub["ec2.describe_vpn_gateways"][0]["State"]
    return made
