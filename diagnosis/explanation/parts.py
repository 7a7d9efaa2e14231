"""`partly`, exactly: which part of what was asked passes and which does not."""

from __future__ import annotations

from diagnosis.explanation.causes import address_words
from diagnosis.trace.trace import Trace
from diagnosis.traffic.intervals import IntervalSet, meet, minus, size
from diagnosis.traffic.ports import format_ports
from diagnosis.traffic.protocols import TCP, UDP, numbers_in, protocol_name
from diagnosis.traffic.traffic import SideName, Traffic

CLIENT_LIMIT = 100
FEW = 4
"""How many protocols are named one by one."""


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
        return ("It works for some of the ports and addresses that the gateway picks and fails for others.",)
    sentences = [
        *_protocols(asked, works),
        *_side(asked, works, "destination", "to"),
        *_side(asked, works, "source", "from"),
        *_client_ports(asked, works),
    ]
    return tuple(sentences)


def _protocols(asked: Traffic, works: Traffic) -> list[str]:
    """Destination ports that pass, per protocol."""
    wanted, passed = asked.project("protocol"), works.project("protocol")
    whole = [n for n in numbers_in(passed) if _whole(asked, works, n)]
    some = [n for n in numbers_in(passed) if n not in whole]
    said = [f"Of {_listed([n])}, {format_ports(_ports(works, n), n)} passes." for n in some[:FEW]]
    missing = numbers_in(minus(wanted, passed))
    if len(missing) > FEW:
        said += [f"All of {_listed(whole)} passes."] if whole else []
        said.append("Nothing of any other protocol passes.")
    elif missing:
        said.append(f"Nothing of {_listed(missing)} passes.")
    return said


def _whole(asked: Traffic, works: Traffic, number: int) -> bool:
    return _ports(works, number) == _ports(asked, number)


def _ports(traffic: Traffic, number: int) -> IntervalSet:
    return traffic.only(protocol=(number, number + 1)).project("port")


def _listed(protocols: list[int]) -> str:
    names = [protocol_name(n) for n in protocols[:FEW]]
    return ", ".join(f"protocol {n}" if n.isdigit() else n for n in names) + (", ..." if protocols[FEW:] else "")


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
    carried = meet(works.project("protocol"), (TCP, TCP + 1, UDP, UDP + 1))
    every, passed = (part.only(protocol=carried).project("source_port") for part in (asked, works))
    fails = minus(every, passed)
    if not fails or size(every) < CLIENT_LIMIT:
        return []
    share = max(1, round(100 * size(fails) / size(every)))
    return [f"Connections from client ports {format_ports(fails, 6)} fail: about {share} in 100."]
