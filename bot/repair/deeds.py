"""One deed: putting a rule or entry there, or taking it away, so that account and ledger agree whatever happens.

Before a call the ledger says that it is intended; after it, what became of it. An answer that was lost, or a process
that was killed in between, leaves an intention, and looking at the account tells what it came to. Putting is sent again
without harm: a rule stands there once, and its stamp says whose it is. Taking away is sent again after a look only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from bot.approvals.ledger import Deed, Entry, EntryState, Ledger
from bot.repair.writing import (
    Absent,
    Busy,
    Clash,
    Done,
    Found,
    NoAnswer,
    NotThere,
    Present,
    Refused,
    Writable,
    Writer,
)
from diagnosis.fix.change import AclEntryChange

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for AWS, which throttles and is eventually consistent. Times are seconds."""

    now: Callable[[], float]
    """Unix seconds."""
    sleep: Callable[[float], None]
    first: float = 0.25
    """The first pause; each next one is twice as long, up to `longest`."""
    longest: float = 4.0
    calls: int = 6
    """So often a call is sent at most."""
    looks: int = 5
    """So often is looked for what a call did."""
    settled: float = 60.0
    """After so long, whatever was written is seen."""

    def pauses(self, times: int) -> Iterator[float | None]:
        """The pause after each of so many attempts; None after the last."""
        pause = self.first
        for _ in range(times - 1):
            yield pause
            pause = min(2 * pause, self.longest)
        yield None


class StillInDoubt(Exception):
    """The call may have been done, and looking does not tell yet. The ledger keeps the intention."""


class TakenByOther(Exception):
    """Somebody else's: an entry of another content has this number, or our rule was given another content."""


