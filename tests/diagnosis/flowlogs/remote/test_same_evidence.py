"""The same records give the same evidence through every engine, and it is what a plain reading gives."""

from __future__ import annotations

import random
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from diagnosis.evidence.query import Between, FlowLogQuery, Others, Seen, Sightings
from tests import depth
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.flowlogs.corpus import NOON, Asked, oracle, other_clients, random_line
from tests.diagnosis.flowlogs.remote.places import Place, emptied, from_files
from tests.diagnosis.flowlogs.test_against_oracle import QUESTIONS, as_truth

ENGINES = ("s3", "insights", "athena")
LAYOUTS: tuple[tuple[str, dict[str, bool]], ...] = (
    (corpus.V2, {}),
    (corpus.V5, {"hive": True, "hourly": True, "parquet": True}),
    (corpus.SHUFFLED, {"hourly": True}),
    (corpus.V5, {"hive": True}),
)
WHOLE = Between(NOON - 9000, NOON + 60)


def query_of(asked: Asked) -> FlowLogQuery:
    """A question whose window covers all records where it names no time of its own."""
    window = Between(asked.start or WHOLE.start, asked.end or WHOLE.end)
    interfaces = frozenset({corpus.WEB, corpus.DB})
    return FlowLogQuery(
        frozenset(asked.sources), frozenset(asked.destinations), asked.protocol, asked.port, None, interfaces, window
    )


def evidence(found: Sightings) -> dict[str, Any]:
    """What must not depend on the engine. Where a line stands does; which of the same second are shown, too."""

    def told(seen: Seen) -> tuple[Any, ...]:
        ends = [line.ended for line in seen.lines]
        return replace(seen, lines=()), len(ends), ends[:1]

    return {
        "seen": [told(seen) for seen in sorted(found.seen, key=str)],
        "others": found.others,
        "statuses": found.statuses,
        "window": found.window,
        "fields": found.fields,
        "accepts": found.accepts,
        "rejects": found.rejects,
    }


PARTIES = st.lists(
    st.sampled_from((*corpus.ADDRESS_POOL, "10.0.1.0/24", "10.0.0.0/16", "10.0.2.20/30", "2001:db8::/32")),
    max_size=2,
    unique=True,
)
ASKED = st.builds(
    Asked,
    PARTIES,
    PARTIES,
    st.sampled_from((3306, 3306, 443, None)),
    st.sampled_from((6, 6, 17, None)),
    st.sampled_from((None, NOON - 3600, NOON - 600)),
    st.sampled_from((None, NOON - 60, NOON - 1800)),
).filter(lambda asked: (asked.sources or asked.destinations) and (asked.start or 0) < (asked.end or NOON))


@pytest.mark.timeout(400)
@settings(
    max_examples=depth.of(2, 4),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=set(Phase) - {Phase.shrink},
)
@given(
    st.sampled_from(LAYOUTS),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=100),
    ASKED,
)
@example(LAYOUTS[0], list(range(100)), QUESTIONS[0])
@example(LAYOUTS[1], list(range(100)), QUESTIONS[2])
def test_every_engine_sees_what_a_plain_reading_of_the_records_sees(
    emulator_url: str, layout: tuple[str, dict[str, bool]], seeds: list[int], asked: Asked
) -> None:
    """Records of a small network, NODATA and SKIPDATA among them; any question, in each format and layout."""
    header, kept = layout
    place = emptied(emulator_url)
    lines = [random_line(random.Random(seed), header) for seed in seeds]
    place.deliver(lines, header, **kept)
    with tempfile.TemporaryDirectory() as folder:
        file = corpus.write(Path(folder, "a.log"), lines, header=header)
        query = query_of(asked)
        assert isinstance(query.window, Between)
        whole = replace(asked, start=query.window.start, end=query.window.end)
        plain, others = oracle({file: header}, whole), other_clients({file: header}, whole)
        local = from_files(Path(folder), lines, query, header)
        assert as_truth(local).seen == plain.seen
        wanted = Others(len(others["REJECT"]), len(others["ACCEPT"])) if query.asks_for_others else None
        assert local.others == wanted
        for engine in ENGINES:
            found = place.engine(engine, header, **kept).read(query)  # type: ignore[arg-type]
            assert evidence(found) == evidence(local), (engine, asked)
            truth = as_truth(found)
            assert (truth.seen, truth.packets, truth.first, truth.last, truth.flags) == (
                (plain.seen, plain.packets, plain.first, plain.last, plain.flags)
            ), (engine, asked)
            if query.window == WHOLE:
                assert found.counts == local.counts, (engine, asked)
                assert found.newest == local.newest, (engine, asked)


@pytest.mark.parametrize("engine", ENGINES)
def test_raw_lines_come_back_as_they_stand_with_their_place(place: Place, engine: Any) -> None:
    line = corpus.record(action="REJECT")
    place.deliver([line, corpus.record(source="10.9.9.9"), corpus.idle(corpus.WEB)])

    [seen] = place.engine(engine).read(query_of(QUESTIONS[0])).seen

    [shown] = seen.lines
    assert shown.text == line
    assert shown.ended == NOON
    assert ("fl-0a1" if engine != "insights" else "/vpc/flow-logs eni-0db-all") in shown.origin


@pytest.mark.parametrize("engine", ENGINES)
def test_the_last_accept_before_the_window_tells_when_it_began(place: Place, engine: Any) -> None:
    """Accepted until an hour before, and refused since: the window itself holds rejects only."""
    place.deliver(
        [
            *(corpus.record(action="ACCEPT", end=NOON - 5400 - minute) for minute in range(0, 600, 60)),
            *(corpus.record(action="REJECT", end=NOON - minute) for minute in range(0, 600, 60)),
        ]
    )
    query = query_of(QUESTIONS[0]).within(Between(NOON - 1800, NOON))

    found = place.engine(engine).read(query)

    assert {seen.action for seen in found.seen} == {"REJECT"}
    assert [(seen.action, seen.last) for seen in found.earlier] == [("ACCEPT", NOON - 5400)]
