"""Each guardrail with the case that it stops, and the ordinary fixes that pass."""

from __future__ import annotations

from typing import Any

import pytest

from bot.approvals.guardrails import check
from bot.settings.fixes import FixSettings
from diagnosis.fix.change import Change, RouteChange
from diagnosis.network.build import build
from diagnosis.network.network import Network
from diagnosis.question.question import Question
from tests.accounts import ACCOUNT, REGION, rule, together
from tests.bot.approvals.shop import (
    ASKED,
    PLACE,
    behind_closed_acl,
    by_group,
    in_acl,
    in_db,
    network,
    question,
    shop,
)


def stopped_by(
    *changes: Change,
    on: Network | None = None,
    asked: Question = ASKED,
    place: tuple[str, str] = PLACE,
    **settings: Any,
) -> set[str]:
    return {v.code for v in check(on or network(), asked, changes, FixSettings(**settings), place)}


def test_the_ordinary_fixes_pass_by_address_and_by_the_group_of_the_asked_party() -> None:
    assert stopped_by(in_db()) == set()
    assert stopped_by(by_group()) == set()


@pytest.mark.parametrize(
    "wider",
    [
        in_db(cidr="10.0.1.0/24"),
        in_db(cidr="10.0.1.10/31"),
        in_db(to_port=3307),
        in_db(from_port=0, to_port=65535),
        in_db(from_port=None, to_port=None),
        in_db(protocol="-1", from_port=None, to_port=None),
        by_group(to_port=3307),
        by_group(protocol="-1", from_port=None, to_port=None),
    ],
    ids=str,
)
def test_a_rule_that_is_wider_than_asked_is_stopped(wider: Change) -> None:
    assert stopped_by(wider) == {"wider than asked"}


def test_a_second_rule_that_the_question_does_not_need_is_stopped() -> None:
    assert stopped_by(in_db(), in_db(protocol="udp")) == {"wider than asked"}
    assert stopped_by(in_db(), in_db(cidr="10.0.1.12/32")) == {"wider than asked"}
    assert stopped_by(in_db(), in_db(component="sg-other")) == {"off the path"}
    assert stopped_by(in_db(), in_db(direction="egress", cidr="10.0.1.10/32")) == {"off the path"}


def test_a_group_that_no_asked_party_holds_is_stopped_though_the_asked_traffic_passes_too() -> None:
    assert stopped_by(in_db(), by_group("sg-other")) == {"wider than asked"}


def test_a_group_as_the_source_opens_for_its_members_and_for_nobody_else() -> None:
    """eni-web-2 shares sg-web with the asked client; where the settings forbid it, or for too many, it is stopped."""
    assert stopped_by(by_group(), allow_group_sources=False) == {"names a group"}
    assert stopped_by(by_group(), most_others=3) == set()
    assert stopped_by(by_group(), most_others=2) == {"opens for too many"}


def test_where_nothing_beyond_the_asked_pair_is_allowed_a_rule_in_a_shared_group_is_stopped() -> None:
    assert stopped_by(in_db(), most_others=0) == {"opens for too many"}


def test_an_acl_entry_passes_where_it_opens_what_was_asked() -> None:
    assert stopped_by(in_acl(), on=behind_closed_acl().network()) == set()


@pytest.mark.parametrize(
    "wider",
    [in_acl(cidr="10.0.1.0/24"), in_acl(to_port=3400), in_acl(protocol="-1", from_port=None, to_port=None)],
    ids=str,
)
def test_an_acl_entry_that_is_wider_than_asked_is_stopped(wider: Change) -> None:
    assert stopped_by(wider, on=behind_closed_acl().network()) == {"wider than asked"}


def test_an_entry_for_replies_that_lets_in_new_connections_too_is_stopped() -> None:
    """Replies to 10.0.1.10 pass by an entry for ephemeral ports, by which 10.0.2.20 could then open connections."""
    made = shop()
    made.items["ec2.describe_security_groups"][0]["IpPermissions"] = [rule("tcp", (1024, 65535), "10.0.2.0/24")]
    made.items["ec2.describe_security_groups"][2]["IpPermissions"] = [rule("tcp", (3306, 3306), "10.0.1.0/24")]
    acl = made.items["ec2.describe_network_acls"][0]
    acl["Entries"] = [e for e in acl["Entries"] if e["Egress"]]
    replies = in_acl(component="acl-1", cidr="10.0.2.20/32", from_port=1024, to_port=65535)

    assert stopped_by(replies, on=made.network()) == {"opens more"}

    made.items["ec2.describe_security_groups"][0]["IpPermissions"] = []
    assert stopped_by(replies, on=made.network()) == set()


