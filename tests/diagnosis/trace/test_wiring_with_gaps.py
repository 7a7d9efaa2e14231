"""What a load balancer's or an endpoint's answer lacks may leave a verdict unknown; it never turns one round."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from diagnosis.network.build import build
from tests.accounts import EVERYTHING, Json, rule
from tests.diagnosis.trace.asking import ask, calls
from tests.diagnosis.trace.balancing import CLIENT, NODE_A, SERVER, Balancing

SERVICE = "com.amazonaws.vpce.us-east-1.vpce-svc-1"
ENFORCES = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"
ENDPOINT = "10.0.1.50"
FROM_NODE = (rule("tcp", (8080, 8080), f"{NODE_A}/32"),)
FROM_CLIENT = (rule("tcp", (8080, 8080), f"{CLIENT}/32"),)


def balanced(
    kind: str = "network",
    *targets: str,
    server: tuple[Json, ...] = EVERYTHING,
    port: int = 80,
    zones: str = "ab",
    attributes: dict[str, str] | None = None,
) -> Balancing:
    """A load balancer whose listener leads to the server, or to other targets."""
    made = Balancing()
    made.group("sg-server", "vpc-a", server)
    made.group("sg-lb", "vpc-a", EVERYTHING)
    made.balancer(kind, ["sg-lb"], zones)
    target_kind = "ip" if SERVER in targets else "instance"
    made.targets("web", *(targets or ("i-server",)), kind=target_kind, attributes=attributes)
    made.listener(port, "web")
    return made


def by_private_link(**more: str) -> Balancing:
    """The same behind an endpoint service, with an endpoint in the client's subnet and no inbound rule in front."""
    made = balanced()
    made.items["ec2.describe_security_groups"][-1]["IpPermissions"] = []
    balancer = made.objects["elbv2.describe_load_balancers"]["LoadBalancers"][0]
    balancer.update(more)
    made.interface("eni-vpce", "subnet-client", ENDPOINT, InterfaceType="vpc_endpoint")
    made.endpoint("vpce-1", "Interface", "eni-vpce", ServiceName=SERVICE)
    service = {
        "ServiceId": "vpce-svc-1",
        "ServiceName": SERVICE,
        "NetworkLoadBalancerArns": [balancer["LoadBalancerArn"]],
    }
    made.objects["ec2.describe_vpc_endpoint_service_configurations"] = {"ServiceConfigurations": [service]}
    return made


def classic(zones: str = "ab", instance: str = "i-server") -> Balancing:
    """A Classic Load Balancer in front of the server, or of another instance."""
    made = Balancing()
    made.group("sg-server", "vpc-a", (rule("tcp", (8080, 8080), "10.0.0.0/16"),))
    made.classic(instance, zones=zones)
    return made


