"""VPC flow log records of a round in the lab: what the interfaces' groups and network ACLs really passed and dropped.

Version 2, the default format (https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html), for the
interfaces of hosts; those of NAT gateways have no groups that could say what they saw.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from tests.kernel.account import Account, Item, Probe
from tests.kernel.firewall import addresses_of
from tests.kernel.probing import Round
from tests.kernel.watching import Packet, Sight
from tests.kernel.world import ACCOUNT

HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
START, END = 1767225600, 1767225660
"""One minute from the moment at which the accounts of the lab say that they were described."""

Flow = tuple[str, str, str, int, int, int]
"""Interface, source, destination, source port, destination port, protocol."""


def records(account: Account, sights: Iterable[Sight]) -> list[str]:
    """The lines of a flow log over one round, header first; interfaces without traffic say NODATA."""
    hosts = [i for i in account.interfaces() if i["InterfaceType"] == "interface"]
    packets: Counter[tuple[Flow, str]] = Counter()
    octets: Counter[tuple[Flow, str]] = Counter()

    def count(flow: Flow, action: str, packet: Packet, times: int = 1) -> None:
        packets[flow, action] += times
        octets[flow, action] += times * packet.length

    for sight in sights:
        interface = _interface(hosts, sight)
        if interface is None:
            continue
        flow = _flow(interface, sight.packet)
        count(flow, "REJECT" if sight.dropped else "ACCEPT", sight.packet)
        if sight.words[0] == "acl" and sight.words[2] == "egress":
            # The group had passed it already, and of such a packet only the rejection is recorded.
            count(flow, "ACCEPT", sight.packet, -1)
    lines = [
        " ".join(str(field) for field in (2, ACCOUNT, *flow, number, octets[flow, action], START, END, action, "OK"))
        for (flow, action), number in sorted(packets.items())
        if number > 0
    ]
    busy = {flow[0] for (flow, _), number in packets.items() if number > 0}
    silent = sorted(i["NetworkInterfaceId"] for i in hosts if i["NetworkInterfaceId"] not in busy)
    return [HEADER, *lines, *(f"2 {ACCOUNT} {eni} - - - - - - - {START} {END} - NODATA" for eni in silent)]


def _interface(hosts: list[Item], sight: Sight) -> Item | None:
    """The interface at which a filter saw a packet; a network ACL sees it for whichever one of its subnet it is."""
    return next((host for host in hosts if _is_of(host, sight)), None)


def _is_of(host: Item, sight: Sight) -> bool:
    if sight.words[0] == "group":
        return bool(host["NetworkInterfaceId"] == sight.words[1])
    address = sight.packet.source if sight.words[2] == "egress" else sight.packet.destination
    return host["SubnetId"] == sight.words[4] and address in addresses_of(host)


def _flow(interface: Item, packet: Packet) -> Flow:
    """A record names the primary address of its interface, even where a packet went to another one of it."""
    secondary = {entry["PrivateIpAddress"] for entry in interface["PrivateIpAddresses"] if not entry["Primary"]}
    destination = interface["PrivateIpAddress"] if packet.destination in secondary else packet.destination
    ports = (packet.source_port, packet.port)
    return (interface["NetworkInterfaceId"], packet.source, destination, *ports, packet.protocol)


def truths(seen: Round, probes: Iterable[Probe]) -> Iterator[Item]:
    """What the kernel did with each probe: the verdict, and the filter that dropped it, where one did."""
    for identity in (probe.id for probe in probes):
        dropped = [
            {
                "leg": leg,
                "filter": words[0],
                "component": words[1],
                "direction": words[2],
                "rule": words[5] if words[5:] else None,
            }
            for leg, words in sorted(seen.drops.get(identity, set()))
        ]
        reached = identity in seen.answered
        yield {"id": identity, "verdict": "reachable" if reached else "blocked", "dropped": [] if reached else dropped}
