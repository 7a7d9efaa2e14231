"""The live account answers as its snapshot does, and the printed fixes do in the account what was proven on the model.

The account is an AWS double over HTTP on loopback. What a fix prints is taken apart as a shell and the AWS CLI would,
and sent to the double with boto3.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID

from tests.moto_server import moto_server, post
from tests.program import Ran, run, start

REGION = "us-east-1"
RDS_ON_3306 = "why can't 10.0.1.10 reach RDS on 3306"
PING = "can 10.0.1.10 ping 10.0.2.20"


@dataclass(frozen=True, slots=True)
class Account:
    """Ids of what stands in the double."""

    url: str
    ec2: Any
    vpc: str
    subnets: tuple[str, str]
    acls: tuple[str, str]
    web_group: str
    data_group: str

    def client(self, service: str) -> Any:
        make: Callable[..., Any] = boto3.client
        return make(service, region_name=REGION, endpoint_url=self.url)

    def post(self, path: str, data: bytes = b"") -> None:
        post(self.url, path, data)

    def allow(self, protocol: str, port: int, cidr: str) -> None:
        """A rule of the database's group."""
        self.ec2.authorize_security_group_ingress(
            GroupId=self.data_group, IpProtocol=protocol, FromPort=port, ToPort=port, CidrIp=cidr
        )

    def deny(self, number: int, *, egress: bool, port: int | None = None) -> None:
        """An entry of the ACL of the database's subnet that denies tcp to or from everybody."""
        self.ec2.create_network_acl_entry(
            NetworkAclId=self.acls[1],
            RuleNumber=number,
            Egress=egress,
            RuleAction="deny",
            Protocol="6",
            CidrBlock="0.0.0.0/0",
            PortRange={"From": port or 1024, "To": port or 65535},
        )


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with moto_server() as address:
        yield address


@pytest.fixture
def account(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """A VPC with a web server 10.0.1.10 and a database 10.0.2.20, which admits nobody on its port yet."""
    for name, value in environment(url).items():
        monkeypatch.setenv(name, value)
    post(url, "reset")
    make: Callable[..., Any] = boto3.client
    ec2 = make("ec2", region_name=REGION, endpoint_url=url)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
        for cidr, zone in (("10.0.1.0/24", "a"), ("10.0.2.0/24", "b"))
    ]
    groups = [
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in ("web", "data")
    ]
    for subnet, address, group, said in (
        (subnets[0], "10.0.1.10", groups[0], "a web server"),
        (subnets[1], "10.0.2.20", groups[1], "RDSNetworkInterface"),
    ):
        made = ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress=address, Groups=[group], Description=said)
        _in_use(made["NetworkInterface"]["NetworkInterfaceId"])
    ec2.authorize_security_group_ingress(
        GroupId=groups[1],
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": groups[0]}]}
        ],
    )
    acls = [_own_acl(ec2, vpc, subnet) for subnet in subnets]
    yield Account(url, ec2, vpc, (subnets[0], subnets[1]), (acls[0], acls[1]), *groups)
    post(url, "reset-auth", b"inf")


def environment(url: str, key: str = "AKIAIOSFODNN7EXAMPLE", keyed: str = "unchecked") -> dict[str, str]:
    """What makes boto3 ask the double."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": keyed,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_MAX_ATTEMPTS": "1",
    }


def _in_use(interface: str) -> None:
    """What no API does: AWS itself puts the interfaces of its services to use."""
    get_backend("ec2")[DEFAULT_ACCOUNT_ID][REGION].enis[interface].status = "in-use"


def _own_acl(ec2: Any, vpc: str, subnet: str) -> str:
    """An ACL of the subnet's own that allows everything."""
    acl: str = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    for egress in (False, True):
        ec2.create_network_acl_entry(
            NetworkAclId=acl, RuleNumber=100, Egress=egress, RuleAction="allow", Protocol="-1", CidrBlock="0.0.0.0/0"
        )
    [default] = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])[
        "NetworkAcls"
    ]
    [association] = [one for one in default["Associations"] if one["SubnetId"] == subnet]
    ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl)
    return acl


def shorthand(text: str) -> Any:
    """A value in the AWS CLI's shorthand syntax: `Name=value,List=[{Name=value}]`."""
    tokens = re.findall(r"[\[\]{},=]|[^\[\]{},=]+", text)

    def value() -> Any:
        match tokens[0]:
            case "{":
                tokens.pop(0)
                found = members()
                assert tokens.pop(0) == "}"
                return found
            case "[":
                tokens.pop(0)
                listed = [value()]
                while tokens[0] == ",":
                    tokens.pop(0)
                    listed.append(value())
                assert tokens.pop(0) == "]"
                return listed
            case _:
                return tokens.pop(0)

    def members() -> dict[str, Any]:
        found: dict[str, Any] = {}
        while True:
            name = tokens.pop(0)
            assert tokens.pop(0) == "="
            found[name] = value()
            if not tokens or tokens[0] != ",":
                return found
            tokens.pop(0)

    whole = members()
    assert not tokens, f"{text}: {tokens} is left over"
    return {
        name: int(one) if name in {"FromPort", "ToPort", "From", "To", "Type", "Code"} else one
        for name, one in whole.items()
    }


