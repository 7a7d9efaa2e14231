"""Every AWS call that the program makes is in one list, and the policies and the page are written from it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from botocore import xform_name
from botocore.session import Session

from diagnosis.aws.every_call import EVERY_CALL, SUBJECTS
from diagnosis.aws.listed_call import Effect
from diagnosis.aws.permissions import DOCUMENTS
from diagnosis.snapshots.kinds import KINDS
from tests.house.source_tree import ROOT, modules, tree
from tests.house.test_only_hands_write import BY_NAME, READS, calls, operations

ANEW = "write it anew: python -m diagnosis.aws.permissions"
LISTS = {
    "every_call",
    "flow_log_calls",
    "permissions",
    "permissions_page",
    "reachability_calls",
    "repair_calls",
    "threat_calls",
}
"""Modules of diagnosis/aws that name calls and make none."""


def named(module: Path) -> Iterator[str]:
    """The methods of AWS's clients that a module calls, by attribute or by the text that a paginator is got with."""
    known = operations()
    yield from (name for name, _ in calls(module) if name in known)
    if "boto" in (ROOT / module).read_text(encoding="utf-8") or module.parts[:2] in {
        ("diagnosis", "aws"),
        ("diagnosis", "flowlogs"),
        ("bot", "repair"),
    }:
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in known:
                yield node.value


def made() -> set[tuple[str, str]]:
    """Every method that is called, with the module that calls it; those of the table of kinds by its reader."""
    found = {
        (method, str(module))
        for module in modules()
        if not (module.parts[:2] == ("diagnosis", "aws") and module.stem in LISTS)
        for method in named(module)
    }
    return found | {(kind.method, str(module)) for kind in KINDS.values() for module in BY_NAME}


def listed() -> set[tuple[str, str]]:
    return {(row.call.partition(".")[2], module) for row in EVERY_CALL for module in row.by}


def test_every_call_in_the_source_is_in_the_list() -> None:
    assert made() - listed() == set(), "a row belongs into SUBJECTS of diagnosis/aws/every_call.py"


def test_every_row_of_the_list_is_made_where_it_says() -> None:
    assert listed() - made() == set(), "no module makes this call any more"


def test_calls_are_found_in_each_way_that_they_are_written() -> None:
    found = made()

    assert ("authorize_security_group_ingress", "bot/repair/aws_writer.py") in found
    assert ("list_objects_v2", "diagnosis/flowlogs/s3.py") in found
    assert ("describe_route_tables", "diagnosis/aws/again.py") in found
    assert ("get_hosted_zone", "diagnosis/aws/calls.py") in found


def test_every_row_names_an_operation_of_the_service_and_an_action() -> None:
    session = Session()
    for row in EVERY_CALL:
        service, _, method = row.call.partition(".")
        assert method in map(xform_name, session.get_service_model(service).operation_names), row.call
        assert row.action.partition(":")[2] or row.call == "sts.get_caller_identity"
        assert row.effect in get_args(Effect)
        assert row.why


def test_a_call_stands_once_in_a_subject() -> None:
    for subject, rows in SUBJECTS.items():
        assert len({row.call for row in rows}) == len(rows), subject


def test_what_is_called_a_read_is_one_by_its_name_and_what_writes_is_the_hands_alone() -> None:
    for row in EVERY_CALL:
        method = row.call.partition(".")[2]
        if row.effect == "read":
            by_another_name = ("iam.simulate_principal_policy", "kms.decrypt")
            assert method.startswith(READS) or row.call in by_another_name, row.call
        if row.effect == "write":
            assert all(module.startswith("bot/repair/") for module in row.by), row.call
        elif any(module.startswith("bot/repair/") for module in row.by):
            assert method.startswith(READS) or row.call == "sts.assume_role", row.call


@pytest.mark.parametrize("place", DOCUMENTS)
def test_the_policies_and_the_page_are_what_the_list_says(place: str) -> None:
    assert (ROOT / place).read_text(encoding="utf-8") == DOCUMENTS[place](), ANEW


def test_every_policy_in_the_repository_is_written_from_the_list() -> None:
    there = {
        str(path.relative_to(ROOT))
        for folder in ("deploy", "docs")
        for path in (ROOT / folder).rglob("*.json")
        if '"Statement"' in path.read_text(encoding="utf-8")
    }

    assert there == {place for place in DOCUMENTS if place.endswith(".json")}


def test_every_action_of_the_list_is_permitted_by_a_policy_and_told_on_the_page() -> None:
    policies = "".join(text() for place, text in DOCUMENTS.items() if place.endswith(".json"))
    told = DOCUMENTS["docs/permissions.md"]()

    assert [row.action for row in EVERY_CALL if row.action and f'"{row.action}"' not in policies] == []
    assert [row.call for row in EVERY_CALL if f"`{row.call}`" not in told] == []
