"""Words to a Question: the public way in. Any text gives a Question; what cannot be understood is `unclear` and asks back.

The order of work: Slack's markup off (`slack_text`), a pasted record (`records`) or error (`pasted_errors`) taken out, times
taken out (`times`), then tokens, ports, mentions and roles, and from these the two parties and the traffic between them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from diagnosis.question import ask_back
from diagnosis.question.mentions import Item, Mention, classify, is_nameable
from diagnosis.question.pasted_errors import PastedError, find_error
from diagnosis.question.pasted_text import without_debris, without_shell
from diagnosis.question.ports import impossible_port, mark_ports
from diagnosis.question.prepositions import Placed, Side
from diagnosis.question.question import Party, Question, TimeWindow
from diagnosis.question.records import Record, find_record
from diagnosis.question.roles import Reading
from diagnosis.question.slack_text import plain
from diagnosis.question.spelling import respelled
from diagnosis.question.times import take_window
from diagnosis.question.tokens import Token, tokenise
from diagnosis.question.traffic_words import Wire, wire, with_address_family

_HEAD: Final = 650
_LONGEST: Final = 950


@dataclass(frozen=True, slots=True)
class _Understood:
    """What the grammar found in plain words."""

    items: tuple[Item, ...]
    placed: tuple[Placed, ...]
    source: Placed | None
    destination: Placed | None
    asks_source: bool
    """Whether the source is what is asked for: "what can reach X"."""
    asks_destination: bool
    broken: str | None
    no_port: str | None
    """A number that is said to be a port, and can be none."""

    @property
    def complete(self) -> bool:
        known = (self.source is not None, self.destination is not None)
        return all(known) or (known[1] and self.asks_source) or (known[0] and self.asks_destination)


def parse(text: str) -> Question:
    """Return the Question that the text asks. Pure: no network, no clock; never raises on any text."""
    words = plain(text)
    record = find_record(words)
    if record is not None:
        return _of_record(record)
    words = without_shell(words)
    error = find_error(words)
    if error is not None:
        return _of_error(error)
    words, window = take_window(_shortened(without_debris(words)))
    return _of_words(_understand(words), window)


def _shortened(text: str) -> str:
    """Keep the beginning and the end of a long text: in between is what was pasted."""
    return text if len(text) <= _LONGEST else f"{text[:_HEAD]}\n{text[-(_LONGEST - _HEAD) :]}"


def _understand(words: str) -> _Understood:
    tokens = tokenise(words)
    understood = _read(tokens)
    if not understood.complete:
        corrected = respelled(tokens)
        if corrected is not None:
            again = _read(corrected)
            if again.complete:
                return again
    return understood


def _read(tokens: list[Token]) -> _Understood:
    items = classify(mark_ports(tokens))
    reading = Reading(items)
    everything = reading.read()
    placed = _first_whole_sentence(_after_contrast([p for p in everything if not p.ignored], items), items)
    broken = next((t.text for t in tokens if t.kind == "broken"), None)
    source, destination = _winner(placed, "source"), _winner(placed, "destination")
    source, destination = _filled(placed, source, destination, items, reading.relations)
    if source is not None and not any(p.mention.variable for p in placed):
        destination = _through(everything, destination)
    variables = [p for p in placed if p.mention.variable and p.side is not None]
    for variable in variables:
        if variable.mention.where and source is not None and destination is None and variable.side == "source":
            variable.side = "destination"
    return _Understood(
        tuple(items),
        tuple(everything),
        source,
        destination,
        any(p.side == "source" for p in variables),
        any(p.side == "destination" for p in variables),
        broken,
        impossible_port(tokens),
    )


def _first_whole_sentence(placed: list[Placed], items: list[Item]) -> list[Placed]:
    """Keep to the first sentence that names both sides: what follows it is context, and may name anything."""
    ends = [i for i, item in enumerate(items) if item.role == "mark" and item.text in "?.!\n"]
    start = 0
    for end in [*ends, len(items)]:
        sentence = [p for p in placed if start <= p.at < end]
        certain = [p for p in sentence if p.mention.party is not None and p.mention.strength > 0 and p.weight > 1]
        if {p.side for p in certain} >= {"source", "destination"}:
            return sentence
        start = end
    return placed


def _through(everything: list[Placed], destination: Placed | None) -> Placed | None:
    """Take the host behind "via" for the destination where nothing, or only a protocol word, stands there otherwise."""
    if destination is not None and destination.mention.strength > 0:
        return destination
    via = [p for p in everything if p.because == "via" and p.mention.party is not None]
    only_a_protocol = [p for p in via if destination is not None and p.mention.strength == 2]
    by_form = [p for p in via if p.mention.party is not None and p.mention.party.kind in ("dns", "ip")]
    return next(iter(by_form or only_a_protocol), destination)


def _after_contrast(placed: list[Placed], items: list[Item]) -> list[Placed]:
    """In "A reaches B but C → D does not" the question is about C and D; in "fine from C but not from A" about A."""
    at = next((i for i, item in enumerate(items) if item.lower == "but"), None)
    if at is None or any(i.lower in ("works", "ok", "fine", "okay", "work") for i in items[at:]):
        return placed
    later = [p for p in placed if p.at > at]
    if [item.role for item in items[at + 1 : at + 3]] in (["not", "from"], ["not", "to"]):
        instead = {p.side for p in later if p.mention.party is not None and p.weight >= 3}
        return [p for p in placed if p.at > at or p.side not in instead]
    whole = {p.side for p in later if p.mention.party is not None and p.weight >= 2} >= {"source", "destination"}
    return later if whole else placed


def _winner(placed: list[Placed], side: Side) -> Placed | None:
    candidates = [
        p
        for p in placed
        if p.side == side
        and p.mention.party is not None
        and (p.mention.strength > 0 or side == "destination" or p.because == "reaching")
    ]
    return max(candidates, key=lambda p: (p.mention.strength > 0, p.weight, min(p.mention.strength, 2)), default=None)


def _filled(
    placed: list[Placed], source: Placed | None, destination: Placed | None, items: list[Item], relations: int
) -> tuple[Placed | None, Placed | None]:
    """Give a role that nobody has to the party that is left over; two parties without any grammar are source, destination."""
    named = [
        p
        for p in placed
        if p.mention.party is not None and p.mention.strength > 0 and p is not source and p is not destination
    ]
    spare = [p for p in named if p.mention.strength >= 2 or p.weight > 0 or p.because] or [
        p for p in named if (not p.mention.generic and (source or destination)) or _leads_to(p, items)
    ]
    taken = {side for side, party in (("source", source), ("destination", destination)) if party is not None}
    asked = any(p.mention.variable and p.side is not None and p.side not in taken for p in placed)
    if source is None and destination is None and asked:
        only = [p for p in named if p.mention.strength >= 2]
        side = {p.side for p in placed if p.mention.variable and p.side is not None}
        if len(only) != 1 or len(side) != 1:
            return None, None
        return (only[0], None) if side == {"destination"} else (None, only[0])
    if source is None and destination is None:
        strong = [p for p in named if p.mention.strength >= 2]
        if len(strong) >= 2:
            return _internet_last(strong[0], strong[1])
        if len(strong) == 1 and relations == 0:
            pair = _beside(strong[0])
            return pair if pair[0] is not None or any(i.role == "port" for i in items) else (None, None)
        terse = named if len(named) == 2 and not any(i.role in ("other", "person", "be") for i in items) else []
        return (terse[0], terse[1]) if terse else (None, None)
    if (source is None) == (destination is None) or (asked and not spare):
        return source, destination
    best = max(spare, key=lambda p: (min(p.mention.strength, 2), p.weight), default=None)
    if best is None or asked:
        return source, destination
    return (best, destination) if source is None else (source, best)


def _leads_to(placed: Placed, items: list[Item]) -> bool:
    """Return whether "to" follows directly: "app server to cache" says who asks, however little that names."""
    end = next((i for i in range(placed.at, len(items)) if not is_nameable(items[i])), len(items))
    return end < len(items) and items[end].role == "to"


def _beside(only: Placed) -> tuple[Placed | None, Placed | None]:
    """Read "web-1 rds" and "checkout orders-db": the word beside the only identifier is a party after all."""
    before, after = only.mention.before, only.mention.after
    if after is not None and after.kind == "service":
        return only, replace(only, mention=Mention(after, 2))
    return (replace(only, mention=Mention(before, 2)) if before is not None else None), only


def _internet_last(first: Placed, second: Placed) -> tuple[Placed, Placed]:
    is_internet = first.mention.party is not None and first.mention.party.kind == "internet"
    return (second, first) if is_internet else (first, second)


def _of_words(understood: _Understood, window: TimeWindow | None) -> Question:
    source, destination = _mention(understood.source), _mention(understood.destination)
    after_source = understood.source.ports if understood.source else []
    traffic = wire(understood.items, source, destination, after_source)
    from_party, to_party = (m.party if m else None for m in (source, destination))
    if understood.complete:
        intent = "why" if from_party and to_party else "who"
        no_port = understood.no_port if traffic.port is None else None
        port_back = ask_back.no_such_port(no_port, from_party, to_party) if no_port is not None else None
        return _question(intent, from_party, to_party, traffic, window, port_back)
    if (
        understood.destination is not None
        and understood.destination.because == "with"
        and to_party
        and understood.destination.mention.strength == 1
    ):
        to_party = None
    back = ask_back.missing(from_party, to_party, traffic.port, understood.broken)
    return _question("unclear", from_party, to_party, traffic, window, back)


def _mention(placed: Placed | None) -> Mention | None:
    return placed.mention if placed else None


def _question(
    intent: str,
    source: Party | None,
    destination: Party | None,
    traffic: Wire,
    window: TimeWindow | None,
    back: str | None,
) -> Question:
    return Question(
        intent="why" if intent == "why" else "who" if intent == "who" else "unclear",
        source=source,
        destination=destination,
        protocol=with_address_family(traffic.protocol, source, destination),
        port=traffic.port,
        ask_back=back,
        source_port=traffic.source_port,
        further_ports=traffic.further_ports,
        window=window,
    )


def _of_error(error: PastedError) -> Question:
    """An error holds one party; the other is in the words around it, or is missing."""
    words, window = take_window(_shortened(without_debris(error.rest)))
    understood = _read(tokenise(words))
    source = error.source or _speaker(understood, error.destination)
    written = understood.destination
    names_one = (
        written is not None
        and written.weight >= 2
        and written.mention.strength >= 2
        and written.mention.party != source
    )
    destination = written.mention.party if names_one and written is not None else error.destination
    traffic = Wire(error.protocol, error.port, error.source_port)
    if source is None:
        return _question("unclear", None, destination, traffic, window, ask_back.missing(None, destination, error.port))
    return _question("why", source, destination, traffic, window, None)


def _speaker(understood: _Understood, destination: Party) -> Party | None:
    """Who saw the error: the source of the words around it, else the first party named there."""
    candidates = [
        p
        for p in understood.placed
        if p.mention.party is not None and p.mention.party != destination and p.mention.strength > 0
    ]
    places = [p for p in candidates if p.ignored and p.because == "place"]
    candidates = [p for p in candidates if not p.ignored]
    sources = [p for p in candidates if p.side == "source" and (p.weight >= 1)]
    if sources:
        return max(sources, key=lambda p: (p.weight, p.mention.strength)).mention.party
    others = [p for p in candidates if p.side is None and p.mention.strength >= 2] or [
        p for p in candidates[:1] if p.side is None and _introduces(understood, p)
    ]
    others = others or places
    return others[0].mention.party if others else None


def _introduces(understood: _Understood, placed: Placed) -> bool:
    """Return whether a plain word introduces the error: "bastion: ...", "checkout throws ..."."""
    following = understood.items[placed.at + 1 : placed.at + 3]
    return any(i.role in ("say", "reach", "see", "error") or i.text == ":" for i in following)


def _of_record(record: Record) -> Question:
    traffic = Wire(record.protocol, record.port, record.source_port)
    if record.source is None or record.destination is None:
        back = ask_back.record_without_traffic(record.status, str(record.fields.get("interface-id") or "an interface"))
        return _question("unclear", None, None, Wire(None, None), None, back).model_copy(
            update={"record": record.fields}
        )
    question = _question("why", record.source, record.destination, traffic, _record_window(record), None)
    return question.model_copy(update={"record": record.fields})


def _record_window(record: Record) -> TimeWindow | None:
    start, end = record.fields.get("start-utc"), record.fields.get("end-utc")
    return TimeWindow(text="the record's window", since=start, until=end) if start and end else None
