"""`whynot trace`: many flows, one line each, in the order of the input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.batch import judge_lines
from diagnosis.network.network import Network
from diagnosis.snapshots.embedded_account import snapshot_folder
from tests.accounts import Account, entry, two_subnets
from tests.program import Ran, run

OUTPUT = ["id", "verdict", "forward", "return", "causes", "assumed", "unseen"]
CAUSE = {"code", "component", "related", "leg", "direction", "rule", "text"}


def flow(**members: Any) -> dict[str, Any]:
    whole = {"id": "f1", "source": "10.0.1.10", "destination": "10.0.2.20", "protocol": "tcp", "port": 443}
    return whole | {"source_port": None} | members


def account(*entries: dict[str, Any]) -> Account:
    """Two subnets, with these entries before the open ones in the ACL of the server's subnet."""
    made = two_subnets()
    made.items["ec2.describe_network_acls"][1]["Entries"] += entries
    return made


def judge(network: Network, *lines: object) -> list[tuple[dict[str, Any], bool]]:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return [(json.loads(result), judged) for result, judged in judge_lines(network, texts)]


def verdict(network: Network, **members: Any) -> str:
    [(result, judged)] = judge(network, flow(**members))
    assert judged, result
    return str(result["verdict"])


def traced(lines: str | bytes) -> Ran:
    given_to_it = lines if isinstance(lines, bytes) else lines.encode()
    return run("trace", "--snapshot", str(snapshot_folder()), "--flows", "-", stdin=given_to_it)


DENY = entry(50, "deny", "10.0.1.10/32", "6", (443, 443))


def test_a_line_holds_the_contracts_members_and_nothing_else() -> None:
    [(result, judged)] = judge(account(DENY).network(), flow())

    assert judged
    assert list(result) == OUTPUT
    [cause] = result["causes"]
    assert set(cause) == CAUSE
    assert {name: cause[name] for name in CAUSE - {"text"}} == {
        "code": "SUBNET_ACL_RESTRICTION",
        "component": "acl-2",
        "related": ["subnet-2"],
        "leg": "forward",
        "direction": "ingress",
        "rule": "50",
    }
    assert (result["verdict"], result["forward"], result["return"]) == ("blocked", "blocked", None)


def test_the_groups_of_one_interface_share_any_of() -> None:
    made = two_subnets(server={"groups": ["sg-1", "sg-2"]})
    made.group("sg-1", "vpc-a", ingress=[])
    made.group("sg-2", "vpc-a", ingress=[])

    [(result, _)] = judge(made.network(), flow())

    assert [(cause["component"], cause["any_of"]) for cause in result["causes"]] == [("sg-1", 2), ("sg-2", 2)]


def test_a_drop_on_the_way_back_is_a_cause_of_that_leg() -> None:
    reply = entry(50, "deny", "10.0.1.10/32", "6", (1024, 65535), egress=True)

    [(result, _)] = judge(account(reply).network(), flow())

    assert (result["verdict"], result["forward"], result["return"]) == ("blocked", "reachable", "blocked")
    assert [(cause["leg"], cause["direction"]) for cause in result["causes"]] == [("return", "egress")]


def test_a_given_source_port_is_the_only_one_that_is_judged() -> None:
    slice_of_replies = entry(50, "deny", "10.0.1.10/32", "6", (49152, 65535), egress=True)
    network = account(slice_of_replies).network()

    assert verdict(network) == "partly"
    assert verdict(network, source_port=49152) == "blocked"
    assert verdict(network, source_port=49151) == "reachable"


def test_protocols_are_names_or_numbers_and_null_is_all_of_them() -> None:
    network = account(DENY).network()

    for blocked in ("tcp", "TCP", "6", 6):
        assert verdict(network, protocol=blocked) == "blocked", blocked
    for passes in ("udp", "17", 17):
        assert verdict(network, protocol=passes) == "reachable", passes
    for without_ports in ("icmp", "50", 50, "0"):
        assert verdict(network, protocol=without_ports, port=None) == "reachable", without_ports
    assert verdict(network, protocol=None, port=None) == "partly"
    assert verdict(network, protocol="tcp", port=None) == "partly"


