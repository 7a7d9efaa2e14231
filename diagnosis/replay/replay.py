"""The replay of a fix: of the packets that were refused, which would pass now, those that were asked about and others.

A recorded packet passes where its connection, with its own ports, is reachable after the change and was not before.
A packet that was recorded as a reply passes with the connection that it answers. What the model cannot judge for
certain is counted as such, and never as passing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import BaseModel, ConfigDict

from diagnosis.evidence.recorded import Recorded
from diagnosis.evidence.records import iso
from diagnosis.fix.change import Change, apply_all
from diagnosis.investigate import tracer
from diagnosis.network.network import Network
from diagnosis.network.owners import display_name
from diagnosis.question.parties import NotFound
from diagnosis.question.question import Question
from diagnosis.replay import judging
from diagnosis.replay.columns import inside, packed
from diagnosis.replay.judging import Allowance, Judge
from diagnosis.replay.packets import WITH_PORTS, Packets, connections
from diagnosis.replay.sorts import sorts_of
from diagnosis.replay.spots import spots_of
from diagnosis.replay.touched import touched
from diagnosis.replay.verdicts import REACHABLE, UNJUDGED, UNKNOWN
from diagnosis.testimony import Window
from diagnosis.trace.trace import Trace
from diagnosis.traffic.addresses import format_address
from diagnosis.traffic.protocols import ICMP, ICMPV6, protocol_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAMED: Final = 20
"""So many conversations of either kind are named, those with the most records; the rest are counted."""


class Conversation(BaseModel):
    """Refused records of one client, one server and one service."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    source: str
    """The client's address; with `source_name` where the account names it."""
    destination: str
    source_name: str | None = None
    destination_name: str | None = None
    protocol: str
    port: int | None = None
    records: int
    last: str | None = None
    """The newest of them, ISO 8601."""


class Conversations(BaseModel):
    """How many there are, and the first few of them by name."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    records: int = 0
    conversations: int = 0
    named: tuple[Conversation, ...] = ()


class Replay(BaseModel):
    """What a fix would have let through of what was refused in a window."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    window: Window
    engine: str
    rejects: int
    """REJECT records in the window."""
    asked: Conversations = Conversations()
    """What would pass, and was asked about."""
    others: Conversations = Conversations()
    """What would pass besides."""
    unjudged: int = 0
    """Records that the fix concerns and of which the model cannot tell whether they would pass."""
    not_judged: int = 0
    """Records that the fix may concern and that were not looked at: too many had to be judged one by one."""
    malformed: int = 0
    """Lines of the logs that are no records."""
    unreadable_files: int = 0


def _never() -> None:
    """Nobody asks to stop."""


def replay(
    before: Network,
    after: Network,
    changes: tuple[Change, ...],
    asked: Iterable[Trace],
    recorded: Recorded,
    stopped: Callable[[], None] = _never,
) -> Replay:
    """What the changes, which lead from one network to the other, would let through of what was recorded.

    `asked` are the traces of the question. `stopped` is called every so often and may raise.
    """
    passes, unsure, unjudged = passing(before, after, changes, recorded, stopped)
    wanted = _asked(asked, passes)
    return Replay(
        window=Window(start=_time(recorded.window.start), end=_time(recorded.window.end)),
        engine=recorded.engine,
        rejects=int(recorded.records.sum()),
        asked=_told(after, recorded, passes.only(wanted)),
        others=_told(after, recorded, passes.only(~wanted)),
        unjudged=int(recorded.records[unsure].sum()),
        not_judged=int(recorded.records[unjudged].sum()),
        malformed=recorded.counts.malformed,
        unreadable_files=recorded.counts.unreadable_files,
    )


def foreseen(
    network: Network,
    question: Question,
    changes: tuple[Change, ...],
    recorded: Recorded,
    stopped: Callable[[], None] = _never,
) -> Replay:
    """The replay of a fix that was found for a question. Raises NotApplicable where it does not fit the network."""
    retrace = tracer(network, question)
    asked = () if isinstance(retrace, NotFound) else retrace(network)
    return replay(network, apply_all(changes, network), changes, asked, recorded, stopped)


class Passing(NamedTuple):
    """What a change lets through."""

    packets: Packets
    """The connections that would pass, each recorded packet once."""
    unsure: NDArray[np.int64]
    """The places of tuples of which the model cannot tell."""
    unjudged: NDArray[np.int64]
    """The places of tuples that were left when no more were judged."""


