"""SimulatePrincipalPolicy, which moto lacks: everything is allowed but what a test denied.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.iam.responses import IamResponse

from tests.emulator.operations import install_actions

PAGE = 20
DENIED: set[str] = set()
"""IAM actions."""
ASKED: list[dict[str, Any]] = []
"""What each call asked for, by botocore's names."""


def install_policies() -> None:
    """Give moto the operation."""
    DENIED.clear()
    ASKED.clear()
    install_actions(IamResponse, {"simulate_principal_policy": _simulate})


def _simulate(response: Any) -> ActionResult:
    names = ("PolicySourceArn", "ActionNames", "ResourceArns", "ContextEntries")
    asked = {name: response._get_param(name) for name in names}
    ASKED.append(asked)
    start = int(response._get_param("Marker") or 0)
    actions = asked["ActionNames"][start : start + PAGE]
    more = start + PAGE < len(asked["ActionNames"])
    results = [
        {
            "EvalActionName": action,
            "EvalResourceName": asked["ResourceArns"][0],
            "EvalDecision": "implicitDeny" if action in DENIED else "allowed",
        }
        for action in actions
    ]
    told = {"EvaluationResults": results, "IsTruncated": more}
    return ActionResult({**told, **({"Marker": str(start + PAGE)} if more else {})})
