"""What has to be seen to of fixes every so often: expiry, due undos, orphans, doubts, and the head of the audit log."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

import structlog

from bot.access.scope import Scope
from bot.approvals.states import Event
from bot.runner.carrying_out import LEASE_SECONDS
from bot.runner.courier import Unreachable
from bot.runner.fixes import Fixes
from bot.runner.stopping import Stop
from bot.store.audit import AuditDamaged
from bot.store.rows import StoredProposal
from bot.views.blocks import code
from bot.views.proposals import clock, step_message
from diagnosis.evidence.query import Between
from diagnosis.explanation.conversation import query_of
from diagnosis.investigate import tracer
from diagnosis.question.parties import NotFound
from diagnosis.question.question import Question
from diagnosis.sources import SourceUnavailable
from diagnosis.trace.places import Held

log = structlog.get_logger("whynot.fixes")
LOOKS: Final = (60.0, 120.0, 300.0)
"""Seconds after a verification at which the flow logs are looked at; after the last it is said that nothing came."""
LOOK_SECONDS: Final = 60.0
"""So long may one such look take."""


@dataclass(frozen=True, slots=True)
class _Watched:
    """A fix that was verified, and how often its traffic has been looked for."""

    row: StoredProposal
    since: float
    looks: int = 0


class FixRounds:
    """Jobs for the watch. Each may raise StoreGone or Unreachable, and is done again the next time."""

    def __init__(self, fixes: Fixes) -> None:
        self._fixes = fixes
        self._tools = fixes.tools
        self._lock = threading.Lock()
        self._watched: list[_Watched] = []
        self._heads_lost = 0
        fixes.carrying_out.verified = self._watch_for

    def hold(self) -> None:
        """Vouch for what is in this process's hands."""
        self._tools.store.proposals.hold(self._tools.holder, self._tools.now() + LEASE_SECONDS)

    def expire(self) -> None:
        """What nobody decided about in time."""
        now, store = self._tools.now(), self._tools.store.proposals
        for row in store.due_to_expire(now):
            moved = store.move(row.proposal.id, Event.EXPIRE, now)
            if moved is not None:
                self._fixes.desk.later(partial(self._fixes.withdrawn, moved))

    def undo_what_is_due(self) -> None:
        """Fixes whose time is over."""
        carrying_out = self._fixes.carrying_out
        for row in self._tools.store.proposals.due_to_undo(self._tools.now()):
            carrying_out.undo(row.proposal.id, carrying_out.last_approver(row), None)

    def orphans(self) -> None:
        """What a process that ended had in hand, and what was left in doubt here."""
        now, store = self._tools.now(), self._tools.store.proposals
        for row in store.orphans(now):
            if store.adopt(row, self._tools.holder, now + LEASE_SECONDS):
                log.info("found a fix that was in hand", proposal=row.proposal.id, state=row.state)
                self._fixes.carrying_out.resume(row)
        for identity in self._fixes.carrying_out.in_doubt(now):
            row_in_doubt = store.get(identity)
            if row_in_doubt is not None:
                self._fixes.carrying_out.resume(row_in_doubt)

    def post_head(self) -> None:
        """Once a day, the head of the audit log where nobody can change it any more."""
        tools = self._tools
        channel = tools.settings.fixes.audit_channel
        if channel is None:
            return
        now = tools.now()
        today = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
        try:
            head = tools.store.audit.head()
        except AuditDamaged:
            log.exception("the audit log is damaged")
            return
        # Another replica may have posted it; what failed is tried again under a name of its own.
        if not tools.store.first_time((f"audit head:{today}:{self._heads_lost}",), now):
            return
        told = f"Audit log on {today}: {head.number} records, head "
        message = step_message(told, code(str(head)), ". Kept for whynot audit verify --head.")
        try:
            tools.courier.post_root(channel, message, marked=f"audit:{today}")
        except Unreachable as error:
            self._heads_lost += 1
            log.warning("the head of the audit log was not posted", channel=channel, error=error.code)

    def _watch_for(self, row: StoredProposal) -> None:
        with self._lock:
            self._watched.append(_Watched(row, self._tools.now()))

    def look_for_traffic(self) -> None:
        """Look in the flow logs for the traffic of what was verified lately, in threads of the desk."""
        now = self._tools.now()
        with self._lock:
            due = [one for one in self._watched if now - one.since >= LOOKS[one.looks]]
            self._watched = [one for one in self._watched if one not in due]
        for one in due:
            self._fixes.desk.later(partial(self._look, one))

    def _look(self, one: _Watched) -> None:
        found = self._seen(one)
        row = self._tools.store.proposals.get(one.row.proposal.id)
        if row is None or row.state is not one.row.state:
            return  # It was undone meanwhile.
        if found is None and one.looks + 1 < len(LOOKS):
            with self._lock:
                self._watched.append(_Watched(one.row, one.since, one.looks + 1))
        elif found is None:
            minutes = round(LOOKS[-1] / 60)
            self._fixes.messages.step(
                row,
                f"The flow logs show no accepted packet in the {minutes} minutes since. Records come up to ten minutes "
                "late, and nothing comes where nobody tries.",
            )
        else:
            self._fixes.messages.step(row, f"The flow logs show it too: accepted since {clock(found)}.")

    def _seen(self, one: _Watched) -> float | None:
        """When the first packet was accepted at the destination since; None where none was seen."""
        stop = Stop(LOOK_SECONDS, time.monotonic)
        stop.begin()
        try:
            network = self._tools.networks.sight(Scope(), lambda _: None).whole
            retrace = tracer(network, Question.model_validate_json(one.row.proposal.question))
            logs = self._tools.logs(network, stop, lambda _: None)
            if isinstance(retrace, NotFound) or logs.source is None:
                return None
            traces = retrace(network)
            found = logs.source.read(query_of(traces, Between(int(one.since), None), None))
        except SourceUnavailable as error:
            log.info("the flow logs cannot be watched", error=str(error))
            return None
        ends = {each.flow.destination.interface.id for each in traces if isinstance(each.flow.destination, Held)}
        accepted = [
            seen.first
            for seen in found.seen
            if seen.action == "ACCEPT" and seen.leg == "forward" and (not ends or seen.interface in ends)
        ]
        return min((float(first) for first in accepted if first is not None), default=None)
