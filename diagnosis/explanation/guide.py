"""The six steps A to F of the manual procedure with what was found at each, and the branch taken through the diagram.

Both are read off a finished Answer, so that they can never say anything that the answer itself does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal

from diagnosis.answer import Answer, Cause, GuideStep, Step
from diagnosis.explanation.decision import Allows, DecisionFacts, Record, Refused, branch_taken
from diagnosis.testimony import FlowLogs

Aspect = Literal["group", "acl", "route"]

TITLES: Final[dict[str, str]] = {
    "A": "Identify the traffic pattern",
    "B": "Check the flow log entry",
    "C": "Determine the direction",
    "D": "Check the security groups",
    "E": "Check the network ACLs",
    "F": "Validate routing",
}
_GROUP_CODES: Final = frozenset({"UNKNOWN_PEERED_SGS", "ENI_SG_RULES_MISMATCH"})
_ACL_CODES: Final = frozenset({"SUBNET_ACL_RESTRICTION", "ELB_ACL_RESTRICTION"})
_CALLS: Final[tuple[tuple[str, Aspect], ...]] = (("security_group", "group"), ("network_acl", "acl"))
_NONE_MET: Final[dict[Aspect, str]] = {
    "group": "no security group was judged on this path",
    "acl": "no network ACL is met on this path: ACLs act only where traffic leaves or enters a subnet",
    "route": "no route was judged on this path",
}


def with_guide(answer: Answer) -> Answer:
    """Return `answer` with its six steps and its branch filled in."""
    return answer.model_copy(update={"guide": guide_steps(answer), "branch": branch_taken(facts_of(answer))})


def guide_steps(answer: Answer) -> tuple[GuideStep, ...]:
    """What was found at each of the steps A to F."""
    found = {
        "A": _pattern(answer),
        "B": _records(answer),
        "C": _directions(answer),
        "D": _checked(answer, "group"),
        "E": _checked(answer, "acl"),
        "F": _checked(answer, "route"),
    }
    return tuple(GuideStep(letter=letter, title=TITLES[letter], found=tuple(lines)) for letter, lines in found.items())


def facts_of(answer: Answer) -> DecisionFacts:
    """What the decision diagram asks, read off an answer."""
    return DecisionFacts(
        record=_record(answer),
        group=_allows(answer, "group"),
        acl=_allows(answer, "acl"),
        route=_allows(answer, "route"),
        refused=_refused(answer.causes),
    )


def _record(answer: Answer) -> Record:
    logs = answer.evidence.flow_logs
    if logs is None:
        return Record.NOT_READ
    if logs.rejects and logs.accepts:
        if any(cause.leg == "return" for cause in answer.causes):
            return Record.ACCEPTED_THEN_REJECTED
        return Record.ACCEPTED if (logs.last_accept or "") > (logs.last_reject or "") else Record.REJECTED
    if logs.rejects:
        return Record.REJECTED
    return Record.ACCEPTED if logs.accepts else Record.NONE


def _refused(causes: tuple[Cause, ...]) -> Refused:
    for cause in causes:
        if cause.direction is not None:
            return Refused.INBOUND if cause.direction == "ingress" else Refused.OUTBOUND
    return Refused.NOT_SEEN


def _allows(answer: Answer, aspect: Aspect) -> Allows:
    if any(_aspect_of_cause(cause) == aspect for cause in answer.causes):
        return Allows.NO
    steps = [step for _, _, step in _steps(answer) if aspect_of(step) == aspect]
    if any(step.disposition == "unknown" for step in steps) or _unseen(answer, aspect):
        return Allows.NOT_SEEN
    return Allows.YES


def _unseen(answer: Answer, aspect: Aspect) -> bool:
    """Whether something that was not seen decides about this aspect; what fits none of them counts as routing."""
    if answer.verdict != "unknown":
        return False
    if not answer.path_forward:
        return True
    touched = {next((kind for part, kind in _CALLS if part in call.call), "route") for call in answer.unseen}
    steps = {aspect_of(step) for _, _, step in _steps(answer) if step.disposition == "unknown"}
    return aspect in (touched | steps or {"route"})


def aspect_of(step: Step) -> Aspect:
    """Which of the three checks a step belongs to: groups, network ACLs, or routing, which is all the rest."""
    component, kind = step.component or "", step.kind.casefold()
    if component.startswith("sg-") or "group" in kind:
        return "group"
    return "acl" if component.startswith("acl-") or "acl" in kind else "route"


def _aspect_of_cause(cause: Cause) -> Aspect:
    if cause.code in _GROUP_CODES or cause.code.startswith("SG_"):
        return "group"
    return "acl" if cause.code in _ACL_CODES else "route"


def _steps(answer: Answer) -> Iterator[tuple[str, str, Step]]:
    """Every step with its leg in words ("there", "back") and the name and id of what decided."""
    for leg, hops in (("there", answer.path_forward), ("back", answer.path_return)):
        for hop in hops:
            for step in hop.steps:
                component = step.component or hop.component
                name = step.name or (hop.name if component == hop.component else None)
                yield leg, f"{name} ({component})" if name and name != component else component, step


def _pattern(answer: Answer) -> Iterable[str]:
    source, destination = _parties(answer)
    yield f"{answer.traffic or 'all traffic'} from {source} to {destination}; initiated by {source}"
    if answer.return_traffic:
        yield f"the reply goes back to {answer.return_traffic} of {source}"


def _parties(answer: Answer) -> tuple[str, str]:
    asked = answer.question
    source = answer.source_name or (asked.source.value if asked.source else "any source")
    return source, answer.destination_name or (asked.destination.value if asked.destination else "any destination")


def _records(answer: Answer) -> Iterable[str]:
    logs = answer.evidence.flow_logs
    if logs is None:
        yield "no flow logs were read: the configuration alone is judged"
        return
    yield from logs.sentences or (f"{logs.rejects:,} REJECT, {logs.accepts:,} ACCEPT",)
    yield _counts(logs)
    yield from logs.limits


def _counts(logs: FlowLogs) -> str:
    counts = logs.records
    return (
        f"read by {logs.engine}: {counts.read:,} records, {counts.malformed:,} malformed, {counts.nodata:,} NODATA, "
        f"{counts.skipdata:,} SKIPDATA, {counts.unreadable_files:,} unreadable files"
    )


def _directions(answer: Answer) -> Iterable[str]:
    source, destination = _parties(answer)
    yield f"outbound at {source}, inbound at {destination}; the reply the other way round"
    for cause in answer.causes:
        if cause.direction is not None:
            way = "inbound" if cause.direction == "ingress" else "outbound"
            leg = "on the way there" if cause.leg == "forward" else "on the way back"
            yield f"refused {way} {leg}, by {cause.component}"


def _worth_a_line(step: Step) -> bool:
    return step.disposition != "passed" or bool(step.text or step.rule)


def _checked(answer: Answer, aspect: Aspect) -> Iterable[str]:
    words = {"passed": "passes", "dropped": "drops it", "partly": "passes a part", "unknown": "not seen"}
    steps = [found for found in _steps(answer) if aspect_of(found[2]) == aspect and _worth_a_line(found[2])]
    for leg, component, step in steps:
        way = {"egress": " out", "ingress": " in", None: ""}[step.direction]
        decided = f"{step.text}, " if step.text and step.text != words[step.disposition] else ""
        yield f"{leg}{way}: {component}: {decided}{words[step.disposition]}"
    told = [cause.text for cause in answer.causes if _aspect_of_cause(cause) == aspect]
    yield from told
    if not steps and not told:
        yield _NONE_MET[aspect]
