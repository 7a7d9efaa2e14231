"""The morning post: whatever was refused and however much, it keeps Slack's limits, and is read in twenty seconds."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bot.views.forms import mute_form
from bot.views.ladder import words
from bot.views.lint import characters
from bot.views.morning import (
    SHOWN,
    Said,
    csv_of,
    failed_message,
    key_of,
    missed_message,
    morning_message,
    morning_thread,
    said_of,
)
from bot.views.pictures.rejects import Range, rejects_alt, rejects_picture
from diagnosis.answer import Cause, Unseen
from diagnosis.summary import CauseTotal, HourCounts, RejectCounts, RejectGroup, States, Summary
from diagnosis.testimony import RecordCounts, Window
from tests.bot.views.random_answers import HOSTILE, causes, maybe, several, texts
from tests.bot.views.test_hostile_text import SHAPES, check_message, check_view, few

numbers = st.integers(0, 10**12)
times = st.sampled_from(["2026-11-22T09:31:02Z", "2026-11-22T14:05:10+00:00"])
kinds = st.sampled_from(["internal", "external", "noise"])
groups = st.builds(
    RejectGroup, source=texts, destination=texts, protocol=texts, port=st.none() | st.integers(0, 65535),
    interface=maybe, records=numbers, packets=numbers, first=st.none() | times, last=st.none() | times, kind=kinds,
    cause=st.none() | causes, state=st.sampled_from(["new", "standing", "fixed", None]), fix=maybe, service=maybe,
)  # fmt: skip
totals: SearchStrategy[CauseTotal] = st.builds(
    CauseTotal, cause=st.none() | causes, kind=st.sampled_from(["internal", "external"]), example=groups,
    groups=numbers, records=numbers, sources=numbers, destinations=numbers, new=numbers, first=st.none() | times,
    owners=several(texts), fix=maybe, change=st.sampled_from(["new", "worse", "same", "less", None]),
    first_seen=st.none() | times,
)  # fmt: skip
hours = st.builds(
    HourCounts,
    start=st.integers(0, 23).map(lambda hour: f"2026-11-22T{hour:02}:00:00Z"),
    internal=numbers,
    external=numbers,
    noise=numbers,
)
summaries: SearchStrategy[Summary] = st.builds(
    Summary,
    window=st.builds(Window, start=st.none() | times, end=st.none() | times),
    engine=texts,
    records=st.builds(RecordCounts, read=numbers, malformed=numbers, nodata=numbers, skipdata=numbers),
    rejects=st.builds(RejectCounts, records=numbers, internal=numbers, noise=numbers, flows=numbers),
    groups=several(groups, times=12),
    causes=several(totals, times=12),
    gone=several(totals, times=12),
    states=st.builds(States, fixed=numbers),
    hours=several(hours, times=8),
    interfaces_without_logs=several(texts, times=12),
    unseen=several(st.builds(Unseen, call=texts, account=texts, region=texts, error=texts), times=4),
    scanners=numbers,
    names=st.dictionaries(texts, texts, max_size=3),
)


def big(count: int) -> Summary:
    """So many causes, each with a long sentence of hostile text."""
    group = RejectGroup(source="10.0.1.10", destination="10.0.2.20", protocol="tcp", port=3306, records=9, packets=9,
                        kind="internal", state="new")  # fmt: skip
    made = [
        CauseTotal(
            cause=Cause(code="ENI_SG_RULES_MISMATCH", component=f"sg-{number}", related=(), leg="forward",
                        text=" ".join(HOSTILE) * 3),
            kind="internal", example=group, groups=900, records=10_000 - number, sources=9, destinations=9,
            owners=("payments " * 40,), fix="fix-1",
        )
        for number in range(count)
    ]  # fmt: skip
    return Summary(
        window=Window(start="2026-11-21T09:00:00Z", end="2026-11-22T09:00:00Z"), engine="x", records=RecordCounts(),
        rejects=RejectCounts(records=10**9, internal=10**9), causes=tuple(made), gone=tuple(made),
        interfaces_without_logs=tuple(f"eni-{n:017x}" for n in range(5000)),
    )  # fmt: skip


def texts_of(said: Said) -> list[str]:
    return [words(block) for block in morning_message(said).blocks]


@few
@given(summaries, st.lists(texts, max_size=3))
def test_whatever_was_refused_the_post_and_its_thread_keep_every_limit(summary: Summary, notes: list[str]) -> None:
    said = Said(summary, "r" * 32, tuple(notes), {}, (summary, summary, summary), proposable=True)

    check_message(morning_message(said))
    check_message(morning_message(said, picture="F0123456789"))
    for message in morning_thread(said, files=True).messages:
        check_message(message)
    drawn = ET.fromstring(rejects_picture(said.chart).svg)  # noqa: S314 - our own
    assert {one.tag.rpartition("}")[2] for one in drawn.iter()} <= SHAPES | {"svg"}


@few
@given(texts, texts)
def test_what_is_said_besides_keeps_every_limit(one: str, other: str) -> None:
    check_message(failed_message(one, channel=other))
    check_message(missed_message([one, other], other))
    check_message(said_of(f"{one}\n{other}", by="U0123ABCD"))
    check_view(mute_form(metadata="{}", told=one))


def test_at_any_size_five_causes_are_shown_and_the_rest_is_in_the_thread() -> None:
    said = Said(big(1000), "r" * 32, proposable=True)
    message = morning_message(said, picture="F0123456789")
    thread = morning_thread(said, files=True)

    check_message(message)
    for each in thread.messages:
        check_message(each)
    assert sum(block["type"] == "actions" for block in message.blocks) == SHOWN
    assert "995 more causes in the thread" in texts_of(said)[-1]
    assert characters(message.blocks) < 12_000


def test_a_fix_is_proposed_from_the_post_where_one_is_proven_and_may_be_proposed() -> None:
    summary = big(2)
    bare = summary.causes[1].model_copy(update={"fix": None})
    said = Said(summary.model_copy(update={"causes": (summary.causes[0], bare)}), "r" * 32)

    def labels(said: Said) -> list[list[str]]:
        rows = [block for block in morning_message(said).blocks if block["type"] == "actions"]
        return [[button["text"]["text"] for button in row["elements"]] for row in rows]

    assert labels(replace(said, proposable=True)) == [["Diagnose", "Propose fix", "Mute…"], ["Diagnose", "Mute…"]]
    assert labels(said) == [["Diagnose", "Mute…"]] * 2


def test_a_quiet_day_is_one_line() -> None:
    quiet = Summary(
        window=Window(start="2026-11-21T09:00:00Z", end="2026-11-22T09:00:00Z"), engine="x",
        records=RecordCounts(read=10), rejects=RejectCounts(records=41, noise=41), scanners=3,
    )  # fmt: skip
    message = morning_message(Said(quiet, "r" * 32))

    assert len(message.blocks) == 1
    assert message.text.startswith("Nothing to do: no open internal refusal from 2026-11-21 09:00:00 to 2026-11-22")
    assert "41 rejects from 3 strangers that scan, none ever accepted." in message.text


def test_new_and_worse_causes_come_first_and_muted_ones_not_at_all() -> None:
    summary = big(4)
    first, second, third, fourth = summary.causes
    changed = (
        first.model_copy(update={"change": "same"}),
        second.model_copy(update={"change": "worse"}),
        third.model_copy(update={"change": "new"}),
        fourth.model_copy(update={"change": "new"}),
    )
    said = Said(summary.model_copy(update={"causes": changed}), "r" * 32)

    assert [key_of(total) for total in said.open_causes()] == [key_of(each) for each in (third, fourth, second, first)]
    rest = replace(said, muted={key_of(fourth): 1.0}).open_causes()
    assert [key_of(total) for total in rest] == [key_of(each) for each in (third, second, first)]


def test_the_chart_says_in_words_what_lies_above_the_usual_range() -> None:
    day = [HourCounts(start=f"2026-11-22T{hour:02}:00:00Z", internal=10 * hour, noise=5) for hour in range(24)]
    summary = big(1).model_copy(
        update={
            "window": Window(start="2026-11-22T00:00:00Z", end="2026-11-22T23:59:59Z"),
            "hours": tuple(day),
        }
    )
    calm = summary.model_copy(update={"hours": tuple(each.model_copy(update={"internal": 100}) for each in day)})
    chart = Said(summary, "r", earlier=(calm, calm, calm)).chart

    assert chart.usual == (Range(100, 100),) * 24
    assert "13 hours above the usual range, most from 23:00 UTC." in rejects_alt(chart)
    assert "13 hours above the usual range" in rejects_picture(chart).svg
    assert rejects_picture(chart).svg.count("l-6 -9 h12 Z") == 13
    assert "No usual range yet: it takes 3 days" in rejects_picture(Said(summary, "r", earlier=(calm,)).chart).svg
    assert "No hour is above the usual range" in rejects_picture(Said(calm, "r", earlier=(calm,) * 3).chart).svg
    assert Said(summary, "r", earlier=(calm, calm)).chart.usual == (None,) * 24


def test_a_cell_of_the_file_is_never_a_formula() -> None:
    group = RejectGroup(source="=cmd()", destination="@SUM(A1)", protocol="tcp", records=1, packets=1, kind="internal")
    rows = list(csv.reader(io.StringIO(csv_of(big(0).model_copy(update={"groups": (group,)})).decode())))

    assert rows[1][1:3] == ["'=cmd()", "'@SUM(A1)"]
