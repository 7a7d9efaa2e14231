"""Load balancers: listeners, target groups, zones, and the second leg to the target."""

from __future__ import annotations

import random

import pytest

from diagnosis.traffic.intervals import has
from tests.accounts import EVERYTHING, Json, rule, with_internet
from tests.diagnosis.trace.asking import ask, calls, causes, verdicts
from tests.diagnosis.trace.balancing import CLIENT, NODE_A, NODE_B, OTHER, SERVER, Balancing, group_arn

Rules = tuple[Json, ...]
FROM_CLIENT = (rule("tcp", (8080, 8080), f"{CLIENT}/32"),)
FROM_NODES = (rule("tcp", (8080, 8080), "10.0.11.0/24", "10.0.12.0/24"),)


def network_balancer(server: Rules, groups: tuple[str, ...] = (), keeps: str = "") -> tuple[Balancing, str]:
    """A Network Load Balancer: 80 to the server's 8080, which its group lets in by these rules."""
    made = Balancing()
    made.group("sg-server", "vpc-a", server)
    made.group("sg-lb", "vpc-a", (rule("tcp", (80, 80), "10.0.0.0/16"),))
    arn = made.balancer("network", groups)
    made.targets("web", "i-server", attributes={"preserve_client_ip.enabled": keeps} if keeps else None)
    made.listener(80, "web")
    return made, arn


IN_VPC = (rule("tcp", (80, 80), "10.0.0.0/16"),)


def application(server: Rules, balancer: Rules = IN_VPC) -> tuple[Balancing, str]:
    """An Application Load Balancer: 80 to the server's 8080."""
    made = Balancing()
    made.group("sg-server", "vpc-a", server)
    made.group("sg-lb", "vpc-a", balancer)
    arn = made.balancer("application", ["sg-lb"])
    made.targets("web", "i-server", protocol="HTTP")
    made.listener(80, "web", protocol="HTTP")
    return made, arn


def test_an_instance_target_sees_the_client_through_a_network_load_balancer_by_default() -> None:
    made, _ = network_balancer(FROM_CLIENT)

    found = ask(made, CLIENT, NODE_A, port=80)

    assert verdicts(found) == ("reachable", "reachable", "reachable")
    assert any("client IP preservation of target group web is on" in text for text in found.assumed())


def test_a_rule_for_the_nodes_does_not_let_a_preserved_client_in() -> None:
    made, _ = network_balancer(FROM_NODES)

    found = ask(made, CLIENT, NODE_A, port=80)

    assert verdicts(found) == ("blocked", "blocked", None)
    assert causes(found) == [("ENI_SG_RULES_MISMATCH", "sg-server", "forward")]


def test_without_preservation_the_target_sees_the_nodes_private_address() -> None:
    made, _ = network_balancer(FROM_NODES, keeps="false")
    assert ask(made, CLIENT, NODE_A, port=80).verdict == "reachable"

    made, _ = network_balancer(FROM_CLIENT, keeps="false")
    assert ask(made, CLIENT, NODE_A, port=80).verdict == "blocked"


@pytest.mark.parametrize(
    ("kind", "protocol", "ip", "expected"),
    [("ip", "TCP", "tcp", "blocked"), ("ip", "TLS", "tcp", "blocked"), ("ip", "UDP", "udp", "reachable")],
)
def test_address_targets_see_the_client_only_over_udp_by_default(
    kind: str, protocol: str, ip: str, expected: str
) -> None:
    made = Balancing()
    made.group("sg-server", "vpc-a", (rule(ip, (8080, 8080), f"{CLIENT}/32"),))
    made.balancer("network")
    made.targets("web", SERVER, protocol=protocol, kind=kind)
    made.listener(80, "web", protocol=protocol)

    assert ask(made, CLIENT, NODE_A, ip, port=80).verdict == expected


