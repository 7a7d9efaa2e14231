"""Whose answer a by-id file is, where its folder does not say: read from its items, its object or its own name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from diagnosis.snapshots.kinds import Kind

_ID_IN_NAME = {
    "ec2.get_managed_prefix_list_entries": re.compile(r"pl-[0-9a-zA-Z]+"),
    "ec2.search_transit_gateway_routes": re.compile(r"tgw-rtb-[0-9a-zA-Z]+"),
    "ec2.get_transit_gateway_route_table_associations": re.compile(r"tgw-rtb-[0-9a-zA-Z]+"),
    "ec2.get_transit_gateway_route_table_propagations": re.compile(r"tgw-rtb-[0-9a-zA-Z]+"),
}


def arguments_within(kind: Kind, body: Mapping[str, Any], path: PurePosixPath) -> list[tuple[str, Mapping[str, Any]]]:
    """The ids or names that a by-id answer is for, each with its part of the answer; empty where nothing says it."""
    key = kind.results[0]
    match kind.call:
        case "ec2.describe_vpc_attribute":
            return _named(body.get("VpcId"), body)
        case "eks.describe_cluster":
            return _named(_member(body.get("cluster"), "name"), body)
        case "route53.get_hosted_zone":
            return _named(_last(_member(body.get("HostedZone"), "Id")), body)
        case "elbv2.describe_listeners":
            return _shared_out(key, body, lambda item: _part(item.get("LoadBalancerArn"), -2))
        case "elbv2.describe_rules":
            return _shared_out(key, body, lambda item: _part(item.get("RuleArn"), -2))
        case "efs.describe_mount_targets":
            return _shared_out(key, body, lambda item: item.get("FileSystemId"))
        case "directconnect.describe_direct_connect_gateway_associations":
            return _shared_out(key, body, lambda item: item.get("directConnectGatewayId"))
        case "directconnect.describe_direct_connect_gateway_attachments":
            return _shared_out(key, body, lambda item: item.get("directConnectGatewayId"))
        case "ecs.describe_tasks":
            return _shared_out(key, body, lambda item: _last(item.get("clusterArn")))
        case _:
            pattern = _ID_IN_NAME.get(kind.call)
            found = pattern.search(path.name.removesuffix(".json")) if pattern else None
            return _named(found.group() if found else None, body)


def _named(name: object, body: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(name, body)] if isinstance(name, str) and name else []


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _last(name: object) -> str | None:
    return name.rsplit("/", 1)[-1] if isinstance(name, str) else None


def _part(arn: object, index: int) -> str | None:
    parts = arn.split("/") if isinstance(arn, str) else []
    return parts[index] if len(parts) >= -index else None


def _shared_out(
    key: str, body: Mapping[str, Any], owner: Callable[[Mapping[str, Any]], object]
) -> list[tuple[str, Mapping[str, Any]]]:
    """One answer for each owner that the items name; none at all where an item names none."""
    listed = body.get(key)
    shares: dict[str, list[Any]] = {}
    for item in listed if isinstance(listed, list) else ():
        name = owner(item) if isinstance(item, dict) else None
        if not isinstance(name, str) or not name:
            return []
        shares.setdefault(name, []).append(item)
    return [(name, {**body, key: items}) for name, items in shares.items()]
