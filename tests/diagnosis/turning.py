"""Golden cases in which the logs turn at a time, and CloudTrail's history of such a day, made by a seed."""

from __future__ import annotations

import functools
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diagnosis.answer import Answer
from diagnosis.aws.trail import Budget, Trail
from diagnosis.evidence.query import Between
from diagnosis.flowlogs.files import FlowLogFiles
from diagnosis.investigate import Asked, investigate
from diagnosis.network.build import build
from diagnosis.network.network import Network
from diagnosis.question.parse import parse
from diagnosis.snapshots.read import read_snapshot
from diagnosis.sources import ChangeSource
from diagnosis.what_changed import what_changed
from tests.case_folder import CASES, read_case
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.flowlogs.remote.places import ACCOUNT, REGION, client_at
from tests.emulator.trail_calls import event, plant

TURN = corpus.NOON
"""When the first REJECT begins; the last ACCEPT ends a minute earlier."""
BEFORE = TURN - 40
NOW = TURN + 7200
Event = dict[str, Any]


@dataclass(frozen=True)
class Turned:
    """A case whose logs turned."""

    network: Network
    asked: Asked
    answer: Answer

    @property
    def causes(self) -> list[str]:
        return [cause.component for cause in self.answer.causes]

    def told(self, source: ChangeSource, now: int = NOW) -> Answer:
        return what_changed(self.network, self.asked, self.answer, source, now, lambda _: None)


@functools.cache
def turned(
    case_name: str, *, accepts: bool = True, more: tuple[str, ...] = (), at_the_same: tuple[int, ...] = ()
) -> Turned:
    """The case, with logs that show ACCEPT until a minute before `TURN` and REJECT from then on; made once.

    `more` are further lines, `at_the_same` times of further ACCEPT records at the interface that refuses.
    """
    case = read_case(CASES / case_name)
    network = build(read_snapshot(case.account))
    flow = case.flow
    ends = [e for e in network.interfaces.values() if flow["destination"] in _addresses(e)]
    ends += [e for e in network.interfaces.values() if flow["source"] in _addresses(e)]
    given = {"source": flow["source"], "destination": flow["destination"], "port": flow["port"]}
    lines = [corpus.record(ends[0].id, action="REJECT", end=TURN + 60 * minute, **given) for minute in range(1, 6)]
    if accepts:
        lines += [corpus.record(ends[0].id, action="ACCEPT", end=TURN - 60 * m, **given) for m in range(1, 6)]
    lines += [corpus.record(ends[0].id, action="ACCEPT", end=at, **given) for at in at_the_same]
    asked = Asked(parse(case.question), Between())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "turned.log")
        corpus.write(file, [*lines, *more])
        answer = investigate(network, asked, FlowLogFiles([file], None))
    assert isinstance(answer, Answer)
    assert answer.evidence.flow_logs is not None
    assert answer.evidence.flow_logs.rejects == 5
    return Turned(network, asked, answer)


def _addresses(interface: Any) -> set[str]:
    from diagnosis.traffic.addresses import format_address

    return {format_address(one.private) for one in interface.ipv4}


def source_at(url: str, budget: Budget | None = None) -> Trail:
    """The eye on the double, without its pauses."""
    return Trail(lambda service, region: client_at(url, service, region), budget, sleep=lambda _: None)


def permission(port: int, cidr: str, protocol: str = "tcp") -> dict[str, Any]:
    """`requestParameters.ipPermissions` as CloudTrail writes it."""
    one = {
        "ipProtocol": protocol,
        "fromPort": port,
        "toPort": port,
        "groups": {},
        "ipRanges": {"items": [{"cidrIp": cidr}]},
        "ipv6Ranges": {},
        "prefixListIds": {},
    }
    return {"items": [one]}


def revoked(group: str, port: int, cidr: str, at: int, way: str = "Ingress", **record: Any) -> Event:
    asked = {"groupId": group, "ipPermissions": permission(port, cidr)}
    return event(f"RevokeSecurityGroup{way}", at, [group], asked, {"_return": True}, **record)