def passing(
    before: Network,
    after: Network,
    changes: tuple[Change, ...],
    recorded: Recorded,
    stopped: Callable[[], None] = _never,
) -> Passing:
    """The connections that would pass after changes and did not before."""
    import numpy as np

    straight, answered = connections(before, recorded)
    matters = touched(before, changes, answered)
    at_once = straight.only(touched(before, changes, straight))
    # What answers a connection that the change does not matter to is a reply all the same, and no request.
    concerned = matters | np.isin(answered.tuples, at_once.tuples)
    in_return, matters = answered.only(concerned), matters[concerned]
    occurring = at_once.joined(in_return)
    sorts, allowance = cache(partial(sorts_of, before, straight.ranks)), Allowance(judging.SINGLY)
    old, new = (
        Judge(network, recorded, spots_of(network, occurring), sorts, allowance, stopped) for network in (before, after)
    )
    is_reply, open_question = _replies(old, straight, in_return)
    taken = in_return.tuples[is_reply | open_question]
    at_once = at_once.only(~np.isin(at_once.tuples, taken))
    packets = at_once.joined(in_return.only(is_reply & matters))
    then = new.verdicts(packets)
    open_now = np.flatnonzero(then == REACHABLE)
    was = old.verdicts(packets.only(open_now))
    passes = packets.only(open_now[(was != REACHABLE) & (was != UNJUDGED)])
    left = in_return.tuples[open_question], packets.tuples[then == UNJUDGED], packets.tuples[open_now[was == UNJUDGED]]
    return Passing(passes, packets.tuples[then == UNKNOWN], np.concatenate(left))


def _replies(old: Judge, straight: Packets, in_return: Packets) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each packet that may be a reply whether it is one, and whether nobody judged that.

    It is one where what it answers arrives, and its answer is not let home; of ICMP, which looks alike both ways, only
    where the packet as a request would have arrived too.
    """
    import numpy as np

    arrives = old.verdicts(in_return, forward=True)
    found = np.flatnonzero(arrives == REACHABLE)
    home = old.verdicts(in_return.only(found))
    unjudged = arrives == UNJUDGED
    unjudged[found[home == UNJUDGED]] = True
    found = found[(home != REACHABLE) & (home != UNJUDGED)]
    icmp = found[np.isin(in_return.protocol[found], (ICMP, ICMPV6))]
    requests = straight.only(np.searchsorted(straight.tuples, in_return.tuples[icmp]))
    asks = old.verdicts(requests, forward=True)
    unjudged[icmp[asks == UNJUDGED]] = True
    is_reply = np.zeros(len(in_return), np.bool_)
    is_reply[np.setdiff1d(found, icmp[asks != REACHABLE])] = True
    return is_reply, unjudged


def _asked(asked: Iterable[Trace], packets: Packets) -> NDArray[np.bool_]:
    """For each connection whether it is among what the traces were about, from whatever port of the client."""
    import numpy as np

    found = np.zeros(len(packets), np.bool_)
    without_ports = ~np.isin(packets.protocol, WITH_PORTS)
    for box in (box for one in asked for path in one.paths for box in path.question.boxes):
        held = inside(packets.ranks.of(box.source), packets.client)
        held &= inside(packets.ranks.of(box.destination), packets.server)
        found |= held & inside(box.protocol, packets.protocol) & (without_ports | inside(box.port, packets.port))
    return found


def _told(network: Network, recorded: Recorded, packets: Packets) -> Conversations:
    """The packets by conversation, those with the most records first."""
    import numpy as np

    if not len(packets):
        return Conversations()
    columns = packets.client, packets.server, packets.protocol, packets.port
    _, first, which = np.unique(packed(*columns), return_index=True, return_inverse=True)
    records = np.bincount(which, weights=recorded.records[packets.tuples]).astype(np.int64)
    last = np.zeros(len(records), np.int64)
    np.maximum.at(last, which, recorded.last[packets.tuples])
    order = np.lexsort((np.arange(len(records)), -records))[:NAMED]
    named = tuple(
        _conversation(network, packets, int(first[place]), int(records[place]), int(last[place]))
        for place in order.tolist()
    )
    return Conversations(records=int(records.sum()), conversations=len(records), named=named)


def _conversation(network: Network, packets: Packets, place: int, records: int, last: int) -> Conversation:
    source, destination = (packets.numbers[int(side[place])] for side in (packets.client, packets.server))
    protocol, port = int(packets.protocol[place]), int(packets.port[place])
    return Conversation(
        source=format_address(source),
        destination=format_address(destination),
        source_name=_name(network, source),
        destination_name=_name(network, destination),
        protocol=protocol_name(protocol),
        port=port if port >= 0 else None,
        records=records,
        last=_time(last or None),
    )


def _name(network: Network, address: int) -> str | None:
    holders = network.holders(address) or network.by_public_address.get(address, ())
    return display_name(network, holders[0]) if len(holders) == 1 else None


def _time(seconds: int | None) -> str | None:
    return None if seconds is None else iso(seconds)
