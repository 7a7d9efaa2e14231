"""What another process left approved is begun only where its policy still holds, and never left without a word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.approvals.policy import policy_hash
from bot.approvals.states import State
from bot.health.metrics import Metrics
from bot.repair.hands import Hands
from bot.repair.outcomes import Drifted
from bot.runner.carrying_out import CarryingOut
from bot.runner.fix_messages import FixMessages
from bot.runner.work import Tools
from bot.settings.fixes import ApproverSettings, FixSettings
from bot.settings.values import Settings
from bot.store.rows import Decision
from bot.store.store import Store
from tests.bot.approvals.examples import proposal

THEN = FixSettings(approvers=(ApproverSettings(users=("U2",)),))
NOW = 1500.0


class HandsThatFindDrift:
    """Hands that are counted, and find that the account has changed."""

    def __init__(self) -> None:
        self.applied: list[str] = []

    def apply(self, one: Any, by: str) -> Drifted:
        self.applied.append(by)
        return Drifted("the group has another rule.")


class Words:
    """What is said in the thread."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def step(self, _: object, *words: str) -> None:
        self.said.append("".join(words))

    def refresh(self, _: str) -> None:
        """Every copy follows; there are none here."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path}/store.db")
    yield store
    store.close()


def resumed(store: Store, fixes: FixSettings, hands: HandsThatFindDrift | None) -> tuple[State, list[str]]:
    """Where an approved proposal is after another process has found it, and what was said."""
    one = proposal(policy=policy_hash(THEN, {}))
    assert store.proposals.add(one)
    store.proposals.decide(one.id, Decision(person="U2", verdict="approve", at=NOW))
    words = Words()
    tools = SimpleNamespace(
        store=store,
        settings=Settings(fixes=fixes),
        now=lambda: NOW,
        holder="another",
        networks=SimpleNamespace(forget=lambda: None),
        metrics=Metrics(),
    )
    carrying = CarryingOut(cast("Tools", tools), cast("Hands | None", hands), cast("FixMessages", words))
    found = store.proposals.get(one.id)
    assert found is not None
    assert found.state is State.APPROVED
    carrying.resume(found)
    carrying.close()
    left = store.proposals.get(one.id)
    assert left is not None
    return left.state, words.said


def test_under_the_same_policy_it_is_begun_in_the_name_of_who_approved(store: Store) -> None:
    hands = HandsThatFindDrift()

    state, _ = resumed(store, THEN, hands)

    assert state is State.DRIFTED
    assert hands.applied == ["U2"]


def test_under_another_policy_nothing_is_done_and_the_thread_is_told(store: Store) -> None:
    hands = HandsThatFindDrift()

    state, said = resumed(store, THEN.model_copy(update={"approvals": 2}), hands)

    assert state is State.FAILED
    assert hands.applied == []
    assert any("the policy has changed" in words for words in said)


def test_where_fixes_are_off_by_now_it_fails_and_the_thread_is_told(store: Store) -> None:
    state, said = resumed(store, THEN, None)

    assert state is State.FAILED
    assert any("fixes.mode" in words for words in said)
