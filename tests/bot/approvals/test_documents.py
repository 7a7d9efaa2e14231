"""docs/approvals.md says what the code does."""

from __future__ import annotations

import re
from typing import get_args

from bot.approvals.states import diagram
from bot.approvals.violation import Code
from tests.house.source_tree import ROOT

PAGE = (ROOT / "docs" / "approvals.md").read_text(encoding="utf-8")


def test_the_diagram_of_the_states_is_the_one_of_the_table() -> None:
    found = re.search(r"<!-- states: .* -->\n\n```mermaid\n(.*?)\n```", PAGE, re.DOTALL)

    assert found is not None
    assert found[1] == diagram()


def test_every_guardrail_has_its_row() -> None:
    rows = re.findall(r"^\| `([a-z ]+)` \|", PAGE, re.MULTILINE)

    assert rows == sorted(get_args(Code))
