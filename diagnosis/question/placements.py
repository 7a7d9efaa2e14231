"""Mentions and the roles that their place in the sentence gives them: after an arrow, in brackets, beside a verb.

What stands behind a preposition is in `prepositions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from diagnosis.question.lexicon import GENERIC_NOUNS
from diagnosis.question.mentions import Item, is_nameable, mentions_in
from diagnosis.question.prepositions import RECEIVING, Placed, Prepositions, Side, like_a_database


class Placement(Prepositions):
    """How a mention is placed by what stands before it."""

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
                and like_a_database(placed.mention)
                and not like_a_database(clause.subject.mention)
            ):
                reverse, clause.subject.side = False, "source"
            placed.take("source" if reverse else "destination", 2, "object")
            clause.has_object = placed.mention.strength > 0 or placed.mention.variable
            placed.ignored = placed.mention.variable and clause.verb_text.startswith(RECEIVING)
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
