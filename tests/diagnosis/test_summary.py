"""`whynot summary`: what was refused, why, and what of it is noise."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from diagnosis.snapshots.embedded_account import flow_logs_folder, snapshot_folder
from tests.accounts import ACCOUNT, EVERYTHING, REGION, Account, entry, rule, two_subnets, with_internet
from tests.diagnosis.flowlogs.corpus import NOON, V2, V5, idle, record, write
from tests.program import folder_of, run

CLIENT, SERVER, STRANGER, PARTNER = "10.0.1.10", "10.0.2.20", "203.0.113.5", "203.0.113.77"
HOUR = 3600
Json = dict[str, Any]


def account(**named: Any) -> Account:
    """The client is public and lets nothing in; the server takes tcp 443 and udp 53 from everywhere."""
    made = with_internet(two_subnets(client={"groups": ["sg-client"]}, server={"groups": ["sg-server"]}))
    made.group("sg-client", "vpc-a", ingress=named.get("client", []))
    server = [rule("tcp", (443, 443), "0.0.0.0/0"), rule("udp", (53, 53), "0.0.0.0/0")]
    made.group("sg-server", "vpc-a", ingress=named.get("server", server), egress=EVERYTHING)
    return made


def to_server(port: int, action: str = "REJECT", *, hours: float = 0, client: int = 40000, **more: str) -> str:
    """A record of the server's interface, so many hours before noon."""
    end = NOON - int(hours * HOUR)
    return record("eni-server", CLIENT, SERVER, client, port, action, end=end, **more)


def from_server(port: int, action: str = "REJECT", *, hours: float = 0, client: int = 40000, **more: str) -> str:
    end = NOON - int(hours * HOUR)
    return record("eni-server", SERVER, CLIENT, port, client, action, end=end, **more)


def to_client(source: str, port: int, *, minutes: int = 0, header: str = V2, **more: str) -> str:
    end = NOON - minutes * 60
    return record("eni-client", source, CLIENT, 51000, port, "REJECT", end=end, header=header, **more)


def summed(place: Path, lines: Iterable[str], made: Account | None, *options: str, header: str = V2) -> Json:
    log = write(place / "logs" / "flows.log.gz", [to_server(443, "ACCEPT", hours=24, client=1, header=header), *lines],
                header=header)  # fmt: skip
    snapshot = ("--snapshot", str(folder_of(made, place))) if made is not None else ()
    ran = run("summary", *snapshot, "--flow-logs", str(log), "--json", *options)
    assert ran.status == 0, ran.err
    return ran.document


def only(document: Json) -> Json:
    [group] = document["groups"]
    return dict(group)


def test_a_standing_refusal_has_the_rule_that_caused_it_and_the_fix_that_ask_proves(tmp_path: Path) -> None:
    made = account()
    document = summed(tmp_path, [to_server(3306, hours=hours) for hours in range(20)], made)
    asked = run("ask", f"can {CLIENT} reach {SERVER} on tcp 3306", "--snapshot", str(tmp_path / "account"), "--json")

    group = only(document)
    assert (group["source"], group["destination"], group["protocol"], group["port"]) == (CLIENT, SERVER, "tcp", 3306)
    assert (group["class"], group["state"], group["records"], group["packets"]) == ("internal", "standing", 20, 60)
    assert (group["cause"]["component"], group["cause"]["code"]) == ("sg-server", "ENI_SG_RULES_MISMATCH")
    assert group["fix"] == asked.document["fixes"][0]["id"]
    assert document["rejects"] == {"records": 20, "flows": 1, "internal": 20, "noise": 0}
    assert document["window"] == {"start": "2026-11-21T12:00:00Z", "end": "2026-11-22T12:00:00Z"}


def test_what_was_first_refused_in_the_last_quarter_is_new_and_what_is_allowed_by_now_is_fixed(tmp_path: Path) -> None:
    lines = [to_server(6379, hours=5), to_server(3306, hours=7), to_server(443, hours=3, client=41000)]
    lines.append(idle("eni-server"))

    document = summed(tmp_path, lines, account())

    states = {group["port"]: (group["state"], group["cause"] is None) for group in document["groups"]}
    assert states == {6379: ("new", False), 3306: ("standing", False), 443: ("fixed", True)}


