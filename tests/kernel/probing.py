"""Real connections in a lab: TCP, UDP, ICMP echo and a protocol without ports, all of one round at once."""

from __future__ import annotations

import errno
import resource
import selectors
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Self

from tests.kernel.account import Probe
from tests.kernel.lab import Lab
from tests.kernel.namespaces import Namespace
from tests.kernel.random_rules import OTHER, TCP_PORTS, UDP_PORTS
from tests.kernel.watching import Ledger, Sight, Watch

IP_PKTINFO, IPV6_RECVPKTINFO, IPV6_PKTINFO = 8, 49, 50
ABORT = struct.pack("=ii", 1, 0)
"""SO_LINGER: close at once and leave nothing behind, so that the next round can use the same ports."""
REFUSED = frozenset(
    {
        errno.EPERM,
        errno.EACCES,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.ECONNREFUSED,
        errno.ETIMEDOUT,
        errno.ECONNRESET,
    }
)
"""How a kernel says that a packet was dropped on its way, where it says anything."""


Drop = tuple[str, tuple[str, ...]]
"""The leg on which a packet was dropped, `forward` or `return`, and the words of the rule that did it (see `Sight`)."""


@dataclass(slots=True)
class Round:
    """What happened to the connections of one round, by the ids of their probes."""

    answered: set[str] = field(default_factory=set)
    """The answer came home."""
    arrived: set[str] = field(default_factory=set)
    """The first packet reached its destination."""
    drops: dict[str, set[Drop]] = field(default_factory=dict)
    """Where groups and network ACLs dropped packets of theirs."""
    sights: list[Sight] = field(default_factory=list)
    """Every packet that a group passed or dropped, or a network ACL dropped."""


