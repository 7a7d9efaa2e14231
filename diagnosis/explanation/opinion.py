"""What VPC Reachability Analyzer says, in the form of the Answer: its reasons, its path, and whether it agrees."""

from __future__ import annotations

from collections.abc import Iterator

from diagnosis.answer import Answer
from diagnosis.evidence.analysis import Analysis, Explained, Stop
from diagnosis.evidence.analysis_codes import DETAILS
from diagnosis.evidence.analysis_failures import why_failed
from diagnosis.explanation.causes import causes
from diagnosis.explanation.opinion_agreement import SETTLED, Agreement, agreement_of
from diagnosis.explanation.path import shown_path
from diagnosis.explanation.path_request import PRICE, PathRequest
from diagnosis.network.network import Network
from diagnosis.network.owners import display_name
from diagnosis.testimony import Evidence, Opinion, OpinionReason, OpinionStop
from diagnosis.trace.trace import Trace

NAME = "Reachability Analyzer"


def opinion(network: Network, traces: tuple[Trace, ...], request: PathRequest, analysis: Analysis) -> Opinion:
    """An analysis that has ended, compared with the trace that it was asked about."""
    if analysis.status == "failed":
        _, why = why_failed(analysis.message)
        return failed(f"{NAME} gave no second opinion. {why}", request, analysis)
    path = shown_path(traces)
    trace = next((t for t in traces if path is not None and any(p is path for p in t.paths)), traces[0])
    agreement = agreement_of(network, trace, path, analysis)
    mine = [cause.text for cause in causes(network, trace)] or [f"The trace says {agreement.verdict}."]
    theirs = [f"{one.code}: {one.text}" for one in analysis.explanations if one.standing in SETTLED]
    apart = agreement.agrees is False
    return Opinion(
        state="succeeded",
        reachable=analysis.reachable,
        agrees=agreement.agrees,
        text=_told(agreement, analysis),
        ours=tuple(dict.fromkeys(mine)) if apart else (),
        theirs=tuple(theirs or ["It finds a path."] if apart else ()),
        compared=agreement.compared,
        reasons=tuple(_reason(one) for one in analysis.explanations),
        path=tuple(_stops(network, analysis)),
        caveats=(*request.caveats, *_caveats(request, analysis)),
        analysis=analysis.id or None,
        region=request.region,
        cost_usd=PRICE,
    )


def not_asked(reason: str) -> Opinion:
    """Why AWS was not asked."""
    return Opinion(state="not asked", text=f"{NAME} was not asked. {reason}")


def failed(why: str, request: PathRequest, analysis: Analysis | None = None, *, charged: bool = False) -> Opinion:
    """AWS was asked and gave no opinion; `charged` where an analysis was begun all the same."""
    return Opinion(
        state="failed",
        text=why,
        caveats=tuple(_left(analysis)) if analysis is not None else (),
        analysis=(analysis.id or None) if analysis is not None else None,
        region=request.region,
        cost_usd=PRICE if analysis is not None or charged else 0.0,
    )


def with_opinion(answer: Answer, said: Opinion) -> Answer:
    """The answer with a second opinion in its evidence, and in the sentence on agreement."""
    before = answer.evidence
    agreement = before.agreement
    if before.second_opinion is not None:
        agreement = agreement.removesuffix(before.second_opinion.text).rstrip()
    told = " ".join(filter(None, (agreement, said.text)))
    evidence = Evidence(flow_logs=before.flow_logs, second_opinion=said, agreement=told)
    return answer.model_copy(update={"evidence": evidence})


def _told(agreement: Agreement, analysis: Analysis) -> str:
    way = " on the way there, which is all that it judged" if analysis.one_way else ""
    first = next((one for one in analysis.explanations if one.standing in SETTLED), None)
    match agreement.agrees, analysis.reachable:
        case True, True if agreement.verdict == "partly":
            return f"AWS does not contradict: {NAME} finds a path for some of it{way}."
        case True, True:
            return f"AWS agrees: {NAME} finds a path too{way}."
        case True, _:
            assert first is not None
            other = "" if agreement.same_reason else ", and names another reason"
            return f"AWS agrees: {NAME} says that it is blocked too{other}. {first.text}"
        case False, True:
            return f"AWS disagrees: {NAME} finds a path{way}, and by the trace it is {agreement.verdict}."
        case False, _ if agreement.verdict == "blocked":
            return f"AWS disagrees on the reason: {NAME} says blocked too, but {_differing(agreement)}"
        case False, _:
            assert first is not None
            return f"AWS disagrees: by the trace it is {agreement.verdict}, and {NAME} finds no path. {first.text}"
        case _, True:
            return f"The trace could not tell; {NAME} finds a path{way}."
        case _, False if first is not None:
            return f"The trace could not tell; {NAME} finds no path. {first.text}"
        case _:
            every = analysis.explanations
            why = f" {every[0].text}" if every else ""
            return f"{NAME} could not settle it: it names no reason that the network itself gives.{why}"


def _differing(agreement: Agreement) -> str:
    one = next(one for one in agreement.compared if one.agrees is False)
    return f"of {one.name or one.component} the trace says that it {one.ours}, and AWS that it {one.theirs}."


def _reason(one: Explained) -> OpinionReason:
    component = one.blamed[0].id if one.blamed else ""
    others = (*one.blamed[1:], *(named for several in one.components.values() for named in several))
    return OpinionReason(
        code=one.code,
        standing=one.standing,
        component=component,
        related=tuple(name for name in dict.fromkeys(other.id for other in others) if name != component),
        direction=one.direction,
        text=one.text,
    )


def _stops(network: Network, analysis: Analysis) -> Iterator[OpinionStop]:
    for stop in analysis.forward:
        yield _stop(network, stop, back=False)
    for stop in analysis.back:
        yield _stop(network, stop, back=True)


def _stop(network: Network, stop: Stop, *, back: bool) -> OpinionStop:
    return OpinionStop(
        component=stop.component.id,
        name=display_name(network, stop.component.id) or stop.component.name,
        leg="return" if back else "forward",
        direction=stop.direction,
        rule=stop.rule,
        codes=tuple(dict.fromkeys(one.code for one in stop.explanations)),
    )


def _caveats(request: PathRequest, analysis: Analysis) -> Iterator[str]:
    """What AWS itself wants to be kept in mind, and what to look into besides."""
    for detail in analysis.details:
        told = DETAILS.get(detail.code)
        where = f" ({detail.component.label})" if detail.component is not None else ""
        facts = "; ".join(detail.facts.values())
        told = told.rstrip(".") if told is not None else f"AWS adds {detail.code or 'a detail without a code'}"
        yield f"{told}{where}{f': {facts}' if facts else ''}."
    if analysis.one_way and request.protocol == "tcp" and not request.caveats and analysis.reachable:
        yield "AWS showed no way back, so its opinion is on the way there alone."
    if analysis.warning:
        yield f"AWS warns: {analysis.warning}"
    if analysis.accounts:
        yield f"AWS suggests to look into the accounts {', '.join(analysis.accounts)} as well."
    if analysis.hints:
        yield f"AWS suggests another path through {', '.join(hint.label for hint in analysis.hints)}."
    for name, value in analysis.further.items():
        yield f"AWS adds {name}: {value}"
    yield from _left(analysis)


def _left(analysis: Analysis) -> Iterator[str]:
    if analysis.left_behind:
        yield (
            f"{', '.join(analysis.left_behind)} could not be deleted afterwards; whynot tries again at the next second "
            "opinion."
        )
