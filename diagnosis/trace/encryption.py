"""VPC encryption controls on the path. What AWS drops in a VPC that enforces encryption is not modelled.

Unless such a VPC is seen, the switch matters where enforcement drops what is not encrypted by itself: at PrivateLink.
"""

from __future__ import annotations

from diagnosis.network.coverage import Missing
from diagnosis.network.encryption import CALL, WATCHING
from diagnosis.network.network import Network
from diagnosis.network.vpcs import Origins
from diagnosis.trace.step import Step, cannot_tell, passes
from diagnosis.traffic.traffic import Traffic

KIND = "encryption-controls"


def enforced(network: Network, vpc: str | None, near: Origins) -> Missing | None:
    """That a VPC enforces encryption, by name; None where it is not known to."""
    mode = network.encryption.get(vpc or "") if network.encryption else None
    if mode in (None, WATCHING):
        return None
    return network.coverage.missing(CALL, near, f"VPC encryption controls of {vpc} ({mode}) are not modelled")


def at_private_link(network: Network, vpc: str | None, near: Origins, traffic: Traffic) -> Step | None:
    """At an interface of an endpoint, where a VPC that enforces encryption drops what is not TLS."""
    if vpc in network.encryption or network.coverage.seen(CALL, near):
        return None  # An interface in a VPC that enforces it has said so for itself.
    if network.coverage.named(CALL):
        return cannot_tell(KIND, vpc or KIND, traffic, network.gap(CALL, near, f"whether {vpc} enforces encryption"))
    return passes(KIND, vpc or KIND, traffic, assumed=(f"{CALL}: {vpc} does not enforce encryption",))
