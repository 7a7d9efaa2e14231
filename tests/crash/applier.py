"""A warmed-up process that forks one child for each job: apply or undo a stored proposal through AwsHands, for real.

`python -m tests.crash.applier URL DATABASE ROLE GROUP ACL FIRST`. A job is one line, the proposal's id; the answers are
`pid N` when its child has begun, and `ended N STATUS` when it is gone, killed or not. A child does what a runner does:
whatever state the store says the proposal is in, go on from there, and move it to the next one.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3

from bot.approvals.guardrails import check
from bot.approvals.states import Event, State
from bot.repair.aws_session import AwsHands, Credentials
from bot.repair.deeds import Patience
from bot.repair.hands import Hands
from bot.repair.outcomes import AlreadyThere, Applied, Drifted, Failed, InDoubt, UndoFailed, Undone
from bot.settings.fixes import FixSettings
from bot.store.ledger import StoredLedger
from bot.store.proposals import ProposalStore
from bot.store.store import engine_of
from diagnosis.aws.again import read_again
from diagnosis.network.network import Network
from diagnosis.question.question import Question
from tests.bot.repair.accounts import REGION, SESSION, SmallAccount

PATIENCE = Patience(time.time, time.sleep, first=0.02, longest=0.1)


@dataclass
class WarmReader:
    """The network as it was when the process was warmed up, parts of it read again."""

    network: Network
    client: Callable[[str, str], Any]

    def known(self) -> Network:
        return self.network

    def again(self, network: Network, components: Any) -> Network:
        return read_again(network, components, self.client)


def child(url: str, database: str, role: str, network: Network, identity: str) -> None:
    """Go on with a proposal to the end of what it is in."""

    def client(service: str, **more: Any) -> Any:
        make: Callable[..., Any] = SESSION.client
        return make(service, endpoint_url=url, **more)

    engine = engine_of(f"sqlite:///{database}")
    store = ProposalStore(engine)
    hands = Hands(
        writer_for=AwsHands(client, Credentials(role, "agreed")).writer,
        reader=WarmReader(network, lambda service, region: client(service, region_name=region)),
        ledger=StoredLedger(engine),
        settings=FixSettings(),
        patience=PATIENCE,
    )
    row = store.get(identity)
    assert row is not None
    if row.state is State.APPROVED:
        row = store.move(identity, Event.BEGIN, time.time())
        assert row is not None
        outcome: Any = hands.apply(row.proposal, "U0APPROVER")
    else:
        outcome = hands.resume(row.proposal, row.state, "U0APPROVER")
    match outcome:
        case Applied():
            store.move(identity, Event.APPLIED, time.time())
        case Undone():
            store.move(identity, Event.UNDONE, time.time())
        case UndoFailed():
            store.move(identity, Event.UNDO_FAIL, time.time(), outcome=outcome.sentence)
        case AlreadyThere() | Drifted():
            store.move(identity, Event.DRIFT, time.time(), outcome=outcome.sentence)
        case Failed():
            store.move(identity, Event.FAIL, time.time(), outcome=outcome.sentence)
        case InDoubt():
            sys.stderr.write(f"{outcome.sentence}\n")


def main(url: str, database: str, role: str, group: str, acl: str, first: str) -> None:
    """Warm up, then take jobs until standard input ends."""
    network = SmallAccount(url, "", group, acl).network()
    for service in ("sts", "ec2"):
        make: Callable[..., Any] = boto3.Session.client
        make(SESSION, service, region_name=REGION, endpoint_url=url)
    # What a first application compiles and imports is there for every child.
    known = ProposalStore(engine_of(f"sqlite:///{database}")).get(first)
    assert known is not None
    question = Question.model_validate_json(known.proposal.question)
    check(network, question, known.proposal.changes, FixSettings(), (known.proposal.account, known.proposal.region))
    gc.freeze()
    say("ready")
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                child(url, database, role, network, line.strip())
                status = 0
            finally:
                sys.stderr.flush()
                os._exit(status)
        say(f"pid {pid}")
        _, ended = os.waitpid(pid, 0)
        say(f"ended {pid} {os.waitstatus_to_exitcode(ended)}")


def say(line: str) -> None:
    """One line of answer, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
