"""What the files of a snapshot folder gave → one Described, the same in whatever order and under whatever names.

Several files of one call are merged. Where the folders do not say whose an answer is, and the answers show exactly one
account (by OwnerId) or one Region (by zones and ARNs), it is theirs; with several it stays unnamed, and each entity is
placed by its own OwnerId and zone.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from diagnosis.network.described import Call, Described, Unseen
from diagnosis.snapshots.kinds import GLOBAL, KINDS
from diagnosis.snapshots.manifest import Manifest
from diagnosis.snapshots.recognise import Broken, Part

_OWNED = frozenset(
    {
        "ec2.describe_vpcs",
        "ec2.describe_subnets",
        "ec2.describe_network_interfaces",
        "ec2.describe_instances",
        "ec2.describe_security_groups",
        "ec2.describe_network_acls",
        "ec2.describe_route_tables",
    }
)
"""Calls whose items belong to the account that was asked (a gateway or prefix list may be another's)."""
_NO_REGION = frozenset({GLOBAL, "aws-global"})
_ZONE = re.compile(r"([a-z]{2,4}(?:-[a-z]+){1,3}-\d)[a-z-]")


def assemble(parts: Sequence[Part], broken: Sequence[Broken], manifest: Manifest, warnings: Iterable[str]) -> Described:
    """The Described of all files together."""
    accounts, regions = _places(parts, manifest)
    shared: defaultdict[Call, list[Part]] = defaultdict(list)
    for part in parts:
        shared[_placed(part.call, accounts, regions)].append(part)
    answers = {call: merged([part.body for part in shared[call]]) for call in sorted(shared, key=_order)}
    named = [_placed_gap(gap, accounts, regions) for gap in manifest.unseen]
    told = {(gap.call, gap.account, gap.region) for gap in named}
    found = [_unseen(_placed(item.call, accounts, regions), item.reason) for item in broken]
    warned = set(warnings)
    for call, files in shared.items():
        if all(part.unfinished for part in files):
            names = ", ".join(sorted({part.file for part in files}))
            found.append(_unseen(call, f"{names} holds only some pages"))
            if (call.name, call.account, call.region) not in told:
                warned.add(f"{names}: only some pages of the answer; {call.name} counts as unseen")
    return Described(
        answers=answers,
        unseen=one_per_call(named, found),
        asked=manifest.calls,
        taken_at=manifest.taken_at,
        accounts=accounts,
        regions=regions,
        warnings=tuple(sorted(warned)),
    )


def merged(bodies: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """One answer out of several files of it: lists joined in one fixed order without repetition, objects united."""
    if len(bodies) == 1:
        return bodies[0]
    whole: dict[str, Any] = {}
    for body in sorted(bodies, key=_canonical):
        for key, value in body.items():
            if isinstance(value, list) and isinstance(whole.get(key), list):
                whole[key] = whole[key] + value
            else:
                whole.setdefault(key, value)
    for key, value in whole.items():
        if isinstance(value, list):
            once = {_canonical(item): item for item in value}
            whole[key] = [once[text] for text in sorted(once)]
    return whole


def one_per_call(*groups: Iterable[Unseen]) -> tuple[Unseen, ...]:
    """One entry for each call, account and Region, sorted; an earlier group speaks for a later one."""
    errors: dict[tuple[str, str, str], list[str]] = {}
    for group in groups:
        settled = frozenset(errors)
        for gap in group:
            place = (gap.call, gap.account, gap.region)
            if place not in settled and gap.error not in errors.setdefault(place, []):
                errors[place].append(gap.error)
    return tuple(Unseen(*place, "; ".join(sorted(errors[place]))) for place in sorted(errors))


def _unseen(call: Call, reason: str) -> Unseen:
    return Unseen(call.name, call.account, call.region, reason)


def _placed_gap(gap: Unseen, accounts: Sequence[str], regions: Sequence[str]) -> Unseen:
    return _unseen(_placed(Call(gap.call, gap.account, gap.region), accounts, regions), gap.error)


def _placed(call: Call, accounts: Sequence[str], regions: Sequence[str]) -> Call:
    kind = KINDS.get(call.name)
    account = call.account or (accounts[0] if len(accounts) == 1 else "")
    region = call.region or (GLOBAL if kind and kind.everywhere else regions[0] if len(regions) == 1 else "")
    return call._replace(account=account, region=region)


def _places(parts: Sequence[Part], manifest: Manifest) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The accounts and Regions: as the manifest orders them, then the folders', then those that items show."""
    accounts = {part.call.account for part in parts} - {""}
    regions = {part.call.region for part in parts} - {"", *_NO_REGION}
    for part in parts:
        if not part.call.account and part.call.name in _OWNED:
            accounts |= _owners(part.body)
        if not part.call.region:
            regions |= _regions(part.body)
    return (
        (*manifest.accounts, *sorted(accounts - set(manifest.accounts))),
        (*manifest.regions, *sorted(regions - set(manifest.regions))),
    )


def _items(body: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    for value in body.values():
        for item in value if isinstance(value, list) else ():
            if isinstance(item, dict):
                yield item


def _owners(body: Mapping[str, Any]) -> set[str]:
    return {owner for item in _items(body) if isinstance(owner := item.get("OwnerId"), str) and owner}


def _regions(body: Mapping[str, Any]) -> set[str]:
    found = set()
    for item in _items(body):
        zone = item.get("AvailabilityZone")
        if isinstance(zone, str) and (match := _ZONE.match(zone)):
            found.add(match.group(1))
        for key, value in item.items():
            if key.endswith("Arn") and isinstance(value, str) and value.startswith("arn:"):
                found |= {region for region in value.split(":", 4)[3:4] if region}
    return found


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _order(call: Call) -> tuple[str, str, str, str]:
    return (call.name, call.account, call.region, call.argument or "")
