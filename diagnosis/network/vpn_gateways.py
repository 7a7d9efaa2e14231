"""Virtual private gateways and VPN connections: the edge of a VPC towards a network on premises.

https://docs.aws.amazon.com/vpn/latest/s2svpn/how_it_works.html
"""

from __future__ import annotations

from dataclasses import dataclass

from diagnosis.network.shape import Item, items, name_tag, needed_items, needed_text, text, word
from diagnosis.network.vpcs import Origins

GONE = frozenset({"deleting", "deleted", "failed"})
"""States in which a gateway or connection carries nothing any more."""


@dataclass(frozen=True, slots=True)
class VpnGateway:
    """A virtual private gateway, with its attachments as (VPC, state)."""

    id: str
    state: str | None
    """None where the answer does not say: it is then assumed to work."""
    attachments: tuple[tuple[str, str], ...]
    name: str | None
    origins: Origins

    def state_for(self, vpc: str | None) -> str | None:
        """The state of the attachment to this VPC; None where it has none."""
        states = [state for attached, state in self.attachments if attached == vpc]
        return "attached" if "attached" in states else next(iter(states), None)


@dataclass(frozen=True, slots=True)
class VpnConnection:
    """A Site-to-Site VPN connection."""

    id: str
    state: str | None
    """None where the answer does not say: it is then assumed to work."""
    vpn_gateway: str | None
    transit_gateway: str | None
    tunnels: tuple[str, ...]
    """`up` or `down` for each tunnel, when the account was described."""
    name: str | None
    origins: Origins

    @property
    def tunnels_down(self) -> bool:
        """Whether every tunnel reported to be down: a moment's observation, no configuration."""
        return bool(self.tunnels) and all(tunnel == "down" for tunnel in self.tunnels)


def parse_vpn_gateway(item: Item, origins: Origins) -> VpnGateway:
    """An entry of `VpnGateways`."""
    attachments = {
        (needed_text(a, "VpcId"), word(a, "State") or "attached") for a in needed_items(item, "VpcAttachments")
    }
    return VpnGateway(
        id=text(item, "VpnGatewayId") or "",
        state=word(item, "State"),
        attachments=tuple(sorted(attachments)),
        name=name_tag(item),
        origins=origins,
    )


def parse_vpn_connection(item: Item, origins: Origins) -> VpnConnection:
    """An entry of `VpnConnections`. Keys and configurations are never read: they are secret."""
    return VpnConnection(
        id=text(item, "VpnConnectionId") or "",
        state=word(item, "State"),
        vpn_gateway=text(item, "VpnGatewayId"),
        transit_gateway=text(item, "TransitGatewayId"),
        tunnels=tuple(sorted(word(t, "Status") or "" for t in items(item, "VgwTelemetry"))),
        name=name_tag(item),
        origins=origins,
    )
