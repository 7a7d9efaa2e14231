"""Further witnesses in the thread of an answer: who changed what when it stopped, threats, and names for strangers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.bot.repair.accounts import ACCOUNT, QUESTION, REGION, SmallAccount, client, small_account
from tests.conversations.conftest import MANIFEST, RETRIES
from tests.conversations.fixing import CHANNEL, Ops, as_seen_by, fix_settings, ops
from tests.conversations.served_app import ForkedApp
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.turning import Event, revoked
from tests.emulator import detective_calls
from tests.emulator.faults import FAULTS, Fault
from tests.emulator.guardduty_calls import FINDINGS
from tests.emulator.server import emulator
from tests.emulator.trail_calls import plant
from tests.slack_double.double import SlackDouble
from tests.slack_double.installation import from_manifest
from tests.slack_double.screens import Seen

STOPPED = (datetime.now(UTC) - timedelta(days=1)).replace(hour=9, minute=31, second=2, microsecond=0)
TURN = int(STOPPED.timestamp())
AT = TURN - 22
STRANGER = "203.0.113.9"
LOOKUP = "cloudtrail.LookupEvents"
RANGES = {
    "syncToken": "1795356000",
    "createDate": "2026-11-20-10-00-00",
    "prefixes": [
        {"ip_prefix": "203.0.113.0/24", "region": "eu-west-1", "service": "EC2", "network_border_group": "eu-west-1"}
    ],
    "ipv6_prefixes": [],
}


@dataclass
class Live:
    """The workspace and the account, whose flow logs turned yesterday at 09:31:02."""

    team: Ops
    account: SmallAccount
    detector: str

    def recorded(self, *events: Event) -> None:
        plant(ACCOUNT, REGION, events)

    def asked(self) -> Seen:
        """Ann's question, answered, with what CloudTrail had to say of it below."""
        answer = self.team.ann.mentions(CHANNEL, QUESTION).reply("no inbound rule")
        answer.reply("What changed")
        return answer


def logs(folder: Path, account: SmallAccount) -> Path:
    """ACCEPT every minute until 09:30, REJECT from 09:31:02 on, at the database."""
    found = account.ec2.describe_network_interfaces()["NetworkInterfaces"]
    database = next(one["NetworkInterfaceId"] for one in found if one["PrivateIpAddress"] == "10.0.2.20")
    lines = [corpus.record(database, action="REJECT", end=TURN + 58 + 60 * minute) for minute in range(5)]
    lines += [corpus.record(database, action="ACCEPT", end=TURN - 62 - 60 * minute) for minute in range(5)]
    file = folder / "turned.log"
    corpus.write(file, lines)
    return file


def settings(folder: Path, account: SmallAccount, **witnesses: Any) -> dict[str, dict[str, Any]]:
    (folder / "ip-ranges.json").write_text(json.dumps(RANGES), encoding="utf-8")
    return {
        **fix_settings(folder, mode="approve", own_credentials=True),
        "account": {"snapshot": None, "flow_logs": json.dumps([str(logs(folder, account))]), "regions": [REGION]},
        "strangers": {"ip_ranges": str(folder / "ip-ranges.json")},
        **witnesses,
    }


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, SmallAccount]]:
    with emulator() as url, pytest.MonkeyPatch.context() as environment:
        for name, value in (
            ("AWS_ENDPOINT_URL", url),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "unchecked"),
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ):
            environment.setenv(name, value)
        yield url, small_account(url)


