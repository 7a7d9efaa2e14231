"""The calls that ask GuardDuty and Detective about addresses, and the IAM action that each needs.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonguardduty.html
"""

from __future__ import annotations

from collections.abc import Mapping

from diagnosis.aws.listed_call import ListedCall, actions_of

_GUARDDUTY = ("diagnosis/aws/guardduty.py",)
_DETECTIVE = ("diagnosis/aws/detective.py",)

CALLS: tuple[ListedCall, ...] = (
    ListedCall("guardduty.list_detectors", "guardduty:ListDetectors", _GUARDDUTY, "tells whether GuardDuty is on"),
    ListedCall(
        "guardduty.list_findings", "guardduty:ListFindings", _GUARDDUTY, "finds findings by address, and recent ones"
    ),
    ListedCall("guardduty.get_findings", "guardduty:GetFindings", _GUARDDUTY, "reads them"),
    ListedCall("detective.list_graphs", "detective:ListGraphs", _DETECTIVE, "tells whether Detective is on"),
    ListedCall(
        "detective.list_investigations", "detective:ListInvestigations", _DETECTIVE, "finds recent investigations"
    ),
    ListedCall("detective.list_indicators", "detective:ListIndicators", _DETECTIVE, "reads which addresses they name"),
)

ACTIONS: Mapping[str, str] = actions_of(CALLS)
"""By `<boto3 client>.<method>`."""
