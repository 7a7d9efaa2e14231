"""What is remembered of one question, and of one proposal to change the account."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from bot.approvals import states
from bot.approvals.proposal import Proposal

State = Literal[
    "waiting", "running", "delivering", "answered", "asked back", "refused", "stopped", "failed", "interrupted"
]
"""waiting → running → delivering → answered | asked back; or refused, stopped, failed; interrupted when its process
died."""
Surface = Literal["mention", "thread", "message", "command", "shortcut", "modal", "home", "button", "summary fix"]

OPEN: tuple[State, ...] = ("waiting", "running", "delivering")
"""Of these somebody still expects an answer."""


class StoredQuestion(BaseModel):
    """One question as it was asked, and how far it is. Times are Unix seconds, `thread` and `reply` Slack's `ts`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    team: str
    channel: str
    thread: str
    person: str
    surface: Surface
    text: str
    """As it was asked, without Slack's markup."""
    question: str
    """The Question as JSON."""
    state: State = "waiting"
    attempt: int = 1
    asked_at: float
    ended_at: float | None = None
    holder: str | None = None
    """The process that works on it."""
    held_until: float | None = None
    """Until when the holder has vouched for being alive."""
    progress: str | None = None
    """The message that shows progress, where one was posted."""
    reply: str | None = None
    """The message that holds the answer."""
    verdict: str | None = None
    headline: str | None = None
    answer: str | None = None
    """The Answer or WhoAnswer as JSON, for the buttons below it."""


class StoredProposal(BaseModel):
    """A proposal and how far it is. Times are Unix seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    proposal: Proposal
    """With the `undo_after` that was chosen at approval."""
    state: states.State
    changed_at: float
    undo_at: float | None = None
    """When it undoes itself."""
    holder: str | None = None
    held_until: float | None = None
    outcome: str | None = None
    """What came of the last step, for people."""


class Decision(BaseModel):
    """What one person decided."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person: str
    verdict: Literal["approve", "reject"]
    at: float
    reason: str | None = None
    undo_after: int | None = None
    """Seconds; None where the fix is to stay. Of several approvals the shortest time holds."""


class Decided(BaseModel):
    """What a decision did: `counted` and more are needed, `enough`, `rejected`; or nothing, and why.

    `twice`: the person had approved already. `closed`: it is decided or expired.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcome: Literal["counted", "enough", "rejected", "twice", "closed"]
    row: StoredProposal
    approvals: int
