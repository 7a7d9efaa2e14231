"""The demo: the main job on the embedded account, and the proof that the fix works on the model."""

from __future__ import annotations

from collections.abc import Iterator

from diagnosis.answer import Answer
from diagnosis.evidence.query import LAST_HOUR_FIRST
from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, RouteChange, apply_all
from diagnosis.flowlogs.files import FlowLogFiles
from diagnosis.investigate import Asked, investigate
from diagnosis.network.build import build
from diagnosis.question.parse import parse
from diagnosis.snapshots.embedded_account import flow_logs_folder, snapshot_folder
from diagnosis.snapshots.read import read_snapshot
from diagnosis.terminal.render import render

QUESTION = "why can't 10.0.1.10 reach RDS on 3306"
KINDS: dict[str, type[Change]] = {
    "security-group-rule": GroupRuleChange,
    "network-acl-entry": AclEntryChange,
    "route": RouteChange,
}


def run_demo(*, colour: bool, explain: bool) -> Iterator[str]:
    """The demo's output, part by part."""
    network = build(read_snapshot(snapshot_folder()))
    asked = Asked(parse(QUESTION), LAST_HOUR_FIRST)
    yield f'$ whynot ask "{QUESTION}"\n'
    answer = investigate(network, asked, FlowLogFiles([flow_logs_folder()]))
    assert isinstance(answer, Answer)
    yield render(answer, colour=colour, explain=explain)
    first = answer.fixes[0]
    yield f"The same question after fix 1 on the model ({first.commands[0]}):\n"
    changes = tuple(KINDS[str(c["kind"])].model_validate(c) for c in first.changes)
    after = investigate(apply_all(changes, network), asked, None)
    assert isinstance(after, Answer)
    yield render(after, colour=colour, explain=False)
