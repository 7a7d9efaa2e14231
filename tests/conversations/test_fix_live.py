"""The story of a fix in a live account: the AWS double, a write role that is assumed for it, and what AWS refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.bot.repair.accounts import ACCOUNT, QUESTION, REGION, SmallAccount, client, small_account
from tests.conversations.conftest import MANIFEST, RETRIES
from tests.conversations.fixing import CHANNEL, Ops, as_seen_by, fix_settings, ops
from tests.conversations.served_app import ForkedApp
from tests.emulator.faults import FAULTS, Fault
from tests.emulator.role_calls import SESSIONS
from tests.emulator.server import emulator
from tests.house.source_tree import ROOT
from tests.slack_double.double import SlackDouble
from tests.slack_double.installation import from_manifest
from tests.slack_double.screens import Seen

ROLE = f"arn:aws:iam::{ACCOUNT}:role/whynot-write"
AUTHORIZE = "ec2.AuthorizeSecurityGroupIngress"


@dataclass
class Live:
    """The workspace and the account."""

    team: Ops
    account: SmallAccount

    def proposed(self) -> Seen:
        answer = self.team.ann.mentions(CHANNEL, QUESTION).reply("Propose fix")
        answer.click("Propose fix")
        return self.team.latest(answer, "Fix proposed")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("live")
    with emulator() as url, SlackDouble(from_manifest(MANIFEST)) as slack, pytest.MonkeyPatch.context() as environment:
        slack.deliveries.retries_after = RETRIES
        account = small_account(url)
        role_in(url)
        for name, value in (
            ("AWS_ENDPOINT_URL", url),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "unchecked"),
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ):
            environment.setenv(name, value)
        more = {"mode": "approve", "write_role_arn": ROLE, "external_id": "a-value-that-you-choose"}
        settings = fix_settings(folder, **more)
        settings["account"] = {"snapshot": None, "flow_logs": None, "regions": [REGION]}
        with ForkedApp(slack, "http", folder, **settings) as app:
            yield Live(ops(slack, app, folder), account)


def role_in(url: str) -> None:
    iam = client(url, "iam")
    trust = (ROOT / "deploy/write-role-trust.json").read_text(encoding="utf-8")
    iam.create_role(RoleName="whynot-write", AssumeRolePolicyDocument=trust)
    policy = json.loads((ROOT / "deploy/write-role.json").read_text(encoding="utf-8"))
    for statement in policy["Statement"]:
        statement["Resource"] = "*"  # moto judges actions alone
    iam.put_role_policy(RoleName="whynot-write", PolicyName="write", PolicyDocument=json.dumps(policy))


@pytest.fixture
def live(running: Live) -> Iterator[Live]:
    FAULTS.clear()
    yield running
    FAULTS.clear()
    assert running.account.rules() == [], "a test left a rule"


def test_from_the_question_to_the_undo_in_a_live_account(live: Live) -> None:
    team, proposal = live.team, live.proposed()
    assert proposal.says(f"{ACCOUNT} {REGION}")
    team.approves(team.bob, proposal)
    applied = team.latest(proposal, "Applied. Made rule sgr-")
    assert applied.says(", request ")
    team.latest(proposal, "Verified by a fresh trace")
    [rule] = live.account.rules()
    assert rule["Description"].startswith("whynot:fx")
    assert any("UBOB" in json.dumps([one.name, dict(one.tags)]) for one in SESSIONS.values())

    as_seen_by(proposal.until("the path is open"), team.cid).click("Undo…")
    team.cid.modal("Undo this fix?").submit()
    team.latest(proposal, "Undone by <@UCID>")
    assert live.account.rules() == []


def test_what_aws_refuses_is_told_with_who_must_act(live: Live) -> None:
    FAULTS.add(Fault(AUTHORIZE, "UnauthorizedOperation"))
    team, proposal = live.team, live.proposed()
    team.approves(team.bob, proposal)
    told = team.latest(proposal, "Not applied:")
    assert told.says("ec2:AuthorizeSecurityGroupIngress")
    assert told.says("Nothing was changed.")
    assert proposal.until("✗ Fix not applied").buttons == []


def test_an_answer_that_is_lost_is_found_by_looking(live: Live) -> None:
    # The rehearsal goes well; the call itself is done, and its answer never comes.
    FAULTS.add(Fault(AUTHORIZE, "DryRunOperation", holding="DryRun"))
    FAULTS.add(Fault(AUTHORIZE, "InternalError", times=1, how="lost"))
    team, proposal = live.team, live.proposed()
    team.approves(team.bob, proposal)
    team.latest(proposal, "Verified by a fresh trace")
    assert len(live.account.rules()) == 1
    as_seen_by(proposal.until("the path is open"), team.bob).click("Undo…")
    team.bob.modal("Undo this fix?").submit()
    team.latest(proposal, "Undone by <@UBOB>")
