"""A follow-up in a conversation: what changes in the last question when somebody writes "and from web-2?".

Not everything that is written below an answer is meant for us. A text is a follow-up only where it asks, and only where
all that it says is a party, a port, a protocol, a time, or another way to look at the same parties.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from diagnosis.question.parse import parse
from diagnosis.question.question import Party, Question
from diagnosis.question.slack_text import plain

LONGEST: Final = 300
"""A longer text is a message to other people."""

_LEAD: Final = re.compile(
    r"^(?:ok(?:ay)?|so|and|or|but|also|then|now|hm+|what about|how about|what if|same (?:for|with|question for)|"
    r"try(?: with)?|is it the same (?:for|with|from)|does it work (?=from|to|on|over|with))\b[\s,:]*",
    re.IGNORECASE,
)
_ASKS: Final = re.compile(
    r"^(?:why|can|could|can't|cannot|does|do|is|are|will|would|who|what|which|how|from|to|on|over|via|port|tcp|udp|icmp|"
    r"ping|since|in the last|for the last)\b",
    re.IGNORECASE,
)
_WITH: Final = re.compile(r"^(?:with|for|via|over|on|through|using)\s+", re.IGNORECASE)
_AGAIN: Final = re.compile(
    r"^(?:again|retry|(?:please )?try (?:it )?(?:again|once more)|(?:please )?(?:re-?)?check(?: it)? again|re-?check|re-?run|"
    r"once more|still(?: (?:blocked|broken|the same))?|any better|is it (?:fixed|better)(?: now)?|now|and now)$",
    re.IGNORECASE,
)
_REVERSED: Final = re.compile(
    r"^(?:(?:in )?the (?:other way|opposite way|reverse)(?: (?:a)?round)?|(?:the )?other direction|"
    r"(?:in )?the other direction|vice versa|(?:and )?back|(?:in )?reverse(?:d)?|the way back|other way (?:a)?round)$",
    re.IGNORECASE,
)
_VERB: Final = r"(?:reach|access|connect to|talk to|get to|see|hit|open)"
_IT: Final = r"(?:it|that|this|them|there)"
_WHO_REACHES: Final = re.compile(
    rf"^(?:who|what)(?: else)? (?:can|could|may|is able to) {_VERB}(?: {_IT})?$", re.IGNORECASE
)
_WHAT_IT_REACHES: Final = re.compile(rf"^(?:who|what)(?: else)? (?:can|could|may) {_IT} {_VERB}$", re.IGNORECASE)
_SIDED: Final = re.compile(rf"\b(?:from|to|into|towards)\b|\b{_VERB}\b|->|\u2192", re.IGNORECASE)
_PORT: Final = re.compile(r"^(?:(?:on|over|port|via)\s+)*(\d{1,5})$", re.IGNORECASE)
_TIMED: Final = re.compile(r"^(?:in |for |over |since |during )?(?:the )?(?:last|past|since)\b", re.IGNORECASE)
_PARTY: Final = re.compile(
    r"""^(?P<party>"[^"]{1,80}"|the internet|(?:the )?\S{1,120}(?:\s+(?:database|instance|host|server|bastion|service|container|cluster))?)"""
    r"(?P<rest>\s+(?:on|over|via|port)\s+.{1,40})?$",
    re.IGNORECASE,
)  # fmt: skip
_LOOKS_NAMED: Final = re.compile(r"[-_.\d\"]")
"""Of a plain word in a conversation nobody can tell whether it names a machine."""
_STAND_IN: Final = Party(kind="ip", value="192.0.2.1")
"""An address of the documentation range (RFC 5737), put where the parser wants a party that the text leaves out."""


@dataclass(frozen=True, slots=True)
class EitherSide:
    """A party that may take either side of the last question: both readings, to be asked back."""

    as_source: Question
    as_destination: Question


def follow_up(last: Question, text: str, *, addressed: bool = False) -> Question | EitherSide | None:
    """What a text asks in a conversation whose last question is known; None where it asks nothing of us.

    `addressed` says that it was written to us by name: then a single plain word may be a party ("what about lunch?").
    """
    said = plain(text).strip()
    if not said or len(said) > LONGEST:
        return None
    asking = said.endswith("?")
    said = said.strip(" ?!.,:;")
    rest = said
    while (lead := _LEAD.match(rest)) and not _AGAIN.match(rest) and not _REVERSED.match(rest):
        rest, asking = rest[lead.end() :], True
    if not (asking or _ASKS.match(rest) or _AGAIN.match(rest) or _REVERSED.match(rest)):
        return None
    return _another_look(last, rest) or _whole(said, last) or _with_a_side(last, rest) or _bare(last, rest, addressed)


