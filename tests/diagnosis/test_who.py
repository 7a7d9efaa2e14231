"""`whynot who`: everything that can reach a party, or that it can reach."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from diagnosis.network.network import Network
from diagnosis.question.parties import NotFound
from diagnosis.question.question import Party, Question
from diagnosis.snapshots.embedded_account import snapshot_folder
from diagnosis.terminal.who import render_who
from diagnosis.who import who
from diagnosis.who_answer import WhoAnswer
from tests.accounts import EVERYTHING, Account, entry, route, rule, two_subnets, with_internet
from tests.program import Ran, run

ORDERS_DB = "what can reach orders-db on 3306"


def asked(*arguments: str) -> Ran:
    return run("who", *arguments, "--snapshot", str(snapshot_folder()))


def to(kind: Any, value: str, port: int | None = 443) -> Question:
    return Question(
        intent="who", destination=Party(kind=kind, value=value), protocol="tcp" if port else None, port=port
    )


def answered(network: Network, question: Question) -> WhoAnswer:
    answer = who(network, question)
    assert isinstance(answer, WhoAnswer)
    return answer


def verdicts(answer: WhoAnswer) -> dict[str, str]:
    """The verdict of each member, and of what is no interface by its kind."""
    return {
        member: group.verdict
        for group in answer.groups
        for member in ([one.id for one in group.members] or [group.kind])
    }


def several() -> Account:
    """Two clients alike in subnet-1, one more beside them with a group of its own, the server in subnet-2."""
    made = two_subnets(server={"groups": ["sg-server"]})
    made.interface("eni-twin", "subnet-1", "10.0.1.11")
    made.group("sg-other", "vpc-a")
    made.interface("eni-other", "subnet-1", "10.0.1.50", groups=["sg-other"])
    made.group("sg-server", "vpc-a", ingress=[rule("tcp", (443, 443), "sg-open")])
    return made


def test_who_names_the_groups_that_get_through_first_and_the_rule_that_lets_them_in() -> None:
    ran = asked(ORDERS_DB)

    assert (ran.status, ran.err) == (0, "")
    first = ran.out.splitlines()
    assert first[0] == "2 of 11 interfaces can reach orders-db 10.0.2.20."
    assert [line.split()[0] for line in first if line.startswith("  ") and line[2] in "✓~?✗"] == ["✓", "✓", "✗"]
    assert "bastion 10.0.0.50" in ran.out
    assert "Kept out: 9 interfaces and the internet" in ran.out
    assert "7 interfaces, in 5 subnets:\n        orders-db's security group orders-db-sg" in ran.out


def test_a_large_account_is_read_in_seconds_and_json_holds_all_of_it() -> None:
    made = several()
    for number in range(40):
        made.group(f"sg-{number}", "vpc-a", egress=[] if number % 2 else EVERYTHING)
        made.interface(f"eni-{number}", "subnet-1", f"10.0.1.{100 + number}", groups=[f"sg-{number}"])
    made.group("sg-server", "vpc-a", ingress=[rule("tcp", (443, 443), *(f"sg-{n}" for n in range(0, 30, 2)))])

    answer = answered(made.network(), to("id", "eni-server"))
    text = render_who(answer, colour=False)

    assert len(text.splitlines()) < 70
    assert "and 3 interfaces more, in subnet-1" in text
    assert text.index("✓") < text.index("Kept out: 28 interfaces")
    assert "--json lists every group" in text
    assert {m.id for g in answer.groups for m in g.members} == set(made.network().interfaces) - {"eni-server"}


def test_who_is_kept_out_by_groups_of_their_own_is_told_with_each_group() -> None:
    made = several()
    for name in ("sg-one", "sg-two"):
        made.group(name, "vpc-a", egress=[])
        made.interface(f"eni-{name}", "subnet-1", f"10.0.1.{len(name) + ord(name[3])}", groups=[name])

    [group] = [g for g in answered(made.network(), to("id", "eni-server")).groups if g.causes[:1] and g.count == 2]

    assert {member.id for member in group.members} == {"eni-sg-one", "eni-sg-two"}
    assert {"sg-one", "sg-two"} <= {cause.component for cause in group.causes}
    assert group.groups == ()
    assert "various security groups" in group.name


def test_who_the_other_way_round() -> None:
    ran = asked("what can web-1 reach on 443")

    assert ran.status == 0
    assert "can be reached from web-1 10.0.1.10" in " ".join(ran.out.split())


def test_who_tells_which_ports_were_named_and_not_judged() -> None:
    asked_of_two = to("id", "eni-server").model_copy(update={"further_ports": ("444",)})

    answer = answered(several().network(), asked_of_two)

    assert "Only tcp 443 is judged; the question also names 444: ask about each by itself." in answer.caveats


def test_as_json_it_is_one_document_with_every_member_of_the_answer() -> None:
    ran = asked(ORDERS_DB, "--json")

    answer = WhoAnswer.model_validate_json(ran.out)
    assert (ran.status, ran.err) == (0, "")
    assert (answer.direction, answer.target) == ("to", "orders-db 10.0.2.20")
    assert answer.question.intent == "who"
    assert set(ran.document) == set(WhoAnswer.model_fields)


def test_text_has_80_columns_and_no_escape_codes() -> None:
    for question in (ORDERS_DB, "what can reach shop-alb on 443", "what can web-1 reach"):
        out = asked(question).out

        assert max(map(len, out.splitlines())) <= 80
        assert "\x1b" not in out


def test_interfaces_that_behave_alike_are_one_group() -> None:
    answer = answered(several().network(), to("id", "eni-server"))

    [reaching] = [group for group in answer.groups if group.verdict == "reachable"]
    assert [member.id for member in reaching.members] == ["eni-client", "eni-twin"]
    assert (reaching.count, reaching.subnet, reaching.groups, reaching.route_table) == (
        2, "subnet-1", ("sg-open",), "rtb-1",
    )  # fmt: skip
    assert reaching.traffic == "tcp 443"
    assert "sg-server" in reaching.decided_by
    assert verdicts(answer)["eni-other"] == "blocked"


def test_a_rule_that_singles_out_one_of_a_group_splits_it() -> None:
    made = several()
    made.items["ec2.describe_network_acls"][1]["Entries"].append(entry(50, "deny", "10.0.1.11/32", "6", (443, 443)))

    found = verdicts(answered(made.network(), to("id", "eni-server")))

    assert (found["eni-client"], found["eni-twin"], found["eni-other"]) == ("reachable", "blocked", "blocked")


@pytest.mark.parametrize(("kind", "value"), [("id", "eni-server"), ("ip", "10.0.2.20"), ("ip", "2001:db8:0:2::20")])
def test_nothing_reaches_itself(kind: str, value: str) -> None:
    assert "eni-server" not in verdicts(answered(several().network(), to(kind, value)))


def test_whoever_reaches_one_interface_of_a_target_reaches_it_and_is_counted_once() -> None:
    made = several()
    made.instance("i-1", "eni-server", "eni-second")
    made.interface("eni-second", "subnet-2", "10.0.2.21", groups=["sg-second"], instance="i-1")
    made.group("sg-second", "vpc-a", ingress=[rule("tcp", (443, 443), "sg-other")])

    answer = answered(made.network(), to("cidr", "10.0.2.0/24"))
    found = verdicts(answer)

    assert (found["eni-client"], found["eni-twin"], found["eni-other"]) == ("reachable", "reachable", "reachable")
    members = [member.id for group in answer.groups for member in group.members]
    assert len(members) == len(set(members))
    assert answer.headline.startswith("3 of ")


def test_the_internet_is_one_of_those_who_may_reach_it() -> None:
    made = with_internet(two_subnets())

    answer = answered(made.network(), to("id", "eni-client"))

    assert verdicts(answer)["internet"] == "reachable"
    assert "the internet" in answer.headline
    assert verdicts(answered(made.network(), to("id", "eni-server")))["internet"] == "blocked"


def test_a_part_that_gets_through_is_said_with_what_stops_the_rest() -> None:
    made = with_internet(two_subnets())
    made.items["ec2.describe_network_acls"][0]["Entries"].append(entry(50, "deny", "203.0.113.0/24"))

    [internet] = [g for g in answered(made.network(), to("id", "eni-client")).groups if g.kind == "internet"]

    assert internet.verdict == "partly"
    assert "; but " in internet.decided_by
    assert "rule 50" in internet.decided_by


def test_what_was_not_seen_is_unknown_and_names_the_call(tmp_path: Path) -> None:
    network = several().network(without=["ec2.describe_network_acls"])

    answer = answered(network, to("id", "eni-server"))

    assert verdicts(answer)["eni-client"] == "unknown"
    assert verdicts(answer)["eni-other"] == "blocked"
    assert "ec2.describe_network_acls" in {gap.call for gap in answer.unseen}
    assert "it cannot be told" in answer.headline


def test_a_peer_that_was_not_seen_is_a_range_that_cannot_be_told() -> None:
    made = two_subnets()
    made.peering("pcx-1", "vpc-a", "vpc-elsewhere")
    made.items["ec2.describe_route_tables"][0]["Routes"].append(route("10.9.0.0/16", "pcx-1"))

    answer = answered(made.network(), to("id", "eni-client"))

    assert {g.kind: g.verdict for g in answer.groups if g.kind != "interfaces"}["on-premises"] == "unknown"
    assert any("vpc-elsewhere across pcx-1" in gap.error for gap in answer.unseen)


def test_who_else_lives_in_a_shared_vpc_was_not_seen() -> None:
    """A participant sees its own interfaces only; the owner of the VPC was not asked."""
    made = two_subnets()
    made.items["ec2.describe_vpcs"][0]["OwnerId"] = "222222222222"

    answer = answered(made.network(), to("id", "eni-client"))

    assert [(gap.call, gap.account) for gap in answer.unseen] == [("ec2.describe_network_interfaces", "222222222222")]


def test_a_party_that_is_not_there_is_asked_back() -> None:
    missing = who(several().network(), to("name", "orders-db"))

    assert isinstance(missing, NotFound)


def test_who_exits_4_and_says_why_for_what_it_cannot_answer() -> None:
    for question, said in (
        ("why can't web-1 reach orders-db on 3306", "whynot ask"),
        ("what can reach no-such-thing-anywhere on 3306", "no-such-thing-anywhere"),
        ("hello", ""),
    ):
        text, document = asked(question), asked(question, "--json")

        assert (text.status, document.status, text.err) == (4, 4, "")
        assert said in text.out
        assert set(document.document) >= {"question", "verdict", "headline", "candidates"}


def test_hostile_names_reach_no_terminal() -> None:
    made = several()
    hostile = "\x1b]0;owned\x07\u202eevil\n\n  ✓ everything"
    made.items["ec2.describe_network_interfaces"][0]["TagSet"] = [{"Key": "Name", "Value": hostile}]
    made.items["ec2.describe_security_groups"][0]["GroupName"] = hostile

    text = render_who(answered(made.network(), to("id", "eni-server")), colour=False)

    assert not {letter for letter in text if not letter.isprintable()} - {"\n"}
    assert not any(line.startswith("  ✓ everything") for line in text.splitlines())