def test_late_packets_of_a_connection_are_told_as_that_connection_and_not_as_a_flow_to_a_high_port(
    tmp_path: Path,
) -> None:
    """The clients' ports differ; one lies below the service's, as behind a NAT gateway."""
    ports = [40000, 41000, 42000]
    tcp = [line for port in ports for line in (to_server(443, "ACCEPT", client=port), from_server(443, client=port))]
    udp = [to_server(53, "ACCEPT", protocol="17"), from_server(53, protocol="17")]

    document = summed(tmp_path, tcp + udp, account())

    groups = {group["port"]: group for group in document["groups"]}
    assert set(groups) == {443, 53}
    for group in groups.values():
        assert (group["source"], group["destination"], group["reply"]) == (CLIENT, SERVER, True)
        assert (group["cause"], group["state"], group["fix"]) == (None, None, None)
    assert groups[443]["records"] == 3
    assert groups[53]["protocol"] == "udp"


def test_replies_that_an_acl_drops_have_that_rule_as_their_cause(tmp_path: Path) -> None:
    made = account()
    acl = made.items["ec2.describe_network_acls"][1]
    acl["Entries"].append(entry(50, "deny", "10.0.1.0/24", "6", (32768, 65535), egress=True))
    for name, seen in (("with", [to_server(443, "ACCEPT")]), ("without", [])):
        document = summed(tmp_path / name, [*seen, from_server(443), from_server(443, client=45000)], made)

        groups = [group for group in document["groups"] if group["port"] == 443]
        assert {(g["source"], g["cause"]["component"], g["cause"]["rule"], g["cause"]["leg"]) for g in groups} == {
            (CLIENT, "acl-2", "50", "return")
        }
        assert sum(group["records"] for group in document["groups"]) == 2


def test_between_ports_that_are_alike_a_refusal_stays_what_it_is(tmp_path: Path) -> None:
    """NTP from 123 to 123: the swapped tuple is the same service the other way round."""
    lines = [
        record("eni-server", CLIENT, SERVER, 123, 123, "ACCEPT", protocol="17"),
        record("eni-client", SERVER, CLIENT, 123, 123, "REJECT", protocol="17"),
    ]

    group = only(summed(tmp_path, lines, account()))

    assert (group["source"], group["destination"], group["port"], group["reply"]) == (SERVER, CLIENT, 123, False)


def test_icmp_refused_one_way_and_accepted_the_other_is_judged_by_the_configuration(tmp_path: Path) -> None:
    lines = [
        record("eni-server", CLIENT, SERVER, 0, 0, "ACCEPT", protocol="1"),
        record("eni-client", SERVER, CLIENT, 0, 0, "REJECT", protocol="1"),
    ]
    refused = only(summed(tmp_path / "request", lines, account(server=EVERYTHING)))
    made = account(client=EVERYTHING, server=EVERYTHING)
    made.items["ec2.describe_network_acls"][0]["Entries"].append(entry(50, "deny", protocol="1", ports=(0, -1)))
    answers = only(summed(tmp_path / "reply", lines, made))

    assert (refused["source"], refused["reply"], refused["cause"]["component"]) == (SERVER, False, "sg-client")
    assert (answers["source"], answers["reply"], answers["cause"]["leg"]) == (CLIENT, True, "return")
    assert answers["port"] is None


def test_strangers_that_scan_are_noise_without_a_cause_and_a_partner_is_not(tmp_path: Path) -> None:
    scans = [to_client(STRANGER, port) for port in range(20, 40)]
    partner = [to_client(PARTNER, 8443, minutes=minute) for minute in range(30)]

    document = summed(tmp_path, scans + partner, account())

    assert [group["class"] for group in document["groups"]] == ["external"] + ["noise"] * 20
    first, noise = document["groups"][0], document["groups"][1]
    assert (first["source"], first["cause"]["component"], first["state"]) == (PARTNER, "sg-client", "new")
    assert (noise["cause"], noise["state"], noise["fix"]) == (None, None, None)
    assert document["rejects"] == {"records": 50, "flows": 21, "internal": 0, "noise": 20}


