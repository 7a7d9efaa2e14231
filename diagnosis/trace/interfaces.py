"""Interfaces on the path: whether they are up, and from which ports their owner starts connections."""

from __future__ import annotations

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace import encryption
from diagnosis.trace.codes import Code
from diagnosis.trace.step import Blocker, Step, cannot_tell, drops, passes
from diagnosis.traffic.intervals import IntervalSet
from diagnosis.traffic.ports import port_range
from diagnosis.traffic.traffic import Traffic

KIND = "interface-state"
INSTANCES = "ec2.describe_instances"

LINUX = port_range(32768, 60999)
WINDOWS = port_range(49152, 65535)
ANY_CLIENT = port_range(1024, 65535)
"""Load balancers, NAT gateways, Lambda, and clients whose kind is not known
(https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html, ephemeral ports)."""

DEAD = frozenset({"stopped", "stopping", "terminated", "shutting-down"})
UNATTACHED = "available"
DETACHED = frozenset({"detached", "detaching"})


def client_ports(network: Network, interface: NetworkInterface) -> IntervalSet:
    """The ports from which the owner of an interface starts connections, by what it is."""
    owner = network.instance_of_interface.get(interface.id)
    if owner is None or interface.kind not in ("interface", "efa", "trunk", "branch"):
        return ANY_CLIENT
    instance = network.instances.get(owner)
    return WINDOWS if instance is not None and instance.windows else LINUX


def judge(network: Network, interface: NetworkInterface, traffic: Traffic) -> Step:
    """Whether an interface can send and receive at all: attached, its instance not stopped, its VPC as it is judged."""
    step = _state(network, interface, traffic)
    enforced = encryption.enforced(network, interface.vpc, interface.origins)
    if enforced is None or step.blockers:
        return step
    return cannot_tell(encryption.KIND, interface.vpc or interface.id, traffic, enforced)


def plainly_up(network: Network, interface: NetworkInterface) -> bool:
    """Whether a look tells that an interface can send and receive; where it does not, it takes judging."""
    if network.encryption or network.unanswered_switches or interface.attachment_status in DETACHED:
        return False
    if (interface.status or "in-use") not in ("in-use", "associated"):
        return False
    owner = network.instance_of_interface.get(interface.id)
    if owner is None:
        return True
    instance = network.instances.get(owner)
    return instance is not None and instance.state is not None and instance.state not in DEAD


def _state(network: Network, interface: NetworkInterface, traffic: Traffic) -> Step:
    owner = network.instance_of_interface.get(interface.id)
    if interface.attachment_status in DETACHED:
        return _down(interface, traffic, Code.BAD_STATE_ATTACHMENT, interface.attachment_status or "", owner)
    if interface.status == UNATTACHED:
        # Inside a VPC its rules are judged as they will hold once it is attached; an internet gateway tells it apart.
        text = f"ec2.describe_network_interfaces: {interface.id} is attached (its status is available)"
        return passes(KIND, interface.id, traffic, assumed=(text,))
    if (interface.status or "in-use") not in ("in-use", "associated"):
        return _down(interface, traffic, Code.BAD_STATE, interface.status or "", owner)
    if owner is None:
        return passes(KIND, interface.id, traffic)
    instance = network.instances.get(owner)
    if instance is not None and instance.state is not None:
        if instance.state in DEAD:
            return _down(interface, traffic, Code.BAD_STATE, f"instance {instance.state}", owner)
        return passes(KIND, interface.id, traffic)
    if instance is None and owner not in network.malformed and not network.coverage.seen(INSTANCES, interface.origins):
        if network.coverage.named(INSTANCES):
            gap = network.coverage.missing(INSTANCES, interface.origins, f"the state of instance {owner} was not seen")
            return cannot_tell(KIND, interface.id, traffic, gap)
        return passes(KIND, interface.id, traffic, assumed=(f"{INSTANCES}: instance {owner} is running",))
    if instance is not None:
        return passes(KIND, interface.id, traffic, assumed=(f"{INSTANCES}: instance {owner} is running",))
    gap = network.coverage.missing(INSTANCES, interface.origins, f"instance {owner} is not in the answer")
    return cannot_tell(KIND, interface.id, traffic, gap)


def _down(interface: NetworkInterface, traffic: Traffic, code: Code, state: str, owner: str | None) -> Step:
    related = (owner,) if owner else ()
    return drops(KIND, interface.id, traffic, Blocker(code, interface.id, related, None, None, traffic, state))