def revoked_by_id(group: str, rule: str, port: int, cidr: str, at: int) -> Event:
    asked = {"groupId": group, "securityGroupRuleIds": {"items": [{"securityGroupRuleId": rule}]}}
    gone = {
        "securityGroupRuleId": rule,
        "groupId": group,
        "isEgress": False,
        "ipProtocol": "tcp",
        "fromPort": port,
        "toPort": port,
        "cidrIpv4": cidr,
    }
    answered = {"_return": True, "revokedSecurityGroupRuleSet": {"items": [gone]}, "unknownIpPermissionSet": {}}
    return event("RevokeSecurityGroupIngress", at, [group, rule], asked, answered)


def entry(acl: str, number: int, at: int, action: str = "deny", *, egress: bool = False, **more: Any) -> Event:
    asked = {
        "networkAclId": acl,
        "ruleNumber": number,
        "egress": egress,
        "ruleAction": action,
        "icmpTypeCode": {},
        "portRange": {},
        "aclProtocol": "-1",
        "cidrBlock": "0.0.0.0/0",
        **more,
    }
    return event("CreateNetworkAclEntry", at, [acl], asked, {"_return": True})


def harmless(turned_case: Turned, seed: int, count: int = 1000) -> Iterator[Event]:
    """Events of such a day of which none can have stopped it: elsewhere, at another time, refused, or about less."""
    chance = random.Random(seed)
    network = turned_case.network
    causes = turned_case.causes or ["sg-nobody"]
    makers: tuple[Callable[[int], Event], ...] = (
        lambda at: revoked(f"sg-{chance.getrandbits(60):x}", 443, "0.0.0.0/0", at),
        lambda at: revoked(chance.choice([*network.groups]), 5999, "198.51.100.0/24", at),
        lambda at: revoked(chance.choice([*network.groups, *causes]), 3306, "192.0.2.0/24", at),
        lambda at: event(
            "ModifyNetworkInterfaceAttribute",
            at,
            [causes[0], "eni-0another"],
            {"networkInterfaceId": "eni-0another", "groupSet": {"items": [{"groupId": causes[0]}]}},
        ),
        lambda at: event(
            "AssociateRouteTable", at, [causes[0]], {"routeTableId": causes[0], "subnetId": "subnet-0another"}
        ),
        lambda at: event("DescribeInstances", at, [], {"filterSet": {}}),
        lambda at: event("CreateTags", at, [chance.choice(causes)], {"tagSet": {"items": []}}),
        lambda at: event(
            "AuthorizeSecurityGroupIngress",
            at,
            [chance.choice(causes)],
            {"groupId": chance.choice(causes), "ipPermissions": permission(22, "0.0.0.0/0")},
        ),
        lambda at: revoked(chance.choice(causes), 3306, "0.0.0.0/0", at, errorCode="Client.UnauthorizedOperation"),
        lambda at: entry(chance.choice(causes), chance.randrange(1, 30000), at, action="allow"),
        lambda at: event(
            "DeleteRoute",
            at,
            [chance.choice(causes)],
            {"routeTableId": chance.choice(causes), "destinationCidrBlock": "172.31.0.0/24"},
        ),
    )
    for number in range(count):
        yield chance.choice(makers)(TURN - chance.randrange(0, 600)) if number % 3 else _of_another_time(chance, causes)


def _of_another_time(chance: random.Random, causes: list[str]) -> Event:
    """What would have been it, hours before or after."""
    at = TURN + chance.choice((-1, 1)) * chance.randrange(3600, 80000)
    cause = chance.choice(causes)
    if cause.startswith("sg-"):
        return revoked(cause, 3306, "0.0.0.0/0", at)
    return event("DeleteRoute", at, [cause], {"routeTableId": cause, "destinationCidrBlock": "0.0.0.0/0"})


def recorded(events: list[Mapping[str, Any]], seed: int) -> None:
    """Plant the events in the double, in any order."""
    random.Random(seed).shuffle(events)
    plant(ACCOUNT, REGION, events)
