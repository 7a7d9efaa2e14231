"""A proposal is what was put to the people who decide, whole and unchanging."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from bot.approvals.proposal import Proposal
from tests.bot.approvals.examples import ACL_ENTRY, GROUP_RULE, proposal


def test_a_proposal_comes_back_from_its_json_as_it_was() -> None:
    one = proposal(changes=(GROUP_RULE, ACL_ENTRY), undo_after=3600, managed_by="Terraform")

    assert Proposal.model_validate_json(one.model_dump_json()) == one


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "fx0123"},
        {"id": "fx0123456789ABCDEF"},
        {"id": "fx0123456789abcdef\n"},
        {"nonce": ""},
        {"changes": ()},
        {"changes": ({"kind": "instance", "component": "i-1"},)},
        {"needed": 0},
        {"undo_after": 0},
        {"approved": True},
    ],
)
def test_a_proposal_that_is_none_is_not_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        proposal(**wrong)


def test_a_proposal_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        proposal().needed = 0


def test_the_stamp_is_one_that_ec2_takes_as_a_description() -> None:
    assert proposal().stamp == "whynot:fx0123456789abcdef"
    assert re.fullmatch(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}", proposal().stamp)