def family(address: str) -> socket.AddressFamily:
    """The address family of a literal address."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Listeners:
    """Servers on every host of a lab, open as long as the lab is; `round` tries connections against them."""

    def __init__(self, lab: Lab) -> None:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self._hosts = dict(lab.hosts)
        self._ready = selectors.DefaultSelector()
        self._servers: list[socket.socket] = []
        self._clients: list[socket.socket] = []
        self._round = Round()
        self._number = 0
        self._watch_filters = Watch(lab.filters)
        by_name: dict[str, tuple[Namespace, list[str]]] = {}
        for address, space in lab.hosts.items():
            by_name.setdefault(space.name, (space, []))[1].append(address)
        for space, addresses in by_name.values():
            with space.inside():
                self._serve(addresses)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for opened in (*self._clients, *self._servers):
            opened.close()
        self._ready.close()
        self._watch_filters.close()

    def round(self, probes: list[Probe], *, quiet: float = 0.1, limit: float = 5.0) -> Round:
        """Tries all probes at once, and listens until nothing has happened for `quiet` seconds."""
        self._round, self._number = Round(), self._number + 1
        self._watch_filters.sights()
        for probe in probes:
            with self._hosts[probe.from_address].inside():
                self._start(probe)
        until = time.monotonic() + limit
        while time.monotonic() < until:
            events = self._ready.select(quiet)
            if not events:
                break
            for key, _ in events:
                key.data()
        self._sum_up(probes)
        for client in self._clients:
            if client in self._ready.get_map():
                self._ready.unregister(client)
            client.close()
        self._clients.clear()
        return self._round

    def _sum_up(self, probes: list[Probe]) -> None:
        """Which probe was dropped where, and which arrived."""
        ledger = Ledger(probes)
        self._round.sights = self._watch_filters.sights()
        self._round.arrived |= self._round.answered
        for sight in self._round.sights:
            found = ledger.find(sight.packet)
            if found is None:
                continue
            probe, leg = found
            if sight.dropped:
                self._round.drops.setdefault(probe.id, set()).add((leg, sight.words))
            elif leg == "forward" and sight.words[2] == "ingress":
                self._round.arrived.add(probe.id)

    def _serve(self, addresses: list[str]) -> None:
        for port in TCP_PORTS:
            server = self._server(socket.AF_INET6, socket.SOCK_STREAM, 0)
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            server.bind(("::", port))
            server.listen(256)
            self._ready.register(server, selectors.EVENT_READ, partial(self._accept, server))
        for address in addresses:
            for port in UDP_PORTS:
                server = self._server(family(address), socket.SOCK_DGRAM, 0)
                server.bind((address, port))
                self._ready.register(server, selectors.EVENT_READ, partial(self._echo, server))
        for version, level, option in (
            (socket.AF_INET, socket.IPPROTO_IP, IP_PKTINFO),
            (socket.AF_INET6, socket.IPPROTO_IPV6, IPV6_RECVPKTINFO),
        ):
            server = self._server(version, socket.SOCK_RAW, OTHER)
            server.setsockopt(level, option, 1)
            self._ready.register(server, selectors.EVENT_READ, partial(self._echo_raw, server))

    def _server(self, version: socket.AddressFamily, kind: socket.SocketKind, protocol: int) -> socket.socket:
        server = socket.socket(version, kind, protocol)
        server.setblocking(False)
        self._servers.append(server)
        return server

    def _accept(self, server: socket.socket) -> None:
        try:
            accepted, _ = server.accept()
        except OSError:
            # The client has gone already.
            return
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        self._clients.append(accepted)

    def _echo(self, server: socket.socket) -> None:
        try:
            data, sender = server.recvfrom(256)
            self._arrives(data)
            server.sendto(data, sender)
        except OSError as error:
            _expected(error)

    def _echo_raw(self, server: socket.socket) -> None:
        try:
            data, extra, _, sender = server.recvmsg(256, 256)
            if server.family == socket.AF_INET:
                data = data[(data[0] & 15) * 4 :]
            if not data.startswith(b"?"):
                return
            self._arrives(data[1:])
            [(level, kind, about)] = extra
            # Answer from the address that was asked: the fields of in_pktinfo and in6_pktinfo differ in order.
            own = (
                about[:16] + struct.pack("=I", 0)
                if kind == IPV6_PKTINFO
                else struct.pack("=I", 0) + about[8:12] + bytes(4)
            )
            server.sendmsg([b"!" + data[1:]], [(level, kind, own)], 0, sender)
        except OSError as error:
            _expected(error)

    def _arrives(self, data: bytes) -> None:
        number, _, identity = data.decode("ascii", errors="replace").partition(" ")
        if number == str(self._number):
            self._round.arrived.add(identity)

    def _start(self, probe: Probe) -> None:
        match probe.protocol:
            case socket.IPPROTO_TCP:
                self._start_tcp(probe)
            case socket.IPPROTO_UDP:
                self._send(probe, socket.SOCK_DGRAM, 0, f"{self._number} {probe.id}".encode(), b"")
            case socket.IPPROTO_ICMP | socket.IPPROTO_ICMPV6:
                kind, reply = (8, 0) if probe.protocol == socket.IPPROTO_ICMP else (128, 129)
                self._send(
                    probe, socket.SOCK_DGRAM, probe.protocol, struct.pack("!BBHHH", kind, 0, 0, 0, 1), bytes([reply])
                )
            case _:
                self._send(probe, socket.SOCK_RAW, OTHER, f"?{self._number} {probe.id}".encode(), b"!")

    def _client(self, probe: Probe, kind: socket.SocketKind, protocol: int) -> socket.socket:
        client = socket.socket(family(probe.from_address), kind, protocol)
        client.setblocking(False)
        self._clients.append(client)
        client.bind((probe.from_address, probe.source_port or 0))
        return client

    def _start_tcp(self, probe: Probe) -> None:
        client = self._client(probe, socket.SOCK_STREAM, 0)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        number = client.connect_ex((probe.to_address, probe.port or 0))
        if number == errno.EINPROGRESS:
            self._watch(client, selectors.EVENT_WRITE, partial(self._connected, client, probe.id))
        elif number == 0:
            self._round.answered.add(probe.id)

    def _connected(self, client: socket.socket, identity: str) -> None:
        self._ready.unregister(client)
        if client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
            self._round.answered.add(identity)

    def _send(self, probe: Probe, kind: socket.SocketKind, protocol: int, data: bytes, reply: bytes) -> None:
        client = self._client(probe, kind, protocol)
        try:
            client.connect((probe.to_address, probe.port or 0))
            self._watch(client, selectors.EVENT_READ, partial(self._received, client, probe.id, reply))
            client.send(data)
        except OSError as error:
            _expected(error)

    def _received(self, client: socket.socket, identity: str, reply: bytes) -> None:
        try:
            data = client.recv(256)
        except OSError as error:
            _expected(error)
            return
        if client.family == socket.AF_INET and client.type == socket.SOCK_RAW:
            data = data[(data[0] & 15) * 4 :]
        if data.startswith(reply):
            self._round.answered.add(identity)

    def _watch(self, client: socket.socket, event: int, action: Callable[[], None]) -> None:
        self._ready.register(client, event, action)


def _expected(error: OSError) -> None:
    """Lets pass what a dropped packet can look like to a program, and nothing else."""
    if error.errno not in REFUSED and error.errno != errno.EAGAIN:
        raise error
