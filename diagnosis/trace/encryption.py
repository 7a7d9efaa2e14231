"""VPC encryption controls on the path. What AWS drops in a VPC that enforces encryption is not modelled.

That nobody asked for them is told where enforcement is known to drop what is not encrypted by itself: at PrivateLink.
"""

from __future__ import annotations

from diagnosis.network.coverage import Missing
from diagnosis.network.encryption import CALL, WATCHING
from diagnosis.network.network import Network
from diagnosis.network.vpcs import Origins
from diagnosis.trace.step import Step, passes
from diagnosis.traffic.traffic import Traffic

KIND = "encryption-controls"


def enforced(network: Network, vpc: str | None, near: Origins) -> Missing | None:
    """That a VPC enforces encryption, by name, or that it was asked and not seen; None where it does not."""
    mode = network.encryption.get(vpc or "") if network.encryption else None
    if mode is None and CALL in network.unanswered_switches and not network.coverage.seen(CALL, near):
        return network.gap(CALL, near, f"whether {vpc} enforces encryption")
    if mode in (None, WATCHING):
        return None
    return network.coverage.missing(CALL, near, f"VPC encryption controls of {vpc} ({mode}) are not modelled")


def at_private_link(network: Network, vpc: str | None, near: Origins, traffic: Traffic) -> Step | None:
    """At an interface of an endpoint, where a VPC that enforces encryption drops what is not TLS: the assumption.

    That it does, or may, the interface has said for itself.
    """
    seen = vpc in network.encryption or network.coverage.seen(CALL, near)
    if seen or CALL in network.unanswered_switches:
        return None
    return passes(KIND, vpc or KIND, traffic, assumed=(f"{CALL}: {vpc} does not enforce encryption",))
