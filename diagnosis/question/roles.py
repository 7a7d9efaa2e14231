"""Who is the source and who the destination: the grammar of reachability questions over classified items.

English says one thing in many orders ("A can't reach B", "B unreachable from A", "B rejects A"). A mention gets its role
from what governs it: an arrow, label or preposition (weight 3), the frame of the verb beside it (2), or a loose place
(1). The heaviest mention of each role wins; parties left over fill a role that nobody has.
"""

from __future__ import annotations

from typing import Final

from diagnosis.question.mentions import INTERNET, Item, Mention, is_nameable
from diagnosis.question.mounts import is_file_system, is_mount
from diagnosis.question.objects import has_object
from diagnosis.question.phases import is_phase
from diagnosis.question.placements import Placement
from diagnosis.question.prepositions import FILTER_IDS, Clause, Placed, Side

_OTHER_SIDE: Final[dict[Side, Side]] = {"source": "destination", "destination": "source"}

_TRANSPARENT: Final = frozenset("other not never can adjective flag person variable where what".split())
"""Words that may stand between a mention and what belongs to it."""

_RELATING: Final = frozenset(
    "reach reject see reachable open from to between arrow traffic error source destination with".split()
)
"""Words that put two parties into a relation."""


class Reading(Placement):
    """One pass over the items of a text. After `read`, `placed` holds every mention with its role."""

    def read(self) -> list[Placed]:
        """Read all items and return the mentions in the order of the text."""
        i = 0
        while i < len(self.items):
            end = self._run_end(i)
            if end > i:
                self._name_run(i, end)
                i = end
            else:
                self._relate(i)
                i += 1
        return self.placed

    def _relate(self, i: int) -> None:
        item = self.items[i]
        if (handler := getattr(self, f"_on_{item.role}", None)) is not None:
            handler(item, i)
        if item.role in _RELATING:
            self.relations += 1
        if item.role not in _TRANSPARENT:
            self._previous = "protocol" if item.role == "transport" else item.role

    def _next(self, i: int) -> Item | None:
        """Return the next item that is no adverb."""
        for item in self.items[i + 1 : i + 5]:
            if item.role not in ("other", "not", "never"):
                return item
        return None

    def _on_reach(self, item: Item, i: int) -> None:
        clause = self._clause
        if is_mount(item) and clause.pending and is_file_system(clause.pending[-1].mention.party):
            self._settle("destination", "mounted")
            return
        following = self._next(i)
        passive = (
            item.form == "past"
            and clause.be
            and not item.lower.startswith(("time", "lost", "connected", "gone", "routed", "sent"))
        )
        if (
            item.lower in ("called", "gets", "get", "got")
            and following is not None
            and following.form == "past"
            and following.role in ("reject", "reach")
        ):
            clause.be = True
            return
        if item.lower == "access" and clause.verb == "reject" and not clause.passive:
            clause.grants = clause.subject is not None and clause.subject.because == "rejecting"
            clause.has_object = True
            return
        if clause.joined and len(clause.pending) > 1 and not passive and has_object(self.items, i):
            clause.pending.pop().ignored = True  # Of two sources the first is asked.
        self._settle("destination" if passive else "source", "reached" if passive else "reaching")
        clause.verb, clause.verb_text, clause.passive, clause.has_object = "reach", item.lower, passive, False
        clause.be = False
        self._preposition = None

    def _on_reject(self, item: Item, i: int) -> None:
        clause = self._clause
        following = self.items[i + 1] if i + 1 < len(self.items) else None
        if (
            item.lower in ("reply", "replies", "answer", "answers")
            and following is not None
            and following.role == "from"
        ):
            self._on_reply(item, i)
            return
        if is_phase(self.items, i):
            return
        object_follows = following is not None and (is_nameable(following) or following.role in ("traffic", "person"))
        passive = item.form == "past" and (clause.be or not object_follows)
        if passive:
            self._settle("source", "rejected")
        elif clause.by_filter:
            clause.pending.clear()
        elif clause.pending and clause.pending[-1].mention.variable:
            clause.pending.pop()
        else:
            self._settle("destination", "rejecting")
        clause.verb, clause.verb_text, clause.passive, clause.has_object = "reject", item.lower, passive, False
        clause.be = False
        self._preposition = None

    def _on_see(self, item: Item, i: int) -> None:
        following = self._next(i)
        if following is not None and following.role == "that":
            self._on_clause(item, i)
            return
        self._settle("destination" if self._sees_nothing() else "source", "seeing")
        clause = self._clause
        clause.verb, clause.verb_text, clause.passive, clause.has_object = "see", item.lower, False, False
        self._preposition = None

    def _on_reachable(self, item: Item, i: int) -> None:
        self._settle("destination", "reachable")
        self._clause.verb, self._clause.verb_text, self._clause.has_object = "reachable", item.lower, False

    def _on_open(self, item: Item, i: int) -> None:
        if self._clause.be or self._previous in ("port", "protocol") or item.lower in ("exposed", "closed", "opened"):
            self._settle("destination", "open")
            self._clause.verb, self._clause.verb_text = "open", item.lower
        elif item.lower == "open" and self._clause.can and self._clause.pending:
            self._on_reach(item, i)

    def _settle(self, side: Side, because: str) -> None:
        """Give the pending mentions their roles now that the verb is known: the last is its subject."""
        clause = self._clause
        if not clause.pending:
            return
        subject = clause.pending[-1]
        party = subject.mention.party
        if because == "rejecting" and party is not None and party.kind == "id" and party.value.startswith(FILTER_IDS):
            subject.ignored = True
            clause.pending.clear()
            return
        earlier = clause.pending[-2] if len(clause.pending) > 1 else None
        side_by_side = (
            because in ("rejected", "open", "reachable")
            and earlier is not None
            and earlier.mention.party is not None
            and party is not None
        )
        if earlier is not None and (side_by_side or (clause.joined and because != "rejecting")):
            earlier.take("source", 2, "joined")
            subject.take("destination", 2, "joined")
        else:
            # "the group of A blocks it from reaching B": the owner of a filter need not be where the traffic goes.
            subject.take(side, 1 if because == "rejecting" and self._owned_filter else 2, because)
            if earlier is not None and earlier.mention.variable and not subject.mention.variable:
                earlier.take(_OTHER_SIDE[side], 2, because)
        clause.subject = subject
        clause.pending, clause.joined = [], False

    def _on_from(self, item: Item, i: int) -> None:
        following = self._next(i)
        if following is not None and following.role in ("reach", "see") and following.form == "ing":
            return
        self._preposition = "from"
        self._place_of = None

    def _on_to(self, item: Item, i: int) -> None:
        following = self._next(i)
        verb = (
            following is not None
            and following.role in ("reach", "reject", "see", "try", "be", "can")
            and following.form in ("base", "")
        )
        if not verb:
            self._preposition = "to"

    def _on_on(self, item: Item, i: int) -> None:
        self._remember_place("on")

    def _on_place(self, item: Item, i: int) -> None:
        if item.lower == "off" and self._clause.verb == "reject" and self._clause.passive:
            self._preposition = "from"
            return
        self._via = item.lower in ("via", "through", "thru", "using")
        self._remember_place("place")

    def _remember_place(self, preposition: str) -> None:
        if self._previous in ("from", "to", "port") and self._preposition in ("from", "to"):
            return
        self._governed = self._previous
        self._place_of = self.placed[-1] if self.placed and self._previous == "mention" else None
        self._preposition = preposition

    def _on_preposition(self, item: Item, i: int) -> None:
        self._preposition = item.role

    _on_with = _on_by = _on_for = _on_preposition

    def _on_source(self, item: Item, i: int) -> None:
        self._preposition = "to" if self._preposition == "to" else "source"

    def _on_destination(self, item: Item, i: int) -> None:
        self._preposition = "from" if self._preposition == "from" else "destination"

    def _on_between(self, item: Item, i: int) -> None:
        self._preposition, self._between = "between", 0

    def _on_and(self, item: Item, i: int) -> None:
        clause = self._clause
        if self._between == 1:
            self._between = 2
        elif self._previous == "mention" and clause.pending and self.placed and clause.pending[-1] is self.placed[-1]:
            clause.joined = True
        elif self.placed and self._previous == "mention" and self.placed[-1].side is not None:
            self._preposition = "place"
            self._place_of = None
            following = self._next(i)
            if following is not None and not is_nameable(following):
                self._preposition = None

    def _on_arrow(self, item: Item, i: int) -> None:
        if i + 1 < len(self.items) and self.items[i + 1].role in ("error", "reject"):
            return  # "curl 10.0.0.8 → timeout" says what came of it.
        left = next((p for p in reversed(self.placed) if not p.ignored and p.mention.strength > 0), None)
        side: Side = "destination" if item.text == "\u2190" else "source"
        if left is not None and not (left.because == "arrow" and left.side != side):
            left.weight = min(left.weight, 3)
            left.take(side, 3, "arrow")
        self._arrow = item.text
        self._clause = Clause()
        self._preposition = None

    def _on_be(self, item: Item, i: int) -> None:
        self._clause.be = True
        if self._preposition not in ("source", "destination"):
            self._preposition = None
        self._clause.negated = self._clause.negated or "n't" in item.lower or item.lower.endswith("nt")

    def _on_can(self, item: Item, i: int) -> None:
        if self._clause.verb is not None and self._clause.pending:
            self._new_clause(keep_pending=True)
        self._clause.can = item.lower
        if item.lower in ("able", "unable"):
            self._clause.be = False  # "is unable to open" says what it does, not what it is.
        self._clause.negated = (
            self._clause.negated
            or "n't" in item.lower
            or item.lower.endswith("nt")
            or item.lower in ("cannot", "unable")
        )
        self._preposition = None

    def _on_not(self, item: Item, i: int) -> None:
        self._clause.negated = True

    def _on_never(self, item: Item, i: int) -> None:
        self._clause.never = True

    def _on_traffic(self, item: Item, i: int) -> None:
        if self._clause.verb in ("reach", "reject", "see"):
            self._clause.has_object = True
        elif self._clause.verb == "open":
            self._clause.verb = None
        if self._preposition not in ("source", "destination", "between", "and"):
            self._preposition = None

    def _on_reply(self, item: Item, i: int) -> None:
        self._clause.reply = True
        self._on_traffic(item, i)

    def _on_error(self, item: Item, i: int) -> None:
        if item.lower in ("reset", "resets") and i + 1 < len(self.items) and is_nameable(self.items[i + 1]):
            self._on_reject(item, i)
            return
        self._clause.error = True
        if self._clause.verb in ("reach", "see", "reject"):
            self._clause.has_object = True
        self._preposition = None

    def _on_filter(self, item: Item, i: int) -> None:
        pending = self._clause.pending
        owned = bool(pending) and pending[-1].mention.possessive
        following = self._next(i)
        if owned:
            self._owned_filter = True
        elif self._clause.verb is None:
            self._clause.by_filter = not (following is not None and following.role == "on")
        self._preposition = None
        self._which = False

    def _on_problem(self, item: Item, i: int) -> None:
        self._clause.problem = True
        self._clause.pending = [p for p in self._clause.pending if not p.mention.variable]

    def _on_variable(self, item: Item, i: int) -> None:
        self._variable(Mention(None, 1, variable=True), i)

    def _on_where(self, item: Item, i: int) -> None:
        self._variable(Mention(None, 1, variable=True, where=True), i)

    def _on_what(self, item: Item, i: int) -> None:
        following = self._next(i)
        if following is not None and following.role in ("noun", "word"):
            self._which = True
        elif following is None or (
            following.role not in ("filter", "problem", "error", "traffic")
            and not (following.role == "place" and following.lower not in ("in", "inside"))
        ):
            self._variable(Mention(None, 1, variable=True), i)

    def _variable(self, mention: Mention, i: int) -> None:
        if i and self.items[i - 1].role == "other":
            # In "I'd like to know what can reach B" the "to" does not govern "what".
            self._preposition = None
        placed = Placed(mention, i)
        self.placed.append(placed)
        self._place(placed, first=True)
        self._preposition = None
        self._previous = "mention"

    def _on_which(self, item: Item, i: int) -> None:
        self._which = True

    def _on_person(self, item: Item, i: int) -> None:
        pending = self._clause.pending
        if pending and pending[-1].mention.variable:
            dummy = Placed(Mention(None, 0), i, ignored=True)
            pending.append(dummy)
        self._preposition = None

    def _on_public(self, item: Item, i: int) -> None:
        self.placed.append(Placed(Mention(INTERNET, 3), i, "source", 3, because="public"))

    def _on_port(self, item: Item, i: int) -> None:
        if item.mark is not None and self.placed and self._previous == "mention":
            self.placed[-1].ports.append(item.mark)
        if self._preposition not in ("between", "source", "destination"):
            self._preposition = None if self._preposition in ("on", "place") else self._preposition
            self._port_ahead = item.mark if self._preposition == "from" else None

    def _on_that(self, item: Item, i: int) -> None:
        pending = self._clause.pending
        if not (pending and (pending[-1].mention.variable or pending[-1].mention.generic)):
            self._on_clause(item, i)

    def _on_other(self, item: Item, i: int) -> None:
        if self._preposition in ("place", "on"):
            self._preposition = None

    def _on_say(self, item: Item, i: int) -> None:
        self._clause.verb_text = item.lower
        self._preposition = None

    def _on_try(self, item: Item, i: int) -> None:
        self._preposition = None

    def _on_clause(self, item: Item, i: int) -> None:
        self._new_clause(keep_pending=False)
        pronoun = self.items[i + 1].lower if i + 1 < len(self.items) else ""
        if pronoun in ("it", "they", "he", "she") and len(self.placed) == 1 and self.placed[0].weight < 3:
            # "A keeps timing out when it calls B": whatever was thought of A, it is who calls.
            self.placed[0].side, self.placed[0].weight = None, 0
            self._clause.pending = [self.placed[0]]
        contrast = self.items[i + 1 : i + 3]
        if item.lower == "but" and len(contrast) == 2 and contrast[0].lower == "not" and is_nameable(contrast[1]):
            self._preposition = "instead"

    def _new_clause(self, keep_pending: bool) -> None:
        self._clause = Clause(pending=self._clause.pending if keep_pending else [])
        self._preposition = None
        self._between = 0

    def _on_mark(self, item: Item, i: int) -> None:
        mark = item.text
        if mark in {"(", "["}:
            following = self._next(i)
            self._in_apposition = following is not None and is_nameable(following) and self._previous == "mention"
            self._depth += 1
        elif mark in ")]":
            self._in_apposition = False
        elif mark in "?!.;\n" and not (mark == "\n" and self._preposition is not None):
            self._new_clause(keep_pending=False)
            self._in_apposition = False
        elif self._preposition not in ("source", "destination") and mark not in "\"'`":
            self._preposition = None
            last = self.placed[-1] if self.placed and self._previous == "mention" else None
            if mark == ":" and last is not None and last.side == "destination" and last.mention.strength == 1:
                self._preposition, self._place_of = "colon", last
            if self._between == 1 and mark == ",":
                self._between = 2
