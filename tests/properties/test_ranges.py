"""A question about a range: the trace of the set agrees with the trace of each address in it that somebody holds."""

from __future__ import annotations

import random

import pytest

from diagnosis.answer import Answer
from diagnosis.investigate import Asked, investigate
from diagnosis.network.network import Network
from diagnosis.question.question import Party, Question
from diagnosis.trace.trace import over
from diagnosis.traffic.addresses import format_address, parse_address, parse_cidr
from diagnosis.traffic.intervals import has
from tests.accounts import Account, entry, rule, two_subnets
from tests.diagnosis.trace.asking import ask
from tests.random_accounts import random_account


def answered(network: Network, source: Party, destination: Party, port: int) -> Answer:
    question = Question(intent="why", source=source, destination=destination, protocol="tcp", port=port)
    answer = investigate(network, Asked(question), None)
    assert isinstance(answer, Answer)
    return answer


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("side", ["source", "destination"])
def test_a_range_fares_as_its_addresses_do(seed: int, side: str) -> None:
    chance = random.Random(seed)
    network = random_account(seed).network()
    eni = chance.choice(sorted(network.interfaces))
    cidr, port = chance.choice(["10.0.1.0/24", "10.1.0.0/16", "10.2.2.16/28"]), chance.choice([443, 3306])
    wanted, own = parse_cidr(cidr), network.interfaces[eni].own_addresses
    inside = [format_address(n) for n in network.by_private_address if has(wanted, n) and not has(own, n)]
    if side == "source":
        inside = [
            one for one in inside if network.interfaces[network.holders(parse_address(one))[0]].kind == "interface"
        ]
    pairs = [(one, eni) if side == "source" else (eni, one) for one in inside]

    one_by_one = [ask(network, *pair, "tcp", port).verdict for pair in pairs]
    parties = (Party(kind="cidr", value=cidr), Party(kind="id", value=eni))
    answer = answered(network, *(parties if side == "source" else parties[::-1]), port)

    assert answer.verdict == over(one_by_one), (cidr, eni, port, dict(zip(pairs, one_by_one, strict=True)))


def test_a_nat_gateways_own_address_is_no_client() -> None:
    """It passes on what others send: the group that lets only the web server in keeps out nobody else of the range."""
    made = two_subnets(client={"groups": ["sg-web"]}, server={"groups": ["sg-server"]})
    made.group("sg-web", "vpc-a")
    made.group("sg-server", "vpc-a", ingress=[rule("tcp", (443, 443), "sg-web")])
    made.nat("nat-1", "subnet-1", "10.0.1.5", "198.51.100.5")

    answer = answered(
        made.network(), Party(kind="cidr", value="10.0.1.0/24"), Party(kind="id", value="eni-server"), 443
    )

    assert answer.verdict == "reachable"


def test_what_was_asked_of_a_range_is_nothing_else_that_a_fix_opens() -> None:
    made = two_subnets(client={"groups": ["sg-web"]}, server={"groups": ["sg-server"]})
    made.group("sg-web", "vpc-a")
    made.group("sg-server", "vpc-a", ingress=[])
    made.interface("eni-twin", "subnet-1", "10.0.1.11", groups=["sg-web"])

    answer = answered(
        made.network(), Party(kind="cidr", value="10.0.1.0/24"), Party(kind="id", value="eni-server"), 443
    )

    by_address = next(fix for fix in answer.fixes if "--cidr" in fix.commands[0])
    assert by_address.exposure.text == "opens nothing else"


def many_clients() -> Account:
    """140 clients alike in subnet-1, of which the ACL of the server keeps out those in a /27."""
    made = two_subnets(server={"groups": ["sg-server"]})
    made.group("sg-server", "vpc-a", ingress=[rule("tcp", (443, 443), "10.0.1.0/24")])
    for host in range(60, 200):
        made.interface(f"eni-{host}", "subnet-1", f"10.0.1.{host}")
    made.items["ec2.describe_network_acls"][1]["Entries"].append(entry(50, "deny", "10.0.1.96/27", "6", (443, 443)))
    return made


def test_partly_says_which_part_of_the_range_is_kept_out_as_cidrs() -> None:
    answer = answered(
        many_clients().network(), Party(kind="cidr", value="10.0.1.0/24"), Party(kind="id", value="eni-server"), 443
    )

    assert answer.verdict == "partly"
    assert "What comes from 10.0.1.96/27 is dropped." in answer.headline
    assert any("holds 141 interface addresses; no other address" in caveat for caveat in answer.caveats)


def test_more_groups_than_are_judged_leave_the_rest_unknown() -> None:
    made = two_subnets()
    for number in range(300):
        made.group(f"sg-{number}", "vpc-a")
        made.interface(f"eni-{number}", "subnet-1", f"10.0.{1 if number < 200 else 2}.{number % 200 + 30}")
        made.items["ec2.describe_network_interfaces"][-1]["Groups"] = [{"GroupId": f"sg-{number}"}]

    everywhere, server = Party(kind="cidr", value="10.0.0.0/16"), Party(kind="id", value="eni-server")
    answer = answered(made.network(), everywhere, server, 443)

    assert answer.verdict != "reachable"
    assert "are judged" in answer.model_dump_json(include={"unseen"})
