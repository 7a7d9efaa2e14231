"""What the lab's filters saw: packets that a group passed or dropped, and those that a network ACL dropped (NFLOG)."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from tests.kernel.account import Probe
from tests.kernel.namespaces import NETLINK_NETFILTER, Namespace
from tests.kernel.random_rules import OTHER

GROUP = 1
"""The NFLOG group of all rules that log; each namespace has its own."""
BYTES = 120
"""How much of each packet is kept."""
PACKET, CONFIG = (4 << 8) | 0, (4 << 8) | 1
"""NFNL_SUBSYS_ULOG with NFULNL_MSG_PACKET and NFULNL_MSG_CONFIG (linux/netfilter/nfnetlink_log.h)."""
PAYLOAD, PREFIX = 9, 10
ECHO = {8: "forward", 128: "forward", 0: "return", 129: "return"}


def log(*words: str) -> str:
    """The statement of a rule that makes the packet be seen here; the words come back in `Sight.words`."""
    return f'log prefix "{" ".join(words)}" group {GROUP} snaplen {BYTES}'


@dataclass(frozen=True, slots=True)
class Packet:
    """The header of a packet, as far as flow logs and this lab care."""

    source: str
    destination: str
    protocol: int
    source_port: int
    port: int
    """Ports are 0 for protocols without."""
    length: int
    data: bytes
    """What follows the IP header."""

    @property
    def echo(self) -> tuple[int, int] | None:
        """Type and identifier of an ICMP echo request or reply."""
        if self.protocol not in (1, 58) or len(self.data) < 6 or self.data[0] not in ECHO:
            return None
        return self.data[0], int.from_bytes(self.data[4:6], "big")


@dataclass(frozen=True, slots=True)
class Sight:
    """One packet at one filter."""

    words: tuple[str, ...]
    """`group ENI DIRECTION pass|drop`, or `acl ACL DIRECTION drop SUBNET RULE`."""
    packet: Packet

    @property
    def dropped(self) -> bool:
        """Whether the filter dropped it."""
        return self.words[3] == "drop"


class Watch:
    """An ear in each of some namespaces; `sights` empties them all."""

    def __init__(self, spaces: Iterable[Namespace]) -> None:
        self._ears: list[socket.socket] = []
        for space in spaces:
            with space.inside():
                ear = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
            self._ears.append(ear)
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            ear.bind((0, 0))
            # NFULA_CFG_CMD: bind; NFULA_CFG_MODE: copy packets; NFULA_CFG_QTHRESH: tell of each packet at once.
            for kind, value in ((1, b"\x01"), (2, struct.pack("!IBx", BYTES, 2)), (5, struct.pack("!I", 1))):
                ear.send(_configuration(kind, value))
                ear.recv(4096)
            ear.setblocking(False)

    def close(self) -> None:
        """Stops listening."""
        for ear in self._ears:
            ear.close()

    def sights(self) -> list[Sight]:
        """Everything seen since the last time."""
        found: list[Sight] = []
        for ear in self._ears:
            while True:
                try:
                    message = ear.recv(1 << 16)
                except BlockingIOError:
                    break
                found += _sights(message)
        return found


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def _configuration(kind: int, value: bytes) -> bytes:
    body = struct.pack("!BBH", socket.AF_UNSPEC, 0, GROUP) + _attribute(kind, value)
    return struct.pack("=IHHII", 16 + len(body), CONFIG, 0x1 | 0x4, 0, 0) + body


def _sights(message: bytes) -> Iterator[Sight]:
    """The packets of one netlink datagram."""
    while len(message) >= 16:
        length, kind = struct.unpack_from("=IH", message)
        if kind == PACKET:
            attributes = dict(_attributes(message[20:length]))
            packet = _packet(attributes.get(PAYLOAD, b""))
            if packet is not None:
                yield Sight(tuple(attributes[PREFIX].rstrip(b"\0").decode().split()), packet)
        message = message[max(length + -length % 4, 16) :]


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind & 0x3FFF, data[4:length]
        data = data[max(length + -length % 4, 4) :]


def _packet(data: bytes) -> Packet | None:
    if len(data) < 20:
        return None
    if data[0] >> 4 == 4:
        start, protocol, length = (data[0] & 15) * 4, data[9], int.from_bytes(data[2:4], "big")
        addresses = data[12:16], data[16:20]
    else:
        start, protocol, length = 40, data[6], 40 + int.from_bytes(data[4:6], "big")
        addresses = data[8:24], data[24:40]
    rest = data[start:]
    ports = struct.unpack_from("!HH", rest) if protocol in (6, 17) and len(rest) >= 4 else (0, 0)
    source, destination = (str(ip_address(address)) for address in addresses)
    return Packet(source, destination, protocol, ports[0], ports[1], length, rest)


class Ledger:
    """Which probe of a round a packet belongs to. Addresses change on the way; ports, identifiers and payloads stay."""

    def __init__(self, probes: Iterable[Probe]) -> None:
        self._by_ports = {(p.protocol, p.source_port, p.port): p for p in probes if p.protocol in (6, 17)}
        self._by_echo = {(p.protocol, p.source_port): p for p in probes if p.protocol in (1, 58)}
        self._by_id = {p.id: p for p in probes if p.protocol == OTHER}

    def find(self, packet: Packet) -> tuple[Probe, str] | None:
        """The probe, and whether the packet is on the way there (`forward`) or home (`return`)."""
        probe: Probe | None
        if packet.protocol in (6, 17):
            probe = self._by_ports.get((packet.protocol, packet.source_port, packet.port))
            if probe is not None:
                return probe, "forward"
            probe = self._by_ports.get((packet.protocol, packet.port, packet.source_port))
            return (probe, "return") if probe is not None else None
        if packet.echo is not None:
            kind, identifier = packet.echo
            probe = self._by_echo.get((packet.protocol, identifier))
            return (probe, ECHO[kind]) if probe is not None else None
        if packet.protocol == OTHER:
            probe = self._by_id.get(packet.data[1:].decode(errors="replace").rpartition(" ")[2])
            return (probe, "forward" if packet.data.startswith(b"?") else "return") if probe is not None else None
        return None
