"""On generated days every planted refusal is attributed to the rule that was planted, and nothing else has a cause."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from diagnosis.evidence.query import Last
from diagnosis.flowlogs.rejects import RejectFiles
from diagnosis.summarise import summarise
from diagnosis.summary import RejectGroup, Summary, compared, of_document
from tests.diagnosis.flowlogs.corpus import V5, write
from tests.diagnosis.refused_day import Day, Flow, account, generated

DAY = Last(24 * 3600)
PLANTED = {"sg-db", "acl-cache", "sg-app", "acl-db", "sg-web"}


def told(group: RejectGroup) -> str:
    """What the summary says of a group: the component that refuses it, or why nobody need act."""
    if group.kind == "noise":
        return "noise"
    if group.cause is not None:
        return group.cause.component
    return group.state or "late"


def summary_of(day: Day, place: Path, limit: int = 100_000) -> Summary:
    log = write(place / "flows.log.gz", day.lines, header=V5)
    return summarise(RejectFiles([log]), DAY, account().network(), limit)


def confusion(day: Day, summary: Summary) -> Counter[tuple[str, str]]:
    """How many flows that are one thing were told to be another; what was not told of at all is "nothing"."""
    said: dict[Flow, set[str]] = {}
    for group in summary.groups:
        flow = (group.source, group.destination, group.protocol, group.port)
        said.setdefault(flow, set()).add(told(group))
    table: Counter[tuple[str, str]] = Counter()
    for flow, truth in day.truth.items():
        table[truth, " and ".join(sorted(said.pop(flow, {"nothing"})))] += 1
    for flow, others in said.items():
        table["nothing", " and ".join(sorted(others)) + f" {flow}"] += 1
    return table


def shown(table: Counter[tuple[str, str]]) -> str:
    columns = sorted({column for _, column in table})
    planted = sorted({truth for truth, _ in table})
    rows = [[truth, *(str(table[truth, column] or ".") for column in columns)] for truth in planted]
    rows.insert(0, ["planted \\ told", *columns])
    return "\n".join("  ".join(cell.rjust(14) for cell in row) for row in rows)


@pytest.mark.parametrize("seed", range(4))
def test_what_was_planted_is_found_with_its_rule_and_noise_has_none(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = generated(seed)
    summary = summary_of(day, tmp_path)

    table = confusion(day, summary)
    if seed == 0:
        with capsys.disabled():
            print(f"\n{shown(table)}")  # noqa: T201 - the table is what the test is for

    assert {pair for pair in table if pair[0] != pair[1]} <= {("works", "nothing")}
    assert {truth for truth, _ in table} >= {*PLANTED, "fixed", "late", "noise"}


def test_each_planted_rule_is_one_cause_with_all_of_its_flows_whatever_the_limit(tmp_path: Path) -> None:
    day = generated(9)
    summary = summary_of(day, tmp_path, limit=3)

    planted = Counter(what for what in day.truth.values() if what not in {"noise", "late", "works", "fixed"})
    assert len(summary.groups) == 3
    named: dict[Any, int] = {total.cause.component: total.groups for total in summary.causes if total.cause is not None}
    assert named == dict(planted)
    assert summary.states.fixed == sum(what == "fixed" for what in day.truth.values())
    acl = next(total for total in summary.causes if total.cause is not None and total.cause.component == "acl-db")
    assert acl.cause is not None
    assert (acl.cause.rule, acl.cause.leg, acl.kind, acl.example.reply) == ("60", "return", "internal", True)


def test_the_hours_add_up_to_the_counts(tmp_path: Path) -> None:
    summary = summary_of(generated(5), tmp_path)

    assert sum(each.internal for each in summary.hours) == summary.rejects.internal
    assert sum(each.noise for each in summary.hours) == summary.rejects.noise
    assert sum(each.internal + each.external + each.noise for each in summary.hours) == summary.rejects.records
    assert [each.start for each in summary.hours] == sorted(each.start for each in summary.hours)


def test_against_an_earlier_summary_each_cause_is_new_worse_the_same_less_or_gone(tmp_path: Path) -> None:
    summary = summary_of(generated(6), tmp_path)
    first, second, third, *_ = summary.causes
    earlier = summary.model_copy(
        update={
            "causes": (
                first.model_copy(update={"records": first.records // 3, "first_seen": "2026-11-01T00:00:00Z"}),
                second.model_copy(update={"records": second.records * 5}),
                *(total for total in summary.causes[3:]),
            )
        }
    )
    before = of_document(earlier.document())

    found = compared(summary, before)
    changes = {total.key: total.change for total in found.causes}

    assert (changes[first.key], changes[second.key], changes[third.key]) == ("worse", "less", "new")
    assert {changes[total.key] for total in summary.causes[3:]} == {"same"}
    assert found.causes[0].first_seen == "2026-11-01T00:00:00Z"
    assert [total.key for total in compared(before, found.model_copy(update={"causes": ()})).gone] == []
    assert [total.key for total in compared(summary.model_copy(update={"causes": ()}), before).gone] == [
        total.key for total in before.causes
    ]


def test_against_an_earlier_summary_each_group_is_new_worse_the_same_or_less_and_gone_ones_are_named(
    tmp_path: Path,
) -> None:
    summary = summary_of(generated(6), tmp_path)
    opened = [group for group in summary.groups if group.open]
    worse, less, fresh, gone = opened[:4]
    before = {
        worse.key: worse.model_copy(update={"records": max(1, worse.records // 4)}),
        less.key: less.model_copy(update={"records": less.records * 5}),
    }
    earlier = summary.model_copy(
        update={
            "groups": tuple(before.get(each.key, each) for each in summary.groups if each is not fresh),
            "states": summary.states.model_copy(update={"standing": summary.states.standing - 1}),
        }
    )
    today = summary.model_copy(
        update={
            "groups": tuple(each for each in summary.groups if each is not gone),
            "states": summary.states.model_copy(update={"standing": summary.states.standing - 1}),
        }
    )

    found = compared(of_document(today.document()), of_document(earlier.document()))
    changes = {group.key: group.change for group in found.groups}

    assert (changes[fresh.key], changes[less.key]) == ("new", "less")
    assert changes[worse.key] == ("worse" if worse.records - worse.records // 4 >= 10 else "same")
    assert {changes[each.key] for each in opened[4:]} == {"same"}
    assert {group.change for group in found.groups if not group.open} == {None}
    assert [(group.key, group.change) for group in found.gone_groups] == [(gone.key, "gone")]
    by_component = {total.cause.component: total for total in found.causes if total.cause is not None}
    assert fresh.cause is not None
    assert gone.cause is not None
    assert by_component[fresh.cause.component].new == 1
    assert sum(total.new for total in found.causes) == 1
    assert by_component[gone.cause.component].gone == 1


def test_where_the_earlier_summary_holds_only_some_groups_no_other_is_called_new(tmp_path: Path) -> None:
    summary = summary_of(generated(6), tmp_path)
    few = summary.model_copy(update={"groups": summary.groups[:5]})

    later = compared(summary, few)
    assert not few.whole
    assert {group.change for group in later.groups if group.open} == {"same", None}
    assert [total.new for total in later.causes] == [total.new for total in summary.causes]
    assert compared(few, summary).gone_groups == ()
