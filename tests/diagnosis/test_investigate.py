"""The order of work for one question: parties, trace, logs, fixes, and what each adds to the answer."""

from __future__ import annotations

from typing import Any

import pytest

from diagnosis.answer import Answer
from diagnosis.evidence.query import Between, Counts, FlowLogQuery, Sightings
from diagnosis.fix.change import Change, GroupRuleChange, apply_all
from diagnosis.investigate import ITSELF, Asked, investigate
from diagnosis.network.network import Network
from diagnosis.question.parties import NotFound
from diagnosis.question.question import Party, Question
from diagnosis.sources import FlowLogsUnavailable
from tests.accounts import Account, entry, rule, two_subnets, with_internet

WEB, SERVER = Party(kind="ip", value="10.0.1.10"), Party(kind="ip", value="10.0.2.20")


class Logs:
    """A source of flow logs that holds nothing, and remembers what it was asked."""

    def __init__(self, *warnings: str) -> None:
        self.warnings = warnings
        self.asked: list[FlowLogQuery] = []

    def read(self, query: FlowLogQuery) -> Sightings:
        self.asked.append(query)
        return Sightings("nothing", query, "SELECT", Counts(0, 0, 0, 0, 0), Between(), warnings=self.warnings)


def question(source: Party = WEB, destination: Party = SERVER, **more: Any) -> Question:
    members: dict[str, Any] = {"protocol": "tcp", "port": 443}
    return Question(intent="why", source=source, destination=destination, **(members | more))


def closed() -> Account:
    """The server's group admits nobody on 443."""
    made = two_subnets(server={"groups": ["sg-server"]})
    made.group("sg-server", "vpc-a", ingress=[rule("tcp", (22, 22), "10.0.0.0/8")])
    return made


def answered(network: Network, asked: Question, logs: Logs | None = None, **more: Any) -> Answer:
    answer = investigate(network, Asked(asked, **more), logs)
    assert isinstance(answer, Answer), answer
    return answer


def test_a_blocked_question_has_its_cause_and_proven_fixes() -> None:
    answer = answered(closed().network(), question())

    assert (answer.verdict, answer.traffic) == ("blocked", "tcp 443")
    assert [(cause.component, cause.leg) for cause in answer.causes] == [("sg-server", "forward")]
    assert answer.fixes
    assert all(fix.proof.verdict_after == "reachable" for fix in answer.fixes)


def test_every_fix_opens_the_path_when_applied_and_its_inverse_leaves_the_network_as_it_was() -> None:
    network = closed().network()

    for fix in answered(network, question()).fixes:
        changes: tuple[Change, ...] = tuple(GroupRuleChange.model_validate(one) for one in fix.changes)
        opened = apply_all(changes, network)
        assert answered(opened, question()).verdict == "reachable"
        back = apply_all(tuple(one.inverse() for one in reversed(changes)), opened)
        assert answered(back, question()) == answered(network, question())


def test_an_open_question_has_neither_cause_nor_fix_and_says_what_is_not_judged() -> None:
    answer = answered(two_subnets().network(), question())

    assert (answer.verdict, answer.causes, answer.fixes) == ("reachable", (), ())
    assert any("host firewall" in caveat for caveat in answer.caveats)


def test_open_connections_are_spoken_of_only_where_a_security_group_is_a_cause() -> None:
    denied = two_subnets()
    denied.items["ec2.describe_network_acls"][1]["Entries"].append(entry(50, "deny", "10.0.1.10/32"))

    assert any("Connections that were open" in text for text in answered(closed().network(), question()).caveats)
    assert not any("Connections that were open" in text for text in answered(denied.network(), question()).caveats)


def test_both_ways_are_told_hop_by_hop() -> None:
    answer = answered(two_subnets().network(), question())

    assert [hop.component for hop in answer.path_forward] == ["eni-client", "acl-1", "rtb-1", "acl-2", "eni-server"]
    assert [hop.component for hop in answer.path_return][:3] == ["eni-server", "acl-2", "rtb-2"]


def test_what_is_done_is_said_in_its_order() -> None:
    said: list[str] = []

    investigate(closed().network(), Asked(question()), Logs(), said.append)

    assert said == ["tracing there and back", "asking the flow logs", "proving the fix"]


def test_warnings_of_the_logs_are_passed_on() -> None:
    warned: list[str] = []

    investigate(closed().network(), Asked(question()), Logs("a.log:3: half a line"), warn=warned.append)

    assert warned == ["a.log:3: half a line"]


def test_the_logs_are_asked_for_the_conversation_by_every_address_of_its_parties() -> None:
    logs = Logs()
    made = with_internet(closed(), "198.51.100.10")

    answered(made.network(), question(Party(kind="id", value="eni-client")), logs, source_port=50000)

    [query] = logs.asked
    assert query.sources == {"10.0.1.10", "198.51.100.10"}
    assert query.destinations == {"10.0.2.20"}
    assert (query.protocol, query.port, query.source_port) == (6, 443, 50000)
    assert query.interfaces == {"eni-client", "eni-server"}


