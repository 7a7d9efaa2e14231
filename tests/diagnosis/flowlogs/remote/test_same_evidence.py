"""The same records give the same evidence through every engine, and it is what a plain reading gives."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diagnosis.evidence.query import Between, FlowLogQuery, Seen, Sightings
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.flowlogs.corpus import NOON, Asked, oracle, random_line
from tests.diagnosis.flowlogs.remote.places import Place, from_files
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
        "statuses": found.statuses,
        "window": found.window,
        "fields": found.fields,
        "accepts": found.accepts,
        "rejects": found.rejects,
    }


@pytest.mark.parametrize("seed", range(len(LAYOUTS)))
def test_every_engine_sees_what_a_plain_reading_of_the_records_sees(place: Place, tmp_path: Path, seed: int) -> None:
    """A few hundred records of a small network, NODATA and SKIPDATA among them; all questions, in each layout."""
    chance = random.Random(seed)
    header, layout = LAYOUTS[seed]
    lines = [random_line(chance, header) for _ in range(300)]
    place.deliver(lines, header, **layout)
    file = corpus.write(tmp_path / "a.log", lines, header=header)

    for asked in QUESTIONS if seed == 0 else QUESTIONS[seed :: len(LAYOUTS)]:
        query = query_of(asked)
        plain = oracle({file: header}, replace(asked, start=query.window.start, end=query.window.end))  # type: ignore[union-attr]
        local = from_files(tmp_path, lines, query, header)
        assert as_truth(local).seen == plain.seen
        for engine in ENGINES:
            found = place.engine(engine, header, **layout).read(query)  # type: ignore[arg-type]
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