def test_who_was_accepted_once_and_services_of_aws_are_no_noise(tmp_path: Path) -> None:
    known = [to_client(PARTNER, port, header=V5) for port in range(20, 40)]
    known.append(record("eni-client", PARTNER, CLIENT, 50001, 443, "ACCEPT", header=V5))
    checks = [
        to_client("15.177.0.1", port, header=V5, pkt_src_aws_service="ROUTE53_HEALTHCHECKS") for port in range(20, 40)
    ]
    rented = [to_client(STRANGER, port, header=V5, pkt_src_aws_service="EC2") for port in range(20, 40)]

    document = summed(tmp_path, known + checks + rented, None, header=V5)

    kinds = Counter((group["source"], group["class"], group["service"]) for group in document["groups"])
    assert kinds == {
        (PARTNER, "external", None): 20,
        ("15.177.0.1", "external", "ROUTE53_HEALTHCHECKS"): 20,
        (STRANGER, "noise", None): 10,
    }


def test_without_a_snapshot_there_is_no_cause_and_the_limit_bounds_the_groups_alone(tmp_path: Path) -> None:
    lines = [to_server(port) for port in range(3000, 3010)] + [to_client(STRANGER, port) for port in range(20, 40)]

    document = summed(tmp_path, lines, None, "--limit", "3")

    assert [(group["class"], group["cause"]) for group in document["groups"]] == [("internal", None)] * 3
    assert document["rejects"] == {"records": 30, "flows": 30, "internal": 10, "noise": 20}
    assert (document["interfaces_without_logs"], document["unseen"]) == ([], [])


def test_since_counts_back_from_the_newest_record(tmp_path: Path) -> None:
    document = summed(tmp_path, [to_server(3306, hours=3), to_server(3307, hours=0.1)], None, "--since", "1h")

    assert [group["port"] for group in document["groups"]] == [3307]


def test_the_health_of_the_logs_is_told(tmp_path: Path) -> None:
    """eni-client has a flow log, eni-server none; where flow logs were not asked for, that is unseen."""
    bad = [idle("eni-server"), idle("eni-server", "SKIPDATA"), "no record at all"]
    unseen = summed(tmp_path, bad, account())
    listed = {"FlowLogs": [{"FlowLogId": "fl-1", "ResourceId": "eni-client"}]}
    answer = tmp_path / "account" / ACCOUNT / REGION / "ec2.describe_flow_logs.json"
    answer.write_text(json.dumps(listed))
    again = ("--snapshot", str(tmp_path / "account"), "--flow-logs", str(tmp_path / "logs"), "--json")
    seen = run("summary", *again).document

    assert seen["records"] == {"read": 3, "malformed": 1, "nodata": 1, "skipdata": 1, "unreadable_files": 0}
    assert seen["interfaces_without_logs"] == ["eni-server"]
    assert [item["call"] for item in seen["unseen"]] == []
    assert unseen["interfaces_without_logs"] == []
    assert [item["call"] for item in unseen["unseen"]] == ["ec2.describe_flow_logs"]


def test_of_a_generated_day_everything_planted_is_found_and_no_noise_has_a_cause(tmp_path: Path) -> None:
    chance = random.Random(7)
    made = account()
    planted = {(CLIENT, SERVER, port) for port in (3306, 5432, 6379, 9200)}
    day = [to_server(port, hours=chance.uniform(0, 23)) for _, _, port in planted for _ in range(30)]
    for _ in range(200):
        client, hours = chance.randrange(32768, 61000), chance.uniform(0, 23)
        day += [to_server(443, "ACCEPT", hours=hours, client=client), from_server(443, hours=hours, client=client)]
    for stranger in range(1, 60):
        ports = chance.sample(range(1, 60000), 8)
        day += [to_client(f"203.0.113.{stranger}", port, minutes=chance.randrange(1000)) for port in ports]
    chance.shuffle(day)

    document = summed(tmp_path, day, made, "--limit", "10000")

    told = Counter(
        (group["class"], group["reply"], (group["cause"] or {}).get("component")) for group in document["groups"]
    )
    assert told == {("internal", False, "sg-server"): 4, ("internal", True, None): 1, ("noise", False, None): 59 * 8}
    caused = {(g["source"], g["destination"], g["port"]) for g in document["groups"] if g["cause"] is not None}
    assert caused == planted


