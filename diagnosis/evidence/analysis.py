"""An analysis of VPC Reachability Analyzer as values, parsed tolerantly from botocore's shape NetworkInsightsAnalysis.

Members that nobody listed are kept as text, so that what AWS adds is shown rather than lost. Source:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInsightsAnalysis.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from diagnosis.evidence.analysis_codes import EXPLANATIONS, ONE_WAY, Standing
from diagnosis.evidence.analysis_rules import said, told

Status = Literal["running", "succeeded", "failed"]
Direction = Literal["egress", "ingress"]
_APART = frozenset({"ExplanationCode", "Direction"})
_RULES = ("AclRule", "SecurityGroupRule", "RouteTableRoute", "TransitGatewayRouteTableRoute")


@dataclass(frozen=True, slots=True)
class Component:
    """A component by what a person would search for: an id, or the ARN where it has none."""

    id: str
    name: str | None = None

    @property
    def label(self) -> str:
        """Name first, id after it."""
        return f"{self.name} ({self.id})" if self.name and self.name != self.id else self.id


@dataclass(frozen=True, slots=True)
class Explained:
    """One explanation: a code, the components it names by member, and all its other members in words."""

    code: str
    direction: Direction | None = None
    components: Mapping[str, tuple[Component, ...]] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def standing(self) -> Standing:
        """What it is good for."""
        listed = EXPLANATIONS.get(self.code)
        return listed.standing if listed is not None else "unlisted"

    @property
    def blamed(self) -> tuple[Component, ...]:
        """What a person would look at: the components of the first member that tells; all of them where none does."""
        listed = EXPLANATIONS.get(self.code)
        for member in listed.members if listed is not None else ():
            if self.components.get(member):
                return self.components[member]
        named = [self.components[member] for member in ("Component", *self.components) if member in self.components]
        return named[0] if named else ()

    @property
    def text(self) -> str:
        """In a sentence; an unlisted code as it is, with what it names."""
        listed = EXPLANATIONS.get(self.code)
        who = ", ".join(component.label for component in self.blamed)
        rest = "; ".join(self.facts.values())
        if listed is None:
            return " ".join(filter(None, (f"{self.code or 'no code'}:", who or "no component named", rest))).rstrip()
        way = {"egress": "outbound ", "ingress": "inbound "}.get(self.direction or "", "")
        words = listed.words.replace("{way}", way).replace(" {way_in}", f" {way.strip()}".rstrip())
        several = "Each of " if len(self.blamed) > 1 else ""
        subject = (
            f"{several}{who}"
            if who
            else ("The request" if listed.standing == "filter" else "AWS" if not listed.members else "A component")
        )
        return f"{subject} {words}{f' ({rest})' if rest else ''}."


@dataclass(frozen=True, slots=True)
class Detail:
    """Something to keep in mind of a hop."""

    code: str
    component: Component | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stop:
    """A component of the path that AWS shows, in its order, with the rule that let the packet pass or did not."""

    component: Component
    rule: str = ""
    direction: Direction | None = None
    explanations: tuple[Explained, ...] = ()
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True, slots=True)
class Analysis:
    """An analysis. `reachable` is None until it has succeeded, which means no more than that it ran."""

    id: str
    path: str
    status: Status
    reachable: bool | None = None
    message: str = ""
    warning: str = ""
    forward: tuple[Stop, ...] = ()
    back: tuple[Stop, ...] = ()
    told: tuple[Explained, ...] = ()
    """Those of the analysis itself; `explanations` has those of its hops too."""
    hints: tuple[Component, ...] = ()
    """Components to lead another path through."""
    accounts: tuple[str, ...] = ()
    """Accounts that AWS suggests to look into as well."""
    further: Mapping[str, str] = field(default_factory=dict)
    """Members that this program does not know."""
    left_behind: tuple[str, ...] = ()
    """Ids of what could not be deleted afterwards."""

    @property
    def explanations(self) -> tuple[Explained, ...]:
        """Every explanation, each once, those that are a cause first."""
        every = [*self.told, *(one for stop in (*self.forward, *self.back) for one in stop.explanations)]
        once = [one for place, one in enumerate(every) if one not in every[:place]]
        return tuple(sorted(once, key=lambda one: _ORDER.index(one.standing)))

    @property
    def details(self) -> tuple[Detail, ...]:
        """Every detail, each once."""
        every = [one for stop in (*self.forward, *self.back) for one in stop.details]
        return tuple(one for place, one in enumerate(every) if one not in every[:place])

    @property
    def one_way(self) -> bool:
        """Whether only the way there was analysed: AWS says so, or shows a path without a way back.

        Where it finds no path it may show none at all, and its explanations are of both ways.
        """
        return (bool(self.reachable) and not self.back) or any(detail.code == ONE_WAY for detail in self.details)


_ORDER: tuple[Standing, ...] = ("cause", "unlisted", "unseen", "setup", "filter", "alternative")
_KNOWN = frozenset(
    {
        *("NetworkInsightsAnalysisId", "NetworkInsightsAnalysisArn", "NetworkInsightsPathId", "StartDate", "Status"),
        *("StatusMessage", "WarningMessage", "NetworkPathFound", "ForwardPathComponents", "ReturnPathComponents"),
        *("Explanations", "AlternatePathHints", "SuggestedAccounts", "Tags", "AdditionalAccounts", "FilterInArns"),
        "FilterOutArns",
    }
)


def parse_analysis(item: Mapping[str, Any]) -> Analysis:
    """An entry of `NetworkInsightsAnalyses`. What has another shape than is documented is read as far as it goes."""
    status = _text(item.get("Status"))
    found = item.get("NetworkPathFound")
    hints = [_component({"Id": h.get("ComponentId"), "Arn": h.get("ComponentArn")}) for h in _dicts(item, _HINTS)]
    return Analysis(
        id=_text(item.get("NetworkInsightsAnalysisId")),
        path=_text(item.get("NetworkInsightsPathId")),
        status="succeeded" if status == "succeeded" else "failed" if status == "failed" else "running",
        reachable=found if isinstance(found, bool) and status == "succeeded" else None,
        message=_text(item.get("StatusMessage")),
        warning=_text(item.get("WarningMessage")),
        forward=tuple(_stop(one) for one in _in_turn(item, "ForwardPathComponents")),
        back=tuple(_stop(one) for one in _in_turn(item, "ReturnPathComponents")),
        told=tuple(parse_explanation(one) for one in _dicts(item, "Explanations")),
        hints=tuple(hint for hint in hints if hint is not None),
        accounts=_texts(item.get("SuggestedAccounts")),
        further={name: said(value) for name, value in item.items() if name not in _KNOWN},
    )


_HINTS = "AlternatePathHints"


def parse_explanation(item: Mapping[str, Any]) -> Explained:
    """An `Explanation`, of the 54 members that it has and any that it may get."""
    components, facts = _split(item, _APART)
    return Explained(_text(item.get("ExplanationCode")), _direction(item.get("Direction")), components, facts)


def _in_turn(item: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Path components by their numbers; where one lacks its number they stay as they come."""
    found = _dicts(item, key)
    numbers = [one.get("SequenceNumber") for one in found]
    if not all(isinstance(number, int) for number in numbers):
        return found
    return sorted(found, key=lambda one: int(one["SequenceNumber"]))


