"""Proposals: each step once, by compare-and-set, whoever asks for it and however often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.approvals.ledger import Entry
from bot.approvals.states import TABLE, Event, State
from bot.store.proposals import RETRY_SECONDS
from bot.store.rows import Decision, StoredProposal
from bot.store.store import Store
from tests.bot.approvals.examples import ACL_ENTRY, GROUP_RULE, proposal

FX = proposal().id
NOW = 1500.0
BY_DECISION = {Event.APPROVE, Event.ENOUGH, Event.REJECT}


def yes(person: str = "U2", at: float = NOW, **values: Any) -> Decision:
    return Decision(person=person, verdict="approve", at=at, **values)


def no(person: str = "U2", at: float = NOW, **values: Any) -> Decision:
    return Decision(person=person, verdict="reject", at=at, **values)


def made(identity: str = FX, number: int = 0, **values: Any) -> Entry:
    known: dict[str, Any] = {"deed": "apply", "change": GROUP_RULE, "at": NOW, "by": "U2"}
    return Entry(proposal=identity, number=number, **{**known, **values})


WAYS: dict[State, tuple[Event, ...]] = {
    State.PROPOSED: (),
    State.SUPERSEDED: (Event.SUPERSEDE,),
    State.DRIFTED: (Event.DRIFT,),
    State.EXPIRED: (Event.EXPIRE,),
    State.REJECTED: (Event.REJECT,),
    State.APPROVED: (Event.ENOUGH,),
    State.APPLYING: (Event.ENOUGH, Event.BEGIN),
    State.APPLIED: (Event.ENOUGH, Event.BEGIN, Event.APPLIED),
    State.VERIFIED: (Event.ENOUGH, Event.BEGIN, Event.APPLIED, Event.VERIFY),
    State.NOT_HELPED: (Event.ENOUGH, Event.BEGIN, Event.APPLIED, Event.NOT_HELPED),
    State.FAILED: (Event.ENOUGH, Event.BEGIN, Event.FAIL),
    State.UNDOING: (Event.ENOUGH, Event.BEGIN, Event.FAIL, Event.BEGIN_UNDO),
    State.UNDONE: (Event.ENOUGH, Event.BEGIN, Event.FAIL, Event.BEGIN_UNDO, Event.UNDONE),
    State.UNDO_FAILED: (Event.ENOUGH, Event.BEGIN, Event.FAIL, Event.BEGIN_UNDO, Event.UNDO_FAIL),
}


def bring_to(store: Store, state: State, identity: str = FX, **values: Any) -> StoredProposal:
    """A proposal in this state, by the way that leads there, with one rule made where it was applied."""
    assert store.proposals.add(proposal(id=identity, **values))
    for event in WAYS[state]:
        if event in (Event.ENOUGH, Event.REJECT):
            store.proposals.decide(identity, yes() if event is Event.ENOUGH else no())
        else:
            assert store.proposals.move(identity, event, 2800.0 if event is Event.EXPIRE else NOW)
        if event is Event.BEGIN:
            store.ledger.intend(made(identity))
            store.ledger.settle(made(identity, state="made", rule="sgr-1"))
    found = store.proposals.get(identity)
    assert found is not None
    assert found.state is state
    return found


def numbered(number: int) -> str:
    return f"fx{number:016x}"


def test_a_proposal_is_remembered_as_it_was_made_and_once(store: Store) -> None:
    one = proposal(changes=(GROUP_RULE, ACL_ENTRY), managed_by="Terraform")

    assert store.proposals.add(one)
    assert not store.proposals.add(one)
    assert store.proposals.get(FX) == StoredProposal(proposal=one, state=State.PROPOSED, changed_at=1000.0)
    assert store.proposals.get("fxffffffffffffffff") is None
    assert [row.proposal.id for row in store.proposals.of_question("q1")] == [FX]
    assert store.proposals.of_question("q2") == ()


def test_in_every_state_the_store_takes_the_events_of_the_table_and_no_other(store: Store) -> None:
    """What is refused changes nothing and leaves no record."""
    rows = {state: bring_to(store, state, numbered(n)) for n, state in enumerate(State)}
    head = store.audit.head()
    for state, row in rows.items():
        identity = row.proposal.id
        for event in (e for e in Event if e not in BY_DECISION and (state, e) not in TABLE):
            assert store.proposals.move(identity, event, 2900.0) is None
        for event, decision in ((Event.APPROVE, yes("U9")), (Event.REJECT, no("U9"))):
            if (state, event) not in TABLE:
                decided = store.proposals.decide(identity, decision)
                assert decided is not None
                assert decided.outcome == "closed"
        assert store.proposals.get(identity) == row

    assert store.audit.head() == head


def test_each_event_of_the_table_leads_where_it_says_and_is_on_record(store: Store) -> None:
    for number, (state, event) in enumerate(key for key in TABLE if key[1] not in BY_DECISION):
        identity = numbered(number)
        bring_to(store, state, identity)
        at = 2800.0 if event is Event.EXPIRE else NOW

        moved = store.proposals.move(identity, event, at, person="U7", outcome="so it went")

        assert moved is not None
        assert moved == store.proposals.get(identity)
        assert (moved.state, moved.changed_at, moved.outcome) == (TABLE[state, event], at, "so it went")
        last = list(store.audit.export())[-1]
        assert (last.event, last.proposal, last.person, last.at) == (event, identity, "U7", at)


def test_decisions_come_by_decide_only(store: Store) -> None:
    bring_to(store, State.PROPOSED)
    for event in BY_DECISION:
        with pytest.raises(ValueError, match="comes by decide"):
            store.proposals.move(FX, event, NOW)


def test_nothing_expires_before_its_time_and_nothing_is_approved_or_begun_after_it(store: Store) -> None:
    bring_to(store, State.PROPOSED)
    assert store.proposals.move(FX, Event.EXPIRE, 2799.9) is None
    late = store.proposals.decide(FX, yes(at=2800.0))
    assert late is not None
    assert late.outcome == "closed"

    store.proposals.decide(FX, yes(at=2799.0))
    assert store.proposals.move(FX, Event.BEGIN, 2800.0) is None
    assert store.proposals.move(FX, Event.BEGIN, 2799.9) is not None


def test_as_many_people_must_approve_as_are_needed_each_once(store: Store) -> None:
    bring_to(store, State.PROPOSED, needed=3)

    outcomes = [store.proposals.decide(FX, yes(person)) for person in ("U2", "U2", "U3", "U3", "U4", "U5")]

    assert [(o.outcome, o.approvals) for o in outcomes if o] == [
        ("counted", 1),
        ("twice", 1),
        ("counted", 2),
        ("twice", 2),
        ("enough", 3),
        ("closed", 3),
    ]
    assert [d.person for d in store.proposals.decisions(FX)] == ["U2", "U3", "U4"]


def test_an_approval_whose_giver_was_removed_meanwhile_no_longer_counts(store: Store) -> None:
    bring_to(store, State.PROPOSED, needed=2)
    store.proposals.decide(FX, yes("U2", undo_after=60))

    second = store.proposals.decide(FX, yes("U3", undo_after=3600), no_longer={"U2"})
    third = store.proposals.decide(FX, yes("U4"), no_longer={"U2"})

    assert second is not None
    assert third is not None
    assert (second.outcome, second.approvals) == ("counted", 1)
    assert (third.outcome, third.row.proposal.undo_after) == ("enough", 3600)


def test_one_rejection_ends_it_also_by_somebody_who_approved_before(store: Store) -> None:
    bring_to(store, State.PROPOSED, needed=2)
    store.proposals.decide(FX, yes("U2"))

    done = store.proposals.decide(FX, no("U2", reason="the maintenance window is over"))

    assert done is not None
    assert (done.outcome, done.row.state) == ("rejected", State.REJECTED)
    assert [(d.verdict, d.reason) for d in store.proposals.decisions(FX)] == [
        ("reject", "the maintenance window is over")
    ]


def test_who_gives_the_last_approval_holds_it_so_that_it_is_never_nobodys(store: Store) -> None:
    bring_to(store, State.PROPOSED)

    done = store.proposals.decide(FX, yes(), holder="a", held_until=NOW + 60)

    assert done is not None
    assert (done.row.state, done.row.holder, done.row.held_until) == (State.APPROVED, "a", NOW + 60)
    assert store.proposals.decide("fxffffffffffffffff", yes()) is None


def test_what_a_dead_process_had_in_hand_goes_to_one_other(store: Store) -> None:
    bring_to(store, State.PROPOSED)
    store.proposals.decide(FX, yes(), holder="dead", held_until=NOW + 60)
    assert store.proposals.orphans(NOW + 30) == ()

    store.proposals.hold("dead", NOW + 90)
    assert store.proposals.orphans(NOW + 80) == ()

    [orphan] = store.proposals.orphans(NOW + 100)
    assert [store.proposals.adopt(orphan, name, NOW + 200) for name in ("b", "c")] == [True, False]
    assert store.proposals.orphans(NOW + 100) == ()

    store.proposals.let_go("b")
    assert [row.proposal.id for row in store.proposals.orphans(NOW + 100)] == [FX]


def test_everything_in_hand_is_found_when_nobody_holds_it_and_nothing_else(store: Store) -> None:
    for number, state in enumerate(State):
        bring_to(store, state, numbered(number))

    assert {row.state for row in store.proposals.orphans(NOW)} == {State.APPROVED, State.APPLYING, State.UNDOING}


def test_what_nobody_decided_or_began_in_time_is_due_to_expire(store: Store) -> None:
    bring_to(store, State.PROPOSED)
    assert store.proposals.due_to_expire(2799.0) == ()
    assert len(store.proposals.due_to_expire(2800.0)) == 1

    store.proposals.decide(FX, yes(), holder="a", held_until=3000.0)
    assert store.proposals.due_to_expire(2900.0) == ()
    assert len(store.proposals.due_to_expire(3001.0)) == 1


def test_a_time_boxed_fix_is_due_to_be_undone_until_it_is(store: Store) -> None:
    bring_to(store, State.PROPOSED)
    store.proposals.decide(FX, yes(undo_after=3600))
    store.proposals.move(FX, Event.BEGIN, NOW)
    store.ledger.intend(made())
    store.ledger.settle(made(state="made"))
    store.proposals.move(FX, Event.APPLIED, NOW + 1)
    store.proposals.move(FX, Event.VERIFY, NOW + 2)
    assert [row.changed_at for row in store.proposals.verified_since(NOW + 2)] == [NOW + 2]
    assert store.proposals.verified_since(NOW + 3) == ()
    due = NOW + 3601
    assert store.proposals.due_to_undo(due - 1) == ()
    assert [row.undo_at for row in store.proposals.due_to_undo(due)] == [due]

    store.proposals.move(FX, Event.BEGIN_UNDO, due)
    assert store.proposals.due_to_undo(due) == ()
    store.proposals.move(FX, Event.UNDO_FAIL, due)
    assert store.proposals.due_to_undo(due) == ()
    assert len(store.proposals.due_to_undo(due + RETRY_SECONDS)) == 1

    store.proposals.move(FX, Event.BEGIN_UNDO, due + RETRY_SECONDS)
    store.proposals.move(FX, Event.UNDONE, due + RETRY_SECONDS)
    assert store.proposals.due_to_undo(due + 1e6) == ()


def test_an_undo_begins_only_where_there_is_something_of_ours(store: Store) -> None:
    """Of a fix that failed before anything was made, or whose rules were there already."""
    bring_to(store, State.APPROVED, changes=(GROUP_RULE, ACL_ENTRY))
    store.proposals.move(FX, Event.BEGIN, NOW)
    store.ledger.intend(made())
    store.ledger.settle(made(state="already there"))
    store.proposals.move(FX, Event.FAIL, NOW)

    assert store.proposals.move(FX, Event.BEGIN_UNDO, NOW) is None
    found = store.proposals.get(FX)
    assert found is not None
    assert found.state is State.FAILED


def test_every_copy_of_a_message_is_remembered_once(store: Store) -> None:
    bring_to(store, State.PROPOSED)
    for channel, ts in [("C1", "1.0"), ("D2", "2.0"), ("C1", "1.0")]:
        store.proposals.add_copy(FX, channel, ts)
    store.proposals.add_copy("fxffffffffffffffff", "C1", "3.0")

    assert store.proposals.copies(FX) == (("C1", "1.0"), ("D2", "2.0"))


def test_what_is_old_is_deleted_with_all_its_parts_but_nothing_in_hand(store: Store) -> None:
    for number, state in enumerate(State):
        bring_to(store, state, numbered(number))
        store.proposals.add_copy(numbered(number), "C1", "1.0")

    assert store.proposals.forget(1.0) == 0
    assert store.proposals.forget(1e9) == len(State) - 3
    for number, state in enumerate(State):
        identity, kept = numbered(number), state in (State.APPROVED, State.APPLYING, State.UNDOING)
        assert (store.proposals.get(identity) is not None) is kept
        assert bool(store.proposals.copies(identity)) is kept
        assert bool(store.proposals.decisions(identity)) is kept
        assert bool(store.ledger.entries(identity)) is (kept and state is not State.APPROVED)


def test_a_fix_that_is_due_to_undo_itself_is_not_deleted(store: Store) -> None:
    bring_to(store, State.PROPOSED)
    store.proposals.decide(FX, yes(undo_after=60))
    store.proposals.move(FX, Event.BEGIN, NOW)
    store.ledger.intend(made())
    store.proposals.move(FX, Event.APPLIED, NOW)

    assert store.proposals.forget(1e9) == 0
    assert store.proposals.counts() == {State.APPLIED: 1}


def test_a_time_boxed_fix_that_made_nothing_is_never_due_to_be_undone(store: Store) -> None:
    bring_to(store, State.PROPOSED)
    store.proposals.decide(FX, yes(undo_after=60))
    store.proposals.move(FX, Event.BEGIN, NOW)
    failed = store.proposals.move(FX, Event.FAIL, NOW)

    assert failed is not None
    assert failed.undo_at is None
    assert store.proposals.forget(1e9) == 1


def test_of_many_threads_one_gives_the_last_approval_and_one_begins(store: Store) -> None:
    bring_to(store, State.PROPOSED, needed=2)
    with ThreadPoolExecutor(8) as pool:
        people = [f"U{10 + n % 10}" for n in range(40)]
        decided = list(pool.map(lambda person: store.proposals.decide(FX, yes(person)), people))
        begun = list(pool.map(lambda n: store.proposals.move(FX, Event.BEGIN, NOW, holder=str(n)), range(8)))

    counted = [one.outcome for one in decided if one]
    assert (counted.count("counted"), counted.count("enough")) == (1, 1)
    assert sum(row is not None for row in begun) == 1
    assert store.audit.checked() == store.audit.checked([store.audit.head()])


def test_every_pair_of_steps_that_race_leaves_one_winner(store: Store) -> None:
    """A rejection and the beginning of an apply, and each of them twice."""
    for number in range(10):
        one = proposal(id=numbered(number))
        store.proposals.add(one)
        store.proposals.decide(one.id, yes())
        with ThreadPoolExecutor(4) as pool:
            begins = [pool.submit(store.proposals.move, one.id, Event.BEGIN, NOW) for _ in range(2)]
            rejects = [pool.submit(store.proposals.decide, one.id, no("U3")) for _ in range(2)]
        won = [bool(b.result()) for b in begins] + [
            d is not None and d.outcome == "rejected" for d in (r.result() for r in rejects)
        ]
        assert sum(won) == 1
