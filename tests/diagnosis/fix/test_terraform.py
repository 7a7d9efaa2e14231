"""The same change as Terraform text, and who else manages what is edited."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange
from diagnosis.fix.managed import managed, warning
from diagnosis.fix.terraform import quoted, terraform
from tests.accounts import two_subnets

RULE = GroupRuleChange(component="sg-open", direction="ingress", protocol="tcp", from_port=443, to_port=443)


def text(change: Change) -> str:
    """What is said of a change, the name of the resource left out."""
    made = two_subnets()
    return re.sub(r'"whynot_\w+"', '"_"', terraform(made.network(), (change,)))


def test_a_rule_for_addresses() -> None:
    assert text(RULE.model_copy(update={"cidr": "10.0.1.10/32"})) == (
        'resource "aws_vpc_security_group_ingress_rule" "_" {\n'
        '  security_group_id = "sg-open"\n'
        '  cidr_ipv4         = "10.0.1.10/32"\n'
        '  ip_protocol       = "tcp"\n'
        "  from_port         = 443\n"
        "  to_port           = 443\n"
        "}"
    )


def test_a_rule_for_a_group_of_another_account_and_one_for_ipv6() -> None:
    assert 'referenced_security_group_id = "222222222222/sg-b"' in text(
        RULE.model_copy(update={"group": "sg-b", "group_owner": "222222222222", "direction": "egress"})
    )
    assert 'cidr_ipv6         = "2001:db8::/64"' in text(RULE.model_copy(update={"cidr": "2001:db8::/64"}))


def test_a_rule_for_everything_has_no_ports_and_ping_has_type_and_code() -> None:
    every = RULE.model_copy(update={"protocol": "-1", "from_port": None, "to_port": None, "cidr": "10.0.0.0/8"})
    assert "port" not in text(every)
    ping = every.model_copy(update={"protocol": "icmp", "from_port": 8})
    assert "from_port         = 8\n  to_port           = -1" in text(ping)
    all_of_tcp = every.model_copy(update={"protocol": "tcp"})
    assert "from_port         = 0\n  to_port           = 65535" in text(all_of_tcp)


def test_an_entry_of_an_acl() -> None:
    entry = AclEntryChange(
        component="acl-1",
        direction="egress",
        number=90,
        protocol="tcp",
        from_port=1024,
        to_port=65535,
        cidr="10.0.1.0/24",
    )
    assert text(entry) == (
        'resource "aws_network_acl_rule" "_" {\n'
        '  network_acl_id = "acl-1"\n'
        "  rule_number    = 90\n"
        "  egress         = true\n"
        '  protocol       = "6"\n'
        '  rule_action    = "allow"\n'
        '  cidr_block     = "10.0.1.0/24"\n'
        "  from_port      = 1024\n"
        "  to_port        = 65535\n"
        "}"
    )


def test_what_takes_something_away_is_no_resource() -> None:
    assert terraform(two_subnets().network(), (RULE.model_copy(update={"action": "remove", "cidr": "::/0"}),)) == ""


@given(st.text())
def test_no_text_leaves_its_string_or_is_run(told: str) -> None:
    string = quoted(told)
    assert string[0] == string[-1] == '"'
    inner = string[1:-1]
    assert not re.search(r'(?<!\\)(?:\\\\)*"', inner)
    assert inner.isprintable()
    for sign in "$%":
        # HCL runs what an odd number of signs opens; a doubled one stands for itself.
        assert all(len(run) % 2 == 0 for run in re.findall(rf"{re.escape(sign)}+(?=\{{)", inner)) or (
            f"{sign}{{" in told
        )


@pytest.mark.parametrize("told", ['a"b', '${file("/etc/passwd")}', "%{ for x in y }", "a\nb", "\u202e", "\\"])
def test_hostile_names_stand_for_themselves(told: str) -> None:
    assert read_back(quoted(told)) == told


def read_back(string: str) -> str:
    """A string of HCL as Terraform reads it."""
    found = re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), string[1:-1])
    found = found.replace("$${", "${").replace("%%{", "%{")
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r", "t": "\t"}.get(m[1], m[1]), found)


def of_tags(**tags: str) -> str | None:
    made = two_subnets()
    group = made.items["ec2.describe_security_groups"][0]
    group["Tags"] = [{"Key": key.replace("__", ":").replace("_dash_", "-"), "Value": tags[key]} for key in tags]
    network = made.network()
    found = managed(network, (RULE.model_copy(update={"component": group["GroupId"], "cidr": "10.0.0.0/8"}),))
    assert bool(found) is bool(warning(network, found))
    return found[0].by if found else None


def test_what_else_manages_a_group_is_told_by_its_tags() -> None:
    assert of_tags(aws__cloudformation__stack_dash_name="shop") == "CloudFormation"
    for known in (
        {"ManagedBy": "Terraform"},
        {"managed_dash_by": "terraform"},
        {"managed_by": "Terraform Cloud"},
        {"terraform": "true"},
        {"tf_module": "network"},
        {"Provisioner": "terraform v1.9"},
    ):
        assert of_tags(**known) == "Terraform", known
    for other in ({"Name": "terraform"}, {"terraform": "false"}, {"ManagedBy": "ops"}, {"tfoo": "x"}, {}):
        assert of_tags(**other) is None, other
