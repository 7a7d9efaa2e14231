"""The part of an account that an answer rests on, for whoever is to see the same again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from diagnosis.answer import Answer
from diagnosis.network.described import Described

MANY: Final[Mapping[str, str]] = {
    "NetworkInterfaces": "NetworkInterfaceId",
    "SecurityGroups": "GroupId",
    "Subnets": "SubnetId",
    "Reservations": "InstanceId",
    "Instances": "InstanceId",
}
"""Kinds that an account has many of, and the member that names one."""


def reduced(described: Described, answer: Answer) -> Described:
    """The describe answers without the machines and groups that the path has nothing to do with.

    Of the kinds that an account has thousands of, only what is named on the path is kept; of the others also what names
    something on it, such as the route table of a subnet.
    """
    hops = (*answer.path_forward, *answer.path_return)
    wanted = {hop.component for hop in hops} | {step.component or "" for hop in hops for step in hop.steps}
    wanted |= {component for cause in answer.causes for component in (cause.component, *cause.related)}
    wanted |= {party.value for party in (answer.question.source, answer.question.destination) if party}
    wanted |= _named_by_aws(answer)
    common = _too_common(described)
    wanted -= {"", *common}
    for _ in range(2):  # an interface names its subnet and groups, a group those that it lets in
        for body in described.answers.values():
            for key, item in _things(body):
                if key in MANY and _named(key, item) & wanted:
                    wanted |= {text for text in _texts(item) if text.startswith(("subnet-", "sg-", "i-", "pl-"))}
    answers = {
        call: {key: _kept(key, value, wanted) for key, value in body.items()}
        for call, body in described.answers.items()
        if call.argument is None or call.argument in wanted or set(_texts(dict(body))) & wanted
    }
    return replace(described, answers=answers, warnings=())


def _named_by_aws(answer: Answer) -> set[str]:
    """What a second opinion names, so that both reasonings can be followed."""
    second = answer.evidence.second_opinion
    if second is None:
        return set()
    named = {name for reason in second.reasons for name in (reason.component, *reason.related)}
    return named | {stop.component for stop in second.path} | {one.component for one in second.compared}


def _too_common(described: Described) -> frozenset[str]:
    """Ids of VPCs, accounts and Regions: nearly everything names one."""
    return frozenset(
        {
            *(str(vpc.get("VpcId")) for body in described.answers.values() for vpc in body.get("Vpcs") or ()),
            *described.accounts,
            *described.regions,
        }
    )


def _kept(key: str, value: Any, wanted: set[str]) -> Any:
    if not isinstance(value, list):
        return value
    if key in MANY:
        return [item for item in value if not isinstance(item, dict) or _named(key, item) & wanted]
    return [item for item in value if not isinstance(item, dict) or set(_texts(item)) & wanted or _of_whole_vpcs(item)]


def _named(key: str, item: Mapping[str, Any]) -> set[str]:
    """What one of many is called: its id and its private address."""
    if key == "Reservations":
        return {name for one in item.get("Instances") or () for name in _named("Instances", one)}
    names = (item.get(member) for member in (MANY[key], "PrivateIpAddress"))
    return {name for name in names if isinstance(name, str)}


def _of_whole_vpcs(item: Mapping[str, Any]) -> bool:
    """Whether a thing acts on everything in its VPC: the VPC itself, its main table, its default ACL, its gateways."""
    if "CidrBlockAssociationSet" in item or item.get("IsDefault"):
        return True
    if any(isinstance(a, dict) and a.get("Main") for a in item.get("Associations") or ()):
        return True
    return bool(item.keys() & {"InternetGatewayId", "VpnGatewayId", "EgressOnlyInternetGatewayId"})


def _things(body: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(key, i) for key, value in body.items() if isinstance(value, list) for i in value if isinstance(i, dict)]


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    return [text for inner in value for text in _texts(inner)] if isinstance(value, list) else []
