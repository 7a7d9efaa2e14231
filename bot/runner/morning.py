"""The morning summary: what is due is claimed, made, said and written down, once for each channel and local day.

A day of a channel is one row that only one replica can insert. Before it is said the row says so ("posting"), and the
message carries the run's id as metadata. When a process dies in between, another looks for that message where it may
read the channel; where it may not, the summary is said again and marked: it may be a repeat.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

import structlog

from bot.access.people import Place, terms
from bot.runner.courier import Unreachable
from bot.runner.crew import outlive
from bot.runner.kept_groups import packed, unpacked
from bot.runner.subscribing import Wanted, wanted
from bot.runner.summarising import Stopped, Summariser, document_of, stored
from bot.runner.work import Tools
from bot.store.summaries import Run
from bot.views.morning import Said, failed_message, missed_message, morning_message, morning_thread
from diagnosis.sources import SourceUnavailable
from diagnosis.summary import Summary

log = structlog.get_logger("whynot.morning")

LEASE_SECONDS: Final = 120.0
"""After so long without a sign of life of its process, a run is an orphan."""
AGAIN_SECONDS: Final = 30.0
"""After so long it is looked again whether a message got there whose answer was lost."""
ATTEMPTS: Final = 4
REVISED_AFTER: Final = 3600.0
"""Logs come late: so long after a summary was said it is made again, and edited where it is another."""
HOUR: Final = 3600.0
FAULT: Final = "This is a fault of whynot; its log tells more."


@dataclass(frozen=True, slots=True)
class Morning:
    """Says summaries. `later` runs something on a thread of its own; what it returns is of no use."""

    tools: Tools
    summariser: Summariser
    later: Callable[[Callable[[], object]], object]

    def wanted(self) -> tuple[Wanted, ...]:
        """Who wants a summary when."""
        return wanted(self.tools.settings, self.tools.store.summaries.subscriptions())

    def look_round(self) -> None:
        """Claim what is due and see to what a process left: at any time, by any replica, as often as one likes."""
        tools, now = self.tools, self.tools.now()
        store = tools.store.summaries
        store.hold(tools.holder, now + LEASE_SECONDS)
        everyone = self.wanted()
        for run in store.orphans(now):
            taken = store.adopt(run, tools.holder, now + LEASE_SECONDS)
            if taken is not None:
                log.info("found a summary that was not finished", run=run.id, state=run.state)
                self.later(partial(self._resume, taken, _of(everyone, run.channel)))
        for each in everyone:
            if not each.paused:
                self._due(each, now)
        for run in store.recent(now - 3 * REVISED_AFTER):
            last = run.revised_at or run.due_at
            if now - last >= REVISED_AFTER and store.revise(run, now):
                self.later(partial(self._revise, run, _of(everyone, run.channel)))

    def _due(self, each: Wanted, now: float) -> None:
        store, catch_up = self.tools.store.summaries, self.tools.settings.summaries.catch_up_minutes * 60.0
        known = store.known_days(each.channel)
        last = max((run.due_at for run in store.posted(each.channel, now, 1)), default=None)
        begun = [when for when in (each.since, last) if when is not None]
        since = max(begun) if begun else now - catch_up
        open_days = [(day, at) for day, at in each.timetable.past(now, since) if day.isoformat() not in known]
        if not open_days:
            return
        newest, at = open_days[-1]
        in_time = now - at <= catch_up
        missed = [
            day for day, due in (open_days[:-1] if in_time else open_days) if self._claim(each, day, due, now, "")
        ]
        if not in_time:
            if missed:
                self.later(partial(self._say_missed, each, missed))
            return
        notes = _late_words(missed, now - at, self.tools.settings.summaries.late_minutes * 60.0, each.timetable.at)
        self._claim(each, newest, at, now, notes, due=True)

    def _claim(self, each: Wanted, day: date, at: float, now: float, notes: str, *, due: bool = False) -> bool:
        """Take a day, to say its summary where it is `due`, else to remember that it was missed."""
        tools = self.tools
        run = Run(
            id=uuid.uuid4().hex,
            channel=each.channel,
            day=day.isoformat(),
            due_at=at,
            state="claimed" if due else "missed",
            holder=tools.holder if due else None,
            held_until=now + LEASE_SECONDS if due else None,
            began_at=now,
            notes=notes,
        )
        if not tools.store.summaries.claim(run):
            return False
        if due:
            self.later(partial(self._make, run, each))
        return True

    def now(self, each: Wanted) -> None:
        """Say a summary that was asked for by hand; the day's own comes all the same."""
        tools, now = self.tools, self.tools.now()
        identity = uuid.uuid4().hex
        run = Run(
            id=identity,
            channel=each.channel,
            day=f"now-{identity}",
            due_at=now,
            holder=tools.holder,
            held_until=now + LEASE_SECONDS,
            began_at=now,
        )
        if tools.store.summaries.claim(run):
            self.later(partial(self._make, run, each))

    def _make(self, run: Run, each: Wanted) -> None:
        """Make a summary and say it, or say that it is not to be had."""
        outlive(partial(self._made, run, each), self.tools.metrics.fault, partial(self._failed, run, FAULT))

    def _made(self, run: Run, each: Wanted) -> None:
        try:
            found = self.summariser.summary(each, before=self._before(run))
        except SourceUnavailable as error:
            self._failed(run, str(error))
            return
        except Stopped:
            log.info("stopped over a summary, which is made by whoever comes next", run=run.id)
            return
        # Before its state says so, that whoever goes on with it finds them.
        self.tools.store.summaries.keep_groups(run, packed(found.groups))
        moved = self.tools.store.summaries.move(run, "posting", document=document_of(found))
        if moved is not None:
            self._say(moved, found)

    def _before(self, run: Run) -> Summary | None:
        """The summary of the channel that was said before this one."""
        for earlier in self.tools.store.summaries.posted(run.channel, run.due_at, 1):
            return self._kept(earlier)
        return None

    def _kept(self, run: Run) -> Summary | None:
        """What was made of a run, with all groups that are kept of it."""
        found = stored(run.document)
        groups = unpacked(self.tools.store.summaries.groups(run)) if found is not None else None
        return found if found is None or groups is None else found.model_copy(update={"groups": groups})

    def _said(self, run: Run, found: Summary, *, repeat: bool = False) -> Said:
        tools = self.tools
        muted = {mute.cause: mute.until for mute in tools.store.summaries.mutes(run.channel, tools.now())}
        earlier = [stored(each.document) for each in tools.store.summaries.posted(run.channel, run.due_at, 14)]
        notes = [run.notes] if run.notes else []
        if repeat:
            notes.append("This may be a repeat: whether it was said before could not be looked up.")
        known = tuple(each for each in earlier if each is not None)
        return Said(found, run.id, tuple(notes), muted, known, proposable=tools.settings.fix_mode != "off")

    def _say(self, run: Run, found: Summary, *, repeat: bool = False) -> None:
        """Post the message, and write down that it was said; then its picture, and the rest in its thread."""
        tools, store = self.tools, self.tools.store.summaries
        said = self._said(run, found, repeat=repeat)
        allowed = terms(Place(run.channel, run.channel.startswith("D")), tools.settings)
        picture = tools.pictures.chart(said.chart) if allowed is not None and allowed.pictures else None
        try:
            ready = picture.file if picture is not None and picture.ready else None
            sent = tools.courier.post_marked(run.channel, morning_message(said, picture=ready), marked=run.id)
        except Unreachable as error:
            self._failed(run, f"Slack took no message in {run.channel} ({error.code}).")
            return
        if sent is None:
            # Whether it got there is not known: it is looked for, by whoever comes first.
            store.note(run.id, holder=None, held_until=tools.now() + AGAIN_SECONDS)
            return
        posted = store.move(run, "posted", message=sent, holder=None, held_until=None)
        if posted is None:
            return
        log.info("a summary was said", channel=run.channel, day=run.day, causes=len(found.causes))
        thread = morning_thread(said, files=allowed is not None and allowed.files)
        for message in thread.messages:
            tools.courier.post(run.channel, message, thread=sent)
        for file in thread.files:
            tools.courier.upload(file, channel=run.channel, thread=sent)
        if picture is not None and not picture.ready and tools.pictures.ready(picture.file):
            tools.courier.update(run.channel, sent, morning_message(said, picture=picture.file))

    def _resume(self, run: Run, each: Wanted | None) -> None:
        """Go on with a run whose process died over it, or whose answer from Slack was lost."""
        tools, store = self.tools, self.tools.store.summaries
        document = self._kept(run)
        if run.state == "posting" and document is not None:
            found = tools.courier.find_posted(run.channel, run.began_at, run.id)
            if found:
                store.move(run, "posted", message=found, holder=None, held_until=None)
            elif run.attempt > ATTEMPTS:
                self._failed(run, "Slack did not answer.")
            else:
                self._say(run, document, repeat=found is None)
            return
        late = tools.now() - run.due_at > tools.settings.summaries.catch_up_minutes * 60.0
        if each is None or late or run.attempt > ATTEMPTS:
            self._failed(run, "It was begun and not finished, and it is too late for it now.")
        else:
            self._make(run, each)

    def _revise(self, run: Run, each: Wanted | None) -> None:
        """Make a summary again of the same time, and edit the message where late records changed it."""
        before = stored(run.document)
        if each is None or before is None or run.message is None:
            return
        try:
            found = self.summariser.summary(each, before=self._before(run), window=before.window)
        except SourceUnavailable as error:
            log.warning("a summary could not be made again", run=run.id, error=str(error))
            return
        except Stopped:
            return
        if (found.rejects, found.records) == (before.rejects, before.records):
            return
        self.tools.store.summaries.keep_groups(run, packed(found.groups))
        self.tools.store.summaries.note(run.id, document=document_of(found))
        said = self._said(run.model_copy(update={"notes": f"{run.notes} Edited: records came late.".strip()}), found)
        self.tools.courier.update(run.channel, run.message, morning_message(said, picture=self._drawn(run, said)))

    def _drawn(self, run: Run, said: Said) -> str | None:
        """The picture of a message that stands there already, once Slack can show it."""
        tools = self.tools
        allowed = terms(Place(run.channel, run.channel.startswith("D")), tools.settings)
        picture = tools.pictures.chart(said.chart) if allowed is not None and allowed.pictures else None
        shown = picture is not None and (picture.ready or tools.pictures.ready(picture.file))
        return picture.file if picture is not None and shown else None

    def _failed(self, run: Run, reason: str) -> None:
        """A summary that is not to be had: one short message in the channel, and one for each who is to be alerted."""
        tools = self.tools
        if tools.store.summaries.move(run, "failed", notes=reason, holder=None, held_until=None) is None:
            return
        log.warning("a summary could not be said", channel=run.channel, day=run.day, reason=reason)
        self._tell_all(run.channel, reason)

    def _say_missed(self, each: Wanted, days: Sequence[date]) -> None:
        message = missed_message([day.isoformat() for day in days], each.timetable.at)
        try:
            self.tools.courier.post(each.channel, message)
        except Unreachable as error:
            log.warning("nothing could be said", channel=each.channel, error=error.code)

    def _tell_all(self, channel: str, reason: str) -> None:
        message = failed_message(reason)
        try:
            self.tools.courier.post(channel, message)
        except Unreachable as error:
            log.warning("nothing could be said", channel=channel, error=error.code)
        for person in self.tools.settings.summaries.alerts:
            self.tools.courier.tell(person, failed_message(reason, channel=channel))


def _of(everyone: Sequence[Wanted], channel: str) -> Wanted | None:
    return next((each for each in everyone if each.channel == channel), None)


def _late_words(missed: Sequence[date], late: float, most: float, at: str) -> str:
    said = []
    if late > most:
        said.append(f"This is late: it was due at {at}.")
    if missed:
        days = ", ".join(day.isoformat() for day in missed)
        said.append(f"Not said, because whynot did not run: {days}.")
    return " ".join(said)
