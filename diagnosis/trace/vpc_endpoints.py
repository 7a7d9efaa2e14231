"""VPC endpoints: gateway endpoints by a route to a prefix list, interface endpoints by the addresses that they hold.

A gateway endpoint takes IPv4 to S3 and DynamoDB from its own VPC, and not over peering, VPN, Direct Connect or a
transit gateway (https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html). An endpoint policy refuses
requests with HTTP 403; it drops no packet, so it is a note and never a blocker.
"""

from __future__ import annotations

from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.vpc_endpoints import SERVING, EndpointService, VpcEndpoint
from diagnosis.trace import encryption
from diagnosis.trace.codes import Code
from diagnosis.trace.step import NOTHING, Blocker, Step, cannot_tell, drops, passes
from diagnosis.trace.walk import Crossed, Device, Unmodelled, Walk
from diagnosis.traffic.addresses import IPV4
from diagnosis.traffic.ports import icmp_cell
from diagnosis.traffic.protocols import ICMP, TCP, UDP
from diagnosis.traffic.traffic import Traffic

KIND = "vpc-endpoint"
CALL = "ec2.describe_vpc_endpoints"
SERVICES = "ec2.describe_vpc_endpoint_service_configurations"
OFFERED = "vpce-svc-"
"""In the names of services that accounts offer, and not of AWS's own."""
INTERFACES = frozenset({"vpcendpoint", "gatewayloadbalancerendpoint"})
"""The types of the interfaces that belong to endpoints."""


def through(walk: Walk, target: str, table: str, device: Device) -> Unmodelled | None:
    """Along a route to an endpoint: through a gateway endpoint to its service; anything else is not judged."""
    endpoint = walk.network.endpoints.get(target)
    if endpoint is None:
        return Unmodelled(target, KIND, walk.network.gap(CALL, device.origins, f"VPC endpoint {target}"))
    if endpoint.kind != "gateway":
        return Unmodelled(target, KIND, not_modelled(endpoint, device.interface))
    if device.arrived is not None and not device.through_nat:
        blocker = Blocker(Code.VPCE_GATEWAY_REQUIRES_SOURCE_IN_VPC, table, (endpoint.id,), None, None, walk.traffic)
        walk.take(drops(KIND, endpoint.id, walk.traffic, blocker))
    walk.take(_state(endpoint, (), walk.traffic))
    walk.take(_gateway_protocols(endpoint, walk.traffic))
    walk.crossings.append(Crossed(endpoint.id, KIND))
    walk.notes += _policy_note(endpoint)
    return None


def not_modelled(endpoint: VpcEndpoint, interface: NetworkInterface | None) -> Missing:
    """What is not judged, by its name and service."""
    if endpoint.for_firewall:
        name = f"Network Firewall endpoint {endpoint.id}"
    else:
        kinds = {"gatewayloadbalancer": "gateway load balancer endpoint", "servicenetwork": "service network endpoint"}
        name = f"{kinds.get(endpoint.kind, f'{endpoint.kind} endpoint')} {endpoint.id}"
    service = f" of {endpoint.service}" if endpoint.service else ""
    account, region = (endpoint.origins or (interface.origins if interface is not None else ()) or (("", ""),))[0]
    return Missing("", account, region, f"{name}{service} on the path is not modelled")


def _state(endpoint: VpcEndpoint, related: tuple[str, ...], traffic: Traffic) -> Step:
    if endpoint.state is None:
        return passes(KIND, endpoint.id, traffic, assumed=(f"{CALL}: {endpoint.id} is available",))
    if endpoint.state in SERVING:
        return passes(KIND, endpoint.id, traffic)
    blocker = Blocker(Code.BAD_STATE, endpoint.id, related, None, None, traffic, endpoint.state)
    return drops(KIND, endpoint.id, traffic, blocker)


def _gateway_protocols(endpoint: VpcEndpoint, traffic: Traffic) -> Step:
    """In go IPv4 TCP and ICMP echo requests."""
    four = traffic.only(source=IPV4)
    echo = four.only(protocol=(ICMP, ICMP + 1), port=icmp_cell(8, -1))
    passed = four.only(protocol=(TCP, TCP + 1)).union(echo)
    return _only(endpoint, Code.VPCE_GATEWAY_PROTOCOL_RESTRICTION, "TCP and ICMP echo over IPv4", traffic, passed)


def _only(endpoint: VpcEndpoint, code: Code, what: str, traffic: Traffic, passed: Traffic) -> Step:
    dropped = traffic.minus(passed)
    if dropped.empty:
        return passes(KIND, endpoint.id, traffic)
    blocker = Blocker(code, endpoint.id, (), None, None, dropped, what)
    return Step(KIND, endpoint.id, None, passed, dropped, NOTHING, None, "", (blocker,))


