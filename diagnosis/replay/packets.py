"""Recorded packets as connections: who opened each, towards which address and port, as columns of ranks and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from diagnosis.evidence.recorded import Recorded
from diagnosis.network.network import Network
from diagnosis.replay.columns import among, ranked
from diagnosis.traffic.addresses import IPV6, PUBLIC
from diagnosis.traffic.intervals import has
from diagnosis.traffic.protocols import has_ports
from diagnosis.traffic.ranks import Ranks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


WITH_PORTS: Final = [number for number in range(256) if has_ports(number)]
"""The protocols whose packets have ports."""


@dataclass(frozen=True, slots=True, eq=False)
class Packets:
    """Connections, one entry of each column for each; `tuples` says which recorded tuple an entry is made of."""

    ranks: Ranks
    numbers: tuple[int, ...]
    """The address of each rank."""
    client: NDArray[np.int64]
    """Who opened the connection, as a rank."""
    server: NDArray[np.int64]
    """Whom it was opened to: from the internet the public address of the interface that the record shows."""
    protocol: NDArray[np.int64]
    client_port: NDArray[np.int64]
    """-1 where it is not known, and where the protocol has none."""
    port: NDArray[np.int64]
    vpc: NDArray[np.int64]
    """Which side the interface of the record holds, so that its VPC says which address is meant: 0 none, 1 the client,
    2 the server."""
    tuples: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.client)

    def only(self, which: NDArray[np.int64] | NDArray[np.bool_]) -> Packets:
        """Those at these places."""
        return Packets(self.ranks, self.numbers, *(column[which] for column in self._columns))

    def joined(self, other: Packets) -> Packets:
        """These and others of the same ranks."""
        import numpy as np

        pairs = zip(self._columns, other._columns, strict=True)
        return Packets(self.ranks, self.numbers, *(np.concatenate(pair) for pair in pairs))

    @property
    def whole(self) -> NDArray[np.bool_]:
        """For each whether it has all the ports that its protocol has."""
        import numpy as np

        found: NDArray[np.bool_] = ~np.isin(self.protocol, WITH_PORTS) | ((self.port >= 0) & (self.client_port >= 0))
        return found

    @property
    def _columns(self) -> tuple[NDArray[np.int64], ...]:
        return self.client, self.server, self.protocol, self.client_port, self.port, self.vpc, self.tuples


def connections(network: Network, recorded: Recorded) -> tuple[Packets, Packets]:
    """The connection of each recorded packet, and of those that may be replies the connection that they would answer.

    Packets whose addresses cannot be read are in neither. A packet whose swapped tuple was accepted is a reply. One
    of ICMP that goes both ways, and one from a port below 1024 to a high one, may be one: the log alone cannot tell.
    """
    import numpy as np

    # A public address of ours may be met in place of the private one behind it, and the other way round.
    behind = (a.private for i in network.interfaces.values() for a in i.ipv4 if a.public is not None)
    ranks, of_text = ranked(recorded.addresses, (*network.by_public_address, *behind))
    sender, receiver = of_text[recorded.source], of_text[recorded.destination]
    plain = (sender >= 0) & (receiver >= 0)
    low = (recorded.source_port >= 1) & (recorded.source_port < 1024) & (recorded.port >= 1024)
    unsure = plain & ~recorded.reply & (recorded.both_ways | low)
    sides = _Sides.of(network, recorded, ranks)
    straight = sides.opened(np.flatnonzero(plain), sender, receiver, turned=recorded.reply)
    answered = sides.opened(np.flatnonzero(unsure), sender, receiver, turned=np.ones(len(recorded), np.bool_))
    return straight, answered


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    """What is known of addresses by the interface that recorded them."""

    recorded: Recorded
    ranks: Ranks
    numbers: tuple[int, ...]
    outside: NDArray[np.bool_]
    """For each rank whether the internet could carry packets to it."""
    six: NDArray[np.bool_]
    holders: dict[int, list[tuple[int, int]]]
    """By interface, as the records count them: the ranks that it holds, each with the rank of its public address."""

    @classmethod
    def of(cls, network: Network, recorded: Recorded, ranks: Ranks) -> _Sides:
        holders = {}
        for code, identity in enumerate(recorded.interfaces):
            interface = network.interfaces.get(identity)
            if interface is None:
                continue
            held = []
            for number in (*(a.private for a in interface.ipv4), *interface.ipv6):
                rank, public = ranks.number(number), interface.public_of(number)
                known = ranks.number(public) if public is not None else None
                if rank is not None:
                    held.append((rank, -1 if known is None else known))
            if interface.prefixes:
                held += [(rank, -1) for rank in among(ranks, interface.prefixes).nonzero()[0].tolist()]
            holders[code] = held
        return cls(recorded, ranks, tuple(ranks.each()), among(ranks, PUBLIC), among(ranks, IPV6), holders)

    def opened(
        self,
        which: NDArray[np.int64],
        sender: NDArray[np.int64],
        receiver: NDArray[np.int64],
        turned: NDArray[np.bool_],
    ) -> Packets:
        """The connections of these tuples; of those `turned` their receiver opened it."""
        import numpy as np

        back = turned[which]
        client = np.where(back, receiver[which], sender[which])
        server = np.where(back, sender[which], receiver[which])
        from_port, to_port = self.recorded.source_port[which], self.recorded.port[which]
        keys = self.recorded.interface[which]
        vpc = np.zeros(len(which), np.int64)
        met = server.copy()
        public = self._public(keys, server)
        held = public != -2
        vpc[self._public(keys, client) != -2] = 1
        vpc[held] = 2
        # Records show the private address of what the internet reaches by a public one.
        reached = held & (public >= 0) & self.outside[client] & ~self.six[server]
        met[reached] = public[reached]
        vpc[reached] = 0
        return Packets(
            self.ranks,
            self.numbers,
            client,
            met,
            self.recorded.protocol[which],
            np.where(back, to_port, from_port),
            np.where(back, from_port, to_port),
            vpc,
            which,
        )

    def _public(self, keys: NDArray[np.int64], ranks: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rank of each address's public one; -1 where it has none, -2 where the interface does not hold it."""
        import numpy as np

        width = self.ranks.count + 1
        pairs = sorted((code * width + rank, public) for code, held in self.holders.items() for rank, public in held)
        if not pairs:
            return np.full(len(ranks), -2, np.int64)
        wanted, found = (np.asarray(column, np.int64) for column in zip(*pairs, strict=True))
        at = np.minimum(np.searchsorted(wanted, keys * width + ranks), len(wanted) - 1)
        return np.where((wanted[at] == keys * width + ranks) & (keys >= 0), found[at], -2)


def written(network: Network, packets: Packets, recorded: Recorded, place: int) -> tuple[str, str]:
    """Client and server of one connection as a line of `whynot trace` has them: with the VPC where that decides."""
    from diagnosis.traffic.addresses import format_address

    client = format_address(packets.numbers[int(packets.client[place])])
    server = format_address(packets.numbers[int(packets.server[place])])
    side = int(packets.vpc[place])
    if side:
        interface = network.interfaces[recorded.interfaces[int(recorded.interface[packets.tuples[place]])]]
        number = packets.numbers[int(packets.client[place] if side == 1 else packets.server[place])]
        if interface.vpc and has(interface.own_addresses, number) and len(network.holders(number)) > 1:
            prefix = f"{interface.vpc}/"
            return (prefix + client, server) if side == 1 else (client, prefix + server)
    return client, server
