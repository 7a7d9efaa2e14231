"""Commands: one line, exactly the AWS CLI's own options, nothing for a shell to interpret."""

from __future__ import annotations

import shlex
import subprocess

import botocore.session
import pytest

from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, RouteChange
from diagnosis.fix.commands import NotPrintable, command

ACL = AclEntryChange(
    component="acl-1", direction="ingress", number=90, protocol="tcp", from_port=22, to_port=22, cidr="10.0.0.0/8"
)
RULE = GroupRuleChange(
    component="sg-1", direction="ingress", protocol="tcp", from_port=22, to_port=22, cidr="10.0.0.1/32"
)
ROUTE = RouteChange(component="rtb-1", destination="0.0.0.0/0", target_kind="internet-gateway", target="igw-1")
PEERED = RULE.model_copy(update={"cidr": None, "group": "sg-2", "group_owner": "444455556666"})
CUSTOMISED = {"protocol", "port", "cidr", "source-group", "group-owner"}
"""Simple options that the AWS CLI adds to the four security group commands; all others are the model's."""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (RULE, "authorize-security-group-ingress --group-id sg-1 --protocol tcp --port 22 --cidr 10.0.0.1/32"),
        (RULE.inverse(), "revoke-security-group-ingress --group-id sg-1 --protocol tcp --port 22 --cidr 10.0.0.1/32"),
        (
            RULE.model_copy(update={"direction": "egress", "cidr": None, "group": "sg-2", "to_port": 25}),
            "authorize-security-group-egress --group-id sg-1 --protocol tcp --port 22-25 --source-group sg-2",
        ),
        (
            PEERED,
            (
                "authorize-security-group-ingress --group-id sg-1 --protocol tcp --port 22 --source-group sg-2 "
                "--group-owner 444455556666"
            ),
        ),
        (
            PEERED.model_copy(update={"protocol": "-1", "from_port": None, "to_port": None}),
            (
                "authorize-security-group-ingress --group-id sg-1 --protocol all --source-group sg-2 "
                "--group-owner 444455556666"
            ),
        ),
        (
            PEERED.model_copy(update={"protocol": "icmp", "from_port": 8, "to_port": None}),
            (
                "authorize-security-group-ingress --group-id sg-1 --protocol icmp --port 8--1 --source-group sg-2 "
                "--group-owner 444455556666"
            ),
        ),
        (
            RULE.model_copy(update={"cidr": "::/0"}),
            (
                "authorize-security-group-ingress --group-id sg-1 --ip-permissions "
                "IpProtocol=tcp,FromPort=22,ToPort=22,Ipv6Ranges=[{CidrIpv6=::/0}]"
            ),
        ),
        (
            RULE.model_copy(update={"protocol": "icmp", "from_port": 8, "to_port": -1}),
            (
                "authorize-security-group-ingress --group-id sg-1 --ip-permissions "
                "IpProtocol=icmp,FromPort=8,ToPort=-1,IpRanges=[{CidrIp=10.0.0.1/32}]"
            ),
        ),
        (
            RULE.model_copy(update={"protocol": "50", "from_port": None, "to_port": None}),
            (
                "authorize-security-group-ingress --group-id sg-1 --ip-permissions "
                "IpProtocol=50,IpRanges=[{CidrIp=10.0.0.1/32}]"
            ),
        ),
        (
            ACL,
            (
                "create-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 90 --protocol 6 "
                "--port-range From=22,To=22 --cidr-block 10.0.0.0/8 --rule-action allow"
            ),
        ),
        (ACL.inverse(), "delete-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 90"),
        (
            ACL.model_copy(
                update={"protocol": "icmpv6", "from_port": 128, "to_port": 0, "cidr": "::/0", "direction": "egress"}
            ),
            (
                "create-network-acl-entry --network-acl-id acl-1 --egress --rule-number 90 --protocol 58 "
                "--icmp-type-code Type=128,Code=0 --ipv6-cidr-block ::/0 --rule-action allow"
            ),
        ),
        (ROUTE, "create-route --route-table-id rtb-1 --destination-cidr-block 0.0.0.0/0 --gateway-id igw-1"),
        (ROUTE.inverse(), "delete-route --route-table-id rtb-1 --destination-cidr-block 0.0.0.0/0"),
        (
            ROUTE.model_copy(
                update={"destination": "::/0", "target_kind": "egress-only-internet-gateway", "target": "eigw-1"}
            ),
            (
                "create-route --route-table-id rtb-1 --destination-ipv6-cidr-block ::/0 "
                "--egress-only-internet-gateway-id eigw-1"
            ),
        ),
    ],
)
def test_the_command_of_a_change(change: Change, expected: str) -> None:
    assert command(change) == f"aws ec2 {expected}"


@pytest.mark.parametrize("change", [RULE, PEERED, RULE.inverse(), ACL, ACL.inverse(), ROUTE, ROUTE.inverse()])
def test_every_option_is_one_that_the_aws_cli_has(change: Change) -> None:
    """Options of the CLI are the members of the operation's input; flags stand for booleans (Egress)."""
    words = shlex.split(command(change))
    name = "".join(part.capitalize() for part in words[2].split("-"))
    model = botocore.session.get_session().get_service_model("ec2").operation_model(name)
    known = (
        {_option(member) for member in model.input_shape.members} | {"ingress", "egress"}
        if model.input_shape
        else set()
    )
    if "security-group" in words[2]:
        known |= CUSTOMISED

    assert {word[2:] for word in words if word.startswith("--")} <= known


def test_bash_takes_no_word_of_a_command_apart() -> None:
    """A shell expands {a,b} into two words."""
    changes = (RULE, PEERED, RULE.model_copy(update={"cidr": "::/0"}), ACL, ROUTE)
    script = "\n".join(f"printf '%s\\n' {command(change)}" for change in changes)

    printed = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split()

    assert printed == [word for change in changes for word in command(change).split()]


def _option(member: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in member).lstrip("-")


@pytest.mark.parametrize(
    "identity", ["sg-1; rm -rf ~", "$(id)", "sg 1", "`id`", "sg-1\n", "sg-1'", "", "sg-1\x1b[31m", "sg|x"]
)
def test_an_id_that_a_shell_could_misread_is_never_printed(identity: str) -> None:
    for change in (RULE, ACL, ROUTE):
        with pytest.raises(NotPrintable):
            command(change.model_copy(update={"component": identity}))


def test_an_id_that_reads_as_an_option_is_never_printed() -> None:
    with pytest.raises(NotPrintable):
        command(RULE.model_copy(update={"component": "--endpoint-url=http://192.0.2.1"}))
