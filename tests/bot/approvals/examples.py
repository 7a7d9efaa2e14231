"""Proposals and changes to test with."""

from __future__ import annotations

from typing import Any

from bot.approvals.proposal import Proposal
from diagnosis.fix.change import AclEntryChange, GroupRuleChange

GROUP_RULE = GroupRuleChange(
    component="sg-db", direction="ingress", protocol="tcp", from_port=3306, to_port=3306, cidr="10.0.1.10/32"
)
ACL_ENTRY = AclEntryChange(
    component="acl-db",
    direction="ingress",
    number=90,
    protocol="tcp",
    from_port=3306,
    to_port=3306,
    cidr="10.0.1.10/32",
)


def proposal(**values: Any) -> Proposal:
    known = {
        "id": "fx0123456789abcdef",
        "nonce": "00112233445566778899aabbccddeeff",
        "team": "T1",
        "channel": "C1",
        "thread": "1.0",
        "question_ref": "q1",
        "requester": "U1",
        "asker": "U1",
        "account": "123456789012",
        "region": "eu-west-1",
        "question": "{}",
        "fix": "{}",
        "changes": (GROUP_RULE,),
        "fingerprint": "f" * 64,
        "policy": "e" * 64,
        "proposed_at": 1000.0,
        "expires_at": 2800.0,
        "needed": 1,
    }
    return Proposal.model_validate({**known, **values})