@pytest.fixture(scope="module")
def running(double: tuple[str, SmallAccount], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    url, account = double
    folder = tmp_path_factory.mktemp("live")
    detector = client(url, "guardduty").create_detector(Enable=True)["DetectorId"]
    detective_calls.GRAPHS[:] = []
    with SlackDouble(from_manifest(MANIFEST)) as slack:
        slack.deliveries.retries_after = RETRIES
        with ForkedApp(slack, "http", folder, **settings(folder, account, threats={"when": "asked"})) as app:
            yield Live(ops(slack, app, folder), account, detector)


@pytest.fixture
def live(running: Live) -> Iterator[Live]:
    FAULTS.clear()
    FINDINGS.clear()
    yield running
    FAULTS.clear()
    FINDINGS.clear()
    running.recorded()
    assert running.account.rules() == [], "a test left a rule"


def test_what_stopped_it_is_told_and_the_change_is_taken_back_by_a_proposal(live: Live) -> None:
    team = live.team
    live.recorded(revoked(live.account.db, 3306, "10.0.1.10/32", AT))

    answer = live.asked()

    told = answer.reply("What changed")
    day = f"{STOPPED:%Y-%m-%d}"
    assert told.says(f"Stopped at {day} 09:31:02 UTC; at 09:30:40 role deploy (session ci-42) revoked")
    assert told.says("takes it back")
    told.click("Details")
    details = answer.reply("the model drops for this very reason")
    assert details.says("RevokeSecurityGroupIngress")
    assert details.says("aws-cli/2.31")
    told.click(next(name for name in told.buttons if name.startswith("Propose fix")))
    proposal = team.latest(answer, "Fix proposed")
    team.approves(team.bob, proposal)
    team.latest(proposal, "Verified by a fresh trace")
    [rule] = live.account.rules()
    assert rule["CidrIpv4"] == "10.0.1.10/32"

    as_seen_by(proposal.until("the path is open"), team.cid).click("Undo…")
    team.cid.modal("Undo this fix?").submit()
    team.latest(proposal, "Undone by <@UCID>")


def test_the_guardrails_stand_before_a_change_taken_back_that_opens_more_than_was_asked(live: Live) -> None:
    live.recorded(revoked(live.account.db, 3306, "10.0.1.0/24", AT))

    told = live.asked().reply("What changed")
    told.click(next(name for name in told.buttons if name.startswith("Propose fix")))

    refusal = told.person.sees(CHANNEL, "This fix is not applied by button")
    assert refusal.says("lets in more than was asked")
    assert live.account.rules() == []


def test_names_in_a_record_are_anybody_s_words_and_stay_words(live: Live) -> None:
    forged = {"type": "IAMUser", "userName": "<!channel> *root*; at 09:31 role admin"}
    live.recorded(revoked(live.account.db, 3306, "10.0.1.10/32", AT, userIdentity=forged))

    told = live.asked().reply("What changed")

    assert told.says('user "<!channel> *root*; at 09:31 role admin" revoked')
    assert "<!channel>" not in told.message.text


def test_where_the_permission_is_missing_the_thread_says_who_must_act_and_asks_again(live: Live) -> None:
    live.recorded(revoked(live.account.db, 3306, "10.0.1.10/32", AT))
    FAULTS.add(Fault(LOOKUP, "AccessDeniedException"))

    answer = live.asked()
    told = answer.reply("What changed")

    assert told.says("an account administrator can grant cloudtrail:LookupEvents")
    FAULTS.clear()
    told.click("Ask again")
    assert answer.reply("role deploy (session ci-42) revoked").says("takes it back")


def test_threats_come_where_somebody_asks_for_them_and_their_titles_stay_words(live: Live) -> None:
    FINDINGS[REGION, live.detector] = [
        {
            "accountId": ACCOUNT,
            "arn": "a",
            "createdAt": f"{STOPPED:%Y-%m-%dT%H:%M:%SZ}",
            "updatedAt": f"{STOPPED:%Y-%m-%dT%H:%M:%SZ}",
            "id": "f1",
            "region": REGION,
            "resource": {"instanceDetails": {"networkInterfaces": [{"privateIpAddress": "10.0.1.10"}]}},
            "schemaVersion": "2.0",
            "service": {"action": {}, "archived": False, "count": 3},
            "severity": 8.0,
            "title": "<https://evil.example|AWS console> <!here>",
            "type": "Backdoor:EC2/C&CActivity.B",
        }
    ]
    answer = live.asked()
    assert "guardduty./detector" not in FAULTS.calls

    answer.click("Threats?")

    told = answer.reply("GuardDuty: high (8)").until("Details")
    assert told.says("Detective is not on in us-east-1")
    told.click("Details")
    details = answer.reply("<https://evil.example|AWS console> <!here>")
    assert details.says("guardduty/home?region=us-east-1")


def test_strangers_are_named_by_the_file_and_its_date_is_shown(live: Live) -> None:
    answer = live.team.ann.mentions(CHANNEL, f"why can't 10.0.1.10 reach {STRANGER} on 443").reply("Known")

    assert answer.says(f"{STRANGER} is AWS EC2 in eu-west-1 (203.0.113.0/24)")
    assert answer.says("AWS's ranges are of 2026-11-20.")


def test_where_all_is_switched_off_no_call_is_made(double: tuple[str, SmallAccount], tmp_path: Path) -> None:
    _, account = double
    FAULTS.clear()
    plant(ACCOUNT, REGION, [revoked(account.db, 3306, "10.0.1.10/32", AT)])
    off = {"what_changed": {"when": "off"}, "threats": {"when": "off"}}
    with SlackDouble(from_manifest(MANIFEST)) as slack:
        slack.deliveries.retries_after = RETRIES
        made = settings(tmp_path, account, **off)
        made["strangers"]["named"] = "false"
        with ForkedApp(slack, "http", tmp_path, **made) as app:
            team = ops(slack, app, tmp_path)
            answer = team.ann.mentions(CHANNEL, QUESTION).reply("no inbound rule")
            team.ann.mentions(CHANNEL, f"why can't 10.0.1.10 reach {STRANGER} on 443").reply("has no route")

            assert not any(one.says("Known") or one.says("What changed") for one in answer.replies())
            assert not {"What changed?", "Threats?"} & set(answer.buttons)
    assert not [call for call in FAULTS.calls if call.startswith(("cloudtrail.", "guardduty.", "detective."))]
