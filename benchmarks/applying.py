"""From the decision to what is applied and verified: the AWS double over HTTP, the write role assumed, SQLite as store.

The double answers in the same process, so its own work is in the figures; what AWS's answers take on top is not.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import Figures
from bot.approvals.states import Event
from bot.repair.aws_session import AwsHands, Credentials
from bot.repair.deeds import Patience
from bot.repair.hands import Hands
from bot.repair.outcomes import Applied, Undone, Verified
from bot.settings.fixes import FixSettings
from bot.store.ledger import StoredLedger
from bot.store.proposals import ProposalStore
from bot.store.rows import Decision
from bot.store.store import Store, engine_of
from diagnosis.aws.again import read_again
from diagnosis.network.network import Network
from tests.bot.repair.accounts import ACCOUNT, REGION, SESSION, SmallAccount, client, small_account
from tests.bot.repair.stories import a_proposal
from tests.emulator.server import emulator

ROUNDS = 9
GOAL_SECONDS = 1.0
PERSON = "U0APPROVER"


@dataclass(frozen=True)
class Reader:
    """The network as it was read before, parts of it read again."""

    network: Network
    clients: Callable[[str, str], Any]

    def known(self) -> Network:
        return self.network

    def again(self, network: Network, components: Collection[str]) -> Network:
        return read_again(network, components, self.clients)


def main() -> None:
    """Nine fixes of an ACL entry and a rule each, one after the other."""
    figures = Figures()
    with emulator() as url, tempfile.TemporaryDirectory() as folder:
        account = small_account(url, acl_denies=True)
        database = f"sqlite:///{Path(folder) / 'store.db'}"
        Store.open(database).close()
        engine = engine_of(database)
        hands = _hands(url, account, StoredLedger(engine))
        figures.plain("the first in a process, which loads EC2's model", _once(0, hands, account, engine)[0], "s")
        times = [_once(number, hands, account, engine) for number in range(1, ROUNDS + 1)]
        applied, verified, undone, worked = zip(*times, strict=True)
        figures.at_most("decision to applied, quickest", min(applied), "s", GOAL_SECONDS)
        figures.plain("decision to applied, median (others on the machine count)", statistics.median(applied), "s")
        figures.plain("processor time of that with the double's, median", statistics.median(worked), "s")
        figures.plain("verified after that, median", statistics.median(verified), "s")
        figures.plain("undone, median", statistics.median(undone), "s")
        engine.dispose()


def _hands(url: str, account: SmallAccount, ledger: StoredLedger) -> Hands:
    trust = {"Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"]}]}
    client(url, "iam").create_role(RoleName="write", AssumeRolePolicyDocument=json.dumps(trust))

    def make(service: str, **more: Any) -> Any:
        known: Callable[..., Any] = SESSION.client
        return known(service, endpoint_url=url, **more)

    reading = make("ec2", region_name=REGION)
    return Hands(
        writer_for=AwsHands(make, Credentials(f"arn:aws:iam::{ACCOUNT}:role/write")).writer,
        reader=Reader(account.network(), lambda _service, _region: reading),
        ledger=ledger,
        settings=FixSettings(),
        patience=Patience(time.time, time.sleep),
    )


def _once(number: int, hands: Hands, account: SmallAccount, engine: Any) -> tuple[float, float, float, float]:
    """Seconds to applied, to verified, to undone, and of processor time to applied."""
    store = ProposalStore(engine)
    now = time.time()
    identity = f"fx{number:016x}"
    proposal = a_proposal(account.network(), identity=identity, proposed_at=now, expires_at=now + 1800)
    store.add(proposal)
    begun, working = time.perf_counter(), time.process_time()
    store.decide(identity, Decision(person=PERSON, verdict="approve", at=now))
    store.move(identity, Event.BEGIN, now)
    applied = hands.apply(proposal, PERSON)
    store.move(identity, Event.APPLIED, now)
    there, worked = time.perf_counter(), time.process_time()
    verified = hands.verification(proposal)
    seen = time.perf_counter()
    store.move(identity, Event.BEGIN_UNDO, now)
    undone = hands.undo(proposal, PERSON)
    ended = time.perf_counter()
    store.move(identity, Event.UNDONE, now)
    assert (isinstance(applied, Applied), isinstance(verified, Verified), isinstance(undone, Undone)) == (True,) * 3
    return there - begun, seen - there, ended - seen, worked - working
