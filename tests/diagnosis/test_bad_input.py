"""Input that is broken, foreign or hostile: one line or a counted, named warning, and the rest is still answered."""

from __future__ import annotations

import gzip
import json
import random
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.accounts import Account, Json, entry, rule, two_subnets
from tests.program import Ran, folder_of, run

ASK = "can 10.0.1.10 reach 10.0.2.20 on 443"
VERSION_2 = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.\u2066exe\u200b\r\n\n  ✓ all is well `id` $(id) ; rm -rf ~ \ud83d \x00\x7f"
)


def record(
    *, action: str = "REJECT", interface: str = "eni-server", port: int = 443, start: int = 1_795_355_000
) -> str:
    return f"2 111111111111 {interface} 10.0.1.10 10.0.2.20 40000 {port} 6 3 180 {start} {start + 60} {action} OK"


RECORDS = "\n".join([VERSION_2, *(record(start=1_795_355_000 + 60 * n) for n in range(20))]) + "\n"


def closed() -> Account:
    """The server's group does not admit the client."""
    made = two_subnets(server={"groups": ["sg-server"]})
    made.group("sg-server", "vpc-a", ingress=[rule("tcp", (22, 22), "10.0.0.0/8")])
    return made


def ask(folder: Path, *options: str, question: str = ASK) -> Ran:
    return run("ask", question, "--snapshot", str(folder), *options)


def quiet(ran: Ran) -> None:
    """Nothing that anybody would call a crash, nothing that a terminal would obey."""
    assert "Traceback" not in ran.err
    assert "fault of whynot" not in ran.err
    assert not {letter for letter in ran.out + ran.err if not letter.isprintable()} - {"\n"}


def edited(folder: Path, call: str, change: Callable[[list[Json]], Any]) -> Path:
    """The folder, with the list of one call changed."""
    [file] = folder.rglob(f"{call}.json")
    content = json.loads(file.read_text())
    [key] = [name for name in content if isinstance(content[name], list)]
    change(content[key])
    file.write_text(json.dumps(content))
    return folder


def each(items: list[Json], change: Callable[[Json], Any]) -> None:
    for item in items:
        change(item)


# The snapshot


def test_a_snapshot_that_is_not_there_is_one_line_and_exit_2(tmp_path: Path) -> None:
    for command in (("ask", ASK), ("who", "what can reach 10.0.2.20 on 443"), ("trace", "--flows", "-")):
        ran = run(*command, "--snapshot", str(tmp_path / "gone"))

        assert (ran.status, ran.out) == (2, "")
        assert ran.err.startswith("whynot: There is no snapshot at ")
        assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"Vpcs": [{"VpcId": "vpc-1"', id="cut short"),
        pytest.param(b'{"Unheard": [], "Of": {}}', id="no known key"),
        pytest.param(b"", id="empty"),
        pytest.param(b"[1, 2, 3]", id="a list"),
        pytest.param(bytes(random.Random(1).randrange(256) for _ in range(5000)), id="binary noise"),
        pytest.param(b"[" * 200_000, id="nested too deep"),
        pytest.param(b"\x1f\x8b\x08\x00 no gzip", id="no gzip"),
    ],
)
def test_a_snapshot_without_one_usable_file_is_one_line_and_exit_2(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)

    for path in (tmp_path, tmp_path / "a.json"):
        ran = ask(path)

        assert (ran.status, ran.out) == (2, "")
        assert "a.json" in ran.err
        assert ran.err.count("\n") == 1
        quiet(ran)


@pytest.mark.parametrize(
    "content", ['{"NetworkAcls": [{"NetworkAclId": "ac', "\x00\x01\x02", '{"NetworkAcls": "none"}', "null"]
)
def test_a_file_that_the_path_needs_and_that_is_broken_is_named_and_the_verdict_unknown(
    tmp_path: Path, content: str
) -> None:
    folder = folder_of(two_subnets(), tmp_path)
    [file] = folder.rglob("ec2.describe_network_acls.json")
    file.write_text(content)

    ran = ask(folder, "--json")

    assert (ran.status, ran.document["verdict"]) == (3, "unknown")
    assert "ec2.describe_network_acls" in {gap["call"] for gap in ran.document["unseen"]}
    assert ran.err.count("ec2.describe_network_acls.json") == ran.err.count("\n") == 1
    quiet(ran)


