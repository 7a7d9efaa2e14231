"""What was worked out of a network, and what of it a change leaves."""

from __future__ import annotations

from diagnosis.network.memo import Memo


def test_a_change_drops_what_was_made_from_the_component_and_what_does_not_say() -> None:
    memo = Memo()
    memo["directory"] = "who knows"
    memo.keep("members", 1)
    memo.keep("of both", 2, ("sg-1", "sg-2"))
    memo.keep("of one", 3, ("sg-2",))

    assert memo.without("sg-1") == {"members": 1, "of one": 3}
    assert memo.without("sg-2") == {"members": 1}
    assert len(memo) == 4


def test_what_was_made_after_a_change_is_dropped_by_the_next_one() -> None:
    changed = Memo().without("sg-1")
    changed.keep("of one", 3, ("sg-2",))

    assert changed.without("sg-3") == {"of one": 3}
    assert changed.without("sg-2") == {}
