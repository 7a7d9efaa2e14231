"""`partly`, exactly: which part of what was asked passes and which does not."""

from __future__ import annotations

from diagnosis.explanation.causes import address_words
from diagnosis.trace.trace import Trace
from diagnosis.traffic.intervals import IntervalSet, minus, size
from diagnosis.traffic.ports import format_ports
from diagnosis.traffic.protocols import protocol_name
from diagnosis.traffic.traffic import SideName, Traffic

CLIENT_LIMIT = 100


def parts(traces: tuple[Trace, ...]) -> tuple[str, ...]:
    """Sentences that say what passes, where only a part does."""
    asked, works = Traffic.nothing(), Traffic.nothing()
    for trace in traces:
        for path in trace.paths:
            asked = asked.union(path.question)
            works = works.union(path.total[0].traffic)
    if works.empty:
        return ()
    lost = asked.minus(works)
    if lost.empty:
        return ("It works for some ports that the gateway picks and fails for others: replies to some are dropped.",)
    sentences = [
        *_protocols(asked, works),
        *_side(asked, works, "destination", "to"),
        *_side(asked, works, "source", "from"),
        *_client_ports(asked, works),
    ]
    return tuple(sentences)


def _numbers(protocols: IntervalSet) -> list[int]:
    return [n for low, high in zip(protocols[::2], protocols[1::2], strict=True) for n in range(low, high)]


def _protocols(asked: Traffic, works: Traffic) -> list[str]:
    """Destination ports that pass, per protocol."""
    said = []
    wanted, passed = asked.project("protocol"), works.project("protocol")
    for number in _numbers(passed)[:4]:
        box = (number, number + 1)
        ports, all_ports = works.only(protocol=box).project("port"), asked.only(protocol=box).project("port")
        if ports != all_ports:
            said.append(f"Of {protocol_name(number)}, {format_ports(ports, number)} passes.")
    missing = _numbers(minus(wanted, passed))
    if missing:
        names = ", ".join(protocol_name(n) for n in missing[:4]) + (", ..." if len(missing) > 4 else "")
        said.append(f"Nothing of {names} passes.")
    return said


def _side(asked: Traffic, works: Traffic, side: SideName, word: str) -> list[str]:
    every, passed = asked.project(side), works.project(side)
    if size(every) == 1:
        return []
    never = minus(every, passed)
    if not never:
        return []
    shorter = passed if len(passed) <= len(never) else never
    fate = "passes" if shorter is passed else "is dropped"
    return [f"What {'goes' if word == 'to' else 'comes'} {word} {address_words(shorter)} {fate}."]


def _client_ports(asked: Traffic, works: Traffic) -> list[str]:
    """The share of the client's ports from which connections fail, where that is the difference."""
    every, passed = asked.project("source_port"), works.project("source_port")
    fails = minus(every, passed)
    if not fails or size(every) < CLIENT_LIMIT:
        return []
    share = max(1, round(100 * size(fails) / size(every)))
    return [f"Connections from client ports {format_ports(fails, 6)} fail: about {share} in 100."]
