"""The table of read calls agrees with AWS's service models, and the IAM policy with the table."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name
from botocore.model import ListShape, ServiceModel, Shape, StringShape, StructureShape

from diagnosis.aws.flow_log_calls import ACTIONS
from diagnosis.aws.permissions import RESULTS, iam_policy, policy_text
from diagnosis.snapshots.kinds import FOR_ASKING, KINDS, Batch, Each, Kind

ROOT = Path(__file__).parents[3]
POLICY = ROOT / "deploy" / "read-policy.json"
ROWS = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


@cache
def service_model(name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(name)


def members(kind: Kind) -> dict[str, Shape]:
    shape = service_model(kind.service).operation_model(kind.operation).output_shape
    assert isinstance(shape, StructureShape)
    return dict(shape.members)


@ROWS
def test_a_call_is_an_operation_of_the_service_and_a_method_of_its_client(kind: Kind) -> None:
    assert kind.operation in service_model(kind.service).operation_names
    assert kind.method == xform_name(kind.operation)


@ROWS
def test_results_are_members_of_the_answer_with_the_type_that_the_row_says(kind: Kind) -> None:
    answer = members(kind)
    first = answer[kind.results[0]]

    assert set(kind.results) <= set(answer)
    match kind.holds:
        case "object":
            assert isinstance(first, StructureShape)
        case "objects":
            assert isinstance(first, ListShape)
            assert isinstance(first.member, StructureShape)
        case "texts":
            assert isinstance(first, ListShape)
            assert isinstance(first.member, StringShape)


@ROWS
def test_no_list_of_an_answer_is_forgotten(kind: Kind) -> None:
    lists = {name for name, shape in members(kind).items() if isinstance(shape, ListShape)}

    assert lists <= {*kind.results, "failures"}  # ECS tells apart tasks that are gone already


@ROWS
def test_a_call_that_requires_a_parameter_gets_it_and_no_other(kind: Kind) -> None:
    shape = service_model(kind.service).operation_model(kind.operation).input_shape
    given = set().union(*kind.variants)
    match kind.per:
        case Each(parameter=parameter):
            given.add(parameter)
        case Batch(parameter=parameter, owner=owner):
            given |= {parameter, owner}
        case None:
            pass

    assert isinstance(shape, StructureShape)
    assert set(shape.required_members) <= given <= set(shape.members)


@ROWS
def test_a_by_id_call_takes_its_ids_from_members_that_the_listing_call_has(kind: Kind) -> None:
    if kind.per is None:
        return
    listing = KINDS[kind.per.of]
    listed = members(listing)[kind.per.items]

    assert kind.per.items in listing.results
    assert isinstance(listed, ListShape)
    if isinstance(kind.per, Each) and kind.per.send:
        assert isinstance(listed.member, StructureShape)
        assert {kind.per.send, kind.per.name, *kind.per.only[:1]} <= set(listed.member.members)


@ROWS
def test_a_call_only_reads(kind: Kind) -> None:
    assert re.match(r"(describe|get|list|search)_", kind.method)
    assert re.fullmatch(rf"[a-z0-9-]+:{kind.operation}", kind.action)


def test_only_prefix_lists_share_a_key_among_calls_that_take_no_id() -> None:
    keys = Counter(kind.results[0] for kind in KINDS.values() if kind.per is None)

    assert {key for key, count in keys.items() if count > 1} == {"PrefixLists"}


def test_asking_collects_every_call_that_the_model_reads() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "diagnosis" / "network").glob("*.py")]
    read = {call for call in KINDS if any(f'"{call}"' in source for source in sources)}

    assert set(KINDS) >= FOR_ASKING >= read
    assert "ec2.describe_subnets" in read


def test_the_policy_document_holds_exactly_the_actions_of_the_table() -> None:
    document = POLICY.read_text(encoding="utf-8")

    assert document == policy_text(iam_policy()), "write it anew: python -m diagnosis.aws.permissions"
    assert json.loads(document) == iam_policy()
    allowed = {action for s in json.loads(document)["Statement"] for action in s["Action"]}
    assert allowed == {kind.action for kind in KINDS.values()} | set(ACTIONS.values()) | {"cloudtrail:LookupEvents"}


def test_the_policy_reads_of_s3_flow_logs_alone_and_writes_athenas_results_alone() -> None:
    for statement in iam_policy()["Statement"]:
        for action in set(statement["Action"]) & {"s3:GetObject", "s3:PutObject"}:
            places = {"arn:aws:s3:::*/AWSLogs/*": "s3:GetObject", f"{RESULTS}/*": action}
            assert places[statement["Resource"]] == action


def test_the_policy_fits_into_one_managed_policy() -> None:
    """IAM counts 6,144 characters without white space."""
    assert len(re.sub(r"\s", "", policy_text(iam_policy()))) <= 6144
