"""Proposals: the narrowest change that works, every cause in one fix, nothing unproven, honest exposure."""

from __future__ import annotations

import pytest

from diagnosis.fix.change import AclEntryChange, GroupRuleChange
from diagnosis.fix.exposure import exposure
from diagnosis.fix.fixes import fixes as every_fix
from diagnosis.fix.propose import NoFix, Proposal, free_number, propose
from diagnosis.network.network import Network
from diagnosis.trace.placing import AtAddress, AtInterface, InRange, place_both
from diagnosis.trace.trace import Flow, Trace, trace
from diagnosis.traffic.addresses import parse_address, parse_cidr
from tests.accounts import EVERYTHING, Account, entry, open_entries, route, rule, two_subnets, two_vpcs, with_internet
from tests.diagnosis.trace.asking import ask
from tests.diagnosis.trace.hubs import Hub, add_vpc, entries_of, hub_route, routes_of


def proposed(network: Network, *found: Trace) -> tuple[Proposal, ...]:
    made = propose(network, found, lambda changed: tuple(trace(changed, one.flow) for one in found))
    return () if isinstance(made, NoFix) else made


def fixes(account: Account, *flow: str, port: int | None = 3306, protocol: str = "tcp") -> tuple[Proposal, ...]:
    network = account.network()
    return proposed(network, ask(network, flow[0], flow[1], protocol, port))


def closed() -> Account:
    account = two_subnets(server={"groups": ["sg-server"]}, client={"groups": ["sg-client"]})
    account.group("sg-server", "vpc-a", [])
    account.group("sg-client", "vpc-a")
    return account


def test_a_missing_rule_is_offered_by_group_and_by_address() -> None:
    by_group, by_address = fixes(closed(), "10.0.1.10", "10.0.2.20")

    assert by_group.changes == (
        GroupRuleChange(
            component="sg-server", direction="ingress", protocol="tcp", from_port=3306, to_port=3306, group="sg-client"
        ),
    )
    assert by_address.changes == (
        GroupRuleChange(
            component="sg-server",
            direction="ingress",
            protocol="tcp",
            from_port=3306,
            to_port=3306,
            cidr="10.0.1.10/32",
        ),
    )


def test_several_causes_are_one_fix_of_several_changes() -> None:
    account = closed()
    account.items["ec2.describe_security_groups"][2]["IpPermissionsEgress"] = []
    account.items["ec2.describe_network_acls"][1]["Entries"].append(entry(50, "deny", "10.0.1.0/24"))

    for proposal in fixes(account, "10.0.1.10", "10.0.2.20"):
        assert {c.kind for c in proposal.changes} == {"security-group-rule", "network-acl-entry"}
        assert len(proposal.changes) == 3


def test_of_several_groups_the_one_that_fewest_hold_gets_the_rule() -> None:
    account = closed()
    account.items["ec2.describe_network_interfaces"][1]["Groups"] = [{"GroupId": "sg-wide"}, {"GroupId": "sg-server"}]
    account.group("sg-wide", "vpc-a", [])
    account.interface("eni-more", "subnet-2", "10.0.2.21", groups=["sg-wide"])

    assert {c.component for p in fixes(account, "10.0.1.10", "10.0.2.20") for c in p.changes} == {"sg-server"}


def test_a_group_that_is_full_gets_no_rule_where_another_has_room() -> None:
    account = closed()
    account.items["ec2.describe_network_interfaces"][1]["Groups"] = [{"GroupId": "sg-wide"}, {"GroupId": "sg-server"}]
    full = [rule("tcp", (port, port), "10.0.1.12/32") for port in range(1000, 1060)]
    account.items["ec2.describe_security_groups"][1]["IpPermissions"] = full
    account.group("sg-wide", "vpc-a", [])
    account.interface("eni-more", "subnet-2", "10.0.2.21", groups=["sg-wide"])

    assert {c.component for p in fixes(account, "10.0.1.10", "10.0.2.20") for c in p.changes} == {"sg-wide"}


def test_what_no_quota_has_room_for_needs_judgement_and_says_so() -> None:
    account = closed()
    full = [rule("tcp", (port, port), "10.0.1.12/32") for port in range(1000, 1060)]
    account.items["ec2.describe_security_groups"][1]["IpPermissions"] = full
    network = account.network()
    asked = ask(network, "10.0.1.10", "10.0.2.20", "tcp", 3306)

    found, advice = every_fix(network, (asked,), lambda changed: (trace(changed, asked.flow),))

    assert {fix.risk for fix in found} == {"needs judgement"}
    assert [text.partition(":")[0] for text in advice] == ["sg-server would have 61 ingress rules, and the quota is 60"]


@pytest.mark.parametrize(
    ("taken", "denies", "expected"),
    [
        ({100}, 100, 90),
        ({90, 100}, 100, 95),
        ({95, 100}, 100, 99),
        ({99, 100}, 100, 98),
        ({90, 95, 99, 100}, 100, 98),
        ({1}, 1, None),
        ({1, 2}, 2, None),
        ({2}, 2, 1),
        (set(range(90, 101)), 100, 89),
        ({32767}, 32767, 100),
        ({100, 32767}, 32767, 110),
        ({105, 32767}, 32767, 110),
        ({32766, 32767}, 32767, 32765),
    ],
)
def test_an_acl_entry_takes_a_free_number_before_the_rule_that_denies(
    taken: set[int], denies: int, expected: int | None
) -> None:
    number = free_number(taken, denies)

    assert number == expected or (
        expected is not None and number is not None and number < denies and number not in taken
    )
    assert (number is None) is (expected is None)