def test_an_entry_for_replies_that_opens_another_port_too_is_stopped() -> None:
    """The replies of tcp 22, which sg-db lets in as well, take the same way home as those of tcp 3306."""
    made = shop()
    acl = made.items["ec2.describe_network_acls"][1]
    acl["Entries"] = [e for e in acl["Entries"] if not e["Egress"]]
    replies = in_acl(direction="egress", from_port=1024, to_port=65535)
    for ports, codes in (((3306, 3306), set[str]()), ((22, 3306), {"opens more"})):
        made.items["ec2.describe_security_groups"][2]["IpPermissions"] = [rule("tcp", ports, "10.0.1.10/32")]
        assert stopped_by(replies, on=made.network()) == codes


def test_nobody_lets_in_anybody_whole_or_in_halves() -> None:
    from_anywhere = question("why can't the internet reach 10.0.1.10 on tcp 443")
    web: dict[str, Any] = {"component": "sg-web", "from_port": 443, "to_port": 443}
    halves = [in_db(cidr=cidr, **web) for cidr in ("0.0.0.0/1", "128.0.0.0/1")]
    halves_six = [in_db(cidr=cidr, **web) for cidr in ("::/1", "8000::/1")]

    assert stopped_by(in_db(cidr="0.0.0.0/0", **web), asked=from_anywhere) == {"anybody"}
    assert stopped_by(in_db(cidr="::/0", **web), asked=from_anywhere) == {"anybody"}
    assert stopped_by(*halves, asked=from_anywhere) == {"anybody"}
    assert stopped_by(*halves_six, asked=from_anywhere) == {"anybody"}
    assert stopped_by(halves[0], asked=from_anywhere) == {"too public"}
    assert stopped_by(in_acl(cidr="0.0.0.0/0"), on=behind_closed_acl().network()) == {"anybody"}


def test_public_ranges_are_counted_together() -> None:
    asked = question("why can't 203.0.113.0/24 reach 10.0.1.10 on tcp 443")
    web: dict[str, Any] = {"component": "sg-web", "from_port": 443, "to_port": 443}
    whole = in_db(cidr="203.0.113.0/24", **web)
    halves = [in_db(cidr=cidr, **web) for cidr in ("203.0.113.0/25", "203.0.113.128/25")]
    beside = in_db(cidr="198.51.100.0/32", **web)

    assert "too public" not in stopped_by(whole, asked=asked)
    assert "too public" not in stopped_by(*halves, asked=asked)
    assert stopped_by(whole, beside, asked=asked) == {"too public"}
    assert stopped_by(whole, beside.model_copy(update={"component": "sg-db"}), asked=asked) == {"too public"}
    assert stopped_by(whole, asked=asked, public_prefix=25) == {"too public"}
    assert stopped_by(*halves, asked=asked, public_prefix=25) == {"too public"}
    assert stopped_by(in_db(cidr="2001:db8:ffff::/47", **web), asked=asked) == {"too public"}


def test_what_is_protected_by_id_or_tag_is_not_touched() -> None:
    assert stopped_by(in_db(), protected_ids=("sg-db",)) == {"protected"}
    assert stopped_by(in_db(), protected_ids=("vpc-a",)) == {"protected"}
    assert stopped_by(in_db(), protected_tags=("team=payments",)) == {"protected"}
    assert stopped_by(in_db(), protected_tags=("env",)) == {"protected"}
    assert stopped_by(in_db(), protected_ids=("sg-web",), protected_tags=("team=orders",)) == set()
    assert stopped_by(in_acl(), on=behind_closed_acl().network(), protected_ids=("acl-2",)) == {"protected"}


def test_buttons_change_rules_and_entries_only_and_only_allow() -> None:
    to_peer = RouteChange(component="rtb-1", destination="10.9.0.0/16", target_kind="nat-gateway", target="nat-1")
    open_db = shop()
    open_db.items["ec2.describe_security_groups"][2]["IpPermissions"] = [rule("tcp", (3306, 3306), "10.0.1.10/32")]

    assert "not by button" in stopped_by(to_peer)
    assert "not by button" in stopped_by(in_db(), to_peer)
    assert stopped_by(in_db(action="remove"), on=open_db.network()) == {"takes away"}
    assert stopped_by(in_acl(action="remove")) == {"takes away"}
    assert stopped_by(in_acl(rule_action="deny")) == {"takes away"}
    assert "does not fit" in stopped_by()


def test_a_rule_names_one_range_or_one_group() -> None:
    assert stopped_by(in_db(group="sg-web")) == {"does not fit"}
    assert stopped_by(in_db(cidr=None)) == {"does not fit"}
    assert stopped_by(in_db(), in_db(cidr="10.0.0.0/8", group="sg-web")) == {"does not fit"}


def test_a_question_that_names_one_party_only_has_no_fix() -> None:
    assert stopped_by(in_db(), asked=question("who can reach 10.0.2.20 on tcp 3306")) == {"not clear"}


