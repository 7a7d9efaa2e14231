"""A proposal for the small account, and hands that act on it through the double."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.config import Config

from bot.approvals.drift import fingerprint
from bot.approvals.ledger import Entry, Ledger, LedgerUnavailable
from bot.approvals.proposal import Proposal
from bot.repair.aws_writer import AwsWriter
from bot.repair.deeds import Patience
from bot.repair.hands import Hands
from bot.repair.writing import Done, Found, Writable, Writer
from bot.settings.fixes import FixSettings
from diagnosis.answer import Answer
from diagnosis.investigate import Asked, investigate
from diagnosis.network.network import Network
from diagnosis.question.parse import parse
from tests.bot.repair.accounts import ACCOUNT, QUESTION, REGION, SESSION, Eyes, SmallAccount, small_account
from tests.emulator.faults import FAULTS

STARTED = 1_800_000_000.0
APPROVER = "U0APPROVER"


class MemoryLedger:
    """A ledger that forgets with the process."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int, str], Entry] = {}

    def intend(self, entry: Entry) -> bool:
        known = self.kept.get(entry.key)
        if known is not None and known.state not in ("intended", "refused"):
            raise ValueError(entry.key)
        self.kept[entry.key] = entry
        return known is not None and known.state == "intended"

    def settle(self, entry: Entry) -> None:
        if entry.key not in self.kept:
            raise ValueError(entry.key)
        self.kept[entry.key] = entry

    def entries(self, proposal: str) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.kept.values() if entry.proposal == proposal)


class Failing(MemoryLedger):
    """A ledger whose store goes away at one of its writes, counted from 1."""

    def __init__(self, at: int, known: Iterable[Entry] = ()) -> None:
        super().__init__()
        self.kept = {entry.key: entry for entry in known}
        self.left = at

    def intend(self, entry: Entry) -> bool:
        self._count()
        return super().intend(entry)

    def settle(self, entry: Entry) -> None:
        self._count()
        super().settle(entry)

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise LedgerUnavailable("database is locked")


@dataclass
class Clock:
    """A clock that moves only by waiting."""

    time: float = STARTED

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def patience(self, **more: Any) -> Patience:
        return Patience(self.now, self.sleep, **more)


def a_proposal(
    network: Network, words: str = QUESTION, *, which: int = 0, identity: str = "fx0123456789abcdef", **more: Any
) -> Proposal:
    """The proposal of one of the fixes of a question."""
    question = parse(words)
    answer = investigate(network, Asked(question), None)
    assert isinstance(answer, Answer)
    fix = answer.fixes[which]
    whole: dict[str, Any] = {
        "id": identity,
        "nonce": "0" * 32,
        "team": "T1",
        "channel": "C1",
        "thread": "1.1",
        "question_ref": "q1",
        "requester": "U0ASKER",
        "asker": "U0ASKER",
        "account": ACCOUNT,
        "region": REGION,
        "question": question.model_dump_json(),
        "fix": fix.model_dump_json(),
        "changes": fix.changes,
        "fingerprint": "",
        "policy": "",
        "proposed_at": STARTED,
        "expires_at": STARTED + 1800,
        "needed": 1,
    }
    proposal = Proposal.model_validate({**whole, **more})
    return proposal.model_copy(update={"fingerprint": fingerprint(network, question, proposal.changes)})


@functools.cache
def writer_at(url: str, seconds: float = 20) -> AwsWriter:
    """A writer with the double's own credentials."""
    make: Callable[..., Any] = SESSION.client
    once = Config(read_timeout=seconds, retries={"mode": "standard", "total_max_attempts": 1})
    return AwsWriter(make("ec2", region_name=REGION, endpoint_url=url, config=once))


@dataclass
class Story:
    """One proposal, and what becomes of it."""

    account: SmallAccount
    proposal: Proposal
    writer: Writer
    ledger: Ledger = field(default_factory=MemoryLedger)
    clock: Clock = field(default_factory=Clock)

    @property
    def hands(self) -> Hands:
        return Hands(
            writer_for=lambda _proposal, _by: self.writer,
            reader=Eyes(self.account),
            ledger=self.ledger,
            settings=FixSettings(),
            patience=self.clock.patience(),
        )

    def apply(self) -> Any:
        return self.hands.apply(self.proposal, APPROVER)

    def undo(self) -> Any:
        return self.hands.undo(self.proposal, APPROVER)

    def states(self, deed: str = "apply") -> list[str]:
        return [entry.state for entry in self.ledger.entries(self.proposal.id) if entry.deed == deed]

    def ours(self) -> list[dict[str, Any]]:
        """The rules of the database's group that carry the stamp."""
        return [rule for rule in self.account.rules() if rule.get("Description") == self.proposal.stamp]


def elapsed(do: Callable[[], object]) -> float:
    """Seconds that something takes."""
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


def a_story(url: str, *, acl_denies: bool) -> Iterator[Story]:
    """A story of a rule, and of an ACL entry before it where the ACL denies; the double works well again after it."""
    FAULTS.clear()
    account = small_account(url, acl_denies=acl_denies)
    story = Story(account, a_proposal(account.network()), writer_at(url, 1))
    FAULTS.clear()
    yield story
    FAULTS.clear()


class Meddler:
    """Somebody who changes the account at the last moment: after the look, before the call."""

    def __init__(self, writer: Writer, meddle: Callable[[], object]) -> None:
        self._writer = writer
        self._meddle: Callable[[], object] | None = meddle

    def look(self, change: Writable, rule: str | None = None) -> Found:
        return self._writer.look(change, rule)

    def rehearse(self, change: Writable, stamp: str, *, take: bool) -> None:
        self._writer.rehearse(change, stamp, take=take)

    def put(self, change: Writable, stamp: str) -> Done:
        self._now()
        return self._writer.put(change, stamp)

    def take(self, change: Writable, rule: str | None) -> Done:
        self._now()
        return self._writer.take(change, rule)

    def _now(self) -> None:
        meddle, self._meddle = self._meddle, None
        if meddle is not None:
            meddle()