def test_no_entry_fits_before_rule_one() -> None:
    account = two_subnets()
    account.items["ec2.describe_network_acls"][1]["Entries"] = [entry(1, "deny"), *open_entries()]

    assert fixes(account, "10.0.1.10", "10.0.2.20") == ()


def test_the_entry_for_replies_is_as_wide_as_the_clients_ports_that_are_denied() -> None:
    account = two_subnets()
    account.items["ec2.describe_network_acls"][1]["Entries"].append(
        entry(50, "deny", "0.0.0.0/0", "6", (40000, 41000), egress=True)
    )

    [proposal] = fixes(account, "10.0.1.10", "10.0.2.20")

    assert proposal.changes == (
        AclEntryChange(
            component="acl-2",
            direction="egress",
            number=40,
            protocol="tcp",
            from_port=40000,
            to_port=41000,
            cidr="10.0.1.10/32",
        ),
    )


def test_two_targets_behind_one_acl_need_its_entry_once() -> None:
    account = two_subnets()
    account.subnet("subnet-3", "vpc-a", "10.0.3.0/24")
    account.interface("eni-third", "subnet-3", "10.0.3.20")
    account.items["ec2.describe_network_acls"][1] |= {
        "Entries": [entry(100, "allow", egress=True), entry(32767, "deny")],
        "Associations": [{"SubnetId": "subnet-2"}, {"SubnetId": "subnet-3"}],
    }
    account.items["ec2.describe_route_tables"][1]["Associations"].append({"Main": False, "SubnetId": "subnet-3"})
    network = account.network()

    [proposal] = proposed(network, *(ask(network, "10.0.1.10", to) for to in ("10.0.2.20", "10.0.3.20")))

    assert len(proposal.changes) == 1


def test_an_ipv6_range_is_opened_as_that_range_and_not_as_everything() -> None:
    account = with_internet(two_subnets())
    account.items["ec2.describe_security_groups"][0]["IpPermissions"] = []
    network = account.network()
    ours, theirs = place_both(
        network, InRange(parse_cidr("2606:4700:1::/64")), AtAddress(parse_address("2001:db8:0:1::10"))
    )

    [proposal] = proposed(network, trace(network, Flow(ours, theirs, 6, 443)))

    assert [getattr(c, "cidr", None) for c in proposal.changes] == ["2606:4700:1::/64"]


def test_what_no_change_of_ours_repairs_has_no_fix() -> None:
    account = closed()
    account.items["ec2.describe_network_interfaces"][1]["Attachment"]["Status"] = "detached"

    assert fixes(account, "10.0.1.10", "10.0.2.20") == ()


def test_an_unknown_answer_has_no_fix() -> None:
    network = closed().network(without=["ec2.describe_network_acls"])

    assert proposed(network, ask(network, "10.0.1.10", "10.0.2.20")) == ()


def test_a_missing_route_to_a_peer_is_a_route_for_the_address() -> None:
    account = two_vpcs()
    table = account.items["ec2.describe_route_tables"][0]
    table["Routes"] = [r for r in table["Routes"] if r.get("GatewayId") == "local"]

    [proposal] = fixes(account, "10.0.1.10", "10.9.1.30")

    assert [(c.kind, c.component) for c in proposal.changes] == [("route", "rtb-1")]


# --- exposure ---


def told(
    account: Account, source: str, destination: str, which: int = 0, port: int = 3306
) -> tuple[str, list[tuple[str, str, str, str]]]:
    network = account.network()
    found = ask(network, source, destination, "tcp", port)
    proposal = proposed(network, found)[which]
    made = exposure(network, proposal.network, proposal.changes, (found,))
    return made.text, [(r.source, r.destination, r.protocol, r.ports) for r in made.newly_reachable]


def test_a_rule_for_one_address_opens_what_was_asked_and_nothing_else() -> None:
    text, rows = told(closed(), "10.0.1.10", "10.0.2.20", which=1)

    assert rows == [("eni-client", "eni-server", "tcp", "3306")]
    assert text == "opens nothing else"


def test_a_rule_by_group_opens_it_for_every_member() -> None:
    account = closed()
    account.interface("eni-more", "subnet-1", "10.0.1.11", groups=["sg-client"])

    _, rows = told(account, "10.0.1.10", "10.0.2.20")

    assert rows == [("eni-client, eni-more", "eni-server", "tcp", "3306")]


def test_the_exposure_of_an_ipv6_rule_holds_the_asked_connection() -> None:
    """Both interfaces have IPv4 too; the rule is for IPv6, and so is what it opens."""
    _, rows = told(closed(), "2001:db8:0:1::10", "2001:db8:0:2::20", which=1)

    assert rows == [("eni-client", "eni-server", "tcp", "3306")]


