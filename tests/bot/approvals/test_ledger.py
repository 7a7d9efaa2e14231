"""What of the account is ours to undo, read from the ledger."""

from __future__ import annotations

from typing import Any

import pytest

from bot.approvals.ledger import Deed, Entry, EntryState, may_undo, ours
from bot.approvals.states import State
from tests.bot.approvals.examples import GROUP_RULE


def entry(number: int, deed: Deed, state: EntryState, **values: Any) -> Entry:
    return Entry(
        proposal="fx0123456789abcdef",
        number=number,
        deed=deed,
        change=GROUP_RULE,
        state=state,
        at=1.0,
        by="U2",
        **values,
    )


@pytest.mark.parametrize(
    ("state", "is_ours"),
    [
        ("intended", True),
        ("made", True),
        ("already there", False),
        ("absent", False),
        ("refused", False),
        ("taken back", False),
    ],
)
def test_only_what_we_made_or_may_have_made_is_ours(state: EntryState, is_ours: bool) -> None:
    one = entry(0, "apply", state)

    assert ours([one]) == ((one,) if is_ours else ())
    assert may_undo(State.FAILED, [one]) is is_ours


def test_what_was_taken_back_or_was_gone_is_no_longer_ours_and_what_could_not_be_taken_back_still_is() -> None:
    made = [entry(number, "apply", "made", rule=f"sgr-{number}") for number in range(4)]
    undone = [entry(0, "undo", "taken back"), entry(1, "undo", "absent"), entry(2, "undo", "refused")]

    assert [one.number for one in ours([*made, *undone])] == [3, 2]
    assert [one.number for one in ours([*made, entry(3, "undo", "intended")])] == [3, 2, 1, 0]


@pytest.mark.parametrize("state", State)
def test_an_undo_needs_a_state_that_allows_it(state: State) -> None:
    allowed = state in (State.APPLIED, State.VERIFIED, State.NOT_HELPED, State.FAILED, State.UNDO_FAILED)

    assert may_undo(state, [entry(0, "apply", "made")]) is allowed
    assert not may_undo(state, [])


def test_an_entry_comes_back_from_its_json_as_it_was() -> None:
    one = entry(1, "apply", "made", rule="sgr-1", request="r-1", replaced=GROUP_RULE)

    assert Entry.model_validate_json(one.model_dump_json()) == one
    assert one.key == ("fx0123456789abcdef", 1, "apply")
