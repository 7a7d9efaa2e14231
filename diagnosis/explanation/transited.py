"""What drops traffic on its way through transit gateways and virtual private gateways, in one sentence each."""

from __future__ import annotations

from diagnosis.network.network import Network
from diagnosis.network.owners import label
from diagnosis.trace.codes import Code
from diagnosis.trace.step import Blocker


def transited(network: Network, blocker: Blocker, towards: str) -> str | None:
    """The sentence of a blocker; None where its code is about something else.

    `towards` is what the traffic is headed for: an address, or "the replies to" one.
    """
    name = label(network, blocker.component)
    traffic = towards if towards.startswith("the replies") else f"traffic for {towards}"
    other = label(network, blocker.related[0]) if blocker.related else ""
    match blocker.code:
        case Code.TGW_ROUTE_AZ_RESTRICTION:
            zone = f" {blocker.detail}" if blocker.detail else ""
            return (
                f"transit gateway attachment {name} has no subnet in Availability Zone{zone}, where subnet {other} is, "
                f"so {traffic} cannot enter the transit gateway from there."
            )
        case Code.TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION:
            return (
                f"transit gateway attachment {name} is associated with no route table of {other}, "
                f"so the gateway drops {traffic}."
            )
        case Code.TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT:
            table = f"transit gateway route table {name}"
            if blocker.rule is not None:
                loop = blocker.detail.startswith("a loop")
                ends = "which leads back in a loop" if loop else "which does not lead there"
                return f"{table} sends {towards} by {blocker.rule} to attachment {other}, {ends}."
            return f"{table}, with which attachment {other} is associated, has no route for {towards}."
        case Code.TGW_RTB_BAD_STATE_ROUTE:
            return f"route {blocker.rule} of transit gateway route table {name} is a blackhole: it drops {traffic}."
        case Code.TGW_BAD_STATE_VPN | Code.BAD_STATE_VPN:
            return f"VPN connection {name} behind {other} is {blocker.detail}, so it carries nothing."
        case Code.VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS:
            return (
                f"route {blocker.rule} of route table {name} sends {towards} to virtual private gateway {other}, "
                "which takes only what interfaces of its own VPC send."
            )
        case Code.VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS:
            return (
                f"virtual private gateway {other} delivers to private addresses only, and {name} is addressed by its "
                "public one."
            )
        case _:
            return None


def not_carried(network: Network, blocker: Blocker, group: str, traffic: str) -> str:
    """Why a rule that names the peer's group does not match on this path."""
    by = label(network, blocker.related[1]) if len(blocker.related) > 1 else "the path"
    allows = f"{group} allows {traffic} only by reference to a security group"
    if blocker.code is Code.SG_REFERENCING_SUPPORT:
        return f"{allows}, and transit gateway attachment {by} has security group referencing switched off."
    if blocker.direction == "egress":
        return f"{allows}, and outbound references never match over a transit gateway ({by})."
    return f"{allows}, and {by} does not carry security groups from where this comes from."
