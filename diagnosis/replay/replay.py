"""The replay of a fix: of the packets that were refused, which would pass now, those that were asked about and others.

A recorded packet passes where its connection, with its own ports, is reachable after the change and was not before.
A packet that was recorded as a reply passes with the connection that it answers. What the model cannot judge for
certain is counted as such, and never as passing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict

from diagnosis.answer import Window
from diagnosis.evidence.recorded import Recorded
from diagnosis.evidence.records import iso
from diagnosis.fix.change import Change, apply_all
from diagnosis.investigate import tracer
from diagnosis.network.network import Network
from diagnosis.network.owners import display_name
from diagnosis.question.parties import NotFound
from diagnosis.question.question import Question
from diagnosis.replay.group_rules import REACHABLE, UNKNOWN
from diagnosis.replay.judging import Judge
from diagnosis.replay.packets import Packets, connections
from diagnosis.replay.sorts import sorts_of
from diagnosis.replay.touched import touched
from diagnosis.trace.trace import Trace
from diagnosis.traffic.addresses import format_address
from diagnosis.traffic.intervals import has
from diagnosis.traffic.protocols import ICMP, ICMPV6, has_ports, protocol_name
from diagnosis.traffic.traffic import Traffic

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
    passes, unsure = passing(before, after, changes, recorded, stopped)
    wanted = _asked(asked, passes)
    return Replay(
        window=Window(start=_time(recorded.window.start), end=_time(recorded.window.end)),
        engine=recorded.engine,
        rejects=int(recorded.records.sum()),
        asked=_told(after, recorded, passes.only(wanted)),
        others=_told(after, recorded, passes.only(~wanted)),
        unjudged=int(recorded.records[unsure].sum()),
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


def passing(
    before: Network,
    after: Network,
    changes: tuple[Change, ...],
    recorded: Recorded,
    stopped: Callable[[], None] = _never,
) -> tuple[Packets, NDArray[np.int64]]:
    """The connections that would pass, each recorded packet once, and the places of tuples that cannot be judged."""
    import numpy as np

    straight, answered = connections(before, recorded)
    matters = touched(before, changes, answered)
    at_once = straight.only(touched(before, changes, straight))
    # What answers a connection that the change does not matter to is a reply all the same, and no request.
    concerned = matters | np.isin(answered.tuples, at_once.tuples)
    in_return, matters = answered.only(concerned), matters[concerned]
    sorts = sorts_of(before, straight.ranks)
    old, new = (Judge(network, recorded, sorts, stopped) for network in (before, after))
    is_reply = _replies(old, straight, in_return)
    at_once = at_once.only(~np.isin(at_once.tuples, in_return.tuples[is_reply]))
    packets = at_once.joined(in_return.only(is_reply & matters))
    then = new.verdicts(packets)
    open_now = np.flatnonzero(then == REACHABLE)
    was = old.verdicts(packets.only(open_now))
    return packets.only(open_now[was != REACHABLE]), packets.tuples[then == UNKNOWN]


def _replies(old: Judge, straight: Packets, in_return: Packets) -> NDArray[np.bool_]:
    """For each packet that may be a reply whether it is one: what it answers arrives, and its answer is not let home.

    Of ICMP, which looks alike both ways, only where the packet as a request would have arrived too.
    """
    import numpy as np

    arrives = old.verdicts(in_return, forward=True) == REACHABLE
    found = np.flatnonzero(arrives)
    found = found[old.verdicts(in_return.only(found)) != REACHABLE]
    icmp = found[np.isin(in_return.protocol[found], (ICMP, ICMPV6))]
    requests = straight.only(np.searchsorted(straight.tuples, in_return.tuples[icmp]))
    kept_out = icmp[old.verdicts(requests, forward=True) != REACHABLE]
    is_reply = np.zeros(len(in_return), np.bool_)
    is_reply[np.setdiff1d(found, kept_out)] = True
    return is_reply


def _asked(asked: Iterable[Trace], packets: Packets) -> NDArray[np.bool_]:
    import numpy as np

    found = np.zeros(len(packets), np.bool_)
    questions = [path.question for one in asked for path in one.paths]
    for place in range(len(packets)):
        found[place] = any(_among(question, packets, place) for question in questions)
    return found


def _among(question: Traffic, packets: Packets, place: int) -> bool:
    client, server = (packets.ranks.numbers[int(side[place])] for side in (packets.client, packets.server))
    protocol, port = int(packets.protocol[place]), int(packets.port[place])
    return any(
        has(box.source, client)
        and has(box.destination, server)
        and has(box.protocol, protocol)
        and (not has_ports(protocol) or has(box.port, port))
        for box in question.boxes
    )


def _told(network: Network, recorded: Recorded, packets: Packets) -> Conversations:
    """The packets by conversation, those with the most records first."""
    import numpy as np

    if not len(packets):
        return Conversations()
    columns = np.stack((packets.client, packets.server, packets.protocol, packets.port))
    keys, which = np.unique(columns, axis=1, return_inverse=True)
    which = which.reshape(-1)
    records = np.bincount(which, weights=recorded.records[packets.tuples]).astype(np.int64)
    last = np.zeros(keys.shape[1], np.int64)
    np.maximum.at(last, which, recorded.last[packets.tuples])
    order = np.lexsort((np.arange(len(records)), -records))[:NAMED]
    named = tuple(
        _conversation(network, packets, keys[:, place].tolist(), int(records[place]), int(last[place]))
        for place in order.tolist()
    )
    return Conversations(records=int(records.sum()), conversations=len(records), named=named)


def _conversation(network: Network, packets: Packets, key: list[int], records: int, last: int) -> Conversation:
    client, server, protocol, port = key
    source, destination = (packets.ranks.numbers[rank] for rank in (client, server))
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