def test_a_target_may_name_the_load_balancers_group_with_and_without_preservation() -> None:
    for value in ("true", "false"):
        made, _ = network_balancer((rule("tcp", (8080, 8080), "sg-lb"),), ("sg-lb",), keeps=value)
        assert ask(made, CLIENT, NODE_A, port=80).verdict == "reachable"


def test_a_reference_to_the_clients_group_never_matches_through_a_network_load_balancer() -> None:
    made, _ = network_balancer((rule("tcp", (8080, 8080), "sg-open"),))

    found = ask(made, CLIENT, NODE_A, port=80)

    assert causes(found) == [("SG_REFERENCES_NOT_PRESERVED", "sg-server", "forward")]


def test_the_groups_of_a_network_load_balancer_judge_the_client() -> None:
    made, _ = network_balancer(EVERYTHING, ("sg-lb",))
    made.items["ec2.describe_security_groups"][-1]["IpPermissions"] = [rule("tcp", (80, 80), "10.9.0.0/16")]

    assert causes(ask(made, CLIENT, NODE_A, port=80)) == [("ENI_SG_RULES_MISMATCH", "sg-lb", "forward")]


def test_preservation_that_was_asked_for_and_not_seen_decides_only_where_it_matters() -> None:
    made, _ = network_balancer(FROM_CLIENT)
    made.asked = {"elbv2.describe_target_group_attributes"}
    found = ask(made, CLIENT, NODE_A, port=80)
    assert found.verdict == "unknown"
    assert calls(found) == {"elbv2.describe_target_group_attributes"}

    made, _ = network_balancer(EVERYTHING)
    made.asked = {"elbv2.describe_target_group_attributes"}
    assert ask(made, CLIENT, NODE_A, port=80).verdict == "reachable"

    made, _ = network_balancer((rule("tcp", (9, 9), "0.0.0.0/0"),))
    made.asked = {"elbv2.describe_target_group_attributes"}
    assert ask(made, CLIENT, NODE_A, port=80).verdict == "blocked"


def test_a_port_without_a_listener_is_blocked_at_the_load_balancer() -> None:
    made, arn = network_balancer(EVERYTHING)

    found = ask(made, CLIENT, NODE_A, port=443)

    assert verdicts(found) == ("blocked", "blocked", None)
    assert causes(found) == [("ELBV2_LISTENERS_MISMATCH", arn, "forward")]
    assert ask(made, CLIENT, NODE_A, "udp", port=80).verdict == "blocked"
    assert ask(made, CLIENT, NODE_A, port=None).verdict == "partly"


def test_a_network_load_balancer_answers_no_ping_and_an_application_one_does() -> None:
    made, arn = network_balancer(EVERYTHING)
    assert causes(ask(made, CLIENT, NODE_A, "icmp", None)) == [("ELBV2_LISTENERS_MISMATCH", arn, "forward")]

    made, _ = application(EVERYTHING, EVERYTHING)
    assert ask(made, CLIENT, NODE_A, "icmp", None).verdict == "reachable"


def test_a_listener_whose_groups_are_empty_leads_nowhere() -> None:
    made, arn = network_balancer(EVERYTHING)
    made.by_name["elbv2.describe_target_health", "web"]["TargetHealthDescriptions"] = []

    assert causes(ask(made, CLIENT, NODE_A, port=80)) == [("ELBV2_LISTENER_HAS_NO_TG", arn, "forward")]


def test_a_node_without_targets_in_its_zone_needs_cross_zone_load_balancing() -> None:
    made, arn = network_balancer(EVERYTHING)
    found = ask(made, CLIENT, NODE_B, port=80)
    assert causes(found) == [("ELBV2_NO_TARGETS_IN_AZ", arn, "forward")]
    assert any("cross-zone load balancing of lb is off" in text for text in found.assumed())

    made.cross_zone(on=True)
    assert ask(made, CLIENT, NODE_B, port=80).verdict == "reachable"


