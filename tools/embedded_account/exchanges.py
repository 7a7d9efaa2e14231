"""One exchange of packets between two parties → the records of every interface that it crosses."""

from __future__ import annotations

from collections.abc import Iterator

from tools.embedded_account.records import Record, offset
from tools.embedded_account.shop import NAT, Interface

Party = Interface | str
"""An interface of the account, or the address of somebody outside it."""
Times = int | tuple[int, int]
"""A minute (each interface then reports its own aggregation window of that minute), or first and last packet."""
Load = tuple[int, int]
"""Packets and bytes of one direction."""

SYN, SYN_ACK, FIN, NOTHING = 2, 18, 1, 0
WHOLE = (SYN | FIN, SYN_ACK | FIN)
"""tcp-flags there and back of a connection that begins and ends within one window."""
TCP, UDP, ICMP = 6, 17, 1
SYN_BYTES = 60


def spoken(
    client: Party, server: Party, ports: tuple[int, int], loads: tuple[Load, Load], times: Times,
    *, flags: tuple[int, int] = WHOLE, protocol: int = TCP,
) -> Iterator[Record]:  # fmt: skip
    """A request that is let in and its answer: up to four records."""
    ends = _addresses(client, server)
    back = ends[::-1]
    if isinstance(client, Interface):
        yield _record(client, ends, ports, loads[0], times, flags=flags[0], protocol=protocol, ingress=False)
        yield _record(client, back, ports[::-1], loads[1], times, flags=flags[1], protocol=protocol, ingress=True)
    if isinstance(server, Interface):
        yield _record(server, ends, ports, loads[0], times, flags=flags[0], protocol=protocol, ingress=True)
        yield _record(server, back, ports[::-1], loads[1], times, flags=flags[1], protocol=protocol, ingress=False)


def refused(
    client: Party, server: Interface, ports: tuple[int, int], load: Load, times: Times, *, protocol: int = TCP
) -> Iterator[Record]:
    """A request that the server's side refuses: accepted on its way out, rejected at the server's interface."""
    ends = _addresses(client, server)
    flags = SYN if protocol == TCP else NOTHING
    if isinstance(client, Interface):
        yield _record(client, ends, ports, load, times, flags=flags, protocol=protocol, ingress=False)
    yield _record(server, ends, ports, load, times, flags=flags, protocol=protocol, ingress=True, action="REJECT")


def through_nat(
    client: Interface, outside: str, ports: tuple[int, int, int], loads: tuple[Load, Load], minute: int
) -> Iterator[Record]:
    """A connection to the internet by the NAT gateway: two records at the client, four at the gateway.

    Towards the client the gateway's own address stands in srcaddr and dstaddr; the pkt- fields keep the real one.
    """
    own_port, nat_port, port = ports
    up, down = loads
    there, answer = WHOLE
    ends = (client.address, outside)
    inner, outer = (own_port, port), (nat_port, port)
    yield _record(client, ends, inner, up, minute, flags=there, ingress=False)
    yield _record(client, ends[::-1], inner[::-1], down, minute, flags=answer, ingress=True)
    inside = _record(NAT, ends, inner, up, minute, flags=there, ingress=True)
    yield inside._replace(destination=NAT.address)
    out = (NAT.address, outside)
    yield _record(NAT, out, outer, up, minute, flags=there, ingress=False)
    yield _record(NAT, out[::-1], outer[::-1], down, minute, flags=answer, ingress=True)
    home = _record(NAT, ends[::-1], inner[::-1], down, minute, flags=answer, ingress=False)
    yield home._replace(source=NAT.address)


def window(interface: Interface, minute: int) -> tuple[int, int]:
    """First and last packet that the interface reports for the window that begins in this minute."""
    begins = minute * 60 + offset(interface)
    return begins + (minute * 5) % 3, begins + 59 - (minute * 7) % 4


def _addresses(client: Party, server: Party) -> tuple[str, str]:
    return _address(client, server), _address(server, client)


def _address(party: Party, other: Party) -> str:
    if isinstance(party, str):
        return party
    return party.ipv6 if party.ipv6 and isinstance(other, str) and ":" in other else party.address


def _record(
    interface: Interface, ends: tuple[str, str], ports: tuple[int, int], load: Load, times: Times,
    *, flags: int, ingress: bool, protocol: int = TCP, action: str = "ACCEPT",
) -> Record:  # fmt: skip
    start, end = window(interface, times) if isinstance(times, int) else times
    return Record(
        interface, *ends, *ports, protocol, *load, start, end, action, flags, ingress, *ends,
    )  # fmt: skip
