"""Whose the public addresses are that an answer speaks of: the account's own, a prefix list's, or AWS's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from diagnosis.answer import Answer, Stranger
from diagnosis.network.aws_ranges import EVERYTHING, AwsRange, AwsRanges, blocks_of
from diagnosis.network.network import Network
from diagnosis.network.owners import display_name
from diagnosis.network.prefix_lists import PrefixList
from diagnosis.summary import Summary
from diagnosis.traffic.addresses import format_address, format_cidrs, is_public, parse_address, parse_cidr
from diagnosis.traffic.intervals import IntervalSet

MOST = 1000
"""So many addresses are named: a summary may speak of more strangers than anyone reads."""
_WORD = re.compile(r"[0-9a-fA-F.:]+")

Ranges = Callable[[], AwsRanges | None]
"""Gives AWS's ranges where the operator has put them; asked only where there is an address to name."""


def with_strangers(answer: Answer, network: Network, ranges: Ranges) -> Answer:
    """The answer with names for the public addresses of its parties and of the flow-log lines that it shows."""
    found = strangers(network, spoken_of(answer), ranges)
    return answer.model_copy(update={"strangers": found}) if found else answer


def summary_with_strangers(summary: Summary, network: Network | None, ranges: Ranges) -> Summary:
    """The summary with names for the public addresses of its groups, of those that scan as well."""
    groups = (*summary.groups, *(total.example for total in summary.causes))
    found = strangers(network, (side for one in groups for side in (one.source, one.destination)), ranges)
    return summary.model_copy(update={"strangers": found}) if found else summary


def strangers(network: Network | None, addresses: Iterable[str], ranges: Ranges) -> tuple[Stranger, ...]:
    """Those of the addresses that are public and known, in the order in which they come."""
    numbers = list(dict.fromkeys(number for text in addresses if (number := _public(text)) is not None))[:MOST]
    if not numbers:
        return ()
    blocks, aws = _blocks(network), ranges()
    named = (_stranger(network, blocks, aws, number) for number in numbers)
    return tuple(one for one in named if one is not None)


def spoken_of(answer: Answer) -> Iterator[str]:
    """Texts of an answer that may be addresses: of its parties, and of the flow-log lines that it shows."""
    question = answer.question
    yield from (party.value for party in (question.source, question.destination) if party is not None and party.value)
    yield from _WORD.findall(f"{answer.source_name} {answer.destination_name}")
    logs = answer.evidence.flow_logs
    for line in logs.lines if logs is not None else ():
        yield from line.split()


def _public(text: str) -> int | None:
    if "." not in text and ":" not in text:
        return None
    try:
        number = parse_address(text)
    except ValueError:
        return None
    return number if is_public(number) else None


def _blocks(network: Network | None) -> dict[IntervalSet, PrefixList]:
    """Prefix lists by each of their ranges. One that holds everything names nobody."""
    found: dict[IntervalSet, PrefixList] = {}
    for one in sorted(network.prefix_lists.values(), key=lambda each: each.id) if network is not None else ():
        for cidr in one.cidrs or ():
            if not cidr.endswith("/0"):
                found.setdefault(parse_cidr(cidr), one)
    return found


def _stranger(
    network: Network | None, lists: dict[IntervalSet, PrefixList], aws: AwsRanges | None, number: int
) -> Stranger | None:
    """The account's own first; then the smallest range that anybody names, a prefix list's before AWS's of its size."""
    address = format_address(number)
    holders = (network.holders(number) or network.by_public_address.get(number, ())) if network is not None else ()
    if network is not None and holders:
        named = [display_name(network, holder) or holder for holder in holders]
        return Stranger(address=address, name=", ".join(named), known_by="account")
    for block in blocks_of(number):
        if block in lists:
            listed = lists[block]
            name = f"prefix list {listed.name or listed.id}"
            return Stranger(address=address, name=name, known_by="prefix list", range=format_cidrs(block)[0])
        if aws is not None and block in aws.ranges:
            return _of_aws(address, aws.ranges[block], aws.made_at)
    return None


def _of_aws(address: str, found: AwsRange, made_at: str) -> Stranger:
    services = () if found.services == (EVERYTHING,) else found.services
    where = "" if found.region == "GLOBAL" else f" in {found.region}"
    return Stranger(
        address=address,
        name=f"AWS {' or '.join(services)}".rstrip() + where,
        known_by="ip-ranges",
        range=found.cidr,
        services=services,
        region=found.region,
        as_of=made_at,
    )
