"""The order of work for a second opinion: the question as a path that AWS takes, its analysis, the comparison.

It comes after an answer and takes minutes, so whoever asks has the answer by then.
"""

from __future__ import annotations

from collections.abc import Callable

from diagnosis.answer import Answer, Verdict
from diagnosis.evidence.agreement import DIFFER
from diagnosis.explanation.opinion import failed, not_asked, opinion
from diagnosis.explanation.path_request import CannotJudge, PathRequest, path_request
from diagnosis.investigate import Asked, tracer
from diagnosis.network.network import Network
from diagnosis.question.parties import NotFound
from diagnosis.sources import SecondOpinion, SourceUnavailable, Unanswered
from diagnosis.testimony import Opinion
from diagnosis.trace.trace import Trace, over

GONE = "A party of the question is not clear (any more)."


def to_be_asked(network: Network, asked: Asked) -> PathRequest | CannotJudge:
    """What AWS would be asked, or why it cannot judge this; costs nothing."""
    traces = _traces(network, asked)
    return CannotJudge(GONE) if traces is None else path_request(network, traces)


def second_opinion(
    network: Network,
    asked: Asked,
    source: SecondOpinion,
    say: Callable[[str], None],
    answered: Verdict | None = None,
) -> Opinion:
    """AWS's opinion of a question that has been answered, or why there is none.

    `say` gets what is being done, and may raise to end it. `answered` is the verdict that was given, where the network
    may be another by now.
    """
    traces = _traces(network, asked)
    request = CannotJudge(GONE) if traces is None else path_request(network, traces)
    if traces is None or isinstance(request, CannotJudge):
        return not_asked(request.reason if isinstance(request, CannotJudge) else GONE)
    try:
        analysis = source.analyse(request, say)
    except SourceUnavailable as error:
        charged = isinstance(error, Unanswered)
        return failed(f"Reachability Analyzer gave no second opinion. {error}", request, charged=charged)
    said = opinion(network, traces, request, analysis)
    now = over(trace.verdict for trace in traces)
    if answered is None or now == answered:
        return said
    changed = f"The network has changed since the answer: it is {now} now, and with that AWS was compared."
    return said.model_copy(update={"caveats": (changed, *said.caveats)})


def witnesses_differ(answer: Answer) -> bool:
    """Whether configuration and flow logs contradict each other, so that a third opinion would settle something."""
    return DIFFER in answer.evidence.agreement


def _traces(network: Network, asked: Asked) -> tuple[Trace, ...] | None:
    retrace = tracer(network, asked.question, asked.source_port)
    return None if isinstance(retrace, NotFound) else retrace(network)
