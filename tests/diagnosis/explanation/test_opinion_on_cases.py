"""Every golden case that AWS can judge, with an AWS that is right, and with one that says the opposite."""

from __future__ import annotations

from typing import Any

import pytest

from diagnosis.answer import Answer
from diagnosis.explanation.path import shown_path
from diagnosis.explanation.path_request import PathRequest
from diagnosis.investigate import investigate
from diagnosis.second_opinion import second_opinion, to_be_asked
from tests.case_folder import Case, all_cases
from tests.diagnosis.explanation.opinions import Aws, asked, network_of, traces

MEMBERS = {
    "sg-": "SecurityGroups",
    "acl-": "Acl",
    "rtb-": "RouteTable",
    "igw-": "InternetGateway",
    "eni-": "NetworkInterface",
    "nat-": "NatGateway",
    "pcx-": "VpcPeeringConnection",
    "tgw-rtb-": "TransitGatewayRouteTable",
    "tgw-attach-": "TransitGatewayAttachment",
    "tgw-": "TransitGateway",
    "vpc-": "Vpc",
    "subnet-": "Subnet",
    "vgw-": "VpnGateway",
    "vpn-": "VpnConnection",
    "vpce-": "VpcEndpoint",
    "arn:": "LoadBalancerArn",
}
WAY_BACK = [{"SequenceNumber": 1, "Component": {"Id": "eni-1"}}]


def member_of(component: str) -> dict[str, Any]:
    """A component as a member of an explanation, in botocore's shape."""
    member = next((m for prefix, m in MEMBERS.items() if component.startswith(prefix)), "Component")
    if member == "LoadBalancerArn":
        return {member: component}
    return {member: [{"Id": component}] if member == "SecurityGroups" else {"Id": component}}


def right_about(answer: Answer, verdict: str) -> dict[str, Any]:
    """What an AWS says that sees what the answer says of the pair that it is asked about."""
    explanations = [
        {
            "ExplanationCode": cause.code,
            **({"Direction": cause.direction} if cause.direction else {}),
            **member_of(cause.component),
        }
        for cause in answer.causes
    ]
    found = verdict != "blocked"
    return {
        "NetworkPathFound": found,
        **({"ReturnPathComponents": WAY_BACK} if found else {"Explanations": explanations}),
    }


def wrong_about(verdict: str) -> dict[str, Any]:
    """The opposite: a path where there is none, and none where there is one, stopped by the source's group."""
    if verdict == "blocked":
        return {"NetworkPathFound": True, "ReturnPathComponents": WAY_BACK}
    reason = {"ExplanationCode": "BAD_STATE", "Component": {"Id": "eni-0dead"}}
    return {"NetworkPathFound": False, "Explanations": [reason]}


def can_be_asked(case: Case) -> bool:
    return isinstance(to_be_asked(network_of(case.name), asked(case.name)), PathRequest)


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_an_aws_that_is_right_agrees_and_one_that_is_wrong_does_not(case: Case) -> None:
    network = network_of(case.name)
    answer = investigate(network, asked(case.name), None)
    assert isinstance(answer, Answer)
    if not can_be_asked(case):
        assert second_opinion(network, asked(case.name), Aws({}), lambda _: None).state == "not asked"
        return

    shown = shown_path(traces(case.name))
    verdict = shown.verdict if shown is not None else answer.verdict
    right = second_opinion(network, asked(case.name), Aws(right_about(answer, verdict)), lambda _: None)
    wrong = second_opinion(network, asked(case.name), Aws(wrong_about(verdict)), lambda _: None)

    if verdict == "unknown":
        assert (right.agrees, wrong.agrees) == (None, None)
    else:
        assert (right.agrees, wrong.agrees) == (True, False), (right.text, wrong.text)
        assert wrong.ours
        assert wrong.theirs


def test_most_cases_can_be_judged_by_aws() -> None:
    assert sum(can_be_asked(case) for case in all_cases()) > 100
