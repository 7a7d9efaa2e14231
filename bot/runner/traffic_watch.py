"""After a fix was verified on the configuration, the flow logs are looked at for packets that were accepted since.

What was looked at is kept in the store, so that of several replicas one looks, and a restart forgets nothing.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Final

import structlog

from bot.access.scope import Scope
from bot.runner.fixes import Fixes
from bot.runner.stopping import Stop
from bot.store.rows import StoredProposal
from bot.views.proposals import clock
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
LATEST: Final = 4 * LOOKS[-1]
"""Seconds after a verification until which a process that starts anew makes up for a look."""


class TrafficWatch:
    """A job for the watch. It may raise StoreGone, and is done again the next time."""

    def __init__(self, fixes: Fixes) -> None:
        self._fixes = fixes
        self._tools = fixes.tools
        self._looked: frozenset[str] = frozenset()

    def look(self) -> None:
        """Look for the traffic of what was verified lately, in threads of the desk."""
        now, looked = self._tools.now(), set[str]()
        for row in self._tools.store.proposals.verified_since(now - LATEST):
            due = [number for number, seconds in enumerate(LOOKS) if now - row.changed_at >= seconds]
            if not due:
                continue
            looked.add(_key(row, due[-1]))
            if _key(row, due[-1]) not in self._looked and self._tools.store.first_time((_key(row, due[-1]),), now):
                self._fixes.desk.later(partial(self._look, row, due[-1]))
        self._looked = frozenset(looked)

    def _look(self, row: StoredProposal, number: int) -> None:
        found, last = self._seen(row), len(LOOKS) - 1
        left = self._tools.store.proposals.get(row.proposal.id)
        if left is None or left.state is not row.state:
            return  # It was undone meanwhile.
        if found is not None:
            rest = [_key(row, later) for later in range(number + 1, last + 1)]
            if not rest or self._tools.store.first_time(rest, self._tools.now()):
                self._fixes.messages.step(left, f"The flow logs show it too: accepted since {clock(found)}.")
        elif number == last:
            minutes = round(LOOKS[-1] / 60)
            self._fixes.messages.step(
                left,
                f"The flow logs show no accepted packet in the {minutes} minutes since. Records come up to ten minutes "
                "late, and nothing comes where nobody tries.",
            )

    def _seen(self, row: StoredProposal) -> float | None:
        """When the first packet was accepted at the destination since; None where none was seen."""
        stop = Stop(LOOK_SECONDS, time.monotonic)
        stop.begin()
        try:
            network = self._tools.networks.sight(Scope(), lambda _: None).whole
            retrace = tracer(network, Question.model_validate_json(row.proposal.question))
            logs = self._tools.logs(network, stop, lambda _: None)
            if isinstance(retrace, NotFound) or logs.source is None:
                return None
            traces = retrace(network)
            found = logs.source.read(query_of(traces, Between(int(row.changed_at), None), None))
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


def _key(row: StoredProposal, number: int) -> str:
    return f"traffic:{row.proposal.id}:{row.changed_at:.3f}:{number}"
