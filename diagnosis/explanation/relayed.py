"""Sentences for what load balancers, endpoints, appliances and regional NAT gateways drop."""

from __future__ import annotations

from diagnosis.network.network import Network
from diagnosis.network.owners import label
from diagnosis.trace.codes import Code
from diagnosis.trace.step import Blocker


def relayed(network: Network, blocker: Blocker, what: str) -> str | None:
    """What such a component does, in one sentence; `what` is the traffic in words. None for other codes."""
    name = label(network, blocker.component)
    first = label(network, blocker.related[0]) if blocker.related else ""
    match blocker.code:
        case Code.ELBV2_LISTENERS_MISMATCH | Code.ELB_LISTENERS_MISMATCH:
            has = f"its listeners are {blocker.detail}" if blocker.detail else "it has no listener"
            return f"load balancer {name} has no listener for {what}: {has}."
        case Code.ELBV2_LISTENER_HAS_NO_TG:
            empty = f" (target group {first})" if first else ""
            return f"load balancer {name} has a listener for {what}, but no target is registered behind it{empty}."
        case Code.ELBV2_NO_TARGETS_IN_AZ | Code.ELB_NOT_CROSSZONE:
            return (
                f"load balancer {name} has no target in {blocker.detail or 'the zone of its node'}, and cross-zone "
                "load balancing is off, so what arrives at its node there goes nowhere."
            )
        case Code.ELB_INSTALLED_AZ_RESTRICTION:
            return f"the targets of load balancer {name} are in zones that are not enabled for it."
        case Code.ELB_HAS_NO_INSTANCES:
            return f"no instance is registered with load balancer {name}."
        case Code.ELBV2_TARGET_IS_CLIENT:
            return (
                f"load balancer {name} keeps the client's address, so {first} cannot reach itself through it: the "
                "packet comes back with its own address as source."
            )
        case Code.VPCE_GATEWAY_PROTOCOL_RESTRICTION:
            return f"gateway endpoint {name} takes only {blocker.detail}, not {what}."
        case Code.VPCE_GATEWAY_REQUIRES_SOURCE_IN_VPC:
            return f"route table {name} sends the traffic to gateway endpoint {first}, which serves only its own VPC."
        case Code.VPCE_INTRA_VPC_TRAFFIC:
            return f"{name} is a VPC endpoint: it answers connections and never starts one."
        case Code.INGRESS_RTB_NO_PUBLIC_IP:
            return (
                f"route {blocker.rule} of the gateway's route table {first} sends what arrives to {name}, which has no "
                "public IPv4 address and so receives nothing from the internet."
            )
        case Code.INGRESS_RTB_TRAFFIC_REDIRECTION:
            return (
                f"route table {name}: one direction of the connection passes appliance {first}, the other goes past it."
            )
        case Code.REGIONAL_NGW_ROUTE_AZ_RESTRICTION:
            return f"regional NAT gateway {name} is not present in {blocker.detail}, where the traffic starts."
        case Code.NGW_UNSOLICITED_INBOUND:
            return f"{name} belongs to a NAT gateway, which drops connections that start outside."
        case _:
            return None