@dataclass(frozen=True, slots=True)
class Deeds:
    """The deeds of one application or undo, by one person."""

    proposal: str
    stamp: str
    by: str
    writer: Writer
    ledger: Ledger
    patience: Patience

    def rehearse(self, change: Writable) -> None:
        """Ask whether the call and the one that takes it back would be permitted. Raises Refused."""
        for take in (False, True):
            self._asked(partial(self.writer.rehearse, change, self.stamp, take=take))

    def put(self, number: int, change: Writable, known: Entry | None) -> Entry:
        """Put it there, or find that it is; `known` is the entry of an attempt that was interrupted.

        Returns the settled entry: `made`, or somebody else's, `already there`. Raises Refused and TakenByOther, where
        nothing of ours is there, and StillInDoubt.
        """
        entry, doubt = self._entry(number, change, "apply", known)
        found = self._look(change, None, doubt=doubt)
        # What another process of ours intends, and has not settled, it may have done.
        doubt |= self._intend(entry)
        if not isinstance(found, Absent):
            return self._judged(entry, change, found, doubt=doubt)
        for pause in self.patience.pauses(self.patience.calls):
            try:
                return self._settle(entry, "made", self.writer.put(change, self.stamp))
            except Clash as error:
                found = self._until(change, None, lambda seen: not isinstance(seen, Absent))
                if isinstance(found, Absent):
                    raise StillInDoubt("AWS says that it is there already, and does not show it") from error
            except NoAnswer as error:
                doubt = True
                if pause is None:
                    raise StillInDoubt(str(error)) from error
                found = self._until(change, None, lambda seen: not isinstance(seen, Absent))
            except Busy as error:
                self._wait(pause, error, entry, doubt=doubt)
            except Refused:
                self._give_up(entry, doubt=doubt)
                raise
            if not isinstance(found, Absent):
                return self._judged(entry, change, found, doubt=doubt)
        raise StillInDoubt("AWS does not show what was asked of it")

    def take(self, made: Entry, change: Writable, known: Entry | None) -> Entry:
        """Take away what was `made`, if it is still exactly that; `known` is an undo of it that was interrupted.

        Returns the settled entry: `taken back`, or `absent` where somebody else took it away or put another entry in
        its place. Raises as `put`; TakenByOther where our very rule was given another content.
        """
        rule = made.rule
        entry, doubt = self._entry(made.number, change, "undo", known)
        entry = entry.model_copy(update={"rule": rule})
        recent = self.patience.now() - made.at < self.patience.settled
        found = self._look(change, rule, doubt=doubt)
        if isinstance(found, Absent) and recent:
            # What was made a moment ago may not be seen yet.
            found = self._until(change, rule, lambda seen: not isinstance(seen, Absent))
        self._intend(entry)
        for pause in self.patience.pauses(self.patience.calls):
            if not (isinstance(found, Present) and self._still(change, found, made)):
                return self._not_ours(entry, found, doubt=doubt)
            try:
                # A rule whose id was not told when it was made was just found by its stamp.
                return self._settle(entry, "taken back", self.writer.take(change, rule or found.rule))
            except NotThere:
                return self._settle(entry, "taken back" if doubt else "absent", Done(rule))
            except NoAnswer as error:
                doubt = True
                if pause is None:
                    raise StillInDoubt(str(error)) from error
                found = self._until(change, rule, lambda seen: not isinstance(seen, Present))
            except Busy as error:
                self._wait(pause, error, entry, doubt=doubt)
                found = self._look(change, rule, doubt=doubt)
            except Refused:
                self._settle(entry, "refused")
                raise
        raise StillInDoubt("AWS goes on showing what was to be taken away")

    def resolve(self, entry: Entry, change: Writable) -> Entry:
        """What an interrupted `put` came to, without going on with it: settled. Raises StillInDoubt."""
        found = self._until(change, None, lambda seen: not isinstance(seen, Absent))
        if isinstance(found, Absent):
            self._give_up(entry, doubt=True)
            return entry.model_copy(update={"state": "refused"})
        if not isinstance(found, Present) or not found.exact:
            return self._settle(entry, "refused")
        if self._ours(change, found, doubt=True):
            return self._settle(entry, "made", Done(found.rule))
        return self._settle(entry, "already there")

    def _entry(self, number: int, change: Writable, deed: Deed, known: Entry | None) -> tuple[Entry, bool]:
        """The intention, and whether an earlier one may have been done; that one's time is kept."""
        doubt = known is not None and known.state == "intended"
        at = known.at if known is not None and doubt else self.patience.now()
        return Entry(proposal=self.proposal, number=number, deed=deed, change=change, at=at, by=self.by), doubt

    def _settle(self, entry: Entry, state: EntryState, done: Done | None = None) -> Entry:
        known = {} if done is None else {"rule": done.rule, "request": done.request}
        settled = entry.model_copy(update={"state": state, **known})
        try:
            self.ledger.settle(settled)
        except ValueError as error:
            raise StillInDoubt(f"another process is at it: {error}") from error
        return settled

    def _intend(self, entry: Entry) -> bool:
        """Write down the intention, unless the ledger knows better: then the call is not made.

        Returns whether it was intended already, by an attempt that was interrupted or by another process.
        """
        try:
            return self.ledger.intend(entry)
        except ValueError as error:
            raise StillInDoubt(f"another process is at it: {error}") from error

    def _judged(self, entry: Entry, change: Writable, found: Found, *, doubt: bool) -> Entry:
        """Settle a put where something stands already, or the group or ACL is gone."""
        if isinstance(found, Present) and found.exact:
            if self._ours(change, found, doubt=doubt):
                return self._settle(entry, "made", Done(found.rule))
            return self._theirs(entry)
        self._settle(entry, "refused")
        if isinstance(found, Present) and isinstance(change, AclEntryChange):
            raise TakenByOther(f"{change.component} has another entry {change.number} for {change.direction} by now.")
        raise Refused(f"{change.component} does not exist any more.")

    def _theirs(self, entry: Entry) -> Entry:
        """Settle as somebody else's, unless another process of ours is at the same: then it may have been that one."""
        if isinstance(entry.change, AclEntryChange):
            self.patience.sleep(self.patience.first)
        if entry not in self.ledger.entries(self.proposal):
            raise StillInDoubt("another process is at it")
        return self._settle(entry, "already there")

    def _not_ours(self, entry: Entry, found: Found, *, doubt: bool) -> Entry:
        """Settle a take where what we made is not there any more, or not as we made it."""
        if isinstance(found, Present) and entry.rule is not None:
            self._settle(entry, "refused")
            raise TakenByOther(f"Rule {entry.rule} in {entry.change.component} was changed since it was made.")
        done = doubt and not isinstance(found, Present)
        return self._settle(entry, "taken back" if done else "absent", Done(entry.rule))

    def _ours(self, change: Writable, found: Present, *, doubt: bool) -> bool:
        """A rule is ours by its stamp. An entry has none: it is, where a call of ours may have made it."""
        return doubt if isinstance(change, AclEntryChange) else found.stamp == self.stamp

    def _still(self, change: Writable, found: Present, made: Entry) -> bool:
        """Whether what is there is exactly what we made; a rule without a known id is known by its stamp."""
        known = made.rule is not None or isinstance(change, AclEntryChange)
        return found.exact and (known or found.stamp == self.stamp)

    def _wait(self, pause: float | None, error: Busy, entry: Entry, *, doubt: bool) -> None:
        if pause is None:
            self._give_up(entry, doubt=doubt)
            raise Refused(f"{error}, again and again. Try again in a few minutes.") from error
        self.patience.sleep(pause)

    def _give_up(self, entry: Entry, *, doubt: bool) -> None:
        if doubt and self.patience.now() - entry.at < self.patience.settled:
            raise StillInDoubt("what was asked of AWS before may still be done")
        self._settle(entry, "refused")

    def _look(self, change: Writable, rule: str | None, *, doubt: bool) -> Found:
        try:
            return self._asked(lambda: self.writer.look(change, rule))
        except Refused as error:
            why = str(error).rstrip(".")
            raise (StillInDoubt(why) if doubt else Refused(f"{why}. Nothing was done.", action=error.action)) from error

    def _asked(self, ask: Callable[[], T]) -> T:
        """The answer to a call without effect: it is sent again where AWS is busy or the answer was lost."""
        for pause in self.patience.pauses(self.patience.calls):
            try:
                return ask()
            except (Busy, NoAnswer) as error:
                if pause is None:
                    raise Refused(f"{error}, again and again. Try again in a few minutes.") from error
                self.patience.sleep(pause)
        raise Refused("AWS was not asked.")

    def _until(self, change: Writable, rule: str | None, enough: Callable[[Found], bool]) -> Found:
        """Look until something is as wanted, or patience ends; what was seen last. Raises StillInDoubt."""
        for pause in self.patience.pauses(self.patience.looks):
            found = self._look(change, rule, doubt=True)
            if enough(found) or pause is None:
                break
            self.patience.sleep(pause)
        return found