def test_parquet_and_text_tell_the_same(tmp_path: Path) -> None:
    import duckdb

    lines = [to_server(443, "ACCEPT", header=V5), from_server(443, header=V5), to_server(3306, header=V5)]
    lines += [to_client(STRANGER, port, header=V5) for port in range(20, 40)]
    text = write(tmp_path / "flows.log", lines, header=V5)
    parquet = tmp_path / "flows.parquet"
    duckdb.read_csv(str(text), sep=" ", header=True, all_varchar=True).write_parquet(str(parquet))

    one, other = (run("summary", "--flow-logs", str(path), "--json").document for path in (text, parquet))

    assert len(one["groups"]) == 22
    assert one == other


def test_the_page_names_each_cause_once_and_noise_in_one_line() -> None:
    ran = run("summary", "--snapshot", str(snapshot_folder()), "--flow-logs", str(flow_logs_folder()))

    assert ran.status == 0
    assert ran.out.count("orders-db-sg") == 1
    assert "noise     12,930 from 3,928 strangers that scan" in ran.out
    assert "2 SKIPDATA (records were lost), 4 malformed" in " ".join(ran.out.split())
    assert len(ran.out.splitlines()) < 40
    assert max(map(len, ran.out.splitlines())) <= 80


def test_hostile_text_in_a_record_stays_text(tmp_path: Path) -> None:
    name = "eni-'); DROP TABLE flows;--\N{RIGHT-TO-LEFT OVERRIDE}".replace(" ", "_")
    document = summed(tmp_path, [record("eni-');--", CLIENT, SERVER), record(name, CLIENT, SERVER)], None)

    assert [group["interface"] for group in document["groups"]] == ["eni-');--"]
    assert document["records"]["malformed"] == 1
    assert json.dumps(document).isascii()


def test_without_files_or_with_a_bad_time_it_says_what_is_needed(tmp_path: Path) -> None:
    bare, bad = (
        run("summary", "--snapshot", str(tmp_path)),
        run("summary", "--flow-logs", str(tmp_path), "--since", "soon"),
    )

    assert (bare.status, bad.status) == (2, 2)
    assert bare.err.count("--flow-logs") == 1
    assert "--since soon" in bad.err


def test_without_files_the_live_account_is_read(tmp_path: Path) -> None:
    ran = run("summary")

    assert ran.status == 2
    assert "--region" in ran.err


def test_against_an_earlier_summary_it_says_what_is_new_and_what_is_gone(tmp_path: Path) -> None:
    made = account()
    summed(tmp_path / "before", [to_server(3306, hours=hours) for hours in range(20)], made)
    again = ("--snapshot", str(tmp_path / "before" / "account"))
    logs = ("--flow-logs", str(tmp_path / "before" / "logs"))
    earlier = tmp_path / "earlier.json"
    earlier.write_text(run("summary", *again, *logs, "--json").out)
    log = write(tmp_path / "now" / "flows.log", [to_client(SERVER, 8080), to_server(443, "ACCEPT", hours=20)])

    document = run("summary", *again, "--flow-logs", str(log), "--before", str(earlier), "--json").document
    page = run("summary", *again, "--flow-logs", str(log), "--before", str(earlier)).out
    bad = run("summary", *again, "--flow-logs", str(log), "--before", str(log))

    assert [(total["cause"]["component"], total["change"]) for total in document["causes"]] == [("sg-client", "new")]
    assert [total["cause"]["component"] for total in document["gone"]] == ["sg-server"]
    assert "gone" in page
    assert "not before" in page
    assert (bad.status, "--before" in bad.err) == (2, True)


def test_nothing_refused_is_said_in_a_line(tmp_path: Path) -> None:
    log = write(tmp_path / "flows.log", [to_server(443, "ACCEPT")])

    assert run("summary", "--flow-logs", str(log)).out.startswith("Nothing was refused")
    assert run("summary", "--flow-logs", str(log), "--json").document["groups"] == []