def _stop(item: Mapping[str, Any]) -> Stop:
    component = _component(item.get("Component")) or _component({"Id": item.get("ServiceName")})
    return Stop(
        component=component or Component("(unnamed)"),
        rule="; ".join(told(member, item[member]) for member in _RULES if item.get(member)),
        direction=_way_of(item),
        explanations=tuple(parse_explanation(one) for one in _dicts(item, "Explanations")),
        details=tuple(_detail(one) for one in _dicts(item, "AdditionalDetails")),
    )


def _way_of(item: Mapping[str, Any]) -> Direction | None:
    acl, group = item.get("AclRule"), item.get("SecurityGroupRule")
    if isinstance(acl, Mapping) and isinstance(acl.get("Egress"), bool):
        return "egress" if acl["Egress"] else "ingress"
    return _direction(group.get("Direction")) if isinstance(group, Mapping) else None


def _detail(item: Mapping[str, Any]) -> Detail:
    components, facts = _split(item, frozenset({"AdditionalDetailType"}))
    first = next(iter(components.get("Component") or next(iter(components.values()), ())), None)
    return Detail(_text(item.get("AdditionalDetailType")), first, facts)


def _split(item: Mapping[str, Any], apart: frozenset[str]) -> tuple[dict[str, tuple[Component, ...]], dict[str, str]]:
    """The members that are components, and all others as text."""
    components: dict[str, tuple[Component, ...]] = {}
    facts: dict[str, str] = {}
    for name, value in item.items():
        if name in apart or value in (None, "", [], {}):
            continue
        found = tuple(_components(name, value))
        if found:
            components[name] = found
        if not found or name.startswith("Firewall"):
            facts[name] = told(name, value)
    return components, facts


def _components(name: str, value: Any) -> Iterator[Component]:
    if name in {"LoadBalancerArn", "MissingComponent"}:
        yield Component(_text(value))
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, Mapping):
            continue
        if name.startswith("Firewall") and one.get("RuleGroupArn"):
            yield Component(_text(one["RuleGroupArn"]))
        elif one.keys() <= {"Id", "Arn", "Name"} and (found := _component(one)) is not None:
            yield found


def _component(item: Any) -> Component | None:
    if not isinstance(item, Mapping):
        return None
    identity = _text(item.get("Id") or item.get("Arn") or item.get("Name"))
    return Component(identity, _text(item.get("Name")) or None) if identity else None


def _direction(value: Any) -> Direction | None:
    word = _text(value).lower()
    return "egress" if word == "egress" else "ingress" if word == "ingress" else None


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(one) for one in value) if isinstance(value, list | tuple) else ()


def _dicts(item: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = item.get(key)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
