"""Where records name VPC Block Public Access, or a service of AWS, so does the summary; whole days hold both."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from diagnosis.evidence.query import Last
from diagnosis.flowlogs.rejects import RejectFiles
from diagnosis.summarise import summarise
from diagnosis.summary import Summary
from tests.accounts import Account
from tests.diagnosis.flowlogs.corpus import NOON, V5, record, write
from tests.diagnosis.refused_day import Day, account, generated, host

WITH_REASON = f"{V5} reject-reason"
BPA = "VPC_BLOCK_PUBLIC_ACCESS_ENABLED"
PARTNERS = {f"192.0.2.{number}": number - 80 for number in range(90, 94)}
"""Partners that reached the web fleet on 443 until it was closed to the internet, each with its host."""


def closed(made: Account) -> Account:
    """With Block Public Access on."""
    options = {"VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": "block-bidirectional"}}
    made.objects["ec2.describe_vpc_block_public_access_options"] = options
    made.objects["ec2.describe_vpc_block_public_access_exclusions"] = {"VpcBlockPublicAccessExclusions": []}
    return made


def partners(seed: int) -> list[str]:
    """What they are refused on a port that their group allows."""
    chance = random.Random(seed)
    return [
        record(
            f"eni-web{number}", partner, host("web", number), chance.randrange(32768, 61000), 443, "REJECT",
            end=NOON - chance.randrange(80_000), header=WITH_REASON, reject_reason="BPA",
        )
        for partner, number in PARTNERS.items()
        for _ in range(20)
    ]  # fmt: skip


def internal(day: Day) -> list[str]:
    """The lines between our own addresses, with the field that tells a reason and none in it."""
    return [f"{line} -" for line in day.lines if " 203.0." not in line and " 192.0.2." not in line]


def summary_of(lines: list[str], made: Account, place: Path) -> Summary:
    log = write(place / "flows.log.gz", lines, header=WITH_REASON)
    return summarise(RejectFiles([log]), Last(24 * 3600), made.network(), 100_000)


@pytest.mark.parametrize("seed", range(4))
def test_what_block_public_access_refused_is_one_cause_beside_the_planted_rules(seed: int, tmp_path: Path) -> None:
    day = generated(seed, strangers=0)
    inside = [line for line in internal(day) if " 15.177.0." not in line]

    found = summary_of(inside + partners(seed), closed(account()), tmp_path)

    causes = {(total.cause.code, total.cause.component): total for total in found.causes if total.cause is not None}
    bpa = causes.pop((BPA, "vpc-a"))
    assert (bpa.groups, bpa.records, bpa.kind) == (len(PARTNERS), 20 * len(PARTNERS), "external")
    assert {component for _, component in causes} == {"sg-db", "acl-cache", "sg-app", "acl-db"}
    assert found.causes[-1] == bpa, "what is internal comes first"


def test_what_it_refused_before_it_was_switched_off_is_fixed(tmp_path: Path) -> None:
    found = summary_of(partners(1), account(), tmp_path)

    assert {group.state for group in found.groups} == {"fixed"}
    assert found.causes == ()


@pytest.mark.parametrize(
    ("service", "kind"), [("ROUTE53_HEALTHCHECKS", "external"), ("CLOUDFRONT", "external"), ("EC2", "noise")]
)
def test_a_service_of_aws_is_no_stranger_however_many_ports_it_tries_but_a_rented_machine_is(
    service: str, kind: str, tmp_path: Path
) -> None:
    tried = [
        record("eni-web10", "15.177.0.9", host("web", 10), 40000 + port, port, "REJECT", end=NOON - port,
               header=WITH_REASON, pkt_src_aws_service=service)
        for port in range(9000, 9040)
    ]  # fmt: skip

    found = summary_of(tried + internal(generated(2, strangers=0)), account(), tmp_path)

    theirs = [group for group in found.groups if group.source == "15.177.0.9"]
    assert {group.kind for group in theirs} == {kind}
    assert {group.cause is not None for group in theirs} == {kind == "external"}
    assert {group.service for group in theirs} == ({service} if kind == "external" else {None})
