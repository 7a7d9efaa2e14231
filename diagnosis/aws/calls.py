"""One read call to AWS: what is sent, all its pages joined, and the plain JSON value that comes back.

The value is exactly what the snapshot folder would hold: only the results that the table of kinds names, timestamps as
ISO 8601 text, no secrets.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from diagnosis.network.described import Call
from diagnosis.snapshots.kinds import GLOBAL, KINDS, Batch, Each, Kind
from diagnosis.snapshots.redact import redact

_EC2_PAGE = 1000
"""The most that EC2 takes as MaxResults where its service model does not say."""


class NotInThisBoto(Exception):
    """The installed boto3 is older than the call."""


@dataclass(frozen=True, slots=True)
class Request:
    """A call that is to be made."""

    kind: Kind
    region: str
    """The Region whose client makes it."""
    argument: str | None = None
    parameters: tuple[Mapping[str, Any], ...] = ({},)
    """What is sent; with several the call is made once with each and the answers are joined."""

    def call(self, account: str) -> Call:
        """The name under which the answer is kept."""
        return Call(self.kind.call, account, GLOBAL if self.kind.everywhere else self.region, self.argument)


def with_parents(calls: Iterable[str]) -> dict[str, Kind]:
    """The kinds of these calls and of the calls that list what they are asked about, in the table's order."""
    wanted = set(calls)
    unsettled = set(wanted)
    while unsettled:
        per = KINDS[unsettled.pop()].per
        if per is not None and per.of not in wanted:
            wanted.add(per.of)
            unsettled.add(per.of)
    return {call: kind for call, kind in KINDS.items() if call in wanted}


def first_requests(kinds: Iterable[Kind], regions: tuple[str, ...]) -> Iterator[Request]:
    """The calls that need no id: one a Region, or one in all for services that have no Region."""
    for kind in kinds:
        if kind.per is None:
            for region in regions[:1] if kind.everywhere else regions:
                yield Request(kind, region, None, kind.variants)


def follow_ups(kinds: Iterable[Kind], request: Request, answer: Mapping[str, Any]) -> Iterator[Request]:
    """The by-id calls that an answer gives rise to, one for each thing that it lists."""
    for kind in kinds:
        per = kind.per
        if per is None or per.of != request.kind.call:
            continue
        match per:
            case Each():
                for name, value in sorted(_listed(per, answer).items()):
                    sent = tuple({**variant, per.parameter: value} for variant in kind.variants)
                    yield Request(kind, request.region, name, sent)
            case Batch():
                items = answer.get(per.items) or []
                batches = (items[start : start + per.size] for start in range(0, len(items), per.size))
                sent = tuple({per.owner: request.argument, per.parameter: some} for some in batches)
                if sent:
                    yield Request(kind, request.region, request.argument, sent)


def _listed(each: Each, answer: Mapping[str, Any]) -> dict[str, str]:
    """Name of the answer → what is sent, for each item of the listing answer that is asked about."""
    found = {}
    for item in answer.get(each.items) or ():
        if isinstance(item, str):
            found[item.rsplit("/", 1)[-1]] = item
        elif all(_is_set(item, each.only[: depth + 1]) for depth in range(len(each.only))):
            value, name = item.get(each.send), item.get(each.name)
            if isinstance(value, str) and isinstance(name, str):
                found[name.rsplit("/", 1)[-1]] = value
    return found


def _is_set(item: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    value: Any = item
    for member in path:
        value = value.get(member) if isinstance(value, dict) else None
    return bool(value)


def answer_of(client: Any, request: Request) -> dict[str, Any]:
    """Makes the call with every page of it. Raises what boto3 raises, and NotInThisBoto."""
    kind = request.kind
    if kind.method not in client.meta.method_to_api_mapping:
        raise NotInThisBoto(kind.call)
    whole: dict[str, Any] = {}
    for parameters in request.parameters:
        for page in _pages(client, kind, dict(parameters)):
            for key in kind.results:
                if key not in page:
                    continue
                value = plain(page[key])
                if isinstance(value, list) and isinstance(whole.get(key), list):
                    whole[key] += value
                else:
                    whole[key] = value
    if kind.holds != "object":
        whole.setdefault(kind.results[0], [])
    clean: dict[str, Any] = redact(whole)
    return clean


def _pages(client: Any, kind: Kind, parameters: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
    if client.can_paginate(kind.method):
        size = _page_size(client, kind)
        config = {"PaginationConfig": {"PageSize": size}} if size else {}
        yield from client.get_paginator(kind.method).paginate(**parameters, **config)
        return
    call = getattr(client, kind.method)
    page = call(**parameters)
    yield page
    shape = client.meta.service_model.operation_model(kind.operation).input_shape
    # Newer operations page before botocore describes how.
    for token in {"NextToken", "nextToken"} & set(shape.members if shape else ()):
        while page.get(token):
            page = call(**parameters, **{token: page[token]})
            yield page


def _page_size(client: Any, kind: Kind) -> int | None:
    """The largest page that AWS takes, so that there are few; None where its own default is as good."""
    shape = client.meta.service_model.operation_model(kind.operation).input_shape
    if not kind.paged or shape is None:
        return None
    for limit in ("MaxResults", "PageSize"):
        if limit in shape.members:
            most = shape.members[limit].metadata.get("max", _EC2_PAGE if kind.service == "ec2" else None)
            return min(_EC2_PAGE, most) if most else None
    return None


def plain(value: Any) -> Any:
    """The value as JSON holds it: times as ISO 8601 text in UTC, bytes as base64 (as the AWS CLI prints them)."""
    match value:
        case dict():
            return {name: plain(member) for name, member in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case datetime():
            return value.astimezone(UTC).isoformat()
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case _:
            return value
