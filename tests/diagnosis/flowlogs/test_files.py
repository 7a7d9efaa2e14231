"""What an engineer gets from a folder of flow logs."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from diagnosis.evidence.query import LAST_HOUR_FIRST, Between, FlowLogQuery, Last, Sightings, Window
from diagnosis.flowlogs import files
from diagnosis.flowlogs.files import FlowLogFiles
from diagnosis.flowlogs.lines import Format, Parquet, recognise
from diagnosis.sources import FlowLogsUnavailable
from tests.diagnosis.flowlogs.corpus import (
    DB,
    NAT,
    NOON,
    V2,
    V5,
    WEB,
    delivered,
    idle,
    random_line,
    record,
    reply,
    write,
)

HOUR = 3600


def ask(*paths: Path, window: Window = LAST_HOUR_FIRST, port: int | None = 3306, **others: object) -> Sightings:
    sides: dict[str, object] = {
        "sources": frozenset({"10.0.1.10"}),
        "destinations": frozenset({"10.0.2.20"}),
        "protocol": 6,
        "port": port,
        "interfaces": frozenset({WEB, DB}),
        "window": window,
    }
    return FlowLogFiles(paths).read(FlowLogQuery(**(sides | others)))  # type: ignore[arg-type]


def noise(count: int, *, end: int = NOON) -> list[str]:
    chance = random.Random(count)
    return [
        record(NAT, f"172.31.{chance.randrange(256)}.7", "172.31.9.9", 50000, 8443, "ACCEPT", end=end)
        for _ in range(count)
    ]


def test_both_legs_are_read_and_kept_apart(tmp_path: Path) -> None:
    log = write(tmp_path / "x.log", [record(action="ACCEPT"), reply(action="REJECT"), record(WEB, action="ACCEPT")])

    found = ask(log)

    assert {(seen.interface, seen.leg, seen.action, seen.records) for seen in found.seen} == {
        (DB, "forward", "ACCEPT", 1),
        (DB, "reply", "REJECT", 1),
        (WEB, "forward", "ACCEPT", 1),
    }
    assert (found.accepts, found.rejects) == (2, 1)


def test_a_raw_line_carries_its_file_and_line(tmp_path: Path) -> None:
    log = write(tmp_path / "x.log.gz", [*noise(9), record(end=NOON - 60), *noise(3), record(), *noise(2)])

    (seen,) = ask(log).seen

    assert [line.origin for line in seen.lines] == [f"{log}:15", f"{log}:11"]
    assert seen.lines[0].text == record()


def test_columns_follow_each_files_own_header(tmp_path: Path) -> None:
    """Two formats in one folder; what one of them lacks is not among the fields that all have."""
    write(tmp_path / "a.log", [record(header=V5, tcp_flags="2", flow_direction="ingress")], header=V5)
    write(tmp_path / "b.log", [record(end=NOON - 9)])

    found = ask(tmp_path)

    assert {(seen.direction, seen.tcp_flags) for seen in found.seen} == {("ingress", 2), (None, None)}
    assert found.fields == frozenset(V2.split())


def test_a_custom_format_in_another_order_is_read_by_name(tmp_path: Path) -> None:
    header = "dstport action end start interface-id pkt-dstaddr srcaddr protocol dstaddr srcport"
    log = write(tmp_path / "x.log", [record(header=header)], header=header)

    (seen,) = ask(log).seen

    assert (seen.interface, seen.action, seen.last, seen.packets) == (DB, "REJECT", NOON, 0)


def test_a_file_without_a_header_is_read_as_the_default_format(tmp_path: Path) -> None:
    found = ask(write(tmp_path / "x.log", [record(), record(WEB, action="ACCEPT")], header=None))

    assert (found.counts.read, found.rejects, found.accepts) == (2, 1, 1)


def test_the_packets_own_addresses_count_too(tmp_path: Path) -> None:
    """Behind a NAT gateway, and for secondary addresses, only pkt-srcaddr and pkt-dstaddr name the parties."""
    lines = [record(NAT, "10.0.9.1", header=V5, action="ACCEPT", pkt_srcaddr="10.0.1.10", pkt_dstaddr="10.0.2.20")]
    found = ask(write(tmp_path / "x.log", lines, header=V5))

    assert [(seen.interface, seen.leg) for seen in found.seen] == [(NAT, "forward")]


def test_an_ipv6_address_is_found_however_the_log_spells_it(tmp_path: Path) -> None:
    spelt = ("2001:db8::5", "2001:db8:0:0:0:0:0:5", "2001:0db8:0000:0000:0000:0000:0000:0005")
    log = write(tmp_path / "x.log", [record(source=each, destination="2001:db8::9") for each in spelt])

    found = ask(log, sources=frozenset({"2001:DB8::5"}), destinations=frozenset({"2001:db8::9"}))

    assert found.rejects == 3


def test_icmp_records_match_without_ports(tmp_path: Path) -> None:
    log = write(tmp_path / "x.log", [record(source_port=0, port=0, protocol="1")])

    assert ask(log, protocol=1, port=8).rejects == 1


def test_a_source_port_narrows_both_legs(tmp_path: Path) -> None:
    log = write(tmp_path / "x.log", [record(), record(source_port=40001), reply()])

    assert [(seen.leg, seen.records) for seen in ask(log, source_port=40000).seen] == [("forward", 1), ("reply", 1)]


def test_the_last_hour_counts_back_from_the_newest_record(tmp_path: Path) -> None:
    log = write(tmp_path / "x.log", [record(), record(end=NOON - HOUR), record(end=NOON - HOUR - 1), *noise(5)])

    found = ask(log)

    assert found.rejects == 2
    assert found.window == Between(NOON - HOUR, NOON)
    assert not found.widened
    assert [seen.last for seen in found.earlier] == [NOON - HOUR - 1]


def test_everything_is_read_when_the_last_hour_holds_nothing_of_it(tmp_path: Path) -> None:
    log = write(tmp_path / "x.log", [record(end=NOON - 5 * HOUR), *noise(5)])

    found = ask(log)

    assert found.widened
    assert (found.rejects, found.window) == (1, Between(NOON - 5 * HOUR - 58, NOON))


def test_an_asked_window_is_kept_even_when_it_is_empty(tmp_path: Path) -> None:
    log = write(tmp_path / "x.log", [record(end=NOON - 5 * HOUR), *noise(5)])

    found = ask(log, window=Last(HOUR))

    assert (found.rejects, found.widened, found.window) == (0, False, Between(NOON - HOUR, NOON))


def test_until_ends_the_window(tmp_path: Path) -> None:
    log = write(tmp_path / "x.log", [record(end=NOON - each * HOUR) for each in range(6)])

    assert ask(log, window=Last(HOUR, until=NOON - 2 * HOUR)).rejects == 2
    assert ask(log, window=Between(None, NOON - 4 * HOUR)).rejects == 2


def test_one_record_with_a_wrong_clock_does_not_move_the_window(tmp_path: Path) -> None:
    log = write(tmp_path / "x.log", [record(), *noise(150), *noise(1, end=NOON + 4000 * HOUR)])

    found = ask(log)

    assert (found.newest, found.rejects) == (NOON, 1)
    assert any("the clock was wrong" in warning for warning in found.warnings)


def day(root: Path, lines: dict[int, list[str]]) -> None:
    """A day of files, five minutes each, with lines of the conversation by the number of the file."""
    for number in range(288):
        end = NOON + number * 300
        write(delivered(root, end, number), [*noise(3, end=end), *lines.get(number, [])])


def test_only_the_files_of_the_last_hour_are_read(tmp_path: Path) -> None:
    end = NOON + 287 * 300
    day(tmp_path, {287: [record(end=end)], 0: [record(end=NOON)]})

    found = ask(tmp_path)

    assert found.rejects == 1
    assert 13 * 3 < found.counts.read < 25 * 3


def test_the_day_is_read_when_the_last_hour_is_empty(tmp_path: Path) -> None:
    day(tmp_path, {3: [record(end=NOON + 900)]})

    found = ask(tmp_path)

    assert found.widened
    assert (found.rejects, found.counts.read) == (1, 288 * 3 + 1)


def test_no_file_is_read_twice_where_the_last_hour_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    day(tmp_path, {3: [record(end=NOON + 900)]})
    opened: Counter[Path] = Counter()

    def noted(path: Path, given: tuple[str, ...] | None) -> Format | Parquet:
        opened[path] += 1
        return recognise(path, given)

    monkeypatch.setattr(files, "recognise", noted)

    assert ask(tmp_path).widened
    assert set(opened.values()) == {1}
    assert len(opened) == 288


def test_when_it_began_is_looked_for_in_the_files_before_the_window(tmp_path: Path) -> None:
    """REJECT all through the last hour; the last ACCEPT was four hours ago, in a file that the window leaves out."""
    lines = {number: [record(end=NOON + number * 300)] for number in range(240, 288)}
    day(tmp_path, lines | {239: [record(action="ACCEPT", end=NOON + 239 * 300)]})

    found = ask(tmp_path)

    (accept,) = [seen for seen in found.earlier if seen.action == "ACCEPT"]
    rejects = [seen for seen in found.earlier if seen.action == "REJECT"]
    assert accept.last == NOON + 239 * 300
    assert min(seen.first or 0 for seen in rejects) == NOON + 240 * 300 - 58
    assert found.accepts == 0


def test_gaps_are_counted_for_the_interfaces_of_interest_and_for_all(tmp_path: Path) -> None:
    lines = [
        idle(WEB),
        idle(WEB),
        idle(DB, "SKIPDATA"),
        idle(NAT),
        record(DB),
        record(NAT),
        idle(WEB, end=NOON - 3 * HOUR),
    ]
    found = ask(write(tmp_path / "x.log", lines))

    assert (found.counts.nodata, found.counts.skipdata, found.counts.read) == (4, 1, 7)
    assert {(each.interface, each.ok, each.nodata, each.skipdata) for each in found.statuses} == {
        (WEB, 0, 2, 0),
        (DB, 1, 0, 1),
    }


def test_an_id_within_another_id_is_not_taken_for_it(tmp_path: Path) -> None:
    found = ask(write(tmp_path / "x.log", [record(f"{WEB}9"), idle(f"{WEB}9")]))

    assert found.status(WEB).ok == found.status(WEB).nodata == 0


@pytest.mark.parametrize("name", ["we[ird] *?.log.gz", "quo'te.log", "naïve {x}.log", "a;b$(c).log"])
def test_file_names_mean_nothing_but_themselves(tmp_path: Path, name: str) -> None:
    write(tmp_path / "weird.log", [record()])

    found = ask(write(tmp_path / name, [record(), record()]))

    assert (found.rejects, found.counts.unreadable_files) == (2, 0)
    assert found.seen[0].lines[0].origin.startswith(str(tmp_path / name))


def test_values_of_the_question_mean_nothing_but_themselves(tmp_path: Path) -> None:
    log = write(tmp_path / "x.log", [record("eni-';DROP/**/TABLE/**/scan;--")])

    found = ask(log, interfaces=frozenset({"eni-' OR '1'='1"}))

    assert (found.rejects, found.statuses[0].ok) == (1, 0)


def test_a_path_that_is_not_there_is_the_askers_to_mend(tmp_path: Path) -> None:
    with pytest.raises(FlowLogsUnavailable, match="does not exist"):
        FlowLogFiles([tmp_path / "nowhere"])


def test_an_empty_folder_is_no_failure(tmp_path: Path) -> None:
    found = ask(tmp_path)

    assert (found.counts.read, found.seen, found.newest) == (0, (), None)


def test_the_order_of_files_and_lines_changes_nothing(tmp_path: Path) -> None:
    chance = random.Random(5)
    lines = [random_line(chance) for _ in range(300)]
    one = ask(write(tmp_path / "1.log", lines), window=Between())
    shuffled = chance.sample(lines, len(lines))
    for number in range(3):
        write(tmp_path / "parts" / f"{number}.log.gz", shuffled[number::3])
    other = ask(tmp_path / "parts", window=Between())

    assert (one.counts, one.statuses, one.window) == (other.counts, other.statuses, other.window)
    assert [(each.interface, each.records, each.last) for each in one.seen] == [
        (each.interface, each.records, each.last) for each in other.seen
    ]


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ask(write(tmp_path / "logs" / "x.log", [record()]))

    assert [path.name for path in tmp_path.iterdir()] == ["logs"]
