"""What a button carries: the id of a proposal and its nonce, and nothing that could be believed."""

from __future__ import annotations

import hmac
import re
from typing import Final

from bot.approvals.proposal import Proposal

_VALUE: Final = re.compile(r"(fx[0-9a-f]{16}):([0-9a-f]{32})")


def button_value(proposal: Proposal) -> str:
    """Return the value of every button of a proposal."""
    return f"{proposal.id}:{proposal.nonce}"


def read_button(value: str) -> tuple[str, str] | None:
    """Return id and nonce of a value as it came back from Slack; None where it is not of that form."""
    found = _VALUE.fullmatch(value)
    return (found[1], found[2]) if found is not None else None


def is_genuine(proposal: Proposal, identity: str, nonce: str) -> bool:
    """Whether id and nonce are those of the proposal; how long it takes tells nothing of how much of them was right."""
    same_id = hmac.compare_digest(proposal.id.encode(), identity.encode())
    same_nonce = hmac.compare_digest(proposal.nonce.encode(), nonce.encode())
    return same_id and same_nonce
