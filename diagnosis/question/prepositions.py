"""What a preposition says of the mention behind it: "from A", "to B", "on B", "health checks of B", "in vpc-0a1"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from diagnosis.question.mentions import Item, Mention
from diagnosis.question.ports import PortMark
from diagnosis.question.services import API_SERVICES

Side = Literal["source", "destination"]
FILTER_IDS: Final = ("sg-", "sgr-", "acl-", "rtb-", "tgw-rtb-", "pcx-", "igw-", "pl-", "vpcbpa-")
"""How ids begin that are on the way and never a party."""
_ANSWERING: Final = ("respond", "repl", "answer", "listen", "react", "acknowledg", "serve", "serving", "open")
RECEIVING: Final = tuple(
    """
    get got receiv recieve see saw hear experienc observ encounter return show report has have hit accept
    """.split()
)
"""How verbs begin whose object comes to their subject: "A gets an error from B"."""
_PULLING: Final = tuple(
    """
    download pull fetch load read retriev scrap consum clon restor import poll replicat subscrib sync
    """.split()
)
_SEPARATED: Final = ("cut", "kick", "lock", "shut", "wall", "isolat", "disconnect", "separat", "exclud", "ban")
_MOVED: Final = frozenset("moved migrated put added deployed launched attached".split())
_PLACES: Final = ("account", "environment", "vpc")
_DATABASE_WORDS: Final = tuple(
    """
    db rds sql postgres redis cache aurora mongo database pg kafka es
    """.split()
)


@dataclass(slots=True, eq=False)
class Placed:
    """A mention with the role that its place in the sentence gives it."""

    mention: Mention
    at: int
    side: Side | None = None
    weight: int = 0
    ignored: bool = False
    because: str = ""
    ports: list[PortMark] = field(default_factory=list)

    def take(self, side: Side, weight: int, because: str = "") -> None:
        """Give the role, unless a heavier reason has already given one."""
        if weight >= self.weight:
            self.side, self.weight, self.because = side, weight, because


@dataclass(slots=True)
class Clause:
    """What has been read of the current clause."""

    pending: list[Placed] = field(default_factory=list)
    """Mentions that no preposition governs and no verb has claimed yet."""
    joined: bool = False
    """Whether the last two pending mentions stand as "A and B"."""
    verb: str | None = None
    """The role of the last relating word: reach, reject, see, reachable, open."""
    verb_text: str = ""
    passive: bool = False
    has_object: bool = False
    be: bool = False
    can: str = ""
    negated: bool = False
    never: bool = False
    by_filter: bool = False
    reply: bool = False
    error: bool = False
    problem: bool = False
    grants: bool = False
    """Whether access itself is given or denied: "denies access to A"."""
    subject: Placed | None = None


class Prepositions:
    """The state of one reading of a text, and how a mention is placed by the preposition before it."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.placed: list[Placed] = []
        self.relations = 0
        """How many words that relate two parties were read: verbs, prepositions, arrows, blocked, timeout."""
        self._clause = Clause()
        self._preposition: str | None = None
        self._place_of: Placed | None = None
        self._previous: str = ""
        self._which = False
        self._via = False
        self._governed = ""
        self._owned_filter = False
        self._port_ahead: PortMark | None = None
        self._arrow: str | None = None
        self._between = 0
        self._depth = 0
        self._in_apposition = False

    def _by_preposition(self, placed: Placed, preposition: str) -> None:
        clause = self._clause
        if preposition in ("for", "on") and self._checked(placed):
            return
        match preposition:
            case "source":
                placed.take("source", 3, "label")
            case "destination":
                placed.take("destination", 3, "label")
            case "from":
                self._from(placed)
            case "to" if self._moved_to(placed):
                placed.ignored, placed.because = True, "place"
            case "to":
                answering = clause.verb == "reject" and clause.verb_text.startswith(_ANSWERING)
                to_whom = (
                    clause.verb == "open"
                    or clause.grants
                    or clause.reply
                    or answering
                    or (clause.verb == "reachable" and not clause.has_object)
                )
                placed.take("source" if to_whom else "destination", 3, "to")
            case "with":
                if clause.problem:
                    clause.pending.append(placed)
                else:
                    placed.take("destination", 2, "with")
            case "by":
                if clause.verb == "reject" and clause.passive:
                    self._rejected_by(placed)
                else:
                    placed.take("source", 3 if clause.passive or clause.verb == "reachable" else 1, "by")
            case "for":
                self._for(placed)
            case "on":
                self._on(placed)
            case "colon":
                if self._place_of is not None and placed.mention.strength > 1:
                    self._take_over(self._place_of, placed)
            case "instead":
                earlier = next((p for p in reversed(self.placed[:-1]) if p.side is not None and not p.ignored), None)
                if earlier is not None:
                    self._take_over(earlier, placed)
            case _:
                self._in_place(placed)

    def _checked(self, placed: Placed) -> bool:
        """Whether the mention is what a health check is of, or on: a load balancer sends it, whoever else is named."""
        before = self.items[placed.at - 2] if placed.at > 1 else None
        earlier = self.placed[-2] if len(self.placed) > 1 else None
        if before is not None and before.role == "traffic" and before.lower.startswith("health"):
            for checking in self._clause.pending[-1:]:
                checking.take("source", 2, "checking")
            self._clause.pending = []
        elif earlier is not None and earlier.because == "checked" and self._governed == "mention":
            earlier.side = "source"  # "the health checks of alb-1 on B"
        else:
            return False
        placed.take("destination", 3, "checked")
        return True

    def _moved_to(self, placed: Placed) -> bool:
        """Whether it is where something was put, and no packet goes: "we moved A into subnet-0b"."""
        party = placed.mention.party
        is_place = party is not None and party.kind == "id" and party.value.startswith(("subnet-", "vpc-"))
        return is_place and self._clause.verb is None and any(i.lower in _MOVED for i in self.items[: placed.at])

    def _for(self, placed: Placed) -> None:
        clause = self._clause
        waits = any(i.lower.startswith("wait") for i in self.items[: placed.at])
        if waits and (clause.pending or clause.subject):
            placed.take("destination", 2, "for")
            return
        if clause.error and clause.verb is None and clause.verb_text.startswith(("say", "said")):
            placed.take("destination", 2, "for")
            return
        if (
            clause.verb == "reject"
            and clause.passive
            and clause.subject is not None
            and clause.subject.because == "rejected"
        ):
            clause.subject.side = "destination"
        placed.take("source", 2 if clause.verb in ("open", "reject", "reachable") else 1, "for")

    def _rejected_by(self, placed: Placed) -> None:
        party = placed.mention.party
        if party is not None and party.kind == "id" and party.value.startswith(FILTER_IDS):
            placed.ignored = True
        else:
            placed.take("destination", 3, "by")

    def _from(self, placed: Placed) -> None:
        clause = self._clause
        subject = clause.subject
        if clause.reply:
            placed.take("destination", 3, "reply from")
        elif self._pulls_from(placed):
            for earlier in self.placed[:-1]:
                if earlier.because == "object" and earlier.mention.strength < 2:
                    earlier.side, earlier.weight, earlier.ignored = None, 0, True
            placed.take("destination", 3, "pulled from")
        elif clause.verb == "reject" and not clause.passive and clause.has_object and not self._source_is_traffic():
            placed.take("destination", 3, "kept from")
        elif clause.verb == "reject" and clause.passive and subject is not None and subject.because == "rejected":
            if (
                not clause.verb_text.startswith(_SEPARATED)
                and like_a_database(subject.mention)
                and not like_a_database(placed.mention)
            ):
                subject.weight = 0
                subject.take("destination", 2, "blocked")
                placed.take("source", 3, "from")
            else:
                placed.take("destination", 3, "blocked from")
        elif clause.error and (clause.subject or clause.pending) and clause.verb_text.startswith(RECEIVING):
            placed.take("destination", 3, "error from")
        else:
            vague = (
                placed.mention.generic
                and placed.mention.strength == 1
                and any(p.side == "source" and p.mention.strength > 1 for p in self.placed[:-1])
            )
            placed.take("source", 1 if vague else 3, "from")
            if self._port_ahead is not None:
                placed.ports.append(self._port_ahead)
                self._port_ahead = None

    def _pulls_from(self, placed: Placed) -> bool:
        """Whether "from" names what is fetched from ("can't pull images from ECR") and not where packets start."""
        clause, party = self._clause, placed.mention.party
        api = party is not None and party.kind == "service" and party.value in API_SERVICES - {"lambda"}
        if any(p.because == "pulled from" for p in self.placed[:-1]):
            return False
        if api and clause.verb == "reach" and clause.verb_text.split()[-1].startswith(_PULLING):
            return True
        if clause.subject is None and not any(p.side == "source" for p in self.placed[:-1]):
            return False
        if api:
            return True
        if clause.verb != "reach" or clause.subject is None or clause.subject.side != "source":
            return False
        fetched = clause.has_object and any(
            p.because == "object" and p.mention.strength == 1 and not p.ignored for p in self.placed[:-1]
        )
        return clause.verb_text.split()[-1].startswith(_PULLING) or (
            clause.verb_text.startswith(("get", "got")) and fetched
        )

    def _source_is_traffic(self) -> bool:
        """Whether the object of "rejects" was "traffic" or "connections": what follows "from" is then its source."""
        return not any(p.because == "object" and p.side == "source" and not p.ignored for p in self.placed[:-1])

    def _on(self, placed: Placed) -> None:
        before = self._place_of
        if (
            before is not None
            and not before.ignored
            and before.mention.strength < 2
            and placed.mention.strength > before.mention.strength
        ):
            self._take_over(before, placed)
        elif self._governed in ("port", "protocol", "open", "reject", "reachable"):
            placed.take("destination", 2, "on")
        elif self._clause.verb == "reach" and self._clause.verb_text.startswith(("arriv", "land")):
            placed.take("destination", 3, "arrives at")
        elif self._governed == "error" and (self._clause.pending or self._clause.subject):
            placed.take("destination", 2, "error on")
        elif self._governed == "traffic" and self._clause.pending and self._clause.pending[-1].mention.possessive:
            self._clause.pending.pop().take("source", 2, "owns the traffic")
            placed.take("destination", 2, "on")
        elif self._governed == "traffic" and len(self.placed) > 1 and self.placed[-2].mention.strength == 0:
            placed.take("destination", 2, "on")
        elif self._governed == "filter":
            party = placed.mention.party
            if party is not None and party.kind == "id" and party.value.startswith(("subnet-", "vpc-", *FILTER_IDS)):
                placed.ignored, self._clause.by_filter = True, True
            else:
                self._clause.pending.append(placed)
                self._clause.by_filter, self._owned_filter = False, True
        elif placed.mention.generic and placed.mention.party is not None and placed.mention.party.value in _PLACES:
            placed.ignored, placed.because = True, "place"
        else:
            placed.take("source", 1, "on")

    def _in_place(self, placed: Placed) -> None:
        """A place ("in vpc-0a1", "via the NAT") says nothing, unless it is all that is said of "anything in 10.0.1.0/24"."""
        before = self._place_of
        if (
            before is not None
            and (before.mention.variable or before.mention.anybody or _says_which(before, placed))
            and not placed.mention.generic
            and placed.mention.strength > 0
        ):
            self._take_over(before, placed)
        else:
            placed.ignored, placed.because = True, "via" if self._via else "place"

    def _take_over(self, before: Placed, placed: Placed) -> None:
        placed.side, placed.weight, placed.because = before.side, before.weight, before.because
        before.ignored, before.side, before.weight = True, None, 0
        pending = self._clause.pending
        if before in pending:
            pending[pending.index(before)] = placed
        if self._clause.subject is before:
            self._clause.subject = placed


def _says_which(before: Placed, placed: Placed) -> bool:
    """Whether a CIDR block says of plain words who is meant: "our CI runners in 10.50.0.0/16"."""
    party = placed.mention.party
    return before.mention.strength == 1 and party is not None and party.kind == "cidr"


def like_a_database(mention: Mention) -> bool:
    """Whether the name says that it is a database, a cache or a queue: such a party is reached, it does not reach."""
    party = mention.party
    if party is None or party.kind not in ("name", "service", "dns"):
        return False
    return any(word in party.value.lower() for word in _DATABASE_WORDS)
