"""What has to be seen to of fixes every so often: expiry, due undos, orphans, doubts, and the head of the audit log."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import structlog

from bot.approvals.states import Event
from bot.runner.carrying_out import LEASE_SECONDS
from bot.runner.courier import Unreachable
from bot.runner.fixes import Fixes
from bot.runner.traffic_watch import TrafficWatch
from bot.store.audit import AuditDamaged
from bot.views.blocks import code
from bot.views.proposals import step_message

log = structlog.get_logger("whynot.fixes")


class FixRounds:
    """Jobs for the watch. Each may raise StoreGone or Unreachable, and is done again the next time."""

    def __init__(self, fixes: Fixes) -> None:
        self._fixes = fixes
        self._tools = fixes.tools
        self._heads_lost = 0
        self.traffic = TrafficWatch(fixes)

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
