"""Mentions and the roles that their place in the sentence gives them: after a preposition, an arrow, in brackets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from diagnosis.question.lexicon import GENERIC_NOUNS
from diagnosis.question.mentions import Item, Mention, is_nameable, mentions_in
from diagnosis.question.ports import PortMark
from diagnosis.question.services import API_SERVICES

Side = Literal["source", "destination"]
FILTER_IDS: Final = ("sg-", "sgr-", "acl-", "rtb-", "tgw-rtb-", "pcx-", "igw-", "pl-", "vpcbpa-")
_ANSWERING: Final = ("respond", "repl", "answer", "listen", "react", "acknowledg", "serve", "serving", "open")
_RECEIVING: Final = tuple(
    """
    get got receiv recieve see saw hear experienc observ encounter return show report has have hit accept
    """.split()
)
_PULLING: Final = tuple(
    """
    download pull fetch load read retriev scrap consum clon restor import poll replicat subscrib sync
    """.split()
)
_SEPARATED: Final = ("cut", "kick", "lock", "shut", "wall", "isolat", "disconnect", "separat", "exclud", "ban")
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


class Placement:
    """The state of one reading of a text, and how a mention is placed by what stands before it."""

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

    def _run_end(self, i: int) -> int:
        """Return where the run of name-like items from i ends; an article after a name begins the next run."""
        start = i
        while i < len(self.items) and is_nameable(self.items[i]):
            item = self.items[i]
            if (
                item.role == "determiner"
                and i > start
                and self.items[i - 1].role not in ("determiner", "adjective", "called")
            ):
                break
            i += 1
            if item.possessive:
                break
        return i

    def _name_run(self, start: int, end: int) -> None:
        run = self.items[start:end]
        mentions = mentions_in(run)
        if not mentions and any(i.role == "called" for i in run):
            return
        following = self.items[end] if end < len(self.items) else None
        if (
            self._preposition in ("source", "destination")
            and mentions
            and mentions[0].generic
            and following is not None
            and (following.text in (":", "=") or following.role == "be")
        ):
            return
        generic = len(mentions) == 1 and (mentions[0].generic or mentions[0].strength == 1)
        if mentions and generic and (self._which or self._is_anybody(run, end)):
            mentions = [replace(mentions[0], variable=True, party=None)]
        self._which = False
        mentions = [m for m in mentions if m.strength > 0 or m.party is None] or mentions[:1]
        for n, mention in enumerate(mentions):
            placed = Placed(mention, start)
            self.placed.append(placed)
            self._place(placed, first=n == 0)
            if n == 0:
                self._preposition = self._preposition if self._preposition == "between" else None
        self._previous = "mention" if mentions else self._previous

    def _is_anybody(self, run: Sequence[Item], end: int) -> bool:
        """Return whether a noun stands for anybody: "list hosts that ...", "all instances with access to"."""
        nouns = [i for i in run if i.role in ("noun", "word")]
        if not nouns or any(i.role == "word" for i in nouns) or not any(n.lower in GENERIC_NOUNS for n in nouns):
            return False
        determined = any(i.role == "determiner" and i.lower in ("any", "every", "each") for i in run)
        following = self.items[end] if end < len(self.items) else None
        return determined or (
            (following is not None and following.role in ("that", "which"))
            or (following is not None and following.lower in ("who", "which", "with"))
        )

    def _place(self, placed: Placed, first: bool) -> None:
        """Give the mention its role by the arrow or preposition before it, else by the verb."""
        clause, preposition = self._clause, self._preposition if first else None
        if self._in_apposition and preposition is None:
            self._in_brackets(placed)
        elif (
            placed.mention.adjective
            and preposition not in ("from", "to", "between", "source", "destination")
            and self._arrow is None
            and self._between != 2
        ):
            placed.ignored = True
        elif self._arrow is not None and first:
            self._after_arrow(placed)
        elif preposition == "between" or self._between == 2:
            placed.take("source" if self._between < 2 else "destination", 3, "between")
            self._between = 1 if self._between < 2 else 0
        elif preposition is not None:
            self._by_preposition(placed, preposition)
        elif clause.verb in ("reach", "see") and not clause.passive and not clause.has_object:
            reverse = clause.verb == "see" and self._sees_nothing()
            if (
                reverse
                and not clause.never
                and clause.subject is not None
                and _like_a_database(placed.mention)
                and not _like_a_database(clause.subject.mention)
            ):
                reverse, clause.subject.side = False, "source"
            placed.take("source" if reverse else "destination", 2, "object")
            clause.has_object = placed.mention.strength > 0 or placed.mention.variable
            placed.ignored = placed.mention.variable and clause.verb_text.startswith(_RECEIVING)
        elif clause.verb == "reject" and not clause.passive and not clause.has_object:
            placed.take("source", 2, "object")
            placed.ignored = placed.mention.variable
            clause.has_object = placed.mention.strength > 0
        elif placed.mention.strength > 0 or placed.mention.variable or first:
            clause.pending.append(placed)

    def _in_brackets(self, placed: Placed) -> None:
        """Brackets explain: "web-1 (10.0.1.10)" is web-1; "the finance application (fin-app-1)" is fin-app-1."""
        before = self.placed[-2] if len(self.placed) > 1 else None
        if before is not None and not before.ignored and before.mention.strength == 1 and placed.mention.strength > 1:
            self._take_over(before, placed)
        else:
            placed.ignored = True

    def _sees_nothing(self) -> bool:
        """Who is not seen sends: "B never sees A" has A as its source; "A can't see B" has A as its source, too."""
        clause = self._clause
        return clause.never or (
            clause.negated and not clause.can.startswith(("can", "could", "cannot", "able", "unable"))
        )

    def _after_arrow(self, placed: Placed) -> None:
        arrow, self._arrow = self._arrow, None
        side: Side = "source" if arrow == "\u2190" else "destination"
        for earlier in self.placed[:-1]:
            # In "A → NAT → B" what stands between the ends is on the way.
            if earlier.because == "arrow" and earlier.side == side:
                earlier.side, earlier.ignored = None, True
        placed.take(side, 3, "arrow")

    def _by_preposition(self, placed: Placed, preposition: str) -> None:
        clause = self._clause
        match preposition:
            case "source":
                placed.take("source", 3, "label")
            case "destination":
                placed.take("destination", 3, "label")
            case "from":
                self._from(placed)
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
                and _like_a_database(subject.mention)
                and not _like_a_database(placed.mention)
            ):
                subject.weight = 0
                subject.take("destination", 2, "blocked")
                placed.take("source", 3, "from")
            else:
                placed.take("destination", 3, "blocked from")
        elif clause.error and (clause.subject or clause.pending) and clause.verb_text.startswith(_RECEIVING):
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
        if clause.subject is None and not any(p.side == "source" for p in self.placed[:-1]):
            return False
        if party is not None and party.kind == "service" and party.value in API_SERVICES - {"lambda"}:
            return True
        if clause.verb != "reach" or clause.subject is None or clause.subject.side != "source":
            return False
        fetched = clause.has_object and any(
            p.because == "object" and p.mention.strength == 1 and not p.ignored for p in self.placed[:-1]
        )
        return clause.verb_text.startswith(_PULLING) or (clause.verb_text.startswith(("get", "got")) and fetched)

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
        elif self._governed == "traffic" and len(self.placed) > 1 and self.placed[-2].mention.strength == 0:
            placed.take("destination", 2, "on")
        elif self._governed == "filter":
            party = placed.mention.party
            if party is not None and party.kind == "id" and party.value.startswith(("subnet-", "vpc-", *FILTER_IDS)):
                placed.ignored, self._clause.by_filter = True, True
            else:
                self._clause.pending.append(placed)
                self._clause.by_filter, self._owned_filter = False, True
        else:
            placed.take("source", 1, "on")

    def _in_place(self, placed: Placed) -> None:
        """A place ("in vpc-0a1", "via the NAT") says nothing, unless it is all that is said of "anything in 10.0.1.0/24"."""
        before = self._place_of
        if (
            before is not None
            and (before.mention.variable or before.mention.anybody)
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


def _like_a_database(mention: Mention) -> bool:
    party = mention.party
    if party is None or party.kind not in ("name", "service", "dns"):
        return False
    return any(word in party.value.lower() for word in _DATABASE_WORDS)