def test_cross_zone_that_was_not_seen_is_unknown_only_where_it_decides() -> None:
    made, _ = network_balancer(EVERYTHING)
    made.asked = {"elbv2.describe_load_balancer_attributes"}

    assert ask(made, CLIENT, NODE_A, port=80).verdict == "reachable"
    found = ask(made, CLIENT, NODE_B, port=80)
    assert found.verdict == "unknown"
    assert calls(found) == {"elbv2.describe_load_balancer_attributes"}


def test_a_target_in_a_zone_that_is_not_enabled_is_never_used() -> None:
    made = Balancing()
    made.group("sg-server", "vpc-a")
    arn = made.balancer("network", zones="a")
    made.targets("web", "i-other")
    made.listener(80, "web")

    assert causes(ask(made, CLIENT, NODE_A, port=80)) == [("ELB_INSTALLED_AZ_RESTRICTION", arn, "forward")]


def test_an_application_load_balancer_connects_to_the_target_port_from_its_own_address() -> None:
    made, _ = application((rule("tcp", (8080, 8080), "sg-lb"),))
    assert ask(made, CLIENT, NODE_A, port=80).verdict == "reachable"

    made, _ = application((rule("tcp", (80, 80), "sg-lb"),))
    found = ask(made, CLIENT, NODE_A, port=80)
    assert causes(found) == [("ENI_SG_RULES_MISMATCH", "sg-server", "forward")]
    assert any("HTTP 502 to 504, not a time-out" in note for note in found.notes)


def test_the_outbound_rules_of_an_application_load_balancer_judge_its_own_leg() -> None:
    made, _ = application(EVERYTHING)
    made.items["ec2.describe_security_groups"][-1]["IpPermissionsEgress"] = [rule("tcp", (80, 80), "0.0.0.0/0")]

    assert causes(ask(made, CLIENT, NODE_A, port=80)) == [("ENI_SG_RULES_MISMATCH", "sg-lb", "forward")]


def test_every_blocker_of_both_legs_is_named() -> None:
    made, _ = application((rule("tcp", (80, 80), "sg-lb"),), (rule("tcp", (443, 443), "0.0.0.0/0"),))

    assert causes(ask(made, CLIENT, NODE_A, port=80)) == [
        ("ENI_SG_RULES_MISMATCH", "sg-lb", "forward"),
        ("ENI_SG_RULES_MISMATCH", "sg-server", "forward"),
    ]


def test_the_targets_replies_need_every_port_that_a_load_balancer_connects_from() -> None:
    made, _ = application(EVERYTHING)
    made.shut("subnet-a", egress=True, low=1024, high=32767)

    assert verdicts(ask(made, CLIENT, NODE_A, port=80)) == ("partly", "reachable", "partly")


def test_the_clients_replies_come_to_its_own_ports() -> None:
    made, _ = application(EVERYTHING)
    made.shut("subnet-client", egress=False, low=1024, high=32767)
    assert ask(made, CLIENT, NODE_A, port=80, source_port=40000).verdict == "reachable"

    made.shut("subnet-client", egress=False, low=40000, high=40000)
    found = ask(made, CLIENT, NODE_A, port=80, source_port=40000)
    assert causes(found) == [("SUBNET_ACL_RESTRICTION", "acl-subnet-client", "return")]


def test_one_target_that_works_is_enough_and_the_other_is_told() -> None:
    made, _ = network_balancer(FROM_CLIENT)
    made.interface("eni-closed", "subnet-a", "10.0.21.21", groups=["sg-closed"], instance="i-closed")
    made.instance("i-closed", "eni-closed")
    made.group("sg-closed", "vpc-a", ())
    made.targets("both", "i-server", "i-closed")
    made.listener(81, "both")

    found = ask(made, CLIENT, NODE_A, port=81)

    assert verdicts(found) == ("reachable", "reachable", "reachable")
    assert causes(found) == []
    fault = "Target i-closed:8080 of both does not work (SG_HAS_NO_RULES at sg-closed)"
    assert any(note.startswith(fault) for note in found.notes)


