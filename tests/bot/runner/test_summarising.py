"""The summary of a channel holds what the channel may know, and is kept so that it can be read again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Hashable
from pathlib import Path

import pytest

from bot.access.scope import Scope
from bot.access.timetable import Timetable
from bot.eyes import names_of
from bot.runner.kept_groups import packed, unpacked
from bot.runner.networks import Networks
from bot.runner.subscribing import NotUnderstood, Wanted, subscription_of, wanted
from bot.runner.summarising import Summariser, document_of, stored
from bot.settings.values import Settings
from bot.store.summaries import Subscription
from bot.views.morning import flow_words
from diagnosis.flowlogs.rejects import RejectFiles
from diagnosis.network.described import Described
from diagnosis.network.network import Network
from diagnosis.sources import NoFlowLogs
from diagnosis.summary import Summary
from tests.accounts import rule, two_vpcs
from tests.diagnosis.flowlogs.corpus import NOON, record, write
from tests.diagnosis.refused_day import generated
from tests.diagnosis.test_attribution_of_a_day import summary_of

LINES = [
    *(record("eni-server", "10.0.1.10", "10.0.2.20", 40000 + n, 3306, end=NOON - n * 60) for n in range(20)),
    *(record("eni-peer", "10.0.1.10", "10.9.1.30", 40000 + n, 5432, end=NOON - n * 60) for n in range(10)),
    *(record("eni-peer", "203.0.113.5", "10.9.1.30", 40000, port, end=NOON - port) for port in range(20, 30)),
]


class Eyes:
    def __init__(self) -> None:
        made = two_vpcs()
        for group in ("sg-open", "sg-peer"):
            made.group(
                group, "vpc-a" if group == "sg-open" else "vpc-b", ingress=[rule("tcp", (443, 443), "0.0.0.0/0")]
            )
        self.made = made.described()

    def described(self, say: Callable[[str], None]) -> Described:
        return self.made

    def version(self) -> Hashable:
        return 1


def unnamed(found: Summary, _: Network) -> Summary:
    return found


def summary(
    place: Path, scope: Scope, *, files: bool = True, name: Callable[[Summary, Network], Summary] = unnamed
) -> Summary:
    log = write(place / "flows.log", LINES)
    networks = Networks(Eyes(), 1e9, time.monotonic)
    summariser = Summariser(networks, lambda _, only: RejectFiles([log], only=only) if files else None, name)
    return summariser.summary(Wanted("C1", Timetable("09:00", "UTC"), 24, scope, None))


def test_a_channel_with_a_scope_sees_only_what_its_own_interfaces_refused(tmp_path: Path) -> None:
    whole, narrowed = summary(tmp_path, Scope()), summary(tmp_path, Scope(vpcs=("vpc-a",)))

    assert {group.port for group in whole.groups} >= {3306, 5432, 20}
    assert {group.port for group in narrowed.groups} == {3306}
    assert (narrowed.rejects.records, narrowed.rejects.noise, narrowed.scanners) == (20, 0, 0)
    assert sum(each.internal + each.external + each.noise for each in narrowed.hours) == 20
    assert "eni-peer" not in document_of(narrowed)


def test_a_summary_that_was_kept_is_read_again_and_what_is_none_is_nothing(tmp_path: Path) -> None:
    made = summary(tmp_path, Scope())
    again = stored(document_of(made))

    assert again is not None
    assert (again.causes, again.groups, again.names) == (made.causes, made.groups, made.names)
    assert [stored(text) for text in (None, "{}", "[]", "no JSON")] == [None] * 4


@pytest.mark.parametrize(("named", "told"), [(True, "AWS EC2 in us-east-1 203.0.113.5 →"), (False, "203.0.113.5 →")])
def test_strangers_are_named_as_in_answers_and_stay_so_in_what_is_kept(
    tmp_path: Path, *, named: bool, told: str
) -> None:
    prefix = {
        "ip_prefix": "203.0.113.0/24",
        "region": "us-east-1",
        "service": "EC2",
        "network_border_group": "us-east-1",
    }
    ranges = {"syncToken": "1", "createDate": "2024-04-01-00-00-00", "prefixes": [prefix], "ipv6_prefixes": []}
    (tmp_path / "ip-ranges.json").write_text(json.dumps(ranges), encoding="utf-8")
    settings = {"strangers": {"named": named, "ip_ranges": str(tmp_path / "ip-ranges.json")}}
    made = summary(tmp_path, Scope(), name=names_of(Settings.model_validate(settings)))

    for found in (made, stored(document_of(made))):
        assert found is not None
        [words] = {flow_words(found, each).split(" 10.9")[0] for each in found.groups if each.source == "203.0.113.5"}
        assert words == told


def test_without_flow_logs_it_says_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(NoFlowLogs, match=r"account\.flow_logs"):
        summary(tmp_path, Scope(), files=False)


def test_what_was_said_in_slack_goes_before_the_settings_and_what_is_no_longer_allowed_is_left_out() -> None:
    settings = Settings.model_validate(
        {"channels": {"C1": {"summary": {"at": "09:00"}}, "C2": {"summary": {"at": "10:00"}}, "C3": {}}}
    )
    row = Subscription(channel="C1", at="11:30", zone="UTC", days="mon", hours=12, person="U1", changed_at=5.0)
    gone = row.model_copy(update={"channel": "C2", "state": "removed"})
    elsewhere = row.model_copy(update={"channel": "C9"})

    found = wanted(settings, [row, gone, elsewhere])

    assert [(each.channel, each.timetable.at, each.hours, each.since) for each in found] == [("C1", "11:30", 12, 5.0)]


def test_a_summary_is_narrowed_to_less_than_the_channel_may_know_and_never_to_more() -> None:
    within = Scope(accounts=("123456789012",), vpcs=("vpc-a", "vpc-b"))

    row = subscription_of("daily 09:00 UTC vpc-a 6h", "C1", "U1", 1.0, within)
    found = wanted(Settings.model_validate({"channels": {"C1": {}}}), [row])

    assert found[0].scope == Scope(accounts=("123456789012",), vpcs=("vpc-a",))
    for word in ("vpc-c", "210987654321"):
        with pytest.raises(NotUnderstood, match="may not know"):
            subscription_of(f"daily 09:00 UTC {word}", "C1", "U1", 1.0, within)


def test_all_groups_of_a_summary_are_kept_in_little_room_and_come_back_without_the_words_of_their_causes(
    tmp_path: Path,
) -> None:
    groups = summary_of(generated(2), tmp_path).groups
    kept = packed(groups)

    assert unpacked(kept) == tuple(
        group.model_copy(update={"cause": group.cause.model_copy(update={"text": "", "related": (), "any_of": None})})
        if group.cause is not None
        else group
        for group in groups
    )
    assert any(group.cause is not None for group in groups)
    assert len(packed(groups * 100)) < 100 * len(groups) * 100
    assert unpacked(None) is unpacked(b"of another release") is None
