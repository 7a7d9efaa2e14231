"""What GuardDuty and Detective say of the addresses of a question, as a part of its answer."""

from __future__ import annotations

from typing import Literal

from diagnosis.answer import Answer
from diagnosis.evidence.threats import Finding, Heard, Indicator, ThreatQuery
from diagnosis.explanation.strangers import spoken_of
from diagnosis.network.network import Network
from diagnosis.testimony import ThreatFinding, ThreatIndicator, ThreatLink, Threats
from diagnosis.traffic.addresses import format_address, is_public, parse_address

MOST = 50
"""The most values that a condition of GuardDuty's criteria takes."""


def threat_query(answer: Answer, network: Network) -> ThreatQuery:
    """The addresses that the answer speaks of, with those of the interfaces at both ends, public ones as well."""
    found: dict[int, None] = {}
    for text in spoken_of(answer):
        try:
            found[parse_address(text)] = None
        except ValueError:
            continue
    for hop in (*answer.path_forward[:1], *answer.path_forward[-1:]):
        interface = network.interfaces.get(hop.component)
        if interface is not None:
            for pair in interface.ipv4:
                found |= {pair.private: None} | ({pair.public: None} if pair.public is not None else {})
            found |= dict.fromkeys(interface.ipv6)
    return ThreatQuery(tuple(map(format_address, found))[:MOST], network.regions)


def with_threats(answer: Answer, query: ThreatQuery, heard: Heard) -> Answer:
    """The answer with what was heard."""
    return answer.model_copy(
        update={"evidence": answer.evidence.model_copy(update={"threats": _threats(query, heard)})}
    )


def _threats(query: ThreatQuery, heard: Heard) -> Threats:
    public = [one for one in query.addresses if is_public(parse_address(one))]
    return Threats(
        text=_text(query, heard),
        addresses=query.addresses,
        findings=tuple(map(_finding, heard.findings)),
        indicators=tuple(map(_indicator, heard.indicators)),
        profiles=tuple(
            ThreatLink(address=address, link=f"{_console('detective', region)}#entities/IpAddress/{address}")
            for region in query.regions[:1]
            for address in public or query.addresses
        ),
        limits=heard.troubles,
    )


def _text(query: ThreatQuery, heard: Heard) -> str:
    if not query.addresses:
        return "The question names no address that GuardDuty could be asked about."
    if heard.findings:
        worst = heard.findings[0]
        count = len(heard.findings)
        also = f", and {count - 1} more" if count > 1 else ""
        said = f"{level(worst.severity)} ({worst.severity:g}) {worst.type} on {', '.join(worst.addresses)}"
        return f"GuardDuty: {said}{also}."
    if heard.asked and set(heard.asked) >= set(query.regions):
        return "GuardDuty has no current finding on these addresses."
    if heard.asked:
        regions = ", ".join(heard.asked)
        return f"GuardDuty has no current finding on these addresses in {regions}; elsewhere it said nothing."
    return "GuardDuty said nothing of these addresses."


def level(severity: float) -> Literal["low", "medium", "high", "critical"]:
    """GuardDuty's word (https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html)."""
    return "critical" if severity >= 9 else "high" if severity >= 7 else "medium" if severity >= 4 else "low"


def _finding(one: Finding) -> ThreatFinding:
    return ThreatFinding(
        id=one.id,
        type=one.type,
        title=one.title,
        severity=one.severity,
        level=level(one.severity),
        addresses=one.addresses,
        region=one.region,
        first=one.first,
        last=one.last,
        count=one.count,
        link=f"{_console('guardduty', one.region)}#/findings?macros=current&fId={one.id}",
    )


def _indicator(one: Indicator) -> ThreatIndicator:
    return ThreatIndicator(
        kind=one.kind,
        address=one.address,
        told=one.told,
        investigation=one.investigation,
        severity=one.severity,
        entity=one.entity,
        region=one.region,
        link=f"{_console('detective', one.region)}#investigations",
    )


def _console(service: str, region: str) -> str:
    hosts = {"cn": "console.amazonaws.cn", "us-gov": "console.amazonaws-us-gov.com"}
    partition = next((start for start in hosts if region.startswith(f"{start}-")), "")
    return f"https://{region}.{hosts.get(partition, 'console.aws.amazon.com')}/{service}/home?region={region}"