@pytest.mark.parametrize(("server", "expected"), [(EVERYTHING, "reachable"), ((), "blocked")])
def test_of_many_targets_that_fare_alike_some_are_shown_and_the_rest_counted(server: Rules, expected: str) -> None:
    made = Balancing()
    made.group("sg-server", "vpc-a", server)
    made.balancer("network")
    names = [f"i-{number}" for number in range(30)]
    for number, name in enumerate(names):
        made.interface(f"eni-{name}", "subnet-a", f"10.0.21.{number + 100}", groups=["sg-server"], instance=name)
        made.instance(name, f"eni-{name}")
    made.targets("web", *names)
    made.listener(80, "web")

    found = ask(made, CLIENT, NODE_A, port=80)

    assert found.verdict == expected
    assert len(found.paths) == 20
    assert "10 more alternatives fare as those that are shown." in found.notes


def test_an_unhealthy_target_is_a_note() -> None:
    made, _ = network_balancer(FROM_CLIENT)
    health = made.by_name["elbv2.describe_target_health", "web"]["TargetHealthDescriptions"][0]
    health["TargetHealth"] = {"State": "unhealthy", "Reason": "Target.Timeout"}

    found = ask(made, CLIENT, NODE_A, port=80)

    assert found.verdict == "reachable"
    assert any("unhealthy (Target.Timeout)" in note for note in found.notes)


@pytest.mark.parametrize(
    "call",
    [
        "elbv2.describe_load_balancers",
        "elbv2.describe_listeners",
        "elbv2.describe_target_groups",
        "elbv2.describe_target_health",
    ],
)
def test_wiring_that_was_not_seen_is_unknown_by_its_call(call: str) -> None:
    made, _ = network_balancer(EVERYTHING)

    found = ask(made.network(without=[call]), CLIENT, NODE_A, port=80)

    assert found.verdict == "unknown"
    assert call in calls(found)


def test_without_any_wiring_the_listeners_are_named() -> None:
    made = Balancing()
    made.balancer("network")
    gone = [call for call in made.objects if call.startswith("elb")] + [call for call, _ in made.by_name]

    found = ask(made.network(without=gone), CLIENT, NODE_A, port=80)

    assert found.verdict == "unknown"
    assert "elbv2.describe_listeners" in calls(found)


def test_what_blocks_before_the_load_balancer_stands_whatever_was_not_seen_behind_it() -> None:
    made, _ = application(EVERYTHING, ())

    found = ask(made.network(without=["elbv2.describe_listeners"]), CLIENT, NODE_A, port=80)

    assert found.verdict == "blocked"


