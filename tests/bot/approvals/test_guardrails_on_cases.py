"""The guardrails on the golden cases: which proven fixes pass, and that nothing wider than a fix that passes does."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from pydantic import TypeAdapter

from bot.approvals.guardrails import check
from bot.settings.fixes import FixSettings
from diagnosis.answer import Answer
from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange
from diagnosis.investigate import Asked, investigate
from diagnosis.network.build import build
from diagnosis.question.parse import parse
from diagnosis.snapshots.read import read_snapshot
from tests.case_folder import Case, all_cases

CHANGES: TypeAdapter[tuple[Change, ...]] = TypeAdapter(tuple[Change, ...])
STOPPED = {
    # Another connection, on another port or the other way round, is opened by the same entry.
    "acl-of-the-source-denies-outbound": {"opens more"},
    "group-and-acl-both": {"opens more"},
    # Whoever sends by the NAT gateway gets its replies on every port.
    "nat-subnet-acl-lacks-the-replies": {"opens more"},
    # A rule for all protocols lets in messages that no question asks for.
    "no-port-means-every-port": {"wider than asked"},
    "internet-to-a-closed-group": {"anybody"},
}
"""Of the cases whose fix is of groups and ACLs only, those that no button applies."""


def wider(change: Change) -> Iterator[Change]:
    """Changes that open a little more than this one, or all."""
    if not isinstance(change, GroupRuleChange | AclEntryChange):
        return
    low, high = change.from_port, change.to_port
    if change.protocol in ("tcp", "udp") and low is not None and high is not None:
        if low == high:
            yield change.model_copy(update={"to_port": high + 1})
            yield change.model_copy(update={"from_port": low - 1})
        # Of a range for replies, more may belong to what was asked, but never all ports.
        yield change.model_copy(update={"from_port": 0, "to_port": 65_535})
    if change.protocol != "-1":
        yield change.model_copy(update={"protocol": "-1", "from_port": None, "to_port": None})
    if change.cidr is not None and not change.cidr.endswith("/0"):
        network = ip_network(change.cidr)
        for shorter in {network.prefixlen - 1, network.prefixlen // 2, 0}:
            yield change.model_copy(update={"cidr": str(network.supernet(new_prefix=shorter))})


@pytest.mark.parametrize("case", [c for c in all_cases() if c.expected.get("fix")], ids=lambda case: case.name)
def test_a_proven_fix_passes_or_is_known_not_to_and_a_wider_one_never_passes(case: Case) -> None:
    network, question = build(read_snapshot(case.account)), parse(case.question)
    answer = investigate(network, Asked(question), None)
    assert isinstance(answer, Answer)
    for fix in answer.fixes:
        changes = CHANGES.validate_python(fix.changes)
        codes = {found.code for found in check(network, question, changes, FixSettings())}
        if any(change.kind == "route" for change in changes):
            assert "not by button" in codes
            continue
        assert codes == STOPPED.get(case.name, set())
        for place, change in enumerate(changes):
            for more in () if codes else wider(change):
                widened = (*changes[:place], more, *changes[place + 1 :])
                stopped = {found.code for found in check(network, question, widened, FixSettings())}
                assert stopped & {"wider than asked", "too public", "anybody", "opens more"}, more
