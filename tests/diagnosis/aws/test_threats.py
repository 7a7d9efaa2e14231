"""GuardDuty and Detective on the double: what names an address is found, and what is not heard is said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.session import Session

from diagnosis.answer import Answer
from diagnosis.aws.guardduty import DAYS, KEYS_V4, KEYS_V6, MOST, GuardDuty
from diagnosis.evidence.threats import Heard, ThreatQuery
from diagnosis.explanation.threats import level, threat_query, with_threats
from diagnosis.question.question import Party, Question
from diagnosis.snapshots.embedded_account import snapshot_folder
from diagnosis.terminal.render import render
from diagnosis.testimony import Window
from tests.accounts import two_subnets
from tests.diagnosis.flowlogs.remote.places import REGION, client_at
from tests.emulator import detective_calls
from tests.emulator.faults import FAULTS, Fault
from tests.emulator.guardduty_calls import FINDINGS
from tests.moto_server import post
from tests.program import run

NOW = 1_795_356_000
RECENT, OLD = "2026-11-20T10:00:00+00:00", "2025-01-01T10:00:00+00:00"
BAD, OWN, OWN6 = "198.51.100.7", "10.0.1.10", "2600:1f14::10"
ADDRESSES = (BAD, OWN, OWN6)
GRAPH = "arn:aws:detective:us-east-1:123456789012:graph:1"


def finding(
    name: str, *, action: Any = None, resource: Any = None, updated: str = RECENT, **more: Any
) -> dict[str, Any]:
    service = {
        "action": action or {},
        "archived": False,
        "count": 3,
        "eventLastSeen": updated,
        **more.pop("service", {}),
    }
    return {
        "accountId": "123456789012", "arn": "a", "createdAt": updated, "id": name, "region": REGION,
        "resource": resource or {}, "schemaVersion": "2.0", "service": service, "severity": 5.0,
        "title": f"title {name}", "type": "Recon:EC2/Portscan", "updatedAt": updated, **more,
    }  # fmt: skip


def remote(address: str) -> dict[str, Any]:
    return {"remoteIpDetails": {"ipAddressV4": address}}


@dataclass
class Account:
    url: str
    detector: str

    def hear(self, *addresses: str, region: str = REGION) -> Heard:
        eye = GuardDuty(lambda service, where: client_at(self.url, service, where), now=lambda: NOW)
        return eye.threats(ThreatQuery(addresses or ADDRESSES, (region,)), lambda _: None)

    def put(self, *findings: dict[str, Any]) -> None:
        FINDINGS[REGION, self.detector] = list(findings)


@pytest.fixture
def account(emulator_url: str) -> Account:
    post(emulator_url, "reset")
    FAULTS.clear()
    FINDINGS.clear()
    detective_calls.GRAPHS[:] = [GRAPH]
    detective_calls.INVESTIGATIONS.clear()
    detective_calls.INDICATORS.clear()
    return Account(emulator_url, client_at(emulator_url, "guardduty").create_detector(Enable=True)["DetectorId"])


def test_a_finding_is_found_wherever_the_address_stands_and_once(account: Account) -> None:
    interfaces = [{"privateIpAddresses": [{"privateIpAddress": OWN}], "ipv6Addresses": [OWN6], "publicIp": BAD}]
    account.put(
        finding("net", action={"networkConnectionAction": remote(BAD)}, updated=OLD),
        finding("api", action={"awsApiCallAction": remote(BAD)}, updated=OLD, severity=8.0),
        finding("own", resource={"instanceDetails": {"networkInterfaces": interfaces}}, updated=OLD, severity=9.5),
        finding("six", resource={"instanceDetails": {"networkInterfaces": [{"ipv6Addresses": [OWN6]}]}}, updated=OLD),
        finding("probe", action={"portProbeAction": {"portProbeDetails": [remote(BAD)]}}, severity=2.0),
        finding("six-far", action={"networkConnectionAction": {"remoteIpDetails": {"ipAddressV6": "2600:1F14:0::10"}}}),
        finding("another", action={"portProbeAction": {"portProbeDetails": [remote("198.51.100.70")]}}),
        finding("archived", action={"networkConnectionAction": remote(BAD)}, service={"archived": True}),
        finding("old-probe", action={"portProbeAction": {"portProbeDetails": [remote(BAD)]}}, updated=OLD),
    )

    heard = account.hear()

    assert {one.id for one in heard.findings} == {"net", "api", "own", "six", "probe", "six-far"}
    assert len(heard.findings) == 6
    assert [one.id for one in heard.findings[:2]] == ["own", "api"]
    assert heard.findings[0].addresses == ADDRESSES
    assert (heard.troubles, heard.asked) == ((), (REGION,))


def test_findings_come_over_all_pages_and_a_budget_is_told(account: Account) -> None:
    account.put(*(finding(f"f{n}", action={"networkConnectionAction": remote(BAD)}, updated=OLD) for n in range(120)))
    assert len(account.hear().findings) == 120

    account.put(*(finding(f"f{n}", action={"networkConnectionAction": remote(BAD)}) for n in range(MOST + 1)))
    heard = account.hear()
    assert len(heard.findings) == MOST
    assert f"More than {MOST} findings" in heard.troubles[0]


def test_a_region_without_a_detector_or_graph_says_nothing_and_that_is_said(account: Account) -> None:
    detective_calls.GRAPHS.clear()
    heard = account.hear(region="eu-west-1")

    assert (heard.findings, heard.asked) == ((), ())
    assert "GuardDuty is not on in eu-west-1" in heard.troubles[0]
    assert "Detective is not on in eu-west-1" in heard.troubles[1]


@pytest.mark.parametrize(
    ("call", "code", "said"),
    [
        ("guardduty./detector", "AccessDeniedException", "needs guardduty:ListDetectors"),
        ("guardduty./detector/*/findings", "AccessDeniedException", "needs guardduty:ListFindings"),
        ("guardduty./detector/*/findings/get", "AccessDeniedException", "needs guardduty:GetFindings"),
        ("guardduty./detector/*/findings", "TooManyRequestsException", "throttled guardduty:ListFindings"),
        ("detective./graphs/list", "AccessDeniedException", "needs detective:ListGraphs"),
        ("detective./investigations/listInvestigations", "TooManyRequestsException", "throttled detective:List"),
        ("detective./investigations/listIndicators", "AccessDeniedException", "needs detective:ListIndicators"),
    ],
)
def test_what_is_denied_or_throttled_is_told_with_its_action(account: Account, call: str, code: str, said: str) -> None:
    account.put(finding("net", action={"networkConnectionAction": remote(BAD)}))
    detective_calls.INVESTIGATIONS.append(investigation("1"))
    FAULTS.add(Fault(call, code))

    heard = account.hear()

    assert said in " ".join(heard.troubles)
    answer = with_threats(answered(), ThreatQuery(ADDRESSES, (REGION,)), heard)
    assert "no current finding on these addresses." not in render(answer, colour=False, explain=False)


def investigation(name: str, created: str = RECENT) -> dict[str, Any]:
    return {
        "InvestigationId": f"{name:0>21}",
        "Severity": "HIGH",
        "EntityArn": f"arn:aws:iam::1:role/{name}",
        "CreatedTime": created,
    }


def test_indicators_of_recent_investigations_that_name_an_address_are_told(account: Account) -> None:
    detective_calls.INVESTIGATIONS += [
        investigation("1"),
        investigation("2"),
        investigation("3"),
        investigation("4", OLD),
    ]
    flagged = {"FlaggedIpAddressDetail": {"IpAddress": BAD, "Reason": "AWS_THREAT_INTELLIGENCE"}}
    other = {"FlaggedIpAddressDetail": {"IpAddress": "198.51.100.70", "Reason": "AWS_THREAT_INTELLIGENCE"}}
    travel = {"ImpossibleTravelDetail": {"StartingIpAddress": "203.0.113.9", "EndingIpAddress": BAD}}
    detective_calls.INDICATORS["3".zfill(21)] = [
        {"IndicatorType": "FLAGGED_IP_ADDRESS", "IndicatorDetail": other},
        {"IndicatorType": "FLAGGED_IP_ADDRESS", "IndicatorDetail": other},
        {"IndicatorType": "FLAGGED_IP_ADDRESS", "IndicatorDetail": flagged},
        {"IndicatorType": "IMPOSSIBLE_TRAVEL", "IndicatorDetail": travel},
    ]
    detective_calls.INDICATORS["4".zfill(21)] = [{"IndicatorType": "FLAGGED_IP_ADDRESS", "IndicatorDetail": flagged}]

    heard = account.hear()

    assert [(one.kind, one.address, one.investigation) for one in heard.indicators] == [
        ("FLAGGED_IP_ADDRESS", BAD, "3".zfill(21)),
        ("IMPOSSIBLE_TRAVEL", BAD, "3".zfill(21)),
    ]
    assert heard.indicators[0].told == "AWS_THREAT_INTELLIGENCE"


def answered() -> Answer:
    question = Question(intent="why", source=Party(kind="ip", value=BAD), destination=Party(kind="ip", value=OWN))
    return Answer(question=question, window=Window(), verdict="blocked", headline="blocked")


def test_the_answer_tells_the_worst_with_severity_and_link_and_nothing_steers_the_terminal(account: Account) -> None:
    account.put(
        finding("f1", action={"networkConnectionAction": remote(BAD)}, severity=8.0, title="\x1b[2Jscan\u202e"),
        finding("f2", action={"networkConnectionAction": remote(BAD)}, severity=2.0),
    )
    query = ThreatQuery((BAD,), (REGION,))

    answer = with_threats(answered(), query, account.hear(BAD))
    page = render(answer, colour=False, explain=False)

    assert "GuardDuty: high (8) Recon:EC2/Portscan on 198.51.100.7, and 1 more." in " ".join(page.split())
    assert (
        "https://us-east-1.console.aws.amazon.com/guardduty/home?region=us-east-1#/findings?macros=current&fId=f1"
        in page
    )
    assert f"#entities/IpAddress/{BAD}" in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_without_a_finding_that_is_said_and_without_asking_nothing(account: Account) -> None:
    answer = with_threats(answered(), ThreatQuery((BAD,), (REGION,)), account.hear(BAD))

    assert "GuardDuty has no current finding on these addresses." in render(answer, colour=False, explain=False)
    assert "threat" not in render(answered(), colour=False, explain=False)


def test_the_addresses_are_those_of_the_question() -> None:
    assert threat_query(answered(), two_subnets().network()).addresses[:2] == (BAD, OWN)


@pytest.mark.parametrize(("severity", "word"), [(1, "low"), (4, "medium"), (7, "high"), (8.9, "high"), (9, "critical")])
def test_severity_is_told_in_guarddutys_words(severity: float, word: str) -> None:
    assert level(severity) == word
    assert DAYS == 30


def test_ask_tells_threats_only_when_asked_to(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = client_at(account.url, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress=OWN)
    account.put(finding("f1", action={"networkConnectionAction": remote(BAD)}))
    for name, value in {"AWS_ENDPOINT_URL": account.url, "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "unchecked")
    ask = ("ask", f"can {BAD} reach {OWN} on 443", "--region", REGION, "--no-flow-logs", "--json")

    FAULTS.calls.clear()
    assert run(*ask).document["evidence"]["threats"] is None
    assert not [call for call in FAULTS.calls if call.startswith(("guardduty.", "detective."))]
    (told,) = run(*ask, "--threats").document["evidence"]["threats"]["findings"]
    assert (told["id"], told["level"], told["addresses"]) == ("f1", "medium", [BAD])
    assert "GuardDuty: medium (5)" in run(*ask[:-1], "--threats").out


def test_a_snapshot_holds_no_threats() -> None:
    ran = run("ask", "can web-1 reach RDS on 3306", "--snapshot", str(snapshot_folder()), "--threats")

    assert ran.status == 2
    assert "cannot go with --snapshot" in ran.err


def test_the_keys_of_the_criteria_are_those_that_aws_documents_for_listing() -> None:
    asked: Any = Session().get_service_model("guardduty").operation_model("ListFindings").input_shape
    documented = set(re.findall(r"<p>\s*([A-Za-z][\w.]+)\s*</p>", asked.members["FindingCriteria"].documentation))

    assert {*KEYS_V4, *KEYS_V6, "service.archived", "updatedAt"} <= documented
    assert not [key for key in documented if "portProbe" in key or key.endswith("remoteIpDetails.ipAddressV6")]


def test_of_an_investigation_detective_s_api_tells_a_role_or_a_user_and_no_address() -> None:
    detective: Any = Session().get_service_model("detective")

    assert set(detective.shape_for("EntityType").enum) == {"IAM_ROLE", "IAM_USER"}
    one, listed = (
        set(detective.operation_model("GetInvestigation").output_shape.members),
        set(detective.shape_for("InvestigationDetail").members),
    )
    # Asking for each investigation would tell the span that it looked at, and nothing of an address.
    assert one - listed == {"GraphArn", "ScopeStartTime", "ScopeEndTime"}
