"""Network ACLs: numbered, first match, stateless, never inside one subnet."""

from __future__ import annotations

import pytest

from tests.accounts import Account, Json, entry, open_entries, two_subnets
from tests.diagnosis.trace.asking import ask, calls, causes, verdicts


def with_entries(acl: int, *entries: Json) -> Account:
    account = two_subnets()
    account.items["ec2.describe_network_acls"][acl]["Entries"] = list(entries)
    return account


def rules_named(account: Account, port: int = 3306) -> list[str | None]:
    return [blocker.rule for _, blocker in ask(account, "10.0.1.10", "10.0.2.20", "tcp", port).blockers()]


def test_entries_are_tried_by_number_whatever_their_order_in_the_answer() -> None:
    account = with_entries(1, *open_entries(), entry(90, "deny"), entry(80, "allow", "10.0.1.0/24", "6", (3306, 3306)))

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "reachable"
    assert rules_named(account) == []
    assert rules_named(account, 22) == ["90"]


def test_what_no_entry_matches_is_denied_by_the_implicit_rule() -> None:
    """AWS sends the rule that it prints as `*` as 32767, and as 32768 where the ACL has IPv6 entries."""
    account = with_entries(
        1,
        entry(100, "allow", egress=True),
        entry(32767, "deny"),
        entry(32768, "deny", "::/0"),
        entry(101, "allow", "::/0", egress=True),
    )
    six = ask(account, "2001:db8:0:1::10", "2001:db8:0:2::20")

    assert rules_named(account) == ["32767"]
    assert [b.rule for _, b in six.blockers()] == ["32767"]


def test_an_acl_that_says_nothing_denies_everything() -> None:
    account = with_entries(1)

    assert verdicts(ask(account, "10.0.1.10", "10.0.2.20")) == ("blocked", "blocked", None)


def test_every_leg_is_judged_past_a_drop_and_every_blocker_named() -> None:
    account = with_entries(1, entry(32767, "deny"), entry(32767, "deny", egress=True))
    account.items["ec2.describe_security_groups"][0]["IpPermissions"] = []

    found = ask(account, "10.0.1.10", "10.0.2.20")

    assert causes(found) == [
        ("SUBNET_ACL_RESTRICTION", "acl-2", "forward"),
        ("SG_HAS_NO_RULES", "sg-open", "forward"),
        ("SUBNET_ACL_RESTRICTION", "acl-2", "return"),
    ]
    assert found.returning is None


@pytest.mark.parametrize(
    ("allowed", "windows", "source_port", "expected"),
    [
        ((32768, 60999), False, None, "reachable"),
        ((32768, 61000), False, None, "reachable"),
        ((49152, 65535), False, None, "partly"),
        ((49152, 65535), True, None, "reachable"),
        ((32768, 60999), True, None, "partly"),
        ((1024, 32767), False, None, "blocked"),
        ((1024, 32767), False, 5000, "reachable"),
        ((32768, 60999), False, 5000, "blocked"),
    ],
)
def test_replies_need_the_clients_ports(
    allowed: tuple[int, int], windows: bool, source_port: int | None, expected: str
) -> None:
    account = with_entries(1, entry(100, "allow"), entry(100, "allow", "0.0.0.0/0", "6", allowed, egress=True))
    account.items["ec2.describe_network_interfaces"][0]["Attachment"]["InstanceId"] = "i-1"
    account.instance("i-1", "eni-client", **({"Platform": "windows"} if windows else {}))

    found = ask(account, "10.0.1.10", "10.0.2.20", source_port=source_port)

    assert verdicts(found) == (expected, "reachable", expected)


def test_a_client_of_unknown_kind_may_use_any_high_port() -> None:
    account = with_entries(1, entry(100, "allow"), entry(100, "allow", "0.0.0.0/0", "6", (32768, 60999), egress=True))

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "partly"


def test_an_acl_never_filters_inside_its_subnet() -> None:
    account = with_entries(0)
    account.interface("eni-next", "subnet-1", "10.0.1.11")

    assert ask(account, "10.0.1.10", "10.0.1.11").verdict == "reachable"
    assert (
        ask(
            account.network(without=["ec2.describe_network_acls", "ec2.describe_route_tables"]),
            "10.0.1.10",
            "10.0.1.11",
        ).verdict
        == "reachable"
    )


def test_an_echo_needs_its_reply_let_out() -> None:
    """Ping is type 8 there and type 0 back; entries name type and code, and -1 means any."""
    request = entry(100, "allow", "0.0.0.0/0", "1", (8, 0))
    account = with_entries(1, request, entry(100, "allow", "0.0.0.0/0", "1", (8, 0), egress=True))

    assert verdicts(ask(account, "10.0.1.10", "10.0.2.20", "icmp", None)) == ("blocked", "reachable", "blocked")

    account = with_entries(1, request, entry(100, "allow", "0.0.0.0/0", "1", (0, -1), egress=True))

    assert ask(account, "10.0.1.10", "10.0.2.20", "icmp", None).verdict == "reachable"


def test_icmp_entries_without_types_and_all_protocol_entries_with_ports_match_everything() -> None:
    icmp = with_entries(1, entry(100, "allow", "0.0.0.0/0", "1"), entry(100, "allow", "0.0.0.0/0", "1", egress=True))
    both = (
        entry(100, "allow", "0.0.0.0/0", "-1", (22, 22)),
        entry(100, "allow", "0.0.0.0/0", "-1", (22, 22), egress=True),
    )

    assert ask(icmp, "10.0.1.10", "10.0.2.20", "icmp", None).verdict == "reachable"
    assert ask(with_entries(1, *both), "10.0.1.10", "10.0.2.20").verdict == "reachable"


def test_ipv4_entries_never_match_ipv6() -> None:
    account = with_entries(1, entry(100, "allow"), entry(100, "allow", egress=True))

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "reachable"
    assert ask(account, "2001:db8:0:1::10", "2001:db8:0:2::20").verdict == "blocked"


def test_other_protocols_have_no_ports_and_need_their_reply_too() -> None:
    allow = entry(100, "allow", "0.0.0.0/0", "50")
    account = with_entries(1, allow, entry(100, "allow", "0.0.0.0/0", "6", (0, 65535), egress=True))

    assert verdicts(ask(account, "10.0.1.10", "10.0.2.20", "50", None)) == ("blocked", "reachable", "blocked")


def test_acls_that_were_not_seen_are_unknown_unless_a_group_blocks() -> None:
    account = two_subnets()
    less = account.network(without=["ec2.describe_network_acls"])

    assert ask(less, "10.0.1.10", "10.0.2.20").verdict == "unknown"
    assert calls(ask(less, "10.0.1.10", "10.0.2.20")) == {"ec2.describe_network_acls"}

    account.items["ec2.describe_security_groups"][0]["IpPermissions"] = []
    assert ask(account.network(without=["ec2.describe_network_acls"]), "10.0.1.10", "10.0.2.20").verdict == "blocked"


def test_a_subnet_that_no_acl_names_has_the_default_one() -> None:
    account = two_subnets()
    account.items["ec2.describe_network_acls"][1]["Associations"] = []
    account.items["ec2.describe_network_acls"][1]["IsDefault"] = True

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "reachable"
