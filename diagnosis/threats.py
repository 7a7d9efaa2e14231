"""The order of work for threats: the addresses of an answer, put to those who know of threats."""

from __future__ import annotations

from collections.abc import Callable

from diagnosis.answer import Answer
from diagnosis.evidence.threats import Heard
from diagnosis.explanation.threats import threat_query, with_threats
from diagnosis.network.network import Network
from diagnosis.sources import SourceUnavailable, ThreatSource


def with_what_is_known(network: Network, answer: Answer, source: ThreatSource, say: Callable[[str], None]) -> Answer:
    """The answer with what they say in its evidence, or with why they said nothing.

    `say` gets what is being done, and may raise to end it.
    """
    query = threat_query(answer, network)
    if not query.addresses:
        return with_threats(answer, query, Heard())
    try:
        return with_threats(answer, query, source.threats(query, say))
    except SourceUnavailable as error:
        return with_threats(answer, query, Heard(troubles=(str(error),)))
