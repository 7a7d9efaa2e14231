"""The ledger: what is about to be done is on record before it is done, and only for what was approved."""

from __future__ import annotations

from typing import Any

import pytest

from bot.approvals.ledger import Deed, Entry, EntryState, ours
from bot.approvals.states import Event, State
from bot.store.store import Store
from tests.bot.approvals.examples import ACL_ENTRY, GROUP_RULE, proposal
from tests.bot.store.test_proposals import FX, NOW, bring_to, numbered, yes


def entry(number: int = 0, deed: Deed = "apply", state: EntryState = "intended", **values: Any) -> Entry:
    known: dict[str, Any] = {"proposal": FX, "change": (GROUP_RULE, ACL_ENTRY)[number], "at": NOW, "by": "U2"}
    return Entry(number=number, deed=deed, state=state, **{**known, **values})


@pytest.fixture
def applying(store: Store) -> Store:
    store.proposals.add(proposal(changes=(GROUP_RULE, ACL_ENTRY)))
    store.proposals.decide(FX, yes())
    store.proposals.move(FX, Event.BEGIN, NOW)
    return store


def test_an_intention_is_settled_and_comes_back_as_it_was_written(applying: Store) -> None:
    applying.ledger.intend(entry(0))
    applying.ledger.intend(entry(1))
    applying.ledger.settle(entry(0, state="made", rule="sgr-1", request="r-1"))
    applying.ledger.settle(entry(1, state="made", replaced=ACL_ENTRY, request="r-2"))

    assert applying.ledger.entries(FX) == (
        entry(0, state="made", rule="sgr-1", request="r-1"),
        entry(1, state="made", replaced=ACL_ENTRY, request="r-2"),
    )
    assert [one.number for one in ours(applying.ledger.entries(FX))] == [1, 0]


def test_nothing_is_intended_but_for_a_proposal_that_is_being_applied_or_undone(store: Store) -> None:
    deeds: tuple[Deed, ...] = ("apply", "undo")
    for number, state in enumerate(State):
        bring_to(store, state, numbered(number), changes=(GROUP_RULE, ACL_ENTRY))
        for deed in deeds:
            if (state, deed) in ((State.APPLYING, "apply"), (State.UNDOING, "undo")):
                store.ledger.intend(entry(1, deed, proposal=numbered(number)))
                continue
            with pytest.raises(ValueError, match=f"this is no time to {deed}"):
                store.ledger.intend(entry(1, deed, proposal=numbered(number)))


def test_nothing_is_intended_for_a_proposal_that_is_not_there(store: Store) -> None:
    with pytest.raises(ValueError, match="no proposal"):
        store.ledger.intend(entry())


def test_what_is_open_or_was_refused_may_be_tried_again(applying: Store) -> None:
    applying.ledger.intend(entry())
    applying.ledger.intend(entry(by="U3"))
    applying.ledger.settle(entry(state="refused"))
    applying.ledger.intend(entry(by="U4"))

    assert applying.ledger.entries(FX) == (entry(by="U4"),)


def test_what_was_done_is_not_done_again(store: Store) -> None:
    states: tuple[EntryState, ...] = ("already there", "absent", "taken back", "made")
    for number, state in enumerate(states):
        store.proposals.add(proposal(id=numbered(number)))
        store.proposals.decide(numbered(number), yes())
        store.proposals.move(numbered(number), Event.BEGIN, NOW)
        store.ledger.intend(entry(proposal=numbered(number)))
        store.ledger.settle(entry(state=state, proposal=numbered(number)))

        with pytest.raises(ValueError, match="already"):
            store.ledger.intend(entry(proposal=numbered(number)))


def test_an_outcome_may_be_told_again_with_more_and_not_become_another(applying: Store) -> None:
    applying.ledger.intend(entry())
    applying.ledger.settle(entry(state="made"))
    applying.ledger.settle(entry(state="made", rule="sgr-1"))

    assert applying.ledger.entries(FX) == (entry(state="made", rule="sgr-1"),)
    with pytest.raises(ValueError, match="is made"):
        applying.ledger.settle(entry(state="refused"))


def test_what_was_never_intended_is_not_settled(applying: Store) -> None:
    with pytest.raises(ValueError, match="not intended"):
        applying.ledger.settle(entry(state="made"))
    with pytest.raises(ValueError, match="an intention is intended"):
        applying.ledger.intend(entry(state="made"))


def test_what_was_applied_stands_before_what_was_undone_and_that_last_one_first(applying: Store) -> None:
    for number in (0, 1):
        applying.ledger.intend(entry(number))
        applying.ledger.settle(entry(number, state="made"))
    applying.proposals.move(FX, Event.APPLIED, NOW)
    applying.proposals.move(FX, Event.BEGIN_UNDO, NOW)
    for number in (1, 0):
        applying.ledger.intend(entry(number, "undo"))
        applying.ledger.settle(entry(number, "undo", "taken back"))

    assert [one.key[1:] for one in applying.ledger.entries(FX)] == [
        (0, "apply"),
        (1, "apply"),
        (1, "undo"),
        (0, "undo"),
    ]


def test_every_entry_has_its_records_in_the_audit_log(applying: Store) -> None:
    applying.ledger.intend(entry())
    applying.ledger.settle(entry(state="made", rule="sgr-1", request="r-1"))

    last = list(applying.audit.export())[-2:]

    assert [(r.event, r.proposal, r.person) for r in last] == [("intended", FX, "U2"), ("made", FX, "U2")]
    assert last[-1].details["rule"] == "sgr-1"
    assert last[-1].details["request"] == "r-1"
    assert last[-1].details["change"] == GROUP_RULE.model_dump(mode="json", exclude_none=True)
