"""Load balancers put together from their calls: listeners, rules, targets and attributes come by name or id."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from diagnosis.network.described import Described
from diagnosis.network.load_balancers import (
    Attributes,
    Listener,
    LoadBalancer,
    TargetGroup,
    parse_attributes,
    parse_classic,
    parse_classic_attributes,
    parse_listener,
    parse_load_balancer,
    parse_target_group,
)
from diagnosis.network.shape import Item

T = TypeVar("T")
Where = tuple[str, str]


class Reader(Protocol):
    """The answers of the calls that take no id, and how a value is read from them without raising."""

    described: Described

    def lists(self, call: str, key: str) -> Iterator[tuple[Where, Item]]:
        """Each object under `key` of a call's answers, with its account and Region."""

    def parsed(self, what: str, identity: str, parse: Callable[..., T], *arguments: object) -> T | None:
        """The value, or None with a warning."""


class ByName:
    """The answers of the calls that take a name or id."""

    def __init__(self, described: Described) -> None:
        self._answers: dict[tuple[str, str], dict[Where, Mapping[str, Any]]] = {}
        for call, answer in described.answers.items():
            if call.argument is not None:
                self._answers.setdefault((call.name, call.argument), {})[call.account, call.region] = answer

    def answer(self, call: str, argument: str, where: Where) -> Mapping[str, Any] | None:
        """The answer given where the thing was seen, or the only one of its name."""
        known = self._answers.get((call, argument), {})
        if where in known:
            return known[where]
        return next(iter(known.values())) if len(known) == 1 else None

    def listed(self, call: str, argument: str, where: Where, key: str) -> list[Item] | None:
        """The objects under `key` of that answer; None where it was not seen."""
        answer = self.answer(call, argument, where)
        entries = answer.get(key) if answer is not None else None
        return [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else None


def load_balancers(reader: Reader) -> tuple[LoadBalancer, ...]:
    """Every load balancer of every generation, by name."""
    by_name = ByName(reader.described)
    found: dict[tuple[str, str | None], LoadBalancer] = {}
    for where, item in reader.lists("elbv2.describe_load_balancers", "LoadBalancers"):
        name = str(item.get("LoadBalancerName"))
        attributes = _attributes(reader, by_name, "elbv2.describe_load_balancer_attributes", name, where)
        listeners = _listeners(reader, by_name, item, where)
        known = reader.parsed(f"LoadBalancers {name}", name, parse_load_balancer, item, (where,), listeners, attributes)
        if known is not None:
            found.setdefault((known.id, known.vpc), known)
    for where, item in reader.lists("elb.describe_load_balancers", "LoadBalancerDescriptions"):
        name = str(item.get("LoadBalancerName"))
        answer = by_name.answer("elb.describe_load_balancer_attributes", name, where)
        body = answer.get("LoadBalancerAttributes") if answer is not None else None
        switches = None
        if isinstance(body, dict):
            switches = reader.parsed(f"LoadBalancerAttributes {name}", name, parse_classic_attributes, body)
        classic = reader.parsed(f"LoadBalancerDescriptions {name}", name, parse_classic, item, (where,), switches)
        if classic is not None:
            found.setdefault((classic.id, classic.vpc), classic)
    return tuple(sorted(found.values(), key=lambda b: (b.name, b.id, b.vpc or "")))


def _listeners(reader: Reader, by_name: ByName, balancer: Item, where: Where) -> tuple[Listener, ...] | None:
    """The listeners of a load balancer; None where they, or one of them, could not be read."""
    name, arn = str(balancer.get("LoadBalancerName")), balancer.get("LoadBalancerArn")
    if str(balancer.get("Type")).lower() == "gateway":
        return ()  # Its listener has neither port nor protocol, and is not judged.
    items = by_name.listed("elbv2.describe_listeners", name, where, "Listeners")
    if items is None:
        return None
    found = []
    for item in items:
        if arn and item.get("LoadBalancerArn") not in (None, arn):
            continue
        identity = str(item.get("ListenerArn") or "").rsplit("/", 1)[-1]
        rules = by_name.listed("elbv2.describe_rules", identity, where, "Rules")
        known = reader.parsed(f"Listeners {identity}", identity, parse_listener, item, rules)
        if known is None:
            return None
        found.append(known)
    return tuple(sorted(found, key=lambda one: (one.port, one.protocol, one.id)))


def _attributes(reader: Reader, by_name: ByName, call: str, name: str, where: Where) -> Attributes | None:
    items = by_name.listed(call, name, where, "Attributes")
    return None if items is None else reader.parsed(f"Attributes {name}", name, parse_attributes, items)


def target_groups(reader: Reader) -> Mapping[str, TargetGroup]:
    """Target groups by ARN, with their registered targets."""
    by_name = ByName(reader.described)
    found: dict[str, TargetGroup] = {}
    for where, item in reader.lists("elbv2.describe_target_groups", "TargetGroups"):
        name = str(item.get("TargetGroupName"))
        health = by_name.listed("elbv2.describe_target_health", name, where, "TargetHealthDescriptions")
        attributes = _attributes(reader, by_name, "elbv2.describe_target_group_attributes", name, where)
        known = reader.parsed(f"TargetGroups {name}", name, parse_target_group, item, (where,), health, attributes)
        if known is not None:
            found.setdefault(known.arn, known)
    return dict(sorted(found.items()))
