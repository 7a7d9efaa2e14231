"""The App Home, and the questions that the agent's pane suggests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, cast

from bot.access.people import Place, denial, scope_of, terms
from bot.runner.desk import Desk
from bot.runner.replies import DENIALS
from bot.views.guidance import EXAMPLES
from bot.views.home import RECENT, Recent, Sight, home
from diagnosis.answer import Unseen, Verdict

PROMPTS: Final = (
    {"title": "Why can't A reach B?", "message": EXAMPLES[1]},
    {"title": "What can reach a database?", "message": EXAMPLES[2]},
    {"title": "Read a pasted error", "message": EXAMPLES[0]},
    {"title": "How do I ask?", "message": "help"},
)


class Homes:
    """What somebody's App Home shows: what can be seen, how fresh that is, and what they asked lately."""

    def __init__(self, desk: Desk, team: str) -> None:
        self._desk = desk
        self._team = team

    def show(self, person: str) -> None:
        """Publish somebody's Home. Waits for Slack."""
        tools = self._desk.tools
        rows = tools.store.recent(person, RECENT)
        recent = [
            Recent(
                row.text,
                cast("Verdict | None", row.verdict),
                datetime.fromtimestamp(row.asked_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                row.id,
            )
            for row in rows
        ]
        tools.courier.publish_home(person, home(self._sight(person), recent))

    def suggest(self, channel: str, thread: str) -> None:
        """Suggest questions in the agent's pane."""
        prompts = [dict(prompt) for prompt in PROMPTS]
        self._desk.later(lambda: self._desk.tools.courier.prompts(channel, thread, prompts))

    def _sight(self, person: str) -> Sight:
        tools = self._desk.tools
        place = Place("D", direct=True)
        allowed = terms(place, tools.settings)
        asker = self._desk.people.asker(person)
        why = denial(asker, place, self._team, tools.settings) if asker is not None else "stranger"
        if allowed is None or why is not None:
            return Sight(problem=" ".join(DENIALS[why or "direct message"].value))
        seen = tools.networks.last(scope_of(allowed))
        if seen is None:
            return Sight(problem=tools.networks.problem)
        network = seen.network
        return Sight(
            accounts=network.accounts,
            regions=network.regions,
            taken_at=network.taken_at,
            interfaces=len(network.interfaces),
            flow_logs=tuple(path.name for path in tools.settings.account.flow_logs),
            unseen=tuple(
                Unseen(call=u.call, account=u.account, region=u.region, error=u.error) for u in seen.described.unseen
            ),
        )
