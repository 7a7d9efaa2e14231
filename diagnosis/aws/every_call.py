"""The one list of the AWS calls that this program makes, and of those that AWS makes with its credentials.

The IAM policies and `docs/permissions.md` are written from it (`diagnosis/aws/permissions.py`), and a test reads every
module and compares: a call that is not here fails it, and so does a row that no module makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from diagnosis.aws import flow_log_calls, reachability_calls, repair_calls, threat_calls, trail_calls
from diagnosis.aws.listed_call import ListedCall
from diagnosis.snapshots.kinds import FOR_ASKING, KINDS

_AGAIN = frozenset(
    {
        "ec2.describe_network_acls",
        "ec2.describe_route_tables",
        "ec2.describe_security_group_rules",
        "ec2.describe_security_groups",
    }
)
"""What is also read before a fix is made, of the components that it rests on."""


def _reading() -> tuple[ListedCall, ...]:
    table, again = "diagnosis/aws/calls.py", "diagnosis/aws/again.py"
    rows = []
    for call, kind in KINDS.items():
        why = "describes the network for every question" if call in FOR_ASKING else "kept by `whynot snapshot` alone"
        if call in _AGAIN:
            why += ", and again before a fix is made"
        rows.append(ListedCall(call, kind.action, (table, again) if call in _AGAIN else (table,), why))
    return tuple(rows)


IDENTITY = ListedCall(
    "sts.get_caller_identity", "", ("diagnosis/aws/account.py",), "names the account; needs no permission"
)

SUBJECTS: Mapping[str, tuple[ListedCall, ...]] = MappingProxyType(
    {
        "The network": (IDENTITY, *_reading()),
        "Flow logs": flow_log_calls.CALLS,
        "What changed": trail_calls.CALLS,
        "Second opinions": reachability_calls.CALLS,
        "Threats": threat_calls.CALLS,
        "Fixes by button": (
            *repair_calls.ASSUMED,
            *repair_calls.LOOKS,
            *repair_calls.GROUP_RULES,
            *repair_calls.ACL_ENTRIES,
        ),
    }
)
"""By what they are for, in the order of `docs/permissions.md`."""

EVERY_CALL: tuple[ListedCall, ...] = tuple(row for rows in SUBJECTS.values() for row in rows)
