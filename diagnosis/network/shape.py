"""Reading members of describe answers: what AWS sends has this shape; all else is `Malformed` and named.

Keys may be missing or extra and enum values come in any case: reading is liberal about absence, strict about type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from diagnosis.traffic.intervals import IntervalSet
from diagnosis.traffic.ports import ALL_PORTS, icmp_cell, port_range
from diagnosis.traffic.protocols import ICMP, ICMPV6, TCP, UDP, protocol_number

Item = Mapping[str, Any]


class Malformed(ValueError):
    """A member of an entity has a type or value that AWS never sends."""


def text(item: Item, key: str) -> str | None:
    """The text under `key`; None where it is absent or empty."""
    value = item.get(key)
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    raise Malformed(f"{key} is not a text")


def word(item: Item, key: str) -> str | None:
    """An enum value under `key`, lower case, since AWS is not consistent about case."""
    value = text(item, key)
    return value.lower() if value is not None else None


def flag(item: Item, key: str) -> bool | None:
    """The boolean under `key`; None where it is absent."""
    value = item.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise Malformed(f"{key} is not true or false")


def number(item: Item, key: str) -> int | None:
    """The whole number under `key`; a number in a text counts too."""
    value = item.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Malformed(f"{key} is not a number")
    try:
        return int(value)
    except ValueError:
        raise Malformed(f"{key} is not a number") from None


def items(item: Item, key: str) -> Sequence[Item]:
    """The list of objects under `key`; empty where it is absent."""
    value = item.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Malformed(f"{key} is not a list of objects")
    for entry in value:  # A loop: `all` of a generator takes three times as long, and this is asked of every list.
        if not isinstance(entry, dict):
            raise Malformed(f"{key} is not a list of objects")
    return value


def needed_items(item: Item, key: str) -> Sequence[Item]:
    """The list of objects under `key`, without which nothing can be said of the entity: absent, it is `Malformed`.

    AWS sends such a list even when it is empty. What is absent was not seen, and is not the same as none.
    """
    if item.get(key) is None:
        raise Malformed(f"{key} is absent")
    return items(item, key)


def needed_text(item: Item, key: str) -> str:
    """The text under `key`, without which the entry says nothing: absent, it is `Malformed`."""
    value = text(item, key)
    if value is None:
        raise Malformed(f"{key} is absent")
    return value


def needed_number(item: Item, key: str) -> int:
    """The whole number under `key`, without which the entry says nothing: absent, it is `Malformed`."""
    value = number(item, key)
    if value is None:
        raise Malformed(f"{key} is absent")
    return value


def texts(item: Item, key: str) -> tuple[str, ...]:
    """The list of texts under `key`; empty where it is absent."""
    value = item.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise Malformed(f"{key} is not a list of texts")
    return tuple(value)


def member(item: Item, key: str) -> Item:
    """The object under `key`; empty where it is absent."""
    value = item.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(f"{key} is not an object")
    return value


def name_tag(item: Item) -> str | None:
    """The value of the tag `Name`, under `Tags`, `TagSet` or `TagList`; None where there is none or it is no text."""
    for key in ("Tags", "TagSet", "TagList"):
        tags = item.get(key)
        if isinstance(tags, list):
            for tag in tags:
                if isinstance(tag, dict) and tag.get("Key") == "Name" and isinstance(tag.get("Value"), str):
                    return tag["Value"] or None
    return None


OWNER_TAGS = ("owner", "team", "contact")
"""Tags that say who looks after a thing, in any case; the first of them counts."""


def owner_of(tagged: Iterable[tuple[str, str]]) -> str | None:
    """Who looks after a thing by its tags; None where they do not say."""
    found = {key.lower(): value for key, value in tagged if value}
    if not found:
        return None
    return next((found[key] for key in OWNER_TAGS if key in found), None)


def tags(item: Item) -> tuple[tuple[str, str], ...]:
    """All tags as sorted pairs of texts; what is not a text is left out."""
    found: list[tuple[str, str]] = []
    for key in ("Tags", "TagSet", "TagList"):
        listed = item.get(key)
        for tag in listed if isinstance(listed, list) else ():
            if isinstance(tag, dict):
                name, value = tag.get("Key"), tag.get("Value")
                if isinstance(name, str) and isinstance(value, str):
                    found.append((name, value))
    return tuple(sorted(set(found))) if len(found) > 1 else tuple(found)


def region_of(item: Item) -> str:
    """The Region that the entity's zone or ARN names; empty where neither does."""
    zone = item.get("AvailabilityZone")
    if isinstance(zone, str) and zone:
        return zone.rstrip("abcdefghijklmnopqrstuvwxyz") if zone[-1].isalpha() else zone
    for key, value in item.items():
        if key.endswith("Arn") and isinstance(value, str) and value.count(":") >= 5:
            return value.split(":")[3]
    return ""


def rule_protocol(item: Item, key: str) -> int | None:
    """The protocol number of a rule, None for all (`-1`)."""
    value = item.get(key)
    if value is None:
        raise Malformed(f"a rule lacks its {key}")
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Malformed(f"{key} is not a protocol")
    try:
        return protocol_number(str(value))
    except ValueError:
        raise Malformed(f"{key} is not a protocol: {value!r:.40}") from None


@lru_cache(maxsize=4096)
def rule_ports(protocol: int | None, low: int | None, high: int | None) -> IntervalSet:
    """The port side of a rule: ports for TCP and UDP, type and code for ICMP, everything for all others.

    `-1` rules and protocols without ports ignore `FromPort` and `ToPort`
    (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html).
    """
    if protocol in (ICMP, ICMPV6):
        return icmp_cell(-1 if low is None else low, -1 if high is None else high)
    if protocol not in (TCP, UDP) or (low is None and high is None) or low == -1 or high == -1:
        return ALL_PORTS
    if low is None or high is None:
        raise Malformed("a range of ports has one end only")
    if not 0 <= low <= high <= 65535:
        raise Malformed(f"ports {low}-{high} are no range")
    return port_range(low, high)


def protocols_of(protocol: int | None) -> IntervalSet:
    """The protocol side of a rule: one number, or all."""
    return (0, 256) if protocol is None else (protocol, protocol + 1)