def test_what_was_seen_still_blocks_where_another_file_is_broken(tmp_path: Path) -> None:
    folder = folder_of(closed(), tmp_path)
    [file] = folder.rglob("ec2.describe_network_acls.json")
    file.write_text('{"NetworkAcls": [{"Net')

    ran = ask(folder, "--json")

    assert (ran.status, ran.document["verdict"]) == (1, "blocked")
    assert [cause["component"] for cause in ran.document["causes"]] == ["sg-server"]


def test_a_broken_file_that_the_path_does_not_need_changes_nothing_but_is_named(tmp_path: Path) -> None:
    folder = folder_of(two_subnets(), tmp_path)
    [file] = folder.rglob("ec2.describe_nat_gateways.json")
    file.write_text("{")

    ran = ask(folder, "--json")

    assert (ran.status, ran.document["verdict"]) == (0, "reachable")
    assert "ec2.describe_nat_gateways.json" in ran.err


WRONG: dict[str, tuple[str, Callable[[Json], None]]] = {
    "rules that are a text": ("ec2.describe_security_groups", lambda item: item.update(IpPermissions="all")),
    "a port that is a list": (
        "ec2.describe_security_groups",
        lambda item: item.update(IpPermissions=[{"IpProtocol": "tcp", "FromPort": [443], "ToPort": 443}]),
    ),
    "a range that is none": (
        "ec2.describe_security_groups",
        lambda item: item.update(
            IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0/99"}]}]
        ),
    ),
    "entries that are a number": ("ec2.describe_network_acls", lambda item: item.update(Entries=7)),
    "an entry without a number": (
        "ec2.describe_network_acls",
        lambda item: item.update(Entries=[{"RuleAction": "deny", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}]),
    ),
    "a rule number that is a text": (
        "ec2.describe_network_acls",
        lambda item: item.update(Entries=[{**entry(100, "allow"), "RuleNumber": "first"}]),
    ),
    "routes that are an object": ("ec2.describe_route_tables", lambda item: item.update(Routes={"a": 1})),
    "an address that is none": (
        "ec2.describe_network_interfaces",
        lambda item: item.update(PrivateIpAddresses=[{"PrivateIpAddress": "10.0.1.999"}]),
    ),
    "groups that are null": ("ec2.describe_network_interfaces", lambda item: item.update(Groups=None)),
    "an id that is a number": ("ec2.describe_network_interfaces", lambda item: item.update(NetworkInterfaceId=5)),
    "an id that is missing": ("ec2.describe_security_groups", lambda item: item.pop("GroupId")),
}
NOT_NEEDED: dict[str, tuple[str, Callable[[Json], None]]] = {
    "a range of a subnet that is none": ("ec2.describe_subnets", lambda item: item.update(CidrBlock=7)),
    "a range of a VPC that is none": ("ec2.describe_vpcs", lambda item: item.update(CidrBlockAssociationSet=[3])),
    "a gateway that is a text": ("ec2.describe_internet_gateways", lambda item: item.update(Attachments="all")),
    "tags that are a text": ("ec2.describe_network_interfaces", lambda item: item.update(TagSet="Name=web")),
    "a tag without a value": ("ec2.describe_vpcs", lambda item: item.update(Tags=[{"Key": "Name"}])),
}


@pytest.mark.parametrize(("call", "change"), WRONG.values(), ids=list(WRONG))
def test_a_wrong_type_inside_an_entity_is_never_taken_for_an_open_path(
    tmp_path: Path, call: str, change: Callable[[Json], None]
) -> None:
    folder = edited(folder_of(two_subnets(), tmp_path), call, lambda items: each(items, change))

    text, ran = ask(folder), ask(folder, "--json")

    quiet(text)
    quiet(ran)
    assert text.status == ran.status
    assert ran.status in {1, 3}, ran.document["headline"]
    assert ran.document["unseen"] or ran.status == 1


@pytest.mark.parametrize(("call", "change"), NOT_NEEDED.values(), ids=list(NOT_NEEDED))
def test_a_wrong_type_that_the_path_does_not_need_leaves_the_verdict_alone(
    tmp_path: Path, call: str, change: Callable[[Json], None]
) -> None:
    made = two_subnets()
    made.internet_gateway("igw-1", "vpc-a")
    folder = edited(folder_of(made, tmp_path), call, lambda items: each(items, change))

    ran = ask(folder, "--json")

    quiet(ran)
    assert (ran.status, ran.document["verdict"]) == (0, "reachable")
    assert all(line.startswith("whynot: ") for line in ran.err.splitlines())


