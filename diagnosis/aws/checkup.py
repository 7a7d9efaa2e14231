"""The read calls of an account as findings: which are answered, which are denied, and what an administrator grants."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from diagnosis.aws.account import LiveAccount
from diagnosis.finding import Finding
from diagnosis.network.described import Described, Unseen
from diagnosis.snapshots.kinds import KINDS
from diagnosis.sources import SourceUnavailable

CALLS = "read calls"
POLICY = "deploy/read-policy.json"
"""Holds every action that is asked for."""
_DENIED = "not permitted: needs "
_ABSENT = re.compile(r"not offered here|failed: (HTTP )?\d{3}$")
"""A bare status is no answer of AWS's, whose errors have a code and a sentence, but that of something in its place."""


def read_calls(account: LiveAccount) -> tuple[list[Finding], Described | None]:
    """Make every read call, and say what came of it; what was described is None where nobody could be asked."""
    try:
        identity = account.account_id()
        described = account.described(KINDS)
    except SourceUnavailable as error:
        return [Finding("credentials", "missing", str(error))], None
    regions = ", ".join(account.regions)
    known = Finding("credentials", "well", f"account {identity}; Regions asked: {regions}")
    return [known, *_of_calls(described)], described


def _of_calls(described: Described) -> Iterator[Finding]:
    denied = [gap for gap in described.unseen if _DENIED in gap.error]
    absent = [gap for gap in described.unseen if gap not in denied and _ABSENT.search(gap.error)]
    failed = [gap for gap in described.unseen if gap not in denied and gap not in absent]
    answered = {call.name for call in described.answers}
    yield Finding(CALLS, "note" if described.unseen else "well", f"{len(answered)} of {len(KINDS)} were answered")
    for regions, actions in _by_regions(denied):
        said = (
            f"not permitted in {regions}: {', '.join(actions)}. An account administrator can grant {_them(actions)}: "
        )
        yield Finding(CALLS, "missing", f"{said}{POLICY} holds every action that is needed.")
    for gap in failed:
        yield Finding(CALLS, "missing", f"{gap.call} in {gap.region}: {gap.error}. Run doctor again in a minute.")
    for regions, actions in _by_regions(absent):
        yield Finding(CALLS, "note", f"not offered in {regions}: {', '.join(actions)}")
    untried = sorted(
        {KINDS[call].action for call in KINDS if call not in answered | {g.call for g in described.unseen}}
    )
    if untried:
        yield Finding(CALLS, "note", f"not tried, since there is nothing to ask about: {', '.join(untried)}")


def _by_regions(gaps: Iterable[Unseen]) -> list[tuple[str, list[str]]]:
    """Regions with the IAM actions that failed in just these."""
    places: defaultdict[str, set[str]] = defaultdict(set)
    for gap in gaps:
        places[KINDS[gap.call].action].add(gap.region)
    found: defaultdict[str, list[str]] = defaultdict(list)
    for action, regions in sorted(places.items()):
        found[", ".join(sorted(regions))].append(action)
    return sorted(found.items())


def _them(actions: list[str]) -> str:
    return "it" if len(actions) == 1 else "them"
