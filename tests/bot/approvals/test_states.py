"""What can follow what: the whole product of states and events, written out again by hand."""

from __future__ import annotations

from itertools import product

import pytest

from bot.approvals.states import ENDED, IN_HAND, TABLE, UNDOABLE, Event, Illegal, State, after, before, diagram

LEGAL = """
    proposed: approve=proposed enough=approved reject=rejected expire=expired supersede=superseded drift=drifted
    approved: begin=applying reject=rejected expire=expired fail=failed
    applying: drift=drifted applied=applied fail=failed
    applied: verify=verified not_helped=not_helped begin_undo=undoing
    verified: begin_undo=undoing
    not_helped: begin_undo=undoing
    failed: begin_undo=undoing
    undoing: undone=undone undo_fail=undo_failed
    undo_failed: begin_undo=undoing
"""
EXPECTED = {
    (State(begun.strip().replace("_", " ")), Event(event)): State(to.replace("_", " "))
    for begun, _, arrows in (line.partition(":") for line in LEGAL.strip().splitlines())
    for event, _, to in (arrow.partition("=") for arrow in arrows.split())
}


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)), ids=str)
def test_every_state_takes_the_events_of_the_table_and_refuses_each_other_one(state: State, event: Event) -> None:
    expected = EXPECTED.get((state, event))
    if expected is None:
        with pytest.raises(Illegal, match=f"a proposal that is {state} cannot take the event {event}"):
            after(state, event)
    else:
        assert after(state, event) is expected


def test_nothing_is_applied_that_was_not_approved_by_enough() -> None:
    assert before(Event.BEGIN) == (State.APPROVED,)
    assert before(Event.ENOUGH) == (State.PROPOSED,)
    assert before(Event.APPLIED) == (State.APPLYING,)
    assert [state for (state, event), to in TABLE.items() if to is State.APPROVED] == [State.PROPOSED]
    assert [state for (state, event), to in TABLE.items() if to is State.APPLYING] == [State.APPROVED]


def test_what_changed_nothing_never_offers_an_undo() -> None:
    assert {State.APPLIED, State.VERIFIED, State.NOT_HELPED, State.FAILED, State.UNDO_FAILED} == UNDOABLE


def test_every_state_is_reached_and_what_is_in_hand_can_end() -> None:
    assert set(TABLE.values()) | {State.PROPOSED} == set(State)
    assert {State.REJECTED, State.EXPIRED, State.SUPERSEDED, State.DRIFTED, State.UNDONE} == ENDED
    for state in IN_HAND:
        assert any(begun is state for begun, _ in TABLE)


def test_the_diagram_has_an_arrow_for_each_line_of_the_table_and_no_other() -> None:
    arrows = [line for line in diagram().splitlines() if "-->" in line and "[*]" not in line]

    assert len(arrows) == len(TABLE)
    assert "    undo_failed --> undoing: begin_undo" in arrows
