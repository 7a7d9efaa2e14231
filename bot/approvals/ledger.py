"""The ledger: what we are about to do to the account, and what became of it, change by change.

An entry is written before the call and settled after it. Whatever happens in between, the ledger says which call may
have been made; looking at the account says whether it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from bot.approvals.states import UNDOABLE, State
from diagnosis.fix.change import AclEntryChange, GroupRuleChange, RouteChange

Deed = Literal["apply", "undo"]
EntryState = Literal["intended", "made", "already there", "absent", "refused", "taken back"]
"""`intended` is the only one that is not settled. `made`, `taken back`: by us. `already there`: by somebody else, so
there is nothing of ours to undo. `absent`: what was to be taken away was gone. `refused`: AWS said no."""


class Entry(BaseModel):
    """One call to the account. (`proposal`, `number`, `deed`) names it; `at` is Unix seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    proposal: str
    number: Annotated[int, Field(ge=0)]
    """The index of the change in the proposal."""
    deed: Deed
    change: Annotated[GroupRuleChange | AclEntryChange | RouteChange, Field(discriminator="kind")]
    """The change of the proposal, also where the deed takes it back."""
    state: EntryState = "intended"
    rule: str | None = None
    """The id of the group rule that was made, `sgr-…`; ACL entries have none."""
    replaced: Annotated[GroupRuleChange | AclEntryChange | RouteChange, Field(discriminator="kind")] | None = None
    """What stood in its place and is put back by the undo."""
    request: str | None = None
    """AWS's id of the request, by which CloudTrail finds it."""
    at: float
    by: str
    """The Slack user who approved or undid it."""

    @property
    def key(self) -> tuple[str, int, Deed]:
        """What names the entry."""
        return (self.proposal, self.number, self.deed)


class LedgerUnavailable(Exception):
    """The ledger could not be written or read: nothing may be done to the account until it can."""


class Ledger(Protocol):
    """Where entries are kept. Every method raises LedgerUnavailable where the store does not answer."""

    def intend(self, entry: Entry) -> bool:
        """Write down what is about to be done; returns once it is durable, and whether it was intended already.

        The same key again takes the place of an entry that is still `intended` or was `refused`; raises ValueError
        where that call was settled otherwise, for it must not be made twice.
        """

    def settle(self, entry: Entry) -> None:
        """Write down what became of it: the same key, a new state. Raises ValueError where nothing was intended."""

    def entries(self, proposal: str) -> tuple[Entry, ...]:
        """All entries of a proposal, in the order of their intention."""


def ours(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """What we made and have not taken back: what an undo has to take away, last one first.

    An intention that was never settled counts as made: it may have been, and the undo looks.
    """
    entries = tuple(entries)
    settled = {e.number for e in entries if e.deed == "undo" and e.state in ("taken back", "absent")}
    made = (e for e in entries if e.deed == "apply" and e.state in ("made", "intended") and e.number not in settled)
    return tuple(sorted(made, key=lambda entry: entry.number, reverse=True))


def may_undo(state: State, entries: Iterable[Entry]) -> bool:
    """Whether an undo can be offered: the state allows it, and there is something of ours to take away."""
    return state in UNDOABLE and bool(ours(entries))