def test_parties_are_addresses_interfaces_instances_and_addresses_in_a_vpc() -> None:
    made = two_subnets()
    made.instance("i-1", "eni-client")
    network = made.network()

    for source in ("10.0.1.10", "eni-client", "i-1", "vpc-a/10.0.1.10"):
        assert verdict(network, source=source) == "reachable", source
    assert verdict(network, destination="2001:db8:0:2::20", source="eni-client") == "reachable"
    assert verdict(network, destination="2001:DB8:0:2:0:0:0:20", source="i-1") == "reachable"


BAD: dict[str, tuple[object, str]] = {
    "no JSON": ("{oops", "it is no JSON"),
    "cut short": ('{"id": "f1", "source": "10.0', "it is no JSON"),
    "a list": ([1, 2], "it is not an object"),
    "a number": (7, "it is not an object"),
    "nested too deep": ("[" * 100_000, "it is nested too deep"),
    "a number of many digits": ('{"id": ' + "9" * 5000 + "}", "it cannot be read"),
    "NaN": ('{"id": NaN}', "NaN is no JSON number"),
    "a number beyond all bounds": ('{"id": 1e999}', "1e999 is no JSON number"),
    "no source": ({"id": "x", "destination": "10.0.2.20"}, "source is missing or no text"),
    "no destination": ({"id": "x", "source": "10.0.2.20"}, "destination is missing or no text"),
    "a source that is no text": (flow(source=10), "source is missing or no text"),
    "an empty source": (flow(source=""), "source is missing or no text"),
    "no party at all": (flow(source="web-1"), "'web-1' is no address and no id"),
    "half an address": (flow(destination="10.0.2"), "'10.0.2' is no address and no id"),
    "a range": (flow(source="10.0.1.0/24"), "'10.0.1.0/24' is a range"),
    "an unknown protocol": (flow(protocol="tcpp"), "'tcpp' is not a protocol"),
    "a protocol out of range": (flow(protocol="256"), "'256' is not a protocol"),
    "a negative protocol": (flow(protocol=-6), "'-6' is not a protocol"),
    "a protocol that is no text": (flow(protocol=["tcp"]), "protocol is no text"),
    "true for a protocol": (flow(protocol=True), "protocol is no text"),
    "a port out of range": (flow(port=65536), "port is no number from 0 to 65535"),
    "a negative port": (flow(port=-1), "port is no number from 0 to 65535"),
    "a port as text": (flow(port="443"), "port is no number from 0 to 65535"),
    "half a port": (flow(port=443.5), "port is no number from 0 to 65535"),
    "true for a port": (flow(port=True), "port is no number from 0 to 65535"),
    "a source port out of range": (flow(source_port=70000), "source_port is no number from 0 to 65535"),
}


@pytest.mark.parametrize(("line", "reason"), BAD.values(), ids=list(BAD))
def test_a_malformed_line_gives_its_id_and_what_is_wrong_in_its_place(line: object, reason: str) -> None:
    [first, (result, judged), last] = judge(two_subnets().network(), flow(id=1), line, flow(id=3))

    assert not judged
    assert list(result) == ["id", "error"]
    assert reason in result["error"]
    assert result["error"].startswith("line 2: ")
    assert "\n" not in result["error"]
    assert len(result["error"]) < 200
    assert [first[0]["id"], last[0]["id"]] == [1, 3]


@pytest.mark.parametrize(
    "identity", ["f-1", "", 0, 17, -1.5, True, None, "größe ✓ 名", "\x1b[2J", "a\nb", ["x"], {"a": 1}]
)
def test_an_id_is_echoed_as_it_was_given_whatever_it_is(identity: object) -> None:
    [(judged, _), (refused, _)] = judge(two_subnets().network(), flow(id=identity), flow(id=identity, port=-1))

    assert judged["id"] == identity
    assert refused["id"] == identity


def test_a_line_without_an_id_has_null_for_it() -> None:
    nameless = {"source": "10.0.1.10", "destination": "10.0.2.20"}
    results = judge(two_subnets().network(), nameless, {"source": 1}, "oops")

    assert [result["id"] for result, _ in results] == [None, None, None]
    assert [judged for _, judged in results] == [True, False, False]


