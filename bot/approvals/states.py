"""How far a proposal is: every state, every event, and the one table that says what follows what.

Whatever is not in TABLE is refused. The diagram of docs/approvals.md is `diagram()`, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class State(StrEnum):
    """Where a proposal stands. `applied` is also where it stays when nothing seen proves or disproves it."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    APPLYING = "applying"
    APPLIED = "applied"
    VERIFIED = "verified"
    NOT_HELPED = "not helped"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    DRIFTED = "drifted"
    UNDOING = "undoing"
    UNDONE = "undone"
    UNDO_FAILED = "undo failed"


class Event(StrEnum):
    """What can happen to a proposal."""

    APPROVE = "approve"
    """Somebody who may decide said yes, and more are needed."""
    ENOUGH = "enough"
    """The last of the needed approvals."""
    REJECT = "reject"
    EXPIRE = "expire"
    """Its time is over before anything was begun."""
    SUPERSEDE = "supersede"
    """A newer proposal took its place."""
    BEGIN = "begin"
    DRIFT = "drift"
    """What it touches is no longer what was proven; nothing was changed."""
    APPLIED = "applied"
    VERIFY = "verify"
    NOT_HELPED = "not_helped"
    FAIL = "fail"
    """It could not be begun, or not be applied, or not all of it."""
    BEGIN_UNDO = "begin_undo"
    UNDONE = "undone"
    UNDO_FAIL = "undo_fail"


TABLE: Final[Mapping[tuple[State, Event], State]] = MappingProxyType(
    {
        (State.PROPOSED, Event.APPROVE): State.PROPOSED,
        (State.PROPOSED, Event.ENOUGH): State.APPROVED,
        (State.PROPOSED, Event.REJECT): State.REJECTED,
        (State.PROPOSED, Event.EXPIRE): State.EXPIRED,
        (State.PROPOSED, Event.SUPERSEDE): State.SUPERSEDED,
        (State.PROPOSED, Event.DRIFT): State.DRIFTED,
        (State.APPROVED, Event.BEGIN): State.APPLYING,
        (State.APPROVED, Event.REJECT): State.REJECTED,
        (State.APPROVED, Event.EXPIRE): State.EXPIRED,
        (State.APPROVED, Event.FAIL): State.FAILED,
        (State.APPLYING, Event.DRIFT): State.DRIFTED,
        (State.APPLYING, Event.APPLIED): State.APPLIED,
        (State.APPLYING, Event.FAIL): State.FAILED,
        (State.APPLIED, Event.VERIFY): State.VERIFIED,
        (State.APPLIED, Event.NOT_HELPED): State.NOT_HELPED,
        (State.APPLIED, Event.BEGIN_UNDO): State.UNDOING,
        (State.VERIFIED, Event.BEGIN_UNDO): State.UNDOING,
        (State.NOT_HELPED, Event.BEGIN_UNDO): State.UNDOING,
        (State.FAILED, Event.BEGIN_UNDO): State.UNDOING,
        (State.UNDOING, Event.UNDONE): State.UNDONE,
        (State.UNDOING, Event.UNDO_FAIL): State.UNDO_FAILED,
        (State.UNDO_FAILED, Event.BEGIN_UNDO): State.UNDOING,
    }
)

UNDOABLE: Final = frozenset(state for state, event in TABLE if event is Event.BEGIN_UNDO)
"""From these an undo may begin, where the ledger shows something that we made and have not taken back."""
IN_HAND: Final = frozenset({State.APPROVED, State.APPLYING, State.UNDOING})
"""In these a process is at work: when it dies, another must go on."""
ENDED: Final = frozenset(State) - {state for state, _ in TABLE}
"""Nothing follows these."""


class Illegal(ValueError):
    """The event cannot happen to a proposal in this state; nothing changes."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"a proposal that is {state} cannot take the event {event}")
        self.state = state
        self.event = event


def after(state: State, event: Event) -> State:
    """Return the state that follows. Raises Illegal where TABLE holds none."""
    follows = TABLE.get((state, event))
    if follows is None:
        raise Illegal(state, event)
    return follows


def before(event: Event) -> tuple[State, ...]:
    """Return the states in which an event can happen: what a compare-and-set compares with."""
    return tuple(state for state in State if (state, event) in TABLE)


def diagram() -> str:
    """TABLE as a Mermaid state diagram."""
    names = {state: str(state).replace(" ", "_") for state in State}
    spaced = [f'    state "{state}" as {names[state]}' for state in State if names[state] != state]
    arrows = [f"    {names[begun]} --> {names[to]}: {event}" for (begun, event), to in TABLE.items()]
    ends = [f"    {names[state]} --> [*]" for state in State if state in ENDED]
    return "\n".join(["stateDiagram-v2", *spaced, f"    [*] --> {State.PROPOSED}", *arrows, *ends])