def perform(ec2: Any, command: str) -> None:
    """Do what the command would do, by the API call that the AWS CLI makes of it."""
    program, service, operation, *words = shlex.split(command)
    assert (program, service) == ("aws", "ec2"), command
    sent: dict[str, Any] = {}
    permission: dict[str, Any] = {}
    while words:
        option = words.pop(0)
        if option in {"--ingress", "--egress"}:
            sent["Egress"] = option == "--egress"
            continue
        given = words.pop(0)
        match option:
            case "--port":
                low, _, high = given.partition("-")
                permission |= {"FromPort": int(low), "ToPort": int(high or low)}
            case "--protocol" if "security-group" in operation:
                permission["IpProtocol"] = given
            case "--cidr":
                permission["IpRanges"] = [{"CidrIp": given}]
            case "--source-group":
                permission["UserIdGroupPairs"] = [{"GroupId": given}]
            case "--ip-permissions":
                permission = shorthand(given)
            case _:
                name = "".join(part.capitalize() for part in option[2:].split("-"))
                sent[name] = (
                    shorthand(given)
                    if "=" in given
                    else int(given)
                    if given.isdigit() and name == "RuleNumber"
                    else given
                )
    if permission:
        sent["IpPermissions"] = [permission]
    getattr(ec2, operation.replace("-", "_"))(**sent)


def ask(question: str, *options: str) -> Ran:
    return run("ask", question, *options, "--json")


