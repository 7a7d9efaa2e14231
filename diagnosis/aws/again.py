"""Some components of a network, read again by id: what a fix touches, just before it is made and just after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from diagnosis.aws.calls import plain
from diagnosis.aws.errors import FAILURES, unavailable
from diagnosis.network.memo import Memo
from diagnosis.network.network import Network
from diagnosis.network.network_acls import parse_acl
from diagnosis.network.route_tables import parse_route_table
from diagnosis.network.security_groups import parse_group
from diagnosis.network.vpcs import Origins
from diagnosis.sources import SourceUnavailable

_VALUES = 200
"""So many values a filter takes (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html)."""
_FILTERS: Mapping[str, tuple[str, str]] = {
    "SecurityGroups": ("describe_security_groups", "group-id"),
    "SecurityGroupRules": ("describe_security_group_rules", "group-id"),
    "NetworkAcls": ("describe_network_acls", "network-acl-id"),
    "RouteTables": ("describe_route_tables", "route-table-id"),
}
Items = list[Mapping[str, Any]]


def read_again(network: Network, components: Collection[str], client: Callable[[str, str], Any]) -> Network:
    """The network with these groups, ACLs and route tables as AWS describes them now.

    `client` gives a boto3 client for a service and Region. One that does not exist any more is not in the network that
    comes back. A filter is asked, not ids: one that is gone must not hide the others. Raises SourceUnavailable,
    NotPermitted.
    """
    for region, ids in _by_region(network, components).items():
        ec2 = client("ec2", region)
        groups = [one for one in ids if one in network.groups]
        rules: defaultdict[str, Items] = defaultdict(list)
        for item in _described(ec2, "SecurityGroupRules", groups):
            rules[str(item.get("GroupId"))].append(item)
        now = {str(item.get("GroupId")): item for item in _described(ec2, "SecurityGroups", groups)}
        acls = {str(item.get("NetworkAclId")): item for item in _described(ec2, "NetworkAcls", ids & {*network.acls})}
        tables = {
            str(item.get("RouteTableId")): item
            for item in _described(ec2, "RouteTables", ids & {*network.route_tables})
        }
        try:
            network = _with(network, ids, now, rules, acls, tables)
        except ValueError as error:
            raise SourceUnavailable(f"AWS describes a component in a way that cannot be read: {error}.") from error
    return network


def _by_region(network: Network, components: Collection[str]) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for component in components:
        found[_origins(network, component)[0][1]].add(component)
    return found


def _origins(network: Network, component: str) -> Origins:
    for known in (network.groups, network.acls, network.route_tables):
        if component in known:
            return known[component].origins
    raise SourceUnavailable(f"{component} is no component that was seen before.")


def _described(ec2: Any, key: str, ids: Collection[str]) -> Iterator[Mapping[str, Any]]:
    method, name = _FILTERS[key]
    some = sorted(ids)
    try:
        for start in range(0, len(some), _VALUES):
            chosen = [{"Name": name, "Values": some[start : start + _VALUES]}]
            for page in ec2.get_paginator(method).paginate(Filters=chosen):
                yield from plain(page[key])
    except FAILURES as error:
        words = "".join(word.capitalize() for word in method.split("_"))
        raise unavailable(error, f"ec2:{words}") from error


def _with(
    network: Network,
    ids: Collection[str],
    groups: Mapping[str, Mapping[str, Any]],
    rules: Mapping[str, Items],
    acls: Mapping[str, Mapping[str, Any]],
    tables: Mapping[str, Mapping[str, Any]],
) -> Network:
    gone = {one for one in ids if one not in groups and one not in acls and one not in tables}
    for one, item in groups.items():
        network = network.with_group(parse_group(item, rules.get(one, []), network.groups[one].origins))
    for one, item in acls.items():
        network = network.with_acl(parse_acl(item, network.acls[one].origins))
    for one, item in tables.items():
        network = network.with_route_table(parse_route_table(item, network.route_tables[one].origins))
    return _without(network, gone) if gone else network


def _without(network: Network, gone: Collection[str]) -> Network:
    """The network without what does not exist any more. Nothing that was compiled is kept: it may name them."""
    return replace(
        network,
        groups={one: value for one, value in network.groups.items() if one not in gone},
        acls={one: value for one, value in network.acls.items() if one not in gone},
        route_tables={one: value for one, value in network.route_tables.items() if one not in gone},
        memo=Memo(),
    )