def of_interface(network: Network, interface: NetworkInterface) -> VpcEndpoint | Missing | None:
    """The endpoint that an interface belongs to; None where it belongs to none."""
    found = network.endpoint_of_interface.get(interface.id)
    if found is not None or interface.kind not in INTERFACES:
        return found
    return network.gap(CALL, interface.origins, f"the VPC endpoint of {interface.id}")


def arrive(walk: Walk, interface: NetworkInterface) -> None:
    """At an interface of an endpoint, past its groups: its state, and the protocols that it takes."""
    endpoint = of_interface(walk.network, interface)
    if endpoint is None:
        return
    if isinstance(endpoint, Missing):
        walk.take(cannot_tell(KIND, interface.id, walk.traffic, endpoint))
        return
    walk.take(_state(endpoint, (interface.id,), walk.traffic))
    walk.take(encryption.at_private_link(walk.network, interface.vpc, interface.origins, walk.traffic))
    if endpoint.kind != "interface":
        walk.take(cannot_tell(KIND, endpoint.id, walk.traffic, not_modelled(endpoint, interface)))
        return
    # "AWS PrivateLink supports TCP and UDP": nothing answers a ping there.
    carried = walk.traffic.only(protocol=(TCP, TCP + 1, UDP, UDP + 1))
    walk.take(_only(endpoint, Code.PROTOCOL_RESTRICTION, "TCP and UDP", walk.traffic, carried))
    walk.notes += (*_policy_note(endpoint), *_dns_notes(walk.network, endpoint), *_zone_notes(walk, endpoint))


def start(walk: Walk, interface: NetworkInterface) -> None:
    """From an interface of an endpoint: an endpoint answers, and never starts a connection."""
    endpoint = of_interface(walk.network, interface)
    if endpoint is None:
        return
    if isinstance(endpoint, VpcEndpoint) and endpoint.kind != "interface":
        walk.take(cannot_tell(KIND, endpoint.id, walk.traffic, not_modelled(endpoint, interface)))
        return
    component = endpoint.id if isinstance(endpoint, VpcEndpoint) else interface.id
    related = (interface.id,) if component != interface.id else ()
    blocker = Blocker(Code.VPCE_INTRA_VPC_TRAFFIC, component, related, None, None, walk.traffic)
    walk.take(drops(KIND, component, walk.traffic, blocker))


def provider(network: Network, interface: NetworkInterface) -> EndpointService | Missing | None:
    """The endpoint service behind an endpoint; None where it is AWS's own, or another account's."""
    endpoint = network.endpoint_of_interface.get(interface.id)
    if endpoint is None or endpoint.kind != "interface":
        return None
    found = next((s for s in network.endpoint_services if s.name == endpoint.service), None)
    whole = network.coverage.seen(SERVICES, endpoint.origins) and network.whole("ServiceConfigurations")
    if found is not None or (whole and endpoint.service):
        return found
    if not endpoint.service and (network.endpoint_services or not network.whole("ServiceConfigurations")):
        return network.gap(CALL, endpoint.origins, f"the service of endpoint {endpoint.id}")
    if OFFERED not in endpoint.service:
        return None
    return network.gap(SERVICES, endpoint.origins, f"whether endpoint service {endpoint.service} is offered here")


def _policy_note(endpoint: VpcEndpoint) -> tuple[str, ...]:
    if not endpoint.restricted:
        return ()
    text = (
        f"The policy of endpoint {endpoint.id} is not full access: what it denies comes back as HTTP 403. "
        "A policy is not a network drop, so a time-out has another cause."
    )
    return (text,)


def _dns_notes(network: Network, endpoint: VpcEndpoint) -> tuple[str, ...]:
    found = []
    if endpoint.private_dns is False and endpoint.service.startswith("com.amazonaws."):
        found.append(
            f"Private DNS is off for endpoint {endpoint.id}: the name of {endpoint.service} does not resolve to it, "
            "only the endpoint's own names do."
        )
    found += [
        f"{switch} is off in {endpoint.vpc}: private DNS names of endpoint {endpoint.id} need it."
        for switch in network.dns_switches.get(endpoint.vpc or "", ())
    ]
    return tuple(found)


def _zone_notes(walk: Walk, endpoint: VpcEndpoint) -> tuple[str, ...]:
    """Traffic from a zone where the endpoint has no interface goes to another zone's, and fails with that zone."""
    zone = walk.origin.zone if walk.origin is not None and walk.origin.vpc == endpoint.vpc else None
    zones = {i.zone for i in map(walk.network.interfaces.get, endpoint.interfaces) if i is not None}
    if zone is None or zone in zones or None in zones:
        return ()
    return (f"Endpoint {endpoint.id} has no interface in a subnet of {zone}: traffic from there crosses zones.",)
