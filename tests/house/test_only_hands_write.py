"""Nothing outside bot/repair can change an account, and the write role may do exactly what the hands do."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.session import Session

from diagnosis.snapshots.kinds import KINDS
from tests.house.source_tree import ROOT, dotted, modules, tree

HANDS = Path("bot/repair")
READS = ("batch_get_", "describe_", "get_", "head_", "list_", "lookup_", "search_")
NO_CHANGE = {
    "create_network_insights_path": "names a question for Reachability Analyzer; nothing of the network is touched",
    "delete_network_insights_path": "takes such a name away again",
    "filter_log_events": "reads",
    "simulate_principal_policy": "asks IAM what it would permit",
    "start_network_insights_analysis": "asks it: paid for, and told before",
    "delete_network_insights_analysis": "takes such an answer away again",
    "start_query": "asks CloudWatch Logs Insights",
    "start_query_execution": "asks Athena",
    "stop_query": "ends a query of ours",
    "stop_query_execution": "ends a query of ours",
}
"""Calls that are no reads by their names and change no network."""
BY_NAME = {
    Path("diagnosis/aws/calls.py"): "the calls of the table of kinds, which are reads",
}
"""Modules that call what a text names: the only ones that may, and what keeps them to reads."""
WAYS_AROUND = {"_make_api_call", "_make_request", "invoke", "resource"}


@cache
def services() -> tuple[str, ...]:
    """The services that are named anywhere in the code."""
    known = set(Session().get_available_services())
    named = {
        node.value
        for module in modules()
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return tuple(sorted((named & known) | {kind.service for kind in KINDS.values()} | {"ec2", "sts", "iam"}))


@cache
def operations() -> dict[str, str]:
    """Method of a client → operation, for every service that is named."""
    session = Session()
    return {
        xform_name(operation): operation
        for service in services()
        for operation in session.get_service_model(service).operation_names
    }


def calls(module: Path) -> Iterator[tuple[str, int]]:
    """Methods that a module names, called or not, with their lines; alembic's `op` is no client."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Attribute) and dotted(node.value) != "op":
            yield node.attr, node.lineno
        elif isinstance(node, ast.Call) and dotted(node.func) in {"getattr", "methodcaller", "operator.methodcaller"}:
            yield from ((str(a.value), node.lineno) for a in node.args if isinstance(a, ast.Constant))


def test_the_services_that_are_used_are_known() -> None:
    assert {"athena", "ec2", "elbv2", "logs", "s3", "sts"} <= set(services())
    assert operations()["authorize_security_group_ingress"] == "AuthorizeSecurityGroupIngress"


def test_no_other_module_calls_what_could_change_an_account() -> None:
    written = [
        f"{module}:{line} {name}"
        for module in modules()
        if HANDS not in module.parents
        for name, line in calls(module)
        if name in operations() and not name.startswith(READS) and name not in NO_CHANGE
    ]

    assert written == []


def test_a_call_that_would_change_something_is_found() -> None:
    assert not "authorize_security_group_ingress".startswith(READS)
    assert {"authorize_security_group_ingress", "delete_network_acl_entry", "assume_role"} <= {
        name for module in modules() if HANDS in module.parents for name, _ in calls(module) if name in operations()
    }


def test_only_named_modules_call_by_name_and_none_goes_around_the_clients() -> None:
    found = []
    for module in modules():
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.Call) and dotted(node.func) == "getattr":
                varying = not isinstance(node.args[1], ast.Constant)
                if varying and _speaks_to_aws(module) and module not in BY_NAME:
                    found.append(f"{module}:{node.lineno} getattr")
            if isinstance(node, ast.Call) and _called(node) in WAYS_AROUND and _speaks_to_aws(module):
                found.append(f"{module}:{node.lineno} {_called(node)}")

    assert found == []


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def _speaks_to_aws(module: Path) -> bool:
    """Whether a module can have a client in its hands: by making it, or by being in a room that is given some."""
    return module.parts[:2] in {("diagnosis", "aws"), ("diagnosis", "flowlogs"), ("bot", "repair")} or any(
        isinstance(node, ast.Import | ast.ImportFrom)
        and any(name.split(".")[0] in {"boto3", "botocore"} for name in _imported(node))
        for node in ast.walk(tree(module))
    )


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]


def test_clients_are_made_in_few_places() -> None:
    makers = {
        str(module)
        for module in modules()
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Import | ast.ImportFrom) and "boto3" in {n.split(".")[0] for n in _imported(node)}
    }

    assert makers <= {"bot/app.py", "bot/eyes.py", "diagnosis/aws/account.py"}


def test_every_call_of_the_table_is_a_read() -> None:
    assert [call for call, kind in KINDS.items() if not kind.method.startswith(READS)] == []


def made_by_hands() -> set[str]:
    """The IAM actions of all EC2 calls in bot/repair."""
    ec2 = {xform_name(name): name for name in Session().get_service_model("ec2").operation_names}
    named = {name for module in modules() if HANDS in module.parents for name, _ in calls(module)}
    paged = {
        node.args[0].value
        for module in modules()
        if HANDS in module.parents
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get_paginator"
        if isinstance(node.args[0], ast.Constant)
    }
    return {f"ec2:{ec2[str(name)]}" for name in named | paged if name in ec2}


def test_the_write_role_may_do_exactly_what_the_hands_do() -> None:
    policy: Any = json.loads((ROOT / "deploy/write-role.json").read_text(encoding="utf-8"))
    allowed = [action for statement in policy["Statement"] for action in statement["Action"]]

    assert sorted(allowed) == sorted(made_by_hands())
    assert all(statement["Effect"] == "Allow" for statement in policy["Statement"])
    assert [s["Action"] for s in policy["Statement"] if s["Resource"] == "*"] == [
        [action for action in sorted(allowed) if action.startswith("ec2:Describe")]
    ]