CROSS = {"load_balancing.cross_zone.enabled": "true"}
SITUATIONS: dict[str, tuple[Callable[[], Balancing], str, str]] = {
    "open": (balanced, NODE_A, "reachable"),
    "no listener": (lambda: balanced(port=81), NODE_A, "blocked"),
    "the client is kept": (lambda: balanced(server=FROM_CLIENT), NODE_A, "reachable"),
    "the client is kept and not let in": (lambda: balanced(server=FROM_NODE), NODE_A, "blocked"),
    "the node is seen": (
        lambda: balanced(server=FROM_NODE, attributes={"preserve_client_ip.enabled": "false"}),
        NODE_A,
        "reachable",
    ),
    "address targets": (lambda: balanced("network", SERVER, server=FROM_NODE), NODE_A, "reachable"),
    "no target in the zone": (lambda: balanced("network", "i-other"), NODE_A, "blocked"),
    "across zones": (lambda: balanced("network", "i-other", attributes=CROSS), NODE_A, "reachable"),
    "a zone that is not enabled": (
        lambda: balanced("network", "i-other", zones="a", attributes=CROSS),
        NODE_A,
        "blocked",
    ),
    "application": (lambda: balanced("application", server=FROM_NODE), NODE_A, "reachable"),
    "application, no listener": (lambda: balanced("application", port=81), NODE_A, "blocked"),
    "classic": (classic, NODE_A, "reachable"),
    "classic, no instance in the zone": (lambda: classic(instance="i-other"), NODE_A, "blocked"),
    "private link, judged by groups": (lambda: by_private_link(**{ENFORCES: "on"}), ENDPOINT, "blocked"),
    "private link, not judged": (lambda: by_private_link(**{ENFORCES: "off"}), ENDPOINT, "reachable"),
}
LOST = [
    ("elbv2.describe_load_balancers", "Type"),
    ("elbv2.describe_load_balancers", "LoadBalancerArn"),
    ("elbv2.describe_load_balancers", "AvailabilityZones"),
    ("elbv2.describe_load_balancers", "ZoneName"),
    ("elbv2.describe_load_balancers", "SecurityGroups"),
    ("elbv2.describe_listeners", "Port"),
    ("elbv2.describe_listeners", "DefaultActions"),
    ("elbv2.describe_listeners", "ForwardConfig"),
    ("elbv2.describe_listeners", "TargetGroupArn"),
    ("elbv2.describe_target_group_attributes", "Key"),
    ("elbv2.describe_target_group_attributes", "Value"),
    ("elbv2.describe_target_groups", "TargetGroupArn"),
    ("elb.describe_load_balancers", "Instances"),
    ("elb.describe_load_balancers", "InstanceId"),
    ("elb.describe_load_balancers", "ListenerDescriptions"),
    ("elb.describe_load_balancers", "LoadBalancerPort"),
    ("elb.describe_load_balancers", "InstancePort"),
    ("elb.describe_load_balancers", "AvailabilityZones"),
    ("ec2.describe_network_interfaces", "AvailabilityZone"),
    ("ec2.describe_network_interfaces", "Description"),
    ("ec2.describe_network_interfaces", "InterfaceType"),
    ("ec2.describe_vpc_endpoints", "ServiceName"),
    ("ec2.describe_vpc_endpoint_service_configurations", "ServiceId"),
    ("ec2.describe_vpc_endpoint_service_configurations", "ServiceName"),
    ("ec2.describe_vpc_endpoint_service_configurations", "NetworkLoadBalancerArns"),
]


def without(value: Any, key: str) -> Any:
    """The answer without this key, wherever it has it."""
    if isinstance(value, dict):
        return {name: without(inner, key) for name, inner in value.items() if name != key}
    return [without(inner, key) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_member_that_is_lacking_never_turns_a_verdict_round(situation: str) -> None:
    make, destination, expected = SITUATIONS[situation]
    described = make().described()
    assert ask(build(described), CLIENT, destination, port=80).verdict == expected
    for call, key in LOST:
        answers = {
            named: without(deepcopy(answer), key) if named.name == call else answer
            for named, answer in described.answers.items()
        }
        less = ask(build(replace(described, answers=answers)), CLIENT, destination, port=80)

        assert less.verdict in (expected, "unknown"), (call, key)
        assert less.verdict == expected or less.gaps(), (call, key)


def test_what_private_link_meets_is_assumed_where_the_load_balancer_does_not_say() -> None:
    found = ask(by_private_link(), CLIENT, ENDPOINT, port=80)

    assert found.verdict == "blocked"
    assert any("PrivateLink" in text for text in found.assumed())


def test_the_attributes_of_a_target_group_that_were_asked_for_decide_whether_its_zones_are_crossed() -> None:
    made = balanced("application", "i-other")
    assert ask(made, CLIENT, NODE_A, port=80).verdict == "reachable"

    made.asked = {"elbv2.describe_target_group_attributes"}
    found = ask(made, CLIENT, NODE_A, port=80)

    assert found.verdict == "unknown"
    assert calls(found) == {"elbv2.describe_target_group_attributes"}


def test_the_zone_of_an_interface_is_that_of_its_subnet_where_it_does_not_say_one() -> None:
    made = balanced("network", "i-other")
    for interface in made.items["ec2.describe_network_interfaces"]:
        del interface["AvailabilityZone"]

    assert ask(made, CLIENT, NODE_A, port=80).verdict == "blocked"
