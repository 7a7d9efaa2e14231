"""Reports of wrong answers: the question, the answer and the part of the account that it rests on, in one file."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import structlog

from bot.access.people import Place, scope_of, terms
from bot.access.scope import Scope
from bot.health.logs import masked
from bot.runner.answering import Logs, find_out
from bot.runner.desk import Desk
from bot.runner.networks import Sight
from bot.runner.outcomes import answer_of
from bot.store.rows import StoredQuestion
from bot.views.message import Attachment
from bot.views.refusals import Refusal, refused
from diagnosis.answer import Answer
from diagnosis.network.build import build
from diagnosis.network.described import Described

log = structlog.get_logger("whynot.reports")

PACKAGES: Final = ("whynot", "boto3", "slack-bolt", "slack-sdk", "duckdb")
MANY: Final[Mapping[str, str]] = {
    "NetworkInterfaces": "NetworkInterfaceId",
    "SecurityGroups": "GroupId",
    "Subnets": "SubnetId",
    "Reservations": "InstanceId",
    "Instances": "InstanceId",
}
"""Kinds that an account has many of, and the member that names one."""
Write = Callable[[Described, Path, str], None]
"""Writes describe answers as a snapshot folder, secrets left out."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A report, and whether the part of the account in it gives the same verdict as the whole."""

    content: bytes
    same: bool


class Reports:
    """Packs what somebody needs to find out why an answer is wrong."""

    def __init__(self, desk: Desk, write: Write) -> None:
        self._desk = desk
        self._write = write

    def report(self, identity: str, person: str, comment: str) -> None:
        """Share a report in the answer's thread. Waits for Slack; raises Unreachable."""
        tools, courier = self._desk.tools, self._desk.tools.courier
        row = tools.store.get(identity)
        answer = answer_of(row) if row is not None else None
        if row is None or answer is None:
            courier.tell(person, refused(Refusal.GONE))
            return
        place = Place(row.channel, row.channel.startswith("D"))
        allowed = terms(place, tools.settings)
        if allowed is None or not self._desk.may(person, row.channel):
            courier.tell(person, refused(Refusal.OUT_OF_SCOPE))
            return
        log.warning("an answer was reported as wrong", question=row.id, verdict=row.verdict)
        if not allowed.files:
            courier.whisper(row.channel, person, refused(Refusal.RAW_NOT_ALLOWED), thread=row.thread)
            return
        sight = tools.networks.last(scope_of(allowed))
        packed = self.pack(row, answer, comment, sight.described if sight is not None else None)
        told = "The part of the account in it gives the same verdict." if packed.same else "It holds no account."
        title = f"A report of question {row.id}. {told}"
        file = Attachment(f"whynot-{row.id[:12]}.zip", title, packed.content)
        if courier.upload(file, channel=row.channel, thread=row.thread) is None:
            courier.whisper(row.channel, person, refused(Refusal.RAW_NOT_ALLOWED), thread=row.thread)

    def pack(self, row: StoredQuestion, answer: Answer, comment: str, described: Described | None) -> Packed:
        """The report as a zip file: `report.json`, and `account/` with the answers of AWS that matter."""
        part = _that_shows(described, answer) if described is not None else None
        about: dict[str, Any] = {
            "question": row.text,
            "understood": answer.question.model_dump(mode="json"),
            "comment": comment,
            "verdict": answer.verdict,
            "versions": {name: version(name) for name in PACKAGES},
            "answer": answer.model_dump(mode="json"),
        }
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("report.json", json.dumps(masked(about), indent=2))
            if part is not None:
                self._add_account(file, part)
        return Packed(held.getvalue(), same=part is not None)

    def _add_account(self, file: zipfile.ZipFile, part: Described) -> None:
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "account"
            self._write(part, target, f"whynot {version('whynot')}")
            for path in sorted(target.rglob("*.json")):
                file.write(path, Path("account") / path.relative_to(target))


def _that_shows(described: Described, answer: Answer) -> Described | None:
    """The smallest part of the account that gives the answer's verdict; None where the account has changed since."""
    return next((p for p in (reduced(described, answer), described) if _verdict(p, answer) == answer.verdict), None)


def _verdict(described: Described, answer: Answer) -> str:
    network = build(described)
    seen = Sight(network, network, described)
    found = find_out(answer.question, seen, Scope(), Logs(None, 0), lambda _: None)
    return found.verdict if isinstance(found, Answer) else ""


def reduced(described: Described, answer: Answer) -> Described:
    """The describe answers without the machines and groups that the path has nothing to do with.

    Of the kinds that an account has thousands of, only what is named on the path is kept; of the others also what names
    something on it, such as the route table of a subnet.
    """
    hops = (*answer.path_forward, *answer.path_return)
    wanted = {hop.component for hop in hops} | {step.component or "" for hop in hops for step in hop.steps}
    wanted |= {component for cause in answer.causes for component in (cause.component, *cause.related)}
    wanted |= {party.value for party in (answer.question.source, answer.question.destination) if party}
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