def test_a_redirect_is_answered_by_the_load_balancer_itself() -> None:
    made, _ = application((), EVERYTHING)
    made.listener(8000, protocol="HTTP", action={"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}})

    assert ask(made, CLIENT, NODE_A, port=8000).verdict == "reachable"


def test_an_internet_facing_network_load_balancer_keeps_the_clients_public_address() -> None:
    made, _ = network_balancer((rule("tcp", (8080, 8080), "0.0.0.0/0"),))
    with_internet(made)
    node = next(i for i in made.items["ec2.describe_network_interfaces"] if i["NetworkInterfaceId"] == "eni-node-a")
    node["Association"] = {"PublicIp": "198.51.100.80"}
    tables = made.items["ec2.describe_route_tables"]
    made.table("rtb-private", "vpc-a", subnets=["subnet-a", "subnet-b"])

    found = ask(made, "203.0.113.7", "198.51.100.80", port=80)

    assert len(tables) == 2
    assert verdicts(found) == ("reachable", "reachable", "reachable")


def test_a_target_cannot_reach_itself_through_a_load_balancer_that_keeps_its_address() -> None:
    made, arn = network_balancer(EVERYTHING)

    assert causes(ask(made, SERVER, NODE_A, port=80)) == [("ELBV2_TARGET_IS_CLIENT", arn, "forward")]


def test_an_address_target_that_nobody_holds_is_named() -> None:
    made = Balancing()
    made.group("sg-server", "vpc-a")
    made.balancer("network")
    made.targets("web", "10.0.21.99", kind="ip")
    made.listener(80, "web")

    assert causes(ask(made, CLIENT, NODE_A, port=80)) == [("NO_INTERFACE_WITH_ADDRESS", "subnet-a", "forward")]


def test_a_classic_load_balancer_connects_to_its_instances() -> None:
    made = Balancing()
    made.group("sg-server", "vpc-a", (rule("tcp", (8080, 8080), "sg-open"),))
    arn = made.classic("i-server", "i-other")

    assert ask(made, CLIENT, NODE_A, port=80).verdict == "reachable"
    assert causes(ask(made, CLIENT, NODE_A, port=81)) == [("ELB_LISTENERS_MISMATCH", arn, "forward")]


def test_a_classic_load_balancer_without_cross_zone_keeps_to_its_zone() -> None:
    made = Balancing()
    made.group("sg-server", "vpc-a")
    arn = made.classic("i-other")
    assert causes(ask(made, CLIENT, NODE_A, port=80)) == [("ELB_NOT_CROSSZONE", arn, "forward")]

    made.by_name["elb.describe_load_balancer_attributes", "old"] = {
        "LoadBalancerAttributes": {"CrossZoneLoadBalancing": {"Enabled": True}}
    }
    assert ask(made, CLIENT, NODE_A, port=80).verdict == "reachable"


def test_a_classic_load_balancer_meets_the_acl_even_beside_its_instance() -> None:
    made = Balancing()
    made.group("sg-server", "vpc-a")
    made.interface("eni-near", "subnet-node-a", "10.0.11.20", groups=["sg-server"], instance="i-near")
    made.instance("i-near", "eni-near")
    made.classic("i-near", inside=90)
    made.shut("subnet-node-a", egress=True, low=90, high=90)

    assert causes(ask(made, CLIENT, NODE_A, port=80)) == [("ELB_ACL_RESTRICTION", "acl-subnet-node-a", "forward")]


def test_a_network_load_balancer_meets_no_acl_beside_its_target() -> None:
    made, _ = network_balancer(EVERYTHING)
    made.interface("eni-near", "subnet-node-a", "10.0.11.20", groups=["sg-server"], instance="i-near")
    made.instance("i-near", "eni-near")
    made.targets("near", "i-near", port=90)
    made.listener(81, "near")
    made.shut("subnet-node-a", egress=True, low=90, high=90)

    assert ask(made, CLIENT, NODE_A, port=81).verdict == "reachable"


def test_a_network_load_balancer_in_front_of_an_application_one() -> None:
    made, arn = application(FROM_NODES)
    made.items["ec2.describe_security_groups"][-1]["IpPermissions"] = [rule("tcp", (80, 80), f"{CLIENT}/32")]
    made.subnet("subnet-front", "vpc-a", "10.0.31.0/24")
    made.acl("acl-front", "vpc-a", ["subnet-front"])
    front = arn.replace("/app/lb/", "/net/front/")
    made.objects["elbv2.describe_load_balancers"]["LoadBalancers"].append(
        {"LoadBalancerArn": front, "LoadBalancerName": "front", "Type": "network", "VpcId": "vpc-a"}
    )
    made.interface(
        "eni-front",
        "subnet-front",
        "10.0.31.5",
        groups=(),
        Description="ELB net/front/0123",
        InterfaceType="network_load_balancer",
    )
    forward = {"Type": "forward", "TargetGroupArn": group_arn("alb")}
    listener = {"ListenerArn": "arn:x/front/0123/l1", "Port": 8888, "Protocol": "TCP", "DefaultActions": [forward]}
    made.by_name["elbv2.describe_listeners", "front"] = {"Listeners": [listener]}
    made.targets("alb", port=80, kind="alb")
    made.by_name["elbv2.describe_target_health", "alb"] = {
        "TargetHealthDescriptions": [{"Target": {"Id": arn, "Port": 80}, "TargetHealth": {"State": "healthy"}}]
    }

    assert ask(made, CLIENT, "10.0.31.5", port=8888).verdict == "reachable"
    assert ask(made, OTHER, "10.0.31.5", port=8888).verdict == "blocked"


@pytest.mark.parametrize(("enforced", "expected"), [("on", "blocked"), ("off", "reachable"), (None, "blocked")])
def test_private_link_meets_the_load_balancers_inbound_rules_unless_told_not_to(
    enforced: str | None, expected: str
) -> None:
    made, arn = network_balancer((rule("tcp", (8080, 8080), "sg-lb"),), ("sg-lb",))
    made.items["ec2.describe_security_groups"][-1]["IpPermissions"] = [rule("tcp", (80, 80), "10.9.0.0/16")]
    if enforced is not None:
        item = made.objects["elbv2.describe_load_balancers"]["LoadBalancers"][0]
        item["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] = enforced
    made.interface("eni-endpoint", "subnet-client", "10.0.1.99", InterfaceType="vpc_endpoint")
    name = "com.amazonaws.vpce.us-east-1.vpce-svc-1"
    made.endpoint("vpce-1", "Interface", "eni-endpoint", ServiceName=name)
    made.objects["ec2.describe_vpc_endpoint_service_configurations"] = {
        "ServiceConfigurations": [{"ServiceId": "vpce-svc-1", "ServiceName": name, "NetworkLoadBalancerArns": [arn]}]
    }

    found = ask(made, CLIENT, "10.0.1.99", port=80)

    assert found.verdict == expected
    assert causes(found) == ([("ENI_SG_RULES_MISMATCH", "sg-lb", "forward")] if expected == "blocked" else [])


def test_a_gateway_load_balancer_is_unknown_by_name() -> None:
    made = Balancing()
    made.balancer("gateway")

    found = ask(made, CLIENT, NODE_A, port=80)

    assert found.verdict == "unknown"
    assert "gateway load balancer lb" in found.gaps()[0].reason


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", ["network", "application"])
def test_all_ports_asked_together_are_judged_as_each_by_itself(kind: str, seed: int) -> None:
    chance = random.Random(f"{kind} {seed}")
    made = Balancing()
    peers = [f"{CLIENT}/32", "10.0.11.0/24", "sg-lb", "0.0.0.0/0", "10.0.1.0/24"]
    ports = [(80, 80), (8080, 8080), (81, 81), (80, 9090), (8000, 8080)]

    def some(most: int) -> list[Json]:
        return [rule("tcp", chance.choice(ports), chance.choice(peers)) for _ in range(chance.randint(1, most))]

    made.group("sg-server", "vpc-a", some(3))
    made.group("sg-lb", "vpc-a", [*some(2), rule("tcp", (80, 81), "0.0.0.0/0")], [rule("tcp", (80, 9090), "0.0.0.0/0")])
    made.balancer(kind, ["sg-lb"])
    made.cross_zone(on=chance.random() < 0.5)
    for number, port in enumerate((80, 81, 443)):
        targets = chance.sample(["i-server", "i-other"], chance.randint(0, 2))
        made.targets(f"g{number}", *targets, port=chance.choice([80, 8080, 9090]))
        made.listener(port, f"g{number}", protocol="TCP" if kind == "network" else "HTTP")
    if chance.random() < 0.5:
        made.shut(chance.choice(["subnet-a", "subnet-node-a", "subnet-client"]), egress=True, low=8080, high=9090)

    known = made.network()
    together = ask(known, CLIENT, NODE_A, port=None)
    works = {box.port for path in together.paths for box in path.total[1].traffic.boxes}

    for port in (79, 80, 81, 443):
        alone = ask(known, CLIENT, NODE_A, port=port).verdict
        assert (alone != "blocked") == any(has(side, port) for side in works), port
