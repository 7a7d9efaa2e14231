"""What became of an application, a verification, an undo: sums, each member with what a person needs to know."""

from __future__ import annotations

from dataclasses import dataclass

from bot.approvals.ledger import Entry


@dataclass(frozen=True, slots=True)
class Applied:
    """Everything is in the account. `entries`: one for each change, those that were there before us among them."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """Somebody else has made all of it meanwhile: nothing was changed, and there is nothing to undo."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Drifted:
    """The account is not the one that the fix was proven on. Nothing was changed."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It ended before everything was made. What was made stays until somebody undoes it: that is offered."""

    sentence: str
    """Why, and who must act."""
    made: tuple[Entry, ...] = ()
    """What is in the account because of us; mostly nothing."""
    action: str = ""
    """The IAM action that was missing, if that is why."""


@dataclass(frozen=True, slots=True)
class InDoubt:
    """Nobody knows yet whether the last call was done, or the ledger did not answer. `resume` finds out, later."""

    sentence: str


Outcome = Applied | AlreadyThere | Drifted | Failed | InDoubt


@dataclass(frozen=True, slots=True)
class Undone:
    """Nothing of ours is left. `notes` name what somebody else had taken away or changed before."""

    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UndoFailed:
    """Something of ours is still there. An undo can be tried again."""

    sentence: str
    left: tuple[Entry, ...]
    action: str = ""


UndoOutcome = Undone | UndoFailed | InDoubt


@dataclass(frozen=True, slots=True)
class Verified:
    """The path is open in the account as it is now."""


@dataclass(frozen=True, slots=True)
class NotHelped:
    """Everything was made, and the path is not open all the same."""

    sentence: str


@dataclass(frozen=True, slots=True)
class NotSeen:
    """Whether the path is open could not be seen. What was made stays as it is."""

    sentence: str


Verification = Verified | NotHelped | NotSeen