def test_an_entity_that_cannot_be_read_is_named_in_a_warning_and_only_what_needs_it_is_unknown(tmp_path: Path) -> None:
    made = two_subnets(server={"groups": ["sg-server"]})
    made.group("sg-server", "vpc-a")
    made.interface("eni-other", "subnet-1", "10.0.1.11")
    folder = edited(
        folder_of(made, tmp_path),
        "ec2.describe_security_groups",
        lambda groups: [one.update(IpPermissions="all") for one in groups if one["GroupId"] == "sg-server"],
    )

    needs_it = ask(folder, "--json")
    does_not = ask(folder, "--json", question="can 10.0.1.10 reach 10.0.1.11 on 443")

    assert (needs_it.status, does_not.status) == (3, 0)
    for ran in (needs_it, does_not):
        assert ran.err.count("sg-server") == ran.err.count("\n") == 1
    assert "sg-server" in json.dumps(needs_it.document["unseen"])


def test_one_address_at_two_interfaces_is_unknown_and_names_both(tmp_path: Path) -> None:
    made = two_subnets()
    for vpc, eni in (("vpc-b", "eni-b"), ("vpc-c", "eni-c")):
        made.vpc(vpc, "10.7.0.0/16")
        made.subnet(f"subnet-of-{vpc}", vpc, "10.7.1.0/24")
        made.interface(eni, f"subnet-of-{vpc}", "10.7.1.30")

    ran = ask(folder_of(made, tmp_path), "--json", question="can 10.7.1.30 reach 10.0.2.20 on 443")

    assert (ran.status, ran.document["verdict"]) == (3, "unknown")
    told = ran.document["headline"] + json.dumps(ran.document["unseen"])
    assert "eni-b" in told
    assert "eni-c" in told


# The flow logs


def with_logs(tmp_path: Path, **files: bytes) -> tuple[Path, Path]:
    """A closed account, and a folder with these log files."""
    logs = tmp_path / "logs"
    logs.mkdir()
    for name, content in files.items():
        (logs / name.replace("_", ".")).write_bytes(content)
    return folder_of(closed(), tmp_path), logs


def counts(ran: Ran) -> dict[str, int]:
    found: dict[str, int] = ran.document["evidence"]["flow_logs"]["records"]
    return found


def test_a_truncated_gzip_is_counted_and_named_and_the_other_files_are_read(tmp_path: Path) -> None:
    whole = gzip.compress(RECORDS.encode())
    folder, logs = with_logs(tmp_path, good_log_gz=whole, cut_log_gz=whole[: len(whole) // 2])

    ran = ask(folder, "--flow-logs", str(logs), "--json")

    assert (ran.status, ran.document["verdict"]) == (1, "blocked")
    assert counts(ran) == {"read": 20, "malformed": 0, "nodata": 0, "skipdata": 0, "unreadable_files": 1}
    assert ran.document["evidence"]["flow_logs"]["rejects"] == 20
    assert "cut.log.gz" in ran.err
    assert ran.err.count("\n") == 1
    quiet(ran)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 20, id="another kind of file"),
        pytest.param(b'127.0.0.1 - - [22/Nov/2026:14:05:00 +0000] "GET / HTTP/1.1" 200 12\n' * 50, id="a web server's"),
        pytest.param(b"PAR1" + bytes(5000), id="parquet"),
        pytest.param(json.dumps({"Records": [{"eventName": "Describe"}]}).encode(), id="CloudTrail"),
        pytest.param(bytes(random.Random(2).randrange(256) for _ in range(9000)), id="noise"),
        pytest.param(gzip.compress(bytes(random.Random(3).randrange(256) for _ in range(9000))), id="packed noise"),
        pytest.param(b"\x1f\x8b" + bytes(random.Random(4).randrange(256) for _ in range(900)), id="damaged gzip"),
        pytest.param(b"\xff\xfe" + RECORDS.encode("utf-16-le"), id="another encoding"),
    ],
)
def test_a_file_that_is_no_flow_log_is_counted_and_named_and_the_rest_is_answered(
    tmp_path: Path, content: bytes
) -> None:
    folder, logs = with_logs(tmp_path, good_log=RECORDS.encode(), other_log=content)

    text, ran = ask(folder, "--flow-logs", str(logs)), ask(folder, "--flow-logs", str(logs), "--json")

    assert (text.status, ran.status) == (1, 1)
    assert counts(ran)["read"] == 20
    assert counts(ran)["malformed"] + counts(ran)["unreadable_files"] > 0
    assert "other.log" in ran.err
    assert "other.log" in text.err
    quiet(text)
    quiet(ran)


