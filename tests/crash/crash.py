"""The runs: proposals applied and undone by processes that are killed, and what must be true afterwards."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bot.approvals.audit import Whole
from bot.approvals.proposal import Proposal
from bot.approvals.states import Event, State
from bot.store.audit import AuditLog
from bot.store.ledger import StoredLedger
from bot.store.proposals import ProposalStore
from bot.store.rows import Decision
from bot.store.store import Store, engine_of
from tests.bot.repair.accounts import ACCOUNT, SmallAccount, client, small_account
from tests.bot.repair.stories import a_proposal
from tests.emulator.faults import FAULTS, Application, Fault, StartResponse
from tests.emulator.server import emulator

When = Literal["in time", "before", "after", "straggling"]
"""A kill after a while; or at the n-th call: before it is made, after it was made, or while it is still on its way, so
that it is made a little later, when somebody else may already be looking."""
CALLS = {"apply": 13, "undo": 5}
"""So many calls a deed makes."""
SECONDS = {"apply": 0.3, "undo": 0.15}
"""About so long it takes, once its process has begun."""
WRITES = (
    "ec2.AuthorizeSecurityGroupIngress",
    "ec2.CreateNetworkAclEntry",
    "ec2.RevokeSecurityGroupIngress",
    "ec2.DeleteNetworkAclEntry",
)


@dataclass(frozen=True)
class Kill:
    """When a process is killed."""

    when: When
    at: int = 0
    seconds: float = 0.0


@dataclass
class Executioner:
    """Stands before the double and kills whoever makes the n-th call."""

    kill: Kill | None = None
    pid: int = 0
    known: threading.Event = field(default_factory=threading.Event)
    calls: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, kill: Kill | None) -> None:
        """For the next process."""
        self.kill, self.calls = kill, 0
        self.known.clear()

    def names(self, pid: int) -> None:
        """The process is this one."""
        self.pid = pid
        self.known.set()

    def around(self, application: Application) -> Application:
        """The double, with the executioner before it."""

        def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
            with self.lock:
                self.calls += 1
                hit = self.kill is not None and self.kill.at == self.calls and self.kill.when != "in time"
            if not hit or self.kill is None:
                return application(environ, start_response)
            when = self.kill.when
            if when == "after":
                body = list(application(environ, start_response))
                self._strike()
                return body
            self._strike()
            if when == "straggling":
                time.sleep(self.kill.seconds)
                return application(environ, start_response)
            raise ConnectionError("killed before the call")

        return answer

    def _strike(self) -> None:
        self.known.wait(10)
        os.kill(self.pid, signal.SIGKILL)


@dataclass
class Outcome:
    """What came of the runs."""

    kills: int = 0
    proposals: int = 0
    resumed: int = 0
    wrong: list[str] = field(default_factory=list)
    where: Counter[str] = field(default_factory=Counter)
    """How often each kind of kill met, and in which deed."""

    def told(self) -> str:
        """In a line."""
        places = ", ".join(f"{name} {count}" for name, count in sorted(self.where.items()))
        return (
            f"{self.kills} kills ({places}), {self.proposals} proposals applied and undone, {self.resumed} resumed, "
            f"{len(self.wrong)} lost, doubled or in disagreement"
        )


class Runs:
    """Proposals of one account, a store, and a process that applies them."""

    def __init__(self, account: SmallAccount, folder: Path, executioner: Executioner, seed: int) -> None:
        self.account = account
        self.chance = random.Random(seed)
        self.executioner = executioner
        self.database = folder / "store.db"
        Store.open(f"sqlite:///{self.database}").close()
        self.engine = engine_of(f"sqlite:///{self.database}")
        self.store, self.ledger = ProposalStore(self.engine), StoredLedger(self.engine)
        self.proposal = a_proposal(account.network())
        self.before = (account.rules(), account.entries())
        self.outcome = Outcome()
        self._applier = self._started()

    def _started(self) -> subprocess.Popen[str]:
        iam = client(self.account.url, "iam")
        trust = {"Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"]}]}
        iam.create_role(RoleName="write", AssumeRolePolicyDocument=json.dumps(trust))
        role = f"arn:aws:iam::{ACCOUNT}:role/write"
        self.store.add(self.proposal)
        words = [self.account.url, str(self.database), role, self.account.db, self.account.acl, self.proposal.id]
        started = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.applier", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert started.stdout is not None
        assert started.stdout.readline() == "ready\n"
        return started

    def close(self) -> None:
        """End the process."""
        assert self._applier.stdin is not None
        self._applier.stdin.close()
        self._applier.wait(30)
        self.engine.dispose()

    def once(self, number: int) -> None:
        """One proposal: approved, applied, checked, undone, checked, with a kill in either deed."""
        now = time.time()
        proposal = self.proposal.model_copy(
            update={"id": f"fx{number:016x}", "proposed_at": now, "expires_at": now + 1800}
        )
        self.store.add(proposal)
        self.store.decide(proposal.id, Decision(person="U0APPROVER", verdict="approve", at=now))
        self._deed(proposal, "apply", (State.APPROVED, State.APPLYING))
        self._check_applied(proposal)
        self.store.move(proposal.id, Event.BEGIN_UNDO, time.time())
        self._deed(proposal, "undo", (State.UNDOING,))
        self._check_undone(proposal)
        self.outcome.proposals += 1

    def _deed(self, proposal: Proposal, deed: str, states: tuple[State, ...]) -> None:
        """Until it is done: killed once for certain, perhaps again, with AWS not at its best."""
        for attempt in range(20):
            row = self.store.get(proposal.id)
            if row is None or row.state not in states:
                return
            self.outcome.resumed += attempt > 0
            kill = self._a_kill(deed) if attempt == 0 or self.chance.random() < 0.3 else None
            self._trouble()
            status = self._run(proposal.id, kill)
            FAULTS.clear()
            if status == -signal.SIGKILL and kill is not None:
                self.outcome.kills += 1
                self.outcome.where[f"{deed} {kill.when}"] += 1
            elif status:
                self._wrong(proposal, f"the process ended with {status} at {deed}")
                return
        self._wrong(proposal, f"did not come to an end at {deed}")

    def _a_kill(self, deed: str) -> Kill:
        when: When = self.chance.choice(("in time", "before", "after", "straggling"))
        if when == "in time":
            return Kill(when, seconds=self.chance.uniform(0.01, SECONDS[deed]))
        return Kill(when, self.chance.randint(1, CALLS[deed]), self.chance.uniform(0, 0.1))

    def _trouble(self) -> None:
        """Now and then an answer is lost, a call throttled, a read stale."""
        if self.chance.random() < 0.3:
            how: Any = self.chance.choice(("error", "cut", "done", "lost"))
            code = "RequestLimitExceeded" if how == "error" else "InternalError"
            FAULTS.add(
                *(Fault(call, "DryRunOperation", holding="DryRun") for call in WRITES),
                Fault(self.chance.choice(WRITES), code, how=how, times=1),
            )
        FAULTS.stale = self.chance.choice((0, 0, 0, 1, 2))

    def _run(self, identity: str, kill: Kill | None) -> int:
        """Hand a job over and wait for its end; its exit status."""
        stdin, stdout = self._applier.stdin, self._applier.stdout
        assert stdin is not None
        assert stdout is not None
        self.executioner.arm(kill)
        stdin.write(f"{identity}\n")
        stdin.flush()
        pid = int(stdout.readline().split()[1])
        self.executioner.names(pid)
        timer = threading.Timer(kill.seconds, _kill, (pid,)) if kill is not None and kill.when == "in time" else None
        if timer is not None:
            timer.start()
        _, _, status = stdout.readline().split()
        if timer is not None:
            timer.cancel()
        self.executioner.arm(None)
        return int(status)

    def _check_applied(self, proposal: Proposal) -> None:
        time.sleep(0.1)  # what straggled has arrived
        row = self.store.get(proposal.id)
        entries = [entry for entry in self.ledger.entries(proposal.id) if entry.deed == "apply"]
        rules, acl = self.account.rules(), self.account.entries()
        ours = [rule["SecurityGroupRuleId"] for rule in rules if rule.get("Description") == proposal.stamp]
        if row is None or row.state is not State.APPLIED:
            self._wrong(proposal, f"is {row and row.state} after it was applied: {row and row.outcome}")
        if [entry.state for entry in entries] != ["made", "made"]:
            self._wrong(proposal, f"the ledger says {[entry.state for entry in entries]} after it was applied")
        elif [entry.rule for entry in entries if entry.rule] != ours:
            self._wrong(proposal, f"the ledger says {[entry.rule for entry in entries]}, the account {ours}")
        if len(rules) != 1 or len(acl) != len(self.before[1]) + 1:
            self._wrong(proposal, f"the account holds {len(rules)} rules and {len(acl)} entries after it was applied")

    def _check_undone(self, proposal: Proposal) -> None:
        time.sleep(0.1)
        row = self.store.get(proposal.id)
        states = [entry.state for entry in self.ledger.entries(proposal.id) if entry.deed == "undo"]
        if row is None or row.state is not State.UNDONE:
            self._wrong(proposal, f"is {row and row.state} after it was undone: {row and row.outcome}")
        if states != ["taken back", "taken back"]:
            self._wrong(proposal, f"the ledger says {states} after it was undone")
        if (self.account.rules(), self.account.entries()) != self.before:
            self._wrong(proposal, "the account is not what it was before")
            small_account(self.account.url, acl_denies=True)

    def _wrong(self, proposal: Proposal, what: str) -> None:
        self.outcome.wrong.append(f"{proposal.id} {what}")


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@contextmanager
def runs(folder: Path, seed: int) -> Iterator[Runs]:
    """Everything that the runs need, on loopback and in a folder."""
    executioner = Executioner()
    with emulator(around=executioner.around) as url:
        started = Runs(small_account(url, acl_denies=True), folder, executioner, seed)
        try:
            yield started
        finally:
            started.close()


def crash(kills: int, folder: Path, seed: int, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Apply and undo proposals until so many processes were killed; the audit log must be whole at the end."""
    with runs(folder, seed) as started:
        number = 0
        while started.outcome.kills < kills:
            number += 1
            started.once(number)
            if number % 50 == 0:
                say(started.outcome.told())
        audit = AuditLog(started.engine).checked()
        if not isinstance(audit, Whole):
            started.outcome.wrong.append(f"the audit log is broken: {audit}")
        return started.outcome
