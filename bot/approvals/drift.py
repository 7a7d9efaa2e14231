"""Whether the account is still what a fix was proven on: a fingerprint of what the fix touches and of why it is needed.

Who holds a group is no part of it: instances come and go all the time. What a fix would open for them is worked out
again before it is applied (`guardrails.check`).
"""

from __future__ import annotations

import hashlib
import json
from typing import Final

from diagnosis.fix.change import Change
from diagnosis.investigate import tracer
from diagnosis.network.network import Network
from diagnosis.question.parties import NotFound
from diagnosis.question.question import Question

PATH: Final = "the path"


def fingerprint(network: Network, question: Question, changes: tuple[Change, ...]) -> str:
    """Of the rules of what the changes edit, and of what blocks the question; compare two by `drifted`."""
    parts = {change.component: _component(network, change.component) for change in changes}
    return json.dumps({**parts, PATH: _path(network, question)}, sort_keys=True)


def drifted(then: str, now: str) -> tuple[str, ...]:
    """What differs between two fingerprints: ids of components, and PATH; empty where nothing does."""
    first, second = json.loads(then), json.loads(now)
    return tuple(sorted(key for key in {*first, *second} if first.get(key) != second.get(key)))


def _component(network: Network, component: str) -> str | None:
    if component in network.groups:
        group = network.groups[component]
        return _hash(group.account, group.vpc, sorted(str(rule.identity) for rule in group.rules))
    if component in network.acls:
        acl = network.acls[component]
        return _hash(acl.account, acl.vpc, acl.subnets, [str(entry) for entry in acl.entries])
    table = network.route_tables.get(component)
    return _hash(table.vpc, [str(route) for route in table.routes]) if table is not None else None


def _path(network: Network, question: Question) -> str:
    """Of every rule that drops the asked traffic."""
    if question.source is None or question.destination is None:
        return _hash("not two parties")
    retrace = tracer(network, question)
    if isinstance(retrace, NotFound):
        return _hash("not found", retrace.side, retrace.text)
    found = {
        (leg, blocker.code.value, blocker.component, blocker.direction, blocker.rule)
        for one in retrace(network)
        for leg, blocker in one.blockers()
    }
    return _hash(sorted(str(blocker) for blocker in found))


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
