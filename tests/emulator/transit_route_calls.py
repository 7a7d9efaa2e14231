"""SearchTransitGatewayRoutes with what moto lacks: propagated routes, searches by prefix, pages, errors.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SearchTransitGatewayRoutes.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response

from tests.emulator.faults import FAULTS, Faults
from tests.emulator.operations import install_actions

Prefix = IPv4Network | IPv6Network
_TEXTS: Mapping[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "type": lambda route: [route["Type"]],
    "state": lambda route: [route["State"]],
    "prefix-list-id": lambda route: [route["PrefixListId"]] if route.get("PrefixListId") else [],
    "attachment.transit-gateway-attachment-id": lambda route: _of_attachments(route, "TransitGatewayAttachmentId"),
    "attachment.resource-id": lambda route: _of_attachments(route, "ResourceId"),
    "attachment.resource-type": lambda route: _of_attachments(route, "ResourceType"),
}


def install_transit_routes(faults: Faults = FAULTS) -> None:
    """Replace moto's own."""

    def search(response: Any) -> ActionResult:
        return _search(response, faults)

    install_actions(EC2Response, {"search_transit_gateway_routes": search})


def _search(response: Any, faults: Faults) -> ActionResult:
    backend, name = response.ec2_backend, response._get_param("TransitGatewayRouteTableId")
    table = backend.transit_gateways_route_tables.get(name)
    if table is None or table.state == "deleted":
        raise EC2ClientError("InvalidRouteTableID.NotFound", f"Transit Gateway Route Table {name} was not found.")
    filters = [(one.get("Name", ""), list(one.get("Values") or ())) for one in response._get_param("Filters") or ()]
    if not filters:
        raise EC2ClientError("MissingParameter", "The request must contain the parameter Filters")
    found = list(_routes(backend, table))
    for key, values in filters:
        found = _filtered(found, key, values)
    most, start = int(response._get_param("MaxResults") or 1000), int(response._get_param("NextToken") or 0)
    if not 5 <= most <= 1000:
        raise EC2ClientError("InvalidParameterValue", f"Value ({most}) for MaxResults is invalid.")
    end = start + min(most, faults.page)
    more = {"NextToken": str(end)} if end < len(found) else {}
    return ActionResult({"Routes": found[start:end], "AdditionalRoutesAvailable": bool(more), **more})


def _routes(backend: Any, table: Any) -> Iterator[dict[str, Any]]:
    """Static routes, then those propagated by attachments of VPCs; a static one hides the propagated of its prefix."""
    for cidr, route in table.routes.items():
        attached = route.get("transitGatewayAttachments")
        yield {
            "DestinationCidrBlock": cidr,
            "Type": route["type"],
            "State": route["state"],
            "TransitGatewayAttachments": [{name[:1].upper() + name[1:]: value for name, value in attached.items()}]
            if attached
            else [],
        }
    for propagation in table.route_table_propagation:
        vpc = backend.vpcs.get(propagation.resourceId)
        for cidr in [one["cidr_block"] for one in vpc.get_cidr_block_association_set()] if vpc else ():
            if cidr not in table.routes:
                yield {
                    "DestinationCidrBlock": cidr,
                    "Type": "propagated",
                    "State": "active",
                    "TransitGatewayAttachments": [
                        {
                            "ResourceId": propagation.resourceId,
                            "ResourceType": propagation.resourceType,
                            "TransitGatewayAttachmentId": propagation.transitGatewayAttachmentId,
                        }
                    ],
                }


def _of_attachments(route: Mapping[str, Any], member: str) -> list[str]:
    return [one[member] for one in route["TransitGatewayAttachments"]]


def _filtered(routes: list[dict[str, Any]], key: str, values: list[str]) -> list[dict[str, Any]]:
    if key in _TEXTS:
        return [route for route in routes if set(_TEXTS[key](route)) & set(values)]
    way = key.removeprefix("route-search.")
    if way == key or way not in {"exact-match", "longest-prefix-match", "subnet-of-match", "supernet-of-match"}:
        raise EC2ClientError("InvalidParameterValue", f"The filter '{key}' is invalid")
    chosen: list[dict[str, Any]] = []
    for value in values:
        try:
            wanted = ip_network(value)
        except ValueError:
            raise EC2ClientError("InvalidParameterValue", f"({value}) is no CIDR block") from None
        chosen += [route for route in _by_prefix(routes, way, wanted) if route not in chosen]
    return [route for route in routes if route in chosen]


def _by_prefix(routes: list[dict[str, Any]], way: str, wanted: Prefix) -> list[dict[str, Any]]:
    def covers(outer: Prefix, inner: Prefix) -> bool:
        return outer.version == inner.version and inner.subnet_of(outer)  # type: ignore[arg-type]

    prefixes = [(route, ip_network(route["DestinationCidrBlock"])) for route in routes]
    match way:
        case "exact-match":
            return [route for route, prefix in prefixes if prefix == wanted]
        case "subnet-of-match":
            return [route for route, prefix in prefixes if covers(wanted, prefix)]
        case "supernet-of-match":
            return [route for route, prefix in prefixes if covers(prefix, wanted)]
        case _:
            over = [(prefix.prefixlen, route) for route, prefix in prefixes if covers(prefix, wanted)]
            longest = max((length for length, _ in over), default=0)
            return [route for length, route in over if length == longest]