members: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "id": st.one_of(st.none(), st.integers(), st.text(max_size=5)),
        "source": st.sampled_from(
            ["10.0.1.10", "eni-client", "2001:db8:0:1::10", "8.8.8.8", "internet", "", "x", 7, None]
        ),
        "destination": st.sampled_from(["10.0.2.20", "eni-server", "10.0.9.9", "::", "255.255.255.255", "i-gone"]),
        "protocol": st.sampled_from(["tcp", "icmp", "icmpv6", "udp", "0", "255", "-1", "all", None, 6, 300, "", []]),
        "port": st.one_of(st.none(), st.integers(-1, 65536), st.text(max_size=2), st.booleans()),
        "source_port": st.one_of(st.none(), st.integers(-1, 65536)),
    },
)


@given(
    st.lists(st.one_of(members.map(json.dumps), st.text(max_size=20).filter(lambda text: "\n" not in text)), max_size=5)
)
def test_every_line_that_is_not_blank_has_one_result_whatever_it_holds(lines: list[str]) -> None:
    results = judge(NETWORK, *lines)

    assert len(results) == len([line for line in lines if line.strip()])
    for result, judged in results:
        assert list(result) == (OUTPUT if judged else ["id", "error"])
        json.dumps(result, allow_nan=False)


NETWORK = two_subnets().network()


def test_trace_keeps_the_order_skips_blank_lines_and_exits_0_when_every_line_was_judged() -> None:
    flows = [flow(id=number, port=443 + number % 3) for number in range(40)]

    ran = traced("\n".join(f"\n  \n{json.dumps(one)}" for one in flows) + "\n\n")

    assert [line["id"] for line in ran.lines] == list(range(40))
    assert (ran.status, ran.err) == (0, "")


def test_trace_exits_0_where_flows_are_blocked_or_unknown() -> None:
    ran = traced(json.dumps(flow(port=3306)) + "\n" + json.dumps(flow(destination="eni-of-nobody")))

    assert [line["verdict"] for line in ran.lines] == ["blocked", "unknown"]
    assert ran.status == 0


def test_trace_exits_2_where_a_line_was_malformed_and_judges_the_others() -> None:
    ran = traced(json.dumps(flow(id="a", port=3306)) + "\nnonsense\n" + json.dumps(flow(id="c", port=3306)))

    assert [line["id"] for line in ran.lines] == ["a", None, "c"]
    assert [line.get("verdict") for line in ran.lines] == ["blocked", None, "blocked"]
    assert ran.lines[1]["error"].startswith("line 2: ")
    assert (ran.status, ran.err) == (2, "")


def test_trace_of_nothing_prints_nothing() -> None:
    assert traced("") == Ran(0, "", "")


def test_trace_reads_a_file_as_it_reads_stdin(tmp_path: Path) -> None:
    lines = (
        "\ufeff"
        + json.dumps(flow(id="ä\u2028b", port=3306), ensure_ascii=False)
        + "\r\n"
        + json.dumps(flow(id=2))
        + "\r\n"
    )
    file = tmp_path / "flows.jsonl"
    file.write_bytes(lines.encode())

    from_file = run("trace", "--snapshot", str(snapshot_folder()), "--flows", str(file))

    assert from_file == traced(lines)
    assert [line["id"] for line in from_file.lines] == ["ä\u2028b", 2]


def test_bytes_that_are_no_utf8_spoil_their_own_line_only() -> None:
    ran = traced(b"\xff\xfe\x00\x9f\n" + json.dumps(flow(port=3306)).encode())

    assert [line.get("verdict") for line in ran.lines] == [None, "blocked"]
    assert ran.status == 2


def test_what_a_terminal_would_obey_comes_back_as_an_escape() -> None:
    hostile = "\x1b]0;owned\x07\x9b31m\u202egnp.exe\u2066\ud800 \x7f"

    ran = traced(json.dumps(flow(id=hostile, port=3306)))

    assert ran.lines[0]["id"] == hostile
    assert not {letter for letter in ran.out if not letter.isprintable()} - {"\n"}


def test_a_flows_file_that_is_not_there_is_one_line_on_stderr_and_exit_2(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.jsonl", tmp_path):
        ran = run("trace", "--snapshot", str(snapshot_folder()), "--flows", str(path))

        assert (ran.status, ran.out) == (2, "")
        assert ran.err.count("\n") == 1
        assert str(path) in ran.err