def test_the_exposure_counts_secondary_addresses() -> None:
    account = closed()
    account.items["ec2.describe_network_interfaces"][0]["PrivateIpAddresses"].append({"PrivateIpAddress": "10.0.1.11"})

    _, rows = told(account, "10.0.1.11", "10.0.2.20", which=1)

    assert rows == [("eni-client", "eni-server", "tcp", "3306")]


def test_the_exposure_of_an_entry_in_a_nat_gateways_subnet_holds_the_clients_behind_it() -> None:
    account = with_internet(two_subnets())
    account.nat("nat-1", "subnet-1", "10.0.1.200", "198.51.100.200")
    account.items["ec2.describe_route_tables"][1]["Routes"].append(route("0.0.0.0/0", "nat-1"))
    account.items["ec2.describe_network_acls"][0]["Entries"].append(entry(50, "deny", "203.0.113.9/32", egress=True))

    _, rows = told(account, "10.0.2.20", "203.0.113.9", port=443)

    assert any("eni-server" in source and "203.0.113.9" in destination for source, destination, _, _ in rows)


def central_egress() -> Hub:
    """Two spokes whose way to the internet is a NAT gateway in a third VPC, over a transit gateway; vpc-d is apart.

    The server of vpc-d has a public address, and a group that lets in nobody.
    """
    made = Hub()
    made.gateway()
    for letter, second in (("a", 1), ("b", 2)):
        add_vpc(made, letter, second, [route("0.0.0.0/0", "tgw-1")])
        made.attached_vpc(f"att-{letter}", f"vpc-{letter}", [f"hub-{letter}"])
    add_vpc(made, "e", 9, [])
    made.attached_vpc("att-e", "vpc-e", ["hub-e"], "tgw-rtb-e")
    made.hub_table("tgw-rtb-1", hub_route("0.0.0.0/0", "att-e", "vpc-e", static=True))
    spokes = [hub_route(f"10.{n}.0.0/16", f"att-{letter}", f"vpc-{letter}") for n, letter in ((1, "a"), (2, "b"))]
    made.hub_table("tgw-rtb-e", *spokes)
    made.subnet("out-e", "vpc-e", "10.9.2.0/24", AvailabilityZoneId="use1-az1")
    made.acl("acl-out-e", "vpc-e", ["out-e"])
    made.internet_gateway("igw-e", "vpc-e")
    made.nat("nat-e", "out-e", "10.9.2.200", "198.51.100.200")
    routes_of(made, "rtb-hub-e").append(route("0.0.0.0/0", "nat-e"))
    home = [route(f"10.{n}.0.0/16", "tgw-1") for n in (1, 2)]
    made.table("rtb-out-e", "vpc-e", [route("0.0.0.0/0", "igw-e"), *home], ["out-e"])
    add_vpc(made, "d", 4, [route("0.0.0.0/0", "igw-d")])
    made.internet_gateway("igw-d", "vpc-d")
    made.group("sg-server", "vpc-d", [])
    made.interface("eni-server", "work-d", "10.4.1.20", groups=["sg-server"], public="198.51.100.77")
    return made


def test_the_exposure_of_a_rule_for_a_central_nat_gateway_holds_the_clients_in_every_spoke() -> None:
    """Asked for one of the two: the server sees the same address of both."""
    _, rows = told(central_egress(), "10.1.1.10", "198.51.100.77", port=443)

    sources = {name for source, destination, _, _ in rows if "eni-server" in destination for name in source.split(", ")}
    assert sources >= {"eni-a", "eni-b"}
    assert "eni-d" not in sources


def test_the_exposure_of_an_entry_in_a_central_nat_gateways_subnet_holds_them_too() -> None:
    account = central_egress()
    entries_of(account, "acl-out-e").append(entry(50, "deny", "203.0.113.9/32", egress=True))

    _, rows = told(account, "10.1.1.10", "203.0.113.9", port=443)

    sources = {
        name for source, destination, _, _ in rows if "203.0.113.9" in destination for name in source.split(", ")
    }
    assert sources >= {"eni-a", "eni-b"}


def test_what_was_asked_of_the_internet_is_not_something_else() -> None:
    account = with_internet(two_subnets(client={"groups": ["sg-client"]}))
    account.group("sg-client", "vpc-a", EVERYTHING, [rule("tcp", (22, 22), "10.0.0.0/8")])

    text, rows = told(account, "10.0.1.10", "203.0.113.9", port=443)

    assert [(source, destination) for source, destination, _, _ in rows] == [("eni-client", "203.0.113.9/32")]
    assert text == "opens nothing else"


def test_the_question_of_a_path_is_in_the_words_of_the_one_who_asks() -> None:
    """After translation the header is another one; what was asked is from the client's own address."""
    network = with_internet(two_subnets()).network()
    ours, theirs = place_both(network, AtInterface("eni-client"), AtAddress(parse_address("203.0.113.9")))

    [path] = trace(network, Flow(ours, theirs, 6, 443)).paths

    client = parse_address("10.0.1.10")
    assert path.question.project("source") == (client, client + 1)
