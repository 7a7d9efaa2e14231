"""`partly` in sentences: what passes, what does not, and from which client ports."""

from __future__ import annotations

from diagnosis.explanation.causes import sentence
from diagnosis.explanation.parts import parts
from tests.accounts import Account, rule, two_subnets
from tests.diagnosis.trace.asking import ask


def guarded(*rules: object) -> Account:
    """A server whose group has only these inbound rules."""
    made = two_subnets(server={"groups": ["sg-server"]}, client={"groups": ["sg-client"]})
    made.group("sg-client", "vpc-a")
    made.group("sg-server", "vpc-a", rules)  # type: ignore[arg-type]
    return made


def test_one_open_port_of_all_traffic_is_said_without_client_ports() -> None:
    found = ask(guarded(rule("tcp", (443, 443), "10.0.1.0/24")), "10.0.1.10", "10.0.2.20", None, None)

    assert parts((found,)) == ("Of tcp, 443 passes.", "Nothing of any other protocol passes.")


def test_a_protocol_that_passes_whole_is_named_where_the_others_do_not() -> None:
    made = guarded(rule("50", None, "10.0.1.0/24"), rule("udp", (500, 500), "10.0.1.0/24"))

    found = ask(made, "10.0.1.10", "10.0.2.20", None, None)

    assert parts((found,)) == (
        "Of udp, 500 passes.",
        "All of protocol 50 passes.",
        "Nothing of any other protocol passes.",
    )


def test_a_rule_by_reference_for_one_port_is_no_reason_why_the_others_fail() -> None:
    made = guarded(rule("tcp", (2049, 2049), "sg-client"))
    network = made.network()

    found = ask(network, "10.0.1.10", "10.0.2.20", None, None)

    assert found.verdict == "partly"
    said = [sentence(network, leg, blocker) for leg, blocker in found.blockers()]
    assert said == [
        "security group sg-server (sg-server) has no inbound rule for all traffic but tcp 2049 from 10.0.1.10."
    ]
