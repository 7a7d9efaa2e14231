"""What the host of an instance answers itself: instance metadata and Amazon Time Sync, which no rule filters.

"Security groups do not filter traffic destined to and from" them, nor do network ACLs
(https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html). Only instances have them: a function or a
task asks elsewhere.
"""

from __future__ import annotations

from typing import Final

from diagnosis.network.network import Network
from diagnosis.trace import interfaces
from diagnosis.trace.places import Held
from diagnosis.trace.step import cannot_tell, passes
from diagnosis.trace.walk import Walk
from diagnosis.traffic.addresses import parse_address
from diagnosis.traffic.ports import port
from diagnosis.traffic.protocols import TCP, UDP

METADATA: Final = parse_address("169.254.169.254")
TIME: Final = parse_address("169.254.169.123")
_SERVICES: Final = {
    METADATA: ("instance-metadata", "instance metadata", TCP, 80),
    TIME: ("time-sync", "Amazon Time Sync", UDP, 123),
}
ADDRESSES: Final = frozenset(_SERVICES)
"""Where every instance finds them."""


def answers(walk: Walk, source: Held, address: int) -> bool:
    """Takes a walk from an instance to such a service; False where another asks, or more than the service is asked."""
    if address not in _SERVICES:
        return False
    kind, name, protocol, number = _SERVICES[address]
    network, interface = walk.network, source.interface
    instance = network.instance_of_interface.get(interface.id)
    asked = walk.traffic.only(protocol=(protocol, protocol + 1), port=port(number))
    if instance is None or not asked.covers(walk.traffic):
        return False
    walk.take(interfaces.judge(network, interface, walk.traffic), interface.id, "network-interface")
    if address == METADATA and _off(network, instance):
        text = f"instance metadata is off for {instance} (HttpEndpoint is disabled), which then answers nothing"
        gap = network.coverage.missing("ec2.describe_instances", interface.origins, text)
        walk.take(cannot_tell(kind, f"{name} of {instance}", walk.traffic, gap))
    else:
        walk.take(passes(kind, f"{name} of {instance}", walk.traffic))
    return True


def _off(network: Network, instance: str) -> bool:
    known = network.instances.get(instance)
    return known is not None and not known.metadata
