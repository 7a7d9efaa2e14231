"""Transit gateways put together from their calls: one record per attachment and gateway, one table with its routes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from diagnosis.network.described import Described
from diagnosis.network.shape import Item
from diagnosis.network.transit_gateways import (
    Transit,
    TransitGatewayAttachment,
    TransitGatewayRouteTable,
    as_attachment,
    parse_attachment,
    parse_transit_gateway,
    parse_transit_gateway_table,
    sides_of_peering,
)
from diagnosis.network.vpcs import Origins

T = TypeVar("T")
Where = tuple[str, str]
ROUTES = "ec2.search_transit_gateway_routes"
ASSOCIATIONS = "ec2.get_transit_gateway_route_table_associations"


class Reader(Protocol):
    """The answers of the calls that take no id, and how a value is read from them without raising."""

    described: Described

    def lists(self, call: str, key: str) -> Iterator[tuple[Where, Item]]:
        """Each object under `key` of a call's answers, with its account and Region."""

    def entities(self, call: str, key: str, id_key: str, parse: Callable[[Item, Origins], T]) -> dict[str, T]:
        """One value per id."""

    def parsed(self, what: str, identity: str, parse: Callable[..., T], *arguments: object) -> T | None:
        """The value, or None with a warning."""


Merge = Callable[[list[tuple[Where, Item]]], tuple[Item, Origins]]


def transit(reader: Reader, merged: Merge) -> Transit:
    """Everything about transit gateways. `merged` makes one object out of several accounts' views of it."""
    attachments = _attachments(reader, merged)
    return Transit(
        gateways=reader.entities(
            "ec2.describe_transit_gateways", "TransitGateways", "TransitGatewayId", parse_transit_gateway
        ),
        attachments=attachments,
        tables=_tables(reader, merged),
        names={a.id: a.name for a in attachments},
    )


def _attachments(reader: Reader, merged: Merge) -> tuple[TransitGatewayAttachment, ...]:
    found: defaultdict[tuple[str, str], list[tuple[Where, Item]]] = defaultdict(list)
    for where, item in _records(reader):
        gateway, identity = str(item.get("TransitGatewayId") or ""), str(item.get("TransitGatewayAttachmentId") or "")
        if gateway and identity:
            found[gateway, identity].append((where, item))
    values = []
    for gateway, identity in sorted(found):
        whole, origins = merged(found[gateway, identity])
        value = reader.parsed(f"TransitGatewayAttachments {identity}", identity, parse_attachment, whole, origins)
        if value is not None:
            values.append(value)
    return tuple(values)


def _records(reader: Reader) -> Iterator[tuple[Where, Item]]:
    """Every record of an attachment by the names of `TransitGatewayAttachments`."""
    for where, item in reader.lists("ec2.describe_transit_gateway_attachments", "TransitGatewayAttachments"):
        # The gateway's owner sees which route table an attachment is associated with: its view comes first.
        owner = item.get("TransitGatewayOwnerId")
        yield where, {**item, "OwnerId": owner, "listed": (owner is not None and where[0] in (owner, "")) or None}
    for where, item in reader.lists("ec2.describe_transit_gateway_vpc_attachments", "TransitGatewayVpcAttachments"):
        yield where, as_attachment(item)
    for where, item in reader.lists(
        "ec2.describe_transit_gateway_peering_attachments", "TransitGatewayPeeringAttachments"
    ):
        identity = str(item.get("TransitGatewayAttachmentId"))
        sides = reader.parsed(
            f"TransitGatewayPeeringAttachments {identity}", identity, lambda entry: list(sides_of_peering(entry)), item
        )
        for side in sides or ():
            yield where, side
    for where, item in reader.lists("ec2.describe_transit_gateway_connects", "TransitGatewayConnects"):
        yield where, {**item, "ResourceType": "connect", "Options": None}


def _tables(reader: Reader, merged: Merge) -> Mapping[str, TransitGatewayRouteTable]:
    """Route tables by id, known from their list or from an answer about one of them."""
    listed: defaultdict[str, list[tuple[Where, Item]]] = defaultdict(list)
    for where, item in reader.lists("ec2.describe_transit_gateway_route_tables", "TransitGatewayRouteTables"):
        listed[str(item.get("TransitGatewayRouteTableId") or "")].append((where, item))
    answers: dict[str, dict[str, Mapping[str, Any]]] = {ROUTES: {}, ASSOCIATIONS: {}}
    for call, answer in sorted(reader.described.answers.items(), key=lambda pair: (pair[0][:3], pair[0][3] or "")):
        if call.argument and call.name in answers:
            answers[call.name].setdefault(call.argument, answer)
            listed[call.argument].append(((call.account, call.region), {"TransitGatewayRouteTableId": call.argument}))
    found = {}
    partial = [u.error for u in reader.described.unseen if u.call == ROUTES]
    for identity in sorted(filter(None, listed)):
        item, origins = merged(listed[identity])
        if any(identity in error for error in partial):
            answers[ROUTES].pop(identity, None)
        value = reader.parsed(
            f"TransitGatewayRouteTables {identity}",
            identity,
            parse_transit_gateway_table,
            item,
            answers[ROUTES].get(identity),
            answers[ASSOCIATIONS].get(identity),
            origins,
        )
        if value is not None:
            found[identity] = value
    return found