def _another_look(last: Question, said: str) -> Question | None:
    """The same parties again, the other way round, or everybody else."""
    if _AGAIN.match(said):
        return _changed(last)
    if _REVERSED.match(said):
        return _changed(last, source=last.destination, destination=last.source, source_port=None)
    target = last.destination or last.source
    if _WHO_REACHES.match(said) and target is not None:
        return _changed(last, intent="who", source=None, destination=target, source_port=None)
    start = last.source or last.destination
    if _WHAT_IT_REACHES.match(said) and start is not None:
        return _changed(last, intent="who", source=start, destination=None, port=None, protocol=None, source_port=None)
    return None


def _whole(said: str, last: Question) -> Question | None:
    """A question that is complete by itself. What it leaves open stays open."""
    asked = parse(said)
    if asked.intent == "unclear":
        return None
    return asked if asked.window is not None else asked.model_copy(update={"window": last.window})


def _with_a_side(last: Question, said: str) -> Question | None:
    """Parties with a word that says which side they take: "from web-2", "can web-2 reach it", "to orders-db on 5432"."""
    if not _SIDED.search(said):
        return None
    asked = parse(said)
    if asked.source is None and asked.destination is None:
        return None
    if last.intent == "who" and (asked.source is None) != (asked.destination is None):
        return _of_who(last, asked)
    source, destination = asked.source or last.source, asked.destination or last.destination
    if source == destination:  # "why can't it reach web-1?" after a question about web-1: "it" is the other one
        source, destination = asked.source or last.destination, asked.destination or last.source
    return _moved(last, asked, source=source, destination=destination) if source != destination else None


def _of_who(last: Question, asked: Question) -> Question | None:
    """After "what can reach X", "and from Y" asks about the two of them."""
    target = last.destination or last.source
    if target in (asked.source, asked.destination):
        return None
    if asked.source is not None:
        return _moved(last, asked, intent="why", source=asked.source, destination=target)
    return _moved(last, asked, intent="why", source=target, destination=asked.destination)


def _bare(last: Question, said: str, addressed: bool) -> Question | EitherSide | None:
    """Only a port, a protocol, a time or a party."""
    said = _WITH.sub("", said)
    port = _PORT.match(said)
    if port and 0 < int(port[1]) < 65_536:
        known = last.protocol if last.protocol in ("tcp", "udp") else "tcp"
        return _changed(last, port=int(port[1]), protocol=known, source_port=last.source_port)
    fragment = parse(said)
    if _TIMED.match(said) and fragment.window is not None:
        return _changed(last, window=fragment.window)
    if fragment.protocol is not None and fragment.source is None and fragment.destination is None:
        return _changed(last, protocol=fragment.protocol, port=fragment.port)
    return _party(last, said, addressed)


def _party(last: Question, said: str, addressed: bool) -> Question | EitherSide | None:
    """A party without a word for its side: that of the party which it is like, else either."""
    found = _PARTY.match(said)
    if found is None:
        return None
    asked = parse(f"why can't {found['party']} reach {_STAND_IN.value}{found['rest'] or ''}")
    party = asked.source
    if asked.intent != "why" or party is None or asked.destination != _STAND_IN:
        return None
    if party.kind == "name" and not (addressed or _LOOKS_NAMED.search(found["party"])):
        return None
    if last.intent == "who":
        side = "destination" if last.destination is not None else "source"
        return _moved(last, asked, **{side: party})
    spoken = asked if found["rest"] else asked.model_copy(update={"port": None, "protocol": None})
    as_source = _moved(last, spoken, source=party, destination=last.destination)
    towards = parse(f"why can't {_STAND_IN.value} reach {found['party']}{found['rest'] or ''}")
    as_destination = _moved(last, towards, source=last.source, destination=party)
    like_source, like_destination = _alike(party, last.source), _alike(party, last.destination)
    if like_source != like_destination:
        return as_source if like_source else as_destination
    return EitherSide(as_source, as_destination)


def _alike(party: Party, other: Party | None) -> bool:
    """Whether one could stand for the other: names that differ in their number only, else things of one kind."""
    if other is None or party.kind != other.kind:
        return False
    return party.kind != "name" or _stem(party.value) == _stem(other.value)


def _stem(name: str) -> str:
    return re.sub(r"[-_. ]*(?:\d+|[a-z])$", "", name.casefold())


def _moved(last: Question, asked: Question, **parties: object) -> Question:
    """The last question with other parties, and the port and protocol that come with them."""
    said = asked.port is not None or asked.protocol is not None
    new = parties.get("destination")
    service = isinstance(new, Party) and new.kind in ("service", "internet") and new != last.destination
    if said or service:
        parties |= {"port": asked.port, "protocol": asked.protocol}
    if asked.window is not None:
        parties["window"] = asked.window
    return _changed(last, **{"source_port": None, **parties})


def _changed(last: Question, **values: object) -> Question:
    return last.model_copy(update={"ask_back": None, "record": None, **values})