def test_logs_that_cannot_be_had_are_an_error_and_no_answer_without_them() -> None:
    class Gone:
        def read(self, query: FlowLogQuery) -> Sightings:
            raise FlowLogsUnavailable("--flow-logs x does not exist")

    with pytest.raises(FlowLogsUnavailable):
        investigate(closed().network(), Asked(question()), Gone())


def test_without_logs_the_answer_says_that_the_configuration_is_the_only_witness() -> None:
    answer = answered(closed().network(), question())

    assert answer.evidence.flow_logs is None
    assert (answer.window.start, answer.window.end) == (None, None)
    assert "flow log" in answer.evidence.agreement


def test_a_party_that_is_not_there_is_asked_back_and_no_logs_are_read() -> None:
    logs = Logs()

    missing = investigate(closed().network(), Asked(question(Party(kind="name", value="zz-top-9000"))), logs)

    assert isinstance(missing, NotFound)
    assert missing.side == "source"
    assert logs.asked == []


def test_a_range_is_judged_member_by_member() -> None:
    made = two_subnets()
    made.interface("eni-twin", "subnet-1", "10.0.1.11", groups=["sg-shut"])
    made.group("sg-shut", "vpc-a", egress=[])

    answer = answered(made.network(), question(Party(kind="cidr", value="10.0.1.0/24")))

    assert answer.verdict == "partly"
    assert answer.headline == "What comes from 10.0.1.10 passes."
    assert [cause.component for cause in answer.causes] == ["sg-shut"]


def test_without_protocol_and_port_everything_is_asked_and_partly_says_what_passes() -> None:
    made = two_subnets()
    made.items["ec2.describe_network_acls"][1]["Entries"].append(entry(50, "deny", "10.0.1.10/32", "6", (443, 443)))

    answer = answered(made.network(), question(protocol=None, port=None))

    assert answer.verdict == "partly"
    assert answered(made.network(), question(protocol="udp")).verdict == "reachable"
    assert answered(made.network(), question(protocol=None)).verdict == "blocked", "a port alone is tcp"


def test_a_port_of_a_question_about_icmp_is_none() -> None:
    assert answered(two_subnets().network(), question(protocol="icmp", port=443)).verdict == "reachable"


def test_the_source_port_of_the_options_beats_the_one_of_the_words() -> None:
    made = two_subnets()
    made.items["ec2.describe_network_acls"][1]["Entries"].append(
        entry(50, "deny", "10.0.1.10/32", "6", (50000, 50000), egress=True)
    )
    network = made.network()

    assert answered(network, question(source_port=50000)).verdict == "blocked"
    assert answered(network, question(source_port=50000), source_port=50001).verdict == "reachable"
    assert answered(network, question(source_port=50001), source_port=50000).verdict == "blocked"
    assert answered(network, question()).verdict == "partly"


def test_unknown_names_the_call_and_the_permission() -> None:
    answer = answered(two_subnets().network(without=["ec2.describe_network_acls"]), question())

    assert answer.verdict == "unknown"
    assert {gap.call for gap in answer.unseen} == {"ec2.describe_network_acls"}
    assert "ec2:DescribeNetworkAcls" in answer.headline
    assert answer.fixes == ()


def test_several_blockers_are_counted_and_one_fix_removes_them_all() -> None:
    made = closed()
    made.items["ec2.describe_network_acls"][1]["Entries"] += [
        entry(50, "deny", "10.0.1.10/32", "6", (443, 443)),
        entry(50, "deny", "10.0.1.10/32", "6", (1024, 65535), egress=True),
    ]

    answer = answered(made.network(), question())

    assert len(answer.causes) == 3
    assert "2 further causes" in answer.headline
    assert answer.fixes
    assert all(len(fix.changes) == 3 == len(fix.commands) == len(fix.undo) for fix in answer.fixes)


@pytest.mark.parametrize("same", [WEB, Party(kind="cidr", value="10.0.1.10/32")])
def test_what_a_party_sends_to_itself_no_rule_of_the_network_sees(same: Party) -> None:
    answer = answered(closed().network(), question(WEB, same))

    assert (answer.verdict, answer.causes, answer.caveats[0]) == ("reachable", (), ITSELF)
    assert ITSELF not in answered(closed().network(), question()).caveats


def test_ports_that_were_named_and_not_judged_are_told() -> None:
    answer = answered(closed().network(), question(port=3306, protocol="tcp", further_ports=("3307-3310",)))

    assert "Only tcp 3306 is judged; the question also names 3307-3310: ask about each by itself." in answer.caveats


def test_a_rule_by_reference_that_opens_ipv6_too_says_that_it_is_ipv6() -> None:
    answer = answered(closed().network(), question(port=3306))

    by_reference = next(fix for fix in answer.fixes if "--source-group" in fix.commands[0])
    assert by_reference.exposure.text == "also opens tcp 3306 over IPv6 from eni-client to eni-server"