def test_malformed_lines_are_counted_and_named_by_file_and_line(tmp_path: Path) -> None:
    lines = [*RECORDS.splitlines()[:11], "half a li", record().replace(" 443 ", " x "), "", *RECORDS.splitlines()[11:]]
    folder, logs = with_logs(tmp_path, a_log="\n".join(lines).encode())

    ran = ask(folder, "--flow-logs", str(logs), "--json")

    assert counts(ran) == {"read": 20, "malformed": 2, "nodata": 0, "skipdata": 0, "unreadable_files": 0}
    assert "a.log:12: " in ran.err
    assert "a.log:13: " in ran.err
    assert ran.document["evidence"]["flow_logs"]["rejects"] == 20


def test_an_empty_folder_of_logs_is_no_failure(tmp_path: Path) -> None:
    folder, logs = with_logs(tmp_path)

    ran = ask(folder, "--flow-logs", str(logs), "--json")

    assert (ran.status, counts(ran)["read"]) == (1, 0)


# Hostile text


def hostile_account() -> Account:
    made = closed()
    for call in ("vpcs", "subnets", "network_interfaces", "security_groups", "network_acls", "route_tables"):
        for item in made.items[f"ec2.describe_{call}"]:
            item["TagSet" if call == "network_interfaces" else "Tags"] = [{"Key": "Name", "Value": HOSTILE}]
    for group in made.items["ec2.describe_security_groups"]:
        group |= {"GroupName": HOSTILE, "Description": HOSTILE}
        for permission in (*group["IpPermissions"], *group["IpPermissionsEgress"]):
            for peer in permission["IpRanges"]:
                peer["Description"] = HOSTILE
    for interface in made.items["ec2.describe_network_interfaces"]:
        interface["Description"] = HOSTILE
        interface["Groups"] = [{**group, "GroupName": HOSTILE} for group in interface["Groups"]]
    return made


def test_hostile_names_and_descriptions_reach_no_terminal_and_break_no_line(tmp_path: Path) -> None:
    folder = folder_of(hostile_account(), tmp_path)

    for command in (
        ("ask", ASK),
        ("ask", ASK, "--explain"),
        ("ask", ASK, "--json"),
        ("who", "what can reach 10.0.2.20 on 443"),
        ("who", "what can reach 10.0.2.20 on 443", "--json"),
        ("ask", "can 10.0.1.10 reach owned on 443"),
    ):
        ran = run(*command, "--snapshot", str(folder))

        assert ran.status in {0, 1, 4}, ran.err
        quiet(ran)
        assert not any(line.startswith("  ✓ all is well") for line in ran.out.splitlines())


def test_hostile_log_lines_and_file_names_reach_no_terminal(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    evil = HOSTILE.replace("\x00", "").replace("/", "").replace("\n", " ")
    content = RECORDS + record() + f" {evil}\n" + record().replace("REJECT", "\x1b[31m") + "\n" + evil + "\n"
    (logs / f"a\x1b[2J\u202e\nb {1}.log").write_text(content, errors="surrogatepass")
    folder = folder_of(closed(), tmp_path)

    for options in ((), ("--explain",), ("--json",)):
        ran = ask(folder, "--flow-logs", str(logs), *options)

        assert ran.status == 1
        quiet(ran)


@pytest.mark.parametrize(
    "identity", ["sg-1; rm -rf ~", "$(reboot)", "`id`", "sg|x", "sg 1", "sg-1'\"", "--profile=x", "sg\n1"]
)
def test_an_id_that_a_shell_could_misread_is_never_part_of_a_command(tmp_path: Path, identity: str) -> None:
    made = two_subnets(server={"groups": [identity]})
    made.group(identity, "vpc-a", ingress=[rule("tcp", (22, 22), "10.0.0.0/8")])
    made.items["ec2.describe_network_acls"][1]["NetworkAclId"] = identity
    made.items["ec2.describe_network_acls"][1]["Entries"].append(entry(50, "deny"))
    folder = folder_of(made, tmp_path)

    text, ran = ask(folder), ask(folder, "--json")

    assert (text.status, ran.status) == (1, 1)
    assert ran.document["verdict"] == "blocked"
    quiet(text)
    commands = [c for fix in ran.document["fixes"] for c in (*fix["commands"], *fix["undo"])]
    assert commands == []
    for line in (line.strip() for line in text.out.splitlines()):
        if line.startswith(("aws ", "undo: aws ")):
            assert identity not in line
    for advice in ran.document["advice"]:
        _, found, command = advice.partition("aws ec2 ")
        assert not found or identity not in shlex.split(command.replace("'", " ").replace('"', " "))
