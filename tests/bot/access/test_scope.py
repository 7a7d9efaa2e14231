"""A channel's scope: what lies outside it is neither told nor misjudged."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from bot.access.parties import outside
from bot.access.scope import HIDDEN, Scope, narrowed
from diagnosis.answer import Answer
from diagnosis.investigate import Asked, investigate
from diagnosis.network.build import build
from diagnosis.network.described import Call, Described
from diagnosis.network.network import Network
from diagnosis.question.parse import parse
from diagnosis.question.parties import NotFound
from diagnosis.snapshots.read import read_snapshot
from diagnosis.traffic.addresses import parse_address
from diagnosis.who import who
from tests.case_folder import Case, all_cases


def vpcs_of(case: Case) -> set[str]:
    """The VPCs that an account describes, without building its network: this is asked while tests are collected."""
    described = read_snapshot(case.account)
    return {
        vpc["VpcId"]
        for call, answer in described.answers.items()
        if call.name == "ec2.describe_vpcs"
        for vpc in answer["Vpcs"]
    }


MANY_VPCS = [
    (case, vpc)
    for case in all_cases()
    if case.expected["verdict"] != "unknown"
    for vpcs in [sorted(vpcs_of(case))]
    for vpc in vpcs
    if len(vpcs) > 1
]


@cache
def account(name: str) -> tuple[Described, Network]:
    described = read_snapshot(next(case.account for case in all_cases() if case.name == name))
    return described, build(described)


def ids_outside(described: Described, vpc: str) -> set[str]:
    """Ids of things whose own VPC is another, by the plainest rule there is."""
    found: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("VpcId"), str) and value["VpcId"] != vpc:
                mine = ("VpcId", "SubnetId", "NetworkInterfaceId", "GroupId", "NetworkAclId", "RouteTableId")
                found.update(value[key] for key in mine if isinstance(value.get(key), str))
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    for body in described.answers.values():
        look(dict(body))
    return found


@pytest.mark.parametrize(("case", "vpc"), MANY_VPCS, ids=lambda v: v.name if isinstance(v, Case) else str(v))
def test_of_every_case_a_scope_hides_what_is_outside_and_makes_no_verdict_wrong(case: Case, vpc: str) -> None:
    described, whole = account(case.name)
    narrow = narrowed(described, Scope(vpcs=(vpc,)))
    seen = build(narrow)
    secret = ids_outside(described, vpc)
    question = parse(case.question)

    assert set(seen.vpcs) == {vpc}
    assert not {i for i in secret if i in json.dumps([dict(b) for b in narrow.answers.values()])}
    if outside(question, seen, whole) is not None:
        return
    answer = investigate(seen, Asked(question), None)
    if isinstance(answer, NotFound):
        return
    assert answer.verdict in (case.expected["verdict"], "unknown")
    assert not {i for i in secret if i in answer.model_dump_json()}


def test_some_cases_are_still_answered_inside_one_vpc_and_some_are_refused() -> None:
    refused = answered = 0
    for case, vpc in MANY_VPCS:
        described, whole = account(case.name)
        seen = build(narrowed(described, Scope(vpcs=(vpc,))))
        question = parse(case.question)
        if outside(question, seen, whole):
            refused += 1
        elif isinstance(investigate(seen, Asked(question), None), Answer):
            answered += 1

    assert refused > 10
    assert answered > 3


def test_a_scope_that_names_all_there_is_changes_nothing() -> None:
    described, whole = account("peering-return-route-missing")

    assert narrowed(described, Scope()) is described
    assert narrowed(described, Scope(vpcs=tuple(whole.vpcs))) is described


def test_of_another_account_or_region_nothing_is_left() -> None:
    described, _ = account("transit-gateway-association-swapped-across-accounts")
    accounts = sorted({call.account for call in described.answers})
    assert len(accounts) > 1

    one = narrowed(described, Scope(accounts=(accounts[0],)))

    assert {call.account for call in one.answers} == {accounts[0]}
    assert one.accounts == (accounts[0],)
    assert narrowed(described, Scope(regions=("mars-1",))).answers == {}


def test_an_answer_that_does_not_say_whose_it_is_is_in_no_named_account() -> None:
    described = Described({Call("ec2.describe_vpcs"): {"Vpcs": [{"VpcId": "vpc-1"}]}})

    assert narrowed(described, Scope(accounts=("123456789012",))).answers == {}


def test_who_can_reach_it_names_nobody_outside() -> None:
    described, whole = account("peering-with-a-reference-to-the-peers-group")
    for vpc in whole.vpcs:
        seen = build(narrowed(described, Scope(vpcs=(vpc,))))
        secret = ids_outside(described, vpc)
        for interface in seen.interfaces:
            answer = who(seen, parse(f"what can reach {interface}"))
            assert not {i for i in secret if i in repr(answer)}


@pytest.mark.parametrize("text", ["10.99.0.1", "i-0123456789abcdef0", "10.99.0.0/16", "eni-nowhere"])
def test_what_is_outside_is_refused_whether_it_exists_or_not(text: str) -> None:
    described, whole = account("peering-return-route-missing")
    mine, other = sorted(whole.vpcs)
    seen = build(narrowed(described, Scope(vpcs=(mine,))))
    theirs = next(i for i in whole.interfaces.values() if i.vpc == other)

    assert outside(parse(f"can {text} reach the internet"), seen, whole) is not None
    assert outside(parse(f"can {theirs.id} reach the internet"), seen, whole) is not None
    assert outside(parse("can 8.8.8.8 reach the internet"), seen, whole) is None
    assert outside(parse(f"can {text} reach the internet"), whole, whole) is None


def test_a_public_address_of_somebody_else_in_the_account_is_outside() -> None:
    described, whole = account("peering-return-route-missing")
    mine, other = sorted(whole.vpcs)
    theirs = next(i for i in whole.interfaces.values() if i.vpc == other)
    held = replace(theirs, ipv4=(replace(theirs.ipv4[0], public=parse_address("1.2.3.4")),))
    with_public = replace(whole, interfaces={**whole.interfaces, theirs.id: held})
    seen = build(narrowed(described, Scope(vpcs=(mine,))))

    assert outside(parse("can 1.2.3.4 reach the internet"), seen, with_public) is not None
    assert outside(parse("can 1.2.3.5 reach the internet"), seen, with_public) is None


def test_what_stands_for_a_hidden_id_says_so() -> None:
    described, whole = account("peering-return-route-missing")
    text = json.dumps([dict(b) for b in narrowed(described, Scope(vpcs=(min(whole.vpcs),))).answers.values()])

    assert HIDDEN in text
