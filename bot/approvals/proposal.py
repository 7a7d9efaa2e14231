"""A proposal: one proven fix put to the people who may decide, as it was at that moment. It never changes.

How far it is stands in the store (`states.py`), what was done for it in the ledger.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from diagnosis.fix.change import AclEntryChange, GroupRuleChange, RouteChange

ID: Final = r"^fx[0-9a-f]{16}$"
NONCE: Final = r"^[0-9a-f]{32}$"
_STAMP: Final = "whynot:"

ManagedBy = Literal["Terraform", "CloudFormation"]


class Proposal(BaseModel):
    """One fix for one question. Times are Unix seconds, `thread` is Slack's `ts`.

    Buttons carry `id` and `nonce` and nothing else: whatever is applied is read from here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, StringConstraints(pattern=ID)]
    nonce: Annotated[str, StringConstraints(pattern=NONCE)]
    """Drawn at random: who has not been shown a button cannot know it."""
    team: str
    """The workspace."""
    channel: str
    thread: str
    question_ref: str
    """The stored question that it answers."""
    requester: str
    """Who asked for the proposal."""
    asker: str
    """Who asked the question."""
    account: str
    region: str
    question: str
    """The Question as JSON: what may be opened, and nothing beyond it."""
    fix: str
    """The Fix of the answer as JSON."""
    changes: Annotated[
        tuple[Annotated[GroupRuleChange | AclEntryChange | RouteChange, Field(discriminator="kind")], ...],
        Field(min_length=1),
    ]
    fingerprint: str
    """Of what the changes touch, as it was when the fix was proven: `drift.fingerprint`."""
    policy: str
    """Of the settings under which it was proposed: `policy.policy_hash`."""
    proposed_at: float
    expires_at: float
    needed: Annotated[int, Field(ge=1)]
    """How many approvals."""
    undo_after: Annotated[int, Field(gt=0)] | None = None
    """Seconds after which it undoes itself; chosen at approval."""
    managed_by: ManagedBy | None = None
    """What else owns a group or ACL that it touches, and will undo the change the next time it runs."""

    @property
    def stamp(self) -> str:
        """What the description of a rule says that was made for this proposal: characters that EC2 allows there.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
        """
        return _STAMP + self.id