def stuck(document: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Where packets are dropped."""
    return [(one["code"], one["component"], one["leg"], one["direction"], one["rule"]) for one in document["causes"]]


def test_a_snapshot_of_the_account_answers_as_the_account_itself(account: Account, tmp_path: Path) -> None:
    live = ask(RDS_ON_3306)
    taken = run("snapshot", str(tmp_path / "s"))
    kept = ask(RDS_ON_3306, "--snapshot", str(tmp_path / "s"))

    assert (live.status, taken.status, kept.status) == (1, 0, 0 + 1), (live.err, taken.err, kept.err)
    assert stuck(live.document) == [("ENI_SG_RULES_MISMATCH", account.data_group, "forward", "ingress", None)]
    for member in live.document:
        if member not in {"snapshot", "assumed"}:  # a snapshot asks more calls, so it assumes less
            assert live.document[member] == kept.document[member], member
    assert live.document["snapshot"]["accounts"] == kept.document["snapshot"]["accounts"] == [DEFAULT_ACCOUNT_ID]
    assert live.document["snapshot"]["regions"] == [REGION]
    assert live.document["snapshot"]["taken_at"].endswith("Z")


def test_a_process_of_its_own_reads_the_account_of_its_environment(account: Account) -> None:
    own = start("ask", RDS_ON_3306, env=environment(account.url))

    assert own.status == 1, own.err
    assert "✗ Blocked" in own.out
    assert f"aws ec2 authorize-security-group-ingress --group-id {account.data_group} " in own.out
    assert account.data_group in own.out
    assert "Traceback" not in own.err


def closed_group(account: Account) -> None:
    """Nothing to do: the database's group admits nobody on its port."""


def replies_denied(account: Account) -> None:
    account.allow("tcp", 3306, "10.0.1.0/24")
    account.deny(50, egress=True)


def port_denied_and_closed_group(account: Account) -> None:
    account.deny(50, egress=False, port=3306)


@pytest.mark.parametrize(
    ("question", "arrange", "codes"),
    [
        (RDS_ON_3306, closed_group, ["ENI_SG_RULES_MISMATCH"]),
        (RDS_ON_3306, replies_denied, ["SUBNET_ACL_RESTRICTION"]),
        (RDS_ON_3306, port_denied_and_closed_group, ["SUBNET_ACL_RESTRICTION", "ENI_SG_RULES_MISMATCH"]),
        (PING, closed_group, ["ENI_SG_RULES_MISMATCH"]),
    ],
)
def test_every_printed_fix_opens_the_path_in_the_account_and_its_undo_closes_it_again(
    account: Account, question: str, arrange: Callable[[Account], None], codes: list[str]
) -> None:
    arrange(account)
    before = ask(question)

    assert before.status == 1, before.err
    assert [cause["code"] for cause in before.document["causes"]] == codes
    assert before.document["fixes"]
    for fix in before.document["fixes"]:
        for command in fix["commands"]:
            perform(account.ec2, command)
        opened = ask(question)
        assert (opened.status, opened.document["verdict"]) == (0, "reachable"), (
            fix["commands"],
            opened.document["headline"],
        )
        for command in fix["undo"]:
            perform(account.ec2, command)
        closed = ask(question)
        assert closed.status == 1
        assert closed.document["causes"] == before.document["causes"], fix["undo"]
        assert closed.document["fixes"] == before.document["fixes"], fix["undo"]


@pytest.fixture
def denied(account: Account, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """From then on the account denies one action to whoever asks."""

    def deny(action: str) -> None:
        iam = account.client("iam")
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
                {"Effect": "Deny", "Action": action, "Resource": "*"},
            ],
        }
        iam.create_user(UserName="reader")
        iam.put_user_policy(UserName="reader", PolicyName="most", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName="reader")["AccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        account.post("reset-auth", b"0")

    return deny


def test_a_denied_call_that_the_path_needs_is_unknown_and_names_the_permission(
    account: Account, denied: Callable[[str], None], tmp_path: Path
) -> None:
    account.allow("tcp", 3306, "10.0.1.0/24")
    denied("ec2:DescribeNetworkAcls")

    live = ask(RDS_ON_3306)
    text = run("ask", RDS_ON_3306)
    taken = run("snapshot", str(tmp_path / "s"))
    kept = ask(RDS_ON_3306, "--snapshot", str(tmp_path / "s"))

    for ran in (live, kept):
        assert (ran.status, ran.document["verdict"]) == (3, "unknown")
        assert "ec2.describe_network_acls" in {gap["call"] for gap in ran.document["unseen"]}
        assert "ec2:DescribeNetworkAcls" in json.dumps(ran.document["unseen"])
    assert (text.status, "ec2:DescribeNetworkAcls" in text.out) == (3, True)
    assert taken.status == 0
    assert "not seen: ec2.describe_network_acls in 123456789012 us-east-1" in taken.err


def test_a_denied_call_changes_nothing_where_what_was_seen_blocks_by_itself(
    account: Account, denied: Callable[[str], None]
) -> None:
    denied("ec2:DescribeNetworkAcls")

    live = ask(RDS_ON_3306)

    assert live.status == 1, live.err
    assert live.document["verdict"] == "blocked"
    assert account.data_group in {cause["component"] for cause in live.document["causes"]}
    assert "ec2.describe_network_acls" in {gap["call"] for gap in live.document["unseen"]}


def test_credentials_that_the_account_does_not_know_are_one_line_and_exit_2(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.post("reset-auth", b"0")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7NOBODY0")

    for command in (("ask", RDS_ON_3306), ("who", "what can reach 10.0.2.20 on 3306"), ("snapshot", "never-made")):
        ran = run(*command)

        assert (ran.status, ran.out) == (2, "")
        assert ran.err.count("\n") == 1
        assert "aws sso login" in ran.err
    assert not Path("never-made").exists()


def test_no_region_no_profile_and_no_connection_are_one_line_each_and_exit_2(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no-such-profile" in one_line(run("ask", RDS_ON_3306, "--profile", "no-such-profile"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert "could not be reached" in one_line(run("ask", RDS_ON_3306))
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert "--region" in one_line(run("ask", RDS_ON_3306))


def one_line(ran: Ran) -> str:
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.count("\n") == 1, ran.err
    return ran.err


def test_who_and_trace_read_the_account_too(account: Account) -> None:
    account.allow("tcp", 3306, "10.0.1.0/24")
    flow = {"id": 1, "source": "10.0.1.10", "destination": "10.0.2.20", "protocol": "tcp", "port": 3306}

    who = run("who", "what can reach 10.0.2.20 on 3306", "--json")
    traced = run("trace", "--flows", "-", stdin=json.dumps(flow).encode())

    assert who.status == 0, who.err
    reaching = [group for group in who.document["groups"] if group["verdict"] == "reachable"]
    assert [member["address"] for group in reaching for member in group["members"]] == ["10.0.1.10"]
    assert (traced.status, traced.lines[0]["verdict"]) == (0, "reachable")


def test_a_snapshot_is_whole_for_its_owner_only_and_replaced_by_the_next(account: Account, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "s"

    first = run("snapshot", str(folder))
    account.allow("tcp", 3306, "10.0.1.0/24")
    second = run("snapshot", str(folder))

    assert (first.status, second.status) == (0, 0)
    assert first.out.count("\n") == 1
    assert str(folder) in first.out
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.parent.iterdir()] == ["s"]
    told = json.loads((folder / "snapshot.json").read_text())
    assert set(told) >= {"taken_at", "accounts", "regions", "tool", "calls", "unseen"}
    assert ask(RDS_ON_3306, "--snapshot", str(folder)).status == 0