def test_one_fix_stays_in_the_account_and_region_that_it_was_proposed_for() -> None:
    assert stopped_by(in_db(), place=(ACCOUNT, "eu-west-1")) == {"elsewhere"}
    assert stopped_by(in_db(), place=("222222222222", REGION)) == {"elsewhere"}

    far = shop()
    far.account = "222222222222"
    far.items = {call: [] for call in far.items}
    far.vpc("vpc-far", "10.8.0.0/16")
    far.group("sg-far", "vpc-far", ingress=[])
    both = build(together(shop(), far))
    assert stopped_by(in_db(), in_db(component="sg-far"), on=both) == {"elsewhere"}


def test_full_groups_and_acls_take_no_more() -> None:
    made = shop()
    full = [rule("tcp", (port, port), "10.0.1.12/32") for port in range(1000, 1060)]
    made.items["ec2.describe_security_groups"][2]["IpPermissions"] = full
    assert stopped_by(in_db(), on=made.network()) == {"quota"}
    assert stopped_by(in_db(), on=made.network(), rules_per_group=61) == set()

    made.items["ec2.describe_security_groups"][2]["IpPermissions"] = full[1:]
    assert stopped_by(in_db(), on=made.network()) == set()

    made.items["ec2.describe_security_groups"][1]["IpPermissions"] = [*full, rule("tcp", (999, 999), "10.0.1.12/32")]
    made.items["ec2.describe_security_groups"][2]["IpPermissions"] = full
    assert stopped_by(in_db(), on=made.network()) == set(), "another group shows that the quota was raised"


def test_a_prefix_list_counts_as_many_rules_as_it_has_entries() -> None:
    made = shop()
    made.prefix_list("pl-1", *(f"10.7.{n}.0/24" for n in range(60)))
    made.items["ec2.describe_security_groups"][2]["IpPermissions"] = [rule("tcp", (1, 1), "pl-1")]

    assert stopped_by(in_db(), on=made.network()) == {"quota"}


def test_all_groups_of_an_interface_together_have_a_quota() -> None:
    made = shop()
    for number in range(5):
        made.group(f"sg-{number}", "vpc-a", ingress=[rule("tcp", (p, p), "10.0.1.12/32") for p in range(1, 201)])
    groups = [{"GroupId": g} for g in ("sg-db", *(f"sg-{n}" for n in range(5)))]
    made.items["ec2.describe_network_interfaces"][3]["Groups"] = groups

    assert stopped_by(in_db(), on=made.network()) == {"quota"}

    made.items["ec2.describe_security_groups"][2]["IpPermissions"] = [rule("tcp", (1, 1), "10.0.1.12/32")]
    assert stopped_by(in_db(), on=made.network()) == set(), "it holds more already, so AWS counts otherwise"


def test_an_acl_that_is_full_takes_no_more() -> None:
    made = behind_closed_acl()
    entries = made.items["ec2.describe_network_acls"][1]["Entries"]
    template = next(e for e in entries if not e["Egress"])
    entries += [template | {"RuleNumber": 1000 + n} for n in range(18)]

    assert stopped_by(in_acl(), on=made.network()) == {"quota"}
    assert stopped_by(in_acl(), on=made.network(), entries_per_acl=21) == set()


def test_what_does_not_fit_any_more_or_is_not_needed_or_not_proven_is_stopped() -> None:
    opened = shop()
    opened.items["ec2.describe_security_groups"][2]["IpPermissions"] = [rule("tcp", (3306, 3306), "10.0.1.10/32")]
    closed = behind_closed_acl()
    closed.items["ec2.describe_security_groups"][2]["IpPermissions"] = []
    gone = shop()
    del gone.items["ec2.describe_network_interfaces"][0]

    assert stopped_by(in_db(), on=opened.network()) == {"does not fit"}
    assert stopped_by(by_group(), on=opened.network()) == {"not needed"}
    assert stopped_by(in_db(), on=closed.network()) == {"not proven"}
    assert stopped_by(in_db(), on=gone.network()) == {"not proven"}
    assert stopped_by(in_db(component="sg-gone")) == {"not seen"}
    assert stopped_by(in_db(), asked=question("why can't web reach nobody-knows on tcp 3306")) == {"not clear"}


def test_what_cannot_be_seen_whole_is_stopped() -> None:
    """Without the ACLs nothing is certain, so nothing is proven."""
    assert stopped_by(in_db(), on=shop().network(without=["ec2.describe_network_acls"])) == {"not proven"}


def test_the_whole_internet_may_be_asked_for_outbound() -> None:
    made = shop()
    made.items["ec2.describe_security_groups"][0]["IpPermissionsEgress"] = []
    out = in_db(component="sg-web", direction="egress", cidr="0.0.0.0/0", from_port=443, to_port=443)
    asked = question("why can't 10.0.1.10 reach the internet on tcp 443")

    assert stopped_by(out, on=made.network(), asked=asked) == set()

    made.items["ec2.describe_security_groups"][2]["IpPermissions"] = [rule("tcp", (443, 443), "10.0.0.0/16")]
    assert stopped_by(out, on=made.network(), asked=asked) == {"opens more"}, "it opens inside the VPC too"
